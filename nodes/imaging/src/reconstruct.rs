//! Freehand volume reconstruction: each placed image is pasted into a growing voxel volume as it comes.
//!
//! Forward mapping ("pixel nearest neighbour" and its trilinear kin; O. V. Solberg et al., "Freehand
//! 3D ultrasound reconstruction algorithms — a review", Ultrasound in Medicine & Biology 33(7), 2007):
//! every pixel gives its grey value to the voxels around it, and a voxel that got several compounds
//! them. PLUS distributes the same weights, but rounds its running mean to 8 bits after every pixel;
//! here sums are whole numbers, so a mean is exact and does not depend on the order of the images
//! (until a voxel is full, after half a million pixels). PLUS's own arithmetic can be chosen.
//!
//! | file | idea |
//! | --- | --- |
//! | [`settings`] | what can be chosen |
//! | [`mask`] | which pixels of an image are anatomy |
//! | `fan_angles` | which angles of a fan are lit in an image |
//! | `lattice` | pixels to voxel indices, in fixed point |
//! | `cell`, `plus_cell` | what a voxel remembers |
//! | `store` | voxels of any kind |
//! | `bricks` | voxels allocated where images have been, within a budget |
//! | `pieces` | rows of pixels cut at the borders of bricks |
//! | `paste` | the inner loops |
//! | `read` | the volume as it is now |
//! | [`fill_holes`] | voxels that no image met, from those around |

mod bricks;
mod cell;
mod fan_angles;
pub mod fill_holes;
mod lanes;
mod lattice;
pub mod mask;
mod paste;
mod pieces;
mod plus_cell;
mod read;
pub mod settings;
mod store;

use formats::plus_config::HoleFilling;
use messages::{Affine, Image, Patient, Volume};

use fan_angles::FanAngles;
use fill_holes::Voxels;
use lattice::Lattice;
use mask::Mask;
use paste::Picture;
use settings::{Compounding, Settings};
use store::{Placed, Store};

/// A volume that grows with each image.
#[derive(Debug)]
pub struct Reconstruction {
    settings: Settings,
    lattice: Lattice,
    /// For images of the size that came last.
    mask: Mask,
    fan_angles: Option<FanAngles>,
    importance: Option<PixelImportance>,
    store: Box<dyn Store>,
    images: u64,
}

/// How important each pixel of an image is: from 0, which leaves it out, to 255.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PixelImportance {
    size_px: (usize, usize),
    weights: Vec<u8>,
}

impl PixelImportance {
    /// Rows from the probe down; of images of another size none is pasted.
    ///
    /// # Errors
    /// If there is not one byte for each pixel.
    pub fn new(width_px: usize, height_px: usize, weights: Vec<u8>) -> Result<Self, Refused> {
        if width_px.checked_mul(height_px) != Some(weights.len()) {
            return Err(Refused::WrongSize { width_px, height_px, came: weights.len() });
        }
        Ok(Self { size_px: (width_px, height_px), weights })
    }
}

