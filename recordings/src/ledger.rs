//! What is known about each stream of a recording: what was recorded, lost, and how it ended.

use std::collections::BTreeMap;

use messages::Timestamp;
use messages::wire::{Envelope, Kind};
use runtime::Topic;
use serde::{Deserialize, Serialize};

use crate::ranges::Ranges;
use crate::topic;
use crate::verdict::Verdict;

/// What is known about every stream of a recording.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// By `node.port`.
    pub streams: BTreeMap<String, StreamLedger>,
}

/// What is known about one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamLedger {
    /// `stream`, `health`, `journal` or `event`.
    pub topic: String,
    /// The message it carries; empty if none came.
    pub schema: String,
    /// Its version.
    pub version: u32,
    /// By number: 1 at first, 2 after the first restart.
    pub incarnations: BTreeMap<u32, Sequences>,
}

/// What is known about one incarnation of a stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sequences {
    /// The recorded numbers.
    pub recorded: Ranges,
    /// Those that the recorder knows to be lost.
    #[serde(default, skip_serializing_if = "Ranges::is_empty")]
    pub lost: Ranges,
    /// Blanks among the recorded.
    pub blanks: u64,
    /// Bytes of the recorded.
    pub bytes: u64,
    /// The number of values and blanks it had, once its end was heard.
    pub end: Option<u64>,
    /// When the first recorded one was published, nanoseconds.
    pub first_published_ns: Option<i64>,
    /// When the last recorded one was published, nanoseconds.
    pub last_published_ns: Option<i64>,
}

/// Something the recorder heard beside messages; written with the next link of the chain, so that
/// it survives a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// The procedure started.
    Start {
        /// Nanoseconds since the Unix epoch, on the session clock.
        at_ns: i64,
    },
    /// A stream came to its end.
    End {
        /// `stream`, `health`, `journal` or `event`.
        topic: String,
        /// `node.port`.
        stream: String,
        /// The message it carries.
        schema: String,
        /// Its version.
        version: u32,
        /// The incarnation.
        incarnation: u32,
        /// The number of values and blanks it had.
        count: u64,
    },
    /// Messages were lost before they could be recorded.
    Lost {
        /// `stream`, `health`, `journal` or `event`.
        topic: String,
        /// `node.port`.
        stream: String,
        /// The incarnation.
        incarnation: u32,
        /// The first missing.
        first: u64,
        /// The last missing.
        last: u64,
        /// A sentence for a person.
        why: String,
    },
}

impl Ledger {
    /// Says that there should be a stream, even if nothing comes of it.
    pub fn expect(&mut self, stream: &str) {
        let topic = match stream.rsplit('.').next() {
            Some("health") => Topic::Health,
            Some("journal") => Topic::Journal,
            _ => Topic::Stream,
        };
        self.stream(topic::name(topic), stream);
    }

    fn stream(&mut self, topic: &str, stream: &str) -> &mut StreamLedger {
        self.streams.entry(stream.to_owned()).or_insert_with(|| StreamLedger {
            topic: topic.to_owned(),
            schema: String::new(),
            version: 0,
            incarnations: BTreeMap::new(),
        })
    }

    /// Counts a recorded message of `bytes` bytes; returns whether it is new.
    pub fn record(&mut self, topic: Topic, envelope: &Envelope, bytes: usize) -> bool {
        let stream = match self.streams.get_mut(&envelope.stream) {
            Some(stream) => stream,
            None => self.stream(topic::name(topic), &envelope.stream),
        };
        if stream.schema.is_empty() {
            topic::name(topic).clone_into(&mut stream.topic);
            stream.schema.clone_from(&envelope.schema);
            stream.version = envelope.version;
        }
        let sequences = stream.incarnations.entry(envelope.incarnation).or_default();
        if !sequences.recorded.insert(envelope.sequence, envelope.sequence) {
            return false;
        }
        sequences.blanks += u64::from(envelope.kind == Kind::Blank);
        sequences.bytes += bytes as u64;
        let at = envelope.published_at.0;
        sequences.first_published_ns =
            Some(sequences.first_published_ns.map_or(at, |first| first.min(at)));
        sequences.last_published_ns =
            Some(sequences.last_published_ns.map_or(at, |last| last.max(at)));
        true
    }

