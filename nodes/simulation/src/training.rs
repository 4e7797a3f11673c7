//! Images with their true vessels for training, of patients of the training families only.

use std::f64::consts::PI;

use messages::Transform;
use nalgebra::{Isometry3, Translation3, UnitQuaternion};
use ndarray::Array2;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::bmode::{Scanner, ScannerSettings};
use crate::family::Family;
use crate::patient::SimulatedPatient;
use crate::randomness::{Purpose, stream};
use crate::scan_geometry::{OutOfRange, ProbeShape, ScanGeometry, probe_from_face};
use crate::truth::vessel_mask;

/// The sample number `index` of a seed: an image as the default probe shows it and the true vessel
/// mask of the same plane (1 inside vessels), both 240 × 320.
///
/// Each sample has a patient, pose, gain, dynamic range, noise and depth of its own.
///
/// # Errors
/// Never for the ranges drawn here; the error is that of [`Scanner::new`].
pub fn training_sample(seed: u64, index: u64) -> Result<(Array2<u8>, Array2<u8>), OutOfRange> {
    let mut rng = stream(seed, Purpose::Training, index);
    let family = Family::TRAINING[rng.random_range(0..Family::TRAINING.len())];
    let patient = SimulatedPatient::new(rng.random(), family);
    let (geometry, settings) = any_scanner((90.0, 125.0), &mut rng);
    let place = Translation3::new(
        rng.random_range(-45.0..45.0),
        rng.random_range(1.0..6.0),
        rng.random_range(-50.0..50.0),
    );
    // Any turn about the beam, then a tilt: transverse, sagittal and oblique planes alike.
    let turn = UnitQuaternion::from_euler_angles(
        rng.random_range(-0.4..0.4),
        0.0,
        rng.random_range(-0.4..0.4),
    ) * UnitQuaternion::from_euler_angles(0.0, rng.random_range(-PI..PI), 0.0);
    let patient_from_face = Transform::from_isometry(Isometry3::from_parts(place, turn));
    let patient_from_probe = patient_from_face * probe_from_face().inverse();
    let scanner = Scanner::new(geometry, settings)?;
    let image = scanner.image(&patient, &patient_from_probe, index);
    Ok((image, vessel_mask(&patient, &geometry, &patient_from_probe)))
}

/// A convex probe of the usual sizes, its image of a depth within `depth_mm`, and a scanner with its knobs
/// turned by some hand.
pub(crate) fn any_scanner(
    depth_mm: (f64, f64),
    rng: &mut ChaCha8Rng,
) -> (ScanGeometry, ScannerSettings) {
    let geometry = ScanGeometry {
        shape: ProbeShape::Convex {
            radius_mm: rng.random_range(42.0..60.0),
            opening_rad: rng.random_range(0.95..1.2),
        },
        depth_mm: rng.random_range(depth_mm.0..depth_mm.1),
        ..ScanGeometry::default()
    };
    let attenuation = rng.random_range(0.42..0.6);
    let settings = ScannerSettings {
        frequency_mhz: rng.random_range(2.8..4.2),
        attenuation_db_per_cm_mhz: attenuation,
        compensation_db_per_cm_mhz: attenuation + rng.random_range(-0.06..0.06),
        noise_db: rng.random_range(-64.0..-52.0),
        gain_db: rng.random_range(-12.0..8.0),
        dynamic_range_db: rng.random_range(50.0..72.0),
        noise_seed: rng.random(),
    };
    (geometry, settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_repeat_on_any_thread_and_differ_from_each_other() {
        let here = training_sample(5, 3).unwrap();
        let there = std::thread::spawn(|| training_sample(5, 3).unwrap()).join().unwrap();
        assert_eq!(here, there);
        assert_ne!(here.0, training_sample(5, 4).unwrap().0);
        assert_ne!(here.0, training_sample(6, 3).unwrap().0);
    }

    #[test]
    fn most_samples_show_vessels_darker_than_what_is_around() {
        let (mut with_vessels, mut darker) = (0, 0);
        for index in 0..24 {
            let (image, mask) = training_sample(1, index).unwrap();
            let mean = |inside: bool| {
                let chosen =
                    image.iter().zip(&mask).filter(|(v, m)| (**m == 1) == inside && **v > 0);
                let (sum, count) =
                    chosen.fold((0.0, 0), |(s, c), (v, _)| (s + f64::from(*v), c + 1));
                (sum / f64::from(count.max(1)), count)
            };
            if mask.iter().filter(|m| **m == 1).count() > 200 {
                with_vessels += 1;
                darker += usize::from(mean(true).0 + 15.0 < mean(false).0);
            }
        }
        assert!(with_vessels >= 20, "{with_vessels} of 24");
        assert!(darker + 2 >= with_vessels, "{darker} of {with_vessels}");
    }
}
