//! Who is scanned and how the probe moves over them: the block of liver, or a whole region of a body.

use std::time::Duration;

use messages::{Patient, Probe, Transform};
use ndarray::Array2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::anatomy::abdomen::AnatomyError;
use crate::anatomy::deformation::TooSteep;
use crate::anatomy::family::Family;
use crate::anatomy::{Anatomy, Region};
use crate::anatomy_under_probe::AnatomyUnderProbe;
use crate::bmode::Scanner;
use crate::patient::SimulatedPatient;
use crate::probe_motion::ProbeMotion;
use crate::truth::vessel_mask;

/// Which kind of patient is scanned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// A block of liver with vessels under a flat body wall, at rest.
    #[default]
    Block,
    /// An abdomen that breathes; the probe sweeps under the ribs over the liver.
    Abdomen,
    /// A pelvis; the probe follows the right iliac vessels.
    Pelvis,
}

/// Why there is no such patient.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// The block has fewer families.
    #[error(
        "the anatomy `block` has the families `slender`, `wide` and `winding`, but the family is {0:?}; \
         choose one of these, or the anatomy `abdomen` or `pelvis`"
    )]
    Family(Family),
    /// The anatomy could not be made.
    #[error(transparent)]
    Anatomy(#[from] AnatomyError),
}

/// A patient and the course of the probe, wholly determined by kind, seed and family.
#[derive(Clone, Debug)]
pub struct Subject {
    patient: Body,
    motion: ProbeMotion,
    breath_held: bool,
}

#[derive(Clone, Debug)]
enum Body {
    Block(Box<SimulatedPatient>),
    Anatomy(Box<Anatomy>),
}

impl Subject {
    /// The patient of a kind, seed and family; a whole anatomy takes about a second to grow.
    ///
    /// # Errors
    /// When the kind of patient has no such family, or the anatomy could not be made.
    pub fn new(kind: SubjectKind, seed: u64, family: Family) -> Result<Self, SubjectError> {
        let region = match kind {
            SubjectKind::Block => {
                let family = match family {
                    Family::Slender => crate::Family::Slender,
                    Family::Wide => crate::Family::Wide,
                    Family::Winding => crate::Family::Winding,
                    other => return Err(SubjectError::Family(other)),
                };
                let patient = Body::Block(Box::new(SimulatedPatient::new(seed, family)));
                return Ok(Self { patient, motion: ProbeMotion::new(seed), breath_held: false });
            }
            SubjectKind::Abdomen => Region::Abdomen,
            SubjectKind::Pelvis => Region::Pelvis,
        };
        let anatomy = Anatomy::new(region, seed, family)?;
        let motion = ProbeMotion::over(&anatomy);
        Ok(Self { patient: Body::Anatomy(Box::new(anatomy)), motion, breath_held: false })
    }

    /// With the breath held at the end of expiration, or not.
    #[must_use]
    pub fn with_breath_held(self, breath_held: bool) -> Self {
        Self { breath_held, ..self }
    }

    /// How the probe moves.
    pub fn motion(&self) -> &ProbeMotion {
        &self.motion
    }

    /// The anatomy, unless it is the block.
    pub fn anatomy(&self) -> Option<&Anatomy> {
        match &self.patient {
            Body::Block(_) => None,
            Body::Anatomy(anatomy) => Some(anatomy),
        }
    }

    /// Where the probe is `elapsed` after the start, the image number `frame` that is seen there, and
    /// 1 for the pixels that truly lie in a vessel (both `height_px` × `width_px`).
    ///
    /// # Errors
    /// When the probe is pressed in so far that the tissue would fold, which no course does.
    pub fn scan(&self, scanner: &Scanner, elapsed: Duration, frame: u64) -> Result<Scan, TooSteep> {
        let patient_from_probe = self.motion.patient_from_probe(elapsed);
        let geometry = scanner.geometry();
        let (grey, vessels) = match &self.patient {
            Body::Block(block) => (
                scanner.image(&**block, &patient_from_probe, frame),
                vessel_mask(&**block, geometry, &patient_from_probe),
            ),
            Body::Anatomy(anatomy) => {
                let pressure = self.motion.pressure(elapsed);
                // Every patient starts at the end of an expiration.
                let breathed = if self.breath_held { Duration::ZERO } else { elapsed };
                let now = AnatomyUnderProbe::new(anatomy, pressure, breathed)?;
                (
                    scanner.image(&now, &patient_from_probe, frame),
                    vessel_mask(&now, geometry, &patient_from_probe),
                )
            }
        };
        Ok(Scan { patient_from_probe, grey, vessels })
    }
}

/// What is seen at one moment.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Where the probe truly is.
    pub patient_from_probe: Transform<Patient, Probe>,
    /// Grey values, `height_px` × `width_px`.
    pub grey: Array2<u8>,
    /// 1 inside vessels, else 0, of the same shape.
    pub vessels: Array2<u8>,
}
