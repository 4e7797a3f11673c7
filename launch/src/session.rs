//! One running procedure: its name, its folders, its entry in the registry, and what each process is told.

pub mod assign;
pub mod folders;
pub mod local_time;
pub mod manifest;
pub mod process_identity;
pub mod record;
pub mod registry;

use std::path::{Path, PathBuf};

pub use folders::{SessionFolder, SocketFolder};
pub use local_time::LocalTime;
pub use process_identity::ProcessIdentity;
pub use record::{Life, MemberRecord, Pace, Record};

/// The name under which the supervisor speaks; no node of a graph may have it.
pub const SUPERVISOR: &str = "launch";

/// Why a session cannot be made, found or written.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// A folder or file cannot be used.
    #[error("cannot {doing} {}: {source}; is the place writable, and is there room on the disk?", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The folder for the recording holds something already.
    #[error("the session folder {} is not empty; name a new one, so that no recording is overwritten", .0.display())]
    FolderInUse(PathBuf),
    /// Somebody else prepared the folder of sockets.
    #[error(
        "{} is no folder of this user's own, so that others could listen; remove it or set XDG_RUNTIME_DIR to a folder of yours",
        .0.display()
    )]
    NotPrivate(PathBuf),
    /// A socket's path would be too long.
    #[error(
        "the socket {} has {} bytes in its path, at most {limit} are possible; shorten the node's name or set XDG_RUNTIME_DIR to a shorter path",
        path.display(), path.as_os_str().len()
    )]
    PathTooLong {
        /// The path.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// A node cannot be called so.
    #[error(
        "a node cannot be called `{0}`: letters, digits, `_` and `-` only, and `launch` is the supervisor's"
    )]
    NodeName(String),
    /// The registry entry is damaged.
    #[error("{} is no session entry of this version: {reason}; if no process of that session is left, remove its folder", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Nothing runs.
    #[error("no session is running on this machine; `vesalius run GRAPH` starts one")]
    NoneRuns,
    /// The name fits none.
    #[error("no running session is called `{asked}`; there {}", list(.known))]
    Unknown {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The name fits several.
    #[error("which session? There {}", list(.0))]
    Several(Vec<String>),
    /// A supervisor looks after it already.
    #[error(
        "session {session} is supervised already, by process {pid}; `vesalius top {session}` shows it, `vesalius stop {session}` ends it"
    )]
    Supervised {
        /// The session.
        session: String,
        /// Its supervisor.
        pid: i32,
    },
}

fn list(sessions: &[String]) -> String {
    match sessions {
        [one] => format!("is {one}"),
        many => format!("are {}", many.join(", ")),
    }
}

impl SessionError {
    /// For `map_err`.
    pub fn file(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { doing, path, source }
    }
}

/// Whether a node may be called so: its name becomes a part of keys, paths and `node.port`.
///
/// # Errors
/// If it may not.
pub fn check_node_name(name: &str) -> Result<(), SessionError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name == SUPERVISOR || !name.chars().all(plain) {
        return Err(SessionError::NodeName(name.to_owned()));
    }
    Ok(())
}
