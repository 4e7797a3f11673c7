//! Where the tools of an emulated tracker truly are, in its frame: by a script, at random, as recorded, or with the patient.
//!
//! | file | idea |
//! | --- | --- |
//! | `key_poses` | poses written down with their times |
//! | `smooth_random` | a seeded course through the measurement volume |
//! | `recorded` | the poses of a PLUS sequence |
//! | `patient_tools` | the tools of the simulated operation |

mod key_poses;
mod patient_tools;
mod recorded;
mod smooth_random;

pub use key_poses::KeyPoses;
pub use patient_tools::PatientTools;
pub use recorded::Recorded;
pub use smooth_random::SmoothRandom;

use std::path::Path;
use std::time::Duration;

use crate::faults::Sight;

/// The true course of some tools; a function of time alone.
pub trait Trajectory: Send {
    /// The tools.
    fn tools(&self) -> &[MovingTool];

    /// How the tracker sees tool number `tool` at a time since the start, without any fault.
    fn sight(&self, tool: usize, at: Duration) -> Sight;

    /// The error that the tracker indicates of a tool that it sees well, mm.
    fn error_mm(&self) -> f64 {
        0.1
    }
}

/// A tool on its course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovingTool {
    /// As fault scripts call it.
    pub name: String,
    /// The part number in its definition, where only that tool will do.
    pub part_number: Option<String>,
}

impl MovingTool {
    /// A tool that any definition stands for.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), part_number: None }
    }
}

/// Why a file gives no course.
#[derive(Debug, thiserror::Error)]
pub enum TrajectoryError {
    /// Not there.
    #[error("cannot read the trajectory {path}: {source}")]
    Open {
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// No poses in it.
    #[error("{path}: {reason}")]
    Content {
        /// The file.
        path: String,
        /// What is wrong, and what was expected.
        reason: String,
    },
}

/// The course that a file holds: key poses (`.toml`), or a PLUS sequence with poses.
///
/// # Errors
/// If it cannot be read or has no course.
pub fn read(path: &Path) -> Result<Box<dyn Trajectory>, TrajectoryError> {
    let shown = || path.display().to_string();
    let bytes =
        std::fs::read(path).map_err(|source| TrajectoryError::Open { path: shown(), source })?;
    let wrong = |reason| TrajectoryError::Content { path: shown(), reason };
    if path.extension().is_some_and(|extension| extension == "toml") {
        let text = String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
        return Ok(Box::new(KeyPoses::from_toml(&text).map_err(wrong)?));
    }
    Ok(Box::new(Recorded::read(&bytes).map_err(wrong)?))
}