    /// Takes a note.
    pub fn note(&mut self, note: &Note) {
        match note {
            Note::Start { .. } => {}
            Note::End { topic, stream, schema, version, incarnation, count } => {
                let ledger = self.stream(topic, stream);
                if ledger.schema.is_empty() {
                    ledger.schema.clone_from(schema);
                    ledger.version = *version;
                }
                let sequences = ledger.incarnations.entry(*incarnation).or_default();
                sequences.end = Some(sequences.end.map_or(*count, |end| end.max(*count)));
            }
            Note::Lost { topic, stream, incarnation, first, last, .. } => {
                let ledger = self.stream(topic, stream);
                let sequences = ledger.incarnations.entry(*incarnation).or_default();
                sequences.lost.insert(*first, *last);
            }
        }
    }

    /// Adds what another part of the same recording holds and this one does not.
    pub fn merge(&mut self, other: &Self) {
        for (name, other) in &other.streams {
            let stream = self.stream(&other.topic, name);
            stream.learn(other);
            for (&incarnation, other) in &other.incarnations {
                stream.incarnations.entry(incarnation).or_default().add(other);
            }
        }
    }

    /// Takes what a recorder says that it wrote of a stream: what is not there is lost.
    pub fn merge_said(&mut self, name: &str, said: &StreamLedger) {
        let stream = self.stream(&said.topic, name);
        stream.learn(said);
        for (&incarnation, said) in &said.incarnations {
            let sequences = stream.incarnations.entry(incarnation).or_default();
            sequences.lost.extend(&said.recorded);
            sequences.lost.extend(&said.lost);
            sequences.end = sequences.end.max(said.end);
        }
    }

    /// Whether a message with these numbers is recorded.
    pub fn contains(&self, envelope: &Envelope) -> bool {
        self.streams
            .get(&envelope.stream)
            .and_then(|stream| stream.incarnations.get(&envelope.incarnation))
            .is_some_and(|sequences| sequences.recorded.contains(envelope.sequence))
    }

    /// The verdict on each stream. `joined_late` says that what came before the first recorded
    /// message of a stream is no part of the recording.
    pub fn verdicts(&self, joined_late: bool) -> Vec<Verdict> {
        self.streams.iter().map(|(name, stream)| Verdict::on(name, stream, joined_late)).collect()
    }

    /// The time between the first and the last message published, nanoseconds since the Unix epoch;
    /// events, which may come before the start, do not count.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let sequences = || {
            self.streams
                .values()
                .filter(|stream| stream.topic != topic::name(Topic::Event))
                .flat_map(|stream| stream.incarnations.values())
        };
        let first = sequences().filter_map(|sequences| sequences.first_published_ns).min()?;
        let last = sequences().filter_map(|sequences| sequences.last_published_ns).max()?;
        Some((Timestamp(first), Timestamp(last)))
    }
}

impl Sequences {
    fn add(&mut self, other: &Self) {
        self.recorded.extend(&other.recorded);
        self.bytes += other.bytes;
        self.blanks += other.blanks;
        self.lost.extend(&other.lost);
        self.end = self.end.max(other.end);
        let first = [self.first_published_ns, other.first_published_ns];
        self.first_published_ns = first.into_iter().flatten().min();
        self.last_published_ns = self.last_published_ns.max(other.last_published_ns);
    }
}

impl StreamLedger {
    /// Takes the message type, if none is known yet.
    fn learn(&mut self, other: &Self) {
        if self.schema.is_empty() {
            self.topic.clone_from(&other.topic);
            self.schema.clone_from(&other.schema);
            self.version = other.version;
        }
    }

