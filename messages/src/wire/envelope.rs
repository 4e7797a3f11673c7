//! The first item of every message: who sent what, when, and what it is worth.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A value.
    Message,
    /// The stream says that it has nothing usable now; counts in the sequence.
    Blank,
    /// Nothing before `published_at` will follow; does not count in the sequence.
    Mark,
    /// The stream is over; `sequence` is the number of values and blanks it had.
    End,
}

/// Whether the value may be used to guide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// All inputs were there in time.
    Valid,
    /// Derived from an input that is missing, late or itself stale; says which and why.
    Stale {
        /// A sentence for a person.
        reason: String,
    },
}

/// One array that follows the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrayDescription {
    /// What it holds, such as `pixels`.
    pub name: String,
    /// Element type as NumPy calls it.
    pub element: String,
    /// Slowest axis first, as in C: rows, columns; or slices, rows, columns.
    pub shape: Vec<u64>,
}

/// The stream a message belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The session, the same for all processes of one procedure.
    pub session: String,
    /// `node.port`.
    pub stream: String,
    /// How often the node was started: 1 at first, 2 after its first restart.
    pub incarnation: u32,
}

/// Who sent what, when, and what it is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The session, the same for all processes of one procedure.
    pub session: String,
    /// `node.port`.
    pub stream: String,
    /// How often the node was started: 1 at first, 2 after its first restart.
    pub incarnation: u32,
    /// What this is.
    pub kind: Kind,
    /// The name of the message type.
    pub schema: String,
    /// Its version.
    pub version: u32,
    /// The frames its coordinates are in.
    pub frames: Vec<String>,
    /// Counts up from zero for each stream and incarnation; see [`Kind`] for marks and ends.
    pub sequence: u64,
    /// When the sensor saw it.
    pub acquired_at: Timestamp,
    /// When it was handed to the bus.
    pub published_at: Timestamp,
    /// Whether it may guide.
    pub validity: Validity,
    /// What follows the value.
    pub arrays: Vec<ArrayDescription>,
}
