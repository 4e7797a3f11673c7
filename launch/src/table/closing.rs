//! The closing table's types: what came of a session, of its streams and of its processes.

use std::path::PathBuf;

use messages::Percentiles;
use serde::{Deserialize, Serialize};

/// What came of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    /// The session.
    pub session: String,
    /// The graph.
    pub graph: String,
    /// Where the recording and the logs are.
    pub folder: PathBuf,
    /// `live`, `simulated` or `replay`.
    pub clock: String,
    /// From the first process to the start; none if it was taken up later.
    pub start_up_ms: Option<u64>,
    /// From the start to the end, on the clock of the machine.
    pub duration_s: f64,
    /// The outputs of nodes and devices, each with those who heard it.
    pub streams: Vec<StreamRow>,
    /// Health, journals and events, as far as observers heard them.
    pub others: Vec<OthersRow>,
    /// The processes.
    pub nodes: Vec<NodeRow>,
    /// How good it was, measured against known truth: the last figures of each node that gives scores.
    #[serde(default)]
    pub scores: Vec<ScoreRow>,
    /// What was recorded, if somebody recorded.
    pub recording: Option<RecordingRow>,
    /// Whether nothing was lost, late beyond its deadline, or failed unasked.
    pub good: bool,
    /// Why not.
    pub reasons: Vec<String>,
}

/// One stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamRow {
    /// `node.port`.
    pub stream: String,
    /// Values and blanks that its node counted; none if it came from a recording.
    pub sent: Option<u64>,
    /// Blanks among them.
    pub blanks: u64,
    /// Those marked stale.
    pub stale: u64,
    /// Values a second.
    pub rate_hz: f64,
    /// Bytes.
    pub bytes: u64,
    /// Arrays that went through the socket because shared memory was full.
    pub without_shared_memory: u64,
    /// From being acquired to being published, microseconds.
    pub age_us: Option<Percentiles>,
    /// Whether its node told its last count, so that sent and received must agree.
    pub counted: bool,
    /// Who heard it.
    pub consumers: Vec<ConsumerRow>,
}

/// One who heard a stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConsumerRow {
    /// The node, or the observer.
    pub node: String,
    /// Its input port; none for an observer.
    pub port: Option<String>,
    /// Values and blanks that arrived.
    pub received: u64,
    /// Those that were handled.
    pub taken: u64,
    /// Those that never arrived or did not fit into the queue.
    pub lost: u64,
    /// Those that a newer one replaced, as asked for.
    pub superseded: u64,
    /// Deadlines missed.
    pub late: u64,
    /// Blanks among the received.
    pub blanks: u64,
    /// From being published to being taken, microseconds; only on the live clock.
    pub latency_us: Option<Percentiles>,
    /// From being acquired to being taken, microseconds; only on the live clock.
    pub age_us: Option<Percentiles>,
    /// Whether it told its last count.
    pub counted: bool,
}

/// What one observer heard beside the outputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OthersRow {
    /// The observer.
    pub node: String,
    /// How many streams of health, journals and events.
    pub streams: usize,
    /// Messages that arrived.
    pub received: u64,
    /// Those that never did, by stream.
    pub lost: Vec<(String, u64)>,
}

/// One process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeRow {
    /// The node.
    pub node: String,
    /// What it ran.
    pub runs: String,
    /// How often it was started again.
    pub restarts: u32,
    /// Processor time over running time, percent of one processor.
    pub cpu_percent: f64,
    /// The most memory it was seen to hold.
    pub memory_peak_bytes: u64,
    /// Time `handle` took, microseconds.
    pub handle_us: Percentiles,
    /// Inputs that gave an error instead of a result.
    pub errors: u64,
    /// What was wrong at the end, if something was.
    pub degraded: Option<String>,
    /// Whether anything was heard of it.
    pub heard: bool,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordingRow {
    /// Whether it is complete and undamaged.
    pub good: bool,
    /// A sentence.
    pub text: String,
    /// What `verify` says.
    pub report: serde_json::Value,
}

/// One figure, measured against known truth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoreRow {
    /// The node that says so.
    pub node: String,
    /// What it is of.
    pub measure: String,
    /// The figure; none if nothing was measured.
    pub value: Option<f64>,
    /// Its unit; empty for counts and shares.
    pub unit: String,
    /// How many measurements it is of.
    pub count: u64,
}
