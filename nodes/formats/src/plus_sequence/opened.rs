//! The beginning of a sequence file of either kind: what it says, and how its pixels are stored.

use std::io::BufRead;

use super::error::Error;
use super::header::SequenceHeader;
use super::nrrd;
use crate::metaimage::{self, DataFile, Header, Limits, PixelReader, read_header_on, read_line};
use crate::nrrd::is_nrrd;

/// A header that has been read.
pub(super) struct Opened {
    pub sequence: SequenceHeader,
    /// How the pixels are stored.
    pub header: Header,
    /// Where the pixels begin, if they are in the same file.
    pub offset: usize,
    is_nrrd: bool,
}

impl Opened {
    /// The header at the start of a file.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        if !is_nrrd(bytes) {
            let (sequence, header, offset) = SequenceHeader::parse(bytes)?;
            return Ok(Self { sequence, header, offset, is_nrrd: false });
        }
        let longest = usize::try_from(limits.header_bytes).unwrap_or(usize::MAX);
        let nrrd::NrrdHeader { mut header, is_poses_only, offset } = nrrd::parse(bytes, longest)?;
        let mut sequence = SequenceHeader::of(&mut header)?;
        if is_poses_only {
            sequence.images = None;
        }
        Ok(Self { sequence, header, offset, is_nrrd: true })
    }

    /// A reader of the pixels in the same file; `source` stands at their start.
    pub fn local<R: BufRead>(&self, source: R) -> Result<PixelReader<R>, Error> {
        match &self.header.data_file {
            DataFile::Beside(name) => Err(metaimage::Error::Detached { name: name.clone() }.into()),
            DataFile::Local | DataFile::Slices(_) => self.detached(source),
        }
    }

    /// A reader of the pixels in a file of their own.
    pub fn detached<R: BufRead>(&self, source: R) -> Result<PixelReader<R>, Error> {
        if let DataFile::Slices(names) = &self.header.data_file {
            return Err(metaimage::Error::InSlices { files: names.len() }.into());
        }
        if self.is_nrrd && self.header.compressed {
            return Ok(PixelReader::gzip(&self.header, source)?);
        }
        Ok(PixelReader::detached(&self.header, source)?)
    }

    /// Bytes of one image in the file, also if it is only a placeholder.
    pub fn frame_bytes(&self) -> Result<u64, Error> {
        Ok(self.header.bytes_along(&self.header.dims[..2])?)
    }
}

/// Takes the header of a sequence of either kind from a stream.
pub(super) fn read_header(source: &mut impl BufRead, limits: &Limits) -> Result<Vec<u8>, Error> {
    let mut header = Vec::new();
    read_line(1, &mut header, source, limits)?;
    if !is_nrrd(&header) {
        return Ok(read_header_on(header, source, limits)?);
    }
    for line in 2.. {
        let start = header.len();
        read_line(line, &mut header, source, limits)?;
        if header[start..].trim_ascii().is_empty() {
            break;
        }
    }
    Ok(header)
}
