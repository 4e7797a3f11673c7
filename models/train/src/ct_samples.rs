//! Patches of CT and cone-beam CT with their true structures: endless ones to train on, and whole volumes.

use messages::{IntensityVolume, Modality, Patient, Transform};
use ndarray::{Array2, Array3, ArrayView3};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use simulation::anatomy::family::Family;
use simulation::anatomy::grid::Grid;
use simulation::anatomy::images::{Phase, cone_beam_volume, ct_volume};
use simulation::anatomy::labels::{Label, label_volume};
use simulation::anatomy::structure::StructureKind;
use simulation::anatomy::training_volume::{Scan, training_volume};
use simulation::anatomy::volumes::intensity_volume;
use simulation::anatomy::{Anatomy, Region};
use simulation::devices::preoperative::field_of_view;
use tch::Tensor;

use crate::error::TrainingError;
use crate::example::{Example, empty, labels, uneven};
use crate::samples::{TRAINING, TUNING};

/// What the network tells apart; a class that is one structure has that structure's name.
pub const CLASSES: [&str; 11] = [
    "background",
    "liver",
    "portal_vein",
    "hepatic_veins",
    "hepatic_artery",
    "aorta",
    "inferior_vena_cava",
    "iliac_arteries",
    "iliac_veins",
    "tumour",
    "kidney",
];
/// Neighbouring slices that the network sees; the middle one is labelled.
pub const SLICES: usize = 9;
/// Edge of the voxels.
pub const SPACING_MM: f64 = 1.5;
/// HU that become 0 and 1.
pub const WINDOW_HU: (f32, f32) = (-150.0, 350.0);
/// Rows and columns of a patch.
pub const SIZE: (usize, usize) = (176, 224);

/// Volumes that patches are taken from in turn, and patches of each.
const REUSE: (u64, u64) = (8, 96);
/// One volume in so many is of a pelvis, and of a cone-beam scanner.
const PELVIS_IN: u64 = 3;
const CONE_BEAM: f64 = 0.25;
/// Places remembered of each class, so that rare ones are found.
const PLACES: usize = 400;
/// Radius of the cylinder that a cone-beam scanner sees in the volumes that are measured on.
const CONE_BEAM_RADIUS_MM: f64 = 110.0;
/// Turns a seed into that of other patients, and that of a patch.
const HELD_OUT: u64 = 0x48_45_4c_44_2d_4f_55_54;
const PATCH: u64 = 0x50_41_54_43_48;

/// A few slices with the classes of the middle one.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    /// Slices from the feet to the head, rows to the back, columns to the left; HU.
    pub slices: Array3<i16>,
    /// Index into [`CLASSES`], of the middle slice.
    pub classes: Array2<u8>,
}

/// A volume with the class of each voxel: slices, rows, columns.
#[derive(Clone, Debug)]
pub struct Volume {
    /// HU.
    pub intensities: Array3<i16>,
    /// Index into [`CLASSES`].
    pub classes: Array3<u8>,
    /// As the node takes it.
    pub message: IntensityVolume<Patient>,
}

/// The class of a structure.
pub fn class_of(name: &str, kind: StructureKind) -> u8 {
    use StructureKind as Kind;
    let class = match (name, kind) {
        ("aorta" | "hepatic_artery" | "inferior_vena_cava", _) => name,
        (_, Kind::Liver) => "liver",
        (_, Kind::PortalVein) => "portal_vein",
        (_, Kind::HepaticVein) => "hepatic_veins",
        (_, Kind::Artery) => "iliac_arteries",
        (_, Kind::Vein) => "iliac_veins",
        (_, Kind::Tumour) => "tumour",
        (_, Kind::Kidney) => "kidney",
        _ => "background",
    };
    CLASSES.iter().position(|known| *known == class).unwrap_or_default() as u8
}

fn classes(labels: &[u8], table: &[Label], size: [usize; 3]) -> Array3<u8> {
    let mut class = [0_u8; 256];
    for row in table {
        class[usize::from(row.value)] = class_of(&row.name, row.kind);
    }
    let flat: Vec<u8> = labels.iter().map(|label| class[usize::from(*label)]).collect();
    shaped(flat, size)
}

