//! The tree of vessels that was found in a volume.

use std::marker::PhantomData;

use nalgebra::Point3;
use serde::{Deserialize, Serialize};

use crate::bulk::Bulk;
use crate::centrelines::{Branch, Centrelines, Node};
use crate::frames::Frame;
use crate::message::Message;
use crate::structure::Structure;
use crate::wire::{Array, ArrayRef, WireError};

/// Centrelines with radii, and what each branch belongs to. Its millimetres are in the frame `In`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct VesselTree<In> {
    /// How many nodes there are.
    pub nodes: u32,
    /// How many branches there are.
    pub branches: u32,
    /// How many nodes the paths of all branches have together.
    pub path_nodes: u32,
    /// What a branch may belong to: its label is an index into this list.
    pub structures: Vec<Structure>,
    /// `nodes × 3` places, millimetres.
    #[serde(skip)]
    pub positions_mm: Bulk<f32>,
    /// `nodes` radii, millimetres.
    #[serde(skip)]
    pub radii_mm: Bulk<f32>,
    /// `path_nodes` indices of nodes: the path of the first branch, then of the second, …
    #[serde(skip)]
    pub paths: Bulk<i32>,
    /// `branches` numbers: how many nodes the path of each branch has.
    #[serde(skip)]
    pub path_lengths: Bulk<i32>,
    /// `branches` indices into `structures`, −1 where that is not known.
    #[serde(skip)]
    pub structure: Bulk<i16>,
    #[serde(skip)]
    frame: PhantomData<fn() -> In>,
}

impl<In> VesselTree<In> {
    /// The message of some centrelines, whose labels are indices into `structures`.
    ///
    /// # Errors
    /// If a label names no structure.
    pub fn new(centrelines: &Centrelines, structures: Vec<Structure>) -> Result<Self, WireError> {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let (nodes, branches) = (centrelines.nodes(), centrelines.branches());
        let paths: Vec<i32> = branches
            .iter()
            .flat_map(|branch| &branch.nodes)
            .map(|&node| i32::try_from(node).unwrap_or(-1))
            .collect();
        let length = |branch: &Branch| i32::try_from(branch.nodes.len()).unwrap_or(-1);
        let places = nodes.iter().flat_map(|node| node.position_mm.coords.data.0[0]);
        let tree = Self {
            nodes: count(nodes.len()),
            branches: count(branches.len()),
            path_nodes: count(paths.len()),
            structures,
            positions_mm: places.map(|mm| mm as f32).collect::<Vec<_>>().into(),
            radii_mm: nodes.iter().map(|node| node.radius_mm as f32).collect::<Vec<_>>().into(),
            paths: paths.into(),
            path_lengths: branches.iter().map(length).collect::<Vec<_>>().into(),
            structure: branches
                .iter()
                .map(|branch| branch.label.map_or(-1, i16::from))
                .collect::<Vec<_>>()
                .into(),
            frame: PhantomData,
        };
        tree.centrelines()?;
        Ok(tree)
    }

    /// The centrelines.
    ///
    /// # Errors
    /// If the arrays do not fit each other: says what does not.
    pub fn centrelines(&self) -> Result<Centrelines, WireError> {
        let wrong = |reason: String| WireError::Arrays { schema: "VesselTree", reason };
        let (places, _) = self.positions_mm.as_slice().as_chunks::<3>();
        let nodes = places.iter().zip(self.radii_mm.as_slice()).map(|(place, &radius)| Node {
            position_mm: Point3::from(place.map(f64::from)),
            radius_mm: f64::from(radius),
        });
        let mut rest = self.paths.as_slice();
        let mut branches = Vec::new();
        let lengths = self.path_lengths.as_slice().iter().zip(self.structure.as_slice());
        for (branch, (&length, &structure)) in lengths.enumerate() {
            let path =
                usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
            let (path, after) = path.ok_or_else(|| {
                wrong(format!("branch {branch} has {length} nodes, but {} are left", rest.len()))
            })?;
            rest = after;
            let label = match u8::try_from(structure) {
                Ok(label) if usize::from(label) < self.structures.len() => Some(label),
                Err(_) if structure == -1 => None,
                _ => {
                    return Err(wrong(format!(
                        "branch {branch} belongs to structure {structure}, but there are {}",
                        self.structures.len()
                    )));
                }
            };
            // What is negative is no index, and is refused with the others below.
            let nodes = path.iter().map(|&node| u32::try_from(node).unwrap_or(u32::MAX)).collect();
            branches.push(Branch { nodes, label });
        }
        if !rest.is_empty() {
            return Err(wrong(format!("{} nodes of paths belong to no branch", rest.len())));
        }
        Centrelines::new(nodes.collect(), branches).map_err(|error| wrong(error.to_string()))
    }
}

impl<In: Frame> Message for VesselTree<In> {
    const SCHEMA: &'static str = "VesselTree";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[In::NAME];
    const KEPT: usize = 16;

    fn arrays(&self) -> Vec<ArrayRef<'_>> {
        let (nodes, branches) = (self.nodes.into(), self.branches.into());
        vec![
            ArrayRef::new("positions_mm", &self.positions_mm, &[nodes, 3]),
            ArrayRef::new("radii_mm", &self.radii_mm, &[nodes]),
            ArrayRef::new("paths", &self.paths, &[self.path_nodes.into()]),
            ArrayRef::new("path_lengths", &self.path_lengths, &[branches]),
            ArrayRef::new("structure", &self.structure, &[branches]),
        ]
    }

    fn attach(&mut self, arrays: Vec<Array>) -> Result<(), WireError> {
        let [positions, radii, paths, path_lengths, structure] =
            crate::wire::exactly(Self::SCHEMA, arrays)?;
        let (nodes, branches) = (self.nodes.into(), self.branches.into());
        self.positions_mm = positions.expect(Self::SCHEMA, "positions_mm", &[nodes, 3])?;
        self.radii_mm = radii.expect(Self::SCHEMA, "radii_mm", &[nodes])?;
        self.paths = paths.expect(Self::SCHEMA, "paths", &[self.path_nodes.into()])?;
        self.path_lengths = path_lengths.expect(Self::SCHEMA, "path_lengths", &[branches])?;
        self.structure = structure.expect(Self::SCHEMA, "structure", &[branches])?;
        self.centrelines().map(drop)
    }
}
