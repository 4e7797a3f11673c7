//! `vesalius attach`: takes up a session whose `vesalius run` has gone.

use std::process::ExitCode;

use clap::Args;

use super::run::Telling;
use crate::session::{folders, registry};
use crate::supervise;

/// What `vesalius attach` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The session, or the beginning of its name; needed only if several run
    #[arg(value_name = "SESSION")]
    pub session: Option<String>,
    /// What is said while it runs and at the end
    #[command(flatten)]
    pub telling: Telling,
}

/// Takes up a session and watches over it to its end.
///
/// # Errors
/// If there is none, or somebody watches over it.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let told = |error: &dyn std::fmt::Display| miette::miette!("{error}");
    let record = registry::choose(&folders::socket_root(), arguments.session.as_deref())
        .map_err(|error| told(&error))?;
    let closing = supervise::attach(record, arguments.telling.options(), false)
        .map_err(|error| told(&error))?;
    Ok(arguments.telling.close(&closing))
}
