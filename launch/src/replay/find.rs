//! Where the executables of a recorded session are on this machine.

use std::path::{Path, PathBuf};

use super::error::ReplayError;
use crate::catalogue::{Catalogue, Runs};

/// The executable of something that ran once, on this machine.
pub trait Find {
    /// Where it is, if it is here.
    fn find(&self, runs: &str, recorded: &Path) -> Option<PathBuf>;
}

impl Find for Catalogue {
    fn find(&self, runs: &str, recorded: &Path) -> Option<PathBuf> {
        match Runs::parse(runs)? {
            Runs::Named { executable, .. } => self.path(executable).map(Path::to_owned),
            // Only what answers as a participant would is run.
            Runs::Foreign { participant, .. } => {
                let described = Self::ask_foreign(recorded).description.ok()?;
                described.participant(participant).map(|_| recorded.to_owned())
            }
        }
    }
}

/// The executable of `node`, which ran `recorded` then.
///
/// # Errors
/// If it is not here.
pub fn executable(
    executables: &impl Find,
    node: &str,
    runs: &str,
    recorded: &Path,
) -> Result<PathBuf, ReplayError> {
    executables
        .find(runs, recorded)
        .ok_or_else(|| ReplayError::NotHere { node: node.to_owned(), runs: runs.to_owned() })
}
