//! `vesalius check`: finds every mistake in a graph file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::catalogue::Catalogue;
use crate::check::{self, Checked, Report};
use crate::plan::Plan;

/// What `vesalius check` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The graph files
    #[arg(required = true, value_name = "GRAPH")]
    pub files: Vec<PathBuf>,
    /// Change a value first: NODE.key=value, common.key=value or calibrations.NAME=FILE
    #[arg(long = "set", value_name = "NODE.KEY=VALUE")]
    pub settings: Vec<String>,
    /// Print the problems as JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Exit with 1 for warnings too
    #[arg(long)]
    pub strict: bool,
}

/// Checks graph files and prints all that is wrong with them.
///
/// # Errors
/// Never: problems of a graph are what it prints, and its exit code.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let catalogue = Catalogue::usual();
    let mut good = true;
    let mut json = Vec::new();
    for file in &arguments.files {
        let checked = check::check(file, &arguments.settings, &catalogue);
        good &= checked.errors() == 0 && !(arguments.strict && checked.warnings() > 0);
        let name = file.display().to_string();
        if arguments.json {
            json.push(check::to_json(&checked, &name));
        } else {
            super::print(&report(&std::io::stdout()).text(&checked, &name));
        }
    }
    if arguments.json {
        super::print(&format!("{:#}\n", serde_json::Value::Array(json)));
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The plan of a graph file for a command that runs it; problems, warnings too, go to standard error.
///
/// # Errors
/// The exit code, if the graph may not run.
pub fn plan(file: &Path, settings: &[String]) -> Result<Plan, ExitCode> {
    let checked = check::check(file, settings, &Catalogue::usual());
    if !checked.problems.is_empty() {
        eprint!("{}", told(&checked, file));
    }
    checked.plan().ok_or(ExitCode::FAILURE)
}

/// All problems as text for standard error.
pub fn told(checked: &Checked, file: &Path) -> String {
    report(&std::io::stderr()).text(checked, &file.display().to_string())
}

fn report(stream: &impl std::io::IsTerminal) -> Report {
    let terminal = stream.is_terminal();
    let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    Report { colour, width: 80 }
}
