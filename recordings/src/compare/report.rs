//! What a comparison found, stream by stream.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use messages::Timestamp;
use messages::wire::Received;
use runtime::Topic;
use serde::Serialize;

use super::difference::{Difference, Tolerance};
use super::pair;
use super::reference::Reference;
use super::spread::{Gathered, Spreads};
use crate::ledger::Ledger;
use crate::topic;

/// What a comparison found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether every stream but the journals is there on both sides and within the tolerance.
    pub equal: bool,
    /// The tolerance.
    pub tolerance: Tolerance,
    /// Outputs and health.
    pub streams: BTreeMap<String, StreamReport>,
    /// Journals; they do not decide.
    pub journals: BTreeMap<String, StreamReport>,
}

/// What was found about one stream.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StreamReport {
    /// The message.
    pub message: String,
    /// Messages in the first recording.
    pub a: u64,
    /// Messages in the second.
    pub b: u64,
    /// Pairs that are identical bit for bit.
    pub identical: u64,
    /// Pairs that are not.
    pub different: u64,
    /// Messages that only the first has.
    pub only_a: u64,
    /// Messages that only the second has.
    pub only_b: u64,
    /// The largest differences.
    pub difference: Difference,
    /// How what differs is spread over the pairs that do.
    #[serde(flatten)]
    pub spreads: Spreads,
    /// Whether all of it is within the tolerance.
    pub within: bool,
    #[serde(skip)]
    gathered: Gathered,
}

/// What all pairs are measured with.
#[derive(Clone, Debug, Default)]
pub(super) struct Scale {
    /// The map and the size of a pixel.
    pub reference: Reference,
    /// When the first recording starts.
    pub start: Timestamp,
}

impl Report {
    /// Nothing is compared yet. Streams that were asked for and are on neither side are listed too.
    pub(super) fn new(
        a: &Ledger,
        b: &Ledger,
        wanted: &BTreeSet<String>,
        asked: Option<&BTreeSet<String>>,
    ) -> Self {
        let (mut streams, mut journals) = (BTreeMap::new(), BTreeMap::new());
        for name in wanted.iter().chain(asked.into_iter().flatten()) {
            let sides = [a.streams.get(name), b.streams.get(name)];
            let count = |side: usize| sides[side].map_or(0, crate::ledger::StreamLedger::count);
            let known = sides.into_iter().flatten();
            let message =
                known.clone().map(|side| side.schema.clone()).find(|schema| !schema.is_empty());
            let is_journal = known.clone().any(|side| side.topic == topic::name(Topic::Journal));
            let list = if is_journal { &mut journals } else { &mut streams };
            let report = StreamReport {
                message: message.unwrap_or_default(),
                a: count(0),
                b: count(1),
                ..StreamReport::default()
            };
            list.insert(name.clone(), report);
        }
        Self { equal: false, tolerance: Tolerance::default(), streams, journals }
    }

    fn stream(&mut self, received: &Received) -> &mut StreamReport {
        let name = &received.envelope().stream;
        if self.journals.contains_key(name) {
            return self.journals.entry(name.clone()).or_default();
        }
        self.streams.entry(name.clone()).or_default()
    }

    /// Compares a pair.
    pub(super) fn pair(&mut self, a: &Received, b: &Received, scale: &Scale) {
        let found = pair::difference(a, b, &scale.reference);
        let stream = self.stream(a);
        match found {
            None => stream.identical += 1,
            Some(mut difference) => {
                stream.different += 1;
                let figures = std::mem::take(&mut difference.figures);
                let at = a.envelope().acquired_at;
                stream.gathered.add(figures, &difference.other, at, scale.start);
                let envelope = a.envelope();
                let whose = if envelope.incarnation > 1 {
                    format!("message {} of incarnation {}", envelope.sequence, envelope.incarnation)
                } else {
                    format!("message {}", envelope.sequence)
                };
                stream.difference.add(difference, &whose);
            }
        }
    }

    /// Counts a message that the other side does not have.
    pub(super) fn only(&mut self, received: &Received, is_a: bool) {
        let stream = self.stream(received);
        if is_a {
            stream.only_a += 1;
        } else {
            stream.only_b += 1;
        }
    }

    /// Judges every stream. Two recordings without any message in common are not equal.
    pub(super) fn judge(&mut self, tolerance: &Tolerance) {
        self.tolerance = *tolerance;
        for stream in self.streams.values_mut().chain(self.journals.values_mut()) {
            stream.spreads = stream.gathered.spreads();
            let there = stream.only_a == 0 && stream.only_b == 0;
            stream.within = there && stream.difference.is_within(tolerance);
        }
        let compared: u64 = self.streams.values().map(|stream| stream.a.min(stream.b)).sum();
        self.equal = compared > 0 && self.streams.values().all(|stream| stream.within);
    }
}

/// The report as a person reads it.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    table(&mut text, "stream", &report.streams);
    if !report.journals.is_empty() {
        text.push('\n');
        table(&mut text, "journal", &report.journals);
    }
    let tolerance = &report.tolerance;
    let _ = writeln!(
        text,
        "\n{} (tolerance {} mm, {} mm of length, {}°, {} px, a share of {}, Dice {}, {} ms, grey {}; journals do not decide)",
        if report.equal { "equal" } else { "DIFFERENT" },
        tolerance.mm,
        tolerance.length_mm,
        tolerance.degrees,
        tolerance.px,
        tolerance.share,
        tolerance.dice,
        tolerance.ms,
        tolerance.grey
    );
    text
}

fn table(text: &mut String, kind: &str, streams: &BTreeMap<String, StreamReport>) {
    let name = streams.keys().map(String::len).max().unwrap_or(0).max(7);
    let _ = writeln!(
        text,
        "{kind:name$}  {:>8} {:>8} {:>9} {:>9}  difference",
        "A", "B", "identical", "different"
    );
    for (stream, report) in streams {
        let _ = writeln!(
            text,
            "{stream:name$}  {:>8} {:>8} {:>9} {:>9}  {}",
            report.a,
            report.b,
            report.identical,
            report.different,
            words(report)
        );
        for line in report.spreads.lines() {
            let _ = writeln!(text, "{:name$}    {line}", "");
        }
    }
}

fn words(report: &StreamReport) -> String {
    let found = &report.difference;
    let mut words = Vec::new();
    for (count, side) in [(report.only_a, "first"), (report.only_b, "second")] {
        if count > 0 {
            words.push(format!("{count} only in the {side}"));
        }
    }
    let mut say = |value: Option<f64>, unit: &str| {
        if let Some(value) = value {
            words.push(format!("{value:.3e} {unit}"));
        }
    };
    say(found.mm, "mm");
    say(found.mm_mean, "mm on average");
    say(found.length_mm, "mm of length");
    say(found.degrees, "°");
    say(found.px, "px");
    say(found.px_mean, "px on average");
    say(found.share, "of a figure");
    say(found.ms, "ms");
    say(found.grey_max, "grey at most");
    say(found.grey_mean, "grey on average");
    if let Some(dice) = found.dice {
        words.push(format!("Dice {dice:.5}"));
    }
    if found.others > 0 {
        words.push(format!("{} of another kind", found.others));
    }
    if words.is_empty() {
        words.push("none".to_owned());
    }
    let mark = if report.within { "" } else { "  <-- past the tolerance" };
    format!("{}{mark}", words.join(", "))
}
