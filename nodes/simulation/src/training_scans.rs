//! Ultrasound of whole anatomies for training: many patients, wide courses of the probe, every knob turned.

use std::f64::consts::PI;
use std::time::Duration;

use messages::Transform;
use nalgebra::{Isometry3, Translation3, UnitQuaternion};
use ndarray::Array2;
use rand::RngExt;

use crate::anatomy::abdomen::AnatomyError;
use crate::anatomy::deformation::TooSteep;
use crate::anatomy::family::Family;
use crate::anatomy::motion::ProbePressure;
use crate::anatomy::{Anatomy, Region};
use crate::anatomy_under_probe::AnatomyUnderProbe;
use crate::bmode::Scanner;
use crate::randomness::{Purpose, stream};
use crate::scan_geometry::{Face, OutOfRange, probe_from_face};
use crate::skin_course::SkinCourse;
use crate::training::any_scanner;
use crate::truth::vessel_mask;

/// Turns a seed into that of the patients, and of the images of them.
const PATIENTS: u64 = 0x5041_5449_454e_5453;
const IMAGES: u64 = 0x5343_414e_5f49_4d47;
/// One patient in so many is a pelvis.
const PELVIS_IN: u64 = 4;

/// Why there is no such image.
#[derive(Debug, thiserror::Error)]
pub enum TrainingScanError {
    /// The anatomy could not be made.
    #[error(transparent)]
    Anatomy(#[from] AnatomyError),
    /// The scanner cannot be.
    #[error(transparent)]
    Scanner(#[from] OutOfRange),
    /// The probe is pressed in too far.
    #[error(transparent)]
    Pressure(#[from] TooSteep),
}

/// How long a patient is scanned before the next one comes: an anatomy takes a second to grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// Patients that are scanned in turn, so that images side by side show different ones; at least 1.
    pub patients: u64,
    /// Images of each patient; at least 1.
    pub images: u64,
}

/// Images of anatomies of some families: image number `index` is a function of seed, families, reuse and
/// index alone. Asked for in rising order, few anatomies are made.
#[derive(Clone, Debug)]
pub struct TrainingScans {
    seed: u64,
    families: Vec<Family>,
    reuse: Reuse,
    /// The last patient of each place, and its number.
    patients: Vec<Option<(u64, Anatomy)>>,
}

impl TrainingScans {
    /// Scans of patients of `families`; without any, of all but the one of the demonstration.
    pub fn new(seed: u64, families: &[Family], reuse: Reuse) -> Self {
        let reuse = Reuse { patients: reuse.patients.max(1), images: reuse.images.max(1) };
        let mut families = families.to_vec();
        if families.is_empty() {
            families = Family::ALL.into_iter().filter(|f| *f != Family::DEMONSTRATION).collect();
        }
        Self { seed, families, reuse, patients: vec![None; reuse.patients as usize] }
    }

    /// The image number `index` and its true vessel mask (1 inside vessels), both 240 × 320.
    ///
    /// Place, tilt, turn and pressure of the probe, the moment of the breath, and the scanner are those of
    /// no other image.
    ///
    /// # Errors
    /// When an anatomy could not be made, which no seed is known to cause.
    pub fn sample(&mut self, index: u64) -> Result<(Array2<u8>, Array2<u8>), TrainingScanError> {
        let Reuse { patients, images } = self.reuse;
        let place = index % patients;
        // The places change their patients at different times, so that nobody waits for many at once.
        let turn = index / patients + place * images / patients;
        let number = turn / images * patients + place;
        let seed = self.seed;
        let held = &mut self.patients[place as usize];
        let anatomy = match held.take() {
            Some((known, anatomy)) if known == number => anatomy,
            _ => any_anatomy(seed, number, &self.families)?,
        };
        let (_, anatomy) = held.insert((number, anatomy));
        scan(anatomy, seed, index)
    }
}

fn any_anatomy(seed: u64, number: u64, families: &[Family]) -> Result<Anatomy, AnatomyError> {
    let mut rng = stream(seed ^ PATIENTS, Purpose::Training, number);
    let family = families[rng.random_range(0..families.len())];
    let region = if number % PELVIS_IN == PELVIS_IN - 1 { Region::Pelvis } else { Region::Abdomen };
    Anatomy::new(region, rng.random(), family)
}

fn scan(
    anatomy: &Anatomy,
    seed: u64,
    index: u64,
) -> Result<(Array2<u8>, Array2<u8>), TrainingScanError> {
    let mut rng = stream(seed ^ IMAGES, Purpose::Training, index);
    let (geometry, settings) = any_scanner((90.0, 140.0), &mut rng);
    let course = SkinCourse::over(anatomy);
    let contact = course.contact(
        rng.random_range(-0.15..1.15),
        rng.random_range(-22.0..22.0),
        rng.random_range(-14.0..14.0),
    );
    let press_mm = course.press_mm() + rng.random_range(-4.0..3.0);
    // Mostly near the plane of the sweep, now and then any turn about the beam.
    let about_beam = if rng.random_bool(0.3) {
        rng.random_range(-PI..PI)
    } else {
        rng.random_range(-0.35..0.35)
    };
    let tilt = UnitQuaternion::from_euler_angles(
        rng.random_range(-0.35..0.35),
        0.0,
        rng.random_range(-0.3..0.3),
    );
    let turn = contact.turn * UnitQuaternion::from_euler_angles(0.0, about_beam, 0.0) * tilt;
    let place = contact.skin + contact.inwards * press_mm;
    let patient_from_face: Transform<_, Face> =
        Transform::from_isometry(Isometry3::from_parts(Translation3::from(place.coords), turn));
    let patient_from_probe = patient_from_face * probe_from_face().inverse();
    let pressure = ProbePressure {
        contact: contact.skin,
        into: contact.inwards,
        depth_mm: press_mm,
        breadth_mm: 20.0,
        fade_mm: 45.0,
    };
    let breath_s = if rng.random_bool(0.4) { 0.0 } else { rng.random_range(0.0..5.0) };
    let now = AnatomyUnderProbe::new(anatomy, pressure, Duration::from_secs_f64(breath_s))?;
    let image = Scanner::new(geometry, settings)?.image(&now, &patient_from_probe, index);
    Ok((image, vessel_mask(&now, &geometry, &patient_from_probe)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REUSE: Reuse = Reuse { patients: 2, images: 3 };

    #[test]
    fn an_image_does_not_depend_on_those_before_it() {
        let scans = || TrainingScans::new(3, &[Family::Slender], REUSE);
        let mut in_order = scans();
        let all: Vec<_> = (0..5).map(|index| in_order.sample(index).unwrap()).collect();
        assert_eq!(scans().sample(4).unwrap(), all[4]);
        for (index, one) in all.iter().enumerate() {
            assert!(all[index + 1..].iter().all(|other| other.0 != one.0));
        }
        let other_family = TrainingScans::new(3, &[Family::Wide], REUSE).sample(0).unwrap();
        assert_ne!(other_family.0, all[0].0);
    }

    #[test]
    fn images_show_tissue_and_most_of_them_vessels() {
        let mut scans = TrainingScans::new(1, &[], Reuse { patients: 4, images: 8 });
        let mut with_vessels = 0;
        for index in 0..32 {
            let (image, mask) = scans.sample(index).unwrap();
            assert_eq!((image.dim(), mask.dim()), ((240, 320), (240, 320)));
            let bright = image.iter().filter(|grey| **grey > 40).count();
            assert!(bright > 4000, "image {index} is dark: {bright} pixels");
            with_vessels += usize::from(mask.iter().filter(|m| **m == 1).count() > 100);
        }
        assert!(with_vessels >= 24, "{with_vessels} of 32");
    }
}
