//! Lines `Seq_FrameNNNN_Field = …` gathered into frames.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use nalgebra::Matrix4;

use super::error::Error;
use super::frame::{Frame, ImageStatus, TrackedTransform, TransformStatus};
use super::transform_name::TransformName;
use crate::matrix_text;
use crate::metaimage::{Field, digits, excerpt};

/// What every line of a frame starts with.
pub(crate) const PREFIX: &str = "Seq_Frame";

/// Frames while their lines are still being read.
#[derive(Default)]
pub(super) struct Gathered {
    frames: BTreeMap<u64, Partial>,
}

#[derive(Default)]
struct Partial {
    timestamp_s: Option<f64>,
    unfiltered_timestamp_s: Option<f64>,
    number: Option<u64>,
    image_status: Option<ImageStatus>,
    transforms: HashMap<TransformName, (Matrix4<f64>, Field)>,
    statuses: HashMap<TransformName, TransformStatus>,
    fields: BTreeMap<String, String>,
}

/// Sets what was not set before.
fn once<T>(slot: &mut Option<T>, value: T, line: &Field) -> Result<(), Error> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::DuplicateField { key: line.key.clone(), line: line.line }),
    }
}

fn wrong(line: &Field, expected: &'static str) -> Error {
    Error::Value { key: line.key.clone(), line: line.line, expected, came: excerpt(&line.value) }
}

fn seconds(line: &Field) -> Result<f64, Error> {
    let value = line.value.parse().ok().filter(|value: &f64| value.is_finite());
    value.ok_or_else(|| wrong(line, "a finite number of seconds"))
}

fn name(text: &str, line: &Field) -> Result<TransformName, Error> {
    text.parse().map_err(|problem| Error::TransformName {
        key: line.key.clone(),
        line: line.line,
        problem,
    })
}

impl Gathered {
    /// Takes a line whose key starts with [`PREFIX`]; `frames` is how many the file declares.
    pub(super) fn take(&mut self, line: &Field, frames: u64) -> Result<(), Error> {
        let bad_key = || Error::FrameKey { key: excerpt(&line.key), line: line.line };
        let rest = line.key.strip_prefix(PREFIX).ok_or_else(bad_key)?;
        let (number, field) = rest.split_once('_').ok_or_else(bad_key)?;
        let frame = digits(number).ok_or_else(bad_key)?;
        if field.is_empty() {
            return Err(bad_key());
        }
        if frame >= frames {
            return Err(Error::FrameBeyondEnd {
                key: line.key.clone(),
                line: line.line,
                frame,
                frames,
            });
        }
        self.frames.entry(frame).or_default().take(field, line)
    }

    /// The frames in their order: as many as the file declares, each with its time.
    pub(super) fn finish(self, frames: u64) -> Result<Vec<Frame>, Error> {
        // As many as came, never as many as declared: the first that is missing ends it.
        let mut complete = Vec::with_capacity(self.frames.len());
        for (number, partial) in self.frames {
            let expected = complete.len() as u64;
            if number != expected {
                break;
            }
            complete.push(partial.finish(number, frames)?);
        }
        let came = complete.len() as u64;
        if came < frames {
            return Err(Error::MissingField { frame: came, frames, field: "Timestamp" });
        }
        Ok(complete)
    }
}

impl Frame {
    /// From the names and texts of its fields, such as `ProbeToTrackerTransform`; `time_s` is when it was, if no
    /// field says so.
    ///
    /// # Errors
    /// As of a file; the frame is called `number`, from 0, and lines have the number 0.
    pub fn from_fields(
        number: u64,
        time_s: f64,
        fields: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let mut partial = Partial::default();
        for (name, value) in fields {
            let key = format!("{PREFIX}{number:04}_{name}");
            partial.take(&name, &Field { key, value, line: 0 })?;
        }
        partial.timestamp_s.get_or_insert(time_s);
        partial.finish(number, number.saturating_add(1))
    }
}

impl Partial {
    fn take(&mut self, field: &str, line: &Field) -> Result<(), Error> {
        match field {
            "Timestamp" => once(&mut self.timestamp_s, seconds(line)?, line),
            "UnfilteredTimestamp" => once(&mut self.unfiltered_timestamp_s, seconds(line)?, line),
            "FrameNumber" => {
                let number = digits(&line.value)
                    .ok_or_else(|| wrong(line, "a whole number that is not negative"))?;
                once(&mut self.number, number, line)
            }
            "ImageStatus" => {
                let status = match line.value.as_str() {
                    "OK" => ImageStatus::Ok,
                    "INVALID" => ImageStatus::Invalid,
                    other => ImageStatus::Other(other.to_owned()),
                };
                once(&mut self.image_status, status, line)
            }
            _ => self.take_transform(field, line),
        }
    }

    fn take_transform(&mut self, field: &str, line: &Field) -> Result<(), Error> {
        let duplicate = || Error::DuplicateField { key: line.key.clone(), line: line.line };
        if let Some(text) = field.strip_suffix("TransformStatus") {
            let status = match line.value.as_str() {
                "OK" => TransformStatus::Ok,
                "INVALID" => TransformStatus::Invalid,
                other => TransformStatus::Other(other.to_owned()),
            };
            let before = self.statuses.insert(name(text, line)?, status);
            return before.map_or(Ok(()), |_| Err(duplicate()));
        }
        if let Some(text) = field.strip_suffix("Transform") {
            let matrix = matrix_text::parse(&line.value)
                .ok_or_else(|| wrong(line, "16 numbers, one row after the other"))?;
            let before = self.transforms.insert(name(text, line)?, (matrix, line.clone()));
            return before.map_or(Ok(()), |_| Err(duplicate()));
        }
        match self.fields.entry(field.to_owned()) {
            Entry::Vacant(slot) => {
                slot.insert(line.value.clone());
                Ok(())
            }
            Entry::Occupied(_) => Err(duplicate()),
        }
    }

    fn finish(mut self, frame: u64, frames: u64) -> Result<Frame, Error> {
        let mut transforms = BTreeMap::new();
        for (name, (matrix, line)) in self.transforms {
            let status = self.statuses.remove(&name).unwrap_or(TransformStatus::Absent);
            if status == TransformStatus::Ok
                && let Some(flaw) = matrix_text::flaw(&matrix)
            {
                return Err(Error::UnusableTransform { key: line.key, line: line.line, flaw });
            }
            transforms.insert(name, TrackedTransform { matrix, status });
        }
        if let Some(name) = self.statuses.into_keys().min() {
            return Err(Error::StatusWithoutTransform { frame, name: name.to_string() });
        }
        let missing = Error::MissingField { frame, frames, field: "Timestamp" };
        // A single image is at no other time than itself.
        let timestamp_s = self.timestamp_s.or((frames == 1).then_some(0.0));
        Ok(Frame {
            timestamp_s: timestamp_s.ok_or(missing)?,
            unfiltered_timestamp_s: self.unfiltered_timestamp_s,
            number: self.number,
            image_status: self.image_status.unwrap_or(ImageStatus::Absent),
            transforms,
            fields: self.fields,
        })
    }
}
