//! How a node is doing.

use serde::{Deserialize, Serialize};

use crate::message::Message;

/// How a node is doing; published when it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Working.
    Healthy,
    /// Working, but not fully, or the last input gave no result.
    Degraded {
        /// A sentence for a person: what is wrong and what to look at.
        reason: String,
    },
}

impl Message for Health {
    const SCHEMA: &'static str = "Health";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[];
}
