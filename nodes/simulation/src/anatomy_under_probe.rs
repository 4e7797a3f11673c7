//! The anatomy at a moment, breathing and dented by the probe, as ultrasound meets it.

use std::time::Duration;

use messages::{Patient, Transform};
use nalgebra::{Isometry3, Point3, Translation3, Vector3};
use rand::RngExt;

use crate::anatomy::deformation::{Deformation, TooSteep};
use crate::anatomy::motion::{Breathing, Motion, Packing, ProbePressure};
use crate::anatomy::segment::Segment;
use crate::anatomy::structure::StructureKind;
use crate::anatomy::{Anatomy, Region};
use crate::anatomy_echo;
use crate::beam_grid::BeamGrid;
use crate::insonified::Insonified;
use crate::randomness::{Purpose, jitter, stream};
use crate::scan_geometry::Face;
use crate::tissue_map::TissueMap;

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

/// How a surgeon's packs push the organs aside, wholly determined by the seed: by `packing_mm` where they
/// lie, less around. Packs behind the right lobe lift it to the front and the left; in the pelvis they
/// push the right iliac vessels to the middle.
pub fn packing(anatomy: &Anatomy, packing_mm: f64) -> Packing {
    let mut rng = stream(anatomy.seed(), Purpose::Packing, 0);
    let deep = anatomy.body_wall().thickness_mm() + 78.0;
    let (centre, towards) = match anatomy.region() {
        Region::Abdomen => (Point3::new(-60.0, deep + 25.0, -25.0), Vector3::new(0.6, -0.75, 0.3)),
        Region::Pelvis => (Point3::new(-50.0, 115.0, -20.0), Vector3::new(0.8, 0.2, 0.5)),
    };
    let towards = (towards + jitter(0.2, &mut rng)).normalize();
    Packing {
        centre: centre + jitter(8.0, &mut rng),
        push_mm: towards * packing_mm,
        reach_mm: 55.0,
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
        Self::moved(anatomy, motions, elapsed)
    }

    /// The anatomy `elapsed` after the start, moved by the given motions and no others.
    ///
    /// # Errors
    /// When the motions together would fold the tissue.
    pub fn moved(
        anatomy: &'a Anatomy,
        motions: Vec<Motion>,
        elapsed: Duration,
    ) -> Result<Self, TooSteep> {
        let deformation = Deformation::new(motions)?;
        Ok(Self { anatomy, deformation, time_s: elapsed.as_secs_f64() })
    }

    /// What it was at rest.
    pub fn anatomy(&self) -> &'a Anatomy {
        self.anatomy
    }

    /// Where a point at rest is now.
    pub fn displace(&self, point: &Point3<f64>) -> Point3<f64> {
        self.deformation.displace(point, self.time_s)
    }

    /// Which point at rest is at a place now.
    pub fn origin_of(&self, place: &Point3<f64>) -> Point3<f64> {
        self.deformation.origin_of(place, self.time_s)
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
        let farthest_mm = self.deformation.farthest_mm();
        let mut near = Vec::new();
        for structure in self.anatomy.structures() {
            let Some(tubes) = structure.as_tubes() else { continue };
            for segment in tubes.segments() {
                let reach = segment.largest_radius_mm() + margin_mm;
                let (a, b) = (depth(&segment.start), depth(&segment.end));
                // Displacing a point costs much more than seeing that it stays far from the plane.
                if a.min(b) > reach + farthest_mm || a.max(b) < -reach - farthest_mm {
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
