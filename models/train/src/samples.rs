//! Images with their true vessels: endless ones to train on, and fixed sets that are held out.

use std::time::Duration;

use ndarray::Array2;
use simulation::{
    Family, ProbeMotion, ScanGeometry, Scanner, ScannerSettings, SimulatedPatient, training_sample,
    vessel_mask,
};
use tch::{Kind, Tensor};

use crate::error::TrainingError;

/// Rows and columns of every sample.
pub const SIZE: (usize, usize) = (240, 320);
/// Patients of the held-out families, and images of each along its sweep.
const SWEEPS: u64 = 16;
const IMAGES_OF_A_SWEEP: u32 = 12;
/// There and back again, so that both ends and the middle are seen.
const SWEEP: Duration = Duration::from_secs(40);
/// Turns a seed into that of other patients.
const HELD_OUT: u64 = 0x48_45_4c_44_2d_4f_55_54;

/// An image and, of the same size, 1 where it should show a vessel, else 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// 8-bit grey values.
    pub image: Array2<u8>,
    /// 0 or 1.
    pub mask: Array2<u8>,
}

/// The sample number `index` to train on.
///
/// # Errors
/// If the simulation refuses.
pub fn training(seed: u64, index: u64) -> Result<Sample, TrainingError> {
    let (image, mask) = training_sample(seed, index)?;
    Ok(Sample { image, mask })
}

/// The image number `index` of a patient that is never trained on, of the families that are.
///
/// # Errors
/// If the simulation refuses.
pub fn held_out_patient(seed: u64, index: u64) -> Result<Sample, TrainingError> {
    training(seed ^ HELD_OUT, index)
}

/// Sweeps over patients of the family that is never trained on, as the demonstration shows them, and for
/// every pixel whether it was scanned.
///
/// # Errors
/// If the simulation refuses.
pub fn held_out_family() -> Result<(Vec<Sample>, Array2<bool>), TrainingError> {
    let scanner = Scanner::new(ScanGeometry::default(), ScannerSettings::default())?;
    let geometry = *scanner.geometry();
    let mut samples = Vec::new();
    for seed in 0..SWEEPS {
        let patient = SimulatedPatient::new(seed, Family::DEMONSTRATION);
        let motion = ProbeMotion::new(seed);
        for index in 0..IMAGES_OF_A_SWEEP {
            let pose = motion.patient_from_probe(SWEEP * index / IMAGES_OF_A_SWEEP);
            let image = scanner.image(&patient, &pose, u64::from(index));
            samples.push(Sample { image, mask: vessel_mask(&patient, &geometry, &pose) });
        }
    }
    let scanned =
        Array2::from_shape_fn((geometry.height_px, geometry.width_px), |(row, column)| {
            let (x, y) = geometry.face_from_pixel(column as f64, row as f64);
            geometry.in_sector(x, y)
        });
    Ok((samples, scanned))
}

/// A batch as the network takes it, `images × 1 × rows × columns`, grey values from 0 to 1, and the labels,
/// `images × rows × columns`.
///
/// # Errors
/// If there is no sample, the samples differ in size, or libtorch fails.
pub fn batch(samples: &[Sample]) -> Result<(Tensor, Tensor), TrainingError> {
    let Some(first) = samples.first() else {
        return Err(TrainingError::Options(
            "expected at least one image in a batch, but none came".into(),
        ));
    };
    let (rows, columns) = first.image.dim();
    if samples
        .iter()
        .any(|sample| sample.image.dim() != (rows, columns) || sample.mask.dim() != (rows, columns))
    {
        return Err(TrainingError::Options(format!(
            "expected all images of a batch to be {rows} × {columns}"
        )));
    }
    let gather = |plane: fn(&Sample) -> &Array2<u8>| -> Vec<u8> {
        samples.iter().flat_map(|sample| plane(sample).iter().copied()).collect()
    };
    let size = [samples.len() as i64, 1, rows as i64, columns as i64];
    let images = Tensor::f_from_data_size(&gather(|sample| &sample.image), &size, Kind::Uint8)?;
    let labels = Tensor::f_from_data_size(
        &gather(|sample| &sample.mask),
        &[size[0], size[2], size[3]],
        Kind::Uint8,
    )?;
    Ok((images.f_to_kind(Kind::Float)?.f_div_scalar(255.0)?, labels.f_to_kind(Kind::Int64)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn held_out_images_are_none_of_those_trained_on() {
        let trained: Vec<Sample> = (0..6).map(|index| training(3, index).unwrap()).collect();
        for index in 0..6 {
            let held_out = held_out_patient(3, index).unwrap();
            assert!(trained.iter().all(|sample| sample.image != held_out.image));
        }
    }

    #[test]
    fn the_held_out_family_shows_vessels_within_the_scanned_sector() {
        let (samples, scanned) = held_out_family().unwrap();
        assert_eq!(samples.len(), 16 * 12);
        for sample in &samples {
            assert_eq!(sample.image.dim(), SIZE);
            assert!(
                sample.mask.iter().zip(&scanned).all(|(vessel, scanned)| *vessel == 0 || *scanned)
            );
        }
        let with_vessels =
            samples.iter().filter(|sample| sample.mask.iter().any(|vessel| *vessel == 1)).count();
        assert!(with_vessels > 150, "{with_vessels}");
    }

    #[test]
    fn a_batch_holds_what_the_samples_hold() {
        let samples: Vec<Sample> = (0..3).map(|index| training(1, index).unwrap()).collect();
        let (images, labels) = batch(&samples).unwrap();
        assert_eq!(images.size(), [3, 1, 240, 320]);
        assert_eq!(labels.size(), [3, 240, 320]);
        let at = |tensor: &Tensor, index: &[i64]| tensor.double_value(index);
        for (row, column) in [(0, 0), (120, 160), (200, 100)] {
            let grey = f64::from(samples[2].image[[row, column]]) / 255.0;
            assert!((at(&images, &[2, 0, row as i64, column as i64]) - grey).abs() < 1e-6);
            let label = f64::from(samples[2].mask[[row, column]]);
            assert_eq!(at(&labels, &[2, row as i64, column as i64]), label);
        }
        assert!(batch(&[]).is_err());
        let small = Sample { image: Array2::zeros((2, 2)), mask: Array2::zeros((2, 2)) };
        assert!(batch(&[samples[0].clone(), small]).is_err());
    }
}
