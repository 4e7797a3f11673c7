//! Texts beside the frames of a Matroska file, as IGSIO writes transforms and times.
//!
//! Each field of a frame, such as `ProbeToTrackerTransform`, has a track of subtitles with its name; a text
//! belongs to the frame that is shown at the same time (`vtkIGSIOMkvSequenceIO.cxx`).

use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use serde_json::Value;

use super::error::Error;
use super::reader::lines;
use crate::metaimage::{Limits, excerpt};

/// A field that frames have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldTrack {
    /// Which of the file's streams has its texts.
    pub index: u32,
    /// The name of the field.
    pub name: String,
}

/// The fields of all frames, by time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimedFields {
    /// Name and text, by ticks of the time base that all tracks of the file have.
    frames: BTreeMap<i64, BTreeMap<String, String>>,
}

impl FieldTrack {
    /// Of a stream as `ffprobe` tells it, if it has plain text and a name that a field can have.
    fn of(stream: &Value) -> Option<Self> {
        let is_text = stream["codec_name"] == "subrip" || stream["codec_name"] == "text";
        let name = stream["tags"]["title"].as_str()?;
        let is_word = !name.is_empty()
            && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
        let index = stream["index"].as_u64()?.try_into().ok()?;
        (stream["codec_type"] == "subtitle" && is_text && is_word)
            .then(|| Self { index, name: name.to_owned() })
    }

    /// All of a file; none if these are subtitles for people.
    pub(super) fn all(streams: &[Value]) -> Vec<Self> {
        let found: Vec<Self> = streams.iter().filter_map(Self::of).collect();
        let is_field = |track: &Self| {
            ["Transform", "TransformStatus", "Timestamp"]
                .iter()
                .any(|end| track.name.ends_with(end))
        };
        if found.iter().any(is_field) { found } else { vec![] }
    }
}

impl TimedFields {
    /// From the lines of `ffprobe`, such as `stream_index=1|pts=40|data=\n00000000: 4f4b 00   OK.\n`.
    ///
    /// # Errors
    /// If a line is no such line, a field comes twice at one time, or all texts are beyond the limit of a header.
    pub fn parse(source: impl Read, tracks: &[FieldTrack], limits: &Limits) -> Result<Self, Error> {
        let mut fields = Self::default();
        let mut declared = 0;
        lines(BufReader::new(source), |line| {
            let wrong = |expected| Error::Answer { expected, came: excerpt(line) };
            let (mut index, mut ticks, mut text) = (None, None, None);
            for (key, value) in parts(line) {
                match key.as_str() {
                    "stream_index" => index = value.parse::<u32>().ok(),
                    "pts" => ticks = value.parse::<i64>().ok(),
                    "data" => text = Some(dumped(&value).ok_or_else(|| wrong("bytes in hex"))?),
                    _ => {}
                }
            }
            let (Some(index), Some(ticks), Some(text)) = (index, ticks, text) else {
                return Err(wrong("stream, time and bytes of a text"));
            };
            let Some(track) = tracks.iter().find(|track| track.index == index) else {
                return Ok(());
            };
            declared += (track.name.len() + text.len()) as u64 + 128;
            let (what, limit) = ("the texts beside the frames", limits.header_bytes);
            if declared > limit {
                return Err(Error::TooLarge { what, declared, limit });
            }
            let text = String::from_utf8_lossy(&text);
            // IGSIO writes the zero at the end of the string, too.
            let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned();
            let frame = fields.frames.entry(ticks).or_default();
            match frame.insert(track.name.clone(), text) {
                None => Ok(()),
                Some(_) => Err(wrong("one text of each field at a time")),
            }
        })?;
        Ok(fields)
    }

    /// Takes out those at a time.
    pub fn take(&mut self, ticks: i64) -> BTreeMap<String, String> {
        self.frames.remove(&ticks).unwrap_or_default()
    }

