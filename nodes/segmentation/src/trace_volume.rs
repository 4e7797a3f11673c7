//! The node `vessel_tree`: the vessels of a volume reconstructed from labelled images as centrelines with radii.

use messages::wire::WireError;
use messages::{Health, Patient, Stamped, Structure, StructureKind, VesselTree, Volume};
use runtime::{Context, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::vessel_tree::{
    Foreground, Grid, GridError, ParameterError, TreeError, TreeParameters, vessel_tree,
};

/// Parameters of the node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Voxels of at least this value are vessel: 128 where at least half of the images that saw one say so.
    #[schemars(range(min = 1, max = 255))]
    pub threshold: u8,
    /// Components smaller than this are noise, in cubic millimetres.
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
        Self { threshold: 128, least_component_mm3, spur_radii, step_mm }
    }
}

inputs! {
    /// What the node hears: grey values are the mean label, 0 to 255, of the images that hit each voxel.
    pub enum Input { volume => Volume(Volume) }
}
outputs! {
    /// What the node says.
    pub enum Output { tree => Tree(VesselTree<Patient>) }
}

/// Why there is no tree.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The threshold takes everything for vessel.
    #[error("threshold should be between 1 and 255, but is 0; 128 asks for half of the images")]
    Threshold,
    /// A parameter is out of its range.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The volume cannot be worked on.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// The vessels cannot be traced.
    #[error(transparent)]
    Trace(#[from] TreeError),
    /// The tree is no message.
    #[error(transparent)]
    Message(#[from] WireError),
}

/// The node.
pub struct TraceVolume {
    threshold: u8,
    parameters: TreeParameters,
}

impl Node for TraceVolume {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        let Parameters { threshold, least_component_mm3, spur_radii, step_mm } = parameters;
        if threshold == 0 {
            return Err(Error::Threshold);
        }
        let parameters = TreeParameters {
            foreground: Foreground::AtLeast(threshold),
            least_component_mm3,
            spur_radii,
            step_mm,
            ..TreeParameters::default()
        };
        parameters.check()?;
        Ok(Self { threshold, parameters })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        let Input::Volume(Stamped { acquired_at, value: volume, .. }) = input;
        let tree = self.trace(&volume)?;
        context.report(if tree.branches > 0 {
            Health::Healthy
        } else {
            Health::Degraded { reason: self.nothing(&volume) }
        });
        context.publish(acquired_at, Output::Tree(tree));
        Ok(())
    }
}

impl TraceVolume {
    /// The tree of all vessels. Where nothing was seen a vessel goes on for all that is known.
    ///
    /// Branches belong to no structure: which vessel it is cannot be seen in a single mask.
    ///
    /// # Errors
    /// If the volume's voxels are not at right angles, or its values not as many as its size says.
    pub fn trace(&self, volume: &Volume) -> Result<VesselTree<Patient>, Error> {
        let grid = Grid::new(volume.size, *volume.patient_from_voxel.rows())?;
        let (voxels, seen) = (volume.voxels.as_slice(), volume.seen.as_slice());
        let tree = vessel_tree(&grid, voxels, Some(seen), &self.parameters)?;
        let vessel = Structure { name: "vessel".to_owned(), kind: StructureKind::Vessel };
        Ok(VesselTree::new(&tree, vec![vessel])?)
    }

    /// Why there are no branches.
    fn nothing(&self, volume: &Volume) -> String {
        let voxels = volume.voxels.as_slice().iter().zip(volume.seen.as_slice());
        let vessel =
            voxels.filter(|(value, seen)| **value >= self.threshold && **seen != 0).count();
        if vessel == 0 {
            format!(
                "no voxel of the volume reaches the threshold {}; sweep over vessels, or look at what the images are labelled with",
                self.threshold
            )
        } else {
            format!(
                "{vessel} voxels are vessel, but none lie together long and thick enough to be traced; sweep over more of them, or lower `least_component_mm3`"
            )
        }
    }
}

#[cfg(test)]
#[path = "trace_volume_tests.rs"]
mod tests;
