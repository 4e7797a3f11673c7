//! From what the tracker answers to the poses of all tools: new frames only, and a reason where there is no pose.

use std::time::Duration;

use formats::ndi::{Bx, BxState, Gbf, Placement, PortStatus, Tx, TxState};
use messages::{Pose, Timestamp, Tool, ToolPoses, TrackedTool, Tracker, Transform};

use super::frame_clock::{FrameClock, LATE_FRAMES};

/// What one answer says of a handle: with a pose, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Sighting {
    /// The port handle.
    pub handle: u16,
    /// The number of the frame; a disabled tool has none.
    pub frame: Option<u32>,
    /// When the frame was taken, by the tracker's clock, if it says so.
    pub taken: Option<Duration>,
    /// What is seen.
    pub pose: Pose<Tracker, Tool>,
}

/// The pose, if it is a place; an error that is no number is none.
fn visible(placement: &Placement) -> Pose<Tracker, Tool> {
    match placement.isometry() {
        Ok(isometry) => Pose::Visible {
            to_from_tool: Transform::from_isometry(isometry),
            error_mm: Some(f64::from(placement.error))
                .filter(|error| error.is_finite() && *error >= 0.0),
        },
        Err(unsound) => hidden(format!("the tracker gave a pose that is none: {unsound}")),
    }
}

fn hidden(reason: impl Into<String>) -> Pose<Tracker, Tool> {
    Pose::Hidden { reason: reason.into() }
}

fn by_status(placement: Option<&Placement>, status: PortStatus) -> Pose<Tracker, Tool> {
    let reasons = status.reasons();
    match placement {
        Some(placement) if reasons.is_empty() => visible(placement),
        _ if reasons.is_empty() => hidden(
            "missing: the tool's markers or its sensor are not seen; clear the line of sight",
        ),
        _ => hidden(reasons.join("; ")),
    }
}

const DISABLED: &str = "disabled: the tracker does not track this tool now";

/// What BX says.
pub fn of_bx(bx: &Bx) -> Vec<Sighting> {
    let sightings = bx.handles.iter().map(|handle| {
        let (frame, pose) = match &handle.state {
            BxState::Seen(placement) => {
                (Some(handle.frame), by_status(Some(placement), handle.status))
            }
            BxState::Missing => (Some(handle.frame), by_status(None, handle.status)),
            BxState::Disabled => (None, hidden(DISABLED)),
        };
        Sighting { handle: handle.handle.into(), frame, taken: None, pose }
    });
    sightings.collect()
}

/// What TX says.
pub fn of_tx(tx: &Tx) -> Vec<Sighting> {
    let sightings = tx.handles.iter().map(|handle| {
        let (frame, pose) = match &handle.state {
            TxState::Seen(placement) => {
                (Some(handle.frame), by_status(Some(placement), handle.status))
            }
            TxState::Missing => (Some(handle.frame), by_status(None, handle.status)),
            TxState::Disabled => (None, hidden(DISABLED)),
            TxState::Unoccupied => (None, by_status(None, PortStatus::default())),
        };
        Sighting { handle: handle.handle.into(), frame, taken: None, pose }
    });
    sightings.collect()
}

/// What BX2 says.
pub fn of_bx2(gbf: &Gbf) -> Vec<Sighting> {
    let mut sightings = vec![];
    for frame in gbf.frames() {
        for component in &frame.data.components {
            let formats::ndi::Component::Poses(tools) = component else { continue };
            for tool in tools {
                let pose = match (&tool.placement, tool.status.sentence()) {
                    (Some(placement), None) => visible(placement),
                    (_, Some(sentence)) => hidden(sentence),
                    (None, None) => {
                        hidden("missing: the tool is not seen; clear the line of sight")
                    }
                };
                sightings.push(Sighting {
                    handle: tool.handle,
                    frame: Some(frame.number),
                    taken: Some(Duration::new(frame.seconds.into(), frame.nanoseconds)),
                    pose,
                });
            }
        }
    }
    sightings
}

/// What is known of one tool.
#[derive(Clone, Debug)]
struct Seen {
    name: String,
    /// Its handle, or why it has none.
    handle: Result<u16, String>,
    last_frame: Option<u32>,
    /// What is new since the last set was given, and when it was measured.
    new: Option<(Timestamp, Pose<Tracker, Tool>)>,
    /// The tracker says nothing of it any more: nobody waits for it.
    is_absent: bool,
}

/// All tools, and which of them were seen since the last set of poses.
///
/// A tracker measures each kind of tools in frames of its own, so that an answer may be new for some tools only. A set is
/// given as soon as all that are tracked are new in it, so that no old pose is ever given for a new one.
#[derive(Clone, Debug)]
pub struct PoseTable {
    tools: Vec<Seen>,
    /// An Aurora gives an indicator without a unit in place of an error.
    errors_in_mm: bool,
    frames: FrameClock,
}

fn is_newer(frame: u32, last: Option<u32>) -> bool {
    last.is_none_or(|last| {
        let ahead = frame.wrapping_sub(last);
        ahead != 0 && ahead < u32::MAX - LATE_FRAMES
    })
}

impl PoseTable {
    /// Of tools with these names, each with its handle or why it has none, and of a tracker whose errors are in mm or
    /// not, with its clock.
    pub fn new(
        tools: impl IntoIterator<Item = (String, Result<u16, String>)>,
        errors_in_mm: bool,
        frames: FrameClock,
    ) -> Self {
        let new =
            |(name, handle)| Seen { name, handle, last_frame: None, new: None, is_absent: false };
        Self { tools: tools.into_iter().map(new).collect(), errors_in_mm, frames }
    }

