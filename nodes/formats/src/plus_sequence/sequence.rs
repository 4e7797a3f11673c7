//! A whole sequence in memory.

use super::error::Error;
use super::gray_image::GrayImage;
use super::header::SequenceHeader;
use super::opened::Opened;
use crate::metaimage::{self, Limits, PixelReader};

/// A sequence with all its pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    header: SequenceHeader,
    /// Frame after frame as in the file, in native byte order.
    pixels: Vec<u8>,
}

impl Sequence {
    /// From the bytes of a MetaImage (`.igs.mha`) or NRRD (`.igs.nrrd`); which it is shows in its first bytes.
    ///
    /// # Errors
    /// If the bytes are not exactly one well-formed sequence with its pixels inside.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        let opened = Opened::parse(bytes, limits)?;
        let reader = opened.local(&bytes[opened.offset..])?;
        Self::finish(opened, reader, limits)
    }

    /// From the bytes of a header (`.mhd`, `.nhdr`) and of the data file that it names.
    ///
    /// # Errors
    /// If header or data are not well-formed or do not fit each other.
    pub fn read_detached(header: &[u8], data: &[u8], limits: &Limits) -> Result<Self, Error> {
        let opened = Opened::parse(header, limits)?;
        let reader = opened.detached(data)?;
        Self::finish(opened, reader, limits)
    }

    fn finish(
        opened: Opened,
        mut reader: PixelReader<&[u8]>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let declared = opened.header.pixel_bytes()?;
        if declared > limits.pixel_bytes {
            let (what, limit) = ("pixels", limits.pixel_bytes);
            return Err(metaimage::Error::TooLarge { what, declared, limit }.into());
        }
        let mut pixels = Vec::new();
        reader.read(declared as usize, &mut pixels)?;
        reader.finish()?;
        if opened.sequence.images.is_none() {
            pixels.clear();
        }
        Ok(Self { header: opened.sequence, pixels })
    }

    /// From a header and the pixels of all frames, one after the other, in native byte order.
    ///
    /// # Errors
    /// If there are more or fewer bytes than the header describes.
    pub fn new(header: SequenceHeader, pixels: Vec<u8>) -> Result<Self, Error> {
        let frame = header.images.as_ref().map_or(0, super::ImageFormat::frame_bytes);
        let declared = frame as u64 * header.frames.len() as u64;
        if declared != pixels.len() as u64 {
            return Err(Error::PixelsDoNotFit { declared, came: pixels.len() as u64 });
        }
        Ok(Self { header, pixels })
    }

    /// What the sequence says before its pixels.
    pub fn header(&self) -> &SequenceHeader {
        &self.header
    }

    /// The pixels of all frames, as they lie in the file.
    pub fn all_pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels of a frame as they lie in the file; empty in a sequence of poses.
    ///
    /// # Errors
    /// If there is no such frame.
    pub fn pixels(&self, frame: usize) -> Result<&[u8], Error> {
        let frames = self.header.frames.len();
        if frame >= frames {
            return Err(Error::NoSuchFrame { frame, frames });
        }
        let bytes = self.header.images.as_ref().map_or(0, super::ImageFormat::frame_bytes);
        Ok(&self.pixels[frame * bytes..(frame + 1) * bytes])
    }

    /// The image of a frame as 8-bit gray in MF orientation.
    ///
    /// # Errors
    /// As [`SequenceHeader::gray_image`].
    pub fn gray_image(&self, frame: usize) -> Result<GrayImage<'_>, Error> {
        self.header.gray_image(frame, self.pixels(frame)?)
    }
}
