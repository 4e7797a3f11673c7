//! What a person tells a running procedure.

use serde::{Deserialize, Serialize};

use crate::message::Message;

/// What a person tells the nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// Who, as they are called in the record; never the patient.
    pub by: String,
    /// What.
    pub kind: InstructionKind,
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstructionKind {
    /// The registration was looked at and may guide.
    AcceptRegistration,
    /// The registration must not guide; it is searched for anew.
    RejectRegistration {
        /// Why.
        reason: String,
    },
    /// The tip of a tool now touches a landmark.
    TouchLandmark {
        /// The landmark's name.
        landmark: String,
        /// The tool's name, as the tracking system calls it.
        tool: String,
    },
}

impl Message for Instruction {
    const SCHEMA: &'static str = "Instruction";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[];
}
