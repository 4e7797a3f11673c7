//! One frame of a sequence: when it was, what was tracked, whether its image is any good.

use std::collections::BTreeMap;

use nalgebra::Matrix4;

use super::transform_name::TransformName;

/// What the recording says about a pose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransformStatus {
    /// The tool was seen: the only status that makes a pose usable.
    Ok,
    /// The tool was not seen.
    Invalid,
    /// The file has no status for it.
    Absent,
    /// Another word, such as `OUT_OF_VIEW`.
    Other(String),
}

/// A transform as it is in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackedTransform {
    /// Maps coordinates of the first named frame to the second, in millimetres. Whatever the file
    /// has, if the status is not [`TransformStatus::Ok`].
    pub matrix: Matrix4<f64>,
    /// Whether the tool was seen.
    pub status: TransformStatus,
}

impl TrackedTransform {
    /// The matrix, if its status is OK: then it is finite, invertible and has the last row `0 0 0 1`.
    pub fn usable(&self) -> Option<&Matrix4<f64>> {
        (self.status == TransformStatus::Ok).then_some(&self.matrix)
    }
}

/// What the recording says about the image of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageStatus {
    /// The image is there.
    Ok,
    /// There are only placeholder pixels.
    Invalid,
    /// The file says nothing; PLUS takes that as OK.
    Absent,
    /// Another word.
    Other(String),
}

impl ImageStatus {
    /// Whether the pixels are an image.
    pub fn is_usable(&self) -> bool {
        matches!(self, Self::Ok | Self::Absent)
    }
}

/// What the header says about one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// When it was acquired, in seconds on the recording's own clock, finite; 0 for a single image whose
    /// file does not say.
    pub timestamp_s: f64,
    /// The same before the recorder smoothed it.
    pub unfiltered_timestamp_s: Option<f64>,
    /// The device's own number; a gap is a frame that was not recorded.
    pub number: Option<u64>,
    /// Whether the image is any good.
    pub image_status: ImageStatus,
    /// Poses by name.
    pub transforms: BTreeMap<TransformName, TrackedTransform>,
    /// All other fields, such as `ProbeRotation`, as text.
    pub fields: BTreeMap<String, String>,
}

impl Frame {
    /// A frame with a time and nothing else.
    pub fn at(timestamp_s: f64) -> Self {
        Self {
            timestamp_s,
            unfiltered_timestamp_s: None,
            number: None,
            image_status: ImageStatus::Absent,
            transforms: BTreeMap::new(),
            fields: BTreeMap::new(),
        }
    }

    /// The transform from one frame to another, if the file has it, whatever its status.
    pub fn transform(&self, from: &str, to: &str) -> Option<&TrackedTransform> {
        self.transforms.get(&TransformName::new(from, to))
    }
}
