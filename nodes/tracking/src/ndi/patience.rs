//! How long an answer is waited for while a tracker is made ready.

use std::time::Duration;

use formats::ndi::Command;

use super::startup::Question;

/// Patience with a break on a serial line, which not every adapter passes on; a tracker that heeds it answers within a second.
const BREAK_TIMEOUT: Duration = Duration::from_secs(3);
/// Patience with most commands while the tracker is made ready.
const START_TIMEOUT: Duration = Duration::from_secs(2);
/// Patience with those that take seconds: a reset, and what moves the tracker or looks at a tool.
const SLOW_TIMEOUT: Duration = Duration::from_secs(10);

/// With the question that was asked.
pub(super) fn with(question: Option<&Question>) -> Duration {
    match question {
        Some(Question::Break) => BREAK_TIMEOUT,
        Some(Question::Command(command)) if !is_slow(command) => START_TIMEOUT,
        _ => SLOW_TIMEOUT,
    }
}

fn is_slow(command: &Command) -> bool {
    matches!(
        command,
        Command::Reset
            | Command::Init
            | Command::InitHandle(_)
            | Command::StartTracking(_)
            | Command::StopTracking
    )
}
