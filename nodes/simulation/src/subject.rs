//! Who is scanned and how the probe moves over them: the block of liver, or a whole region of a body.

use std::time::Duration;

use messages::{Patient, Probe, Transform};
use ndarray::Array2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::anatomy::abdomen::AnatomyError;
use crate::anatomy::deformation::TooSteep;
use crate::anatomy::family::Family;
use crate::anatomy::motion::Motion;
use crate::anatomy::resection::resected;
use crate::anatomy::{Anatomy, Region};
use crate::anatomy_under_probe::{AnatomyUnderProbe, breathing, packing};
use crate::bmode::Scanner;
use crate::hand::ease;
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
    /// There is nothing to cut out.
    #[error(
        "this patient has neither a tumour nor a lymph node that could be resected: choose another seed, the anatomy `abdomen` or `pelvis`, or the resection 0"
    )]
    Resection,
}

/// A patient and the course of the probe, wholly determined by kind, seed and family.
#[derive(Clone, Debug)]
pub struct Subject {
    patient: Body,
    motion: ProbeMotion,
    breath_held: bool,
    packing_mm: f64,
    packed_at_s: f64,
    resected: Option<Resected>,
}

/// The patient from the moment of a resection on.
#[derive(Clone, Debug)]
struct Resected {
    anatomy: Box<Anatomy>,
    from_s: f64,
}

/// How long it takes to lay the packs, s.
const PACKING_S: f64 = 2.0;

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
                return Ok(Self::at_rest(patient, ProbeMotion::new(seed)));
            }
            SubjectKind::Abdomen => Region::Abdomen,
            SubjectKind::Pelvis => Region::Pelvis,
        };
        let anatomy = Anatomy::new(region, seed, family)?;
        let motion = ProbeMotion::over(&anatomy);
        Ok(Self::at_rest(Body::Anatomy(Box::new(anatomy)), motion))
    }

    fn at_rest(patient: Body, motion: ProbeMotion) -> Self {
        Self {
            patient,
            motion,
            breath_held: false,
            packing_mm: 0.0,
            packed_at_s: 0.0,
            resected: None,
        }
    }

    /// With the breath held at the end of expiration, or not.
    #[must_use]
    pub fn with_breath_held(self, breath_held: bool) -> Self {
        Self { breath_held, ..self }
    }

    /// With organs pushed aside by packs, by `packing_mm` where they lie: from the start, or, with
    /// `packed_at_s` above zero, within two seconds from then on.
    #[must_use]
    pub fn with_packing(self, packing_mm: f64, packed_at_s: f64) -> Self {
        Self { packing_mm, packed_at_s, ..self }
    }

    /// With a tumour of the liver and the liver around it cut out, or a lymph node of the pelvis: from the
    /// start, or, with `at_s` above zero, from then on; nothing with a radius of 0. See
    /// [`resected`].
    ///
    /// # Errors
    /// If there is nothing to cut out.
    pub fn with_resection(self, radius_mm: f64, at_s: f64) -> Result<Self, SubjectError> {
        if radius_mm <= 0.0 {
            return Ok(Self { resected: None, ..self });
        }
        let anatomy = self.anatomy().ok_or(SubjectError::Resection)?;
        let anatomy = resected(anatomy, radius_mm)?.ok_or(SubjectError::Resection)?;
        let resected = Some(Resected { anatomy: Box::new(anatomy), from_s: at_s });
        Ok(Self { resected, ..self })
    }

    /// The anatomy as it is `elapsed` after the start, breathing and packed, with the probe pressed on
    /// it; none for the block, which does not move.
    ///
    /// # Errors
    /// When the motions together would fold the tissue, which no course does.
    pub fn moment(&self, elapsed: Duration) -> Result<Option<AnatomyUnderProbe<'_>>, TooSteep> {
        let pressure = Motion::ProbePressure(self.motion.pressure(elapsed));
        self.anatomy_after(elapsed)
            .map(|anatomy| self.moved(anatomy, elapsed, Some(pressure)))
            .transpose()
    }

    /// As [`moment`](Self::moment), with the probe lifted off.
    ///
    /// # Errors
    /// As for [`moment`](Self::moment).
    pub fn moment_without_probe(
        &self,
        elapsed: Duration,
    ) -> Result<Option<AnatomyUnderProbe<'_>>, TooSteep> {
        self.anatomy_after(elapsed).map(|anatomy| self.moved(anatomy, elapsed, None)).transpose()
    }

    fn moved<'a>(
        &self,
        anatomy: &'a Anatomy,
        elapsed: Duration,
        pressure: Option<Motion>,
    ) -> Result<AnatomyUnderProbe<'a>, TooSteep> {
        let mut motions = vec![Motion::Breathing(breathing(anatomy))];
        motions.extend(pressure);
        if self.packing_mm > 0.0 {
            let since_s = elapsed.as_secs_f64() - self.packed_at_s;
            let part = if self.packed_at_s > 0.0 { ease(since_s / PACKING_S) } else { 1.0 };
            motions.push(Motion::Packing(packing(anatomy, part * self.packing_mm)));
        }
        // Every patient starts at the end of an expiration.
        let breathed = if self.breath_held { Duration::ZERO } else { elapsed };
        AnatomyUnderProbe::moved(anatomy, motions, breathed)
    }

    /// How the probe moves.
    pub fn motion(&self) -> &ProbeMotion {
        &self.motion
    }

    /// The anatomy at rest `elapsed` after the start, with what was cut out by then gone; none for the block.
    pub fn anatomy_after(&self, elapsed: Duration) -> Option<&Anatomy> {
        let resected = self.resected.as_ref().filter(|r| elapsed.as_secs_f64() >= r.from_s);
        resected.map(|resected| &*resected.anatomy).or_else(|| self.anatomy())
    }

    /// The anatomy before the operation, at rest, unless it is the block.
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
            Body::Anatomy(before) => {
                let anatomy = self.anatomy_after(elapsed).unwrap_or(before);
                let pressure = Motion::ProbePressure(self.motion.pressure(elapsed));
                let now = self.moved(anatomy, elapsed, Some(pressure))?;
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
