//! An ultrasound image and where in the patient it lies.

use serde::{Deserialize, Serialize};

use crate::affine::Affine;
use crate::frames::{Image, Patient};
use crate::message::Message;
use crate::ultrasound_image::UltrasoundImage;
use crate::wire::{Array, ArrayRef, WireError};

/// An image with its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LocatedImage {
    /// The image.
    pub image: UltrasoundImage,
    /// Where it lies.
    pub placement: Placement,
}

/// Where an image lies, or why that is not known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// Known.
    Placed {
        /// Maps pixels to millimetres in the patient reference frame.
        patient_from_image: Affine<Patient, Image>,
        /// Root mean square error of a pixel's position in millimetres, where the tracker says one.
        error_mm: Option<f64>,
        /// How far apart in time the two poses lay between which the image was placed.
        pose_gap_ns: u64,
    },
    /// Not known: the image must not guide.
    Unplaced {
        /// A sentence for a person.
        reason: String,
    },
}

impl Message for LocatedImage {
    const SCHEMA: &'static str = "LocatedImage";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &["patient", "image"];
    const KEPT: usize = 16;

    fn arrays(&self) -> Vec<ArrayRef<'_>> {
        self.image.arrays()
    }

    fn attach(&mut self, arrays: Vec<Array>) -> Result<(), WireError> {
        self.image.attach(arrays)
    }
}
