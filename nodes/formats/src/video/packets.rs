//! When the frames of a video are shown, by what its container says; nothing is decoded.

use std::io::{BufReader, Read};
use std::path::Path;

use super::arguments;
use super::child::Running;
use super::error::Error;
use super::probe::VideoStream;
use super::reader::{Opened, lines};
use super::{Container, Programs};
use crate::metaimage::Limits;

/// The times of all frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketTimes {
    /// In ticks of the stream's time base, the earliest first.
    pub ticks: Vec<i64>,
    /// Frames of which the file does not say when they are shown.
    pub untimed: usize,
    /// What `ffprobe` found wrong with the file, if it did.
    pub remark: Option<String>,
}

impl PacketTimes {
    /// Of the file `path`, and what its video is.
    ///
    /// # Errors
    /// If the file is no video, a program is missing or fails, or there is more than the limits allow.
    pub fn of_file(
        path: &Path,
        programs: &Programs,
        limits: &Limits,
    ) -> Result<(Container, VideoStream, Self), Error> {
        let Opened { container, stream } = Opened::open(path, programs, limits)?;
        let words = arguments::list_packets(path, container, stream.index);
        let mut running = Running::start(&programs.ffprobe, words)?;
        let mut times = Self::parse(&mut running, limits)?;
        let ended = running.finish()?;
        if !ended.success {
            return Err(Error::Probe { said: ended.said() });
        }
        times.remark = ended.said;
        Ok((container, stream, times))
    }

    /// From the lines of `ffprobe`, such as `pts=512|dts=0|flags=K_`; 8 bytes of each count against the limit of a header.
    ///
    /// # Errors
    /// If a line is no such line, or there are too many.
    pub fn parse(source: impl Read, limits: &Limits) -> Result<Self, Error> {
        let mut times = Self::default();
        lines(BufReader::new(source), |line| {
            let value = |key: &str| {
                let mut values = line.split('|');
                values.find_map(|part| part.strip_prefix(key)?.strip_prefix('='))
            };
            let flags = value("flags").ok_or_else(|| Error::Answer {
                expected: "the times of a packet",
                came: crate::metaimage::excerpt(line),
            })?;
            // A packet that is only there so that others can be decoded.
            if flags.contains('D') {
                return Ok(());
            }
            let ticks = |key| value(key).and_then(|text| text.parse::<i64>().ok());
            match ticks("pts").or_else(|| ticks("dts")) {
                Some(ticks) => times.ticks.push(ticks),
                None => times.untimed += 1,
            }
            let declared = times.ticks.len() as u64 * 8;
            let (what, limit) = ("the list of frames", limits.header_bytes);
            if declared > limit { Err(Error::TooLarge { what, declared, limit }) } else { Ok(()) }
        })?;
        times.ticks.sort_unstable();
        Ok(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_put_in_the_order_of_showing() {
        let text = "pts=0|dts=-512|flags=K_\npts=1024|dts=0|flags=__\n\npts=512|dts=512|flags=__|\n\
            pts=9|dts=9|flags=_D\npts=N/A|dts=1536|flags=__\npts=N/A|dts=N/A|flags=__\n";
        let times = PacketTimes::parse(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!((times.ticks, times.untimed), (vec![0, 512, 1024, 1536], 1));
        let few = Limits { header_bytes: 31, pixel_bytes: 0 };
        let error = PacketTimes::parse(text.as_bytes(), &few).unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
        let error = PacketTimes::parse(&b"what?\n"[..], &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::Answer { .. }), "{error}");
    }
}
