//! Where the tracking system saw each of its tools at one instant.

use serde::{Deserialize, Serialize};

use crate::frames::{Frame, Tool, Tracker};
use crate::message::Message;
use crate::transform::Transform;

/// All tools at one instant, as the tracking system saw them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolPoses {
    /// One entry for each tool that the device is configured for, seen or not.
    pub tools: Vec<TrackedTool>,
}

/// One tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackedTool {
    /// Its name, such as `probe` or `patient`: the frame its pose is from.
    pub name: String,
    /// Where it is.
    pub pose: Pose<Tracker, Tool>,
}

/// Where something is, or why that is not known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", bound = "")]
pub enum Pose<To, From> {
    /// Seen.
    Visible {
        /// Maps the tool's coordinates to the tracker's, millimetres.
        to_from_tool: Transform<To, From>,
        /// Root mean square error of the position in millimetres, where the device says one.
        error_mm: Option<f64>,
    },
    /// Not seen.
    Hidden {
        /// As the device says it, such as `out of volume`.
        reason: String,
    },
}

/// A tool that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no tool is called `{expected}`; this stream tracks [{tracked}]: name the tool as the tracker does"
)]
pub struct WrongTool {
    /// The name that was looked for.
    pub expected: String,
    /// Those that are there.
    pub tracked: String,
}

impl ToolPoses {
    /// The pose of the tool whose name is that of the frame `From`.
    ///
    /// # Errors
    /// If no tool has that name.
    pub fn of<From: Frame>(&self) -> Result<Pose<Tracker, From>, WrongTool> {
        self.named(From::NAME)
    }

    /// The pose of the tool called `name`, from here on in the frame `From`.
    ///
    /// # Errors
    /// If no tool has that name.
    pub fn named<From>(&self, name: &str) -> Result<Pose<Tracker, From>, WrongTool> {
        let tool = self.tools.iter().find(|tool| tool.name == name).ok_or_else(|| WrongTool {
            expected: name.to_owned(),
            tracked: self
                .tools
                .iter()
                .map(|tool| tool.name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        })?;
        Ok(match &tool.pose {
            Pose::Visible { to_from_tool, error_mm } => {
                Pose::Visible { to_from_tool: to_from_tool.rename_from(), error_mm: *error_mm }
            }
            Pose::Hidden { reason } => Pose::Hidden { reason: reason.clone() },
        })
    }
}

impl Message for ToolPoses {
    const SCHEMA: &'static str = "ToolPoses";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &["tracker", "tool"];
}
