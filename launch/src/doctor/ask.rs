//! Asks one participant to examine itself, in a process of its own, and does not wait for ever.

use std::io::{Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use runtime::{Finding, clock};
use serde_json::Value;

use super::{Line, Verdict};
use crate::logs::last_words_in;
use crate::problem::file_reason;

/// More than any findings.
const LONGEST_ANSWER: u64 = 1 << 20;
/// Between two looks whether a process that has said all has ended.
const LOOK: Duration = Duration::from_millis(5);
/// How long the last words of a process that has ended may take.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What `participant` of `executable` finds with these parameters, within `limit`.
pub fn ask(executable: &Path, participant: &str, parameters: &Value, limit: Duration) -> Vec<Line> {
    let started = Command::new(executable)
        .args(["examine", participant])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own, so that what it starts is stopped with it.
        .process_group(0)
        .spawn();
    match started {
        Ok(child) => follow(child, parameters.to_string(), limit),
        Err(error) => vec![Line::of(
            Verdict::Wrong,
            format!("{} cannot be started: {}", executable.display(), file_reason(&error)),
            "is it built, and may it be executed?",
        )],
    }
}

fn follow(mut child: Child, parameters: String, limit: Duration) -> Vec<Line> {
    let deadline = clock::monotonic() + limit;
    if let Some(mut input) = child.stdin.take() {
        // It may end without having read them, or never read them: then it is stopped, and so is this.
        std::thread::spawn(move || {
            let _ = input.write_all(parameters.as_bytes());
        });
    }
    let answer = read(child.stdout.take());
    let words = read(child.stderr.take());
    let mut said = Vec::new();
    let ended = loop {
        let left = deadline.saturating_sub(clock::monotonic());
        match answer.recv_timeout(left) {
            Ok(piece) => said.extend(piece),
            Err(RecvTimeoutError::Disconnected) => break end(&mut child, deadline),
            Err(RecvTimeoutError::Timeout) => break None,
        }
    };
    let mut lines = findings(&said);
    match ended {
        None => {
            stop(&mut child);
            lines.push(Line::of(
                Verdict::Wrong,
                format!(
                    "gave no answer within {} s and was stopped{}",
                    limit.as_secs_f64(),
                    last(&words)
                ),
                "is something switched off or in use on the way to it? `--limit` gives it longer",
            ));
        }
        Some(status) if !status.success() => lines.push(Line::of(
            Verdict::Wrong,
            format!("its examination failed ({status}){}", last(&words)),
            "put right what it says; what it cannot say may stand in the system's log",
        )),
        Some(_) => {}
    }
    lines
}

/// Each line is a finding; the first that is none is told.
fn findings(said: &[u8]) -> Vec<Line> {
    let said = String::from_utf8_lossy(said);
    let mut lines = Vec::new();
    for line in said.lines().filter(|line| !line.trim().is_empty()) {
        if let Ok(finding) = serde_json::from_str::<Finding>(line) {
            lines.push(finding.into());
            continue;
        }
        let begin: String = line.chars().take(60).collect();
        lines.push(Line::of(
            Verdict::Wrong,
            format!("said something else than findings: {begin}"),
            "`examine` must print a line of JSON for each finding, and nothing else",
        ));
        break;
    }
    lines
}

fn read(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let Some(pipe) = pipe else { return };
        let mut pipe = pipe.take(LONGEST_ANSWER);
        let mut piece = vec![0; 4096];
        // What was read before an error still tells something.
        while let Ok(bytes @ 1..) = pipe.read(&mut piece) {
            if sender.send(piece[..bytes].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Its status, if it ends before `deadline`.
fn end(child: &mut Child, deadline: Duration) -> Option<std::process::ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if clock::monotonic() < deadline => std::thread::sleep(LOOK),
            Ok(None) | Err(_) => return None,
        }
    }
}

fn stop(child: &mut Child) {
    if let Some(group) = rustix::process::Pid::from_raw(child.id().cast_signed()) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.wait();
}

fn last(words: &Receiver<Vec<u8>>) -> String {
    let mut said = Vec::new();
    while let Ok(piece) = words.recv_timeout(LAST_WORDS) {
        said.extend(piece);
    }
    last_words_in(&String::from_utf8_lossy(&said))
        .map_or_else(String::new, |words| format!(": {words}"))
}
