//! What the tool `reconstruct` is asked for, and what of it the device set says.

use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use formats::plus_config::{
    self, CompoundingMode, HoleFilling, Interpolation, PlusConfig, VolumeReconstruction,
};

use super::Error;
use crate::files;
use crate::reconstruct::settings::{
    Arithmetic, Compounding, Distribution, Fan, FanAngleDetection, Rectangle, Settings,
};

/// Makes a volume of a tracked sweep, as PLUS does.
///
/// The images of a PLUS sequence (.igs.mha, .igs.nrrd) are placed through its transforms and those of the device set,
/// and pasted into voxels. What the device set says under `VolumeReconstruction` is done, unless an option says otherwise;
/// without an output grid of its own the volume begins at the smallest coordinates of any image.
#[derive(Debug, Parser)]
#[command(name = "vesalius reconstruct")]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Arguments {
    /// The sequence.
    pub sweep: PathBuf,
    /// The PLUS device set (.xml): the calibration of the images, and how to reconstruct.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Distance of neighbouring voxels along all three axes, millimetres. [default: `OutputSpacing` of the device set, or 0.5]
    #[arg(long)]
    pub spacing_mm: Option<f64>,
    /// How a pixel is given to voxels. [default: that of the device set, or linear]
    #[arg(long)]
    pub interpolation: Option<DistributionName>,
    /// What a voxel makes of several pixels. [default: that of the device set, or mean]
    #[arg(long)]
    pub compounding: Option<CompoundingName>,
    /// The picture of importance (PNG, 8 bit gray, as large as the images), for compounding by importance.
    #[arg(long)]
    pub importance: Option<PathBuf>,
    /// Finds the part of the images that is ultrasound, a rectangle or a fan, from what changes over the first 300 of
    /// them, and uses nothing else: in place of the device set's clip rectangle and fan.
    #[arg(long)]
    pub find_image_area: bool,
    /// Fills voxels that no image met: as the device set says, or along sticks of up to nine voxels.
    #[arg(long)]
    pub fill_holes: bool,
    /// The volume to write (.mha, .mhd, .nrrd, .nhdr, .nii, .nii.gz).
    #[arg(short, long)]
    pub output: PathBuf,
    /// Means of exact sums, rounded once in the end, instead of PLUS's, which rounds after each pixel.
    #[arg(long)]
    pub exact: bool,
    /// Takes the voxels of this volume (its axes must be those of the reference frame) instead of the device set's grid.
    #[arg(long, value_name = "VOLUME")]
    pub like: Option<PathBuf>,
    /// The frame of the pixels. [default: `ImageCoordinateFrame` of the device set, or Image]
    #[arg(long)]
    pub image_frame: Option<String>,
    /// The frame of the volume. [default: `ReferenceCoordinateFrame` of the device set, or Reference]
    #[arg(long)]
    pub reference_frame: Option<String>,
    /// How many threads paste an image.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: u8,
    /// Most memory for the voxels, MiB.
    #[arg(long, default_value_t = 4096)]
    pub memory_mib: u64,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// [`Distribution`] as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DistributionName {
    /// To the nearest voxel.
    Nearest,
    /// To the eight voxels around it.
    Linear,
}

/// [`Compounding`] as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompoundingName {
    /// The mean of all.
    Mean,
    /// The brightest.
    Maximum,
    /// The one that came last.
    Latest,
    /// The mean weighted by the picture of importance.
    Importance,
}

/// What is to be done, from both.
#[derive(Debug)]
pub struct Plan {
    /// All but the grid.
    pub settings: Settings,
    pub spacing_mm: [f64; 3],
    /// Transforms that the device set knows.
    pub config: PlusConfig,
    pub image_frame: String,
    pub reference_frame: String,
    /// Every so many images one is used.
    pub skip_interval: usize,
    pub ways_to_fill: Vec<HoleFilling>,
    pub importance: Option<PathBuf>,
    /// First voxel's centre, and first and last voxel, as far as the device set says.
    pub origin_mm: Option<[f64; 3]>,
    pub extent: Option<[[i32; 2]; 3]>,
    /// What the device set asks for and is not done.
    pub remarks: Vec<String>,
}

