//! A sequence written frame by frame, so that its length does not matter.
//!
//! In the file the header comes first, and says when each frame was; that is known only at the end. So the pixels are
//! kept in a file of their own until then.

use std::io::{self, Read, Seek, Write};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::error::Error;
use super::frame::Frame;
use super::header::{ImageFormat, SequenceHeader};
use crate::metaimage;

/// The kind of file that a sequence is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceKind {
    /// MetaImage, `.igs.mha`.
    MetaImage,
    /// NRRD, `.igs.nrrd`.
    Nrrd,
}

impl SequenceKind {
    /// By the ending of a file's name, in letters of any size; `None` for other endings.
    pub fn from_file_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().rsplit_once('.') {
            Some((_, "mha")) => Some(Self::MetaImage),
            Some((_, "nrrd")) => Some(Self::Nrrd),
            _ => None,
        }
    }
}

/// Takes frames one by one, and writes the file at the end.
pub struct SpooledSequence<S: Read + Write + Seek> {
    header: SequenceHeader,
    kind: SequenceKind,
    frame_bytes: usize,
    pixels: Pixels<S>,
}

enum Pixels<S: Write> {
    Raw(S),
    Zlib(ZlibEncoder<S>),
    Gzip(GzEncoder<S>),
}

impl<S: Read + Write + Seek> SpooledSequence<S> {
    /// A sequence of images like `images`, without frames. `spool` keeps the pixels until the end: a file that is empty
    /// and open for reading, too. `compressed` makes one zlib or gzip stream of them.
    pub fn new(images: ImageFormat, kind: SequenceKind, compressed: bool, spool: S) -> Self {
        let level = Compression::default();
        let pixels = match kind {
            _ if !compressed => Pixels::Raw(spool),
            SequenceKind::MetaImage => Pixels::Zlib(ZlibEncoder::new(spool, level)),
            SequenceKind::Nrrd => Pixels::Gzip(GzEncoder::new(spool, level)),
        };
        let frame_bytes = images.frame_bytes();
        let header = SequenceHeader {
            images: Some(images),
            frames: vec![],
            pixel_spacing: [1.0; 2],
            other: vec![],
        };
        Self { header, kind, frame_bytes, pixels }
    }

    /// What there is so far.
    pub fn header(&self) -> &SequenceHeader {
        &self.header
    }

    /// Adds a frame; its pixels are as they are to lie in the file, in little-endian order.
    ///
    /// # Errors
    /// If the pixels are not those of one image, or cannot be kept.
    pub fn add(&mut self, frame: Frame, pixels: &[u8]) -> Result<(), Error> {
        if pixels.len() != self.frame_bytes {
            let (declared, came) = (self.frame_bytes as u64, pixels.len() as u64);
            return Err(Error::PixelsDoNotFit { declared, came });
        }
        match &mut self.pixels {
            Pixels::Raw(spool) => spool.write_all(pixels)?,
            Pixels::Zlib(encoder) => encoder.write_all(pixels)?,
            Pixels::Gzip(encoder) => encoder.write_all(pixels)?,
        }
        self.header.frames.push(frame);
        Ok(())
    }

    /// Writes the file: the header, then the pixels from the spool.
    ///
    /// # Errors
    /// If a name or a value could not be read again as it is, a NRRD would have no frames, or one of the files fails.
    pub fn finish(self, mut output: impl Write) -> Result<(), Error> {
        let compressed = !matches!(self.pixels, Pixels::Raw(_));
        let mut spool = match self.pixels {
            Pixels::Raw(spool) => spool,
            Pixels::Zlib(encoder) => encoder.finish()?,
            Pixels::Gzip(encoder) => encoder.finish()?,
        };
        let bytes = spool.stream_position()?;
        let header = match self.kind {
            SequenceKind::MetaImage => self.header.write(compressed.then_some(bytes))?,
            SequenceKind::Nrrd => self.header.write_nrrd(compressed)?,
        };
        output.write_all(&header)?;
        spool.rewind()?;
        let copied = io::copy(&mut spool, &mut output)?;
        if copied != bytes {
            let ends = metaimage::Error::DataEndEarly { declared: bytes, came: copied };
            return Err(ends.into());
        }
        Ok(output.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::metaimage::{Limits, ScalarType};
    use crate::plus_sequence::{ImageStatus, Orientation, Sequence};

    fn images() -> ImageFormat {
        ImageFormat {
            width_px: 3,
            height_px: 2,
            channels: 1,
            scalar: ScalarType::U8,
            orientation: Some(Orientation::MF),
            image_type: "BRIGHTNESS".to_owned(),
        }
    }

    #[test]
    fn what_is_written_frame_by_frame_is_the_file_written_at_once() {
        for (kind, compressed) in [
            (SequenceKind::MetaImage, false),
            (SequenceKind::MetaImage, true),
            (SequenceKind::Nrrd, false),
            (SequenceKind::Nrrd, true),
        ] {
            let spool = Cursor::new(vec![]);
            let mut spooled = SpooledSequence::new(images(), kind, compressed, spool);
            let mut all = vec![];
            for n in 0..5_u8 {
                let frame =
                    Frame { image_status: ImageStatus::Ok, ..Frame::at(0.04 * f64::from(n)) };
                let pixels = [n, n + 1, n + 2, 9, 9, n];
                spooled.add(frame, &pixels).unwrap();
                all.extend_from_slice(&pixels);
            }
            let sequence = Sequence::new(spooled.header().clone(), all).unwrap();
            let expected = match kind {
                SequenceKind::MetaImage => sequence.write(compressed),
                SequenceKind::Nrrd => sequence.write_nrrd(compressed),
            };
            let mut file = vec![];
            spooled.finish(&mut file).unwrap();
            assert_eq!(Sequence::read(&file, &Limits::default()).unwrap(), sequence);
            if !compressed {
                assert!(file == expected.unwrap(), "{kind:?}");
            }
        }
    }

    #[test]
    fn other_pixels_than_those_of_an_image_are_refused() {
        let spool = Cursor::new(vec![]);
        let mut spooled = SpooledSequence::new(images(), SequenceKind::Nrrd, true, spool);
        let error = spooled.add(Frame::at(0.0), &[0; 5]).unwrap_err();
        assert!(matches!(error, Error::PixelsDoNotFit { declared: 6, came: 5 }), "{error}");
        assert!(matches!(spooled.finish(vec![]), Err(Error::NoFrames)));
    }

    #[test]
    fn kinds_show_in_the_ending() {
        let of = SequenceKind::from_file_name;
        assert_eq!(of("a/B.IGS.MHA"), Some(SequenceKind::MetaImage));
        assert_eq!((of("a.igs.nrrd"), of("a.nii")), (Some(SequenceKind::Nrrd), None));
    }
}
