//! The device `preoperative`: the CT or MR of a simulated patient, what people marked in it, and which structure each voxel truly is.

use std::time::Duration;

use messages::{
    IntensityVolume, LabelVolume, Landmark, Landmarks, Modality, Patient, Point,
    Preoperative as PreoperativeFrame, Transform,
};
use nalgebra::{Point3, Vector3};
use runtime::{Device, Reading, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Error, PatientParameters};
use crate::Subject;
use crate::anatomy::bounds::Bounds;
use crate::anatomy::grid::Grid;
use crate::anatomy::images::{Phase, ct_volume, mr_volume};
use crate::anatomy::{Anatomy, labels, volumes};
use crate::delineation::{DrawnKind, delineation};
use crate::landmarks::{Mark, landmarks};
use crate::misalignment::preoperative_from_patient;
use crate::randomness::{Purpose, normal, stream};
use crate::targets::targets;

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Of whom, abdomen or pelvis. What is done to the patient later is not seen.
    pub patient: PatientParameters,
    /// The kind of scanner.
    #[serde(default = "modality")]
    #[schemars(default = "modality")]
    pub modality: ScannerKind,
    /// When after the injection of contrast agent a CT is taken; an MR is always hepatobiliary.
    #[serde(default = "phase")]
    #[schemars(default = "phase")]
    pub phase: Phase,
    /// Edge of the cubic voxels.
    #[serde(default = "spacing_mm")]
    #[schemars(default = "spacing_mm", range(min = 0.5, max = 10))]
    pub spacing_mm: f64,
    /// How far the middle of the image lies from where the patient now lies: the image's frame is the
    /// patient's frame after a rigid motion that the seed determines.
    #[serde(default = "misalignment_mm")]
    #[schemars(default = "misalignment_mm", range(min = 0, max = 500))]
    pub misalignment_mm: f64,
    /// By how much the image is turned against the patient, about its middle.
    #[serde(default = "misalignment_deg")]
    #[schemars(default = "misalignment_deg", range(min = 0, max = 180))]
    pub misalignment_deg: f64,
    /// What a radiologist draws by hand into the image.
    #[serde(default = "drawn")]
    #[schemars(default = "drawn")]
    pub drawn: Vec<DrawnKind>,
}

/// Which volume image is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScannerKind {
    /// Computed tomography with contrast agent, Hounsfield units.
    Ct,
    /// T1-weighted magnetic resonance in the hepatobiliary phase, arbitrary units.
    Mr,
}

fn modality() -> ScannerKind {
    ScannerKind::Ct
}
fn phase() -> Phase {
    Phase::PortalVenous
}
fn spacing_mm() -> f64 {
    1.5
}
fn misalignment_mm() -> f64 {
    15.0
}
fn misalignment_deg() -> f64 {
    8.0
}

fn drawn() -> Vec<DrawnKind> {
    vec![DrawnKind::Tumour, DrawnKind::Nerve, DrawnKind::Ureter, DrawnKind::LymphNode]
}

/// Standard deviation with which a person marks a point in the image, along each axis.
const MARKING_MM: f64 = 0.5;

outputs! {
    /// The image, what people marked and drew in it, and its truth, published once.
    pub enum Output {
        image => Image(IntensityVolume<PreoperativeFrame>),
        landmarks => Landmarks(Landmarks<PreoperativeFrame>),
        delineation => Delineation(LabelVolume<PreoperativeFrame>),
        truth => Truth(LabelVolume<PreoperativeFrame>),
        truth_targets => TruthTargets(Landmarks<PreoperativeFrame>),
    }
}

/// The device.
///
/// The image is made from the anatomy at rest, at the end of expiration, on a lattice along the
/// patient's axes; `frame_from_voxel` therefore holds the misalignment as an oblique lattice.
pub struct Preoperative {
    outputs: Vec<Output>,
    due: Duration,
}

impl Device for Preoperative {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(parameters: Parameters) -> Result<Self, Error> {
        let Parameters { patient, spacing_mm, misalignment_mm, misalignment_deg, .. } = parameters;
        let seed = patient.seed;
        Error::check("spacing_mm", spacing_mm, 0.5, 10.0)?;
        Error::check("misalignment_mm", misalignment_mm, 0.0, 500.0)?;
        Error::check("misalignment_deg", misalignment_deg, 0.0, 180.0)?;
        let subject = Subject::new(patient.anatomy, seed, patient.family)?;
        let anatomy = subject.anatomy().ok_or(Error::Block)?;
        let bounds = field_of_view(anatomy);
        let grid = Grid::around(&bounds, spacing_mm)?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (modality, values) = match parameters.modality {
            ScannerKind::Ct => {
                (Modality::Ct, ct_volume(anatomy, &grid, parameters.phase, seed, threads))
            }
            ScannerKind::Mr => (Modality::Mr, mr_volume(anatomy, &grid, seed, threads)),
        };
        let moved = preoperative_from_patient(
            seed,
            &bounds.centre(),
            misalignment_mm,
            misalignment_deg.to_radians(),
        );
        let mut hand = stream(seed, Purpose::Marking, 0);
        let marks = landmarks(anatomy).into_iter().map(|Mark { name, place }| {
            let off = Vector3::from_fn(|_, _| MARKING_MM * normal(&mut hand));
            (name.to_owned(), place + off)
        });
        let drawn = delineation(anatomy, &grid, &parameters.drawn, seed);
        let truth = labels::label_volume(anatomy, &grid, threads);
        let outputs = vec![
            Output::Image(volumes::intensity_volume(&grid, modality, values, moved)),
            Output::Landmarks(marked(marks, moved)),
            Output::Delineation(volumes::label_volume(drawn, moved)),
            Output::Truth(volumes::label_volume(truth, moved)),
            Output::TruthTargets(marked(targets(anatomy), moved)),
        ];
        Ok(Self { outputs, due: Duration::ZERO })
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        if self.outputs.is_empty() {
            return Ok(Reading::End);
        }
        let outputs = std::mem::take(&mut self.outputs);
        Ok(Reading::Scheduled { since_start: self.due, outputs })
    }

    /// After a restart the volumes are published again: what the process had kept for late consumers
    /// ended with it.
    fn seek(&mut self, since_start: Duration) {
        self.due = since_start;
    }
}

/// Points of the patient as named points of another frame.
pub(super) fn marked<In>(
    points: impl IntoIterator<Item = (String, Point3<f64>)>,
    frame_from_patient: Transform<In, Patient>,
) -> Landmarks<In> {
    let landmark = |(name, place)| Landmark {
        name,
        position: frame_from_patient * Point::<Patient>::new(place),
    };
    Landmarks { landmarks: points.into_iter().map(landmark).collect() }
}

/// The trunk from front to back and as far up and down as there are structures, frame `Patient`.
pub fn field_of_view(anatomy: &Anatomy) -> Bounds {
    let (inside, wall) = (anatomy.bounds(), anatomy.body_wall());
    let margin_mm = 5.0;
    Bounds {
        low: Point3::new(-wall.half_width_mm, 0.0, inside.low.z),
        high: Point3::new(wall.half_width_mm, 2.0 * wall.half_depth_mm, inside.high.z),
    }
    .grown(margin_mm)
}
