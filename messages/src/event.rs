//! Something happened to a participant that a person or a test wants to know at once.

use serde::{Deserialize, Serialize};

use crate::message::Message;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The participant it happened to.
    pub node: String,
    /// What happened.
    pub kind: EventKind,
    /// A sentence for a person: what happened and, where it helps, what to do.
    pub text: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The process runs and its ports are open.
    Ready,
    /// An input did not come in time.
    DeadlineMissed {
        /// Which input.
        port: String,
    },
    /// An input came again after a missed deadline.
    DeadlineMet {
        /// Which input.
        port: String,
    },
    /// Messages were lost on their way to an input.
    Lost {
        /// Which input.
        port: String,
        /// The first missing sequence number.
        first: u64,
        /// The last missing sequence number.
        last: u64,
    },
    /// The process ended without being asked to.
    Failed,
    /// It does not answer any more.
    Hung,
    /// It is about to be started again.
    Restarting,
    /// It was started again and its ports are open.
    Restarted,
    /// It failed too often and stays down.
    GaveUp,
    /// Its parameters were changed.
    ParametersChanged,
    /// New parameters were refused; it goes on with the old ones.
    ParametersRefused,
    /// All its inputs or its device came to their end.
    Ended,
    /// The wall clock of the machine was moved; the session clock was not.
    WallClockStepped,
    /// The supervisor went away or came back.
    Supervision,
}

impl EventKind {
    /// Whether a run in which this happened unasked is not a good run.
    pub fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::DeadlineMissed { .. }
                | Self::Lost { .. }
                | Self::Failed
                | Self::Hung
                | Self::GaveUp
                | Self::ParametersRefused
        )
    }
}

impl Message for Event {
    const SCHEMA: &'static str = "Event";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[];
}