/// x fastest to slices, rows, columns.
fn shaped<T: Clone + Default>(flat: Vec<T>, [x, y, z]: [usize; 3]) -> Array3<T> {
    // The simulation gives as many as its lattice has.
    Array3::from_shape_vec((z, y, x), flat).unwrap_or_else(|_| Array3::default((z, y, x)))
}

/// Intensity of what a cone-beam scanner does not see.
const UNSEEN_HU: i16 = -1000;

/// What lies beyond the cylinder that a cone-beam scanner sees cannot be labelled.
fn hide(classes: &mut Array3<u8>, intensities: &Array3<i16>) {
    classes.zip_mut_with(intensities, |class, intensity| {
        if *intensity <= UNSEEN_HU {
            *class = 0;
        }
    });
}

/// Endless patches; every class is in the middle of some.
#[derive(Debug)]
pub struct Patches {
    seed: u64,
    families: &'static [Family],
    reuse: (u64, u64),
    /// The last volume of each place, and its number.
    volumes: Vec<Option<(u64, Source)>>,
}

#[derive(Debug)]
struct Source {
    intensities: Array3<i16>,
    classes: Array3<u8>,
    /// Some voxels of each class that is there.
    places: Vec<Vec<(usize, usize, usize)>>,
}

impl Patches {
    /// To train on.
    pub fn training(seed: u64) -> Self {
        Self::of(seed, &TRAINING, REUSE)
    }

    /// To compare trainings on.
    pub fn tuning(seed: u64) -> Self {
        Self::of(seed ^ HELD_OUT, &[TUNING], (4, 16))
    }

    fn of(seed: u64, families: &'static [Family], reuse: (u64, u64)) -> Self {
        let volumes = (0..reuse.0).map(|_| None).collect();
        Self { seed, families, reuse, volumes }
    }

    /// Patch number `index`, which does not depend on what was asked for before; in rising order few volumes
    /// are made.
    ///
    /// # Errors
    /// If the simulation refuses.
    pub fn patch(&mut self, index: u64) -> Result<Patch, TrainingError> {
        let (volumes, patches) = self.reuse;
        let place = index % volumes;
        // The places change their volumes at different times, so that nobody waits for many at once.
        let turn = index / volumes + place * patches / volumes;
        let number = turn / patches * volumes + place;
        let held = &mut self.volumes[place as usize];
        let source = match held.take() {
            Some((known, source)) if known == number => source,
            _ => Source::make(self.seed, number, self.families)?,
        };
        let (_, source) = held.insert((number, source));
        Ok(source.patch(&mut random(self.seed ^ PATCH, index)))
    }
}

fn random(seed: u64, index: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(index);
    rng
}

impl Source {
    fn make(seed: u64, number: u64, families: &[Family]) -> Result<Self, TrainingError> {
        let mut rng = random(seed, number);
        let family = families[rng.random_range(0..families.len())];
        let region =
            if number % PELVIS_IN == PELVIS_IN - 1 { Region::Pelvis } else { Region::Abdomen };
        let scan = if rng.random_bool(CONE_BEAM) { Scan::ConeBeam } else { Scan::Ct };
        Self::of(&Anatomy::new(region, rng.random(), family)?, scan, rng.random())
    }

    fn of(anatomy: &Anatomy, scan: Scan, seed: u64) -> Result<Self, TrainingError> {
        let volume = training_volume(anatomy, scan, SPACING_MM, seed, 1)?;
        let size = volume.grid.size();
        let mut classes = classes(&volume.labels, &volume.table, size);
        let intensities = shaped(volume.intensities, size);
        if scan == Scan::ConeBeam {
            hide(&mut classes, &intensities);
        }
        let mut counts = [0_usize; CLASSES.len()];
        for class in &classes {
            counts[usize::from(*class)] += 1;
        }
        let mut places = vec![Vec::new(); CLASSES.len()];
        let mut met = [0_usize; CLASSES.len()];
        for (place, class) in classes.indexed_iter() {
            let class = usize::from(*class);
            if met[class].is_multiple_of(counts[class].div_ceil(PLACES)) {
                places[class].push(place);
            }
            met[class] += 1;
        }
        places.retain(|places| !places.is_empty());
        Ok(Self { intensities, classes, places })
    }

