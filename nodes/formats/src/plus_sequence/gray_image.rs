//! The image of a frame as 8-bit gray in MF orientation, copied only where it must be.

use std::borrow::Cow;

use super::error::Error;
use super::header::SequenceHeader;
use super::orientation::Orientation;
use crate::metaimage::ScalarType;

/// An 8-bit gray image in MF orientation: x towards the marked side of the probe, y away from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrayImage<'a> {
    /// Pixels along x.
    pub width_px: usize,
    /// Pixels along y.
    pub height_px: usize,
    /// Row after row; borrowed if the file has them so.
    pub pixels: Cow<'a, [u8]>,
}

impl SequenceHeader {
    /// The image of frame `frame`, whose bytes in the file are `pixels`.
    ///
    /// Colour becomes gray by its luma (ITU-R BT.601).
    ///
    /// # Errors
    /// If the frame has no usable image, or it is no gray or RGB image of 8 bits whose orientation
    /// is known.
    pub fn gray_image<'a>(&self, frame: usize, pixels: &'a [u8]) -> Result<GrayImage<'a>, Error> {
        let frames = self.frames.len();
        let about = self.frames.get(frame).ok_or(Error::NoSuchFrame { frame, frames })?;
        let not_gray = |reason: String| Error::NotGray { frame, reason };
        let Some(format) = &self.images else {
            return Err(not_gray("the sequence has poses only".to_owned()));
        };
        if !about.image_status.is_usable() {
            let status = &about.image_status;
            return Err(not_gray(format!("its ImageStatus is not OK but {status:?}")));
        }
        if format.scalar != ScalarType::U8 {
            return Err(not_gray(format!(
                "its pixels are {}; convert the sequence to MET_UCHAR",
                format.scalar
            )));
        }
        let plain = format.image_type == "BRIGHTNESS" || format.image_type == "RGB_COLOR";
        if !plain || !matches!(format.channels, 1 | 3) {
            return Err(not_gray(format!(
                "it has {} channels of type {}, and only BRIGHTNESS and RGB_COLOR are images to look at",
                format.channels, format.image_type
            )));
        }
        let Some(orientation) = format.orientation else {
            return Err(not_gray(
                "the file does not say how it lies; add `UltrasoundImageOrientation = MF`"
                    .to_owned(),
            ));
        };
        if pixels.len() != format.frame_bytes() {
            return Err(Error::PixelsDoNotFit {
                declared: format.frame_bytes() as u64,
                came: pixels.len() as u64,
            });
        }
        let (width_px, height_px) = orientation.mf_size(format.width_px, format.height_px);
        let turn = |orientation: Orientation, pixels: &'a [u8]| {
            orientation.to_mf(pixels, format.width_px, format.height_px, format.channels)
        };
        let turned = turn(orientation, pixels);
        let pixels = if format.channels == 1 { turned } else { Cow::Owned(luma(&turned)) };
        Ok(GrayImage { width_px, height_px, pixels })
    }
}

/// ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B, rounded.
fn luma(rgb: &[u8]) -> Vec<u8> {
    rgb.as_chunks::<3>()
        .0
        .iter()
        .map(|[r, g, b]| {
            ((u32::from(*r) * 299 + u32::from(*g) * 587 + u32::from(*b) * 114 + 500) / 1000) as u8
        })
        .collect()
}
