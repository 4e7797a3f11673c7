//! What people ask about a sequence: how fast, how complete, and what was tracked.

use std::collections::BTreeMap;
use std::io;

use super::volume::range;
use crate::metaimage::{self, Limits, Pixels};
use crate::nrrd::type_name;
use crate::placed_volume;
use crate::plus_sequence::{Error, Frame, FrameReader, ImageFormat, SequenceHeader, TransformName};

/// What a sequence holds, and where it has holes.
#[derive(Clone, Debug, PartialEq)]
pub struct SequenceSummary {
    /// The kind of file, such as `MetaImage, zlib`.
    pub format: String,
    /// How many frames.
    pub frames: usize,
    /// The time of the first frame, in seconds on the recording's own clock; `None` if there is no frame.
    pub starts_at_s: Option<f64>,
    /// From the first to the last frame in their order, in seconds; negative if the last is the earlier one.
    pub duration_s: f64,
    /// The gap between two frames that half of all gaps are shorter than, in seconds; `None` with less than two frames.
    pub median_gap_s: Option<f64>,
    /// The longest gap in seconds, and the frame after it; `None` with less than two frames.
    pub largest_gap: Option<(f64, usize)>,
    /// What the images are; `None` if there are poses only.
    pub images: Option<ImageSummary>,
    /// Frames that have no usable image, of all.
    pub frames_without_image: usize,
    /// Frames that are not later than the one before them.
    pub steps_back: usize,
    /// The first of these.
    pub first_step_back: Option<usize>,
    /// What was tracked, by name.
    pub tools: Vec<ToolSummary>,
}

/// The images of a sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageSummary {
    /// Size, channels, orientation and kind of each image, as they lie in the file.
    pub format: ImageFormat,
    /// The name of the number type for people, such as `uint8`.
    pub scalar_name: &'static str,
    /// The spacing of pixels as written; PLUS writes 1 and takes millimetres from the calibration.
    pub pixel_spacing: [f64; 2],
    /// The least and the largest finite number in all usable images; `None` if there is none.
    pub range: Option<[f64; 2]>,
}

/// A transform of a sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolSummary {
    /// Its frames, such as from `Probe` to `Tracker`.
    pub name: TransformName,
    /// Frames that have it, usable or not.
    pub named: usize,
    /// Frames in which it is usable: the tool was seen.
    pub seen: usize,
    /// The share of all frames in which the tool was seen, from 0 to 1.
    pub share_seen: f64,
}

impl SequenceSummary {
    /// Frames a second, by the median gap; `None` with less than two frames, or if that gap is not above zero.
    pub fn rate_hz(&self) -> Option<f64> {
        self.median_gap_s.filter(|gap| *gap > 0.0).map(f64::recip)
    }

    /// Of a sequence whose pixels are all read.
    pub(super) fn read(
        bytes: &[u8],
        format: String,
        limits: &Limits,
        mut beside: impl FnMut(&str) -> io::Result<Vec<u8>>,
    ) -> Result<Self, Error> {
        let data;
        let reader = match FrameReader::open(bytes, limits) {
            Err(Error::MetaImage(metaimage::Error::Detached { name })) => {
                data = beside(&name)
                    .map_err(|source| placed_volume::Error::Beside { name, source })?;
                FrameReader::open_detached(bytes, &data[..], limits)
            }
            opened => opened,
        };
        Self::of(reader?, format)
    }

    fn of(mut reader: FrameReader<&[u8]>, format: String) -> Result<Self, Error> {
        let (mut pixels, mut found) = (Vec::new(), None::<[f64; 2]>);
        while let Some(frame) = reader.read_frame(&mut pixels)? {
            let header = reader.header();
            let Some(images) = &header.images else { continue };
            if !header.frames[frame].image_status.is_usable() {
                continue;
            }
            let image = Pixels::from_native(images.scalar, std::mem::take(&mut pixels));
            if let (Some([least, largest]), _) = range(&image) {
                let [low, high] = found.unwrap_or([least, largest]);
                found = Some([low.min(least), high.max(largest)]);
            }
        }
        let header = reader.header();
        let mut summary = Self::of_header(header, format);
        summary.images = header.images.clone().map(|format| ImageSummary {
            scalar_name: type_name(format.scalar),
            pixel_spacing: header.pixel_spacing,
            range: found,
            format,
        });
        Ok(summary)
    }

    fn of_header(header: &SequenceHeader, format: String) -> Self {
        let frames = &header.frames;
        let gaps = frames.array_windows().map(|[a, b]| b.timestamp_s - a.timestamp_s);
        let mut gaps: Vec<(f64, usize)> = gaps.zip(1..).collect();
        let steps_back = gaps.iter().filter(|(gap, _)| *gap <= 0.0).count();
        gaps.sort_by(|a, b| a.0.total_cmp(&b.0));
        let middle = gaps.len() / 2;
        let median_gap_s = match gaps[..] {
            [] => None,
            _ if gaps.len() % 2 == 1 => Some(gaps[middle].0),
            _ => Some(gaps[middle - 1].0.midpoint(gaps[middle].0)),
        };
        let times = frames.first().zip(frames.last());
        let is_without =
            |frame: &&Frame| header.images.is_none() || !frame.image_status.is_usable();
        Self {
            format,
            frames: frames.len(),
            starts_at_s: frames.first().map(|frame| frame.timestamp_s),
            duration_s: times.map_or(0.0, |(first, last)| last.timestamp_s - first.timestamp_s),
            median_gap_s,
            largest_gap: gaps.last().copied(),
            images: None,
            frames_without_image: frames.iter().filter(is_without).count(),
            steps_back,
            first_step_back: header.first_step_back(),
            tools: tools(header),
        }
    }
}

fn tools(header: &SequenceHeader) -> Vec<ToolSummary> {
    let mut counts: BTreeMap<&TransformName, (usize, usize)> = BTreeMap::new();
    for (name, transform) in header.frames.iter().flat_map(|frame| &frame.transforms) {
        let (named, seen) = counts.entry(name).or_default();
        *named += 1;
        *seen += usize::from(transform.usable().is_some());
    }
    let all = header.frames.len() as f64;
    counts
        .into_iter()
        .map(|(name, (named, seen))| ToolSummary {
            name: name.clone(),
            named,
            seen,
            share_seen: seen as f64 / all,
        })
        .collect()
}
