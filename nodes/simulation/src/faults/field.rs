//! Metal that bends the field of an electromagnetic tracker: an error that grows with the distance.

use std::f64::consts::TAU;

use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use rand::RngExt;

use crate::randomness::{Purpose, jitter, stream_of};

/// Over this length the direction of the error may turn once around.
const WAVELENGTH_MM: f64 = 800.0;

/// A bent field, wholly determined by its seed.
pub(super) struct Field {
    /// Azimuth and elevation of the error: at the origin, and how they change with the place, rad and rad/mm.
    angles: [(f64, Vector3<f64>); 2],
    reference_mm: f64,
    power: f64,
}

impl Field {
    /// The field of line `line` of a script. The error at a distance is proportional to the power of that distance over
    /// `reference_mm`; of a small conductor it is the fourth (M. A. Nixon et al., "The effects of metals and
    /// interfering fields on electromagnetic trackers", Presence 7, 1998).
    pub fn new(seed: u64, line: u32, reference_mm: f64, power: f64) -> Self {
        let mut rng = stream_of(seed, Purpose::FaultField, line.into(), 0);
        let most = TAU / WAVELENGTH_MM / 3.0_f64.sqrt();
        let angles = [0, 1].map(|_| (rng.random_range(0.0..TAU), jitter(most, &mut rng)));
        Self { angles, reference_mm, power }
    }

    /// A pose in the field generator's frame as it is measured.
    pub fn bend(&self, pose: &Isometry3<f64>, error_mm: f64, error_rad: f64) -> Isometry3<f64> {
        let place = pose.translation.vector;
        let grown = (place.norm() / self.reference_mm).powf(self.power);
        let [azimuth, elevation] = self.angles.map(|(angle, slope)| angle + slope.dot(&place));
        let direction = Vector3::new(
            elevation.cos() * azimuth.cos(),
            elevation.cos() * azimuth.sin(),
            elevation.sin(),
        );
        let turn = UnitQuaternion::from_scaled_axis(direction * (error_rad * grown));
        let shift = Translation3::from(direction * (error_mm * grown));
        Isometry3::from_parts(shift * pose.translation, turn * pose.rotation)
    }
}
