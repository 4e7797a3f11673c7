//! The source of a replay: recorded streams, byte for byte, in the order of publication.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use messages::Timestamp;
use runtime::host::RecordedSchema;
use runtime::{Source, SourceMessage, Topic};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::journals::between;
use crate::reader::{Messages, OpenError, Recording, Selection};
use crate::topic;

/// The parameters of `recordings/play`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// A session folder or an .mcap file.
    pub path: PathBuf,
    /// The streams to play, `node.port`.
    pub streams: Vec<String>,
    /// How fast: 1 is as it was, 2 is twice as fast, `max` is as fast as the nodes follow.
    #[serde(default)]
    pub rate: Rate,
    /// Only from this many seconds after the start.
    #[serde(default)]
    pub from_s: Option<f64>,
    /// Only up to this many seconds after the start.
    #[serde(default)]
    pub to_s: Option<f64>,
}

/// How fast a recording is played.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Rate {
    /// This many times as fast as it was.
    Times(f64),
    /// As fast as the nodes follow.
    Word(Max),
}

/// The word `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Max {
    /// As fast as the nodes follow.
    Max,
}

impl Default for Rate {
    fn default() -> Self {
        Self::Times(1.0)
    }
}

/// Why it cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// There is no recording.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A stream is not there.
    #[error("the recording has no stream `{stream}`; it has {there}")]
    NoStream {
        /// The stream.
        stream: String,
        /// Those that are there.
        there: String,
    },
    /// The rate makes no sense.
    #[error("the rate is a number above 0 or \"max\", not {0}")]
    Rate(f64),
    /// The recording is damaged.
    #[error(
        "the recording is damaged at byte {at}: {what}; `vesalius recover` saves what is whole"
    )]
    Damaged {
        /// Where.
        at: u64,
        /// What is wrong.
        what: String,
    },
}

/// The source.
pub struct Play {
    streams: Vec<(String, RecordedSchema)>,
    messages: Messages<Arc<Recording>>,
    rate: Option<f64>,
    first: Option<Timestamp>,
}

impl Source for Play {
    type Parameters = Parameters;
    type Error = PlayError;

    fn open(parameters: Parameters) -> Result<Self, PlayError> {
        let rate = match parameters.rate {
            Rate::Word(Max::Max) => None,
            Rate::Times(rate) if rate.is_finite() && rate > 0.0 => Some(rate),
            Rate::Times(rate) => return Err(PlayError::Rate(rate)),
        };
        let recording = Arc::new(Recording::open(&parameters.path)?);
        for part in recording.parts() {
            for damage in part.damage.iter().chain(&part.torn) {
                let text =
                    format!("{} at byte {}: {}", part.path.display(), damage.at, damage.what);
                runtime::log::warn(&text);
            }
        }
        let wanted: BTreeSet<String> = parameters.streams.iter().cloned().collect();
        let mut streams = Vec::new();
        for name in &wanted {
            let stream = recording.ledger().streams.get(name);
            let stream = stream.filter(|stream| stream.topic == topic::name(Topic::Stream));
            let stream = stream.ok_or_else(|| no_stream(&recording, name))?;
            let schema = RecordedSchema {
                name: stream.schema.clone(),
                version: stream.version,
                count: 0,
                incarnation: 1,
            };
            streams.push((name.clone(), schema));
        }
        let selection = Selection {
            streams: Some(wanted),
            ..between(&recording, parameters.from_s, parameters.to_s)
        };
        count(&recording, &selection, &mut streams)?;
        let messages = Messages::new(recording, selection);
        Ok(Self { streams, messages, rate, first: None })
    }

    fn streams(&self) -> Vec<(String, RecordedSchema)> {
        self.streams.clone()
    }

    fn next(&mut self) -> Result<Option<SourceMessage>, PlayError> {
        let Some(message) = self.messages.next() else { return Ok(None) };
        let message =
            message.map_err(|damage| PlayError::Damaged { at: damage.at, what: damage.what })?;
        let envelope = message.received.envelope();
        let published_at = envelope.published_at;
        let first = *self.first.get_or_insert(published_at);
        let stream = self.streams.iter().position(|(name, _)| *name == envelope.stream);
        Ok(Some(SourceMessage {
            // Only these streams were selected.
            stream: stream.unwrap_or_default(),
            published_at,
            due: self.rate.map(|rate| scaled(published_at.since(first), rate)),
            bytes: message.received.bytes().clone(),
        }))
    }
}

fn scaled(after: Duration, rate: f64) -> Duration {
    Duration::try_from_secs_f64(after.as_secs_f64() / rate).unwrap_or(Duration::MAX)
}

fn no_stream(recording: &Recording, stream: &str) -> PlayError {
    let there: Vec<&str> = recording
        .ledger()
        .streams
        .iter()
        .filter(|(_, stream)| stream.topic == topic::name(Topic::Stream))
        .map(|(name, _)| name.as_str())
        .collect();
    let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
    PlayError::NoStream { stream: stream.to_owned(), there }
}

/// How many values and blanks of the last incarnation there will have been once all are played.
fn count(
    recording: &Recording,
    selection: &Selection,
    streams: &mut [(String, RecordedSchema)],
) -> Result<(), PlayError> {
    if selection.from.is_none() && selection.to.is_none() {
        for (name, schema) in streams {
            let ledger = recording.ledger().streams.get(name);
            if let Some((incarnation, sequences)) =
                ledger.and_then(|ledger| ledger.incarnations.last_key_value())
            {
                schema.incarnation = *incarnation;
                schema.count = sequences.recorded.last().map_or(0, |last| last.saturating_add(1));
            }
        }
        return Ok(());
    }
    for message in recording.select(selection.clone()) {
        let message =
            message.map_err(|damage| PlayError::Damaged { at: damage.at, what: damage.what })?;
        let envelope = message.received.envelope();
        if let Some((_, schema)) = streams.iter_mut().find(|(name, _)| *name == envelope.stream) {
            if envelope.incarnation > schema.incarnation {
                schema.incarnation = envelope.incarnation;
                schema.count = 0;
            }
            schema.count = schema.count.max(envelope.sequence.saturating_add(1));
        }
    }
    Ok(())
}
