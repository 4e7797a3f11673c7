//! Video files (`.mkv`, `.mp4`, `.mov`, `.avi`, `.webm`, `.mpg`, …), frame by frame as 8-bit gray with their times.
//!
//! The programs `ffprobe` and `ffmpeg` (5.1 or newer, as Debian has them) do the decoding, each in a process of its
//! own; without them there is [`Error::Absent`]. `ffmpeg` hands frames over in [NUT](NutReader), one stream in which
//! each frame has its size and its time, so that times and pixels cannot get out of step, also where the rate varies.
//! Only one image is in memory at a time.
//!
//! What is taken is the first stream of moving images, as it is coded: no frame is left out, doubled, scaled or
//! deinterlaced, and rotation that the file asks for is told ([`VideoStream::rotation_deg`]) but not done. Times are
//! those of the file. Colour becomes gray by its luma, of the full range: black is 0 and white is 255, also where the file
//! keeps them as 16 and 235. Samples of more than 8 bits are rounded to 8.
//!
//! Where IGSIO wrote an MKV, the transforms and times of its frames are beside the images as texts, and come with the
//! frames ([`VideoFrame::fields`]).
//!
//! A file from which anything is missing is refused: whatever `ffmpeg` calls an error ends the reading with one.
//!
//! Names of files are hostile, too: no shell sees them, `ffmpeg` takes them for nothing but a local file, reads it as
//! the kind that its first bytes show, and opens no other file or address for it.

mod arguments;
mod child;
mod container;
mod error;
mod field_track;
mod nut;
mod packets;
mod probe;
mod reader;

use std::path::PathBuf;

pub use container::Container;
pub use error::Error;
pub use field_track::{FieldTrack, TimedFields};
pub use nut::{NutError, NutReader, NutStream, Packet};
pub use packets::PacketTimes;
pub use probe::VideoStream;
pub use reader::{VideoFrame, VideoReader};

/// The programs that read video; names without a slash are looked for where the system has its programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    /// Tells what a file holds.
    pub ffprobe: PathBuf,
    /// Decodes.
    pub ffmpeg: PathBuf,
}

impl Default for Programs {
    fn default() -> Self {
        Self { ffprobe: "ffprobe".into(), ffmpeg: "ffmpeg".into() }
    }
}
