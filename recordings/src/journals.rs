//! `vesalius extract-journals`: the journal of each node as a file that a replayed node follows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use runtime::Topic;

use crate::command;
use crate::reader::{OpenError, Recording, Selection};
use crate::topic;

/// Writes the journal of each node into a folder, for a replay.
#[derive(clap::Parser)]
#[command(name = "extract-journals")]
struct Arguments {
    /// A session folder or an .mcap file.
    path: PathBuf,
    /// The folder for the files NODE.journal.
    folder: PathBuf,
    /// Only from this many seconds after the start.
    #[arg(long)]
    from: Option<f64>,
    /// Only up to this many seconds after the start.
    #[arg(long)]
    to: Option<f64>,
}

/// Why journals cannot be extracted.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is no recording.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The recording changed meanwhile.
    #[error("the chunk at byte {at} changed while it was read: {what}")]
    Changed {
        /// Where.
        at: u64,
        /// What is wrong.
        what: String,
    },
}

/// The part of a recording between two instants, in seconds after its start, of some streams.
pub fn between(recording: &Recording, from_s: Option<f64>, to_s: Option<f64>) -> Selection {
    let instant = |seconds: f64| {
        let start = recording.started_at().unwrap_or_default();
        start + Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
    };
    Selection { streams: None, from: from_s.map(instant), to: to_s.map(instant) }
}

/// Writes one file `NODE.journal` for each node: each entry as it was on the wire, after its length
/// (u32, little-endian). Returns how many entries each node has.
///
/// # Errors
/// If a file cannot be written.
pub fn extract(
    recording: &Recording,
    folder: &Path,
    from_s: Option<f64>,
    to_s: Option<f64>,
) -> Result<BTreeMap<String, u64>, JournalError> {
    let journals: BTreeSet<String> = recording
        .ledger()
        .streams
        .iter()
        .filter(|(_, stream)| stream.topic == topic::name(Topic::Journal) && stream.count() > 0)
        .map(|(name, _)| name.clone())
        .collect();
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| JournalError::Write { path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    let mut files = BTreeMap::new();
    for stream in &journals {
        let node = stream.trim_end_matches(".journal").to_owned();
        let path = folder.join(format!("{node}.journal"));
        let file = File::create(&path).map_err(failed(&path))?;
        files.insert(stream.clone(), (node, path, BufWriter::new(file), 0u64));
    }
    let selection = Selection { streams: Some(journals), ..between(recording, from_s, to_s) };
    for message in recording.select(selection) {
        let message =
            message.map_err(|damage| JournalError::Changed { at: damage.at, what: damage.what })?;
        let bytes = message.received.bytes();
        if let Some((_, path, file, count)) = files.get_mut(&message.received.envelope().stream) {
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
            file.write_all(&length).and_then(|()| file.write_all(bytes)).map_err(failed(path))?;
            *count += 1;
        }
    }
    let mut counts = BTreeMap::new();
    for (node, path, mut file, count) in files.into_values() {
        file.flush().map_err(failed(&path))?;
        counts.insert(node, count);
    }
    Ok(counts)
}

/// The tool.
pub fn tool(arguments: &[String]) -> ExitCode {
    command::run(arguments, |arguments: Arguments| {
        let recording = Recording::open(&arguments.path)?;
        let counts = extract(&recording, &arguments.folder, arguments.from, arguments.to)?;
        for (node, count) in counts {
            println!("{node}: {count} entries");
        }
        Ok::<_, JournalError>(true)
    })
}
