//! One file of a recording, read from its start to its first torn record, whatever is damaged.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use mcap::records::{MessageHeader, Metadata, Record, op};
use messages::Timestamp;
use messages::wire::{Envelope, Received};
use runtime::Topic;
use serde::Serialize;

use super::chain::Chain;
use super::{Recorded, chunk, summary, walk};
use crate::ledger::{Ledger, Note, StreamLedger};
use crate::manifest::Manifest;
use crate::{format, topic};

/// Something in a file that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// Byte in the file.
    pub at: u64,
    /// What is wrong there.
    pub what: String,
}

/// One chunk that is whole.
#[derive(Clone, Copy, Debug)]
pub struct ChunkPlace {
    /// Where its record starts.
    pub at: usize,
    /// Where its record ends.
    pub end: usize,
    /// When its earliest message was published.
    pub first_published: i64,
}

/// One file of a recording.
#[derive(Debug)]
pub struct Part {
    /// The file.
    pub path: PathBuf,
    /// Its bytes.
    pub(super) bytes: Bytes,
    /// The chunks that are whole.
    pub chunks: Vec<ChunkPlace>,
    /// What it says about itself; none if that is damaged.
    pub manifest: Option<Manifest>,
    /// What its chunks hold and the parts before it do not.
    pub ledger: Ledger,
    /// What its recorder heard beside messages.
    pub notes: Vec<Note>,
    /// What its recorder says that the chunks hold.
    pub said: Vec<(String, StreamLedger)>,
    /// What is not as it was written.
    pub damage: Vec<Damage>,
    /// Where and why it ends early; none if it was closed in order.
    pub torn: Option<Damage>,
    /// The hash chain.
    pub chain: Chain,
    channels: HashMap<u16, (Topic, String)>,
    /// What the parts before it hold: a recorder that was restarted hears the last messages before
    /// that once more.
    earlier: Ledger,
}

/// How thoroughly a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Structure and the chunks' checksums.
    Messages,
    /// Also the hash chain and the checksums of all arrays.
    Everything,
}

impl Part {
    /// Reads a file that starts like an MCAP file; damage is noted, not an error.
    pub(super) fn scan(path: &Path, bytes: Bytes, depth: Depth, earlier: Ledger) -> Self {
        let mut part = Self {
            path: path.to_owned(),
            bytes: bytes.clone(),
            chunks: Vec::new(),
            manifest: None,
            ledger: Ledger::default(),
            notes: Vec::new(),
            said: Vec::new(),
            damage: Vec::new(),
            torn: None,
            chain: Chain::new(),
            channels: HashMap::new(),
            earlier,
        };
        let mut at = mcap::MAGIC.len();
        loop {
            if at == bytes.len() {
                let what = "the recording was not closed; what is there is whole".to_owned();
                part.torn = Some(Damage { at: at as u64, what });
                break;
            }
            let record = match walk::record(&bytes, at) {
                Ok(record) => record,
                Err(what) => {
                    part.torn = Some(Damage { at: at as u64, what });
                    break;
                }
            };
            if record.opcode == op::DATA_END {
                part.end(&bytes, at, depth);
                break;
            }
            part.record(&bytes, &record, depth);
            at += record.whole.len();
        }
        part
    }

    /// The size of the file.
    pub fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Whether the file is empty, which no recording is.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn damaged(&mut self, at: usize, what: String) {
        self.damage.push(Damage { at: at as u64, what });
    }

    fn record(&mut self, bytes: &[u8], record: &walk::RawRecord<'_>, depth: Depth) {
        let at = record.at;
        match record.opcode {
            op::CHUNK => self.chunk(record, depth),
            // Everything in it is said elsewhere, and the chain covers it.
            op::HEADER | op::MESSAGE_INDEX => {}
            op::METADATA | op::ATTACHMENT | op::SCHEMA | op::CHANNEL => {
                let parsed = if walk::is_consistent(record) {
                    mcap::parse_record(record.opcode, record.body)
                        .map_err(|error| chunk::explain(&error))
                } else {
                    Err("its lengths do not fit".to_owned())
                };
                match parsed {
                    Ok(Record::Metadata(metadata)) => {
                        self.metadata(bytes, record, &metadata, depth);
                    }
                    Ok(Record::Attachment { header, data, .. }) => {
                        if header.name == format::MANIFEST {
                            self.read_manifest(at, &data);
                        }
                    }
                    Ok(Record::Channel(channel)) => self.channel(channel),
                    Ok(_) => {}
                    Err(what) => self.damaged(
                        at,
                        format!("a record of kind 0x{:02x} cannot be read: {what}", record.opcode),
                    ),
                }
            }
            kind => self.damaged(
                at,
                format!("a record of kind 0x{kind:02x} does not belong into a recording"),
            ),
        }
    }

    fn read_manifest(&mut self, at: usize, json: &[u8]) {
        match serde_json::from_slice::<Manifest>(json) {
            Ok(manifest) if manifest.format > format::VERSION => self.damaged(
                at,
                format!(
                    "it is of format {}, but this program reads up to format {}: use a newer one",
                    manifest.format,
                    format::VERSION
                ),
            ),
            Ok(manifest) => self.manifest = Some(manifest),
            Err(error) => self.damaged(at, format!("the manifest cannot be read: {error}")),
        }
    }

