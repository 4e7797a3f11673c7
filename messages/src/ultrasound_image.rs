//! One B-mode image as the scanner gave it.

use serde::{Deserialize, Serialize};

use crate::bulk::Bulk;
use crate::message::Message;
use crate::wire::{Array, ArrayRef, WireError};

/// One B-mode image, 8-bit grey, rows from the probe down, columns from the marked side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UltrasoundImage {
    /// Columns.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// `height_px × width_px` grey values.
    #[serde(skip)]
    pub pixels: Bulk<u8>,
}

impl UltrasoundImage {
    /// An image of `height_px` rows of `width_px` grey values.
    ///
    /// # Errors
    /// If the number of pixels is not `width_px · height_px`.
    pub fn new(width_px: u32, height_px: u32, pixels: Vec<u8>) -> Result<Self, WireError> {
        if pixels.len() as u64 != u64::from(width_px) * u64::from(height_px) {
            return Err(WireError::Arrays {
                schema: Self::SCHEMA,
                reason: format!("{} pixels are no {width_px}×{height_px} image", pixels.len()),
            });
        }
        Ok(Self { width_px, height_px, pixels: pixels.into() })
    }
}

impl Message for UltrasoundImage {
    const SCHEMA: &'static str = "UltrasoundImage";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &["image"];
    const KEPT: usize = 16;

    fn arrays(&self) -> Vec<ArrayRef<'_>> {
        vec![ArrayRef::new("pixels", &self.pixels, &[self.height_px.into(), self.width_px.into()])]
    }

    fn attach(&mut self, arrays: Vec<Array>) -> Result<(), WireError> {
        let [pixels] = crate::wire::exactly(Self::SCHEMA, arrays)?;
        let shape = [self.height_px.into(), self.width_px.into()];
        self.pixels = pixels.expect(Self::SCHEMA, "pixels", &shape)?;
        Ok(())
    }
}
