//! One line of a fault script, and when it is in force.

use std::time::Duration;

use rand::RngExt;
use schemars::JsonSchema;
use serde::Deserialize;

use super::kind::FaultKind;
use super::script::FaultError;
use crate::devices::DAY_S;
use crate::randomness::{Purpose, stream_of};

/// One line: what goes wrong, when, and for which tools.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// When it begins, in seconds after the start; with `every_s`, when its first stretch begins.
    #[schemars(range(min = 0))]
    pub at_s: f64,
    /// How long it lasts; left out, to the end.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub for_s: Option<f64>,
    /// Once in each stretch of this length, wholly within it, at a random instant; left out, once.
    #[serde(default)]
    #[schemars(range(min = 0.01))]
    pub every_s: Option<f64>,
    /// How often at most, with `every_s`; left out, again and again.
    #[serde(default)]
    pub times: Option<u64>,
    /// The tools that it concerns, as the tracker calls them; left out, all.
    #[serde(default)]
    pub tools: Vec<String>,
    /// What goes wrong: a word such as `"out_of_volume"`, or a table such as `bias = { shift_mm = [1.0, 0.0, 0.0] }`.
    pub fault: FaultKind,
}

/// A line while it is in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InForce<'a> {
    /// The line.
    pub fault: &'a Fault,
    /// Its number in the script, from 1.
    pub line: u32,
    /// How often it was in force before.
    pub repetition: u64,
    /// Since when.
    pub begin: Duration,
    /// Until when, not included; none for always.
    pub end: Option<Duration>,
}

impl InForce<'_> {
    /// Whether it concerns the tool called `tool`.
    pub fn concerns(&self, tool: &str) -> bool {
        self.fault.tools.is_empty() || self.fault.tools.iter().any(|name| name == tool)
    }

    pub(super) fn covers(&self, at: Duration) -> bool {
        self.begin <= at && self.end.is_none_or(|end| at < end)
    }
}

impl Fault {
    /// Refuses times and numbers that make no sense in line number `line`.
    pub(super) fn check(&self, line: u32) -> Result<(), FaultError> {
        let range = |name: &str, value: f64, low: f64| {
            if (low..=DAY_S).contains(&value) {
                Ok(())
            } else {
                Err(FaultError::OutOfRange { line, name: name.to_owned(), low, high: DAY_S, value })
            }
        };
        let name = self.fault.name();
        range("at_s", self.at_s, 0.0)?;
        if let Some(for_s) = self.for_s {
            range("for_s", for_s, 0.0)?;
        }
        if let Some(every_s) = self.every_s {
            range("every_s", every_s, 0.01)?;
            let lasts_s = self.for_s.unwrap_or(if self.fault.is_instant() { 0.0 } else { DAY_S });
            if lasts_s > every_s {
                return Err(FaultError::TooLong { line, name, every_s });
            }
        }
        if self.times.is_some() && self.every_s.is_none() {
            return Err(FaultError::TimesAlone { line, name });
        }
        if self.fault.is_instant() && self.for_s.is_some() {
            return Err(FaultError::Instant { line, name });
        }
        if self.fault.is_of_device() && !self.tools.is_empty() {
            return Err(FaultError::OfDevice { line, name });
        }
        self.fault.check(line)
    }

    /// How long it lasts; none for always.
    pub(super) fn lasts(&self) -> Option<Duration> {
        if self.fault.is_instant() {
            return Some(Duration::ZERO);
        }
        self.for_s.map(Duration::from_secs_f64)
    }

    /// The repetition, of those that there may be, in whose stretch an instant lies; none before the first.
    pub(super) fn stretch(&self, at: Duration) -> Option<u64> {
        let since = at.checked_sub(Duration::from_secs_f64(self.at_s))?;
        let Some(every_s) = self.every_s else { return Some(0) };
        let every = Duration::from_secs_f64(every_s).as_nanos();
        Some(u64::try_from(since.as_nanos() / every).unwrap_or(u64::MAX))
    }

    /// The time in force number `repetition` of the line number `line` of a script with this seed.
    pub(super) fn in_force(&self, seed: u64, line: u32, repetition: u64) -> Option<InForce<'_>> {
        let first = Duration::from_secs_f64(self.at_s);
        let lasts = self.lasts();
        let begin = match self.every_s {
            None if repetition == 0 => first,
            None => return None,
            Some(_) if self.times.is_some_and(|times| repetition >= times) => return None,
            Some(every_s) => {
                let every = Duration::from_secs_f64(every_s);
                let free = every.saturating_sub(lasts.unwrap_or(every));
                let mut rng = stream_of(seed, Purpose::FaultTimes, line.into(), repetition);
                let wait = free.mul_f64(rng.random_range(0.0..1.0));
                let stretch = every.as_nanos().saturating_mul(repetition.into());
                first + Duration::from_nanos(u64::try_from(stretch).ok()?) + wait
            }
        };
        let end = lasts.map(|lasts| begin + lasts);
        Some(InForce { fault: self, line, repetition, begin, end })
    }
}
