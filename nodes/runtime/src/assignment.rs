//! What `launch` tells one process: who it is, what it hears, and how to reach the others.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::SessionClock;

/// The environment variable that names the assignment's file.
pub const VARIABLE: &str = "VESALIUS_ASSIGNMENT";

/// What one process is to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The session, the same for all processes of one procedure.
    pub session: String,
    /// The name of the node in the graph.
    pub node: String,
    /// What it runs, `executable/participant`.
    pub runs: String,
    /// 1 at first, 2 after its first restart.
    pub incarnation: u32,
    /// The session's folder: recordings and logs go here.
    pub folder: PathBuf,
    /// The session's key for hashes of who the patient is.
    pub secret: Secret,
    /// The parameters, checked against the participant's schema.
    pub parameters: serde_json::Value,
    /// What its input ports hear.
    #[serde(default)]
    pub inputs: BTreeMap<String, InputAssignment>,
    /// The streams an observer hears, `node.port`, all of which must be heard before the start.
    #[serde(default)]
    pub observes: Vec<String>,
    /// The session clock.
    pub clock: SessionClock,
    /// Where time comes from.
    pub mode: Mode,
    /// Whether the procedure has started already, and when: so for a restarted process.
    #[serde(default)]
    pub started_at: Option<i64>,
    /// Whether the streams it hears begin in their middle, as in a replay of a part: what came before is
    /// not missing.
    #[serde(default)]
    pub joined_late: bool,
    /// Devices end their streams after this long.
    #[serde(default)]
    pub stop_after_ns: Option<u64>,
    /// How long the first message of each input may take after the start.
    pub startup_ms: u64,
    /// Size of the shared memory for the arrays it publishes.
    pub shared_memory_mib: u64,
    /// Scheduling: 10 is most urgent, 0 least, 5 usual.
    #[serde(default)]
    pub priority: Option<u8>,
    /// The nodes that sources wait for in a replay or on the simulated clock.
    #[serde(default)]
    pub paced_by: Vec<String>,
    /// How many other processes take part, the supervisor included; a restarted one waits until it is
    /// linked to them.
    #[serde(default)]
    pub peers: usize,
    /// Where a device that hears people's commands opens its [`door`](crate::door).
    #[serde(default)]
    pub door: PathBuf,
    /// What the recording's manifest says about the session.
    #[serde(default)]
    pub manifest: serde_json::Value,
    /// The configuration of the bus, as Zenoh reads it.
    pub zenoh: serde_json::Value,
}

/// A key that only the processes of one session know, and that goes with it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A new one, from the system's source of random numbers.
    ///
    /// # Errors
    /// If there is none.
    pub fn new() -> std::io::Result<Self> {
        let mut bytes = [0; 32];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Secret {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// Says nothing of it: what is printed may be kept.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What one input port hears.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputAssignment {
    /// `node.port`.
    pub stream: String,
    /// The key on the bus.
    pub key: String,
    /// Which messages it wants.
    #[serde(default)]
    pub delivery: Delivery,
    /// Older than this is stale.
    #[serde(default)]
    pub deadline_ms: Option<u64>,
}

/// Which messages an input wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Every one; a miss is recovered from the publisher's cache, else counted as lost.
    #[default]
    Every,
    /// Only the newest; older ones that wait are superseded.
    Newest,
}

/// Where time comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The session clock; inputs in the order of arrival.
    Live,
    /// The messages; inputs in the order of `(published_at, port, sequence)`.
    Simulated,
    /// The journal of a recording; inputs in its order.
    Replay {
        /// The node's journal: a file of wire messages, each after its length (u32, little-endian).
        journal: PathBuf,
    },
}

/// Why there is no assignment.
#[derive(Debug, thiserror::Error)]
pub enum AssignmentError {
    /// Not started by `launch`.
    #[error(
        "{VARIABLE} is not set: nodes are started by `vesalius run GRAPH`, or set it to the path of an assignment"
    )]
    NotSet,
    /// The file cannot be read.
    #[error("cannot read the assignment {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no assignment.
    #[error("{path} is no assignment: {source}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl Assignment {
    /// Reads the assignment that the environment names.
    ///
    /// # Errors
    /// If there is none or it cannot be read.
    pub fn from_environment() -> Result<Self, AssignmentError> {
        let path = std::env::var_os(VARIABLE).ok_or(AssignmentError::NotSet)?;
        Self::read(Path::new(&path))
    }

    /// Reads an assignment.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(path: &Path) -> Result<Self, AssignmentError> {
        let text = std::fs::read(path)
            .map_err(|source| AssignmentError::Unreadable { path: path.to_owned(), source })?;
        serde_json::from_slice(&text)
            .map_err(|source| AssignmentError::Invalid { path: path.to_owned(), source })
    }

    /// Whether the first message of a stream that it hears may have any number.
    pub fn hears_from_the_middle(&self) -> bool {
        self.joined_late || self.incarnation > 1
    }

    /// How long the first message of each input may take.
    pub fn startup(&self) -> Duration {
        Duration::from_millis(self.startup_ms)
    }
}
