//! Up to where the recording is safe.

use serde::{Deserialize, Serialize};

use crate::message::Message;

/// Up to where the recording is handed to the operating system: a killed recorder loses nothing below.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flushed {
    /// Bytes in the file.
    pub bytes: u64,
    /// Each stream.
    pub streams: Vec<FlushedStream>,
}

/// One stream of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlushedStream {
    /// `node.port`.
    pub stream: String,
    /// Its incarnation.
    pub incarnation: u32,
    /// The last sequence number that is safe.
    pub sequence: u64,
}

impl Message for Flushed {
    const SCHEMA: &'static str = "Flushed";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[];
}
