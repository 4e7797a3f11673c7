//! The device `cone_beam`: a cone-beam CT of the simulated patient, made in the middle of the procedure.

use std::time::Duration;

use messages::{IntensityVolume, LabelVolume, Modality, Patient, Transform};
use nalgebra::Vector3;
use runtime::{Device, Reading, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{DAY_S, Error, PatientParameters};
use crate::anatomy::grid::Grid;
use crate::anatomy::images::Phase;
use crate::anatomy::volumes;
use crate::anatomy::warped::{deformed_cone_beam_volume, deformed_labels};
use crate::skin_course::region_of_surgery;

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Of whom, abdomen or pelvis. Unless the breath is held, the patient is caught at the depth of breath of the
    /// instant.
    pub patient: PatientParameters,
    /// When the image is there, in seconds after the start.
    #[serde(default = "at_s")]
    #[schemars(default = "at_s", range(min = 0))]
    pub at_s: f64,
    /// Edge of the cubic voxels.
    #[serde(default = "spacing_mm")]
    #[schemars(default = "spacing_mm", range(min = 0.5, max = 10))]
    pub spacing_mm: f64,
    /// Radius of the cylinder that the image shows, around the region of surgery.
    #[serde(default = "radius_mm")]
    #[schemars(default = "radius_mm", range(min = 30, max = 150))]
    pub radius_mm: f64,
    /// Height of the cylinder.
    #[serde(default = "height_mm")]
    #[schemars(default = "height_mm", range(min = 30, max = 300))]
    pub height_mm: f64,
    /// When after the injection of contrast agent the image is taken.
    #[serde(default = "phase")]
    #[schemars(default = "phase")]
    pub phase: Phase,
}

pub(super) fn at_s() -> f64 {
    40.0
}
pub(super) fn spacing_mm() -> f64 {
    1.2
}
pub(super) fn radius_mm() -> f64 {
    100.0
}
pub(super) fn height_mm() -> f64 {
    150.0
}
pub(super) fn phase() -> Phase {
    Phase::PortalVenous
}

outputs! {
    /// The image and which structure each of its voxels truly is, published once.
    pub enum Output {
        image => Image(IntensityVolume<Patient>),
        truth => Truth(LabelVolume<Patient>),
    }
}

/// One image, and what it shows.
pub(super) struct Scan {
    /// When it is made, after the start.
    pub due: Duration,
    /// The image.
    pub image: IntensityVolume<Patient>,
    /// Which structure each of its voxels truly is.
    pub truth: LabelVolume<Patient>,
}

impl Scan {
    /// Makes it.
    pub fn of(parameters: Parameters) -> Result<Self, Error> {
        let Parameters { patient, at_s, spacing_mm, radius_mm, height_mm, phase } = parameters;
        Error::check("at_s", at_s, 0.0, DAY_S)?;
        Error::check("spacing_mm", spacing_mm, 0.5, 10.0)?;
        Error::check("radius_mm", radius_mm, 30.0, 150.0)?;
        Error::check("height_mm", height_mm, 30.0, 300.0)?;
        let due = Duration::from_secs_f64(at_s);
        let subject = patient.subject()?;
        let now = subject.moment_without_probe(due)?.ok_or(Error::Block)?;
        let half = Vector3::new(radius_mm, radius_mm, 0.5 * height_mm);
        let size = half.map(|half| (2.0 * half / spacing_mm).ceil() as usize + 1);
        let origin = region_of_surgery(now.anatomy()) - half;
        let grid = Grid::new(size.into(), [spacing_mm; 3], origin)?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let values =
            deformed_cone_beam_volume(&now, &grid, phase, radius_mm, patient.seed, threads)?;
        let in_place = Transform::identity();
        let image = volumes::intensity_volume(&grid, Modality::ConeBeamCt, values, in_place);
        let truth = deformed_labels(&now, &grid, radius_mm, threads);
        let truth = volumes::label_volume(truth, in_place);
        Ok(Self { due, image, truth })
    }
}

/// The device.
///
/// The image is computed when the device is opened and published at its time. The probe is lifted off
/// while it is made.
pub struct ConeBeam {
    outputs: Option<Vec<Output>>,
    due: Duration,
}

impl Device for ConeBeam {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(parameters: Parameters) -> Result<Self, Error> {
        let Scan { due, image, truth } = Scan::of(parameters)?;
        Ok(Self { outputs: Some(vec![Output::Image(image), Output::Truth(truth)]), due })
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        Ok(self
            .outputs
            .take()
            .map_or(Reading::End, |outputs| Reading::Scheduled { since_start: self.due, outputs }))
    }

    /// After a restart the image is published again: what the process had kept for late consumers ended
    /// with it.
    fn seek(&mut self, since_start: Duration) {
        self.due = self.due.max(since_start);
    }
}
