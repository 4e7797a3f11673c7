//! What a network saw in an image.

use serde::{Deserialize, Serialize};

use crate::bulk::Bulk;
use crate::located_image::Placement;
use crate::message::Message;
use crate::wire::{Array, ArrayRef, WireError};

/// A label for each pixel of an image, with the image's place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentedImage {
    /// Columns, as in the image.
    pub width_px: u32,
    /// Rows, as in the image.
    pub height_px: u32,
    /// What label 0, 1, … means.
    pub classes: Vec<String>,
    /// Where the image lies.
    pub placement: Placement,
    /// What made the labels; none for known truth.
    pub model: Option<ModelIdentity>,
    /// `height_px × width_px` labels.
    #[serde(skip)]
    pub labels: Bulk<u8>,
}

/// Which network it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelIdentity {
    /// The name on its card.
    pub name: String,
    /// SHA-256 of its weights, hexadecimal.
    pub sha256: String,
    /// Where it ran: `cpu` or `cuda:0`.
    pub device: String,
}

impl Message for SegmentedImage {
    const SCHEMA: &'static str = "SegmentedImage";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &["patient", "image"];
    const KEPT: usize = 16;

    fn arrays(&self) -> Vec<ArrayRef<'_>> {
        vec![ArrayRef::new("labels", &self.labels, &[self.height_px.into(), self.width_px.into()])]
    }

    fn attach(&mut self, arrays: Vec<Array>) -> Result<(), WireError> {
        let [labels] = crate::wire::exactly(Self::SCHEMA, arrays)?;
        let shape = [self.height_px.into(), self.width_px.into()];
        self.labels = labels.expect(Self::SCHEMA, "labels", &shape)?;
        let classes = self.classes.len();
        if let Some(label) =
            self.labels.as_slice().iter().find(|&&label| usize::from(label) >= classes)
        {
            return Err(WireError::Arrays {
                schema: Self::SCHEMA,
                reason: format!("label {label} came, but there are {classes} classes"),
            });
        }
        Ok(())
    }
}