    /// Around a voxel of any class, each class as often as another.
    fn patch(&self, rng: &mut ChaCha8Rng) -> Patch {
        let places = &self.places[rng.random_range(0..self.places.len())];
        let (slice, row, column) = places[rng.random_range(0..places.len())];
        let (slices, rows, columns) = self.classes.dim();
        let mut start = |at: usize, length: usize, count: usize| {
            let last = count.saturating_sub(length);
            let low = (at + 1).saturating_sub(length).min(last);
            rng.random_range(low..=at.min(last).max(low))
        };
        let (top, left) = (start(row, SIZE.0, rows), start(column, SIZE.1, columns));
        let gain = rng.random_range(0.96..1.04_f32);
        let offset = rng.random_range(-6.0..6.0_f32);
        let within = |row: usize, column: usize| {
            ((top + row).min(rows - 1), (left + column).min(columns - 1))
        };
        let cut = |(channel, row, column): (usize, usize, usize)| {
            let at = (slice + channel).saturating_sub(SLICES / 2).min(slices - 1);
            let (row, column) = within(row, column);
            (f32::from(self.intensities[(at, row, column)]) * gain + offset).round() as i16
        };
        let class = |(row, column): (usize, usize)| {
            let (row, column) = within(row, column);
            self.classes[(slice, row, column)]
        };
        Patch {
            slices: Array3::from_shape_fn((SLICES, SIZE.0, SIZE.1), cut),
            classes: Array2::from_shape_fn(SIZE, class),
        }
    }
}

impl Example for Patch {
    /// One channel for each slice, the window of HU from 0 to 1.
    fn batch(patches: &[Self]) -> Result<(Tensor, Tensor), TrainingError> {
        let (slices, rows, columns) = patches.first().ok_or_else(empty)?.slices.dim();
        let even = |patch: &Self| {
            patch.slices.dim() == (slices, rows, columns) && patch.classes.dim() == (rows, columns)
        };
        if !patches.iter().all(even) {
            return Err(uneven(rows, columns));
        }
        let (low, high) = WINDOW_HU;
        let window = models::card::Intensity::Window { low, high };
        let images: Vec<f32> = patches
            .iter()
            .flat_map(|patch| patch.slices.iter().map(|value| window.scale(f32::from(*value))))
            .collect();
        let size = [patches.len() as i64, slices as i64, rows as i64, columns as i64];
        let flat: Vec<u8> =
            patches.iter().flat_map(|patch| patch.classes.iter().copied()).collect();
        let images = Tensor::f_from_slice(&images)?.f_view(size.as_slice())?;
        Ok((images, labels(&flat, [patches.len(), rows, columns])?))
    }
}

/// A whole volume of a patient of the family that is never trained on, as the simulated scanners take it, within
/// a slab of `slab_mm` around the middle if one is given.
///
/// # Errors
/// If the simulation refuses.
pub fn held_out(
    region: Region,
    seed: u64,
    scan: Scan,
    slab_mm: Option<f64>,
) -> Result<Volume, TrainingError> {
    let anatomy = Anatomy::new(region, seed, Family::DEMONSTRATION)?;
    let mut bounds = field_of_view(&anatomy);
    if let Some(slab_mm) = slab_mm {
        let middle = bounds.centre().z;
        bounds.low.z = bounds.low.z.max(middle - 0.5 * slab_mm);
        bounds.high.z = bounds.high.z.min(middle + 0.5 * slab_mm);
    }
    let grid = Grid::around(&bounds, SPACING_MM)?;
    let phase = Phase::PortalVenous;
    let (modality, values) = match scan {
        Scan::Ct => (Modality::Ct, ct_volume(&anatomy, &grid, phase, seed, 1)),
        Scan::ConeBeam => (
            Modality::ConeBeamCt,
            cone_beam_volume(&anatomy, &grid, phase, CONE_BEAM_RADIUS_MM, seed, 1),
        ),
    };
    let truth = label_volume(&anatomy, &grid, 1);
    Ok(Volume {
        classes: classes(&truth.values, &truth.table, grid.size()),
        intensities: shaped(values.clone(), grid.size()),
        message: intensity_volume(&grid, modality, values, Transform::identity()),
    })
}

