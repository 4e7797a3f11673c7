//! The preoperative image in the plane of a live one.

use serde::{Deserialize, Serialize};

use crate::bulk::Bulk;
use crate::guidance::Guidance;
use crate::intensity_volume::Modality;
use crate::message::Message;
use crate::wire::{Array, ArrayRef, WireError};

/// What the preoperative image shows in the plane of a live image, pixel for pixel.
///
/// Its `acquired_at` is that of the live image: both belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReslicedImage {
    /// Columns of the live image.
    pub width_px: u32,
    /// Rows of the live image.
    pub height_px: u32,
    /// Whether it may guide. If it is blank, all pixels are 0.
    pub guidance: Guidance,
    /// The kind of scanner that made the preoperative image.
    pub modality: Modality,
    /// `height_px × width_px` grey values; 0 outside of the image and of what was registered.
    #[serde(skip)]
    pub pixels: Bulk<u8>,
}

impl Message for ReslicedImage {
    const SCHEMA: &'static str = "ReslicedImage";
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
