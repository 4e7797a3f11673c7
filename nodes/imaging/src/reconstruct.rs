//! Freehand volume reconstruction: each placed image is pasted into a growing voxel volume as it comes.
//!
//! Forward mapping ("pixel nearest neighbour" and its trilinear kin; O. V. Solberg et al., "Freehand
//! 3D ultrasound reconstruction algorithms — a review", Ultrasound in Medicine & Biology 33(7), 2007):
//! every pixel gives its grey value to the voxels around it, and a voxel that got several compounds
//! them. PLUS distributes the same weights, but rounds its running mean to 8 bits after every pixel;
//! here sums are whole numbers, so a mean is exact and does not depend on the order of the images
//! (until a voxel is full, after half a million pixels).
//!
//! | file | idea |
//! | --- | --- |
//! | [`settings`] | what can be chosen |
//! | [`mask`] | which pixels of an image are anatomy |
//! | `lattice` | pixels to voxel indices, in fixed point |
//! | `cell` | what a voxel remembers |
//! | `bricks` | voxels allocated where images have been, within a budget |
//! | `paste` | the inner loops |
//! | `read` | the volume as it is now |

mod bricks;
mod cell;
mod lattice;
pub mod mask;
mod paste;
mod read;
pub mod settings;

use messages::{Affine, Image, Patient, Volume};

use bricks::{Bricks, OverBudget};
use cell::{Latest, Maximum, Mean};
use lattice::Lattice;
use mask::Mask;
use settings::{Compounding, Settings};

/// A volume that grows with each image.
#[derive(Clone, Debug)]
pub struct Reconstruction {
    settings: Settings,
    lattice: Lattice,
    /// For images of the size that came last.
    mask: Mask,
    store: Store,
    images: u64,
}

#[derive(Clone, Debug)]
enum Store {
    Mean(Bricks<Mean>),
    Latest(Bricks<Latest>),
    Maximum(Bricks<Maximum>),
}

/// Why an image was not pasted. The volume is as it was before.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    /// The pixels are not an image of the given size.
    #[error(
        "an image of {width_px}×{height_px} has one byte for each pixel, but {came} bytes came"
    )]
    WrongSize {
        /// Columns.
        width_px: usize,
        /// Rows.
        height_px: usize,
        /// Bytes that came.
        came: usize,
    },
    /// Too many pixels along an axis.
    #[error(
        "an image may have up to {} pixels along an axis, but this one is {width_px}×{height_px}",
        mask::LARGEST
    )]
    TooLarge {
        /// Columns.
        width_px: usize,
        /// Rows.
        height_px: usize,
    },
    /// The image lies absurdly far away.
    #[error(
        "the image lies up to {distance_mm:.3e} mm from the origin of the patient frame, farther than voxels can be counted: check the calibration and the tracker"
    )]
    OutOfReach {
        /// Largest coordinate of a corner.
        distance_mm: f64,
    },
    /// The volume would become too large.
    #[error(
        "the volume would need {needed_bytes} bytes, more than the budget of {budget_bytes}: raise memory_bytes, take a larger spacing_mm, or clip the images"
    )]
    OverBudget {
        /// At least as many bytes are needed.
        needed_bytes: u64,
        /// As many are allowed.
        budget_bytes: u64,
    },
}

/// Why the volume cannot be given as one block.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoVolume {
    /// Nothing was pasted.
    #[error("no image has been pasted yet")]
    Empty,
    /// The box around everything is too large.
    #[error(
        "the box around all images has {}×{}×{} voxels and needs {needed_bytes} bytes, more than the budget of {budget_bytes}: was an image placed far away?",
        .size[0], .size[1], .size[2]
    )]
    OverBudget {
        /// Voxels of the box.
        size: [u64; 3],
        /// Bytes of the box.
        needed_bytes: u64,
        /// As many are allowed.
        budget_bytes: u64,
    },
}

macro_rules! on_store {
    ($store:expr, $bricks:ident => $body:expr) => {
        match $store {
            Store::Mean($bricks) => $body,
            Store::Latest($bricks) => $body,
            Store::Maximum($bricks) => $body,
        }
    };
}

