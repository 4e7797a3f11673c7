//! A sequence read from a stream one frame at a time, so that its length does not matter.

use std::io::BufRead;
use std::sync::Arc;

use super::error::Error;
use super::header::SequenceHeader;
use super::opened::{Opened, read_header};
use crate::metaimage::{self, Limits, PixelReader};

/// Reads the header at once and the images one by one.
pub struct FrameReader<R> {
    header: Arc<SequenceHeader>,
    /// Gone once the end has been checked.
    pixels: Option<PixelReader<R>>,
    /// Bytes of an image in the file; there may be placeholders where there are poses only.
    frame_bytes: usize,
    next: usize,
}

impl<R: BufRead> FrameReader<R> {
    /// Reads the header of a sequence from the start of a MetaImage or NRRD; which it is shows in its first bytes.
    ///
    /// # Errors
    /// If the stream fails, or the header is not well-formed or beyond the limits.
    pub fn open(mut source: R, limits: &Limits) -> Result<Self, Error> {
        let bytes = read_header(&mut source, limits)?;
        let opened = Opened::parse(&bytes, limits)?;
        let pixels = opened.local(source)?;
        Self::start(opened, pixels, limits)
    }

    /// A sequence whose header (`.mhd`, `.nhdr`) and pixels are two files.
    ///
    /// # Errors
    /// If the header is not well-formed or beyond the limits.
    pub fn open_detached(header: &[u8], pixels: R, limits: &Limits) -> Result<Self, Error> {
        let opened = Opened::parse(header, limits)?;
        let pixels = opened.detached(pixels)?;
        Self::start(opened, pixels, limits)
    }

    fn start(opened: Opened, pixels: PixelReader<R>, limits: &Limits) -> Result<Self, Error> {
        let (declared, limit) = (opened.frame_bytes()?, limits.pixel_bytes);
        if declared > limit {
            let what = "one image";
            return Err(metaimage::Error::TooLarge { what, declared, limit }.into());
        }
        let frame_bytes = declared as usize;
        let header = Arc::new(opened.sequence);
        Ok(Self { header, pixels: Some(pixels), frame_bytes, next: 0 })
    }

    /// What the sequence says before its pixels.
    pub fn header(&self) -> &SequenceHeader {
        &self.header
    }

    /// The same for whoever outlives this reader, or works beside it: of a long sequence it is large.
    pub fn shared_header(&self) -> Arc<SequenceHeader> {
        Arc::clone(&self.header)
    }

    /// Replaces `pixels` by those of the next frame, as they lie in the file but in native byte
    /// order, and returns its index; `None` after the last one. `pixels` is empty in a sequence of
    /// poses. Keep one buffer: it is not allocated anew for each frame.
    ///
    /// After the last frame the end of the file is checked, checksum included, so go on until `None`.
    ///
    /// # Errors
    /// If the stream fails, or the pixels end early, are damaged, or are followed by more bytes.
    /// After an error the reader is at its end.
    pub fn read_frame(&mut self, pixels: &mut Vec<u8>) -> Result<Option<usize>, Error> {
        pixels.clear();
        let Some(mut reader) = self.pixels.take() else {
            return Ok(None);
        };
        if self.next == self.header.frames.len() {
            reader.finish()?;
            return Ok(None);
        }
        reader.read(self.frame_bytes, pixels)?;
        if self.header.images.is_none() {
            pixels.clear();
        }
        self.pixels = Some(reader);
        self.next += 1;
        Ok(Some(self.next - 1))
    }
}
