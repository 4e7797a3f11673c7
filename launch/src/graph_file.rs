//! The graph file: TOML, read with spans, with all mistakes of form collected.
//!
//! ```toml
//! version = 1
//! reference = "patient"     # tools are tracked relative to this sensor
//!
//! [common.patient]          # `parameters.patient` of every node that has such a parameter
//! seed = 1
//!
//! [calibrations]
//! probe = { file = "calibrations/probe.toml", sha256 = "…" }
//!
//! [nodes.locate]
//! runs = "fusion/locate_image"        # or "path/to/executable:participant"
//! inputs.image = "ultrasound.image"
//! parameters.max_pose_gap_ms = 40
//! deadline_ms = 50                    # or deadline_ms.image = 50
//! delivery.image = "newest"           # or "every", the default
//! on_failure = "restart"              # or "stop", "ignore"
//! priority = 5                        # 10 is most urgent
//! startup_ms = 5000
//! shared_memory_mib = 256
//! ```

mod fields;
mod node;
mod read;
pub mod settings;
mod syntax;
pub mod tree;

use std::path::{Path, PathBuf};

use runtime::assignment::Delivery;

use crate::plan::OnFailure;
use crate::problem::{Place, Problem, Spanned, Text, file_reason};
use tree::Table;

/// Larger than any graph that a person writes.
const LARGEST_FILE: u64 = 4 << 20;

/// A graph file as far as it could be understood.
#[derive(Clone, Debug)]
pub struct GraphFile {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The settings of the command line, one in each line.
    pub settings: String,
    /// Whether parts of it could not be read, so that what seems missing may stand there.
    pub damaged: bool,
    /// The tool that is the patient reference.
    pub reference: Option<Spanned<String>>,
    /// Values for all nodes that have a parameter of that name.
    pub common: Table,
    /// Calibrations, in the order of the file.
    pub calibrations: Vec<CalibrationEntry>,
    /// Nodes, in the order of the file.
    pub nodes: Vec<NodeEntry>,
}

/// `NAME = { file, sha256 }` under `[calibrations]`.
#[derive(Clone, Debug)]
pub struct CalibrationEntry {
    /// The name that parameters refer to.
    pub name: Spanned<String>,
    /// Its file, relative to the graph file.
    pub file: Spanned<String>,
    /// The SHA-256 that the file must have.
    pub sha256: Checksum,
}

/// What a graph says about the content of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Checksum {
    /// Its SHA-256, lower case.
    Given(Spanned<String>),
    /// What is written is no SHA-256; that is among the problems already.
    Unreadable,
    /// Nothing.
    Missing,
}

/// One `[nodes.NAME]`.
#[derive(Clone, Debug)]
pub struct NodeEntry {
    /// Its name.
    pub name: Spanned<String>,
    /// What it runs.
    pub runs: Option<Spanned<String>>,
    /// Port, and the `node.port` it hears.
    pub inputs: Vec<(Spanned<String>, Spanned<String>)>,
    /// Its parameters and where they begin.
    pub parameters: Spanned<Table>,
    /// The names of those that it takes from `[common]`, which the check adds.
    pub from_common: Vec<String>,
    /// The deadline of all inputs.
    pub deadline_ms: Option<Spanned<u64>>,
    /// Deadlines of single inputs.
    pub port_deadlines_ms: Vec<(Spanned<String>, u64)>,
    /// Which messages single inputs want.
    pub delivery: Vec<(Spanned<String>, Delivery)>,
    /// What happens when its process ends unasked.
    pub on_failure: OnFailure,
    /// 10 is most urgent, 0 least.
    pub priority: u8,
    /// How long the first message of each input may take.
    pub startup_ms: u64,
    /// Shared memory for the arrays it publishes.
    pub shared_memory_mib: u64,
}

impl GraphFile {
    /// Reads a graph file and changes it as `settings` (`NODE.key=value`) say; adds what is wrong
    /// with its form to `problems`. Nothing comes back if there is no text to read.
    pub fn read(path: &Path, settings: &[String], problems: &mut Vec<Problem>) -> Option<Self> {
        match read_text(path) {
            Ok(text) => Some(read::graph(path, text, settings, problems)),
            Err(problem) => {
                problems.push(*problem);
                None
            }
        }
    }

    /// The full path of the file that a value names: relative to the graph file's folder, or, if it
    /// was given with `--set`, to the current one.
    pub fn resolve(&self, name: &str, place: &Place) -> PathBuf {
        let path = match place.text {
            Text::File => self.path.parent().unwrap_or(Path::new("")).join(name),
            Text::CommandLine => PathBuf::from(name),
        };
        full(&path)
    }

    /// The node of a name.
    pub fn node(&self, name: &str) -> Option<&NodeEntry> {
        self.nodes.iter().find(|node| node.name.value == name)
    }

    /// The names of all nodes.
    pub fn node_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.nodes.iter().map(|node| node.name.value.as_str())
    }
}

/// Without `.`, `..` and links as far as the path exists.
fn full(path: &Path) -> PathBuf {
    if let Ok(full) = path.canonicalize() {
        return full;
    }
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    match (above.map(Path::canonicalize), path.file_name()) {
        (Some(Ok(above)), Some(name)) => above.join(name),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}

fn read_text(path: &Path) -> Result<String, Box<Problem>> {
    let unreadable = |reason: String, help: &str| {
        Box::new(
            Problem::error("unreadable", format!("cannot read {}: {reason}", path.display()))
                .help(help),
        )
    };
    let bytes = std::fs::metadata(path)
        .and_then(|about| {
            if about.is_file() && about.len() > LARGEST_FILE {
                let reason = format!("{} bytes are more than any graph file has", about.len());
                return Err(std::io::Error::other(reason));
            }
            std::fs::read(path)
        })
        .map_err(|error| {
            let help = match error.kind() {
                std::io::ErrorKind::NotFound => "graph files end in `.toml`; is the path right?",
                std::io::ErrorKind::IsADirectory => "name the graph file in that folder",
                _ => "",
            };
            unreadable(file_reason(&error), help)
        })?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        unreadable(format!("byte {at} is no UTF-8 text"), "save it as UTF-8")
    })
}