impl Reconstruction {
    /// An empty volume.
    ///
    /// # Errors
    /// If a setting makes no sense.
    pub fn new(settings: Settings) -> Result<Self, settings::Invalid> {
        settings.check()?;
        let store = match settings.compounding {
            Compounding::Mean => Store::Mean(Bricks::default()),
            Compounding::Latest => Store::Latest(Bricks::default()),
            Compounding::Maximum => Store::Maximum(Bricks::default()),
        };
        let lattice = Lattice::new(settings.origin_mm, settings.spacing_mm);
        Ok(Self { settings, lattice, mask: Mask::default(), store, images: 0 })
    }

    /// Pastes an image: `pixels` are rows from the probe down, `patient_from_image` maps pixel
    /// coordinates (origin at the centre of the first pixel) to millimetres. Returns how many pixels
    /// were inside the mask.
    ///
    /// # Errors
    /// If the image cannot be pasted; then the volume is as it was.
    pub fn insert(
        &mut self,
        pixels: &[u8],
        width_px: usize,
        height_px: usize,
        patient_from_image: &Affine<Patient, Image>,
    ) -> Result<usize, Refused> {
        if width_px > mask::LARGEST || height_px > mask::LARGEST {
            return Err(Refused::TooLarge { width_px, height_px });
        }
        if width_px * height_px != pixels.len() {
            return Err(Refused::WrongSize { width_px, height_px, came: pixels.len() });
        }
        if self.mask.size() != (width_px, height_px) {
            self.mask = self.settings.mask(width_px, height_px);
        }
        if self.mask.is_empty() {
            return Ok(0);
        }
        let walk = self.lattice.walk(patient_from_image, width_px, height_px)?;
        let (mask, distribution) = (&self.mask, self.settings.distribution);
        let budget_bytes = self.settings.memory_bytes;
        on_store!(&mut self.store, bricks => {
            let missing = walk.bricks(mask, distribution, bricks, budget_bytes);
            bricks.allocate(missing, budget_bytes).map_err(|OverBudget { needed_bytes }| {
                Refused::OverBudget { needed_bytes, budget_bytes }
            })?;
            paste::image(bricks, pixels, &walk, mask, distribution);
        });
        self.images += 1;
        Ok(self.mask.pixels())
    }

    /// How many images have been pasted.
    pub fn images(&self) -> u64 {
        self.images
    }

    /// Bytes that the voxels take.
    pub fn memory_bytes(&self) -> u64 {
        on_store!(&self.store, bricks => bricks.bytes())
    }

    /// The voxels of the smallest box around everything that was seen.
    ///
    /// # Errors
    /// If nothing was seen, or the box is larger than the memory budget.
    pub fn volume(&self) -> Result<Volume, NoVolume> {
        let bounds = on_store!(&self.store, bricks => read::bounds(bricks));
        let (first, size) = bounds.ok_or(NoVolume::Empty)?;
        self.region(first, size)
    }

    /// The voxels of a box of the lattice: from voxel `first` on, `size` voxels along each axis.
    /// Voxel (0, 0, 0) lies at the origin of the settings.
    ///
    /// # Errors
    /// If the box is larger than the memory budget.
    pub fn region(&self, first: [i32; 3], size: [u32; 3]) -> Result<Volume, NoVolume> {
        // A grey value and a flag for each voxel.
        let bytes = size.iter().map(|size| u128::from(*size)).product::<u128>() * 2;
        let needed_bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let budget_bytes = self.settings.memory_bytes;
        if needed_bytes > budget_bytes {
            let size = size.map(u64::from);
            return Err(NoVolume::OverBudget { size, needed_bytes, budget_bytes });
        }
        let (voxels, seen) = on_store!(&self.store, bricks => read::region(bricks, first, size));
        Ok(Volume {
            size,
            patient_from_voxel: self.lattice.patient_from_voxel(first),
            images: self.images,
            voxels: voxels.into(),
            seen: seen.into(),
        })
    }

    /// Forgets everything, and frees the memory.
    pub fn clear(&mut self) {
        on_store!(&mut self.store, bricks => *bricks = Bricks::default());
        self.images = 0;
    }
}
