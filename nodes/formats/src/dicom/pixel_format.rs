//! What the bits of a pixel mean (DICOM PS3.3 section C.7.6.3, PS3.5 chapter 8).

use std::ops::RangeInclusive;

use dicom_dictionary_std::tags;
use serde::{Deserialize, Serialize};

use super::dataset::Dataset;
use super::file_error::FileError;
use crate::metaimage::Pixels;

/// Size and number type of each frame.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PixelFormat {
    /// How many rows, and how many pixels each has.
    pub rows: u16,
    /// Pixels of a row.
    pub columns: u16,
    /// Bytes of a pixel as stored: 1 or 2.
    pub bytes: usize,
    /// How many bits are the number.
    stored_bits: u16,
    /// How many bits are below the number.
    pub shift: u16,
    is_signed: bool,
    /// Stored numbers that fill up the image where nothing was measured (PS3.3 section C.7.5.1.1.2).
    padding: Option<RangeInclusive<i32>>,
}

impl PixelFormat {
    /// From the image pixel module.
    pub fn of(dataset: &Dataset) -> Result<Self, FileError> {
        let photometric = dataset.text(tags::PHOTOMETRIC_INTERPRETATION)?;
        let samples = dataset.need_short(tags::SAMPLES_PER_PIXEL)?;
        match photometric.as_deref() {
            Some("MONOCHROME2") if samples == 1 => {}
            Some("MONOCHROME1") if samples == 1 => {
                return Err(FileError::Unsupported {
                    what: "an inverted image (MONOCHROME1)".to_owned(),
                    hint: "export the series as MONOCHROME2",
                });
            }
            other => {
                let other = crate::metaimage::excerpt(other.unwrap_or("no interpretation"));
                return Err(FileError::Unsupported {
                    what: format!("a colour image ({other}, {samples} samples per pixel)"),
                    hint: "give the grey images that were acquired, not screenshots or maps in colour",
                });
            }
        }
        let rows = positive(dataset, tags::ROWS)?;
        let columns = positive(dataset, tags::COLUMNS)?;
        let allocated = dataset.need_short(tags::BITS_ALLOCATED)?;
        if !matches!(allocated, 8 | 16) {
            return Err(FileError::wrong(tags::BITS_ALLOCATED, "8 or 16", allocated));
        }
        let stored_bits = dataset.need_short(tags::BITS_STORED)?;
        if !(1..=allocated).contains(&stored_bits) {
            let expected = format!("from 1 to the {allocated} bits that are allocated");
            return Err(FileError::wrong(tags::BITS_STORED, expected, stored_bits));
        }
        let highest = dataset.short(tags::HIGH_BIT)?.unwrap_or(stored_bits - 1);
        if !(stored_bits - 1..allocated).contains(&highest) {
            let expected = format!("from {} to {}", stored_bits - 1, allocated - 1);
            return Err(FileError::wrong(tags::HIGH_BIT, expected, highest));
        }
        let is_signed = match dataset.need_short(tags::PIXEL_REPRESENTATION)? {
            0 => false,
            1 => true,
            other => {
                return Err(FileError::wrong(tags::PIXEL_REPRESENTATION, "0 or 1", other));
            }
        };
        let bytes = usize::from(allocated / 8);
        let shift = highest + 1 - stored_bits;
        let format = Self { rows, columns, bytes, stored_bits, shift, is_signed, padding: None };
        // Both may be written as US even where pixels are signed: their bits count.
        let one = dataset.short(tags::PIXEL_PADDING_VALUE)?.map(|bits| format.widened(bits));
        let other = dataset.short(tags::PIXEL_PADDING_RANGE_LIMIT)?;
        let other = other.map(|bits| format.widened(bits)).or(one);
        let padding = one.zip(other).map(|(a, b)| a.min(b)..=a.max(b));
        Ok(Self { padding, ..format })
    }

    /// Pixels of a frame.
    pub fn pixels(&self) -> usize {
        usize::from(self.rows) * usize::from(self.columns)
    }

    /// Whether numbers may be below 0.
    pub fn is_signed(&self) -> bool {
        self.is_signed
    }

    /// Whether a stored number fills up the image.
    pub fn is_padding(&self, number: i32) -> bool {
        self.padding.as_ref().is_some_and(|padding| padding.contains(&number))
    }

    /// Bits as a number of 16 bits.
    fn widened(&self, bits: u16) -> i32 {
        if self.is_signed { i32::from(bits as i16) } else { i32::from(bits) }
    }

    /// The numbers in the cells of a frame.
    pub fn numbers(&self, cells: impl Iterator<Item = u16>) -> Pixels {
        // Up, so that the sign comes to the highest bit, and down again.
        let (shift, up) = (self.shift, 16 - self.stored_bits);
        if self.is_signed {
            Pixels::I16(cells.map(|cell| ((cell >> shift << up) as i16) >> up).collect())
        } else {
            Pixels::U16(cells.map(|cell| cell >> shift << up >> up).collect())
        }
    }
}

fn positive(dataset: &Dataset, tag: dicom_core::Tag) -> Result<u16, FileError> {
    match dataset.need_short(tag)? {
        0 => Err(FileError::wrong(tag, "a number above 0", 0)),
        number => Ok(number),
    }
}
