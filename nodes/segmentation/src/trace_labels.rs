//! The nodes `preoperative_vessel_tree` and `cone_beam_vessel_tree`: the vessels of a labelled volume as centrelines with radii.

mod nodes;

use messages::centrelines::{Branch, Centrelines, CentrelinesError, Node as TreeNode};
use messages::wire::WireError;
use messages::{Frame, LabelVolume, Structure, VesselTree};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::vessel_tree::{
    Foreground, Grid, GridError, ParameterError, TreeError, TreeParameters, vessel_tree,
};

/// Parameters of the nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Components of a structure smaller than this are noise, in cubic millimetres.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub least_component_mm3: f64,
    /// A side branch that is shorter than this many radii of the vessel it leaves is a spur of the surface.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub spur_radii: f64,
    /// Distance between nodes along the centrelines, in millimetres.
    #[schemars(range(min = 0.1, max = 20.0))]
    pub step_mm: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        let TreeParameters { least_component_mm3, spur_radii, step_mm, .. } =
            TreeParameters::default();
        Self { least_component_mm3, spur_radii, step_mm }
    }
}

pub use nodes::{TraceConeBeam, TraceLabels};

/// Why there is no tree.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A parameter is out of its range.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The volume cannot be worked on.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// A structure cannot be traced.
    #[error("`{structure}` cannot be traced: {source}")]
    Trace {
        /// Which structure.
        structure: String,
        /// Why.
        source: TreeError,
    },
    /// The trees of the structures make none together.
    #[error(transparent)]
    Centrelines(#[from] CentrelinesError),
    /// The tree is no message.
    #[error(transparent)]
    Message(#[from] WireError),
}

/// Traces the vessels of labelled volumes.
#[derive(Debug)]
pub struct LabelTracer {
    parameters: TreeParameters,
}

impl LabelTracer {
    /// With the parameters of the nodes.
    ///
    /// # Errors
    /// If one is out of its range.
    pub fn new(parameters: Parameters) -> Result<Self, Error> {
        let Parameters { least_component_mm3, spur_radii, step_mm } = parameters;
        let parameters = TreeParameters {
            least_component_mm3,
            spur_radii,
            step_mm,
            ..TreeParameters::default()
        };
        parameters.check()?;
        Ok(Self { parameters })
    }

    /// The tree of all structures that are vessels; each is traced by itself, so that vessels that touch stay apart.
    ///
    /// The tree's structures are those of the volume that are vessels, in the same order, whether or not they are in
    /// the image; every branch belongs to one.
    ///
    /// # Errors
    /// If the volume's voxels are not at right angles, or its labels not as many as its size says.
    pub fn trace<In: Frame>(&self, volume: &LabelVolume<In>) -> Result<VesselTree<In>, Error> {
        let grid = Grid::new(volume.size, *volume.frame_from_voxel.rows())?;
        let labels = volume.labels.as_slice();
        grid.check("labels", labels)?;
        let mut is_present = [false; 256];
        for &label in labels {
            is_present[usize::from(label)] = true;
        }
        let (mut nodes, mut branches, mut structures) = (Vec::new(), Vec::new(), Vec::new());
        // More than 255 structures have no label; beyond those nothing can be in the image.
        for (label, structure) in (1..=u8::MAX).zip(&volume.structures) {
            if !structure.kind.is_vessel() {
                continue;
            }
            let belongs_to = structures.len() as u8;
            structures.push(structure.clone());
            if !is_present[usize::from(label)] {
                continue;
            }
            let parameters =
                TreeParameters { foreground: Foreground::Label(label), ..self.parameters };
            let tree = vessel_tree(&grid, labels, None, &parameters)
                .map_err(|source| Error::Trace { structure: structure.name.clone(), source })?;
            append(&tree, belongs_to, &mut nodes, &mut branches);
        }
        Ok(VesselTree::new(&Centrelines::new(nodes, branches)?, structures)?)
    }
}

/// Adds a tree whose branches all belong to one structure.
fn append(
    tree: &Centrelines,
    structure: u8,
    nodes: &mut Vec<TreeNode>,
    branches: &mut Vec<Branch>,
) {
    let shift = nodes.len() as u32;
    nodes.extend_from_slice(tree.nodes());
    branches.extend(tree.branches().iter().map(|branch| Branch {
        nodes: branch.nodes.iter().map(|node| node + shift).collect(),
        label: Some(structure),
    }));
}

/// Why there are no branches.
fn nothing(known: &[Structure], vessels: &[Structure]) -> String {
    let names = |structures: &[Structure]| {
        let names: Vec<&str> = structures.iter().map(|structure| structure.name.as_str()).collect();
        names.join(", ")
    };
    if vessels.is_empty() {
        format!(
            "none of the labelled structures ({}) is an artery, a vein or a vessel; nothing can be traced",
            names(known)
        )
    } else {
        format!(
            "no vessel is long and thick enough to be traced among {}; look at the labels, or lower `least_component_mm3`",
            names(vessels)
        )
    }
}

#[cfg(test)]
#[path = "trace_labels_tests.rs"]
mod tests;
