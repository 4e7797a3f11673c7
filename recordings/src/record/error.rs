//! Why a recording cannot be written, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use super::disk::Failed;

/// Why a recording cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// There is one already.
    #[error(
        "{path} is there already and recordings are never overwritten; choose another session folder or move the file"
    )]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be made.
    #[error("cannot create {path}: {source}; is the folder there and writable?")]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The disk is full.
    #[error(
        "the disk of {path} is full after {written} bytes of this recording; free some space. What was written before stays readable"
    )]
    Full {
        /// The file.
        path: PathBuf,
        /// Bytes that are safe.
        written: u64,
    },
    /// It cannot be written for another reason.
    #[error(
        "cannot write {path} after {written} bytes: {reason}; what was written before stays readable"
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// Bytes that are safe.
        written: u64,
        /// Why.
        reason: String,
    },
}

/// Why one step failed, before it is said of which file.
#[derive(Debug)]
pub enum Trouble {
    /// The MCAP writer refused something.
    Mcap(mcap::McapError),
    /// The disk did.
    Disk(Failed),
}

impl From<mcap::McapError> for Trouble {
    fn from(error: mcap::McapError) -> Self {
        Self::Mcap(error)
    }
}

impl From<Failed> for Trouble {
    fn from(failed: Failed) -> Self {
        Self::Disk(failed)
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        Self::Mcap(mcap::McapError::Io(io::Error::other(error)))
    }
}

impl Trouble {
    /// What is said of it; `written` bytes of `path` are safe.
    pub fn about(self, path: &Path, written: u64) -> PartError {
        let path = path.to_owned();
        let (written, error) = match self {
            Self::Disk(Failed { written, error }) => (written, error),
            Self::Mcap(mcap::McapError::Io(error)) => (written, error),
            Self::Mcap(error) => (written, io::Error::other(error)),
        };
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                PartError::Full { path, written }
            }
            _ => PartError::Write { path, written, reason: error.to_string() },
        }
    }
}
