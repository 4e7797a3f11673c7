//! What a node took, in which order and at which instant: enough to run it again.

use serde::{Deserialize, Serialize};

use crate::message::Message;
use crate::time::Timestamp;

/// One step of a node; published before any output that the step caused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// What `now` was.
    pub taken_at: Timestamp,
    /// What the node took.
    pub taken: Taken,
}

/// What a node took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// It was built with these parameters; the first entry of each incarnation.
    Started {
        /// The parameters as JSON.
        parameters: String,
    },
    /// A value or a blank.
    Input {
        /// Which input port.
        port: String,
        /// The incarnation of the stream.
        incarnation: u32,
        /// The sequence number in the stream.
        sequence: u64,
    },
    /// An input's deadline passed.
    Deadline {
        /// Which input port.
        port: String,
    },
    /// New parameters.
    Configured {
        /// The parameters as JSON.
        parameters: String,
    },
    /// All its inputs had ended; the last entry of an incarnation that was not broken off.
    Finished,
}

impl Message for JournalEntry {
    const SCHEMA: &'static str = "JournalEntry";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[];
}
