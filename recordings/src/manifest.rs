//! What a recording says about itself at its start.

use messages::Timestamp;
use runtime::Assignment;
use runtime::assignment::Mode;
use runtime::clock::SessionClock;
use serde::{Deserialize, Serialize};

use crate::format;

/// What a recording says about itself at its start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the layout, [`format::VERSION`].
    pub format: u32,
    /// The version of the recorder.
    pub recorder: String,
    /// The session.
    pub session: String,
    /// The recorder's name in the graph.
    pub node: String,
    /// 1 for `procedure.mcap`, 2 for `procedure-2.mcap`, written after a restart of the recorder.
    pub part: u32,
    /// The session clock.
    pub clock: SessionClock,
    /// Where time came from.
    pub mode: Mode,
    /// When the file was begun, nanoseconds on the session clock.
    pub begun_ns: i64,
    /// The streams there should be.
    pub observes: Vec<String>,
    /// The machine.
    pub machine: Machine,
    /// What `launch` says of the session: graph, parameters, calibrations, models, versions.
    pub launch: serde_json::Value,
}

/// What of a machine can change the outcome of a computation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Processor architecture.
    pub architecture: String,
    /// Operating system.
    pub system: String,
    /// Threads that run at once.
    pub threads: usize,
    /// Vector instructions that numeric code looks for.
    pub cpu_features: Vec<String>,
}

impl Machine {
    /// This machine.
    pub fn this() -> Self {
        Self {
            architecture: std::env::consts::ARCH.to_owned(),
            system: std::env::consts::OS.to_owned(),
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            cpu_features: cpu_features(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn cpu_features() -> Vec<String> {
    let known = [
        ("sse4.2", is_x86_feature_detected!("sse4.2")),
        ("avx", is_x86_feature_detected!("avx")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512vnni", is_x86_feature_detected!("avx512vnni")),
    ];
    known.into_iter().filter(|(_, there)| *there).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn cpu_features() -> Vec<String> {
    Vec::new()
}

impl Manifest {
    /// The manifest of what a recorder is about to write.
    pub fn new(assignment: &Assignment, now: Timestamp) -> Self {
        Self {
            format: format::VERSION,
            recorder: env!("CARGO_PKG_VERSION").to_owned(),
            session: assignment.session.clone(),
            node: assignment.node.clone(),
            part: assignment.incarnation,
            clock: assignment.clock,
            mode: assignment.mode.clone(),
            begun_ns: now.0,
            observes: assignment.observes.clone(),
            machine: Machine::this(),
            launch: assignment.manifest.clone(),
        }
    }
}
