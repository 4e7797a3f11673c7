//! The numbers of a volume as what they mean: intensities, or labels.

use super::{Error, PlacedVolume};
use crate::metaimage::Pixels;

/// Converts the numbers of any type with a function of the number as `f64`.
macro_rules! convert {
    ($pixels:expr, $convert:expr) => {
        match $pixels {
            Pixels::I8(values) => each(values, |value| $convert(f64::from(*value))),
            Pixels::U8(values) => each(values, |value| $convert(f64::from(*value))),
            Pixels::I16(values) => each(values, |value| $convert(f64::from(*value))),
            Pixels::U16(values) => each(values, |value| $convert(f64::from(*value))),
            Pixels::I32(values) => each(values, |value| $convert(f64::from(*value))),
            Pixels::U32(values) => each(values, |value| $convert(f64::from(*value))),
            Pixels::I64(values) => each(values, |value| $convert(*value as f64)),
            Pixels::U64(values) => each(values, |value| $convert(*value as f64)),
            Pixels::F32(values) => each(values, |value| $convert(f64::from(*value))),
            Pixels::F64(values) => each(values, |value| $convert(*value)),
        }
    };
}

impl PlacedVolume {
    /// The voxels as intensities, rounded to whole numbers.
    ///
    /// # Errors
    /// If a voxel is NaN, infinite, or beyond what 16 bits hold: with the first such voxel.
    pub fn into_intensities(self) -> Result<Vec<i16>, Error> {
        if let Pixels::I16(values) = self.voxels {
            return Ok(values);
        }
        let intensity = |came: f64| {
            let whole = came.round();
            let holds = (f64::from(i16::MIN)..=f64::from(i16::MAX)).contains(&whole);
            if holds { Ok(whole as i16) } else { Err(came) }
        };
        let values = convert!(&self.voxels, intensity);
        values.map_err(|(at, came)| Error::Voxel {
            index: self.index(at),
            expected: "an intensity from -32768 to 32767",
            came,
            hint: "replace or rescale such voxels",
        })
    }

    /// The voxels as labels.
    ///
    /// # Errors
    /// If a voxel is no whole number from 0 to 65535: with the first such voxel.
    pub fn into_labels(self) -> Result<Vec<u16>, Error> {
        if let Pixels::U16(values) = self.voxels {
            return Ok(values);
        }
        let label = |came: f64| {
            let holds = (0.0..=65_535.0).contains(&came) && came.fract() == 0.0;
            if holds { Ok(came as u16) } else { Err(came) }
        };
        let values = convert!(&self.voxels, label);
        values.map_err(|(at, came)| Error::Voxel {
            index: self.index(at),
            expected: "a label: a whole number from 0 to 65535",
            came,
            hint: "is this an image, or a probability map? Save the segmentation as a label map",
        })
    }

    fn index(&self, at: usize) -> [usize; 3] {
        let row = at / self.dims[0];
        [at % self.dims[0], row % self.dims[1], row / self.dims[1]]
    }
}

/// Converts all numbers, or says where the first is that cannot be and what it is.
fn each<T, To>(
    values: &[T],
    convert: impl Fn(&T) -> Result<To, f64>,
) -> Result<Vec<To>, (usize, f64)> {
    let converted = values.iter().enumerate().map(|(at, v)| convert(v).map_err(|came| (at, came)));
    converted.collect()
}