/// A volume with its holes filled.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    /// The volume.
    pub volume: Volume,
    /// Voxels that an image met.
    pub met: usize,
    /// Voxels that were filled with something.
    pub filled: usize,
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
    /// Compounding by importance without it, or with that of other images.
    #[error(
        "compounding by importance needs a byte for each of the image's {}×{} pixels, but {}; give a picture of importance as large as the images",
        .needed.0, .needed.1,
        .came.map_or("none came".to_owned(), |(width, height)| format!("{width}×{height} came"))
    )]
    Importance {
        /// Columns and rows of the image.
        needed: (usize, usize),
        /// Those of the importance that was given.
        came: Option<(usize, usize)>,
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

impl Reconstruction {
    /// An empty volume.
    ///
    /// # Errors
    /// If a setting makes no sense.
    pub fn new(settings: Settings) -> Result<Self, settings::Invalid> {
        settings.check()?;
        Ok(Self {
            lattice: Lattice::new(&settings),
            mask: Mask::default(),
            fan_angles: None,
            importance: None,
            store: store::empty(&settings),
            images: 0,
            settings,
        })
    }

    /// From the next image on, pixels have this importance. Needed for compounding by importance.
    pub fn set_importance(&mut self, importance: PixelImportance) {
        self.importance = Some(importance);
    }

    /// Pastes an image: `pixels` are rows from the probe down, `patient_from_image` maps pixel
    /// coordinates (origin at the centre of the first pixel) to millimetres. Returns how many pixels
    /// were inside the mask: none of an image without a lit angle, if such are looked for.
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
            self.fan_angles = FanAngles::of(&self.settings, width_px, height_px);
        }
        let narrowed;
        let mask = match &self.fan_angles {
            None => &self.mask,
            Some(angles) => {
                let Some(lit) = angles.lit(pixels) else { return Ok(0) };
                narrowed = self.mask.within_angles(&lit);
                &narrowed
            }
        };
        if mask.is_empty() {
            return Ok(0);
        }
        let size = (width_px, height_px);
        let importance = match &self.importance {
            _ if self.settings.compounding != Compounding::Importance => None,
            Some(given) if given.size_px == size => Some(&given.weights[..]),
            given => {
                let came = given.as_ref().map(|given| given.size_px);
                return Err(Refused::Importance { needed: size, came });
            }
        };
        let picture = Picture { pixels, importance, least_value: self.settings.least_value };
        let placed = Placed { picture, mask, patient_from_image };
        self.store.insert(&placed, &self.lattice, &self.settings)?;
        self.images += 1;
        Ok(mask.pixels())
    }

    /// How many images have been pasted.
    pub fn images(&self) -> u64 {
        self.images
    }

    /// Bytes that the voxels take.
    pub fn memory_bytes(&self) -> u64 {
        self.store.bytes()
    }

    /// The voxels of the grid, if one is set, else of the smallest box around everything that was seen.
    ///
    /// # Errors
    /// If nothing was seen, or the box is larger than the memory budget.
    pub fn volume(&self) -> Result<Volume, NoVolume> {
        Ok(self.volume_and_accumulation()?.0)
    }

    /// [`Self::volume`] with how many pixels made each voxel, in 1/256 of a pixel, at most 65 535.
    ///
    /// # Errors
    /// As [`Self::volume`].
    pub fn volume_and_accumulation(&self) -> Result<(Volume, Vec<u16>), NoVolume> {
        let (first, size) = match self.settings.grid {
            Some(grid) if self.images > 0 => ([0; 3], grid.size),
            _ => self.store.bounds().ok_or(NoVolume::Empty)?,
        };
        self.voxels(first, size)
    }

    /// [`Self::volume`] with what no image met filled by the first of `ways` that succeeds (see [`fill_holes`]).
    /// Such voxels have a grey value and are not `seen`.
    ///
    /// # Errors
    /// As [`Self::volume`].
    pub fn filled_volume(&self, ways: &[HoleFilling]) -> Result<Filled, NoVolume> {
        let (mut volume, accumulated) = self.volume_and_accumulation()?;
        let met = accumulated.iter().filter(|weight| **weight > 0).count();
        if ways.is_empty() {
            return Ok(Filled { volume, met, filled: 0 });
        }
        let size = volume.size.map(|size| size as usize);
        let voxels = Voxels { size, values: volume.voxels.as_slice(), accumulated: &accumulated };
        let values = fill_holes::fill_holes(voxels, ways, usize::from(self.settings.threads));
        let is_filled = |(value, weight): &(&u8, &u16)| **weight == 0 && **value > 0;
        let filled = values.iter().zip(&accumulated).filter(is_filled).count();
        volume.voxels = values.into();
        Ok(Filled { volume, met, filled })
    }

    /// The voxels of a box of the lattice: from voxel `first` on, `size` voxels along each axis.
    /// Voxel (0, 0, 0) lies at the origin of the settings.
    ///
    /// # Errors
    /// If the box is larger than the memory budget.
    pub fn region(&self, first: [i32; 3], size: [u32; 3]) -> Result<Volume, NoVolume> {
        Ok(self.voxels(first, size)?.0)
    }

    fn voxels(&self, first: [i32; 3], size: [u32; 3]) -> Result<(Volume, Vec<u16>), NoVolume> {
        // A grey value, a weight and a flag for each voxel.
        let bytes = size.iter().map(|size| u128::from(*size)).product::<u128>() * 4;
        let needed_bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let budget_bytes = self.settings.memory_bytes;
        if needed_bytes > budget_bytes {
            let size = size.map(u64::from);
            return Err(NoVolume::OverBudget { size, needed_bytes, budget_bytes });
        }
        let (voxels, accumulated) = self.store.region(first, size);
        let seen: Vec<u8> = accumulated.iter().map(|weight| u8::from(*weight > 0)).collect();
        let volume = Volume {
            size,
            patient_from_voxel: self.lattice.patient_from_voxel(first),
            images: self.images,
            voxels: voxels.into(),
            seen: seen.into(),
        };
        Ok((volume, accumulated))
    }

    /// Forgets everything, and frees the memory.
    pub fn clear(&mut self) {
        self.store = store::empty(&self.settings);
        self.images = 0;
    }
}
