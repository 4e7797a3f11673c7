//! What a segmentation gets wrong: it is blind in some places and sees short vessels in others, in every image alike.
//!
//! Mistakes that differ from image to image are outvoted in the volume and would harm nothing.

use std::collections::HashMap;

use nalgebra::{Point3, Vector3};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, UnitSphere};

/// Edge of the cubes that are blind or hold a false vessel.
const CELL_MM: f64 = 12.0;
/// Half the length and the radius of a false vessel.
const HALF_MM: f64 = 7.0;
const RADIUS_MM: f64 = 2.5;

/// The mistakes in one patient, wholly determined by the seed.
pub struct Mistakes {
    seed: u64,
    share: f64,
    vessels: f64,
    cells: HashMap<[i32; 3], Cell>,
}

#[derive(Clone, Copy)]
struct Cell {
    is_blind: bool,
    false_vessel: Option<(Point3<f64>, Vector3<f64>)>,
}

impl Mistakes {
    /// `share` of the vessels, which are the part `vessels` of what is seen, are not shown, and about as much is shown that
    /// is none.
    pub fn new(seed: u64, share: f64, vessels: f64) -> Self {
        Self { seed, share, vessels, cells: HashMap::new() }
    }

    /// Whether a place is shown as vessel that truly is one or not.
    pub fn shown(&mut self, place: &Point3<f64>, truly: bool) -> bool {
        if self.share == 0.0 {
            return truly;
        }
        let key = [0, 1, 2].map(|axis| (place[axis] / CELL_MM).floor() as i32);
        let (seed, share, vessels) = (self.seed, self.share, self.vessels);
        let cell = self.cells.entry(key).or_insert_with(|| Cell::draw(seed, key, share, vessels));
        let in_false_vessel = cell.false_vessel.is_some_and(|(middle, direction)| {
            let offset = place - middle;
            let along = offset.dot(&direction).clamp(-HALF_MM, HALF_MM);
            (offset - direction * along).norm() < RADIUS_MM
        });
        (truly && !cell.is_blind) || in_false_vessel
    }
}

impl Cell {
    fn draw(seed: u64, key: [i32; 3], share: f64, vessels: f64) -> Self {
        let mixed = key.iter().fold(seed ^ 0x5EE, |mixed, &index| {
            mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17) ^ u64::from(index as u32)
        });
        let mut rng = ChaCha8Rng::seed_from_u64(mixed);
        let volume_mm3 = std::f64::consts::PI * RADIUS_MM * RADIUS_MM * 2.0 * HALF_MM;
        let is_blind = rng.random_bool(share);
        let is_false = rng.random_bool(share * vessels * CELL_MM.powi(3) / volume_mm3);
        let middle = Point3::from(key.map(|index| (f64::from(index) + 0.5) * CELL_MM));
        let direction = Vector3::from(UnitSphere.sample(&mut rng));
        Self { is_blind, false_vessel: is_false.then_some((middle, direction)) }
    }
}
