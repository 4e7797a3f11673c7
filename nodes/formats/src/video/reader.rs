//! A video read frame by frame.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::arguments;
use super::child::{Ended, Running};
use super::error::Error;
use super::nut::{NutError, NutReader};
use super::probe::VideoStream;
use super::{Container, Programs, TimedFields};
use crate::metaimage::{Limits, excerpt};

/// The most of what `ffprobe` may tell of the streams of a file, in bytes.
const MOST_DESCRIPTION_BYTES: u64 = 1 << 20;
/// The longest line that `ffprobe` may write, in bytes.
const LONGEST_LINE: u64 = 1 << 20;

/// When a frame is shown, and what comes with it.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoFrame {
    /// In seconds on the clock of the file.
    pub time_s: f64,
    /// The same in ticks of [`VideoStream::time_base`].
    pub ticks: i64,
    /// The texts of [`VideoStream::fields`], by name.
    pub fields: BTreeMap<String, String>,
}

/// Reads the images of a video one by one, as 8-bit gray.
pub struct VideoReader {
    opened: Opened,
    /// Gone at the end.
    nut: Option<NutReader<BufReader<Running>>>,
    fields: TimedFields,
    so_far: SoFar,
}

/// What is known of a file before it is decoded.
pub(super) struct Opened {
    pub container: Container,
    pub stream: VideoStream,
}

impl Opened {
    pub fn open(path: &Path, programs: &Programs, limits: &Limits) -> Result<Self, Error> {
        // To open a pipe would wait for whoever writes into it.
        if !std::fs::metadata(path).map_err(Error::File)?.is_file() {
            return Err(Error::NotRegular);
        }
        let mut start = Vec::new();
        let file = File::open(path).map_err(Error::File)?;
        file.take(Container::START_BYTES as u64).read_to_end(&mut start).map_err(Error::File)?;
        let container = Container::of(&start).ok_or(Error::NotAVideo)?;
        let words = arguments::describe(path, container);
        let mut running = Running::start(&programs.ffprobe, words)?;
        let mut json = Vec::new();
        (&mut running)
            .take(MOST_DESCRIPTION_BYTES + 1)
            .read_to_end(&mut json)
            .map_err(|source| pipe(&programs.ffprobe, source))?;
        let (declared, limit) = (json.len() as u64, MOST_DESCRIPTION_BYTES);
        if declared > limit {
            let what = "the description of the streams";
            return Err(Error::TooLarge { what, declared, limit });
        }
        let ended = running.finish()?;
        if !ended.success {
            return Err(Error::Probe { said: ended.said() });
        }
        let mut stream = VideoStream::parse(&json, limits)?;
        // Elsewhere a text has no name, or another time base than the images.
        if container != Container::Matroska {
            stream.fields.clear();
        }
        // Of one that was cut `ffprobe` tells an end that fits what is left; there each frame has its tick.
        if let (Container::Avi, Some(frames)) = (container, stream.declared_frames) {
            stream.declared_end_s = Some(stream.seconds(frames.min(i64::MAX as u64) as i64));
        }
        Ok(Self { container, stream })
    }

    fn read_fields(
        &self,
        path: &Path,
        programs: &Programs,
        limits: &Limits,
    ) -> Result<TimedFields, Error> {
        if self.stream.fields.is_empty() {
            return Ok(TimedFields::default());
        }
        let words = arguments::list_texts(path, self.container);
        let mut running = Running::start(&programs.ffprobe, words)?;
        let fields = TimedFields::parse(&mut running, &self.stream.fields, limits)?;
        let ended = running.finish()?;
        if ended.success { Ok(fields) } else { Err(Error::Probe { said: ended.said() }) }
    }
}

impl VideoReader {
    /// Starts to read the file `path`; one image may have as many bytes as `limits` say.
    ///
    /// # Errors
    /// If the file is no video, a program is missing or fails, or there is more than the limits allow.
    pub fn open(path: &Path, programs: &Programs, limits: &Limits) -> Result<Self, Error> {
        let opened = Opened::open(path, programs, limits)?;
        let fields = opened.read_fields(path, programs, limits)?;
        let words = arguments::decode(path, opened.container, &opened.stream, limits.pixel_bytes);
        let running = Running::start(&programs.ffmpeg, words)?;
        let source = BufReader::with_capacity(64 << 10, running);
        let nut = match NutReader::open(source, limits.pixel_bytes) {
            Ok(nut) => nut,
            Err((source, error @ (NutError::Empty | NutError::Cut(_)))) => {
                let ended = source.into_inner().finish()?;
                return Err(match (ended.success, ended.said, error) {
                    // Where there is no frame, no header is written either.
                    (true, None, NutError::Empty) => Error::NoFrames,
                    (_, None, error) => Error::Nut(error),
                    (_, Some(said), _) => Error::Decode { said, frames: 0 },
                });
            }
            Err((_, error)) => return Err(error.into()),
        };
        let size_px = nut.streams().first().and_then(|stream| stream.size_px);
        let frame_bytes = size_px.and_then(|[width, height]| width.checked_mul(height));
        let (Some(size_px), Some(frame_bytes)) = (size_px, frame_bytes) else {
            return Err(NutError::Wrong { expected: "a stream of images", came: 0 }.into());
        };
        if frame_bytes > limits.pixel_bytes {
            let (what, declared, limit) = ("an image", frame_bytes, limits.pixel_bytes);
            return Err(Error::TooLarge { what, declared, limit });
        }
        let so_far = SoFar { size_px, frame_bytes, ..SoFar::default() };
        Ok(Self { opened, nut: Some(nut), fields, so_far })
    }

