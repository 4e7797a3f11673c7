//! The headers of NUT: how frames are written, and what the streams are.

use std::io::Read as _;

use super::number::{number, signed};
use super::{MOST_STREAMS, NutError, NutStream, flag};

/// How a frame that begins with a certain byte is written.
#[derive(Clone, Copy)]
pub(super) struct Code {
    pub flags: u64,
    pub stream: u64,
    pub size_mul: u64,
    pub size_lsb: u64,
    pub pts_delta: i64,
    pub reserved: u64,
    pub header: u64,
}

impl Code {
    const INVALID: Self = Self {
        flags: flag::INVALID,
        stream: 0,
        size_mul: 0,
        size_lsb: 0,
        pts_delta: 0,
        reserved: 0,
        header: 0,
    };
}

/// What is said once for all streams.
pub(super) struct MainHeader {
    /// How many streams there are; 0 until the header has come.
    pub streams: u64,
    /// At least one; each a numerator and a denominator, neither of which is 0.
    pub time_bases: Vec<[u32; 2]>,
    /// For each first byte of a frame.
    pub codes: [Code; 256],
    /// What frames begin with where it is not written; the first is empty.
    pub elided: Vec<Vec<u8>>,
}

impl Default for MainHeader {
    fn default() -> Self {
        Self { streams: 0, time_bases: vec![], codes: [Code::INVALID; 256], elided: vec![] }
    }
}

/// A number within bounds.
fn within(
    source: &mut &[u8],
    bounds: std::ops::RangeInclusive<u64>,
    expected: &'static str,
) -> Result<u64, NutError> {
    let came = number(source)?;
    if bounds.contains(&came) { Ok(came) } else { Err(NutError::Wrong { expected, came }) }
}

impl MainHeader {
    pub(super) fn parse(mut bytes: &[u8]) -> Result<Self, NutError> {
        let source = &mut bytes;
        within(source, 3..=3, "version 3 of NUT")?;
        let streams = within(source, 1..=MOST_STREAMS, "one or a few streams")?;
        let _max_distance = number(source)?;
        let count = within(source, 1..=MOST_STREAMS, "one or a few time bases")?;
        let part = 1..=u64::from(u32::MAX);
        let mut time_bases = vec![];
        for _ in 0..count {
            let mut base = [0; 2];
            for number in &mut base {
                *number = within(source, part.clone(), "part of a time base")? as u32;
            }
            time_bases.push(base);
        }
        let codes = codes(source)?;
        // The first, which is empty, is not written.
        let mut elided = vec![vec![]];
        for _ in 0..within(source, 0..=127, "a few beginnings of frames")? {
            let length = within(source, 0..=256, "a short beginning of frames")?;
            let mut beginning = vec![];
            source.take(length).read_to_end(&mut beginning)?;
            elided.push(beginning);
        }
        Ok(Self { streams, time_bases, codes, elided })
    }
}

fn codes(source: &mut &[u8]) -> Result<[Code; 256], NutError> {
    let mut codes = [Code::INVALID; 256];
    let mut next = Code { flags: 0, size_mul: 1, ..Code::INVALID };
    let mut at = 0;
    while at < codes.len() {
        next.flags = number(source)?;
        let fields = number(source)?;
        if fields > 0 {
            next.pts_delta = signed(source)?;
        }
        if fields > 1 {
            next.size_mul = number(source)?;
        }
        if fields > 2 {
            next.stream = number(source)?;
        }
        next.size_lsb = if fields > 3 { number(source)? } else { 0 };
        next.reserved = if fields > 4 { number(source)? } else { 0 };
        let count = match fields {
            0..=5 => next.size_mul.checked_sub(next.size_lsb),
            _ => Some(number(source)?),
        };
        let wrong = NutError::Wrong { expected: "kinds of frames", came: next.size_lsb };
        let count = count.ok_or(wrong)?;
        if fields > 6 {
            let _match_time = signed(source)?;
        }
        if fields > 7 {
            next.header = number(source)?;
        }
        for _ in 8..fields {
            number(source)?;
        }
        for number in 0..count {
            // What begins with this byte is a header.
            at += usize::from(at == usize::from(b'N'));
            let Some(code) = codes.get_mut(at) else { break };
            let wrong = NutError::Wrong { expected: "a size", came: next.size_lsb };
            *code = Code { size_lsb: next.size_lsb.checked_add(number).ok_or(wrong)?, ..next };
            at += 1;
        }
    }
    Ok(codes)
}

/// The header of a stream, and its index.
pub(super) fn stream(mut bytes: &[u8], main: &MainHeader) -> Result<(u64, NutStream), NutError> {
    let source = &mut bytes;
    let index = number(source)?;
    let class = number(source)?;
    let length = number(source)?;
    let skipped = std::io::copy(&mut source.take(length), &mut std::io::sink())?;
    if skipped < length {
        return Err(NutError::Cut("the name of a codec"));
    }
    let base = number(source)?;
    let wrong = NutError::Wrong { expected: "a time base that was declared", came: base };
    let time_base = usize::try_from(base).ok().and_then(|base| main.time_bases.get(base).copied());
    let time_base = time_base.ok_or(wrong)?;
    let pts_shift = within(source, 0..=62, "bits of a time")? as u32;
    let [_max_pts_distance, _decode_delay, _flags] =
        [number(source)?, number(source)?, number(source)?];
    let length = number(source)?;
    let skipped = std::io::copy(&mut source.take(length), &mut std::io::sink())?;
    if skipped < length {
        return Err(NutError::Cut("what a codec needs"));
    }
    let size_px = if class == 0 { Some([number(source)?, number(source)?]) } else { None };
    Ok((index, NutStream { size_px, time_base, pts_shift }))
}