    fn metadata(
        &mut self,
        bytes: &[u8],
        record: &walk::RawRecord<'_>,
        metadata: &Metadata,
        depth: Depth,
    ) {
        let at = record.at;
        match metadata.name.as_str() {
            format::LINK => {
                let end = at + record.whole.len();
                let hashing = depth == Depth::Everything;
                if let Err(what) = self.chain.link(bytes, at, end, metadata, hashing) {
                    self.damaged(at, what);
                }
                if let Some(notes) = metadata.metadata.get("notes") {
                    match serde_json::from_str::<Vec<Note>>(notes) {
                        Ok(notes) => self.notes.extend(notes),
                        Err(error) => {
                            self.damaged(
                                at,
                                format!("the notes of a link cannot be read: {error}"),
                            );
                        }
                    }
                }
            }
            format::VERDICT => {
                let field = |name: &str| metadata.metadata.get(name).map_or("", String::as_str);
                match serde_json::from_str::<Option<StreamLedger>>(field("ledger")) {
                    Ok(Some(ledger)) => self.said.push((field("stream").to_owned(), ledger)),
                    Ok(None) => {}
                    Err(error) => self.damaged(at, format!("a verdict cannot be read: {error}")),
                }
            }
            _ => {}
        }
    }

    fn channel(&mut self, channel: mcap::records::Channel) {
        let said = channel.metadata.get("topic").and_then(|name| topic::from_name(name));
        self.channels.insert(channel.id, (said.unwrap_or(Topic::Stream), channel.topic));
    }

    fn chunk(&mut self, record: &walk::RawRecord<'_>, depth: Depth) {
        let mut first_published = i64::MAX;
        let mut wrong = Vec::new();
        let read = chunk::records(record.whole, |opcode, body| match opcode {
            op::CHANNEL => match mcap::parse_record(opcode, body) {
                Ok(Record::Channel(channel)) => self.channel(channel),
                _ => wrong.push("it has a channel that cannot be read".to_owned()),
            },
            op::MESSAGE => match self.message(body, depth) {
                Ok(published) => first_published = first_published.min(published),
                Err(what) => wrong.push(what),
            },
            _ => {}
        });
        match read {
            Ok(()) => self.chunks.push(ChunkPlace {
                at: record.at,
                end: record.at + record.whole.len(),
                first_published,
            }),
            Err(what) => wrong.push(format!("the chunk is damaged and left out: {what}")),
        }
        for what in wrong {
            self.damaged(record.at, what);
        }
    }

    /// Counts one message; returns when it was published.
    fn message(&mut self, body: &[u8], depth: Depth) -> Result<i64, String> {
        let (header, data) = message(body)?;
        let envelope = envelope(data)
            .map_err(|reason| format!("message {} has no envelope: {reason}", header.sequence))?;
        let name =
            |what: String| format!("message {} of {}: {what}", envelope.sequence, envelope.stream);
        let topic = topic_of(&self.channels, &header, &envelope);
        if header.sequence != envelope.sequence as u32 {
            return Err(name(format!("the file calls it {}", header.sequence)));
        }
        if depth == Depth::Everything {
            let received = Received::parse(Bytes::copy_from_slice(data));
            received
                .and_then(|received| received.verify())
                .map_err(|error| name(error.to_string()))?;
        }
        if !self.earlier.contains(&envelope) && !self.ledger.record(topic, &envelope, data.len()) {
            return Err(name("it is there twice".to_owned()));
        }
        Ok(envelope.published_at.0)
    }

    /// The messages of one chunk that `wanted` asks for.
    ///
    /// # Errors
    /// Says what is wrong if the chunk changed since the file was opened.
    pub(super) fn read_chunk(
        &self,
        place: &ChunkPlace,
        mut wanted: impl FnMut(Topic, &Envelope) -> bool,
    ) -> Result<Vec<Recorded>, String> {
        let mut messages = Vec::new();
        chunk::records(&self.bytes[place.at..place.end], |opcode, body| {
            if opcode != op::MESSAGE {
                return;
            }
            // What cannot be read was noted when the file was opened.
            let Ok((header, data)) = message(body) else { return };
            let Ok(envelope) = envelope(data) else { return };
            let topic = topic_of(&self.channels, &header, &envelope);
            if !self.earlier.contains(&envelope)
                && wanted(topic, &envelope)
                && let Ok(received) = Received::parse(Bytes::copy_from_slice(data))
            {
                let log_time = Timestamp(i64::try_from(header.log_time).unwrap_or(i64::MAX));
                messages.push(Recorded { topic, received, log_time });
            }
        })?;
        Ok(messages)
    }

    /// The end of the data, the summary, and the end of the file.
    fn end(&mut self, bytes: &[u8], at: usize, depth: Depth) {
        if depth == Depth::Everything && self.chain.links > 0 && self.chain.ends_at != at {
            let what = format!("bytes {} to {at} are not covered by the chain", self.chain.ends_at);
            self.damaged(self.chain.ends_at, what);
        }
        if let Err(what) = summary::check(&bytes[at..], self.chain.links > 0) {
            self.damaged(at, format!("the end of the file is damaged: {what}"));
        }
    }
}

/// Header and data of a message record.
fn message(body: &[u8]) -> Result<(MessageHeader, &[u8]), String> {
    /// Channel, sequence and two times.
    const HEADER: usize = 22;
    let (Some(data), Ok(Record::Message { header, .. })) = (
        body.get(HEADER..),
        mcap::parse_record(op::MESSAGE, body.get(..HEADER).unwrap_or_default()),
    ) else {
        return Err("a message record is too short".to_owned());
    };
    Ok((header, data))
}

/// The envelope, without the rest of the message.
fn envelope(data: &[u8]) -> Result<Envelope, String> {
    ciborium::de::from_reader_with_recursion_limit(data, 64).map_err(|error| error.to_string())
}

fn topic_of(
    channels: &HashMap<u16, (Topic, String)>,
    header: &MessageHeader,
    envelope: &Envelope,
) -> Topic {
    match channels.get(&header.channel_id) {
        Some((topic, stream)) if *stream == envelope.stream => *topic,
        // The channel was defined in a chunk that is damaged.
        _ => topic::of(envelope),
    }
}
