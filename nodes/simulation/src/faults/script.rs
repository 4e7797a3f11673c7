//! A whole fault script: what is in force at an instant, and what begins and ends between two.

use std::time::Duration;

use serde::Deserialize;

use super::fault::{Fault, InForce};

/// Why a script cannot be followed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FaultError {
    /// The text is no script.
    #[error("expected a fault script, TOML with lines `[[faults]]` and perhaps a `seed`, but {0}")]
    Text(String),
    /// The file cannot be read.
    #[error("cannot read the fault script {path}: {reason}")]
    File {
        /// Its path.
        path: String,
        /// Why not.
        reason: String,
    },
    /// A number is out of its range.
    #[error(
        "line {line} of the faults: `{name}` must lie between {low} and {high}, but is {value}"
    )]
    OutOfRange {
        /// The line, from 1.
        line: u32,
        /// Which number.
        name: String,
        /// The least that works.
        low: f64,
        /// The most that works.
        high: f64,
        /// What it is.
        value: f64,
    },
    /// It does not fit into its stretch.
    #[error(
        "line {line} of the faults: `{name}` comes every {every_s} s, so it must say with `for_s` that it lasts no longer"
    )]
    TooLong {
        /// The line, from 1.
        line: u32,
        /// What goes wrong.
        name: &'static str,
        /// Its stretch.
        every_s: f64,
    },
    /// `times` without `every_s`.
    #[error(
        "line {line} of the faults: `{name}` says `times`, but not `every_s`: say both, or none"
    )]
    TimesAlone {
        /// The line, from 1.
        line: u32,
        /// What goes wrong.
        name: &'static str,
    },
    /// It happens at once.
    #[error("line {line} of the faults: `{name}` happens in an instant: leave `for_s` out")]
    Instant {
        /// The line, from 1.
        line: u32,
        /// What goes wrong.
        name: &'static str,
    },
    /// It concerns no tool alone.
    #[error("line {line} of the faults: `{name}` concerns the whole device: leave `tools` out")]
    OfDevice {
        /// The line, from 1.
        line: u32,
        /// What goes wrong.
        name: &'static str,
    },
    /// No tool has the name.
    #[error(
        "line {line} of the faults: no tool is called `{tool}`; there are [{there}]: name the tool as the device does"
    )]
    UnknownTool {
        /// The line, from 1.
        line: u32,
        /// The name.
        tool: String,
        /// Those that there are.
        there: String,
    },
}

/// A script as a file holds it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    seed: Option<u64>,
    #[serde(default)]
    faults: Vec<Fault>,
}

/// Faults in the order of their lines, with the seed of all that is random in them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultScript {
    faults: Vec<Fault>,
    seed: u64,
}

/// Something that begins or ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change<'a> {
    /// When.
    pub at: Duration,
    /// Whether it begins.
    pub begins: bool,
    /// What.
    pub what: InForce<'a>,
}

impl FaultScript {
    /// A script of these lines.
    ///
    /// # Errors
    /// If a line makes no sense; says which, and what would.
    pub fn new(seed: u64, faults: Vec<Fault>) -> Result<Self, FaultError> {
        for (index, fault) in faults.iter().enumerate() {
            fault.check(number(index))?;
        }
        Ok(Self { faults, seed })
    }

    /// The script of a TOML text: `[[faults]]`, and a `seed` if it has one of its own.
    ///
    /// # Errors
    /// If the text is none, or a line makes no sense.
    pub fn from_toml(text: &str, seed: u64) -> Result<Self, FaultError> {
        let file: File = toml::from_str(text).map_err(|error| {
            FaultError::Text(error.to_string().split_whitespace().collect::<Vec<_>>().join(" "))
        })?;
        Self::new(file.seed.unwrap_or(seed), file.faults)
    }

    /// Refuses tools that are not among `there`.
    ///
    /// # Errors
    /// If a line names another one.
    pub fn check_tools(&self, there: &[&str]) -> Result<(), FaultError> {
        for (index, fault) in self.faults.iter().enumerate() {
            if let Some(tool) = fault.tools.iter().find(|tool| !there.contains(&tool.as_str())) {
                let (line, there) = (number(index), there.join(", "));
                return Err(FaultError::UnknownTool { line, tool: tool.clone(), there });
            }
        }
        Ok(())
    }

    /// Whether nothing ever goes wrong.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Each line with its number.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u32, &Fault)> {
        self.faults.iter().enumerate().map(|(index, fault)| (number(index), fault))
    }

    /// What is in force at an instant since the start, in the order of the lines.
    pub fn in_force(&self, at: Duration) -> impl Iterator<Item = InForce<'_>> {
        self.lines().filter_map(move |(line, fault)| {
            let found = fault.in_force(self.seed, line, fault.stretch(at)?)?;
            found.covers(at).then_some(found)
        })
    }

    /// What begins or ends from `from`, included, to `to`, not included, in the order of time.
    pub fn changes(&self, from: Duration, to: Duration) -> Vec<Change<'_>> {
        let mut changes = Vec::new();
        for (line, fault) in self.lines() {
            let Some(last) = fault.stretch(to) else { continue };
            // What began in the stretch before may end in this one.
            let first = fault.stretch(from).unwrap_or(0).saturating_sub(1);
            for repetition in first..=last {
                let Some(what) = fault.in_force(self.seed, line, repetition) else { break };
                let end = what.end.filter(|_| !fault.fault.is_instant());
                for (at, begins) in [(Some(what.begin), true), (end, false)] {
                    if let Some(at) = at.filter(|at| (from..to).contains(at)) {
                        changes.push(Change { at, begins, what });
                    }
                }
            }
        }
        changes.sort_by_key(|change| (change.at, change.begins, change.what.line));
        changes
    }
}

/// Numbers of lines are counted from 1.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}
