//! What a recording says about itself, as far as a replay needs it.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::error::ReplayError;
use crate::plan::Plan;

/// What `recording-info` says, as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordingInfo {
    /// What the recording says about its session.
    pub(super) manifest: Option<Manifest>,
    /// When the procedure started.
    pub(super) started_at_ns: Option<i64>,
    /// When its first message was published.
    pub(super) first_published_ns: Option<i64>,
    /// Its streams.
    pub(super) streams: Vec<Stream>,
    /// The nodes that have a journal.
    pub(super) journals: Vec<String>,
    /// Whether it was closed and nothing is damaged.
    pub whole: bool,
}

/// The manifest, as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Manifest {
    pub(super) launch: Launch,
}

/// What `launch` wrote into it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Launch {
    pub(super) plan: Plan,
}

/// One stream of the recording.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Stream {
    /// `node.port`.
    #[serde(rename = "stream")]
    pub(super) name: String,
    /// `stream` for outputs, else `health`, `journal` or `event`.
    pub(super) topic: String,
    /// How many messages it has.
    pub(super) count: u64,
}

impl RecordingInfo {
    /// What ran then, and when it started.
    ///
    /// # Errors
    /// If the recording does not say so.
    pub(super) fn session(&self) -> Result<(&Plan, i64), ReplayError> {
        let plan = &self.manifest.as_ref().ok_or(ReplayError::NoManifest)?.launch.plan;
        let started_at = self.started_at_ns.or(self.first_published_ns);
        Ok((plan, started_at.ok_or(ReplayError::NoManifest)?))
    }

    /// The outputs that come from the recording if `chosen` run again.
    pub(super) fn played(&self, chosen: &BTreeSet<String>) -> Vec<String> {
        self.streams
            .iter()
            .filter(|stream| stream.topic == "stream")
            .map(|stream| stream.name.clone())
            .filter(|stream| !chosen.contains(stream.split('.').next().unwrap_or_default()))
            .collect()
    }

    /// How many entries the journals of `chosen` have.
    pub(super) fn steps(&self, chosen: &BTreeSet<String>) -> u64 {
        let followed = self.streams.iter().filter(|stream| {
            stream.topic == "journal" && chosen.contains(stream.name.trim_end_matches(".journal"))
        });
        followed.map(|stream| stream.count).sum()
    }
}
