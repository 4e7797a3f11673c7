//! NUT, the container in which `ffmpeg` hands over frames through a pipe: each with its size and its time.
//!
//! The format is that of <https://ffmpeg.org/~michael/nut.txt>, version 3. Checksums are not looked at: the bytes come
//! from a process of this computer, and what is not as it should be shows in the sizes.

mod header;
mod number;

use std::io::{self, Read};

use header::{Code, MainHeader};
use number::{byte, number, signed};

/// Why a stream cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum NutError {
    /// The stream fails.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Nothing came at all.
    #[error("it writes nothing")]
    Empty,
    /// The stream ends within a header or a frame.
    #[error("it ends within {0}")]
    Cut(&'static str),
    /// Something that NUT does not have.
    #[error("{expected} should be there, but `{came:#x}` is")]
    Wrong {
        /// What was expected.
        expected: &'static str,
        /// What came.
        came: u64,
    },
    /// A header or frame beyond the limit.
    #[error("{what} has {declared} bytes, and at most {limit} are read")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it says it is, in bytes.
        declared: u64,
        /// The most, in bytes.
        limit: u64,
    },
}

/// What is in one of the streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NutStream {
    /// Columns and rows of the images, if it is video.
    pub size_px: Option<[u64; 2]>,
    /// A tick of its times as a fraction of a second, numerator and denominator; neither is 0.
    pub time_base: [u32; 2],
    /// Bits of a time that are written where the others can be told from the time before.
    pts_shift: u32,
}

/// A frame without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Which stream it belongs to, an index into [`NutReader::streams`].
    pub stream: usize,
    /// When it is shown, in ticks of its stream's time base.
    pub pts: i64,
}

/// Reads frames out of a stream.
pub struct NutReader<R> {
    source: R,
    main: MainHeader,
    streams: Vec<NutStream>,
    /// The time of the last frame of each stream, in its ticks.
    last: Vec<i64>,
    most_bytes: u64,
}

const FILE_ID: &[u8; 25] = b"nut/multimedia container\0";
const MAIN: u64 = 0x4e4d_7a56_1f5f_04ad;
const STREAM: u64 = 0x4e53_1140_5bf2_f9db;
const SYNCPOINT: u64 = 0x4e4b_e4ad_eeca_4569;
const INDEX: u64 = 0x4e58_dd67_2f23_e64e;
const INFO: u64 = 0x4e49_ab68_b596_ba78;
/// The most of a header that is looked at, in bytes.
const MOST_HEADER_BYTES: u64 = 64 << 10;
/// More streams than anybody asks `ffmpeg` for.
const MOST_STREAMS: u64 = 16;

mod flag {
    pub const END_OF_RELEVANCE: u64 = 1 << 1;
    pub const CODED_PTS: u64 = 1 << 3;
    pub const STREAM_ID: u64 = 1 << 4;
    pub const SIZE_MSB: u64 = 1 << 5;
    pub const CHECKSUM: u64 = 1 << 6;
    pub const RESERVED: u64 = 1 << 7;
    pub const SIDE_DATA: u64 = 1 << 8;
    pub const HEADER_INDEX: u64 = 1 << 10;
    pub const MATCH_TIME: u64 = 1 << 11;
    pub const CODED: u64 = 1 << 12;
    pub const INVALID: u64 = 1 << 13;
}

impl<R: Read> NutReader<R> {
    /// Reads the headers; a frame may have at most so many bytes.
    ///
    /// # Errors
    /// With the stream, so that it can be asked why, if it fails or its headers are not well-formed.
    pub fn open(source: R, most_bytes: u64) -> Result<Self, (R, NutError)> {
        let main = MainHeader::default();
        let mut reader = Self { source, main, streams: vec![], last: vec![], most_bytes };
        match reader.read_headers() {
            Ok(()) => Ok(reader),
            Err(error) => Err((reader.source, error)),
        }
    }

