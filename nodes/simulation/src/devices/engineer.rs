//! The device `engineer`: a person who accepts, rejects and touches by a script.

use std::time::Duration;

use messages::{Instruction, InstructionKind};
use runtime::{Device, Reading, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Error;

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// How the person is called in the record.
    #[serde(default = "by")]
    #[schemars(default = "by")]
    pub by: String,
    /// What they do, in the order of time: `{ at_s = 30.0, accept = true }`,
    /// `{ at_s = 31.0, reject = "the liver has moved" }`, or
    /// `{ at_s = 32.0, touch = "portal_bifurcation", tool = "stylus" }`.
    pub script: Vec<Line>,
}

fn by() -> String {
    "engineer".to_owned()
}

/// One thing that is done; exactly one of `accept`, `reject` and `touch`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// When, in seconds after the start.
    #[schemars(range(min = 0))]
    pub at_s: f64,
    /// `true`: the registration is accepted.
    #[serde(default)]
    pub accept: bool,
    /// The registration is rejected, for this reason.
    #[serde(default)]
    pub reject: Option<String>,
    /// The tip of the tool now touches this landmark.
    #[serde(default)]
    pub touch: Option<String>,
    /// The tool that touches, as the tracking system calls it; `stylus` if it is not said.
    #[serde(default)]
    pub tool: Option<String>,
}

/// A line that says nothing that can be done.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// Not one of the three.
    #[error(
        "expected exactly one of `accept = true`, `reject = \"reason\"` and `touch = \"landmark\"`, and `tool` only beside `touch`, but line {line} of `script` (at {at_s} s) has {came}; write a line for each"
    )]
    NotOne {
        /// Its number, from 1.
        line: usize,
        /// When.
        at_s: f64,
        /// What it has.
        came: String,
    },
    /// Out of order.
    #[error(
        "expected the lines of `script` in the order of time, from 0 s on, but line {line} is at {at_s} s; sort them"
    )]
    Order {
        /// Its number, from 1.
        line: usize,
        /// When.
        at_s: f64,
    },
}

outputs! {
    /// What the person says.
    pub enum Output { instructions => Instructions(Instruction) }
}

/// The device.
pub struct Engineer {
    script: Vec<(Duration, Instruction)>,
    next: usize,
}

impl Device for Engineer {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(parameters: Parameters) -> Result<Self, Error> {
        let Parameters { by, script } = parameters;
        let mut lines: Vec<(Duration, Instruction)> = Vec::new();
        for (index, line) in script.into_iter().enumerate() {
            let (number, at_s) = (index + 1, line.at_s);
            let at = Duration::try_from_secs_f64(at_s).ok();
            let before = lines.last().map_or(Duration::ZERO, |(before, _)| *before);
            let at = at.filter(|at| *at >= before);
            let at = at.ok_or(ScriptError::Order { line: number, at_s })?;
            let kind = kind(line, number)?;
            lines.push((at, Instruction { by: by.clone(), kind }));
        }
        Ok(Self { script: lines, next: 0 })
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        let Some((since_start, instruction)) = self.script.get(self.next) else {
            return Ok(Reading::End);
        };
        self.next += 1;
        let outputs = vec![Output::Instructions(instruction.clone())];
        Ok(Reading::Scheduled { since_start: *since_start, outputs })
    }

    /// What was said before is not said again.
    fn seek(&mut self, since_start: Duration) {
        self.next = self.script.partition_point(|(at, _)| *at < since_start);
    }
}

fn kind(line: Line, number: usize) -> Result<InstructionKind, ScriptError> {
    let Line { at_s, accept, reject, touch, tool } = line;
    let mut came: Vec<&str> = Vec::new();
    came.extend(accept.then_some("`accept`"));
    came.extend(reject.as_ref().map(|_| "`reject`"));
    came.extend(touch.as_ref().map(|_| "`touch`"));
    came.extend(tool.as_ref().map(|_| "`tool`"));
    match (accept, reject, touch, tool) {
        (true, None, None, None) => Ok(InstructionKind::AcceptRegistration),
        (false, Some(reason), None, None) => Ok(InstructionKind::RejectRegistration { reason }),
        (false, None, Some(landmark), tool) => {
            let tool = tool.unwrap_or_else(|| "stylus".to_owned());
            Ok(InstructionKind::TouchLandmark { landmark, tool })
        }
        _ => {
            let came = if came.is_empty() { "none".to_owned() } else { came.join(" and ") };
            Err(ScriptError::NotOne { line: number, at_s, came })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(script: serde_json::Value) -> Result<Engineer, Error> {
        Engineer::open(serde_json::from_value(serde_json::json!({ "script": script })).unwrap())
    }

    fn read(engineer: &mut Engineer) -> Option<(f64, InstructionKind)> {
        match engineer.read().unwrap() {
            Reading::Scheduled { since_start, outputs } => {
                let [Output::Instructions(said)] = &outputs[..] else { panic!("{outputs:?}") };
                assert_eq!(said.by, "engineer");
                Some((since_start.as_secs_f64(), said.kind.clone()))
            }
            _ => None,
        }
    }

    #[test]
    fn a_script_is_said_at_its_times_and_after_a_restart_only_what_is_left_of_it() {
        let script = serde_json::json!([
            { "at_s": 12.5, "touch": "portal_bifurcation" },
            { "at_s": 30.0, "accept": true },
            { "at_s": 31.0, "reject": "it slipped" },
        ]);
        let mut engineer = open(script).unwrap();
        let landmark = "portal_bifurcation".to_owned();
        let touch = InstructionKind::TouchLandmark { landmark, tool: "stylus".to_owned() };
        let reject = InstructionKind::RejectRegistration { reason: "it slipped".to_owned() };
        assert_eq!(read(&mut engineer), Some((12.5, touch)));
        assert_eq!(read(&mut engineer), Some((30.0, InstructionKind::AcceptRegistration)));
        assert_eq!(read(&mut engineer), Some((31.0, reject.clone())));
        assert_eq!(read(&mut engineer), None);
        engineer.seek(Duration::from_secs_f64(30.5));
        assert_eq!(read(&mut engineer), Some((31.0, reject)));
    }

    #[test]
    fn lines_that_say_nothing_or_too_much_or_come_too_late_are_refused() {
        for (script, part) in [
            (serde_json::json!([{ "at_s": 1.0 }]), "has none"),
            (
                serde_json::json!([{ "at_s": 1.0, "accept": true, "reject": "x" }]),
                "`accept` and `reject`",
            ),
            (
                serde_json::json!([{ "at_s": 1.0, "accept": true, "tool": "x" }]),
                "`accept` and `tool`",
            ),
            (serde_json::json!([{ "at_s": -1.0, "accept": true }]), "line 1 is at -1 s"),
            (
                serde_json::json!([{ "at_s": 2.0, "accept": true }, { "at_s": 1.0, "accept": true }]),
                "line 2 is at 1 s",
            ),
        ] {
            let error = open(script).err().unwrap().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
