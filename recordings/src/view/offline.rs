//! `vesalius view`: a recording as a `.rrd`, and the viewer on it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use messages::Timestamp;

use super::Parameters;
use super::canvas::{Canvas, CanvasError, Index};
use super::painter::{Painter, Style};
use crate::command;
use crate::reader::{OpenError, Recording, Selection};

/// Draws a recording into a Rerun file.
#[derive(clap::Parser)]
#[command(name = "view")]
struct Arguments {
    /// A session folder or an .mcap file.
    path: PathBuf,
    /// The new file; by default the recording's name with .rrd, or `drawn.rrd` in a session folder.
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Opens the viewer on it afterwards; it must be installed (`pip install rerun-sdk`).
    #[arg(long)]
    spawn: bool,
    /// Only up to this many seconds after the start.
    #[arg(long, value_name = "S")]
    to: Option<f64>,
    /// The tool that everything is drawn relative to; by default the graph's reference.
    #[arg(long)]
    reference: Option<String>,
}

/// Why a recording cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum ViewToolError {
    /// There is no recording.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be drawn.
    #[error(transparent)]
    Canvas(#[from] CanvasError),
    /// The output is the recording itself.
    #[error("{path} is the recording itself; name another file with --output")]
    Same {
        /// The file.
        path: PathBuf,
    },
    /// It changed meanwhile.
    #[error("the chunk at byte {at} changed while it was read: {what}")]
    Changed {
        /// Where.
        at: u64,
        /// What is wrong.
        what: String,
    },
    /// The viewer cannot be started.
    #[error("cannot start the viewer: {0}; install it with `pip install rerun-sdk==0.36.3`")]
    Viewer(std::io::Error),
}

/// Draws the messages of a recording into `output`, all or those up to `to_s` seconds after its start;
/// returns how many.
///
/// # Errors
/// If it cannot be written.
pub fn draw(
    recording: &Recording,
    output: &Path,
    parameters: &Parameters,
    to_s: Option<f64>,
) -> Result<u64, ViewToolError> {
    let manifest = recording.manifest();
    let session = manifest.map_or("unknown", |manifest| manifest.session.as_str());
    let launch = manifest.map(|manifest| manifest.launch.clone()).unwrap_or_default();
    let name = format!("session {session}, from the recording");
    let canvas = Canvas::file(output, session, &name, Index::AtTheEnd)?;
    let start = recording.started_at();
    let style = Style { start, ..parameters.style(&launch) };
    let mut painter = Painter::new(canvas, style)?;
    let to =
        to_s.zip(start).map(|(to_s, start)| Timestamp(start.0.saturating_add((to_s * 1e9) as i64)));
    let mut count = 0;
    for message in recording.select(Selection { to, ..Selection::default() }) {
        let message = message
            .map_err(|damage| ViewToolError::Changed { at: damage.at, what: damage.what })?;
        painter.paint(message.topic, &message.received)?;
        count += 1;
    }
    painter.flush()?;
    Ok(count)
}

/// The tool.
pub fn tool(arguments: &[String]) -> ExitCode {
    command::run(arguments, |arguments: Arguments| {
        let path = &arguments.path;
        let output = arguments.output.clone().unwrap_or_else(|| {
            if path.is_dir() { path.join("drawn.rrd") } else { path.with_extension("rrd") }
        });
        if output == *path {
            return Err(ViewToolError::Same { path: output });
        }
        let recording = Recording::open(path)?;
        let parameters =
            Parameters { reference: arguments.reference.clone(), ..Parameters::default() };
        let count = draw(&recording, &output, &parameters, arguments.to)?;
        println!("{}: {count} messages", output.display());
        if arguments.spawn {
            // It listens on this machine only.
            Command::new("rerun")
                .args(["--bind", "127.0.0.1", "--port", "auto"])
                .arg(&output)
                .spawn()
                .map_err(ViewToolError::Viewer)?;
        }
        Ok(true)
    })
}
