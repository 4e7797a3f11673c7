//! The simulated patient: a block of liver with vessel trees of known shape under a body wall.
//!
//! Coordinates are in the frame `Patient`, millimetres, LPS: the skin lies at y = 0, the back at +y.

use messages::{Patient, Point};
use nalgebra::Point3;

use crate::body_wall::BodyWall;
use crate::family::Family;
use crate::growth::grow;
use crate::vessel::{Vessel, VesselKind};

/// An axis-aligned box, mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// The corner with the least coordinates.
    pub low: Point3<f64>,
    /// The opposite corner.
    pub high: Point3<f64>,
}

impl Default for Block {
    /// The liver of every seeded patient.
    fn default() -> Self {
        Self { low: Point3::new(-75.0, 28.0, -65.0), high: Point3::new(75.0, 118.0, 65.0) }
    }
}

impl Block {
    /// Distance to the nearest face, negative outside.
    pub fn depth_within_mm(&self, point: &Point3<f64>) -> f64 {
        (0..3)
            .map(|axis| (point[axis] - self.low[axis]).min(self.high[axis] - point[axis]))
            .fold(f64::INFINITY, f64::min)
    }
}

/// How far the nearest vessel wall is, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearestVessel {
    /// Signed distance to the wall, negative inside the vessel. Inside, where vessels merge, it is
    /// the distance to the wall of the deepest one.
    pub signed_distance_mm: f64,
    /// Index into [`SimulatedPatient::vessels`].
    pub vessel: usize,
}

/// A patient, wholly determined by seed and family.
#[derive(Clone, Debug)]
pub struct SimulatedPatient {
    seed: u64,
    block: Block,
    vessels: Vec<Vessel>,
    body_wall: Option<BodyWall>,
    echo_variation_db: f64,
}

impl SimulatedPatient {
    /// The patient of a seed and a family.
    pub fn new(seed: u64, family: Family) -> Self {
        let block = Block::default();
        Self {
            seed,
            block,
            vessels: grow(seed, family, &block),
            body_wall: Some(BodyWall::new(seed)),
            echo_variation_db: 1.5,
        }
    }

    /// Even tissue that fills all space and holds just the given vessels: a phantom to measure in.
    pub fn phantom(seed: u64, vessels: Vec<Vessel>) -> Self {
        Self { seed, block: Block::default(), vessels, body_wall: None, echo_variation_db: 0.0 }
    }

    /// The seed, which also fixes the speckle.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Where the liver is.
    pub fn block(&self) -> Block {
        self.block
    }

    /// All vessels; a vessel's parent comes before it.
    pub fn vessels(&self) -> &[Vessel] {
        &self.vessels
    }

    /// What lies between skin and liver.
    pub(crate) fn body_wall(&self) -> Option<&BodyWall> {
        self.body_wall.as_ref()
    }

    /// Slow change of the liver's echo from place to place, as an amplitude in dB.
    pub(crate) fn echo_variation_db(&self) -> f64 {
        self.echo_variation_db
    }

    /// The nearest vessel wall, or nothing in a patient without vessels.
    pub fn nearest_vessel(&self, point: Point<Patient>) -> Option<NearestVessel> {
        let mut nearest: Option<NearestVessel> = None;
        for (index, vessel) in self.vessels.iter().enumerate() {
            let known = nearest.map_or(f64::INFINITY, |n| n.signed_distance_mm);
            // Inside a box the bound says nothing; outside it saves most of the work.
            if vessel.least_distance_mm(&point.xyz_mm) > known.max(0.0) {
                continue;
            }
            let distance = vessel.signed_distance_mm(&point.xyz_mm);
            if distance < known {
                nearest = Some(NearestVessel { signed_distance_mm: distance, vessel: index });
            }
        }
        nearest
    }

    /// Signed distance to the nearest vessel wall in mm, negative inside; infinite without vessels.
    pub fn signed_distance_mm(&self, point: Point<Patient>) -> f64 {
        self.nearest_vessel(point).map_or(f64::INFINITY, |n| n.signed_distance_mm)
    }

    /// The kind of the vessel that `point` lies in.
    pub fn inside(&self, point: Point<Patient>) -> Option<VesselKind> {
        let nearest = self.nearest_vessel(point)?;
        (nearest.signed_distance_mm < 0.0).then(|| self.vessels[nearest.vessel].kind())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_fast_query_equals_the_slow_one(seed in 0u64..8, x in -90.0..90.0, y in -10.0..130.0, z in -80.0..80.0) {
            let patient = SimulatedPatient::new(seed, Family::Winding);
            let point = Point3::new(x, y, z);
            let slow = patient.vessels().iter().map(|v| v.signed_distance_mm(&point)).fold(f64::INFINITY, f64::min);
            let nearest = patient.nearest_vessel(Point::new(point)).unwrap();
            prop_assert_eq!(nearest.signed_distance_mm, slow);
            prop_assert_eq!(patient.vessels()[nearest.vessel].signed_distance_mm(&point), slow);
        }
    }

    #[test]
    fn a_patient_without_vessels_has_no_wall_near() {
        let patient = SimulatedPatient::phantom(1, Vec::new());
        assert!(patient.nearest_vessel(Point::new(Point3::origin())).is_none());
        assert_eq!(patient.signed_distance_mm(Point::new(Point3::origin())), f64::INFINITY);
    }

    #[test]
    fn every_family_fills_the_block_with_a_handful_of_vessels() {
        for family in [Family::Slender, Family::Wide, Family::Winding] {
            for seed in 0..20 {
                let patient = SimulatedPatient::new(seed, family);
                let count = patient.vessels().len();
                assert!((12..=60).contains(&count), "{family:?} {seed}: {count} vessels");
                let ends = patient.vessels().iter().filter_map(|v| v.segments().last());
                let outside =
                    ends.filter(|s| patient.block().depth_within_mm(&s.end) < -12.0).count();
                assert!(
                    outside * 5 <= count,
                    "{family:?} {seed}: {outside} of {count} leave the liver"
                );
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_patient_and_another_one_does_not() {
        let vessels = |seed, family| SimulatedPatient::new(seed, family).vessels;
        assert_eq!(vessels(3, Family::Wide), vessels(3, Family::Wide));
        assert_ne!(vessels(3, Family::Wide), vessels(4, Family::Wide));
        assert_ne!(vessels(3, Family::Wide), vessels(3, Family::Winding));
    }
}
