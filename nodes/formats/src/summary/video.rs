//! What people ask about a video: how large, how long, how fast.

use std::path::Path;

use crate::metaimage::Limits;
use crate::video::{Container, Error, PacketTimes, Programs, VideoStream};

/// What a video holds, by what its container says; nothing is decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoSummary {
    /// The kind of file.
    pub container: Container,
    /// How its images are coded, in `ffmpeg`'s word, such as `h264`.
    pub codec: String,
    /// How its pixels are kept, in `ffmpeg`'s word, such as `yuv420p`.
    pub pixel_format: String,
    /// Pixels along x.
    pub width_px: usize,
    /// Pixels along y.
    pub height_px: usize,
    /// How far a player is to turn it counterclockwise, in degrees, if it is.
    pub rotation_deg: Option<f64>,
    /// How many frames.
    pub frames: usize,
    /// When the first frame is shown, in seconds on the clock of the file; `None` if no frame has a time.
    pub starts_at_s: Option<f64>,
    /// From the first to the last frame, in seconds.
    pub duration_s: f64,
    /// The time between two frames that half of all are shorter than, in seconds; `None` with less than two frames.
    pub median_gap_s: Option<f64>,
    /// The longest of these in seconds, and the frame after it; `None` with less than two frames.
    pub largest_gap: Option<(f64, usize)>,
    /// Whether all are the same, but for the tick in which the file counts time; `None` with less than two frames.
    pub is_constant_rate: Option<bool>,
    /// The names of the texts that come with frames, such as `ProbeToTrackerTransform`.
    pub fields: Vec<String>,
    /// What `ffprobe` found wrong with the file, if it did.
    pub remark: Option<String>,
}

impl VideoSummary {
    /// Of the file `path`.
    ///
    /// # Errors
    /// If it is no video, a program is missing or fails, or there is more than the limits allow.
    pub fn read(path: &Path, programs: &Programs, limits: &Limits) -> Result<Self, Error> {
        let (container, stream, times) = PacketTimes::of_file(path, programs, limits)?;
        Ok(Self::of(container, stream, times))
    }

    /// Of what `ffprobe` tells.
    pub fn of(container: Container, stream: VideoStream, times: PacketTimes) -> Self {
        let ticks = &times.ticks;
        // Far apart they may be further than 64 bits can say.
        let gaps = ticks.array_windows().map(|[a, b]| b.saturating_sub(*a));
        let mut gaps: Vec<(i64, usize)> = gaps.zip(1..).collect();
        gaps.sort_unstable();
        let shortest_longest = gaps.first().zip(gaps.last());
        let median = gaps.get(gaps.len() / 2).map(|(median, _)| *median);
        let ends = ticks.first().zip(ticks.last());
        Self {
            container,
            frames: ticks.len() + times.untimed,
            starts_at_s: ticks.first().map(|first| stream.seconds(*first)),
            duration_s: ends
                .map_or(0.0, |(first, last)| stream.seconds(last.saturating_sub(*first))),
            median_gap_s: median.map(|gap| stream.seconds(gap)),
            largest_gap: gaps.last().map(|(gap, frame)| (stream.seconds(*gap), *frame)),
            is_constant_rate: shortest_longest
                .map(|((shortest, _), (longest, _))| longest.saturating_sub(*shortest) <= 1),
            fields: stream.fields.into_iter().map(|track| track.name).collect(),
            codec: stream.codec,
            pixel_format: stream.pixel_format,
            width_px: stream.width_px,
            height_px: stream.height_px,
            rotation_deg: stream.rotation_deg,
            remark: times.remark,
        }
    }

    /// Frames a second: of a constant rate over the whole, else by the median gap; `None` with less than two frames, or
    /// if they are all at one time.
    pub fn rate_hz(&self) -> Option<f64> {
        let mean = self.duration_s / (self.frames.max(2) - 1) as f64;
        let gap = if self.is_constant_rate? { mean } else { self.median_gap_s? };
        (gap > 0.0).then(|| gap.recip())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ticks: &[i64]) -> VideoSummary {
        let answer = r#"{ "streams": [ { "index": 0, "codec_type": "video", "codec_name": "h264",
            "width": 4, "height": 3, "pix_fmt": "gray", "time_base": "1/1000" } ] }"#;
        let stream = VideoStream::parse(answer.as_bytes(), &Limits::default()).unwrap();
        let times = PacketTimes { ticks: ticks.to_vec(), ..PacketTimes::default() };
        VideoSummary::of(Container::Matroska, stream, times)
    }

    #[test]
    fn rates_are_constant_within_a_tick() {
        // 30 a second, in whole milliseconds.
        let even = of(&[0, 33, 67, 100, 133, 167, 200]);
        assert_eq!(even.is_constant_rate, Some(true));
        assert!((even.rate_hz().unwrap() - 30.0).abs() < 1e-9);
        let uneven = of(&[40, 80, 120, 220, 260]);
        assert_eq!((uneven.is_constant_rate, uneven.rate_hz()), (Some(false), Some(25.0)));
        assert_eq!(uneven.largest_gap, Some((0.1, 3)));
        assert_eq!((uneven.starts_at_s, uneven.duration_s), (Some(0.04), 0.22));
    }

    #[test]
    fn few_frames_have_no_rate() {
        for ticks in [&[][..], &[7]] {
            let few = of(ticks);
            assert_eq!((few.rate_hz(), few.is_constant_rate, few.duration_s), (None, None, 0.0));
        }
        assert_eq!(of(&[5, 5]).rate_hz(), None);
        assert_eq!(of(&[i64::MIN, i64::MAX]).frames, 2);
    }
}
