//! Reads recordings: whole, torn or damaged, one file or a session folder with all its parts.

mod chain;
mod chunk;
mod file;
mod merge;
mod part;
mod summary;
mod walk;

use std::path::{Path, PathBuf};

use messages::Timestamp;
use messages::wire::Received;
use runtime::Topic;

use crate::format;
use crate::ledger::{Ledger, Note};
use crate::manifest::Manifest;
use crate::verdict::Verdict;

pub use merge::{Messages, Selection};
pub use part::{ChunkPlace, Damage, Depth, Part};

/// One message of a recording.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What kind of stream it came on.
    pub topic: Topic,
    /// The message, as it was on the wire.
    pub received: Received,
    /// When it was recorded, on the session clock.
    pub log_time: Timestamp,
}

/// Why a path is no recording.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder has none.
    #[error("{folder} holds no procedure.mcap; name a session folder or an .mcap file")]
    NoRecording {
        /// The folder.
        folder: PathBuf,
    },
    /// It is something else.
    #[error("{path} is no recording: it does not start like an MCAP file")]
    NotMcap {
        /// The file.
        path: PathBuf,
    },
}

/// A recording, opened.
#[derive(Debug)]
pub struct Recording {
    parts: Vec<Part>,
    ledger: Ledger,
    joined_late: bool,
}

impl Recording {
    /// Opens a session folder or an `.mcap` file and reads what it holds; damage is noted, not an
    /// error.
    ///
    /// # Errors
    /// If there is no recording at all.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, Depth::Messages)
    }

    /// Opens a recording and reads it as thoroughly as `depth` says.
    ///
    /// # Errors
    /// If there is no recording at all.
    pub fn open_with(path: &Path, depth: Depth) -> Result<Self, OpenError> {
        let unreadable = |source| OpenError::Unreadable { path: path.to_owned(), source };
        let paths = if path.is_dir() {
            let parts = format::parts(path).map_err(unreadable)?;
            if parts.is_empty() {
                return Err(OpenError::NoRecording { folder: path.to_owned() });
            }
            parts
        } else {
            vec![path.to_owned()]
        };
        let mut parts: Vec<Part> = Vec::new();
        for path in paths {
            let bytes = file::map(&path)
                .map_err(|source| OpenError::Unreadable { path: path.clone(), source })?;
            // A recorder that was started again on a full disk could write nothing.
            if bytes.is_empty() && !parts.is_empty() {
                continue;
            }
            let start = bytes.len().min(mcap::MAGIC.len());
            if bytes[..start] != mcap::MAGIC[..start] || start == 0 {
                return Err(OpenError::NotMcap { path });
            }
            let mut earlier = Ledger::default();
            for part in &parts {
                earlier.merge(&part.ledger);
            }
            parts.push(Part::scan(&path, bytes, depth, earlier));
        }
        let ledger = together(&parts);
        let joined_late = parts
            .first()
            .and_then(|part| part.manifest.as_ref())
            .is_some_and(|manifest| manifest.part > 1);
        Ok(Self { parts, ledger, joined_late })
    }

    /// Its files.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// What the first file says about itself; none if that is damaged.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.parts.iter().find_map(|part| part.manifest.as_ref())
    }

    /// What it holds of each stream, all files together.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The verdict on each stream, all files together.
    pub fn verdicts(&self) -> Vec<Verdict> {
        self.ledger.verdicts(self.joined_late)
    }

    /// When the procedure started, as the recorder was told; else when the first message was
    /// published.
    pub fn started_at(&self) -> Option<Timestamp> {
        let noted = self.parts.iter().flat_map(|part| &part.notes).find_map(|note| match note {
            Note::Start { at_ns } => Some(Timestamp(*at_ns)),
            _ => None,
        });
        noted.or_else(|| self.ledger.span().map(|(first, _)| first))
    }

    /// All messages, in the order in which they were published.
    pub fn messages(&self) -> Messages<&Self> {
        self.select(Selection::default())
    }

    /// Some of the messages, in the order in which they were published.
    pub fn select(&self, selection: Selection) -> Messages<&Self> {
        Messages::new(self, selection)
    }
}

/// What all parts hold together. What a recorder says that it wrote and that is not there any more
/// is lost.
fn together(parts: &[Part]) -> Ledger {
    let mut ledger = Ledger::default();
    for part in parts {
        for stream in part.manifest.iter().flat_map(|manifest| &manifest.observes) {
            ledger.expect(stream);
        }
        ledger.merge(&part.ledger);
        for note in &part.notes {
            ledger.note(note);
        }
        for (stream, said) in &part.said {
            ledger.merge_said(stream, said);
        }
    }
    ledger
}
