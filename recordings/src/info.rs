//! `vesalius recording-info`: what a recording holds, for people and for `launch`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use crate::command;
use crate::ledger::StreamLedger;
use crate::manifest::Manifest;
use crate::reader::{OpenError, Recording};
use crate::topic;
use crate::verdict::State;

/// Tells what a recording holds.
#[derive(clap::Parser)]
#[command(name = "recording-info")]
struct Arguments {
    /// A session folder or an .mcap file.
    path: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What a recording holds.
#[derive(Clone, Debug, Serialize)]
pub struct Info {
    /// Its files.
    pub parts: Vec<PathBuf>,
    /// What it says about itself; null if that is damaged.
    pub manifest: Option<Manifest>,
    /// When the procedure started, nanoseconds on the session clock.
    pub started_at_ns: Option<i64>,
    /// When the first message was published.
    pub first_published_ns: Option<i64>,
    /// When the last message was published.
    pub last_published_ns: Option<i64>,
    /// From the start to the last message.
    pub duration_s: f64,
    /// Its streams by `node.port`: outputs, health, journals and events.
    pub streams: Vec<StreamInfo>,
    /// The nodes that have a journal, so that they can be replayed.
    pub journals: Vec<String>,
    /// Whether it was closed and nothing in it is damaged; `verify` says more.
    pub whole: bool,
}

/// One stream.
#[derive(Clone, Debug, Serialize)]
pub struct StreamInfo {
    /// `node.port`.
    pub stream: String,
    /// `stream`, `health`, `journal` or `event`.
    pub topic: String,
    /// The message.
    pub message: String,
    /// Its version.
    pub version: u32,
    /// Values and blanks that are recorded.
    pub count: u64,
    /// Blanks among them.
    pub blanks: u64,
    /// Bytes of messages.
    pub bytes: u64,
    /// The last incarnation.
    pub incarnation: u32,
    /// What can be said of it.
    pub state: State,
    /// Messages a second.
    pub rate_hz: f64,
}

/// What a recording holds.
pub fn info(recording: &Recording) -> Info {
    let span = recording.ledger().span();
    let started_at = recording.started_at();
    let streams: Vec<StreamInfo> = recording
        .verdicts()
        .into_iter()
        .filter_map(|verdict| {
            let ledger = recording.ledger().streams.get(&verdict.stream)?;
            let sequences = || ledger.incarnations.values();
            Some(StreamInfo {
                count: verdict.recorded(),
                blanks: sequences().map(|sequences| sequences.blanks).sum(),
                bytes: sequences().map(|sequences| sequences.bytes).sum(),
                incarnation: ledger.incarnations.keys().last().copied().unwrap_or(1),
                rate_hz: rate(ledger),
                stream: verdict.stream,
                topic: verdict.topic,
                message: verdict.schema,
                version: verdict.version,
                state: verdict.state,
            })
        })
        .collect();
    let journal = topic::name(runtime::Topic::Journal);
    Info {
        parts: recording.parts().iter().map(|part| part.path.clone()).collect(),
        manifest: recording.manifest().cloned(),
        started_at_ns: started_at.map(|at| at.0),
        first_published_ns: span.map(|(first, _)| first.0),
        last_published_ns: span.map(|(_, last)| last.0),
        duration_s: match (started_at, span) {
            (Some(start), Some((_, last))) => last.since(start).as_secs_f64(),
            _ => 0.0,
        },
        journals: streams
            .iter()
            .filter(|stream| stream.topic == journal && stream.count > 0)
            .map(|stream| stream.stream.trim_end_matches(".journal").to_owned())
            .collect(),
        streams,
        whole: recording.parts().iter().all(|part| part.torn.is_none() && part.damage.is_empty()),
    }
}

fn rate(ledger: &StreamLedger) -> f64 {
    let first = ledger.incarnations.values().filter_map(|part| part.first_published_ns).min();
    let last = ledger.incarnations.values().filter_map(|part| part.last_published_ns).max();
    match (first, last) {
        (Some(first), Some(last)) if last > first => {
            ledger.count().saturating_sub(1) as f64 / ((last - first) as f64 * 1e-9)
        }
        _ => 0.0,
    }
}

fn text(info: &Info) -> String {
    let mut text = String::new();
    for part in &info.parts {
        let _ = writeln!(text, "{}", part.display());
    }
    if let Some(manifest) = &info.manifest {
        let _ = writeln!(
            text,
            "session {}, recorded by {} {} on {} threads ({})",
            manifest.session,
            manifest.node,
            manifest.recorder,
            manifest.machine.threads,
            manifest.machine.architecture
        );
    }
    let _ = writeln!(
        text,
        "{:.1} s, {}",
        info.duration_s,
        if info.whole { "whole" } else { "torn or damaged: see `vesalius verify`" }
    );
    let name = info.streams.iter().map(|stream| stream.stream.len()).max().unwrap_or(0).max(6);
    let _ = writeln!(
        text,
        "\n{:name$}  {:18} {:>9} {:>8} {:>9}",
        "stream", "message", "count", "Hz", "MB"
    );
    for stream in &info.streams {
        let message = format!("{} v{}", stream.message, stream.version);
        let _ = writeln!(
            text,
            "{:name$}  {message:18} {:>9} {:>8.1} {:>9.1}",
            stream.stream,
            stream.count,
            stream.rate_hz,
            stream.bytes as f64 / 1e6
        );
    }
    text
}

/// The tool.
pub fn tool(arguments: &[String]) -> ExitCode {
    command::run(arguments, |arguments: Arguments| {
        let recording = Recording::open(&arguments.path)?;
        command::print(arguments.json, &info(&recording), text);
        Ok::<_, OpenError>(true)
    })
}