    /// How many messages are recorded.
    pub fn count(&self) -> u64 {
        self.incarnations.values().map(|sequences| sequences.recorded.count()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::State;

    fn envelope(stream: &str, incarnation: u32, sequence: u64) -> Envelope {
        Envelope {
            session: "test".to_owned(),
            stream: stream.to_owned(),
            incarnation,
            kind: Kind::Message,
            schema: "Health".to_owned(),
            version: 1,
            frames: Vec::new(),
            sequence,
            acquired_at: Timestamp(0),
            published_at: Timestamp(sequence as i64),
            validity: messages::wire::Validity::Valid,
            arrays: Vec::new(),
        }
    }

    fn end(stream: &str, incarnation: u32, count: u64) -> Note {
        Note::End {
            topic: "stream".to_owned(),
            stream: stream.to_owned(),
            schema: "Health".to_owned(),
            version: 1,
            incarnation,
            count,
        }
    }

    fn recorded(sequences: &[u64]) -> Ledger {
        let mut ledger = Ledger::default();
        for &sequence in sequences {
            ledger.record(Topic::Stream, &envelope("a.b", 1, sequence), 10);
        }
        ledger
    }

    #[test]
    fn a_stream_is_complete_only_with_its_end() {
        let mut ledger = recorded(&[0, 1, 2]);
        assert_eq!(ledger.verdicts(false)[0].state, State::EndNotSeen);
        ledger.note(&end("a.b", 1, 3));
        assert_eq!(ledger.verdicts(false)[0].state, State::Complete);
        ledger.note(&end("a.b", 1, 5));
        let verdict = &ledger.verdicts(false)[0];
        assert_eq!(verdict.state, State::Incomplete);
        assert_eq!(verdict.incarnations[0].missing.to_string(), "3-4");
    }

    #[test]
    fn a_loss_behind_the_last_message_is_named() {
        let mut ledger = recorded(&[0, 1, 4]);
        ledger.note(&Note::Lost {
            topic: "stream".to_owned(),
            stream: "a.b".to_owned(),
            incarnation: 1,
            first: 5,
            last: 6,
            why: String::new(),
        });
        assert_eq!(ledger.verdicts(false)[0].incarnations[0].missing.to_string(), "2-3, 5-6");
    }

    #[test]
    fn who_joined_late_misses_nothing_before() {
        let mut ledger = recorded(&[40, 41, 43]);
        ledger.note(&end("a.b", 1, 44));
        assert_eq!(ledger.verdicts(true)[0].incarnations[0].missing.to_string(), "42");
        assert_eq!(ledger.verdicts(false)[0].incarnations[0].missing.to_string(), "0-39, 42");
    }

    #[test]
    fn a_killed_incarnation_has_no_end_and_the_next_one_counts_from_zero() {
        let mut ledger = recorded(&[0, 1, 2]);
        ledger.record(Topic::Stream, &envelope("a.b", 2, 1), 10);
        ledger.note(&end("a.b", 2, 2));
        let verdict = &ledger.verdicts(false)[0];
        assert_eq!(verdict.state, State::Incomplete);
        assert_eq!(verdict.incarnations[0].end, None);
        assert!(verdict.incarnations[0].missing.is_empty());
        assert_eq!(verdict.incarnations[1].missing.to_string(), "0");
    }

    #[test]
    fn a_stream_that_never_came_is_not_complete_and_an_empty_one_is() {
        let mut ledger = Ledger::default();
        ledger.expect("a.b");
        ledger.expect("c.journal");
        ledger.note(&end("c.journal", 1, 0));
        let verdicts = ledger.verdicts(false);
        assert_eq!(verdicts[0].state, State::EndNotSeen);
        assert_eq!((verdicts[1].state, verdicts[1].topic.as_str()), (State::Complete, "journal"));
    }

    #[test]
    fn a_repetition_is_not_new() {
        let mut ledger = recorded(&[0]);
        assert!(!ledger.record(Topic::Stream, &envelope("a.b", 1, 0), 10));
        assert_eq!(ledger.streams["a.b"].count(), 1);
    }
}
