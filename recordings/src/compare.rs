//! `vesalius compare`: how two recordings of the same graph differ, in mm, degrees, pixels, Dice and
//! ms.
//!
//! Messages are matched by stream, incarnation and sequence number. A pair is identical if value,
//! arrays, `acquired_at`, validity, kind and schema are the same, bit for bit; session and
//! `published_at` do not count. What is not identical is measured as its type asks for, told by the largest
//! difference and by how it is spread over the stream. Events, status and marks are not compared; journals are, but they do not decide.

mod difference;
mod distances;
mod image;
mod label;
mod landmarks;
mod nearest;
mod overlay;
mod pair;
mod placement;
mod pose;
mod reference;
mod registration;
mod report;
mod scores;
mod spread;
mod surfaces;
mod vessel_tree;
mod volume;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use messages::Timestamp;
use messages::wire::Received;
use runtime::Topic;

use crate::command;
use crate::ledger::{Ledger, StreamLedger};
use crate::reader::{Damage, OpenError, Recording, Selection};
use crate::topic;

use reference::Reference;
use report::Scale;

pub use difference::{Difference, Tolerance};
pub use report::{Report, StreamReport, text};
pub use spread::{Change, Spread, Spreads};

/// Compares two recordings of the same graph; exits with 1 if they differ past a tolerance.
#[derive(clap::Parser)]
#[command(name = "compare")]
struct Arguments {
    /// A session folder or an .mcap file.
    a: PathBuf,
    /// The other.
    b: PathBuf,
    /// Positions may differ by so many millimetres.
    #[arg(long, default_value_t = 0.0)]
    tolerance_mm: f64,
    /// The length of a tree's vessels, and of those of each structure, may differ by so many
    /// millimetres.
    #[arg(long, default_value_t = 0.0)]
    tolerance_length_mm: f64,
    /// Orientations may differ by so many degrees.
    #[arg(long, default_value_t = 0.0)]
    tolerance_deg: f64,
    /// Places in an image may differ by so many pixels.
    #[arg(long, default_value_t = 0.0)]
    tolerance_px: f64,
    /// Figures against known truth may differ by this share of the larger one.
    #[arg(long, default_value_t = 0.0)]
    tolerance_share: f64,
    /// Labels must overlap by at least this Dice coefficient.
    #[arg(long, default_value_t = 1.0)]
    min_dice: f64,
    /// Times of acquisition may differ by so many milliseconds.
    #[arg(long, default_value_t = 0.0)]
    tolerance_ms: f64,
    /// Grey values of an image or volume may differ by so much on average.
    #[arg(long, default_value_t = 0.0)]
    tolerance_grey: f64,
    /// Compares only these streams, separated by commas.
    #[arg(long, value_delimiter = ',')]
    streams: Option<Vec<String>>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Why recordings cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// One is no recording.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// One is damaged.
    #[error(
        "{path} is damaged at byte {at}: {what}; a comparison would be worth nothing, `vesalius recover` saves what is whole"
    )]
    Damaged {
        /// Which one.
        path: PathBuf,
        /// Where.
        at: u64,
        /// What is wrong.
        what: String,
    },
}

type Key = (String, u32, u64);

/// One side while it is read.
struct Side<'a> {
    recording: &'a Recording,
    other: &'a Ledger,
    waiting: HashMap<Key, Received>,
}

