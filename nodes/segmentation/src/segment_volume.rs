//! The nodes `volume` and `cone_beam_volume`: a network's label for each voxel of a CT or cone-beam CT.
//!
//! The volume is turned upright and brought to the voxel size on the card ([`lattice`]); the network labels
//! one axial slice after the other, seeing a few neighbours of each; what it says is made likely ([`tidy`]) and
//! brought back onto the volume's own voxels.

pub mod lattice;
mod nodes;
pub mod tidy;

use std::path::PathBuf;

use messages::{Frame, IntensityVolume, LabelVolume, ModelIdentity, Structure, StructureKind};
use models::{DeviceChoice, ModelError, Network, Processor};
use ndarray::{Array3, ArrayView3, s};
use schemars::JsonSchema;
use serde::Deserialize;

use self::lattice::{Lattice, LatticeError};
use crate::postprocess::{self, OutputError};
use crate::preprocess::mirrored;

pub use nodes::{SegmentConeBeam, SegmentPreoperative};

/// Parameters of the nodes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The model's card.
    #[schemars(with = "String", extend("format" = "model"))]
    pub model: PathBuf,
    /// The file of weights, if it does not lie where the card says.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "weights"))]
    pub weights: Option<PathBuf>,
    /// What the network runs on.
    #[serde(default)]
    pub device: DeviceChoice,
    /// Processor threads of the network; results are equal bit for bit only for the same number.
    #[serde(default = "threads")]
    #[schemars(default = "threads", range(min = 1, max = 256))]
    pub threads: usize,
    /// Connected regions of a structure that are smaller than this become what lies around them, in cubic
    /// millimetres.
    #[serde(default = "least_component_mm3")]
    #[schemars(default = "least_component_mm3", range(min = 0.0, max = 1e6))]
    pub least_component_mm3: f64,
    /// Structures of which there is one: all but their largest region become what lies around.
    #[serde(default = "single")]
    #[schemars(default = "single")]
    pub single: Vec<String>,
    /// Two systems of vessels that run beside each other: where their names change along one connected vessel, it
    /// takes the likelier one. None to leave that be.
    #[serde(default = "systems")]
    #[schemars(default = "systems")]
    pub systems: Option<[String; 2]>,
}

fn threads() -> usize {
    1
}
fn least_component_mm3() -> f64 {
    100.0
}
fn single() -> Vec<String> {
    ["liver", "aorta", "inferior_vena_cava"].map(str::to_owned).to_vec()
}
#[allow(clippy::unnecessary_wraps, reason = "the shape that serde takes")]
fn systems() -> Option<[String; 2]> {
    Some(["portal_vein", "hepatic_veins"].map(str::to_owned))
}

impl Parameters {
    /// The usual ones, on one thread of the CPU.
    pub fn new(model: PathBuf) -> Self {
        Self {
            model,
            weights: None,
            device: DeviceChoice::Cpu,
            threads: threads(),
            least_component_mm3: least_component_mm3(),
            single: single(),
            systems: systems(),
        }
    }
}

/// Why there is no network, or no label.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model cannot be loaded or run.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The volume does not fit the network.
    #[error(transparent)]
    Lattice(#[from] LatticeError),
    /// The output is not what the card says.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A parameter is out of its range.
    #[error("`least_component_mm3` should be between 0 and 1e6, but is {0}")]
    LeastComponent(f64),
}

/// Labels volumes with a network.
#[derive(Debug)]
pub struct VolumeSegmenter {
    network: Network,
    identity: ModelIdentity,
    structures: Vec<Structure>,
    least_component_mm3: f64,
    single: Vec<u8>,
    systems: Option<(u8, u8)>,
}

impl VolumeSegmenter {
    /// Loads the network.
    ///
    /// # Errors
    /// If the model cannot be loaded, or a parameter is out of its range.
    pub fn new(parameters: &Parameters) -> Result<Self, Error> {
        let processor = Processor::choose(parameters.device, parameters.threads)?;
        let network = Network::load(&parameters.model, parameters.weights.as_deref(), &processor)?;
        Self::of(network, parameters)
    }

    /// With a network that is loaded already; `parameters` say what is done with its output.
    ///
    /// # Errors
    /// If a parameter is out of its range.
    pub fn of(network: Network, parameters: &Parameters) -> Result<Self, Error> {
        let least_component_mm3 = parameters.least_component_mm3;
        if !(0.0..=1e6).contains(&least_component_mm3) {
            return Err(Error::LeastComponent(least_component_mm3));
        }
        let card = network.card();
        let identity = ModelIdentity {
            name: card.name.clone(),
            sha256: card.sha256.clone(),
            device: network.processor().name(),
        };
        let structures: Vec<Structure> =
            card.output.classes.iter().skip(1).map(|class| structure(class)).collect();
        // A name that the network does not know is no reason to stop: it then is not there.
        let label = |name: &String| {
            let mut labels = (1..=u8::MAX).zip(&structures);
            labels.find(|(_, structure)| structure.name == *name).map(|(label, _)| label)
        };
        let single = parameters.single.iter().filter_map(label).collect();
        let systems = parameters.systems.as_ref();
        let systems = systems.and_then(|[first, second]| Some((label(first)?, label(second)?)));
        Ok(Self { network, identity, structures, least_component_mm3, single, systems })
    }