    /// The clock of the tracker's frames.
    pub fn frames(&self) -> &FrameClock {
        &self.frames
    }

    /// Takes what an answer says that has arrived now, and gives the set of all tools if it is complete: with the instant
    /// at which the first of them was measured.
    pub fn take(
        &mut self,
        sightings: Vec<Sighting>,
        now: Timestamp,
    ) -> Option<(Timestamp, ToolPoses)> {
        let mut is_new = false;
        for sighting in sightings {
            let mine = self.tools.iter_mut().find(|tool| tool.handle == Ok(sighting.handle));
            let Some(tool) = mine else { continue };
            let measured_at = match sighting.frame {
                Some(frame) if is_newer(frame, tool.last_frame) => {
                    tool.last_frame = Some(frame);
                    is_new = true;
                    self.frames.instant(frame, sighting.taken, now)
                }
                Some(_) => continue,
                // A tool that is disabled has no frames.
                None => now,
            };
            tool.is_absent = false;
            let mut pose = sighting.pose;
            if let Pose::Visible { error_mm, .. } = &mut pose
                && !self.errors_in_mm
            {
                *error_mm = None;
            }
            tool.new = Some((measured_at, pose));
        }
        let waits_for = |tool: &Seen| tool.handle.is_ok() && !tool.is_absent && tool.new.is_none();
        let complete = !self.tools.iter().any(waits_for);
        (is_new && complete).then(|| self.set("the tracker gives no new frame of this tool", now))
    }

    /// The set now, complete or not; those without a new pose are hidden for this reason, and nobody waits for them
    /// until they are seen again.
    pub fn set(&mut self, reason: &str, now: Timestamp) -> (Timestamp, ToolPoses) {
        let mut measured_at = now;
        let tools = self.tools.iter_mut().map(|tool| {
            tool.is_absent = tool.new.is_none();
            let pose = match (&tool.handle, tool.new.take()) {
                (Err(reason), _) => hidden(reason.as_str()),
                (Ok(_), Some((at, pose))) => {
                    measured_at = measured_at.min(at);
                    pose
                }
                (Ok(_), None) => hidden(reason),
            };
            TrackedTool { name: tool.name.clone(), pose }
        });
        let poses = ToolPoses { tools: tools.collect() };
        (measured_at, poses)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn table(errors_in_mm: bool) -> PoseTable {
        let tools = [("a".to_owned(), Ok(1)), ("b".to_owned(), Ok(2))];
        PoseTable::new(tools, errors_in_mm, FrameClock::default())
    }

    fn sighting(handle: u16, frame: u32) -> Sighting {
        let quaternion = [1.0, 0.0, 0.0, 0.0];
        let pose = visible(&Placement { quaternion, position_mm: [frame as f32; 3], error: 0.5 });
        Sighting { handle, frame: Some(frame), taken: None, pose }
    }

    fn x(poses: &ToolPoses, index: usize) -> Option<f64> {
        match &poses.tools[index].pose {
            Pose::Visible { to_from_tool, .. } => Some(to_from_tool.isometry().translation.x),
            Pose::Hidden { .. } => None,
        }
    }

    /// Kinds of tools with frames of their own: a set has no pose twice, and the instant of its oldest.
    #[test]
    fn a_set_waits_for_tools_with_other_frames() {
        let mut table = table(true);
        assert_eq!(table.take(vec![sighting(1, 10)], Timestamp(5)), None);
        let (at, poses) = table.take(vec![sighting(2, 11)], Timestamp(7)).unwrap();
        assert_eq!((at, x(&poses, 0), x(&poses, 1)), (Timestamp(5), Some(10.0), Some(11.0)));
        assert_eq!(table.take(vec![sighting(1, 10), sighting(2, 11)], Timestamp(8)), None);
        let (_, poses) = table.take(vec![sighting(1, 12), sighting(2, 13)], Timestamp(9)).unwrap();
        assert_eq!((x(&poses, 0), x(&poses, 1)), (Some(12.0), Some(13.0)));
    }

    /// Once given up, a tool that the tracker no longer reports slows no other.
    #[test]
    fn an_absent_tool_slows_no_other() {
        let mut table = table(true);
        assert_eq!(table.take(vec![sighting(1, 1)], Timestamp(1)), None);
        let (_, poses) = table.set("gone", Timestamp(2));
        assert_eq!((x(&poses, 0), x(&poses, 1)), (Some(1.0), None));
        for frame in 2..5 {
            let (_, poses) = table.take(vec![sighting(1, frame)], Timestamp(3)).unwrap();
            assert_eq!((x(&poses, 0), x(&poses, 1)), (Some(f64::from(frame)), None));
        }
        let (_, poses) = table.take(vec![sighting(1, 6), sighting(2, 6)], Timestamp(4)).unwrap();
        assert_eq!(x(&poses, 1), Some(6.0));
    }

    #[test]
    fn frames_count_up_and_around() {
        assert!(is_newer(1, None) && is_newer(2, Some(1)) && is_newer(0, Some(u32::MAX)));
        assert!(!is_newer(7, Some(7)) && !is_newer(6, Some(7)) && !is_newer(u32::MAX, Some(3)));
        // A tracker that was reset counts from the beginning.
        assert!(is_newer(3, Some(100_000)));
    }

    #[test]
    fn an_indicator_is_no_error_in_mm() {
        for (in_mm, expected) in [(true, Some(0.5)), (false, None)] {
            let (_, poses) =
                table(in_mm).take(vec![sighting(1, 1), sighting(2, 1)], Timestamp(0)).unwrap();
            assert!(
                matches!(poses.tools[0].pose, Pose::Visible { error_mm, .. } if error_mm == expected)
            );
        }
    }
}