    /// What kind of file it is.
    pub fn container(&self) -> Container {
        self.opened.container
    }

    /// What the file says of its images.
    pub fn stream(&self) -> &VideoStream {
        &self.opened.stream
    }

    /// Columns and rows of each image; each has a byte for each pixel, row after row.
    pub fn size_px(&self) -> [usize; 2] {
        self.so_far.size_px.map(|size| size as usize)
    }

    /// At how many times there are texts that have come with no frame so far.
    pub fn texts_left(&self) -> usize {
        self.fields.left()
    }

    /// Replaces `pixels` by those of the next frame; `None` after the last one. Keep one buffer: it is not allocated
    /// anew for each frame.
    ///
    /// Whether all is there shows after the last frame, so go on until `None`.
    ///
    /// # Errors
    /// If the file is damaged or was cut, the size of the images changes, or `ffmpeg` is killed. After an error the reader
    /// is at its end.
    pub fn read_frame(&mut self, pixels: &mut Vec<u8>) -> Result<Option<VideoFrame>, Error> {
        pixels.clear();
        let Some(mut nut) = self.nut.take() else { return Ok(None) };
        match nut.read_packet(pixels) {
            Ok(Some(packet)) => {
                let base = nut.streams()[packet.stream].time_base;
                let stream = &self.opened.stream;
                let ticks = rescaled(packet.pts, base, stream.time_base);
                let time_s = stream.seconds(ticks);
                self.so_far.take(pixels.len() as u64, time_s)?;
                self.nut = Some(nut);
                Ok(Some(VideoFrame { time_s, ticks, fields: self.fields.take(ticks) }))
            }
            Err(error) if !matches!(error, NutError::Cut(_)) => Err(error.into()),
            end => {
                let ended = nut.into_source().into_inner().finish()?;
                self.so_far.verdict(ended, end.err(), &self.opened.stream)?;
                Ok(None)
            }
        }
    }
}

/// What has come of a video.
#[derive(Clone, Debug, Default)]
struct SoFar {
    size_px: [u64; 2],
    frame_bytes: u64,
    frames: u64,
    last_s: Option<f64>,
    largest_gap_s: f64,
}

impl SoFar {
    fn take(&mut self, bytes: u64, time_s: f64) -> Result<(), Error> {
        let (frame, expected) = (self.frames, self.frame_bytes);
        if bytes != expected {
            return Err(Error::FrameSize { frame, expected, came: bytes });
        }
        self.frames += 1;
        if let Some(last_s) = self.last_s.replace(time_s) {
            self.largest_gap_s = self.largest_gap_s.max(time_s - last_s);
        }
        Ok(())
    }