    /// The label of each voxel; label 1 is the first class of the card but the background.
    ///
    /// # Errors
    /// If the volume does not fit the network, or the network fails.
    pub fn segment<In: Frame>(
        &self,
        volume: &IntensityVolume<In>,
    ) -> Result<LabelVolume<In>, Error> {
        let input = &self.network.card().input;
        let rows = volume.frame_from_voxel.rows();
        let lattice = Lattice::new(volume.size, rows, input.spacing_mm)?;
        let upright = lattice.apply(volume.voxels.as_slice(), input.intensity)?;
        let mut labels = self.label(upright.view())?;
        let voxels: u64 = volume.size.iter().map(|count| u64::from(*count)).product();
        let volume_mm3 = volume
            .frame_from_voxel
            .axis(0)
            .cross(&volume.frame_from_voxel.axis(1))
            .dot(&volume.frame_from_voxel.axis(2))
            .abs()
            * voxels as f64;
        let voxel_mm3 = volume_mm3 / labels.len() as f64;
        tidy::remove_specks(
            &mut labels,
            (self.least_component_mm3 / voxel_mm3).ceil() as usize,
            &self.single,
        );
        Ok(LabelVolume {
            size: volume.size,
            frame_from_voxel: volume.frame_from_voxel,
            structures: self.structures.clone(),
            model: Some(self.identity.clone()),
            labels: lattice.back(labels.view()).into(),
        })
    }

    /// The labels on the network's lattice, vessels of two systems agreed along each.
    fn label(&self, upright: ArrayView3<'_, f32>) -> Result<Array3<u8>, Error> {
        let card = self.network.card();
        let (slices, rows, columns) = upright.dim();
        let channels = card.input.channels;
        let divisor = card.input.size_divisor;
        let padded = (rows.next_multiple_of(divisor), columns.next_multiple_of(divisor));
        let mut labels = Array3::zeros(upright.dim());
        let mut evidence = self.systems.map(|_| Array3::<f32>::zeros(upright.dim()));
        let mut seen = Array3::zeros((channels, padded.0, padded.1));
        for slice in 0..slices {
            for channel in 0..channels {
                // Beyond the ends the last slice goes on.
                let at = (slice + channel).saturating_sub(channels / 2).min(slices - 1);
                let source = upright.index_axis(ndarray::Axis(0), at);
                for ((row, column), value) in
                    seen.index_axis_mut(ndarray::Axis(0), channel).indexed_iter_mut()
                {
                    *value = source[[mirrored(row, rows), mirrored(column, columns)]];
                }
            }
            let values = self.network.infer(seen.view())?;
            let decided = postprocess::decide(values.view(), &card.output)?;
            let inside = s![..rows, ..columns];
            labels.index_axis_mut(ndarray::Axis(0), slice).assign(&decided.slice(inside));
            if let (Some(evidence), Some((first, second))) = (&mut evidence, self.systems) {
                let logits =
                    |label: u8| values.index_axis(ndarray::Axis(0), usize::from(label)).to_owned();
                let difference = logits(first) - logits(second);
                evidence.index_axis_mut(ndarray::Axis(0), slice).assign(&difference.slice(inside));
            }
        }
        if let (Some(evidence), Some(systems)) = (evidence, self.systems) {
            tidy::agree_along_vessels(&mut labels, &evidence, systems);
        }
        Ok(labels)
    }
}

/// What a class is by the last word of its name, as anatomists name things.
fn structure(class: &str) -> Structure {
    let last = class.rsplit('_').next().unwrap_or(class);
    let kind = match last {
        "artery" | "arteries" | "aorta" => StructureKind::Artery,
        "vein" | "veins" | "cava" => StructureKind::Vein,
        "vessel" | "vessels" => StructureKind::Vessel,
        "tumour" | "tumours" => StructureKind::Tumour,
        "bone" | "bones" => StructureKind::Bone,
        "nerve" | "nerves" => StructureKind::Nerve,
        "ureter" | "ureters" => StructureKind::Ureter,
        "liver" | "kidney" | "kidneys" | "spleen" | "gallbladder" | "bladder" => {
            StructureKind::Organ
        }
        _ => StructureKind::Other,
    };
    Structure { name: class.to_owned(), kind }
}

#[cfg(test)]
#[path = "segment_volume_tests.rs"]
mod tests;
