//! `vesalius graph`: draws a graph.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use miette::{IntoDiagnostic as _, WrapErr as _};

use super::check::told;
use crate::catalogue::Catalogue;
use crate::check;
use crate::drawing::{self, Picture};
use crate::problem::Severity;

/// What `vesalius graph` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The graph file
    #[arg(value_name = "GRAPH")]
    pub file: PathBuf,
    /// Change a value first: NODE.key=value
    #[arg(long = "set", value_name = "NODE.KEY=VALUE")]
    pub settings: Vec<String>,
    /// Write an SVG image
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Print text for Mermaid
    #[arg(long, conflicts_with = "svg")]
    pub mermaid: bool,
}

/// Draws a graph; one with errors as far as it is understood, with the errors and an exit code.
///
/// # Errors
/// If the image cannot be written.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let mut checked = check::check(&arguments.file, &arguments.settings, &Catalogue::usual());
    let name = arguments.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let reference = checked.file.as_ref().and_then(|file| file.reference.as_ref());
    let reference = reference.map(|name| name.value.as_str());
    if !checked.nodes.is_empty() {
        let picture = Picture::new(&name, reference, &checked.nodes);
        if let Some(path) = &arguments.svg {
            std::fs::write(path, drawing::svg(&picture))
                .into_diagnostic()
                .wrap_err_with(|| format!("cannot write {}", path.display()))?;
        } else if arguments.mermaid {
            super::print(&drawing::mermaid(&picture));
        } else {
            super::print(&drawing::text(&picture));
        }
    }
    if checked.errors() == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    checked.problems.retain(|problem| problem.severity == Severity::Error);
    eprint!("\n{}", told(&checked, &arguments.file));
    Ok(ExitCode::FAILURE)
}
