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

const GRAPH: &str = "launch/graphs/procedure.toml";
const LENGTH: Duration = Duration::from_mins(1);

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
            "An image-guided operation on a simulated patient, {} s: a network makes a map of the vessels from a CT; the ultrasound\n\
             probe sweeps and its images become a tree of vessels, to which the map is registered; a stylus checks it; from then\n\
             on the distances of an instrument are told, and outlines lie in the live image. All is recorded, and scored against\n\
             the truth. Ctrl-C ends it earlier.\n",
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
