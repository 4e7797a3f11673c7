//! Starts the processes of a session, watches over them, and ends them in order.
//!
//! ```text
//! bring up ──all linked──> run ──stop, or all sources ended──> end ──all ended──> leave ──> closing
//!                           │ a process ends unasked: told at once, started again or given up
//! ```
//! The processes live on if `vesalius` does not: [`attach`] takes them up again.

mod closing;
mod death;
mod ears;
mod ending;
mod failures;
mod hearing;
mod ledger;
mod member;
mod process;
mod running;
mod start;
mod supervisor;
mod voice;
mod watcher;

use std::path::PathBuf;
use std::time::Duration;

pub use closing::how_to_look;
pub use death::Death;
pub use failures::{FailureRule, Failures, Next};
pub use ledger::Ledger;
pub use supervisor::Supervisor;

use crate::logs::Style;
use crate::plan::Plan;
use crate::session::{Pace, Record, SessionError};
use crate::table::Closing;

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Undertaking {
    /// The checked graph.
    pub plan: Plan,
    /// Where time comes from.
    pub pace: Pace,
    /// Devices end their streams after this long.
    pub stop_after: Option<Duration>,
    /// Where the recording and the logs go; by default a new folder under `sessions`.
    pub folder: Option<PathBuf>,
    /// Where the folder of sockets is made; by default [`socket_root`](crate::session::folders::socket_root).
    pub socket_root: Option<PathBuf>,
}

/// How it is supervised.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the logs look; its nodes are filled in.
    pub style: Style,
    /// Logs go to standard error, so that standard output is free for the result.
    pub logs_to_stderr: bool,
    /// When a failing process is given up.
    pub rule: FailureRule,
    /// How long all may take until they hear each other.
    pub start_timeout: Duration,
    /// How long nobody may get on with anything before the end is forced.
    pub ending_patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            style: Style::default(),
            logs_to_stderr: false,
            rule: FailureRule::default(),
            start_timeout: Duration::from_mins(1),
            ending_patience: Duration::from_secs(15),
        }
    }
}

/// Why a session did not come about.
#[derive(Debug, thiserror::Error)]
pub enum SuperviseError {
    /// Its folders.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The bus.
    #[error(transparent)]
    Bus(#[from] runtime::bus::BusError),
    /// The system does not let processes be watched.
    #[error("cannot watch processes and signals: {0}; does this system lack pidfd (Linux 5.3)?")]
    Watch(std::io::Error),
    /// An executable does not start.
    #[error("cannot start {node}: {} does not run: {source}", executable.display())]
    NotStarted {
        /// The node.
        node: String,
        /// Its executable.
        executable: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A participant failed before the start.
    #[error("{node} could not start: it {reason}{}", quoted(.log))]
    Failed {
        /// The node.
        node: String,
        /// Why.
        reason: String,
        /// The end of its log.
        log: Vec<String>,
    },
    /// Not all were ready in time.
    #[error("not everybody was ready after {after_s} s: {}", waiting.join("; "))]
    NotReady {
        /// How long was waited.
        after_s: u64,
        /// Who is missing, and what it said last.
        waiting: Vec<String>,
    },
    /// Ctrl-C before the start.
    #[error("called off before the start")]
    CalledOff,
}

fn quoted(log: &[String]) -> String {
    if log.is_empty() {
        return String::new();
    }
    format!("\nits log ends with\n    {}", log.join("\n    "))
}

/// Runs a session from its start to its end.
///
/// # Errors
/// If it did not come to the start; then nothing of it is left.
pub fn run(undertaking: Undertaking, options: Options) -> Result<Closing, SuperviseError> {
    let mut supervisor = Supervisor::new(undertaking, options)?;
    if let Err(error) = supervisor.bring_up() {
        supervisor.call_off();
        return Err(error);
    }
    supervisor.watch_over();
    Ok(supervisor.close())
}

/// Takes up a session whose supervisor has gone; with `stop` it is ended at once.
///
/// # Errors
/// If somebody supervises it, or it was called off before its start.
pub fn attach(record: Record, options: Options, stop: bool) -> Result<Closing, SuperviseError> {
    let mut supervisor = Supervisor::take_up(record, options)?;
    if let Err(error) = supervisor.bring_up() {
        supervisor.call_off();
        return Err(error);
    }
    if stop {
        supervisor.stop("asked to stop");
    }
    supervisor.watch_over();
    Ok(supervisor.close())
}
