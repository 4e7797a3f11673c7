//! PLUS sequences (`.igs.mha`, `.igs.nrrd`): images with poses, timestamps and statuses, or poses alone.
//!
//! A sequence is a [MetaImage](crate::metaimage) or a NRRD whose last axis is time and whose header has lines
//! `Seq_FrameNNNN_Field = …` (in a NRRD `Seq_FrameNNNN_Field:=…`) for each frame. Matrices are row-major and in millimetres;
//! `ProbeToTrackerTransform` maps probe coordinates to tracker coordinates. Without images the size
//! is `0 0 N`, in a NRRD `1 1 N`.
//!
//! [`Sequence::read`] takes a whole file into memory, [`FrameReader`] one frame at a time from a
//! stream; [`SpooledSequence`] writes one so. Pixels are kept as they are in the file; [`SequenceHeader::gray_image`] turns them to the
//! MF orientation that calibrations expect.

mod error;
mod frame;
mod frame_fields;
mod frame_reader;
mod gray_image;
mod header;
mod nrrd;
mod opened;
mod orientation;
mod sequence;
mod spooled;
mod transform_name;
mod write;

pub use error::Error;
pub use frame::{Frame, ImageStatus, TrackedTransform, TransformStatus};
pub use frame_reader::FrameReader;
pub use gray_image::GrayImage;
pub use header::{ImageFormat, SequenceHeader};
pub use orientation::{Elevation, Orientation};
pub use sequence::Sequence;
pub use spooled::{SequenceKind, SpooledSequence};
pub use transform_name::{NoTransformName, TransformName};

pub(crate) use frame_fields::PREFIX;
