//! `vesalius stop`: ends a running session in order.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use rustix::process::Signal;
use serde_json::Value;

use super::run::Telling;
use crate::session::{Record, folders, registry};
use crate::supervise;

/// What `vesalius stop` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The session, or the beginning of its name; needed only if several run
    #[arg(value_name = "SESSION")]
    pub session: Option<String>,
    /// Do not wait until it has ended
    #[arg(long)]
    pub no_wait: bool,
    /// What is said if nobody else is there to say it
    #[command(flatten)]
    pub telling: Telling,
}

/// Asks a session's supervisor to end it and waits; lacking one, ends it here.
///
/// # Errors
/// If there is no such session.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let told = |error: &dyn std::fmt::Display| miette::miette!("{error}");
    let record = registry::choose(&folders::socket_root(), arguments.session.as_deref())
        .map_err(|error| told(&error))?;
    let asked = registry::is_supervised(&record) && record.supervisor.signal(Signal::TERM);
    if !asked {
        let closing = supervise::attach(record, arguments.telling.options(), true)
            .map_err(|error| told(&error))?;
        return Ok(arguments.telling.close(&closing));
    }
    let name = format!("session {} of {}", record.session, record.graph);
    if arguments.no_wait {
        super::print(&format!("{name} was asked to end\n"));
        return Ok(ExitCode::SUCCESS);
    }
    while record.supervisor.is_alive() {
        std::thread::sleep(Duration::from_millis(50));
    }
    if record.has_processes() {
        return Err(miette::miette!(
            "the supervisor of {name} has gone, but some of its processes have not: `vesalius stop {}` ends them",
            record.session
        ));
    }
    super::print(&format!("{name} has ended: {}\n{}\n", verdict(&record), record.folder.display()));
    Ok(ExitCode::SUCCESS)
}

/// What the supervisor wrote at the end.
fn verdict(record: &Record) -> String {
    let bytes = std::fs::read(record.folder.join("session.json")).unwrap_or_default();
    let file: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let closing = &file["closing"];
    let reasons = closing["reasons"].as_array().cloned().unwrap_or_default();
    let reasons: Vec<_> = reasons.iter().filter_map(Value::as_str).collect();
    match closing["good"].as_bool() {
        Some(true) => "OK, nothing lost, nothing late, nothing failed".to_owned(),
        Some(false) => format!("NOT OK: {}", reasons.join("; ")),
        None => "it did not come to the start".to_owned(),
    }
}
