//! The part of the file between two links, in memory: the MCAP writer writes into it, and goes back
//! only within it.

use std::io::{self, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct Inner {
    /// Where in the file the segment starts.
    base: u64,
    bytes: Vec<u8>,
    /// Where in the segment the next byte goes.
    at: usize,
}

/// A segment; clones are the same one, so that the MCAP writer and the chain can share it.
#[derive(Clone, Debug, Default)]
pub struct Segment(Arc<Mutex<Inner>>);

impl Segment {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where in the file the segment starts.
    pub fn base(&self) -> u64 {
        self.inner().base
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.inner().bytes.len()
    }

    /// Takes the bytes out and starts the next segment behind them, in the memory of `reused`.
    pub fn cut(&self, mut reused: Vec<u8>) -> Vec<u8> {
        reused.clear();
        let mut inner = self.inner();
        let bytes = std::mem::replace(&mut inner.bytes, reused);
        inner.base += bytes.len() as u64;
        inner.at = 0;
        bytes
    }
}

impl Write for Segment {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut inner = self.inner();
        let at = inner.at;
        let overwritten = bytes.len().min(inner.bytes.len() - at);
        inner.bytes[at..at + overwritten].copy_from_slice(&bytes[..overwritten]);
        inner.bytes.extend_from_slice(&bytes[overwritten..]);
        inner.at += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Segment {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let mut inner = self.inner();
        let (base, length) = (inner.base, inner.bytes.len() as u64);
        let target = match to {
            SeekFrom::Start(target) => Some(target),
            SeekFrom::End(shift) => (base + length).checked_add_signed(shift),
            SeekFrom::Current(shift) => (base + inner.at as u64).checked_add_signed(shift),
        };
        let within = target.and_then(|target| target.checked_sub(base)).filter(|&at| at <= length);
        let Some(within) = within else {
            let text = "a recording is written forward, segment by segment";
            return Err(io::Error::new(io::ErrorKind::Unsupported, text));
        };
        // It is no more than the length of a vector.
        inner.at = within as usize;
        Ok(base + within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_overwrites_within_and_goes_on_behind() {
        let mut segment = Segment::default();
        segment.write_all(b"abcdef").unwrap();
        segment.seek(SeekFrom::Start(1)).unwrap();
        segment.write_all(b"XY").unwrap();
        assert_eq!(segment.stream_position().unwrap(), 3);
        segment.seek(SeekFrom::Start(5)).unwrap();
        segment.write_all(b"ghi").unwrap();
        assert_eq!(segment.cut(Vec::new()), b"aXYdeghi");
    }

    #[test]
    fn what_was_cut_is_out_of_reach() {
        let mut segment = Segment::default();
        segment.write_all(b"abc").unwrap();
        segment.cut(Vec::new());
        assert_eq!((segment.base(), segment.len()), (3, 0));
        assert_eq!(segment.stream_position().unwrap(), 3);
        assert!(segment.seek(SeekFrom::Start(2)).is_err());
        assert!(segment.seek(SeekFrom::Start(4)).is_err());
        segment.write_all(b"de").unwrap();
        assert_eq!(segment.seek(SeekFrom::End(0)).unwrap(), 5);
        assert_eq!(segment.cut(Vec::new()), b"de");
    }
}