    /// Whether these were all frames, and sound.
    fn verdict(
        &self,
        ended: Ended,
        read: Option<NutError>,
        stream: &VideoStream,
    ) -> Result<(), Error> {
        let frames = self.frames;
        match (ended.success, read) {
            (false, _) => Err(Error::Decode { said: ended.said(), frames }),
            (true, Some(error)) => Err(error.into()),
            (true, None) if ended.said.is_some() => {
                Err(Error::Damaged { said: ended.said(), frames })
            }
            (true, None) => {
                let last_s = self.last_s.ok_or(Error::NoFrames)?;
                match (stream.declared_frames, stream.declared_end_s) {
                    // Fewer frames than declared may be fine: some are there only to decode others. But then they
                    // reach to the end.
                    (Some(declared), Some(end_s))
                        if frames < declared && end_s - last_s > 3.0 * self.largest_gap_s + 0.1 =>
                    {
                        Err(Error::Cut { declared, frames })
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

fn pipe(program: &Path, source: io::Error) -> Error {
    Error::Pipe { program: program.display().to_string(), source }
}

/// Ticks of one time base in those of another, rounded to the nearest.
fn rescaled(ticks: i64, from: [u32; 2], to: [u32; 2]) -> i64 {
    let [from_num, from_den, to_num, to_den] = [from[0], from[1], to[0], to[1]].map(i128::from);
    let (num, den) = (i128::from(ticks) * from_num * to_den, from_den * to_num);
    let nearest = (num + den / 2).div_euclid(den);
    nearest.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// Hands over line after line, without those that are empty.
pub(super) fn lines(
    mut source: impl BufRead,
    mut take: impl FnMut(&str) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut source).take(LONGEST_LINE + 1).read_until(b'\n', &mut line);
        read.map_err(|source| Error::Pipe { program: "ffprobe".to_owned(), source })?;
        if line.is_empty() {
            return Ok(());
        }
        let (declared, limit) = (line.len() as u64, LONGEST_LINE);
        if declared > limit {
            return Err(Error::TooLarge { what: "a line of `ffprobe`", declared, limit });
        }
        let text = std::str::from_utf8(&line).map_err(|_| Error::Answer {
            expected: "text",
            came: excerpt(&String::from_utf8_lossy(&line)),
        })?;
        let text = text.trim_end_matches(['\n', '\r']);
        if !text.is_empty() {
            take(text)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(declared_frames: Option<u64>, declared_end_s: Option<f64>) -> VideoStream {
        VideoStream {
            index: 0,
            codec: "mjpeg".to_owned(),
            pixel_format: "gray".to_owned(),
            width_px: 2,
            height_px: 1,
            time_base: [1, 25],
            declared_frames,
            declared_end_s,
            rotation_deg: None,
            fields: vec![],
        }
    }

    fn ended(success: bool, said: Option<&str>) -> Ended {
        Ended { success, said: said.map(str::to_owned) }
    }

    /// Of frames at 25 a second.
    fn after(frames: u64) -> SoFar {
        let mut so_far = SoFar { size_px: [2, 1], frame_bytes: 2, ..SoFar::default() };
        for frame in 0..frames {
            so_far.take(2, frame as f64 / 25.0).unwrap();
        }
        so_far
    }

    #[test]
    fn what_is_missing_at_the_end_is_an_error() {
        let verdict = |frames, ended, read, stream: &VideoStream| {
            after(frames).verdict(ended, read, stream).map_err(|error| error.to_string())
        };
        let all = stream(Some(50), Some(2.0));
        assert_eq!(verdict(50, ended(true, None), None, &all), Ok(()));
        // One that is there only to decode others.
        assert_eq!(verdict(49, ended(true, None), None, &all), Ok(()));
        let is = |result: Result<(), String>, words: &str| {
            let error = result.unwrap_err();
            assert!(error.contains(words), "{error}");
        };
        is(verdict(24, ended(true, None), None, &all), "50 frames are declared, and 24 came");
        assert_eq!(verdict(24, ended(true, None), None, &stream(None, None)), Ok(()));
        // The last image is shown for long.
        assert_eq!(verdict(24, ended(true, None), None, &stream(Some(24), Some(9.0))), Ok(()));
        is(verdict(0, ended(true, None), None, &all), "not one frame");
        is(verdict(9, ended(true, Some("partial file")), None, &all), "partial file");
        is(verdict(9, ended(false, Some("bad")), None, &all), "stopped after 9 frames: bad");
        let cut = || Some(NutError::Cut("a frame"));
        is(verdict(9, ended(false, None), cut(), &all), "stopped after 9 frames: nothing");
        is(verdict(9, ended(true, None), cut(), &all), "ends within a frame");
    }

    #[test]
    fn frames_have_one_size() {
        let error = after(3).take(6, 1.0).unwrap_err();
        assert!(matches!(error, Error::FrameSize { frame: 3, expected: 2, came: 6 }), "{error}");
    }

    #[test]
    fn times_keep_their_tick() {
        assert_eq!(rescaled(64 * 33, [1, 64_000], [1, 1000]), 33);
        assert_eq!(rescaled(-64 * 33, [1, 64_000], [1, 1000]), -33);
        assert_eq!(rescaled(2, [1, 3], [1, 2]), 1);
        assert_eq!(rescaled(i64::MAX, [u32::MAX, 1], [1, u32::MAX]), i64::MAX);
    }

    #[test]
    fn lines_have_an_end() {
        let long = vec![b'a'; LONGEST_LINE as usize + 1];
        let error = lines(&long[..], |_| Ok(())).unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
        let mut found = vec![];
        let take = |line: &str| {
            found.push(line.to_owned());
            Ok(())
        };
        lines(&b"a\n\r\nb"[..], take).unwrap();
        assert_eq!(found, ["a", "b"]);
    }
}
