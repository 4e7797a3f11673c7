//! What is wanted of a replay.

use std::path::PathBuf;

/// What is wanted of a replay.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The recording, absolute.
    pub path: PathBuf,
    /// The folder with the journals.
    pub journals: PathBuf,
    /// Only these nodes; all if none is named.
    pub nodes: Vec<String>,
    /// Also the nodes that hear what those say, and so on.
    pub downstream: bool,
    /// How many times as fast as it was; none is as fast as the nodes follow.
    pub rate: Option<f64>,
    /// Only from this many seconds after the start.
    pub from_s: Option<f64>,
    /// Only up to this many seconds after the start.
    pub to_s: Option<f64>,
    /// `NODE.key=value`.
    pub settings: Vec<String>,
}

impl Wanted {
    /// Whether the played streams begin in their middle: what was before is not lost.
    pub(super) fn begins_late(&self) -> bool {
        self.from_s.is_some_and(|from_s| from_s > 0.0)
    }

    /// Whether less than the whole recording is replayed.
    pub(super) fn is_a_part(&self) -> bool {
        self.from_s.is_some() || self.to_s.is_some()
    }
}
