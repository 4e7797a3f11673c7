//! `vesalius replay`: runs recorded inputs through the nodes again.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::Args;
use miette::{IntoDiagnostic as _, WrapErr as _, miette};

use super::run::Telling;
use crate::catalogue::Catalogue;
use crate::replay::{RecordingInfo, Wanted, prepare};
use crate::session::{LocalTime, folders, record};
use crate::supervise::{self, Undertaking};

/// What `vesalius replay` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The session's folder, or its .mcap file
    #[arg(value_name = "SESSION")]
    pub recording: PathBuf,
    /// Only this node, and again for several; what others gave comes from the recording
    #[arg(long = "node", value_name = "NODE")]
    pub nodes: Vec<String>,
    /// Also the nodes that hear what those say, and so on: what a change of one does to all that follows
    #[arg(long)]
    pub downstream: bool,
    /// As fast as it was times this, or `max`: as fast as the nodes follow
    #[arg(long, value_name = "TIMES", default_value = "max", value_parser = rate)]
    pub rate: Rate,
    /// Only from this many seconds after the start
    #[arg(long, value_name = "S")]
    pub from: Option<f64>,
    /// Only up to this many seconds after the start
    #[arg(long, value_name = "S")]
    pub to: Option<f64>,
    /// Change a parameter of a replayed node first
    #[arg(long = "set", value_name = "NODE.KEY=VALUE")]
    pub settings: Vec<String>,
    /// Where the new recording goes; by default a new folder under `sessions`
    #[arg(short, long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// What is said while it runs and at the end
    #[command(flatten)]
    pub telling: Telling,
}

/// How fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// So many times as fast as it was.
    Times(f64),
    /// As fast as the nodes follow.
    Max,
}

fn rate(text: &str) -> Result<Rate, String> {
    if text == "max" {
        return Ok(Rate::Max);
    }
    let times = text.trim_end_matches('x').parse::<f64>().ok();
    let times = times.filter(|times| times.is_finite() && *times > 0.0);
    times
        .map(Rate::Times)
        .ok_or_else(|| format!("expected `max` or a number greater than zero, but `{text}` came"))
}

/// Runs recorded inputs through the nodes again, into a new recording.
///
/// # Errors
/// If the recording cannot be replayed here, or the replay did not come to its start.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let catalogue = Catalogue::usual();
    let recordings = catalogue.path("recordings").ok_or_else(|| {
        miette!("`vesalius-recordings` is not beside this program: build the whole workspace")
    })?;
    let path = arguments
        .recording
        .canonicalize()
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot open {}", arguments.recording.display()))?;
    let told = ask(recordings, "recording-info", &path, &["--json".to_owned()])?;
    let info: RecordingInfo = serde_json::from_slice(&told)
        .into_diagnostic()
        .wrap_err("`recording-info` gave an answer that cannot be read")?;
    let journals = Journals::make()?;
    let wanted = Wanted {
        path: path.clone(),
        journals: journals.0.clone(),
        nodes: arguments.nodes.clone(),
        downstream: arguments.downstream,
        rate: match arguments.rate {
            Rate::Times(times) => Some(times),
            Rate::Max => None,
        },
        from_s: arguments.from,
        to_s: arguments.to,
        settings: arguments.settings.clone(),
    };
    let prepared = prepare(&info, &wanted, &catalogue).map_err(|error| miette!("{error}"))?;
    let mut words = vec![journals.0.to_string_lossy().into_owned()];
    for (option, seconds) in [("--from", arguments.from), ("--to", arguments.to)] {
        words.extend(seconds.iter().flat_map(|seconds| [option.to_owned(), seconds.to_string()]));
    }
    ask(recordings, "extract-journals", &path, &words)?;

    let json = arguments.telling.json;
    if !json && arguments.telling.quiet == 0 {
        eprintln!("replays {} of {}", prepared.nodes.join(", "), path.display());
        if !prepared.left_out.is_empty() {
            eprintln!(
                "{} hear them and do not run again, so they stay as they were: --downstream runs them too",
                prepared.left_out.join(", ")
            );
        }
        if !info.whole {
            eprintln!(
                "it is torn or damaged: what is there is replayed; `vesalius verify` says more"
            );
        }
    }
    let folder = arguments.output.clone().unwrap_or_else(|| {
        let date = LocalTime::here().for_folder(runtime::clock::wall_clock_ns());
        let name = record::graph_name(&prepared.plan.file);
        Path::new("sessions").join(format!("{date}-{name}-replay"))
    });
    let undertaking = Undertaking {
        plan: prepared.plan,
        pace: prepared.pace,
        stop_after: None,
        folder: Some(folder),
        socket_root: None,
    };
    let closing = supervise::run(undertaking, arguments.telling.options())
        .map_err(|error| miette!("{error}"))?;
    let code = arguments.telling.close(&closing);
    if !json {
        let (then, now) = (arguments.recording.display(), closing.folder.display());
        eprintln!("what differs    vesalius compare {then} {now}");
    }
    Ok(code)
}

/// What one of the tools for recordings prints.
fn ask(recordings: &Path, tool: &str, path: &Path, words: &[String]) -> miette::Result<Vec<u8>> {
    let output = Command::new(recordings)
        .arg(tool)
        .arg(path)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .into_diagnostic()
        .wrap_err_with(|| format!("{} does not run", recordings.display()))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(miette!("{}", said.trim().trim_start_matches("error: ")))
}

/// A private folder for the journals; goes when the replay is over.
struct Journals(PathBuf);

impl Journals {
    fn make() -> miette::Result<Self> {
        let made = folders::SocketFolder::make(&folders::socket_root(), &[]);
        let (folder, _) = made.map_err(|error| miette!("{error}"))?;
        Ok(Self(folder.path().to_owned()))
    }
}

impl Drop for Journals {
    fn drop(&mut self) {
        // What cannot be removed is left; it lies in a folder for temporary things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_or_max() {
        assert_eq!(rate("max"), Ok(Rate::Max));
        assert_eq!(rate("2"), Ok(Rate::Times(2.0)));
        assert_eq!(rate("0.5x"), Ok(Rate::Times(0.5)));
        for wrong in ["0", "-1", "inf", "fast", ""] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
