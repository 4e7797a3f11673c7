//! What a tracker is asked while it is made ready, what its answer is for, and what becomes of it.

use formats::ndi::{Command, SerialSettings};

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Break,
    Hail,
    Init {
        tries: u8,
    },
    StopBefore,
    /// By a command; with `last` at the speed of the graph, at which a client that went away may have left the tracker.
    Reset {
        last: bool,
    },
    Comm(SerialSettings),
    Version {
        number: u8,
    },
    Revision,
    FindStale,
    Free,
    Disable,
    FindOld,
    LookAtOld(u8),
    FindKept,
    Request {
        tool: usize,
    },
    Load {
        tool: usize,
    },
    InitLoaded {
        tool: usize,
        handle: u8,
    },
    Enable {
        tool: usize,
        handle: u8,
    },
    FindPlugged {
        round: u8,
    },
    InitPlugged(u8),
    FindReady,
    LookAtPlugged(u8),
    Start,
    StopForPlugs,
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// A serial break.
    Break,
    /// A command.
    Command(Command),
}

/// How to go on when no answer comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resort {
    /// With another question.
    Ask,
    /// With another question that is sent with these settings of the serial line; the answer comes as after a reset.
    AskWith(SerialSettings),
}

/// Why a tracker cannot be made ready.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

/// What becomes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is a next question.
    Next,
    /// The same, and the serial line speaks so from now on.
    NextWith(SerialSettings),
    /// All is done.
    Ready,
}

impl Purpose {
    pub fn is_for(&self, this: usize) -> bool {
        match self {
            Self::Load { tool } | Self::InitLoaded { tool, .. } | Self::Enable { tool, .. } => {
                *tool == this
            }
            _ => false,
        }
    }
}
