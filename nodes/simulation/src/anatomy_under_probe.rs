//! The anatomy at a moment, breathing and dented by the probe, as ultrasound meets it.

use std::time::Duration;

use messages::{Patient, Transform};
use nalgebra::{Isometry3, Point3, Translation3};
use rand::RngExt;

use crate::anatomy::deformation::{Deformation, TooSteep};
use crate::anatomy::motion::{Breathing, Motion, ProbePressure};
use crate::anatomy::segment::Segment;
use crate::anatomy::structure::StructureKind;
use crate::anatomy::{Anatomy, Region};
use crate::anatomy_echo;
use crate::beam_grid::BeamGrid;
use crate::insonified::Insonified;
use crate::randomness::{Purpose, stream};
use crate::scan_geometry::Face;
use crate::tissue_map::TissueMap;

/// No deformation made here moves tissue farther.
const FARTHEST_MM: f64 = 32.0;

/// How a patient breathes under anaesthesia, wholly determined by its seed: 8 to 14 mm at the liver
/// and 1 to 2 mm in the pelvis, one breath in 4 to 5 s, from the end of expiration.
pub fn breathing(anatomy: &Anatomy) -> Breathing {
    let mut rng = stream(anatomy.seed(), Purpose::Breathing, 0);
    let deep = anatomy.body_wall().thickness_mm() + 78.0;
    let (low, high, centre) = match anatomy.region() {
        Region::Abdomen => (8.0, 14.0, Point3::new(-26.0, deep, 0.0)),
        Region::Pelvis => (1.0, 2.0, Point3::new(0.0, deep, 80.0)),
    };
    Breathing {
        amplitude_mm: rng.random_range(low..high),
        period_s: rng.random_range(4.0..5.0),
        hysteresis: rng.random_range(0.05..0.15),
        centre,
        reach_mm: 75.0,
    }
}

/// An anatomy at a moment.
#[derive(Clone, Debug)]
pub struct AnatomyUnderProbe<'a> {
    anatomy: &'a Anatomy,
    deformation: Deformation,
    time_s: f64,
}

impl<'a> AnatomyUnderProbe<'a> {
    /// The anatomy `elapsed` after the start, breathing, with a probe pressed on it.
    ///
    /// # Errors
    /// When the probe is pressed in so far that the tissue would fold.
    pub fn new(
        anatomy: &'a Anatomy,
        pressure: ProbePressure,
        elapsed: Duration,
    ) -> Result<Self, TooSteep> {
        let motions = vec![Motion::Breathing(breathing(anatomy)), Motion::ProbePressure(pressure)];
        let deformation = Deformation::new(motions, Vec::new())?;
        Ok(Self { anatomy, deformation, time_s: elapsed.as_secs_f64() })
    }

    /// What moves the anatomy.
    pub fn deformation(&self) -> &Deformation {
        &self.deformation
    }

    /// The moment, s after the start.
    pub fn time_s(&self) -> f64 {
        self.time_s
    }
}

impl Insonified for AnatomyUnderProbe<'_> {
    fn seed(&self) -> u64 {
        self.anatomy.seed()
    }

    fn echo_variation_db(&self) -> f64 {
        1.5
    }

    /// The motion of the tissue 60 mm under the face stands for that of the whole image: speckle
    /// moves with the tissue there, and by up to a few millimetres differently near the skin.
    fn rest_pose(&self, patient_from_face: &Transform<Patient, Face>) -> Transform<Patient, Face> {
        let middle = patient_from_face.isometry() * Point3::new(0.0, 60.0, 0.0);
        let back = self.deformation.origin_of(&middle, self.time_s) - middle;
        let back = Isometry3::from_parts(Translation3::from(back), nalgebra::one());
        Transform::from_isometry(back * patient_from_face.isometry())
    }

    fn draw_ground(
        &self,
        map: &mut TissueMap,
        seed: u32,
        grid: &BeamGrid,
        patient_from_face: &Transform<Patient, Face>,
    ) {
        let (anatomy, deformation) = (self.anatomy, &self.deformation);
        anatomy_echo::draw_ground(
            anatomy,
            deformation,
            self.time_s,
            map,
            seed,
            grid,
            patient_from_face,
        );
    }

    fn tubes_near_plane(
        &self,
        patient_from_face: &Transform<Patient, Face>,
        margin_mm: f64,
    ) -> Vec<(StructureKind, Segment)> {
        let face_from_patient = patient_from_face.isometry().inverse();
        let depth = |point: &Point3<f64>| (face_from_patient * point).z;
        let now =
            |point: &Point3<f64>| face_from_patient * self.deformation.displace(point, self.time_s);
        let mut near = Vec::new();
        for structure in self.anatomy.structures() {
            let Some(tubes) = structure.as_tubes() else { continue };
            for segment in tubes.segments() {
                let reach = segment.largest_radius_mm() + margin_mm;
                let (a, b) = (depth(&segment.start), depth(&segment.end));
                // Displacing a point costs much more than seeing that it stays far from the plane.
                if a.min(b) > reach + FARTHEST_MM || a.max(b) < -reach - FARTHEST_MM {
                    continue;
                }
                let (start, end) = (now(&segment.start), now(&segment.end));
                if start.z.min(end.z) <= reach && start.z.max(end.z) >= -reach {
                    near.push((structure.kind, Segment { start, end, ..*segment }));
                }
            }
        }
        near
    }
}
