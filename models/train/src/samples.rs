//! Images with their true vessels: endless ones to train on, and fixed sets that are held out.

use std::time::Duration;

use ndarray::Array2;
use simulation::anatomy::family::Family;
use simulation::training_scans::{Reuse, TrainingScans};
use simulation::{ScanGeometry, Scanner, ScannerSettings, Subject, SubjectKind, training_sample};
use tch::{Kind, Tensor};

use crate::error::TrainingError;
use crate::example::{Example, empty, labels, uneven};

/// Rows and columns of every sample.
pub const SIZE: (usize, usize) = (240, 320);
/// The family of anatomies that trainings are compared on; neither trained on nor shown.
pub const TUNING: Family = Family::Accessory;
/// The families of anatomies that are trained on.
pub const TRAINING: [Family; 3] = [Family::Slender, Family::Wide, Family::Trifurcated];
/// One sample in so many is of the block of liver.
const BLOCK_IN: u64 = 4;
/// Patients scanned in turn, and images of each.
const REUSE: Reuse = Reuse { patients: 8, images: 40 };
/// Images of a sweep.
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

/// Endless samples: every fourth is of a block of liver of its own, the others of whole anatomies.
#[derive(Clone, Debug)]
pub struct Samples {
    seed: u64,
    scans: TrainingScans,
}

impl Samples {
    /// To train on.
    pub fn training(seed: u64) -> Self {
        Self { seed, scans: TrainingScans::new(seed, &TRAINING, REUSE) }
    }

    /// To compare trainings on: anatomies of the family [`TUNING`] only, twelve images of each, and blocks that
    /// no training shows.
    pub fn tuning(seed: u64) -> Self {
        let reuse = Reuse { patients: 2, images: 12 };
        let seed = seed ^ HELD_OUT;
        Self { seed, scans: TrainingScans::new(seed, &[TUNING], reuse) }
    }

    /// Sample number `index`, which does not depend on what was asked for before; in rising order few
    /// anatomies are made.
    ///
    /// # Errors
    /// If the simulation refuses.
    pub fn sample(&mut self, index: u64) -> Result<Sample, TrainingError> {
        let (image, mask) = if index.is_multiple_of(BLOCK_IN) {
            training_sample(self.seed, index)?
        } else {
            self.scans.sample(index - index / BLOCK_IN - 1)?
        };
        Ok(Sample { image, mask })
    }
}

/// Sweeps over patients of the family that is never trained on, as the demonstration shows them, the breath
/// of every second one held, and for every pixel whether it was scanned.
///
/// # Errors
/// If the simulation refuses.
pub fn sweeps(
    kind: SubjectKind,
    patients: u64,
) -> Result<(Vec<Sample>, Array2<bool>), TrainingError> {
    let scanner = Scanner::new(ScanGeometry::default(), ScannerSettings::default())?;
    let mut samples = Vec::new();
    for seed in 0..patients {
        let subject = Subject::new(kind, seed, Family::DEMONSTRATION)?;
        let subject = subject.with_breath_held(seed.is_multiple_of(2));
        for index in 0..IMAGES_OF_A_SWEEP {
            let elapsed = SWEEP * index / IMAGES_OF_A_SWEEP;
            let scan = subject.scan(&scanner, elapsed, u64::from(index))?;
            samples.push(Sample { image: scan.grey, mask: scan.vessels });
        }
    }
    let geometry = scanner.geometry();
    let scanned =
        Array2::from_shape_fn((geometry.height_px, geometry.width_px), |(row, column)| {
            let (x, y) = geometry.face_from_pixel(column as f64, row as f64);
            geometry.in_sector(x, y)
        });
    Ok((samples, scanned))
}

impl Example for Sample {
    /// Grey values from 0 to 1 in one channel.
    fn batch(samples: &[Self]) -> Result<(Tensor, Tensor), TrainingError> {
        let (rows, columns) = samples.first().ok_or_else(empty)?.image.dim();
        let even = |plane: &Array2<u8>| plane.dim() == (rows, columns);
        if !samples.iter().all(|sample| even(&sample.image) && even(&sample.mask)) {
            return Err(uneven(rows, columns));
        }
        let gather = |plane: fn(&Self) -> &Array2<u8>| -> Vec<u8> {
            samples.iter().flat_map(|sample| plane(sample).iter().copied()).collect()
        };
        let size = [samples.len() as i64, 1, rows as i64, columns as i64];
        let images = Tensor::f_from_data_size(&gather(|sample| &sample.image), &size, Kind::Uint8)?;
        let labels = labels(&gather(|sample| &sample.mask), [samples.len(), rows, columns])?;
        Ok((images.f_to_kind(Kind::Float)?.f_div_scalar(255.0)?, labels))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn tuning_images_are_none_of_those_trained_on() {
        let (mut training, mut tuning) = (Samples::training(3), Samples::tuning(3));
        let trained: Vec<Sample> = (0..6).map(|index| training.sample(index).unwrap()).collect();
        for index in 0..6 {
            let held_out = tuning.sample(index).unwrap();
            assert_eq!(held_out.image.dim(), SIZE);
            assert!(trained.iter().all(|sample| sample.image != held_out.image));
        }
    }

    #[test]
    fn sweeps_of_the_family_never_trained_on_show_vessels_within_the_scanned_sector() {
        assert!(!TRAINING.contains(&Family::DEMONSTRATION) && !TRAINING.contains(&TUNING));
        for (kind, patients) in
            [(SubjectKind::Block, 4), (SubjectKind::Abdomen, 1), (SubjectKind::Pelvis, 1)]
        {
            let (samples, scanned) = sweeps(kind, patients).unwrap();
            assert_eq!(samples.len() as u64, patients * 12);
            for sample in &samples {
                assert_eq!(sample.image.dim(), SIZE);
                let within = |(vessel, scanned): (&u8, &bool)| *vessel == 0 || *scanned;
                assert!(sample.mask.iter().zip(&scanned).all(within));
            }
            let shows = |sample: &&Sample| sample.mask.iter().any(|vessel| *vessel == 1);
            let with_vessels = samples.iter().filter(shows).count();
            assert!(with_vessels * 4 > samples.len() * 3, "{kind:?}: {with_vessels}");
        }
    }

    #[test]
    fn a_batch_holds_what_the_samples_hold() {
        let mut training = Samples::training(1);
        let samples: Vec<Sample> = (0..3).map(|index| training.sample(index).unwrap()).collect();
        let (images, labels) = Sample::batch(&samples).unwrap();
        assert_eq!(images.size(), [3, 1, 240, 320]);
        assert_eq!(labels.size(), [3, 240, 320]);
        let at = |tensor: &Tensor, index: &[i64]| tensor.double_value(index);
        for (row, column) in [(0, 0), (120, 160), (200, 100)] {
            let grey = f64::from(samples[2].image[[row, column]]) / 255.0;
            assert!((at(&images, &[2, 0, row as i64, column as i64]) - grey).abs() < 1e-6);
            let label = f64::from(samples[2].mask[[row, column]]);
            assert_eq!(at(&labels, &[2, row as i64, column as i64]), label);
        }
        assert!(Sample::batch(&[]).is_err());
        let small = Sample { image: Array2::zeros((2, 2)), mask: Array2::zeros((2, 2)) };
        assert!(Sample::batch(&[samples[0].clone(), small]).is_err());
    }
}
