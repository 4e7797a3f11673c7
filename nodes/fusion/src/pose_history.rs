//! Where a tool was at an instant between two of its poses, or why that is not known.
//!
//! Between neighbours the rotation is interpolated at constant angular velocity along the shorter
//! way (slerp; K. Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985) and the
//! position at constant velocity. Nothing is ever extrapolated: a tool that is not seen on both
//! sides of an instant was somewhere unknown.

use std::collections::VecDeque;
use std::f64::consts::PI;
use std::time::Duration;

use messages::{Pose, Timestamp, Transform};
use serde::{Deserialize, Serialize};

/// The newest poses of one tool, in the order of their times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct PoseHistory<To, From> {
    poses: VecDeque<(Timestamp, Pose<To, From>)>,
    capacity: usize,
    /// Whether a pose has been dropped to stay within the capacity.
    forgets: bool,
}

/// A pose between two measured ones.
pub struct Interpolated<To, From> {
    /// Where the tool was.
    pub to_from_tool: Transform<To, From>,
    /// The larger of the neighbours' error estimates, in millimetres; `None` if either has none.
    pub error_mm: Option<f64>,
    /// How far apart in time the neighbours are; zero if there is a pose of that very instant.
    pub gap: Duration,
}

/// Why a tool's place at an instant is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// No pose has come.
    #[error("no pose has come yet")]
    NoPoseYet,
    /// The instant is before the first pose.
    #[error("the first pose is {0:.1} ms later, and poses are never extrapolated", milliseconds(.later))]
    BeforeFirstPose {
        /// How much later the first pose is.
        later: Duration,
    },
    /// The poses of that time are no longer kept.
    #[error(
        "the poses of that time are forgotten, since the oldest kept is {0:.1} ms later: keep more poses or bring the image sooner",
        milliseconds(.later)
    )]
    Forgotten {
        /// How much later the oldest kept pose is.
        later: Duration,
    },
    /// No pose of that instant or later has come; ask again when one has.
    #[error("the newest pose is {0:.1} ms older; a newer one has not come yet", milliseconds(.older))]
    WaitingForNewerPose {
        /// How much older the newest pose is.
        older: Duration,
    },
    /// The tool was not seen on both sides of the instant.
    #[error("the tool was hidden at that time ({reason})")]
    Hidden {
        /// As the tracking system says it.
        reason: String,
    },
    /// The neighbours are too far apart to tell what was between.
    #[error(
        "the poses around it are {0:.1} ms apart, more than the {1:.1} ms allowed",
        milliseconds(.gap),
        milliseconds(.max_gap)
    )]
    GapTooWide {
        /// How far apart they are.
        gap: Duration,
        /// How far apart they may be.
        max_gap: Duration,
    },
    /// Half a turn between the neighbours: either way round is as short.
    #[error("the poses around it differ by half a turn, so the way between them is unknown")]
    HalfATurn,
}

impl Reason {
    /// Whether a pose that is still to come can change the answer.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::NoPoseYet | Self::WaitingForNewerPose { .. })
    }
}

/// A pose that is not later than the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a pose came out of order: expected one after {newest}, but it is of {came}; it is not used (do two devices publish on this stream?)"
)]
pub struct OutOfOrder {
    /// The newest pose before it.
    pub newest: Timestamp,
    /// The pose that came.
    pub came: Timestamp,
}

fn milliseconds(duration: &Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

impl<To, From> PoseHistory<To, From> {
    /// Keeps the newest `capacity` poses, at least two.
    pub fn new(capacity: usize) -> Self {
        Self { poses: VecDeque::new(), capacity: capacity.max(2), forgets: false }
    }

    /// Takes the next pose.
    ///
    /// # Errors
    /// If it is not later than the one before it; then nothing changes.
    pub fn push(&mut self, at: Timestamp, pose: Pose<To, From>) -> Result<(), OutOfOrder> {
        if let Some((newest, _)) = self.poses.back()
            && at <= *newest
        {
            return Err(OutOfOrder { newest: *newest, came: at });
        }
        if self.poses.len() == self.capacity {
            self.poses.pop_front();
            self.forgets = true;
        }
        self.poses.push_back((at, pose));
        Ok(())
    }

    /// The time of the newest pose, hidden or not.
    pub fn newest(&self) -> Option<Timestamp> {
        self.poses.back().map(|(at, _)| *at)
    }

    /// Where the tool was at an instant, if it was seen then, or before and after by at most
    /// `max_gap` in all.
    ///
    /// # Errors
    /// The reason why that is not known.
    pub fn interpolate(
        &self,
        at: Timestamp,
        max_gap: Duration,
    ) -> Result<Interpolated<To, From>, Reason> {
        let (oldest, newest) = match (self.poses.front(), self.poses.back()) {
            (Some((oldest, _)), Some((newest, _))) => (*oldest, *newest),
            _ => return Err(Reason::NoPoseYet),
        };
        if at < oldest {
            let later = oldest.since(at);
            let forgotten = self.forgets;
            return Err(if forgotten {
                Reason::Forgotten { later }
            } else {
                Reason::BeforeFirstPose { later }
            });
        }
        if at > newest {
            return Err(Reason::WaitingForNewerPose { older: at.since(newest) });
        }
        // The first pose that is not earlier; there is one, since `at` is not after the newest.
        let after = self.poses.partition_point(|(time, _)| *time < at);
        let (after_at, after_pose) = &self.poses[after];
        let (after_motion, after_error) = seen(after_pose)?;
        if *after_at == at {
            return Ok(Interpolated {
                to_from_tool: *after_motion,
                error_mm: after_error,
                gap: Duration::ZERO,
            });
        }
        // There is one before, since `at` is neither before the oldest nor its time.
        let (before_at, before_pose) = &self.poses[after - 1];
        let (before_motion, before_error) = seen(before_pose)?;
        let gap = after_at.since(*before_at);
        if gap > max_gap {
            return Err(Reason::GapTooWide { gap, max_gap });
        }
        let fraction = at.since(*before_at).as_nanos() as f64 / gap.as_nanos() as f64;
        let (before, after) = (before_motion.isometry(), after_motion.isometry());
        if before.rotation.angle_to(&after.rotation) > PI - 1e-6 {
            return Err(Reason::HalfATurn);
        }
        let motion = before.try_lerp_slerp(after, fraction, 1e-9).ok_or(Reason::HalfATurn)?;
        Ok(Interpolated {
            to_from_tool: Transform::from_isometry(motion),
            error_mm: before_error.zip(after_error).map(|(before, after)| before.max(after)),
            gap,
        })
    }
}

fn seen<To, From>(pose: &Pose<To, From>) -> Result<(&Transform<To, From>, Option<f64>), Reason> {
    match pose {
        Pose::Visible { to_from_tool, error_mm } => Ok((to_from_tool, *error_mm)),
        Pose::Hidden { reason } => Err(Reason::Hidden { reason: reason.clone() }),
    }
}
