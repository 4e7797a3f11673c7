//! The surfaces of segmented structures, as triangles.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::bulk::Bulk;
use crate::frames::Frame;
use crate::message::Message;
use crate::structure::Structure;
use crate::wire::{Array, ArrayRef, WireError};

/// A closed surface of each structure; its millimetres are in the frame `In`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Surfaces<In> {
    /// The structures, in the order in which their vertices and triangles follow each other.
    pub structures: Vec<StructureSurface>,
    /// How many vertices all have together.
    pub vertices: u32,
    /// How many triangles all have together.
    pub triangles: u32,
    /// `vertices × 3` places, millimetres.
    #[serde(skip)]
    pub positions_mm: Bulk<f32>,
    /// `triangles × 3` indices of vertices, counted from the first vertex of the structure; seen from
    /// outside, the corners go counterclockwise.
    #[serde(skip)]
    pub corners: Bulk<i32>,
    #[serde(skip)]
    frame: PhantomData<fn() -> In>,
}

/// Which structure, and how much of the arrays is its.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StructureSurface {
    /// The structure.
    pub structure: Structure,
    /// How many vertices it has.
    pub vertices: u32,
    /// How many triangles it has.
    pub triangles: u32,
    /// What the error of the surface does not exceed in 95 of 100 cases, millimetres: the segmentation's
    /// part of a distance.
    pub error_mm: f32,
}

/// The surface of one structure.
#[derive(Clone, Copy, Debug)]
pub struct Mesh<'a> {
    /// Which structure it is.
    pub surface: &'a StructureSurface,
    /// Vertices, millimetres.
    pub positions_mm: &'a [[f32; 3]],
    /// Triangles, indices into the vertices.
    pub corners: &'a [[i32; 3]],
}

/// The surface of one structure, to be sent: the structure, its error in millimetres, its vertices and its triangles.
pub type SurfaceParts = (Structure, f32, Vec<[f32; 3]>, Vec<[i32; 3]>);

impl<In> Surfaces<In> {
    /// The message of some surfaces.
    ///
    /// # Errors
    /// If a triangle names a vertex that is not there, or a coordinate is not finite.
    pub fn new(surfaces: Vec<SurfaceParts>) -> Result<Self, WireError> {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let (mut structures, mut positions, mut corners) = (Vec::new(), Vec::new(), Vec::new());
        for (structure, error_mm, vertices, triangles) in surfaces {
            let (vertex_count, triangle_count) = (count(vertices.len()), count(triangles.len()));
            structures.push(StructureSurface {
                structure,
                vertices: vertex_count,
                triangles: triangle_count,
                error_mm,
            });
            positions.extend(vertices.into_iter().flatten());
            corners.extend(triangles.into_iter().flatten());
        }
        let made = Self {
            structures,
            vertices: count(positions.len() / 3),
            triangles: count(corners.len() / 3),
            positions_mm: positions.into(),
            corners: corners.into(),
            frame: PhantomData,
        };
        made.check()?;
        Ok(made)
    }

    /// The surface of each structure.
    pub fn meshes(&self) -> impl Iterator<Item = Mesh<'_>> {
        let (mut positions, _) = self.positions_mm.as_slice().as_chunks::<3>();
        let (mut corners, _) = self.corners.as_slice().as_chunks::<3>();
        self.structures.iter().map_while(move |surface| {
            let (own, others) = positions.split_at_checked(surface.vertices as usize)?;
            let (triangles, rest) = corners.split_at_checked(surface.triangles as usize)?;
            (positions, corners) = (others, rest);
            Some(Mesh { surface, positions_mm: own, corners: triangles })
        })
    }

    fn check(&self) -> Result<(), WireError> {
        let wrong = |reason: String| Err(WireError::Arrays { schema: "Surfaces", reason });
        let sum = |count: fn(&StructureSurface) -> u32| -> u64 {
            self.structures.iter().map(|surface| u64::from(count(surface))).sum()
        };
        let (vertices, triangles) = (sum(|s| s.vertices), sum(|s| s.triangles));
        if (vertices, triangles) != (self.vertices.into(), self.triangles.into()) {
            return wrong(format!(
                "the structures have {vertices} vertices and {triangles} triangles, but {} and {} came",
                self.vertices, self.triangles
            ));
        }
        if self.positions_mm.as_slice().iter().any(|mm| !mm.is_finite()) {
            return wrong("a vertex is not finite".into());
        }
        for Mesh { surface, positions_mm, corners } in self.meshes() {
            let known = positions_mm.len();
            let inside = |index: i32| usize::try_from(index).is_ok_and(|index| index < known);
            if let Some(corner) = corners.iter().flatten().find(|&&corner| !inside(corner)) {
                return wrong(format!(
                    "a triangle of `{}` names vertex {corner}, but there are {known}",
                    surface.structure.name
                ));
            }
        }
        Ok(())
    }
}

impl<In: Frame> Message for Surfaces<In> {
    const SCHEMA: &'static str = "Surfaces";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[In::NAME];
    const KEPT: usize = 2;

    fn arrays(&self) -> Vec<ArrayRef<'_>> {
        vec![
            ArrayRef::new("positions_mm", &self.positions_mm, &[self.vertices.into(), 3]),
            ArrayRef::new("corners", &self.corners, &[self.triangles.into(), 3]),
        ]
    }

    fn attach(&mut self, arrays: Vec<Array>) -> Result<(), WireError> {
        let [positions, corners] = crate::wire::exactly(Self::SCHEMA, arrays)?;
        self.positions_mm =
            positions.expect(Self::SCHEMA, "positions_mm", &[self.vertices.into(), 3])?;
        self.corners = corners.expect(Self::SCHEMA, "corners", &[self.triangles.into(), 3])?;
        self.check()
    }
}
