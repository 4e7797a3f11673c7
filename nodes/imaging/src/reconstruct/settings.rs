//! What can be chosen for a reconstruction.

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mask::Mask;

/// Everything that can be chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Distance of neighbouring voxel centres, in millimetres.
    pub spacing_mm: f64,
    /// A point of the patient frame in which a voxel centre shall lie, in millimetres.
    pub origin_mm: [f64; 3],
    /// How a pixel gives its value to the voxels around it.
    pub distribution: Distribution,
    /// What a voxel makes of several values.
    pub compounding: Compounding,
    /// How values are compounded.
    pub arithmetic: Arithmetic,
    /// Voxels that end somewhere, instead of those that go on without end from `origin_mm` in steps of `spacing_mm`.
    pub grid: Option<Grid>,
    /// Pixels that are darker than this grey value are left out.
    pub least_value: u8,
    /// How many threads paste an image. The volume does not depend on it.
    #[schemars(range(min = 1, max = 64))]
    pub threads: u8,
    /// Most bytes that the voxels may take.
    pub memory_bytes: u64,
    /// Only pixels inside this rectangle are used.
    pub clip: Option<Rectangle>,
    /// Only pixels inside this fan are used.
    pub fan: Option<Fan>,
    /// The fan is narrowed in each image to the angles that are lit, and an image that is dark is left out, as PLUS
    /// does it. Needs `fan`.
    pub fan_angle_detection: Option<FanAngleDetection>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            spacing_mm: 0.5,
            origin_mm: [0.0; 3],
            distribution: Distribution::Linear,
            compounding: Compounding::Mean,
            arithmetic: Arithmetic::Exact,
            grid: None,
            least_value: 0,
            threads: 1,
            memory_bytes: 2 << 30,
            clip: None,
            fan: None,
            fan_angle_detection: None,
        }
    }
}

/// How a pixel gives its value to the voxels around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// All to the nearest voxel.
    Nearest,
    /// To the eight voxels around it, with trilinear weights.
    Linear,
}

/// What a voxel makes of several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compounding {
    /// The weighted mean of all.
    Mean,
    /// The one that came last.
    Latest,
    /// The brightest.
    Maximum,
    /// The mean weighted with how important each pixel of an image is, which is given beside the settings.
    Importance,
}

/// How values are compounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arithmetic {
    /// With sums of whole numbers, rounded once in the end: a mean does not depend on the order of the images.
    Exact,
    /// As PLUS does it, rounded to a whole grey value after each pixel: equal to its volumes.
    Plus,
}

/// Voxels of a box whose axes are those of the patient frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// Where the centre of the first voxel lies in the patient frame, in millimetres.
    pub origin_mm: [f64; 3],
    /// Distance of neighbouring voxel centres along x, y and z, in millimetres.
    pub spacing_mm: [f64; 3],
    /// Voxels along x, y and z.
    pub size: [u32; 3],
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rectangle {
    /// First column.
    pub x_px: usize,
    /// First row.
    pub y_px: usize,
    /// Columns.
    pub width_px: usize,
    /// Rows.
    pub height_px: usize,
}

/// The field of view of a curved or a phased array: a ring sector around an apex.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fan {
    /// Where the lines of the fan would meet, `x, y`; often above the image.
    pub apex_px: [f64; 2],
    /// Size of a pixel along `x, y`, in millimetres.
    pub pixel_spacing_mm: [f64; 2],
    /// First and last angle from straight down, positive towards larger x, in radians.
    pub angles_rad: [f64; 2],
    /// Smallest and largest distance from the apex, in millimetres.
    pub radii_mm: [f64; 2],
}

/// How the lit angles of a fan are found in an image: along four arcs, where at least half of the pixels around are lit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FanAngleDetection {
    /// A pixel of at least this grey value is lit.
    pub brightness_threshold: u8,
    /// Half of how many neighbouring pixels along an arc are judged together.
    #[schemars(range(min = 1, max = 1000))]
    pub filter_radius_px: u16,
}

impl Default for FanAngleDetection {
    fn default() -> Self {
        Self { brightness_threshold: 30, filter_radius_px: 10 }
    }
}

impl Fan {
    /// Whether the centre of a pixel lies inside, borders included.
    pub fn contains(&self, x_px: usize, y_px: usize) -> bool {
        let [across, down] = self.offset_mm(x_px, y_px);
        let (angle, radius) = (across.atan2(down), across.hypot(down));
        (self.angles_rad[0]..=self.angles_rad[1]).contains(&angle)
            && (self.radii_mm[0]..=self.radii_mm[1]).contains(&radius)
    }

