//! Why a session did not come about.

use std::path::PathBuf;

use crate::session::SessionError;

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