impl Arguments {
    /// Reads the device set, and puts both together.
    pub fn plan(&self) -> Result<Plan, Error> {
        let (config, said) = match &self.config {
            None => (PlusConfig::default(), None),
            Some(path) => read_config(path)?,
        };
        let said = said.unwrap_or_else(|| VolumeReconstruction {
            spacing_mm: [0.5; 3],
            interpolation: Interpolation::Linear,
            skip_interval: 1,
            ..VolumeReconstruction::default()
        });
        let spacing_mm = self.spacing_mm.map_or(said.spacing_mm, |spacing| [spacing; 3]);
        let mut remarks = vec![];
        let fan = fan(&said);
        let clip = said.clip_rectangle_px.map(|(first, size)| clip(first, size));
        let fan_angle_detection = said.fan_angle_detection.map(fan_angle_detection);
        if self.find_image_area && (fan.is_some() || clip.is_some()) {
            remarks.push(
                "--find-image-area goes before the clip rectangle and the fan of the device set"
                    .to_owned(),
            );
        }
        if fan.is_none() && fan_angle_detection.is_some() && !self.find_image_area {
            remarks.push(
                "EnableFanAnglesAutoDetect narrows a fan, but FanAnglesDeg gives none: it is left aside"
                    .to_owned(),
            );
        }
        if self.config.is_some() && self.spacing_mm.is_some() && said.extent.is_some() {
            remarks.push(
                "--spacing-mm is not that of the device set: its OutputExtent is left aside"
                    .to_owned(),
            );
        }
        let memory_bytes = self.memory_mib.saturating_mul(1 << 20);
        let settings = Settings {
            distribution: self.distribution(said.interpolation),
            compounding: self.compounding(said.compounding),
            arithmetic: if self.exact { Arithmetic::Exact } else { Arithmetic::Plus },
            least_value: said.rejection_threshold.map_or(0, least_grey),
            threads: self.threads,
            memory_bytes,
            clip,
            fan,
            fan_angle_detection: fan_angle_detection
                .filter(|_| fan.is_some() || self.find_image_area),
            ..Settings::default()
        };
        let sticks = vec![HoleFilling::Stick { length: 9, sticks: 1 }];
        let folder = self.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let named = said.importance_mask.as_deref().map(|name| folder.join(name));
        let name = |own: &Option<String>, said: Option<String>, usual: &str| {
            own.clone().or(said).unwrap_or_else(|| usual.to_owned())
        };
        let keeps_grid = self.spacing_mm.is_none();
        Ok(Plan {
            settings,
            spacing_mm,
            config,
            image_frame: name(&self.image_frame, said.image_frame, "Image"),
            reference_frame: name(&self.reference_frame, said.reference_frame, "Reference"),
            skip_interval: said.skip_interval,
            ways_to_fill: match (self.fill_holes, said.hole_filling) {
                (true, ways) if ways.is_empty() => sticks,
                (_, ways) => ways,
            },
            importance: self.importance.clone().or(named),
            origin_mm: said.origin_mm.filter(|_| keeps_grid),
            extent: said.extent.filter(|_| keeps_grid),
            remarks,
        })
    }

    fn distribution(&self, said: Interpolation) -> Distribution {
        match (self.interpolation, said) {
            (Some(DistributionName::Nearest), _) | (None, Interpolation::NearestNeighbor) => {
                Distribution::Nearest
            }
            (Some(DistributionName::Linear), _) | (None, Interpolation::Linear) => {
                Distribution::Linear
            }
        }
    }

    fn compounding(&self, said: Option<CompoundingMode>) -> Compounding {
        match (self.compounding, said) {
            (Some(CompoundingName::Mean), _) | (None, Some(CompoundingMode::Mean) | None) => {
                Compounding::Mean
            }
            (Some(CompoundingName::Maximum), _) | (None, Some(CompoundingMode::Maximum)) => {
                Compounding::Maximum
            }
            (Some(CompoundingName::Latest), _) | (None, Some(CompoundingMode::Latest)) => {
                Compounding::Latest
            }
            (Some(CompoundingName::Importance), _)
            | (None, Some(CompoundingMode::ImportanceMask)) => Compounding::Importance,
        }
    }
}

fn read_config(path: &Path) -> Result<(PlusConfig, Option<VolumeReconstruction>), Error> {
    let bytes = files::read(path)?;
    let wrong = |source| Error::Config { path: path.to_owned(), source };
    let config = PlusConfig::parse(&bytes).map_err(wrong)?;
    Ok((config, VolumeReconstruction::parse(&bytes).map_err(wrong)?))
}

/// PLUS uses the pixels on both borders.
fn clip(first: [i32; 2], size: [i32; 2]) -> Rectangle {
    let start = first.map(|first| first.max(0) as usize);
    let end =
        [0, 1].map(|axis| (i64::from(first[axis]) + i64::from(size[axis]) + 1).max(0) as usize);
    Rectangle {
        x_px: start[0],
        y_px: start[1],
        width_px: end[0].saturating_sub(start[0]),
        height_px: end[1].saturating_sub(start[1]),
    }
}

fn fan(said: &VolumeReconstruction) -> Option<Fan> {
    said.fan_angles_deg.map(|angles| Fan {
        apex_px: said.fan_origin_px,
        // PLUS measures a fan in pixels.
        pixel_spacing_mm: [1.0; 2],
        angles_rad: angles.map(f64::to_radians),
        radii_mm: said.fan_radii_px,
    })
}

fn fan_angle_detection(said: plus_config::FanAngleDetection) -> FanAngleDetection {
    FanAngleDetection {
        brightness_threshold: least_grey(said.brightness_threshold),
        filter_radius_px: said.filter_radius_px as u16,
    }
}

/// The smallest grey value that is not below a threshold.
fn least_grey(threshold: f64) -> u8 {
    threshold.ceil().clamp(0.0, 255.0) as u8
}