impl Volume {
    /// The voxels that the scanner saw: a cone beam sees a cylinder. Others cannot be labelled.
    pub fn seen(&self) -> Array3<bool> {
        let cone_beam = self.message.modality == Modality::ConeBeamCt;
        self.intensities.mapv(|value| !cone_beam || value > UNSEEN_HU)
    }

    /// The classes where they were seen; background elsewhere.
    pub fn seen_classes(&self) -> Array3<u8> {
        let mut classes = self.classes.clone();
        if self.message.modality == Modality::ConeBeamCt {
            hide(&mut classes, &self.intensities);
        }
        classes
    }

    /// A message's labels on this volume's voxels.
    pub fn view<'a>(&self, labels: &'a [u8]) -> Option<ArrayView3<'a, u8>> {
        ArrayView3::from_shape(self.classes.dim(), labels).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn patches_repeat_and_show_what_the_classes_say() {
        let anatomy = Anatomy::new(Region::Abdomen, 7, Family::Slender).unwrap();
        let source = Source::of(&anatomy, Scan::Ct, 1).unwrap();
        let all: Vec<Patch> = (0..60).map(|index| source.patch(&mut random(1, index))).collect();
        assert_eq!(source.patch(&mut random(1, 5)), all[5]);
        assert_ne!(all[5], all[6]);
        let mut sums = [(0.0, 0_u32); CLASSES.len()];
        for patch in &all {
            assert_eq!(patch.slices.dim(), (SLICES, SIZE.0, SIZE.1));
            let middle = patch.slices.index_axis(ndarray::Axis(0), SLICES / 2);
            for (value, class) in middle.iter().zip(&patch.classes) {
                let (sum, count) = &mut sums[usize::from(*class)];
                (*sum, *count) = (*sum + f64::from(*value), *count + 1);
            }
        }
        let mean = |class: usize| sums[class].0 / f64::from(sums[class].1.max(1));
        // An abdomen: all of its classes come, those of the pelvis do not.
        for class in [1, 2, 3, 4, 5, 6, 9, 10] {
            assert!(sums[class].1 > 20, "{}: {:?}", CLASSES[class], sums[class]);
        }
        assert_eq!((sums[7].1, sums[8].1), (0, 0));
        assert!(mean(2) > mean(1) + 15.0 && mean(3) > mean(1) + 10.0, "{sums:?}");
        assert!(mean(9) < mean(1), "tumours are dark: {sums:?}");
    }

    #[test]
    fn what_a_cone_beam_does_not_see_has_no_class() {
        let anatomy = Anatomy::new(Region::Abdomen, 7, Family::Slender).unwrap();
        let source = Source::of(&anatomy, Scan::ConeBeam, 1).unwrap();
        let labelled = source.classes.iter().filter(|class| **class > 0).count();
        assert!(labelled > 10_000, "{labelled}");
        let mut both = source.classes.iter().zip(&source.intensities);
        assert!(both.all(|(class, intensity)| *class == 0 || *intensity > UNSEEN_HU));
    }

    #[test]
    fn a_batch_holds_what_the_patches_hold() {
        let patch = |value: i16| Patch {
            slices: Array3::from_elem((SLICES, 4, 6), value),
            classes: Array2::from_elem((4, 6), 3),
        };
        let (images, labels) = Patch::batch(&[patch(-150), patch(100)]).unwrap();
        assert_eq!((images.size(), labels.size()), (vec![2, 9, 4, 6], vec![2, 4, 6]));
        assert_eq!(images.double_value(&[0, 2, 1, 1]), 0.0);
        assert_eq!(images.double_value(&[1, 4, 3, 5]), 0.5);
        assert_eq!(labels.int64_value(&[1, 2, 2]), 3);
        assert!(Patch::batch(&[]).is_err());
        let other = Patch { classes: Array2::zeros((2, 2)), ..patch(0) };
        assert!(Patch::batch(&[patch(0), other]).is_err());
    }
}
