//! The last words of a session: what was counted, whether the recording is whole, and how to look at it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use runtime::clock;
use serde_json::{Value, json};

use super::member::End;
use super::supervisor::Supervisor;
use crate::plan::ParticipantKind;
use crate::session::{Pace, Record};
use crate::table::{self, Closing, RecordingRow};

/// The last statuses come within this time after the last process has left.
const LAST_WORDS: Duration = Duration::from_millis(60);

impl Supervisor {
    /// Ends what is left of the session and says what came of it.
    pub fn close(mut self) -> Closing {
        self.settle(LAST_WORDS);
        let ended_at = clock::monotonic();
        self.clear_away();
        let counted = |name: &str| {
            self.members.iter().any(|member| {
                member.node.name == name && member.end == End::Counted && member.incarnation == 1
            })
        };
        let record = &self.record;
        let streams = table::streams(record, &self.ledger, &counted);
        let clock_name = match record.pace {
            Pace::Live => "live",
            Pace::Simulated => "simulated",
            Pace::Replay { .. } => "replay",
        };
        let mut closing = Closing {
            session: record.session.clone(),
            graph: record.graph.clone(),
            folder: record.folder.clone(),
            clock: clock_name.to_owned(),
            start_up_ms: self
                .start_up
                .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            duration_s: self.duration(ended_at),
            others: table::others(record, &self.ledger, &streams),
            nodes: table::nodes(record, &self.ledger),
            scores: table::scores(record, &self.ledger),
            streams,
            recording: recording(record),
            good: false,
            reasons: Vec::new(),
        };
        closing.reasons = table::reasons(&closing, &record.troubles);
        closing.good = closing.reasons.is_empty();
        self.write_session_file(Some(&closing));
        closing
    }

    /// Seconds from the start to the end.
    fn duration(&self, ended_at: Duration) -> f64 {
        let started = self.record.started_monotonic_ns.map(Duration::from_nanos);
        ended_at.saturating_sub(started.unwrap_or(ended_at)).as_secs_f64()
    }

    /// Writes `session.json` into the session folder: what ran, and at the end what came of it.
    pub(super) fn write_session_file(&mut self, closing: Option<&Closing>) {
        let file = json!({
            "started_at_ns": self.record.started_at,
            "manifest": self.record.manifest,
            "closing": closing,
        });
        let bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
        if let Err(error) = self.folder.write("session.json", &bytes) {
            self.voice.say(runtime::log::Level::Warn, &error.to_string());
        }
    }
}

/// What `verify` says about the recording, if the session has a recorder.
fn recording(record: &Record) -> Option<RecordingRow> {
    let recorder = record.plan.nodes.iter().find(|node| {
        node.kind == ParticipantKind::Observer && node.runs.ends_with("recordings/record")
    })?;
    let output = Command::new(&recorder.executable)
        .arg("verify")
        .arg(&record.folder)
        .arg("--json")
        .stdin(Stdio::null())
        .output();
    Some(match output {
        Ok(output) => {
            let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
            let good = output.status.success();
            let said = String::from_utf8_lossy(&output.stderr);
            RecordingRow {
                good,
                text: if good {
                    "complete and undamaged".to_owned()
                } else {
                    what_is_wrong(&report)
                        .or_else(|| said.lines().next().map(str::to_owned))
                        .unwrap_or_else(|| "it cannot be verified".to_owned())
                },
                report,
            }
        }
        Err(error) => RecordingRow {
            good: false,
            text: format!("not verified: {} does not run: {error}", recorder.executable.display()),
            report: Value::Null,
        },
    })
}

/// The report of `verify` in a sentence.
fn what_is_wrong(report: &Value) -> Option<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut wrong = Vec::new();
    for part in list(&report["parts"]) {
        let torn = Some(part["torn"].clone()).filter(|torn| !torn.is_null());
        for damage in list(&part["damage"]).into_iter().chain(torn) {
            let file = Path::new(part["path"].as_str().unwrap_or_default())
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            wrong.push(format!(
                "{} at byte {}: {}",
                file.unwrap_or_default(),
                damage["at"],
                damage["what"].as_str().unwrap_or("damaged"),
            ));
        }
    }
    for stream in list(&report["streams"]) {
        let name = stream["stream"].as_str().unwrap_or("?");
        let missing: Vec<_> = list(&stream["incarnations"])
            .iter()
            .filter_map(|incarnation| ranges(&incarnation["missing"]))
            .collect();
        if !missing.is_empty() {
            wrong.push(format!("{name} lacks {}", missing.join(", ")));
        } else if stream["state"] != "complete" {
            wrong.push(format!("the end of {name} was not recorded"));
        }
    }
    (!wrong.is_empty()).then(|| {
        let more = wrong.len().saturating_sub(6);
        wrong.truncate(6);
        if more > 0 {
            wrong.push(format!("and {more} more: see `vesalius verify`"));
        }
        wrong.join(", ")
    })
}

/// `[[3, 5], [9, 9]]` as `3-5, 9`; a text as it is; none if nothing is missing.
fn ranges(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned()).filter(|text| !text.is_empty());
    }
    let texts: Vec<_> = value
        .as_array()?
        .iter()
        .map(|range| match (&range[0], &range[1]) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}-{last}"),
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

/// How to look at what a session left.
pub fn how_to_look(folder: &Path) -> Vec<String> {
    let mut hints = Vec::new();
    let rerun = folder.join("procedure.rrd");
    if rerun.is_file() {
        hints.push(format!("look at it      rerun {}", rerun.display()));
    }
    if folder.join("procedure.mcap").is_file() {
        hints.push(format!("run it again    vesalius replay {}", folder.display()));
    }
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let report = json!({
            "parts": [{"path": "/s/procedure.mcap", "damage": [], "torn": {"at": 77, "what": "it ends early"}}],
            "streams": [
                {"stream": "a.x", "state": "complete", "incarnations": [{"missing": []}]},
                {"stream": "b.y", "state": "incomplete", "incarnations": [{"missing": [[3, 5], [9, 9]]}]},
                {"stream": "c.z", "state": "end_not_seen", "incarnations": []},
            ],
        });
        assert_eq!(
            what_is_wrong(&report).unwrap(),
            "procedure.mcap at byte 77: it ends early, b.y lacks 3-5, 9, the end of c.z was not recorded"
        );
        assert_eq!(what_is_wrong(&Value::Null), None);
    }

    #[test]
    fn many_faults_stay_one_sentence() {
        let streams: Vec<_> = (0..20)
            .map(|number| json!({"stream": format!("s{number}"), "state": "end_not_seen", "incarnations": []}))
            .collect();
        let text = what_is_wrong(&json!({"streams": streams})).unwrap();
        assert!(text.ends_with("and 14 more: see `vesalius verify`"), "{text}");
    }
}
