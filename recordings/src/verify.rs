//! `vesalius verify`: everything that can be checked about a recording, and a verdict on each stream.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use crate::command;
use crate::reader::{Damage, Depth, OpenError, Recording};
use crate::verdict::{State, Verdict};

/// Checks a recording: structure, checksums, hash chain, arrays and sequence numbers.
#[derive(clap::Parser)]
#[command(name = "verify")]
struct Arguments {
    /// A session folder or an .mcap file.
    path: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What was found about a recording.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether nothing is damaged and every stream is complete.
    pub good: bool,
    /// Its files.
    pub parts: Vec<PartReport>,
    /// Its streams.
    pub streams: Vec<Verdict>,
}

/// What was found about one file.
#[derive(Clone, Debug, Serialize)]
pub struct PartReport {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Chunks that are whole.
    pub chunks: usize,
    /// Links of the hash chain.
    pub links: u64,
    /// The last hash of the chain: note it elsewhere, and nobody can change the recording unseen.
    pub blake3: String,
    /// Whether it was closed in order.
    pub closed: bool,
    /// Where and why it ends early.
    pub torn: Option<Damage>,
    /// What is not as it was written.
    pub damage: Vec<Damage>,
}

/// Checks everything.
///
/// # Errors
/// If there is no recording.
pub fn verify(path: &Path) -> Result<Report, OpenError> {
    Ok(report(&Recording::open_with(path, Depth::Everything)?))
}

/// What is known about a recording as it was opened.
pub fn report(recording: &Recording) -> Report {
    let parts: Vec<PartReport> = recording
        .parts()
        .iter()
        .map(|part| {
            let mut damage = part.damage.clone();
            if part.chain.links == 0 && part.torn.is_none() {
                damage.push(Damage { at: 0, what: "it has no hash chain".to_owned() });
            }
            if part.manifest.is_none() {
                damage
                    .push(Damage { at: 0, what: "it has no manifest that can be read".to_owned() });
            }
            PartReport {
                path: part.path.clone(),
                bytes: part.len(),
                chunks: part.chunks.len(),
                links: part.chain.links,
                blake3: part.chain.last.to_hex().to_string(),
                closed: part.torn.is_none(),
                torn: part.torn.clone(),
                damage,
            }
        })
        .collect();
    let streams = recording.verdicts();
    let undamaged = parts.iter().all(|part| part.damage.is_empty());
    // A recorder that was killed leaves a torn file; whether anything is missing, the streams say.
    let closed = parts.last().is_some_and(|part| part.closed);
    let complete = streams.iter().all(|stream| stream.state == State::Complete);
    Report { good: undamaged && closed && complete, parts, streams }
}

/// The report as a person reads it.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    for part in &report.parts {
        let _ = writeln!(
            text,
            "{}: {:.1} MB, {} chunks, {} links, {}",
            part.path.display(),
            part.bytes as f64 / 1e6,
            part.chunks,
            part.links,
            if part.closed { "closed" } else { "not closed" },
        );
        let _ = writeln!(text, "  chain blake3 {}", part.blake3);
        for damage in &part.damage {
            let _ = writeln!(text, "  damaged at byte {}: {}", damage.at, damage.what);
        }
        if let Some(torn) = &part.torn {
            let _ = writeln!(text, "  ends at byte {}: {}", torn.at, torn.what);
        }
    }
    let name = report.streams.iter().map(|stream| stream.stream.len()).max().unwrap_or(0).max(6);
    let _ = writeln!(
        text,
        "\n{:name$}  {:>9} {:>7} {:>8}  verdict",
        "stream", "recorded", "blanks", "missing"
    );
    for stream in &report.streams {
        let blanks: u64 = stream.incarnations.iter().map(|incarnation| incarnation.blanks).sum();
        let _ = writeln!(
            text,
            "{:name$}  {:>9} {blanks:>7} {:>8}  {}",
            stream.stream,
            stream.recorded(),
            stream.missing(),
            verdict(stream)
        );
    }
    let _ = writeln!(
        text,
        "\n{}",
        if report.good {
            "complete and undamaged"
        } else {
            "NOT complete or not undamaged; see above"
        }
    );
    text
}

fn verdict(stream: &Verdict) -> String {
    let mut words = match stream.state {
        State::Complete => "complete".to_owned(),
        State::EndNotSeen if stream.incarnations.is_empty() => "nothing was heard of it".to_owned(),
        State::EndNotSeen => "end not seen".to_owned(),
        State::Incomplete => "INCOMPLETE".to_owned(),
    };
    let many = stream.incarnations.len() > 1;
    if many {
        let _ = write!(words, ", {} incarnations", stream.incarnations.len());
    }
    for incarnation in &stream.incarnations {
        if incarnation.missing.is_empty() {
            continue;
        }
        let _ = write!(words, "; missing {}", incarnation.missing);
        if many {
            let _ = write!(words, " of incarnation {}", incarnation.incarnation);
        }
    }
    words
}

/// The tool.
pub fn tool(arguments: &[String]) -> ExitCode {
    command::run(arguments, |arguments: Arguments| {
        let report = verify(&arguments.path)?;
        command::print(arguments.json, &report, text);
        Ok::<_, OpenError>(report.good)
    })
}