    /// The centre of a pixel as seen from the apex, along x and y, in millimetres.
    pub(super) fn offset_mm(&self, x_px: usize, y_px: usize) -> [f64; 2] {
        [(x_px, 0), (y_px, 1)]
            .map(|(at, axis)| (at as f64 - self.apex_px[axis]) * self.pixel_spacing_mm[axis])
    }

    fn check(&self) -> Result<(), Invalid> {
        require(
            self.apex_px.iter().all(|value| value.is_finite()),
            "fan.apex_px",
            "two finite numbers",
            &self.apex_px,
        )?;
        require(
            self.pixel_spacing_mm.iter().all(|value| *value > 0.0 && value.is_finite()),
            "fan.pixel_spacing_mm",
            "two numbers greater than zero",
            &self.pixel_spacing_mm,
        )?;
        let ordered = |[low, high]: [f64; 2]| low.is_finite() && high.is_finite() && low < high;
        require(
            ordered(self.angles_rad),
            "fan.angles_rad",
            "the smaller angle first",
            &self.angles_rad,
        )?;
        require(ordered(self.radii_mm), "fan.radii_mm", "the smaller radius first", &self.radii_mm)
    }
}

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{name} should be {expected}, but is {came}")]
pub struct Invalid {
    /// Its name.
    pub name: &'static str,
    /// What was expected.
    pub expected: &'static str,
    /// What came.
    pub came: String,
}

fn require(
    holds: bool,
    name: &'static str,
    expected: &'static str,
    came: &dyn Debug,
) -> Result<(), Invalid> {
    if holds { Ok(()) } else { Err(Invalid { name, expected, came: format!("{came:?}") }) }
}

impl FanAngleDetection {
    fn check(self, fan: Option<&Fan>) -> Result<(), Invalid> {
        require(
            (1..=1000).contains(&self.filter_radius_px),
            "fan_angle_detection.filter_radius_px",
            "from 1 to 1000",
            &self.filter_radius_px,
        )?;
        // The arcs are walked in steps of a pixel.
        let [dx, dy] = fan.map_or([0.0; 2], |fan| fan.pixel_spacing_mm);
        require(
            fan.is_some_and(|fan| fan.radii_mm[1] <= 1e5 * dx.min(dy)),
            "fan",
            "one of at most 100000 pixels from the apex, as fan_angle_detection narrows it",
            &fan,
        )
    }
}

impl Grid {
    fn check(&self) -> Result<(), Invalid> {
        let is_spacing = |spacing: &f64| (1e-3..=1e3).contains(spacing);
        require(
            self.spacing_mm.iter().all(is_spacing),
            "grid.spacing_mm",
            "three numbers between 0.001 and 1000",
            &self.spacing_mm,
        )?;
        require(
            self.origin_mm.iter().all(|value| value.abs() <= 1e6),
            "grid.origin_mm",
            "three numbers within 1e6",
            &self.origin_mm,
        )?;
        require(
            self.size.iter().all(|size| (1..=1 << 20).contains(size)),
            "grid.size",
            "three numbers of voxels from 1 to 1048576",
            &self.size,
        )
    }
}

impl Settings {
    /// Whether all settings make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self) -> Result<(), Invalid> {
        require(
            (1e-3..=1e3).contains(&self.spacing_mm),
            "spacing_mm",
            "between 0.001 and 1000",
            &self.spacing_mm,
        )?;
        require(
            self.origin_mm.iter().all(|value| value.abs() <= 1e6),
            "origin_mm",
            "three numbers within 1e6",
            &self.origin_mm,
        )?;
        require((1..=64).contains(&self.threads), "threads", "from 1 to 64", &self.threads)?;
        if let Some(grid) = &self.grid {
            grid.check()?;
        }
        self.fan.as_ref().map_or(Ok(()), Fan::check)?;
        self.fan_angle_detection.map_or(Ok(()), |detection| detection.check(self.fan.as_ref()))
    }

    /// The pixels of an image that are used.
    pub fn mask(&self, width_px: usize, height_px: usize) -> Mask {
        let clip = self.clip.unwrap_or(Rectangle { x_px: 0, y_px: 0, width_px, height_px });
        let (right, bottom) =
            (clip.x_px.saturating_add(clip.width_px), clip.y_px.saturating_add(clip.height_px));
        let columns = clip.x_px.min(width_px)..right.min(width_px);
        let rows = clip.y_px.min(height_px)..bottom.min(height_px);
        Mask::new(width_px, height_px, |x, y| {
            columns.contains(&x)
                && rows.contains(&y)
                && self.fan.is_none_or(|fan| fan.contains(x, y))
        })
    }
}
