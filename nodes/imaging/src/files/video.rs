//! Videos, as the tools `info` and `convert` take them.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read as _};
use std::path::Path;

use formats::metaimage::{Limits, ScalarType};
use formats::plus_sequence::{
    self, Frame, ImageFormat, ImageStatus, Orientation, SequenceKind, SpooledSequence,
};
use formats::summary::VideoSummary;
use formats::video::{Container, Programs, VideoFrame, VideoReader};
use serde_json::{Value, json};

use super::{Error, name};
use crate::progress::Progress;

/// Whether a file begins like a video.
pub(super) fn is_video(path: &Path) -> bool {
    // A pipe is left alone: what is taken from it would be gone for others.
    if !path.is_file() {
        return false;
    }
    let mut start = Vec::new();
    let read = File::open(path)
        .and_then(|file| file.take(Container::START_BYTES as u64).read_to_end(&mut start));
    read.is_ok() && Container::of(&start).is_some()
}

/// Writes the images of a video, gray, with their times, as a sequence.
pub(super) fn to_sequence(
    input: &Path,
    output: &Path,
    orientation: Option<Orientation>,
    compressed: bool,
) -> Result<String, Error> {
    let kind = SequenceKind::from_file_name(&name(output)).ok_or_else(|| Error::Mismatch {
        from: input.to_owned(),
        to: output.to_owned(),
        what: "a video",
        hint: "name a file of sequences, .igs.mha or .igs.nrrd",
    })?;
    let wrong = |source| Error::Video { path: input.to_owned(), source };
    let mut video =
        VideoReader::open(input, &Programs::default(), &Limits::default()).map_err(wrong)?;
    let [width_px, height_px] = video.size_px();
    let images = ImageFormat {
        width_px,
        height_px,
        channels: 1,
        scalar: ScalarType::U8,
        orientation,
        image_type: "BRIGHTNESS".to_owned(),
    };
    let failed = |source| Error::Sequence { path: output.to_owned(), source };
    let mut sequence = SpooledSequence::new(images, kind, compressed, spool(output)?);
    let declared = video.stream().declared_frames.and_then(|frames| frames.try_into().ok());
    let mut progress = Progress::new("frames", declared);
    let (mut pixels, mut tracked) = (Vec::new(), 0);
    while let Some(frame) = video.read_frame(&mut pixels).map_err(wrong)? {
        let index = sequence.header().frames.len();
        let frame = about(index as u64, frame)
            .map_err(|source| Error::Sequence { path: input.to_owned(), source })?;
        tracked += usize::from(!frame.transforms.is_empty());
        sequence.add(frame, &pixels).map_err(failed)?;
        progress.tell(index + 1);
    }
    let mut said = format!("{}: {} frames", output.display(), sequence.header().frames.len());
    let file = File::create(output).map_err(|source| cannot_write(output, source))?;
    if let Err(error) = sequence.finish(BufWriter::new(file)) {
        // A part of a sequence is none.
        let _ = std::fs::remove_file(output);
        return Err(failed(error));
    }
    if tracked > 0 {
        let _ = write!(said, ", {tracked} of them with transforms");
    }
    if video.texts_left() > 0 {
        let _ = write!(said, "; there are texts at {} times without image", video.texts_left());
    }
    if orientation.is_none() {
        said.push_str(
            "; how the images lie is not known: --orientation MF says that the probe is above and its marked side right",
        );
    }
    Ok(said)
}

fn cannot_write(path: &Path, source: std::io::Error) -> Error {
    Error::File { what: "write", path: path.to_owned(), source }
}

/// What a sequence says of a frame.
fn about(index: u64, frame: VideoFrame) -> Result<Frame, plus_sequence::Error> {
    let VideoFrame { time_s, fields, .. } = frame;
    let mut about = Frame::from_fields(index, time_s, fields)?;
    about.number.get_or_insert(index);
    if about.image_status == ImageStatus::Absent {
        about.image_status = ImageStatus::Ok;
    }
    Ok(about)
}

/// A file for pixels in the folder of the output, where there is to be room for as many; it has no name, so that
/// nothing is left of it, however this process ends.
fn spool(output: &Path) -> Result<File, Error> {
    let path = output.with_file_name(format!(".{}-{}.pixels", name(output), std::process::id()));
    let opened = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
    let file = opened.map_err(|source| cannot_write(&path, source))?;
    std::fs::remove_file(&path).map_err(|source| cannot_write(&path, source))?;
    Ok(file)
}

/// What a video holds, as JSON and for people.
pub(super) fn told(path: &Path) -> Result<(Value, String), Error> {
    let video = VideoSummary::read(path, &Programs::default(), &Limits::default())
        .map_err(|source| Error::Video { path: path.to_owned(), source })?;
    let json = json!({
        "kind": "video",
        "format": video.container.to_string(),
        "codec": video.codec,
        "pixel_format": video.pixel_format,
        "width_px": video.width_px,
        "height_px": video.height_px,
        "rotation_deg": video.rotation_deg,
        "frames": video.frames,
        "starts_at_s": video.starts_at_s,
        "duration_s": video.duration_s,
        "rate_hz": video.rate_hz(),
        "is_constant_rate": video.is_constant_rate,
        "median_gap_s": video.median_gap_s,
        "largest_gap_s": video.largest_gap.map(|(gap, _)| gap),
        "largest_gap_before_frame": video.largest_gap.map(|(_, frame)| frame),
        "fields": video.fields,
        "remark": video.remark,
    });
    Ok((json, text(&video)))
}

fn text(video: &VideoSummary) -> String {
    let mut text = format!(
        "{}: a video of {} frames, {:.3} s",
        video.container, video.frames, video.duration_s
    );
    if let Some(rate) = video.rate_hz() {
        let is_constant = video.is_constant_rate == Some(true);
        let kind = if is_constant { "constant" } else { "variable, by the median gap" };
        let _ = write!(text, ", {rate:.1} Hz ({kind})");
    }
    let _ = write!(text, "\n  images       {}×{} px", video.width_px, video.height_px);
    let _ = writeln!(text, ", codec {}, pixels {}", video.codec, video.pixel_format);
    if let Some((gap, frame)) = video.largest_gap
        && video.is_constant_rate == Some(false)
    {
        let _ = writeln!(text, "  largest gap  {:.1} ms, before frame {frame}", gap * 1e3);
    }
    if let Some(rotation) = video.rotation_deg {
        let _ = writeln!(
            text,
            "  players turn it by {rotation}° counterclockwise; `convert` leaves the pixels as they are"
        );
    }
    if !video.fields.is_empty() {
        let _ = writeln!(text, "  fields       {}", video.fields.join(", "));
    }
    if let Some(remark) = &video.remark {
        let _ = writeln!(text, "  damaged      {remark}");
    }
    text
}
