//! The verdict on each stream: complete, or which numbers are missing.

use runtime::Topic;
use serde::{Deserialize, Serialize};

use crate::ledger::StreamLedger;
use crate::ranges::Ranges;
use crate::topic;

/// What can be said of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// All that was published is there.
    Complete,
    /// Nothing is missing up to the last one recorded, but whether more followed is not known.
    EndNotSeen,
    /// Some numbers are missing.
    Incomplete,
}

/// The verdict on one stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// `node.port`.
    pub stream: String,
    /// `stream`, `health`, `journal` or `event`.
    pub topic: String,
    /// The message it carries; empty if none came.
    pub schema: String,
    /// Its version.
    pub version: u32,
    /// All of it in a word.
    pub state: State,
    /// Each incarnation.
    pub incarnations: Vec<IncarnationVerdict>,
}

/// The verdict on one incarnation of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncarnationVerdict {
    /// 1 at first, 2 after the first restart.
    pub incarnation: u32,
    /// Values and blanks that are there.
    pub recorded: u64,
    /// Blanks among them.
    pub blanks: u64,
    /// Sequence numbers that are not there.
    pub missing: Ranges,
    /// The number of values and blanks it had, if its end was heard.
    pub end: Option<u64>,
}

impl Verdict {
    /// The verdict on a stream. `joined_late` says that what came before the first recorded message
    /// is no part of the recording.
    pub fn on(name: &str, ledger: &StreamLedger, joined_late: bool) -> Self {
        let incarnations: Vec<IncarnationVerdict> = ledger
            .incarnations
            .iter()
            .enumerate()
            .map(|(number, (&incarnation, sequences))| {
                let from = match sequences.recorded.first() {
                    Some(first) if joined_late && number == 0 => first,
                    None if joined_late && number == 0 => sequences.end.unwrap_or(0),
                    _ => 0,
                };
                let known = [
                    sequences.recorded.last().map(|last| last.saturating_add(1)),
                    sequences.lost.last().map(|last| last.saturating_add(1)),
                    sequences.end,
                ];
                let to = known.into_iter().flatten().max().unwrap_or(0);
                IncarnationVerdict {
                    incarnation,
                    recorded: sequences.recorded.count(),
                    blanks: sequences.blanks,
                    missing: sequences.recorded.missing(from, to),
                    end: sequences.end,
                }
            })
            .collect();
        // Events have no end: something may always happen.
        let ends = ledger.topic != topic::name(Topic::Event);
        let ended = incarnations.last().is_some_and(|last| last.end.is_some());
        let missing = incarnations.iter().any(|incarnation| !incarnation.missing.is_empty());
        let state = if missing {
            State::Incomplete
        } else if ends && !ended {
            State::EndNotSeen
        } else {
            State::Complete
        };
        Self {
            stream: name.to_owned(),
            topic: ledger.topic.clone(),
            schema: ledger.schema.clone(),
            version: ledger.version,
            state,
            incarnations,
        }
    }

    /// Values and blanks that are there, all incarnations.
    pub fn recorded(&self) -> u64 {
        self.incarnations.iter().map(|incarnation| incarnation.recorded).sum()
    }

    /// Values and blanks that are missing, all incarnations.
    pub fn missing(&self) -> u64 {
        self.incarnations.iter().map(|incarnation| incarnation.missing.count()).sum()
    }
}
