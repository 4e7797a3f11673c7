//! Asks an executable to describe itself, and does not wait for ever.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::description::Description;
use crate::problem::file_reason;

/// Much longer than loading libtorch from a cold disk takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// More than any description.
const LONGEST_ANSWER: u64 = 16 << 20;

/// Why an executable did not describe itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It does not start.
    #[error("cannot be started: {0}")]
    Start(String),
    /// It does not answer.
    #[error("gave no description within {} s and was stopped", PATIENCE.as_secs())]
    Silent,
    /// It fails.
    #[error("fails at `describe` ({status}){}", said(.last_words))]
    Failed {
        /// Its exit status.
        status: String,
        /// The last line of its standard error.
        last_words: String,
    },
    /// It answers something else.
    #[error("answers `describe` with something else than a description: {0}")]
    NotADescription(String),
}

fn said(last_words: &str) -> String {
    if last_words.is_empty() { String::new() } else { format!(": {last_words}") }
}

/// The description of an executable, as JSON text and as values.
///
/// # Errors
/// If it does not start, answer in time, succeed, or make sense.
pub fn describe(executable: &Path) -> Result<(String, Description), AskError> {
    describe_within(executable, PATIENCE)
}

pub(super) fn describe_within(
    executable: &Path,
    patience: Duration,
) -> Result<(String, Description), AskError> {
    let mut child = start(executable).map_err(|error| AskError::Start(file_reason(&error)))?;
    let answer = read_in_background(child.stdout.take());
    let errors = read_in_background(child.stderr.take());
    let Ok(answer) = answer.recv_timeout(patience) else {
        stop(&mut child);
        return Err(AskError::Silent);
    };
    let Some(status) = ended(&mut child, patience) else {
        stop(&mut child);
        return Err(AskError::Silent);
    };
    if !status.success() {
        let errors = errors.recv_timeout(Duration::from_millis(100)).unwrap_or_default();
        let last_words = errors.lines().rev().find(|line| !line.trim().is_empty());
        return Err(AskError::Failed {
            status: status.to_string(),
            last_words: last_words.unwrap_or_default().trim().to_owned(),
        });
    }
    let description = serde_json::from_str(&answer)
        .map_err(|error| AskError::NotADescription(error.to_string()))?;
    Ok((answer, description))
}

fn start(executable: &Path) -> std::io::Result<Child> {
    let mut tries = 0;
    loop {
        let started = Command::new(executable)
            .arg("describe")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own, so that what it starts is stopped with it.
            .process_group(0)
            .spawn();
        match started {
            // It is being written at this moment.
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy && tries < 50 => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

fn read_in_background(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before an error still tells something.
            let _ = pipe.take(LONGEST_ANSWER).read_to_end(&mut bytes);
        }
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// Its exit status once it has closed its output; it may take a moment to end.
fn ended(child: &mut Child, patience: Duration) -> Option<std::process::ExitStatus> {
    const STEP: Duration = Duration::from_millis(2);
    for _ in 0..=patience.as_millis() / STEP.as_millis() {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => std::thread::sleep(STEP),
            Err(_) => return None,
        }
    }
    None
}

fn stop(child: &mut Child) {
    if let Some(group) = rustix::process::Pid::from_raw(child.id() as i32) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.wait();
}
