//! The pixels as a stream: as many bytes at a time as are asked for, checked to the last one.

use std::io::{BufRead, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;

use super::data_file::DataFile;
use super::element::to_native_order;
use super::error::Error;
use super::field::LONGEST_LINE;
use super::header::Header;
use super::inflate::Inflate;

/// How much a file may make a reader allocate.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest header, in bytes.
    pub header_bytes: u64,
    /// Largest block that is read at once, in bytes: the whole image, or one frame of a sequence.
    pub pixel_bytes: u64,
}

impl Default for Limits {
    /// 256 MiB of header (some 400 000 frames of a sequence) and 4 GiB of pixels.
    fn default() -> Self {
        Self { header_bytes: 256 << 20, pixel_bytes: 4 << 30 }
    }
}

/// Takes the header from a stream, up to and with the newline after `ElementDataFile = …`.
///
/// # Errors
/// If the stream fails, ends before the header does, or the header is beyond the limit.
pub fn read_header(source: &mut impl BufRead, limits: &Limits) -> Result<Vec<u8>, Error> {
    read_header_on(Vec::new(), source, limits)
}

/// The same, if a first line has been taken already.
pub(crate) fn read_header_on(
    mut header: Vec<u8>,
    source: &mut impl BufRead,
    limits: &Limits,
) -> Result<Vec<u8>, Error> {
    let mut start = 0;
    for line in 1.. {
        if start == header.len() {
            read_line(line, &mut header, source, limits)?;
        }
        let text = header[start..].trim_ascii();
        let key = text.split(|byte| *byte == b'=').next().unwrap_or_default();
        if header.len() == start || key.trim_ascii() == b"ElementDataFile" {
            break;
        }
        super::Field::parse(line, &header[start..])?;
        start = header.len();
    }
    Ok(header)
}

/// Appends the next line of a header, with its newline; nothing at the end of the stream.
pub(crate) fn read_line(
    line: usize,
    header: &mut Vec<u8>,
    source: &mut impl BufRead,
    limits: &Limits,
) -> Result<(), Error> {
    let start = header.len();
    // One byte more than a line may have, so that a stream without newlines is not swallowed.
    let mut limited = std::io::Read::take(source, LONGEST_LINE as u64 + 2);
    limited.read_until(b'\n', header)?;
    if header.len() - start > LONGEST_LINE + 1 {
        return Err(Error::LineTooLong { line, limit: LONGEST_LINE });
    }
    if header.len() as u64 > limits.header_bytes {
        return Err(Error::HeaderTooLong { limit: limits.header_bytes });
    }
    Ok(())
}

enum Source<R> {
    Raw(R),
    Zlib(R, Box<Inflate>),
    Gzip(Box<MultiGzDecoder<R>>),
}

/// Reads the pixels that a header declares from a stream that stands at their first byte.
pub struct PixelReader<R> {
    source: Source<R>,
    declared: u64,
    came: u64,
    scalar_bytes: usize,
    big_endian: bool,
}

impl<R: BufRead> PixelReader<R> {
    /// A reader for local pixels; `source` stands right after the header.
    ///
    /// # Errors
    /// If the pixels are in other files, or their size makes no sense.
    pub fn new(header: &Header, source: R) -> Result<Self, Error> {
        match &header.data_file {
            DataFile::Local => Self::start(header, source),
            DataFile::Beside(name) => Err(Error::Detached { name: name.clone() }),
            DataFile::Slices(names) => Err(Error::InSlices { files: names.len() }),
        }
    }

    /// A reader for a detached data file; `source` stands at its start.
    ///
    /// # Errors
    /// If the size of the pixels makes no sense, or the stream ends before they begin.
    pub fn detached(header: &Header, mut source: R) -> Result<Self, Error> {
        if header.is_data_last {
            return Err(Error::Unsupported {
                what: "`HeaderSize = -1` where the file comes as a stream".to_owned(),
                hint: "write how many bytes come before the pixels",
            });
        }
        let mut skip = std::io::Read::take(&mut source, header.skip_bytes);
        let skipped = std::io::copy(&mut skip, &mut std::io::sink())?;
        if skipped < header.skip_bytes {
            return Err(Error::DataEndEarly { declared: header.skip_bytes, came: skipped });
        }
        Self::start(header, source)
    }

