//! `vesalius run`: runs a graph.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::logs::{Quiet, Style, may_colour};
use crate::plan::Plan;
use crate::session::{LocalTime, Pace};
use crate::supervise::{self, Options, Undertaking, how_to_look};
use crate::table::{self, Closing};

/// What `vesalius run` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The graph file
    #[arg(value_name = "GRAPH")]
    pub file: PathBuf,
    /// Change a value first: NODE.key=value, common.key=value or calibrations.NAME=FILE
    #[arg(long = "set", value_name = "NODE.KEY=VALUE")]
    pub settings: Vec<String>,
    /// How the session runs and what is said of it
    #[command(flatten)]
    pub how: How,
}

/// How a session runs and what is said of it.
#[derive(Clone, Debug, Args)]
pub struct How {
    /// End in order after this long, such as 30s, 500ms or 10min
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub stop_after: Option<Duration>,
    /// Where time comes from
    #[arg(long, value_enum, default_value_t = Clock::Live)]
    pub clock: Clock,
    /// Where the recording and the logs go; by default a new folder under `sessions`
    #[arg(long, value_name = "FOLDER")]
    pub session_folder: Option<PathBuf>,
    /// What is said while it runs and at the end
    #[command(flatten)]
    pub telling: Telling,
}

/// What is said while a session runs and at the end.
#[derive(Clone, Copy, Debug, Args)]
pub struct Telling {
    /// Print the closing table and the log as JSON, for programs: the log to standard error
    #[arg(long)]
    pub json: bool,
    /// Leave out all but warnings and errors; twice: all but errors; three times: everything
    #[arg(long, short, action = clap::ArgAction::Count)]
    pub quiet: u8,
}

/// Where time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Clock {
    /// The clock of the machine
    Live,
    /// The messages, as fast as the nodes follow: two runs are equal, bit for bit
    Simulated,
}

/// `30s`, `500ms`, `10min`, `1h`, or a number of seconds.
///
/// # Errors
/// If it is no length of time.
pub fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "min" | "m" => 60.0,
        "h" => 3600.0,
        other => return Err(format!("`{other}` is no unit of time; use ms, s, min or h")),
    };
    let number: f64 = number.trim().parse().map_err(|_| format!("`{number}` is no number"))?;
    Duration::try_from_secs_f64(number * factor)
        .map_err(|_| format!("`{text}` is no length of time"))
}

impl Telling {
    /// How the session is supervised under these arguments.
    pub fn options(self) -> Options {
        let style = Style {
            json: self.json,
            colour: !self.json && may_colour(self.json),
            quiet: Quiet::level(self.quiet),
            time: LocalTime::here(),
            nodes: Vec::new(),
        };
        Options { style, logs_to_stderr: self.json, ..Options::default() }
    }

    /// Prints the closing table and gives the exit code.
    pub fn close(self, closing: &Closing) -> ExitCode {
        if self.json {
            let json = serde_json::to_string_pretty(closing).unwrap_or_default();
            super::print(&format!("{json}\n"));
        } else {
            super::print(&format!("\n{}", table::render(closing, &how_to_look(&closing.folder))));
        }
        if closing.good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Runs a graph.
///
/// # Errors
/// If it did not come to the start.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    undertake(&arguments.file, &arguments.settings, &arguments.how)
}

/// Checks and runs the graph of a file.
///
/// # Errors
/// If it did not come to the start.
pub fn undertake(file: &Path, settings: &[String], how: &How) -> miette::Result<ExitCode> {
    let plan = match super::check::plan(file, settings) {
        Ok(plan) => plan,
        Err(code) => return Ok(code),
    };
    let pace = match how.clock {
        Clock::Live => Pace::Live,
        Clock::Simulated => Pace::Simulated,
    };
    let closing = supervise::run(undertaking(plan, pace, how), how.telling.options())
        .map_err(|error| miette::miette!("{error}"))?;
    Ok(how.telling.close(&closing))
}

fn undertaking(plan: Plan, pace: Pace, how: &How) -> Undertaking {
    Undertaking {
        plan,
        pace,
        stop_after: how.stop_after,
        folder: how.session_folder.clone(),
        socket_root: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_a_unit_or_are_seconds() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("10min"), Ok(Duration::from_mins(10)));
        for wrong in ["", "s", "-1s", "3 weeks", "1e40h", "NaN"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
