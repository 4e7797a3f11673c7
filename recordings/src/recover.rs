//! `vesalius recover`: what is whole of a torn or damaged recording, in a new file with verdicts.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::command;
use crate::ledger::{Ledger, Note};
use crate::reader::{OpenError, Recording};
use crate::record::{Compression, PartError, PartWriter};

/// Messages are gathered into chunks of this size.
const CHUNK: usize = 4 << 20;

/// Saves what is whole of a recording into a new one, with a verdict on each stream.
#[derive(clap::Parser)]
#[command(name = "recover")]
struct Arguments {
    /// A session folder or an .mcap file.
    path: PathBuf,
    /// The new file.
    #[arg(short, long)]
    output: PathBuf,
    /// Does not compress the new file.
    #[arg(long)]
    uncompressed: bool,
}

/// Why it cannot be recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// There is no recording.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its manifest is damaged.
    #[error(
        "{path} has no manifest that can be read, so nothing can be said of what it holds; its first bytes are damaged or it ends before them"
    )]
    NoManifest {
        /// The recording.
        path: PathBuf,
    },
    /// The new file cannot be written.
    #[error(transparent)]
    Write(#[from] PartError),
    /// The old one changed meanwhile.
    #[error("the chunk at byte {at} changed while it was read: {what}")]
    Changed {
        /// Where.
        at: u64,
        /// What is wrong.
        what: String,
    },
}

/// Writes every message that is whole to `output`, in the order of publication; returns what the new
/// file holds.
///
/// # Errors
/// If there is no recording, or the new file cannot be written.
pub fn recover(
    path: &Path,
    output: &Path,
    compression: Compression,
) -> Result<Ledger, RecoverError> {
    let recording = Recording::open(path)?;
    let manifest =
        recording.manifest().ok_or_else(|| RecoverError::NoManifest { path: path.to_owned() })?;
    let mut part = PartWriter::create(output, compression, manifest)?;
    for note in notes(&recording) {
        part.note(note);
    }
    for message in recording.messages() {
        let message =
            message.map_err(|damage| RecoverError::Changed { at: damage.at, what: damage.what })?;
        if part.chunk_bytes() + message.received.bytes().len() > CHUNK {
            part.close_chunk()?;
        }
        part.write(message.topic, &message.received, message.log_time)?;
    }
    Ok(part.finish()?)
}

/// The old notes, and what is missing because of the damage.
fn notes(recording: &Recording) -> Vec<Note> {
    let mut notes: Vec<Note> =
        recording.parts().iter().flat_map(|part| part.notes.iter().cloned()).collect();
    for (stream, ledger) in &recording.ledger().streams {
        for (&incarnation, sequences) in &ledger.incarnations {
            let Some(last) = sequences.lost.last() else { continue };
            for (first, last) in sequences.recorded.missing(0, last.saturating_add(1)).iter() {
                if !sequences.lost.contains(first) {
                    continue;
                }
                notes.push(Note::Lost {
                    topic: ledger.topic.clone(),
                    stream: stream.clone(),
                    incarnation,
                    first,
                    last,
                    why: "it is damaged or missing in the recording this one was recovered from"
                        .to_owned(),
                });
            }
        }
    }
    notes
}

/// The tool.
pub fn tool(arguments: &[String]) -> ExitCode {
    command::run(arguments, |arguments: Arguments| {
        let compression = if arguments.uncompressed { Compression::None } else { Compression::Lz4 };
        recover(&arguments.path, &arguments.output, compression)?;
        let report = crate::verify::verify(&arguments.output)?;
        command::print(false, &report, crate::verify::text);
        Ok::<_, RecoverError>(true)
    })
}