/// Compares what both hold of `streams`, or of all.
///
/// # Errors
/// If one changed while it was read.
pub fn compare(
    a: &Recording,
    b: &Recording,
    streams: Option<&BTreeSet<String>>,
    tolerance: &Tolerance,
) -> Result<Report, CompareError> {
    let wanted: BTreeSet<String> = [a, b]
        .iter()
        .flat_map(|side| &side.ledger().streams)
        .filter(|(name, ledger)| {
            is_compared(ledger)
                && [a, b].iter().all(|side| could_be_in(side, name, ledger))
                && streams.is_none_or(|some| some.contains(*name))
        })
        .map(|(name, _)| name.clone())
        .collect();
    let mut report = Report::new(a.ledger(), b.ledger(), &wanted, streams);
    let scale =
        Scale { reference: Reference::of(a), start: a.started_at().unwrap_or(Timestamp(0)) };
    let selection = Selection { streams: Some(wanted), ..Selection::default() };
    let mut left = Side { recording: a, other: b.ledger(), waiting: HashMap::new() };
    let mut right = Side { recording: b, other: a.ledger(), waiting: HashMap::new() };
    let mut of_a = a.select(selection.clone());
    let mut of_b = b.select(selection);
    // Step by step through both, so that only what the other side has not come to yet waits.
    loop {
        let from_a = of_a.next();
        let from_b = of_b.next();
        if from_a.is_none() && from_b.is_none() {
            break;
        }
        if let Some(message) = from_a
            && let Some((mine, theirs)) = left.take(message, &mut right, &mut report, true)?
        {
            report.pair(&mine, &theirs, &scale);
        }
        if let Some(message) = from_b
            && let Some((mine, theirs)) = right.take(message, &mut left, &mut report, false)?
        {
            report.pair(&theirs, &mine, &scale);
        }
    }
    report.judge(tolerance);
    Ok(report)
}

/// A replay runs no device, and perhaps not every node: their health and journals cannot be in it.
fn could_be_in(recording: &Recording, stream: &str, ledger: &StreamLedger) -> bool {
    ledger.topic == topic::name(Topic::Stream)
        || recording
            .manifest()
            .is_none_or(|manifest| manifest.observes.iter().any(|observed| observed == stream))
}

fn is_compared(ledger: &StreamLedger) -> bool {
    ledger.topic != topic::name(Topic::Event)
}

impl Side<'_> {
    /// Takes the next message of this side; returns it with its match if that came before.
    fn take(
        &mut self,
        message: Result<crate::Recorded, Damage>,
        other: &mut Side<'_>,
        report: &mut Report,
        is_a: bool,
    ) -> Result<Option<(Received, Received)>, CompareError> {
        let received = message.map_err(|damage| self.damaged(damage))?.received;
        let envelope = received.envelope();
        let key = (envelope.stream.clone(), envelope.incarnation, envelope.sequence);
        if let Some(theirs) = other.waiting.remove(&key) {
            return Ok(Some((received, theirs)));
        }
        if self.other.contains(envelope) {
            self.waiting.insert(key, received);
        } else {
            report.only(&received, is_a);
        }
        Ok(None)
    }

    fn damaged(&self, damage: Damage) -> CompareError {
        let path = self.recording.parts().first().map(|part| part.path.clone()).unwrap_or_default();
        CompareError::Damaged { path, at: damage.at, what: damage.what }
    }
}

/// Opens one side; damage ends the comparison, a recording that was not closed does not.
fn open(path: &Path) -> Result<Recording, CompareError> {
    let recording = Recording::open(path)?;
    for part in recording.parts() {
        if let Some(damage) = part.damage.first() {
            let (at, what) = (damage.at, damage.what.clone());
            return Err(CompareError::Damaged { path: part.path.clone(), at, what });
        }
    }
    Ok(recording)
}

/// The tool.
pub fn tool(arguments: &[String]) -> ExitCode {
    command::run(arguments, |arguments: Arguments| {
        let tolerance = Tolerance {
            mm: arguments.tolerance_mm,
            length_mm: arguments.tolerance_length_mm,
            degrees: arguments.tolerance_deg,
            px: arguments.tolerance_px,
            share: arguments.tolerance_share,
            dice: arguments.min_dice,
            ms: arguments.tolerance_ms,
            grey: arguments.tolerance_grey,
        };
        let streams = arguments.streams.map(BTreeSet::from_iter);
        let (a, b) = (open(&arguments.a)?, open(&arguments.b)?);
        let report = compare(&a, &b, streams.as_ref(), &tolerance)?;
        command::print(arguments.json, &report, text);
        Ok::<_, CompareError>(report.equal)
    })
}
