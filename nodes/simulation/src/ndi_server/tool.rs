//! The command `vesalius emulate-ndi`: an emulated tracker for other people's hosts.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use runtime::clock::SessionClock;

use super::{Address, NdiServer};
use crate::faults::{FaultScript, FaultSource};
use crate::ndi_emulator::{Model, NdiEmulator};
use crate::trajectory::{self, SmoothRandom, Trajectory};

/// Serves an emulated Polaris Vega or Aurora, as NDI's trackers answer, until Ctrl-C.
///
/// A tool of the Vega is seen once its definition is uploaded: that with its part number, else the first that is left.
/// Tools of the Aurora are plugged in.
#[derive(Debug, Parser)]
#[command(name = "vesalius emulate-ndi")]
struct Arguments {
    /// Which tracker.
    #[arg(long, value_enum, default_value = "vega")]
    model: ModelName,
    /// Where to listen, HOST:PORT; port 0 for any that is free.
    #[arg(long, default_value = "127.0.0.1:8765", conflicts_with = "pty")]
    listen: String,
    /// A serial line instead: the path for a link to a pseudo-terminal.
    #[arg(long)]
    pty: Option<PathBuf>,
    /// Where the tools are: key poses (.toml), or a PLUS sequence (.igs.mha, .igs.nrrd); else they wander at random.
    #[arg(long)]
    trajectory: Option<PathBuf>,
    /// The names of tools that wander at random.
    #[arg(long, value_delimiter = ',', default_value = "probe,reference,stylus")]
    tools: Vec<String>,
    /// What goes wrong, and when (.toml).
    #[arg(long)]
    faults: Option<PathBuf>,
    /// Of all that is random.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Frames a second: 60 or 400 of the Vega, 40 of the Aurora.
    #[arg(long)]
    rate_hz: Option<f64>,
    /// Ends by itself after so many seconds.
    #[arg(long)]
    stop_after_s: Option<f64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModelName {
    Vega,
    Aurora,
}

/// Runs the tool.
pub fn run(arguments: &[String]) -> ExitCode {
    let name = std::iter::once("vesalius emulate-ndi".to_owned());
    match serve(&Arguments::parse_from(name.chain(arguments.iter().cloned()))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: &Arguments) -> Result<(), String> {
    let said = |error: &dyn std::error::Error| error.to_string();
    let model = match arguments.model {
        ModelName::Vega => Model::Vega,
        ModelName::Aurora => Model::Aurora,
    };
    let faults = match &arguments.faults {
        Some(path) => FaultSource::File(path.clone()).script(arguments.seed),
        None => FaultScript::new(arguments.seed, Vec::new()),
    };
    let faults = faults.map_err(|error| said(&error))?;
    let trajectory: Box<dyn Trajectory> = match &arguments.trajectory {
        Some(path) => trajectory::read(path).map_err(|error| said(&error))?,
        None => Box::new(random(arguments, model)),
    };
    let names: Vec<String> = trajectory.tools().iter().map(|tool| tool.name.clone()).collect();
    let there: Vec<&str> = names.iter().map(String::as_str).collect();
    faults.check_tools(&there).map_err(|error| said(&error))?;
    let mut emulator = NdiEmulator::new(model, trajectory, faults.clone());
    if let Some(rate_hz) = arguments.rate_hz {
        emulator.set_rate_hz(rate_hz).map_err(|_| {
            format!(
                "--rate-hz of this tracker must be one of {:?}, but is {rate_hz}",
                model.rates_hz()
            )
        })?;
    }
    let address = match &arguments.pty {
        Some(path) => Address::Terminal(path.clone()),
        None => arguments.listen.parse().map_err(|error: super::ServeError| said(&error))?,
    };
    let clock = SessionClock::new();
    let mut server =
        NdiServer::serve(emulator, clock, &address, say).map_err(|error| said(&error))?;
    server.start(clock.now());
    server.watch_for_kills(Duration::ZERO);
    say(&format!(
        "serving {} at {} with the tools {}; Ctrl-C ends it",
        model.name(),
        server.served_at(),
        names.join(", ")
    ));
    let mut from = Duration::ZERO;
    loop {
        let to = server.procedure_time();
        for (at, fault) in faults.announcements(model.name(), from, to) {
            say(&format!("{:8.3} s  {}", at.as_secs_f64(), fault.text));
        }
        from = to;
        if arguments.stop_after_s.is_some_and(|limit_s| to.as_secs_f64() >= limit_s) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn random(arguments: &Arguments, model: Model) -> SmoothRandom {
    SmoothRandom::new(arguments.seed, &arguments.tools, model.middle(), 120.0)
}

/// A reader that has gone is no error.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
