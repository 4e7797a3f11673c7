//! Starts the process of one participant.

use std::fs::OpenOptions;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use runtime::assignment::{Assignment, VARIABLE};

use crate::plan::PlannedNode;
use crate::session::{ProcessIdentity, SessionError, SessionFolder, SocketFolder};

use super::error::SuperviseError;

/// A process that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// Which one it is.
    pub identity: ProcessIdentity,
    /// Where in the log its own words begin.
    pub log_from: u64,
}

/// Starts `node` with its assignment: in a process group of its own, so that neither Ctrl-C nor the
/// end of `vesalius` reaches it, and with its words going to a file that outlives `vesalius`.
///
/// # Errors
/// If the assignment or the log cannot be written, or the executable cannot be started.
pub fn start(
    node: &PlannedNode,
    assignment: &Assignment,
    folder: &SessionFolder,
    sockets: &SocketFolder,
) -> Result<Started, SuperviseError> {
    let path = sockets.assignment(&node.name);
    let bytes = serde_json::to_vec_pretty(assignment).unwrap_or_default();
    std::fs::write(&path, bytes).map_err(SessionError::file("write", &path))?;
    let log = folder.log(&node.name);
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&log)
        .map_err(SessionError::file("open", &log))?;
    let log_from = file.metadata().map_or(0, |about| about.len());
    let output = file.try_clone().map_err(SessionError::file("open", &log))?;
    let participant = node.runs.rsplit(['/', ':']).next().unwrap_or(&node.runs);
    let failed = |source| SuperviseError::NotStarted {
        node: node.name.clone(),
        executable: node.executable.clone(),
        source,
    };
    let child = Command::new(&node.executable)
        .args(["node", participant])
        .env(VARIABLE, &path)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(file)
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    // It stays a zombie until it is waited for, so that it is there to be looked at even if it has
    // ended by now.
    let pid = child.id().cast_signed();
    let identity = ProcessIdentity::of(pid).ok_or_else(|| {
        failed(std::io::Error::other("it does not appear in /proc: is /proc mounted?"))
    })?;
    Ok(Started { identity, log_from })
}
