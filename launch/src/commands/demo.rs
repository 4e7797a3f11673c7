//! `vesalius demo`: runs a procedure on the simulated patient.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::run::{How, undertake};

/// What `vesalius demo` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How the session runs and what is said of it
    #[command(flatten)]
    pub how: How,
}

const GRAPH: &str = "launch/graphs/sweep.toml";
const LENGTH: Duration = Duration::from_secs(30);

/// Runs a procedure on the simulated patient.
///
/// # Errors
/// If its graph is not there, or it did not come to the start.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let graph = graph().ok_or_else(|| {
        miette::miette!(
            "cannot find {GRAPH} beside this program or here; run it from the project's folder"
        )
    })?;
    let mut how = arguments.how.clone();
    let length = *how.stop_after.get_or_insert(LENGTH);
    if !how.telling.json {
        eprintln!(
            "A freehand ultrasound sweep over a simulated patient, {} s: the probe is tracked and hidden now and then; each\n\
             image is placed, segmented by a network and pasted into a volume; everything is recorded. Ctrl-C ends it earlier.\n",
            length.as_secs_f64()
        );
    }
    undertake(&graph, &[], &how)
}

/// The graph in the working folder, or in the project that this program was built in.
fn graph() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folders = std::iter::once(Path::new("")).chain(program.ancestors().skip(1));
    folders.map(|folder| folder.join(GRAPH)).find(|path| path.is_file())
}