    fn read_headers(&mut self) -> Result<(), NutError> {
        let mut id = Vec::new();
        (&mut self.source).take(FILE_ID.len() as u64).read_to_end(&mut id)?;
        match id.first_chunk() {
            Some(id) if id == FILE_ID => {}
            Some(id) => {
                let [came, ..] = *id;
                return Err(NutError::Wrong { expected: "the name of NUT", came: came.into() });
            }
            None if id.is_empty() => return Err(NutError::Empty),
            None => return Err(NutError::Cut("its name")),
        }
        loop {
            let first = byte(&mut self.source)?.ok_or(NutError::Cut("its headers"))?;
            match self.startcode(first)? {
                MAIN => {
                    let body = self.body()?;
                    self.main = MainHeader::parse(&body)?;
                }
                STREAM => {
                    let body = self.body()?;
                    let (index, stream) = header::stream(&body, &self.main)?;
                    if index != self.streams.len() as u64 {
                        return Err(NutError::Wrong { expected: "the next stream", came: index });
                    }
                    self.streams.push(stream);
                }
                code => self.skip(code)?,
            }
            let expected = self.main.streams;
            if expected > 0 && self.streams.len() as u64 == expected {
                self.last = vec![0; self.streams.len()];
                return Ok(());
            }
        }
    }

    /// What each stream holds.
    pub fn streams(&self) -> &[NutStream] {
        &self.streams
    }

    /// What the frames are read from.
    pub fn into_source(self) -> R {
        self.source
    }

    /// Replaces `data` by the bytes of the next frame; `None` after the last.
    ///
    /// # Errors
    /// If the stream fails, ends within a frame, or is not well-formed, or a frame is beyond the limit.
    pub fn read_packet(&mut self, data: &mut Vec<u8>) -> Result<Option<Packet>, NutError> {
        data.clear();
        loop {
            let Some(first) = byte(&mut self.source)? else { return Ok(None) };
            if first != b'N' {
                if let Some(packet) = self.frame(first, data)? {
                    return Ok(Some(packet));
                }
                continue;
            }
            match self.startcode(first)? {
                SYNCPOINT => self.syncpoint()?,
                // Headers are said again now and then.
                code => self.skip(code)?,
            }
        }
    }

    /// The eight bytes that a packet begins with.
    fn startcode(&mut self, first: u8) -> Result<u64, NutError> {
        let mut code = [first; 8];
        exact(&mut self.source, &mut code[1..], "a startcode")?;
        Ok(u64::from_be_bytes(code))
    }

    /// The length of what follows a startcode.
    fn length(&mut self) -> Result<u64, NutError> {
        let length = number(&mut self.source)?;
        if length > 4096 {
            exact(&mut self.source, &mut [0; 4], "a checksum")?;
        }
        Ok(length)
    }

    fn body(&mut self) -> Result<Vec<u8>, NutError> {
        let declared = self.length()?;
        if declared > MOST_HEADER_BYTES {
            let (what, limit) = ("a header", MOST_HEADER_BYTES);
            return Err(NutError::TooLarge { what, declared, limit });
        }
        let mut body = Vec::new();
        (&mut self.source).take(declared).read_to_end(&mut body)?;
        if (body.len() as u64) < declared {
            return Err(NutError::Cut("a header"));
        }
        Ok(body)
    }

    fn skip(&mut self, startcode: u64) -> Result<(), NutError> {
        if ![MAIN, STREAM, SYNCPOINT, INDEX, INFO].contains(&startcode) {
            return Err(NutError::Wrong { expected: "a startcode", came: startcode });
        }
        let length = self.length()?;
        let skipped = io::copy(&mut (&mut self.source).take(length), &mut io::sink())?;
        if skipped < length { Err(NutError::Cut("a header")) } else { Ok(()) }
    }

    /// From here on times count from another one.
    fn syncpoint(&mut self) -> Result<(), NutError> {
        let body = self.body()?;
        let came = number(&mut &body[..])?;
        // Times before 0 are written as if they had no sign.
        let time = i128::from(came as i64);
        let bases = self.main.time_bases.len() as i128;
        let base = self.main.time_bases[time.rem_euclid(bases) as usize];
        let ([num, den], ticks) = (base.map(i128::from), time.div_euclid(bases));
        for (last, stream) in self.last.iter_mut().zip(&self.streams) {
            let [own_num, own_den] = stream.time_base.map(i128::from);
            // 63 + 32 + 32 bits.
            let scaled = (ticks * num * own_den).div_euclid(den * own_num);
            let wrong = NutError::Wrong { expected: "a time", came };
            *last = scaled.try_into().map_err(|_| wrong)?;
        }
        Ok(())
    }

