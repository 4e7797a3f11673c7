//! `vesalius status` and `vesalius top`: how the processes of a running session fare, once or live.

use std::io::{IsTerminal as _, Write as _};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use clap::Args;

use crate::board::{Snapshot, Viewer, frame};
use crate::logs::may_colour;
use crate::session::{LocalTime, Record, folders, registry};

/// What `vesalius status` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The session, or the beginning of its name; by default all that run
    #[arg(value_name = "SESSION")]
    pub session: Option<String>,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// What `vesalius top` takes.
#[derive(Debug, Args)]
pub struct TopArguments {
    /// The session, or the beginning of its name; needed only if several run
    #[arg(value_name = "SESSION")]
    pub session: Option<String>,
}

/// How long processes may take to be heard.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Four times a second.
const PERIOD: Duration = Duration::from_millis(250);
/// The narrowest terminal that the board is made for.
const USUAL_WIDTH: usize = 80;

/// Shows once how a session fares, or all of them.
///
/// # Errors
/// If there is none.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let root = folders::socket_root();
    let found = registry::sessions(&root);
    let records = match &arguments.session {
        None if !found.is_empty() => found,
        asked => vec![
            registry::choose(&root, asked.as_deref())
                .map_err(|error| miette::miette!("{error}"))?,
        ],
    };
    let mut snapshots = Vec::new();
    for record in records {
        snapshots.push(look(record)?);
    }
    if arguments.json {
        let text = serde_json::to_string_pretty(&snapshots).unwrap_or_default();
        super::print(&format!("{text}\n"));
    } else {
        let (colour, time, width) = (may_colour(false), LocalTime::here(), width());
        let boards: Vec<_> =
            snapshots.iter().map(|snapshot| frame(snapshot, width, colour, time)).collect();
        super::print(&boards.join("\n"));
    }
    Ok(ExitCode::SUCCESS)
}

fn look(record: Record) -> miette::Result<Snapshot> {
    let mut viewer = Viewer::join(record).map_err(|error| miette::miette!("{error}"))?;
    viewer.settle(PATIENCE);
    let snapshot = viewer.snapshot();
    viewer.leave();
    Ok(snapshot)
}

/// Shows how a session fares until it is over, four times a second.
///
/// # Errors
/// If there is no such session.
pub fn top(arguments: &TopArguments) -> miette::Result<ExitCode> {
    let record = registry::choose(&folders::socket_root(), arguments.session.as_deref())
        .map_err(|error| miette::miette!("{error}"))?;
    let mut viewer = Viewer::join(record).map_err(|error| miette::miette!("{error}"))?;
    viewer.settle(PATIENCE);
    let terminal = std::io::stdout().is_terminal();
    let (colour, time) = (may_colour(false), LocalTime::here());
    let mut columns = width();
    for round in 1u64.. {
        let snapshot = viewer.snapshot();
        let board = frame(&snapshot, columns, colour, time);
        let mut output = std::io::stdout().lock();
        let written = if terminal {
            // Over what was there, so that nothing flickers.
            let lines = board.replace('\n', "\x1b[K\n");
            write!(output, "\x1b[H{}{lines}\x1b[J", if round == 1 { "\x1b[2J" } else { "" })
        } else {
            writeln!(output, "{board}")
        };
        if snapshot.over || written.and_then(|()| output.flush()).is_err() {
            break;
        }
        drop(output);
        std::thread::sleep(PERIOD);
        if round % 8 == 0 {
            columns = width();
        }
    }
    viewer.leave();
    Ok(ExitCode::SUCCESS)
}

/// The columns of the terminal.
fn width() -> usize {
    let from_terminal = || {
        let output = Command::new("stty").arg("size").stdin(Stdio::inherit()).output().ok()?;
        String::from_utf8(output.stdout).ok()?.split_whitespace().nth(1)?.parse().ok()
    };
    let from_environment = || std::env::var("COLUMNS").ok()?.parse().ok();
    let columns: Option<usize> = if std::io::stdout().is_terminal() {
        from_terminal().or_else(from_environment)
    } else {
        from_environment()
    };
    columns.filter(|&columns| columns > 0).unwrap_or(USUAL_WIDTH).max(USUAL_WIDTH)
}
