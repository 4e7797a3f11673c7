//! One participant in one process: joins the bus, waits for the start, runs, and leaves in order.

mod changes;
mod control;
mod counters;
mod device;
mod journal_file;
mod node;
mod observer;
mod pace;
mod participant;
mod runner;
mod source;
mod watch;

pub use control::Control;
pub use device::run_device;
pub use node::run_node;
pub use observer::run_observer;
pub use source::{RecordedSchema, Source, SourceMessage, run_source};

/// Why a participant could not run.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// It was not told what to be.
    #[error(transparent)]
    Assignment(#[from] crate::assignment::AssignmentError),
    /// The bus failed.
    #[error(transparent)]
    Bus(#[from] crate::bus::BusError),
    /// The parameters do not fit.
    #[error("the parameters do not fit: {0}")]
    Parameters(String),
    /// The participant could not start or go on.
    #[error("{0}")]
    Participant(String),
    /// The journal to be replayed cannot be read.
    #[error("cannot read the journal {path}: {reason}")]
    Journal {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        reason: String,
    },
    /// A device of the outside world was asked to follow a clock that is not its own.
    #[error("this device reads the real world and cannot follow the {0} clock; use `--clock live`")]
    Clock(&'static str),
}

/// An error with its causes, in one sentence each.
pub(crate) fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
