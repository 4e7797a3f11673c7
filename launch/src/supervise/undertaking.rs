//! What is to be run, and how it is supervised.

use std::path::PathBuf;
use std::time::Duration;

use super::failures::FailureRule;
use crate::logs::Style;
use crate::plan::Plan;
use crate::session::Pace;

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Undertaking {
    /// The checked graph.
    pub plan: Plan,
    /// Where time comes from.
    pub pace: Pace,
    /// Devices end their streams after this long.
    pub stop_after: Option<Duration>,
    /// Where the recording and the logs go; by default a new folder under `sessions`.
    pub folder: Option<PathBuf>,
    /// Where the folder of sockets is made; by default [`socket_root`](crate::session::folders::socket_root).
    pub socket_root: Option<PathBuf>,
}

/// How it is supervised.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the logs look; its nodes are filled in.
    pub style: Style,
    /// Logs go to standard error, so that standard output is free for the result.
    pub logs_to_stderr: bool,
    /// When a failing process is given up.
    pub rule: FailureRule,
    /// How long all may take until they hear each other.
    pub start_timeout: Duration,
    /// How long nobody may get on with anything before the end is forced.
    pub ending_patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            style: Style::default(),
            logs_to_stderr: false,
            rule: FailureRule::default(),
            start_timeout: Duration::from_mins(1),
            ending_patience: Duration::from_secs(15),
        }
    }
}