    fn start(header: &Header, source: R) -> Result<Self, Error> {
        let source = if header.compressed {
            Source::Zlib(source, Box::new(Inflate::new(header.compressed_bytes)))
        } else {
            Source::Raw(source)
        };
        Self::with(header, source)
    }

    /// A reader for pixels that are gzip, as no MetaImage has them.
    pub(crate) fn gzip(header: &Header, source: R) -> Result<Self, Error> {
        Self::with(header, Source::Gzip(Box::new(MultiGzDecoder::new(source))))
    }

    fn with(header: &Header, source: Source<R>) -> Result<Self, Error> {
        Ok(Self {
            source,
            declared: header.pixel_bytes()?,
            came: 0,
            scalar_bytes: header.scalar.map_or(1, super::ScalarType::bytes),
            big_endian: header.big_endian,
        })
    }

    /// Replaces `pixels` by the next `length` bytes, in native byte order.
    ///
    /// The buffer grows with the bytes that come, never by what was declared.
    ///
    /// # Errors
    /// If the data end early or are damaged.
    pub fn read(&mut self, length: usize, pixels: &mut Vec<u8>) -> Result<(), Error> {
        const STEP: usize = 1 << 16;
        pixels.clear();
        let mut filled = 0;
        while filled < length {
            let step = filled.max(STEP).min(length - filled);
            pixels.resize(filled + step, 0);
            while filled < pixels.len() {
                let read = self.read_some(&mut pixels[filled..])?;
                if read == 0 {
                    return Err(Error::DataEndEarly { declared: self.declared, came: self.came });
                }
                filled += read;
                self.came += read as u64;
            }
        }
        to_native_order(pixels, self.scalar_bytes, self.big_endian);
        Ok(())
    }

    /// Writes to the start of `out`; 0 only at the end of the data.
    fn read_some(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        loop {
            let (read, is_gzip) = match &mut self.source {
                Source::Raw(source) => (source.read(out), false),
                Source::Zlib(source, inflate) => return inflate.read(source, out),
                Source::Gzip(source) => (source.read(out), true),
            };
            let Err(error) = read else { return Ok(read?) };
            match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData
                    if is_gzip =>
                {
                    return Err(Error::Gzip { came: self.came, reason: error.to_string() });
                }
                _ => return Err(error.into()),
            }
        }
    }

    /// Checks that the declared pixels were all, that nothing follows, and that the checksum holds.
    ///
    /// # Errors
    /// If bytes are left over, missing or damaged.
    pub fn finish(mut self) -> Result<(), Error> {
        if self.came < self.declared {
            return Err(Error::DataEndEarly { declared: self.declared, came: self.came });
        }
        // A sequence without images may declare a stream and have none.
        let absent = self.declared == 0 && self.rest().fill_buf()?.is_empty();
        let is_raw = matches!(self.source, Source::Raw(_));
        if !absent && !is_raw && self.read_some(&mut [0])? > 0 {
            return Err(Error::DataLonger { declared: self.declared });
        }
        if let Source::Zlib(_, inflate) = &self.source
            && !absent
        {
            debug_assert!(inflate.ended(), "reads nothing only at the end");
            if inflate.left() > 0 {
                return Err(Error::TrailingBytes { count: inflate.left().to_string() });
            }
        }
        match self.rest().fill_buf()? {
            [] => Ok(()),
            more => Err(Error::TrailingBytes { count: format!("at least {}", more.len()) }),
        }
    }

    /// The bytes that have not been taken yet, as they lie in the file.
    fn rest(&mut self) -> &mut R {
        match &mut self.source {
            Source::Raw(source) | Source::Zlib(source, _) => source,
            Source::Gzip(source) => source.get_mut(),
        }
    }
}
