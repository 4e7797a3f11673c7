//! How the patient lay in the scanner: the rigid motion that a registration has to find.

use messages::{Preoperative, Transform};
use nalgebra::{Point3, Translation3, UnitQuaternion};
use rand_distr::{Distribution, UnitSphere};

use crate::randomness::{Purpose, stream};

/// The frame `Preoperative` from the frame `Patient`, wholly determined by the seed: a turn by
/// `angle_rad` about a random axis through `centre` (frame `Patient`), then a shift by `distance_mm` in
/// a random direction. `centre` therefore moves by exactly `distance_mm`.
pub fn preoperative_from_patient(
    seed: u64,
    centre: &Point3<f64>,
    distance_mm: f64,
    angle_rad: f64,
) -> Transform<Preoperative, messages::Patient> {
    let mut rng = stream(seed, Purpose::Misalignment, 0);
    let mut direction = || nalgebra::Vector3::from(UnitSphere.sample(&mut rng));
    let turn = UnitQuaternion::from_scaled_axis(direction() * angle_rad);
    let shift = Translation3::from(direction() * distance_mm);
    let to_centre = Translation3::from(centre.coords);
    Transform::from_isometry(shift * to_centre * turn * to_centre.inverse())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_centre_moves_by_the_distance_and_directions_turn_by_at_most_the_angle() {
        let centre = Point3::new(-20.0, 100.0, 5.0);
        let mut first = None;
        for seed in 0..20 {
            let motion = preoperative_from_patient(seed, &centre, 12.0, 0.2);
            let isometry = motion.isometry();
            assert!(((isometry * centre - centre).norm() - 12.0).abs() < 1e-9);
            assert!((isometry.rotation.angle() - 0.2).abs() < 1e-9);
            assert_eq!(motion, preoperative_from_patient(seed, &centre, 12.0, 0.2));
            assert_ne!(first.replace(motion), Some(motion));
        }
        let none = preoperative_from_patient(3, &centre, 0.0, 0.0);
        assert!((none.isometry() * Point3::origin()).coords.norm() < 1e-9);
    }
}
