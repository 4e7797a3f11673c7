//! What can be wrong with a video, in words for the person who has the file.

use std::io;

use super::nut::NutError;

/// Why a video cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened.
    #[error("it cannot be opened: {0}")]
    File(io::Error),
    /// A folder, a pipe or a device.
    #[error("a video is read from a regular file, and this is none; copy what it holds into one")]
    NotRegular,
    /// It begins like no video.
    #[error(
        "it begins like no video: expected is Matroska, WebM, MP4, QuickTime, AVI, MPEG, Windows Media, Flash or Ogg"
    )]
    NotAVideo,
    /// A program is not installed.
    #[error(
        "reading video needs the programs `ffmpeg` and `ffprobe`, and `{program}` is not here; install both with `apt install ffmpeg`"
    )]
    Absent {
        /// The program that is not there.
        program: String,
    },
    /// A program is there, but does not start.
    #[error("`{program}`, which reads video, cannot be started: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// What a program writes cannot be read.
    #[error("what `{program}` writes cannot be read: {source}")]
    Pipe {
        /// The program.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// A program was ended by a signal.
    #[error(
        "`{program}` was ended by signal {signal}; was it killed, or is there too little memory?"
    )]
    Killed {
        /// The program.
        program: String,
        /// The number of the signal.
        signal: i32,
    },
    /// `ffprobe` cannot make anything of the file.
    #[error("`ffprobe` cannot read it: {said}; the file is damaged or was cut")]
    Probe {
        /// The last that it said.
        said: String,
    },
    /// An answer of `ffprobe` is not as expected.
    #[error(
        "`ffprobe` should have answered with {expected}, but answered `{came}`; version 5.1 or newer is needed"
    )]
    Answer {
        /// What was expected.
        expected: &'static str,
        /// The beginning of what came.
        came: String,
    },
    /// Sound or data only.
    #[error(
        "it has no moving images: none of its {streams} streams is video; give the file with the images"
    )]
    NoVideo {
        /// Streams of all kinds, pictures that come with sound among them.
        streams: usize,
    },
    /// Images, or what is told of the file, are larger than wanted.
    #[error("{what} takes {declared} bytes, and at most {limit} are read")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it says it is, or how much came before it was given up, in bytes.
        declared: u64,
        /// The most, in bytes.
        limit: u64,
    },
    /// `ffmpeg` gave up.
    #[error(
        "`ffmpeg` stopped after {frames} frames: {said}; the file is damaged or was cut, or this `ffmpeg` is older than 5.1"
    )]
    Decode {
        /// The last that it said.
        said: String,
        /// Frames that came before.
        frames: u64,
    },
    /// `ffmpeg` went on to the end, but something was wrong.
    #[error(
        "of the {frames} frames not all is sound, `ffmpeg` says: {said}; `ffmpeg -i FILE -c:v ffv1 MENDED.mkv` writes what can be read into another file"
    )]
    Damaged {
        /// The last that it said.
        said: String,
        /// Frames that came.
        frames: u64,
    },
    /// The file ends before its video does.
    #[error("it was cut: {declared} frames are declared, and {frames} came; copy the file again")]
    Cut {
        /// Frames by the header.
        declared: u64,
        /// Frames that came.
        frames: u64,
    },
    /// There is not one frame.
    #[error("it has a video stream, but not one frame in it")]
    NoFrames,
    /// A frame of another size.
    #[error(
        "frame {frame} is not of {expected} but of {came} bytes: the size of the images changes, and a sequence has images of one size; cut the video where it changes, with `ffmpeg -ss` and `-to`"
    )]
    FrameSize {
        /// Counted from 0.
        frame: u64,
        /// Bytes by the size of the first image.
        expected: u64,
        /// Bytes that came.
        came: u64,
    },
    /// What `ffmpeg` writes is no well-formed stream.
    #[error("what `ffmpeg` writes is not understood: {0}; version 5.1 or newer is needed")]
    Nut(#[from] NutError),
}
