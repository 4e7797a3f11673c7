//! Reads a `.rrd` back and counts what it holds, to be compared with the recording.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use rerun::external::arrow::array::{Array as _, StringArray};
use rerun::external::{re_log_encoding, re_log_types};
use rerun::log::Chunk;

/// What one entity holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Rows by component, such as `Image:buffer`.
    pub components: BTreeMap<String, u64>,
    /// `(acquired_at, published_at, sequence)` of each row that has all three, in the order of the file.
    pub times: Vec<(i64, i64, i64)>,
    /// Lines of the log.
    pub lines: Vec<String>,
}

/// What a `.rrd` holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// By entity path, such as `/streams/us/image`.
    pub entities: BTreeMap<String, Rows>,
    /// How many layouts are stored in it.
    pub blueprints: u64,
}

/// Why a `.rrd` cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CountError {
    /// The file cannot be opened.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is damaged.
    #[error("{path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What Rerun says.
        reason: String,
    },
}

/// Counts the rows of every entity of the recording in a `.rrd`.
///
/// # Errors
/// If it cannot be read to its end.
pub fn count(path: &Path) -> Result<Contents, CountError> {
    let file = File::open(path)
        .map_err(|source| CountError::Unreadable { path: path.to_owned(), source })?;
    let damaged = |reason: String| CountError::Damaged { path: path.to_owned(), reason };
    let reader = BufReader::with_capacity(1 << 20, file);
    let mut contents = Contents::default();
    for message in re_log_encoding::DecoderApp::decode_lazy(reader) {
        let message = message.map_err(|error| damaged(error.to_string()))?;
        match &message {
            re_log_types::LogMsg::BlueprintActivationCommand(_) => contents.blueprints += 1,
            re_log_types::LogMsg::ArrowMsg(store, arrow)
                if store.kind() == re_log_types::StoreKind::Recording =>
            {
                let chunk =
                    Chunk::from_arrow_msg(arrow).map_err(|error| damaged(error.to_string()))?;
                add(&mut contents, &chunk);
            }
            _ => {}
        }
    }
    Ok(contents)
}

fn add(contents: &mut Contents, chunk: &Chunk) {
    let rows = contents.entities.entry(chunk.entity_path().to_string()).or_default();
    for (component, column) in chunk.components().iter() {
        let array = &column.list_array;
        // A row without the component is null.
        let count = (array.len() - array.null_count()) as u64;
        *rows.components.entry(component.to_string()).or_default() += count;
        if component.as_str() == "TextLog:text" {
            let lines = (0..array.len()).filter_map(|row| {
                let lines = array.value(row);
                let lines = lines.as_any().downcast_ref::<StringArray>()?;
                (!lines.is_empty()).then(|| lines.value(0).to_owned())
            });
            rows.lines.extend(lines);
        }
    }
    let timeline = |name: &str| {
        chunk
            .timelines()
            .iter()
            .find(|(timeline, _)| timeline.as_str() == name)
            .map(|(_, times)| times.times_raw())
    };
    if let (Some(acquired), Some(published), Some(sequence)) =
        (timeline("acquired_at"), timeline("published_at"), timeline("sequence"))
    {
        let times = acquired.iter().zip(published).zip(sequence);
        rows.times.extend(
            times.map(|((&acquired, &published), &sequence)| (acquired, published, sequence)),
        );
    }
}
