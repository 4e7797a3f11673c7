//! What the supervisor tells all participants.

use serde::{Deserialize, Serialize};

/// An order to all participants, as JSON on the control key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// All are linked: the procedure starts at this instant on the session clock.
    Start {
        /// Nanoseconds since the Unix epoch.
        at: i64,
    },
    /// Devices end their streams; everything ends after them, in order.
    Stop,
    /// A node is down for good: its streams have ended.
    Gone {
        /// The node.
        node: String,
    },
    /// All have ended: leave.
    Exit,
}

impl Control {
    /// As it is sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}
