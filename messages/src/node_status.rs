//! What a participant counted since it started, published a few times a second.

use serde::{Deserialize, Serialize};

use crate::message::Message;
use crate::time::Timestamp;

/// What a participant counted since it started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeStatus {
    /// How long it runs.
    pub uptime_ns: u64,
    /// Processor time it used, all threads.
    pub cpu_ns: u64,
    /// Memory it holds now.
    pub resident_bytes: u64,
    /// What is wrong, if something is.
    pub degraded: Option<String>,
    /// Time `handle` took.
    pub handle_us: Percentiles,
    /// Inputs that gave an error instead of a result.
    pub errors: u64,
    /// Its inputs.
    pub inputs: Vec<InputStatus>,
    /// Its outputs.
    pub outputs: Vec<OutputStatus>,
    /// Whether all its inputs, or its device, came to their end.
    pub ended: bool,
}

/// One input port (for an observer: one stream).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InputStatus {
    /// The port.
    pub port: String,
    /// The stream it hears.
    pub stream: String,
    /// Values and blanks that arrived.
    pub received: u64,
    /// Those that were handled.
    pub taken: u64,
    /// Those that never arrived or did not fit into the queue.
    pub lost: u64,
    /// Those that a newer one replaced before they were taken, as `delivery = "newest"` asks for.
    pub superseded: u64,
    /// Deadlines missed.
    pub deadlines_missed: u64,
    /// Blanks among the received.
    pub blanks: u64,
    /// Those that waited in the queue at most.
    pub queued_max: u64,
    /// The last message's time of acquisition.
    pub acquired_at: Option<Timestamp>,
    /// From being published to being taken.
    pub transport_us: Percentiles,
    /// From being acquired to being taken.
    pub age_us: Percentiles,
}

/// One output port.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutputStatus {
    /// The port.
    pub port: String,
    /// Values and blanks published.
    pub sent: u64,
    /// Blanks among them.
    pub blanks: u64,
    /// Those marked stale.
    pub stale: u64,
    /// Bytes published.
    pub bytes: u64,
    /// Arrays that did not fit into shared memory and went through the socket.
    pub without_shared_memory: u64,
    /// Values a second between the first and the last.
    pub rate_hz: f64,
    /// From being acquired to being published.
    pub age_us: Percentiles,
}

/// A distribution of durations, in microseconds, to two significant digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// How many.
    pub count: u64,
    /// Half are shorter.
    pub p50: u64,
    /// All but one in a hundred are shorter.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

impl Message for NodeStatus {
    const SCHEMA: &'static str = "NodeStatus";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[];
}
