//! The poses of a PLUS sequence, at their times.

use std::time::Duration;

use formats::metaimage::Limits;
use formats::plus_sequence::Sequence;
use messages::{Tool, Tracker, Transform};
use nalgebra::Isometry3;

use super::{MovingTool, Trajectory};
use crate::faults::{Hidden, Sight};

/// Tools as a recording has them; the last frame stays.
#[derive(Clone, Debug)]
pub struct Recorded {
    tools: Vec<MovingTool>,
    /// When each frame was taken after the first, and of each tool where it was.
    frames: Vec<(Duration, Vec<Option<Isometry3<f64>>>)>,
}

/// Such a transform maps from a tool to the tracker.
const TO_TRACKER: &str = "Tracker";

impl Recorded {
    /// Of the bytes of a sequence: each `…ToTracker` transform is a tool, called as there, in small letters.
    ///
    /// # Errors
    /// What is wrong, as a sentence.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let sequence =
            Sequence::read(bytes, &Limits::default()).map_err(|error| error.to_string())?;
        let frames = &sequence.header().frames;
        let mut names: Vec<String> = Vec::new();
        for name in frames.iter().flat_map(|frame| frame.transforms.keys()) {
            if name.to == TO_TRACKER && !names.contains(&name.from) {
                names.push(name.from.clone());
            }
        }
        let (Some(first), false) = (frames.first(), names.is_empty()) else {
            return Err("expected transforms to the tracker, such as ProbeToTracker, but the sequence has none".to_owned());
        };
        let begin_s = first.timestamp_s;
        let mut read: Vec<(Duration, Vec<_>)> = Vec::new();
        for frame in frames {
            let since = Duration::try_from_secs_f64(frame.timestamp_s - begin_s).ok();
            let since = since.filter(|since| read.last().is_none_or(|(last, _)| last <= since));
            let since = since.ok_or_else(|| {
                format!(
                    "expected frames in the order of time, but one is at {} s",
                    frame.timestamp_s
                )
            })?;
            let poses = names.iter().map(|name| {
                let matrix = frame.transform(name, TO_TRACKER)?.usable()?;
                Transform::<Tracker, Tool>::from_matrix(matrix).ok().map(|pose| *pose.isometry())
            });
            read.push((since, poses.collect()));
        }
        let tools = names.iter().map(|name| MovingTool::named(name.to_lowercase())).collect();
        Ok(Self { tools, frames: read })
    }
}

impl Trajectory for Recorded {
    fn tools(&self) -> &[MovingTool] {
        &self.tools
    }

    fn sight(&self, tool: usize, at: Duration) -> Sight {
        let next = self.frames.partition_point(|(since, _)| *since <= at);
        let pose =
            self.frames.get(next.saturating_sub(1)).and_then(|(_, poses)| *poses.get(tool)?);
        pose.map_or(Sight::Hidden(Hidden::Missing), Sight::whole)
    }
}
