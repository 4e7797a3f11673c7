//! What can be chosen for a reconstruction.

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
    /// Most bytes that the voxels may take.
    pub memory_bytes: u64,
    /// Only pixels inside this rectangle are used.
    pub clip: Option<Rectangle>,
    /// Only pixels inside this fan are used.
    pub fan: Option<Fan>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            spacing_mm: 0.5,
            origin_mm: [0.0; 3],
            distribution: Distribution::Linear,
            compounding: Compounding::Mean,
            memory_bytes: 2 << 30,
            clip: None,
            fan: None,
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

impl Fan {
    /// Whether the centre of a pixel lies inside, borders included.
    pub fn contains(&self, x_px: usize, y_px: usize) -> bool {
        let across = (x_px as f64 - self.apex_px[0]) * self.pixel_spacing_mm[0];
        let down = (y_px as f64 - self.apex_px[1]) * self.pixel_spacing_mm[1];
        let (angle, radius) = (across.atan2(down), across.hypot(down));
        (self.angles_rad[0]..=self.angles_rad[1]).contains(&angle)
            && (self.radii_mm[0]..=self.radii_mm[1]).contains(&radius)
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

impl Settings {
    /// Whether all settings make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self) -> Result<(), Invalid> {
        let require = |holds: bool, name, expected, came: &dyn std::fmt::Debug| {
            let came = || format!("{came:?}");
            if holds { Ok(()) } else { Err(Invalid { name, expected, came: came() }) }
        };
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
        let Some(fan) = &self.fan else { return Ok(()) };
        require(
            fan.apex_px.iter().all(|value| value.is_finite()),
            "fan.apex_px",
            "two finite numbers",
            &fan.apex_px,
        )?;
        require(
            fan.pixel_spacing_mm.iter().all(|value| *value > 0.0 && value.is_finite()),
            "fan.pixel_spacing_mm",
            "two numbers greater than zero",
            &fan.pixel_spacing_mm,
        )?;
        let ordered = |[low, high]: [f64; 2]| low.is_finite() && high.is_finite() && low < high;
        require(
            ordered(fan.angles_rad),
            "fan.angles_rad",
            "the smaller angle first",
            &fan.angles_rad,
        )?;
        require(ordered(fan.radii_mm), "fan.radii_mm", "the smaller radius first", &fan.radii_mm)
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