    /// A frame that begins with `code`; `None` if it only says that nothing is shown any more.
    fn frame(&mut self, code: u8, data: &mut Vec<u8>) -> Result<Option<Packet>, NutError> {
        let source = &mut self.source;
        let wrong = |expected, came| NutError::Wrong { expected, came };
        let Code { mut flags, mut stream, size_mul, size_lsb, pts_delta, mut reserved, header } =
            self.main.codes[usize::from(code)];
        if flags & flag::CODED != 0 {
            flags ^= number(source)?;
        }
        if flags & flag::INVALID != 0 {
            return Err(wrong("a frame", code.into()));
        }
        if flags & flag::STREAM_ID != 0 {
            stream = number(source)?;
        }
        let index = usize::try_from(stream).unwrap_or(usize::MAX);
        let Some(about) = self.streams.get(index) else {
            return Err(wrong("a stream that was declared", stream));
        };
        let last = self.last[index];
        let pts = if flags & flag::CODED_PTS != 0 {
            full_pts(number(source)?, about.pts_shift, last)
        } else {
            last.wrapping_add(pts_delta)
        };
        let msb = if flags & flag::SIZE_MSB != 0 { number(source)? } else { 0 };
        if flags & flag::MATCH_TIME != 0 {
            signed(source)?;
        }
        let header = if flags & flag::HEADER_INDEX != 0 { number(source)? } else { header };
        if flags & flag::RESERVED != 0 {
            reserved = number(source)?;
        }
        for _ in 0..reserved {
            number(source)?;
        }
        if flags & flag::CHECKSUM != 0 {
            exact(source, &mut [0; 4], "a checksum")?;
        }
        if flags & flag::SIDE_DATA != 0 {
            return Err(wrong("a frame without data beside it", flags));
        }
        let declared = msb.checked_mul(size_mul).and_then(|size| size.checked_add(size_lsb));
        let declared = declared.ok_or_else(|| wrong("a size", msb))?;
        if declared > self.most_bytes {
            return Err(NutError::TooLarge { what: "a frame", declared, limit: self.most_bytes });
        }
        // Only of small frames is the beginning left out.
        let header = if declared > 4096 { 0 } else { header };
        let elided = usize::try_from(header).ok().and_then(|index| self.main.elided.get(index));
        let elided = elided.ok_or_else(|| wrong("the beginning of a frame", header))?;
        let Some(rest) = declared.checked_sub(elided.len() as u64) else {
            return Err(wrong("a frame that is as long as its beginning", declared));
        };
        data.extend_from_slice(elided);
        // Never more than came.
        let came = source.take(rest).read_to_end(data)?;
        if (came as u64) < rest {
            return Err(NutError::Cut("a frame"));
        }
        self.last[index] = pts;
        let is_end = flags & flag::END_OF_RELEVANCE != 0 && data.is_empty();
        Ok((!is_end).then_some(Packet { stream: index, pts }))
    }
}

/// A time of which the last bits are written, or the whole, shifted to be told from that.
fn full_pts(coded: u64, shift: u32, last: i64) -> i64 {
    let short = 1_u64 << shift;
    if coded >= short {
        return (coded - short) as i64;
    }
    let mask = (short - 1) as i64;
    let least = last.wrapping_sub(mask / 2);
    ((coded as i64).wrapping_sub(least) & mask).wrapping_add(least)
}

fn exact(source: &mut impl Read, bytes: &mut [u8], what: &'static str) -> Result<(), NutError> {
    source.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => NutError::Cut(what),
        _ => NutError::Io(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_completed_from_the_one_before() {
        // Of 4 bits, the nearest such time.
        assert_eq!(full_pts(3, 4, 0), 3);
        assert_eq!(full_pts(1, 4, 14), 17);
        assert_eq!(full_pts(15, 4, 33), 31);
        assert_eq!(full_pts(16 + 1000, 4, 33), 1000);
        assert_eq!(full_pts(0, 0, 12), 12);
        assert_eq!(full_pts(2, 4, i64::MIN), i64::MIN + 2);
    }
}