    /// How many times are left that have been taken by no frame.
    pub fn left(&self) -> usize {
        self.frames.len()
    }
}

/// `key=value|key=value`, where a backslash makes the next character an ordinary one or a newline.
fn parts(line: &str) -> Vec<(String, String)> {
    let mut parts = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let add = match character {
            '|' => {
                parts.push(String::new());
                continue;
            }
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        };
        parts.last_mut().into_iter().for_each(|part| part.push(add));
    }
    let split =
        |part: String| part.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    parts.into_iter().filter_map(split).collect()
}

/// The bytes of lines such as `00000010: 3020 4f4b 31           0 OK1`: up to 16 on each, which are shown again behind.
fn dumped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![];
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (_, rest) = line.split_once(": ")?;
        // Eight groups of four digits and a blank.
        let digits = rest.get(..40).unwrap_or(rest);
        let digits: Vec<u8> = digits.bytes().filter(|byte| *byte != b' ').collect();
        for pair in digits.chunks(2) {
            bytes.push(u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn track(index: u32, name: &str) -> FieldTrack {
        FieldTrack { index, name: name.to_owned() }
    }

    const LINES: &str = "stream_index=1|pts=0|data=\\n00000000: 3120 3020 3020 3020 3020 3120 3020 3020  1 0 0 0 0 1 0 0 \\n00000010: 3020 3020 3120 7c20 3020 3020 3020 31    0 0 1 \\| 0 0 0 1\\n\n\
        stream_index=2|pts=0|data=\\n00000000: 4f4b 00                                  OK.\\n\n\
        stream_index=2|pts=40|data=\\n00000000: 494e 5641 4c49 4400                      INVALID.\\n\n\
        stream_index=9|pts=40|data=\\n00000000: 41                                       A\\n\n";

    #[test]
    fn texts_belong_to_times() {
        let tracks = [track(1, "AToBTransform"), track(2, "AToBTransformStatus")];
        let parsed = TimedFields::parse(LINES.as_bytes(), &tracks, &Limits::default());
        let mut fields = parsed.unwrap();
        let first = fields.take(0);
        assert_eq!(first["AToBTransform"], "1 0 0 0 0 1 0 0 0 0 1 | 0 0 0 1");
        assert_eq!(first["AToBTransformStatus"], "OK");
        assert_eq!((fields.left(), fields.take(20).len()), (1, 0));
        assert_eq!(fields.take(40)["AToBTransformStatus"], "INVALID");
        assert_eq!(fields.left(), 0);
    }

    #[test]
    fn other_lines_are_refused() {
        let tracks = [track(2, "S")];
        let of = |text: &str, limits: &Limits| {
            TimedFields::parse(text.as_bytes(), &tracks, limits).unwrap_err().to_string()
        };
        let limits = Limits::default();
        assert!(of("stream_index=2|pts=N/A|data=\n", &limits).contains("stream, time and bytes"));
        assert!(of("stream_index=2|pts=1|data=\\n0: xy\n", &limits).contains("bytes in hex"));
        let twice = format!("{LINES}{LINES}");
        assert!(of(&twice, &limits).contains("one text of each field"));
        let few = Limits { header_bytes: 200, ..limits };
        assert!(of(LINES, &few).contains("at most 200"));
    }

    #[test]
    fn subtitles_for_people_are_no_fields() {
        let text = |title: &str, codec: &str| json!({ "index": 1, "codec_type": "subtitle", "codec_name": codec, "tags": { "title": title } });
        assert_eq!(FieldTrack::all(&[text("English", "subrip"), text("Français", "subrip")]), []);
        let found = FieldTrack::all(&[text("Depth", "subrip"), text("Timestamp", "subrip")]);
        assert_eq!(found, [track(1, "Depth"), track(1, "Timestamp")]);
        assert_eq!(FieldTrack::all(&[text("Timestamp", "hdmv_pgs_subtitle")]), []);
    }
}
