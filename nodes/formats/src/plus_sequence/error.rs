//! What can be wrong with a PLUS sequence, in words for the person who has the file.

use super::transform_name::NoTransformName;
use crate::metaimage::{self, excerpt};
use crate::placed_volume;

/// Why a sequence cannot be read, shown or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no well-formed MetaImage.
    #[error(transparent)]
    MetaImage(#[from] metaimage::Error),
    /// It is no well-formed NRRD.
    #[error(transparent)]
    Nrrd(#[from] placed_volume::Error),
    /// The axes are not those of a sequence.
    #[error(
        "a sequence of 2-D images has the sizes `width height frames` and the kinds `domain domain list` (in a NRRD with `vector` before them if there are colours), but this file has the sizes `{dims}` and the kinds `{kinds}`"
    )]
    NotASequence {
        /// Sizes in the file.
        dims: String,
        /// Kinds of axes in the file.
        kinds: String,
    },
    /// A sequence without frames as a NRRD.
    #[error("a NRRD cannot hold a sequence without frames; write it as a MetaImage (`.igs.mha`)")]
    NoFrames,
    /// A key such as `Seq_Frame12` without frame number or field name.
    #[error("`{key}` in line {line} should read `Seq_FrameNNNN_Field`")]
    FrameKey {
        /// The key.
        key: String,
        /// Line number, from 1.
        line: usize,
    },
    /// A line for a frame that the file does not have.
    #[error(
        "`{}` in line {line} belongs to frame {frame}, but DimSize declares {frames} frames (0 to {frames} exclusive)",
        excerpt(key)
    )]
    FrameBeyondEnd {
        /// The key.
        key: String,
        /// Line number, from 1.
        line: usize,
        /// The frame's number in the key.
        frame: u64,
        /// Declared frames.
        frames: u64,
    },
    /// One field twice in a frame.
    #[error(
        "`{}` in line {line} says again what an earlier line says for the same frame",
        excerpt(key)
    )]
    DuplicateField {
        /// The key.
        key: String,
        /// Line number, from 1.
        line: usize,
    },
    /// A frame without a line that it needs.
    #[error(
        "frame {frame} of {frames} has no `{field}`; each frame needs one, so the header was cut or written wrongly"
    )]
    MissingField {
        /// Number of the frame, from 0.
        frame: u64,
        /// Declared frames.
        frames: u64,
        /// What is missing.
        field: &'static str,
    },
    /// A value of a frame that makes no sense.
    #[error("`{}` in line {line} should be {expected}, but is `{came}`", excerpt(key))]
    Value {
        /// The key.
        key: String,
        /// Line number, from 1.
        line: usize,
        /// What was expected.
        expected: &'static str,
        /// The beginning of what came.
        came: String,
    },
    /// A matrix that is marked usable and cannot be used.
    #[error(
        "`{}` in line {line} is marked OK, but {flaw}; mark it INVALID or correct the matrix",
        excerpt(key)
    )]
    UnusableTransform {
        /// The key.
        key: String,
        /// Line number, from 1.
        line: usize,
        /// What is wrong.
        flaw: &'static str,
    },
    /// A transform name that does not name two frames.
    #[error("`{}` in line {line}: {problem}", excerpt(key))]
    TransformName {
        /// The key.
        key: String,
        /// Line number, from 1.
        line: usize,
        /// What is wrong with the name.
        problem: NoTransformName,
    },
    /// A status without its matrix.
    #[error("frame {frame} has `{0}TransformStatus` but no `{0}Transform`", excerpt(name))]
    StatusWithoutTransform {
        /// Number of the frame, from 0.
        frame: u64,
        /// Name of the transform.
        name: String,
    },
    /// An unknown word for the orientation of the images.
    #[error(
        "UltrasoundImageOrientation `{came}` is not known; write MF (x towards the marked side of the probe, y away from it), or MN, UF, UN, FM, FU, NM, NU"
    )]
    Orientation {
        /// What came.
        came: String,
    },
    /// The images cannot be shown as 8-bit gray.
    #[error("frame {frame} is no 8-bit gray image: {reason}")]
    NotGray {
        /// Number of the frame, from 0.
        frame: usize,
        /// Why, and what would help.
        reason: String,
    },
    /// A frame number beyond the end.
    #[error("frame {frame} was asked for, but the sequence has {frames} frames")]
    NoSuchFrame {
        /// The frame.
        frame: usize,
        /// How many there are.
        frames: usize,
    },
    /// Pixels that do not fit the header.
    #[error("the header describes {declared} bytes of pixels, but {came} bytes are given")]
    PixelsDoNotFit {
        /// Bytes by the header.
        declared: u64,
        /// Bytes that are there.
        came: u64,
    },
    /// A field that cannot be written so that it reads back.
    #[error(
        "the field `{}` cannot be written: names are plain words, and values have no newlines or blanks around them",
        excerpt(key)
    )]
    Unwritable {
        /// The key.
        key: String,
    },
}
