//! A fault that an emulated device was told to show, so that what is detected can be held against it.

use serde::{Deserialize, Serialize};

use crate::message::Message;

/// A fault begins or ends; acquired when it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InjectedFault {
    /// The emulated device, such as `polaris vega`.
    pub device: String,
    /// What it shows, as fault scripts call it, such as `dropout`.
    pub fault: String,
    /// Which line of the script, from 1.
    pub line: u32,
    /// How often this line was in force before.
    pub repetition: u64,
    /// The tools that it concerns; empty for the device as a whole.
    pub tools: Vec<String>,
    /// Whether it begins or ends.
    pub phase: FaultPhase,
    /// A sentence for a person.
    pub text: String,
}

/// Whether a fault begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultPhase {
    /// It is in force from now on.
    Begins,
    /// It is over.
    Ends,
}

impl Message for InjectedFault {
    const SCHEMA: &'static str = "InjectedFault";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[];
}
