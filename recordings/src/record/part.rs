//! One file of a recording: chunks of messages, each followed by a link of the hash chain.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use mcap::records::{MessageHeader, Metadata};
use messages::wire::Received;
use messages::{Flushed, FlushedStream, Timestamp};
use runtime::Topic;

use super::disk::{Disk, Sealed};
use super::error::{PartError, Trouble};
use super::link;
use super::segment::Segment;
use crate::ledger::{Ledger, Note};
use crate::manifest::Manifest;
use crate::{format, topic};

/// How chunks are compressed.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// LZ4: about half the size at about 600 MB/s.
    #[default]
    Lz4,
    /// None: fastest.
    None,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct ChannelKey {
    topic: Topic,
    stream: String,
    schema: String,
    version: u32,
}

/// One file of a recording while it is written.
pub struct PartWriter {
    path: PathBuf,
    segment: Segment,
    disk: Disk,
    /// Gone after a failure.
    writer: Option<mcap::Writer<Segment>>,
    schemas: HashMap<(String, u32), u16>,
    channels: HashMap<ChannelKey, u16>,
    joined_late: bool,
    ledger: Ledger,
    /// Since the last link.
    notes: Vec<Note>,
    /// Bytes of messages in the open chunk.
    chunk_bytes: usize,
    /// The last number of each stream up to now.
    last: BTreeMap<(String, u32), u64>,
    links: u64,
    linked_to: u64,
}

impl PartWriter {
    /// Makes the file and writes the manifest.
    ///
    /// # Errors
    /// If it is there already, or cannot be written.
    pub fn create(
        path: &Path,
        compression: Compression,
        manifest: &Manifest,
    ) -> Result<Self, PartError> {
        let file = File::create_new(path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => PartError::Exists { path: path.to_owned() },
            _ => PartError::Create { path: path.to_owned(), source },
        })?;
        Self::in_file(file, path, compression, manifest)
    }

    /// Writes the manifest into `file`, which is empty; `path` is what errors call it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn in_file(
        file: File,
        path: &Path,
        compression: Compression,
        manifest: &Manifest,
    ) -> Result<Self, PartError> {
        let options = mcap::WriteOptions::new()
            .profile(format::PROFILE)
            .library(concat!("vesalius-recordings/", env!("CARGO_PKG_VERSION")))
            .compression(match compression {
                Compression::Lz4 => Some(mcap::Compression::Lz4),
                Compression::None => None,
            })
            // Chunks are closed here, so that each gets its link.
            .chunk_size(None)
            // The chain covers the whole file more strongly.
            .calculate_data_section_crc(false);
        let disk = Disk::new(file)
            .map_err(|source| PartError::Create { path: path.to_owned(), source })?;
        let mut part = Self {
            path: path.to_owned(),
            segment: Segment::default(),
            disk,
            writer: None,
            schemas: HashMap::new(),
            channels: HashMap::new(),
            joined_late: manifest.part > 1,
            ledger: Ledger::default(),
            notes: Vec::new(),
            chunk_bytes: 0,
            last: BTreeMap::new(),
            links: 0,
            linked_to: 0,
        };
        for stream in &manifest.observes {
            part.ledger.expect(stream);
        }
        let begun = part.begin(options, manifest);
        part.checked(begun)?;
        Ok(part)
    }

    fn begin(&mut self, options: mcap::WriteOptions, manifest: &Manifest) -> Result<(), Trouble> {
        let writer = mcap::Writer::with_options(self.segment.clone(), options)?;
        let writer = self.writer.insert(writer);
        let begun = nanoseconds(Timestamp(manifest.begun_ns));
        writer.attach(&mcap::Attachment {
            log_time: begun,
            create_time: begun,
            name: format::MANIFEST.to_owned(),
            media_type: "application/json".to_owned(),
            data: serde_json::to_vec_pretty(manifest)?.into(),
        })?;
        self.link()?;
        Ok(self.disk.settle()?)
    }

    /// After a failure nothing more is written.
    fn checked<T>(&mut self, result: Result<T, Trouble>) -> Result<T, PartError> {
        result.map_err(|trouble| {
            if let Some(writer) = self.writer.take() {
                // Dropping it would write an end behind the hole.
                drop(writer.into_inner());
            }
            trouble.about(&self.path, self.disk.written())
        })
    }

    fn writer(&mut self) -> mcap::McapResult<&mut mcap::Writer<Segment>> {
        self.writer.as_mut().ok_or(mcap::McapError::AttemptedWriteAfterFailure)
    }

    /// Adds a message or a blank to the open chunk.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(
        &mut self,
        topic: Topic,
        received: &Received,
        log_time: Timestamp,
    ) -> Result<(), PartError> {
        let written = self.add(topic, received, log_time);
        self.checked(written)
    }

    fn add(
        &mut self,
        topic: Topic,
        received: &Received,
        log_time: Timestamp,
    ) -> Result<(), Trouble> {
        let envelope = received.envelope();
        let key = ChannelKey {
            topic,
            stream: envelope.stream.clone(),
            schema: envelope.schema.clone(),
            version: envelope.version,
        };
        let channel_id = match self.channels.get(&key) {
            Some(&channel) => channel,
            None => self.add_channel(key, &envelope.frames)?,
        };
        let header = MessageHeader {
            channel_id,
            sequence: envelope.sequence as u32,
            log_time: nanoseconds(log_time),
            publish_time: nanoseconds(envelope.published_at),
        };
        self.writer()?.write_to_known_channel(&header, received.bytes())?;
        self.ledger.record(topic, envelope, received.bytes().len());
        self.chunk_bytes += received.bytes().len();
        self.last.insert((envelope.stream.clone(), envelope.incarnation), envelope.sequence);
        Ok(())
    }

    fn add_channel(&mut self, key: ChannelKey, frames: &[String]) -> mcap::McapResult<u16> {
        let schema = (key.schema.clone(), key.version);
        let schema_id = if let Some(&id) = self.schemas.get(&schema) {
            id
        } else {
            let about = serde_json::json!({
                "message": key.schema, "version": key.version, "frames": frames,
            });
            let name = format!("{}.v{}", key.schema, key.version);
            let id =
                self.writer()?.add_schema(&name, format::ENCODING, about.to_string().as_bytes())?;
            self.schemas.insert(schema, id);
            id
        };
        let about = BTreeMap::from([
            ("topic".to_owned(), topic::name(key.topic).to_owned()),
            ("frames".to_owned(), frames.join(",")),
        ]);
        let channel =
            self.writer()?.add_channel(schema_id, &key.stream, format::ENCODING, &about)?;
        self.channels.insert(key, channel);
        Ok(channel)
    }

    /// Keeps something that is no message; it is written with the next link.
    pub fn note(&mut self, note: Note) {
        self.ledger.note(&note);
        self.notes.push(note);
    }

    /// Bytes of messages in the open chunk.
    pub fn chunk_bytes(&self) -> usize {
        self.chunk_bytes
    }

    /// Whether anything waits for the next link.
    pub fn is_pending(&self) -> bool {
        self.chunk_bytes > 0 || !self.notes.is_empty()
    }

    /// Closes the open chunk and sends it to the disk.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn close_chunk(&mut self) -> Result<(), PartError> {
        if !self.is_pending() {
            return Ok(());
        }
        let linked = self.link();
        self.checked(linked)
    }

    /// Up to where every stream is handed to the operating system, if that changed since it was asked
    /// last.
    pub fn take_flushed(&self) -> Option<Flushed> {
        self.disk.take_flushed()
    }

    /// Whether the file still takes what is written.
    ///
    /// # Errors
    /// If it does not.
    pub fn check(&mut self) -> Result<(), PartError> {
        let checked = self.disk.check().map_err(Trouble::from);
        self.checked(checked)
    }

    /// Closes the chunk, if one is open, and writes the link that holds it.
    fn link(&mut self) -> Result<(), Trouble> {
        self.writer()?.flush()?;
        let covered = self.segment.len();
        let to = self.segment.base() + covered as u64;
        let notes = std::mem::take(&mut self.notes);
        let notes = if notes.is_empty() { None } else { Some(serde_json::to_string(&notes)?) };
        let record = link::record(self.links, self.linked_to, to, notes);
        self.writer()?.write_metadata(&record)?;
        let bytes = self.segment.cut(self.disk.reused());
        let places = link::places(&bytes[covered..]).ok_or(mcap::McapError::BadIndex)?;
        let link = Some((covered, places));
        self.links += 1;
        self.linked_to = to;
        self.chunk_bytes = 0;
        let streams = self
            .last
            .iter()
            .map(|((stream, incarnation), &sequence)| FlushedStream {
                stream: stream.clone(),
                incarnation: *incarnation,
                sequence,
            })
            .collect();
        Ok(self.disk.send(Sealed { bytes, link, streams })?)
    }

    /// Writes the verdicts and the summary and closes the file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self) -> Result<Ledger, PartError> {
        self.close_chunk()?;
        let ended = self.end();
        self.checked(ended)?;
        Ok(self.ledger)
    }

    fn end(&mut self) -> Result<(), Trouble> {
        for verdict in self.ledger.verdicts(self.joined_late) {
            let json = serde_json::to_string(&verdict)?;
            let ledger = serde_json::to_string(&self.ledger.streams.get(&verdict.stream))?;
            let metadata = BTreeMap::from([
                ("stream".to_owned(), verdict.stream),
                ("verdict".to_owned(), json),
                ("ledger".to_owned(), ledger),
            ]);
            let record = Metadata { name: format::VERDICT.to_owned(), metadata };
            self.writer()?.write_metadata(&record)?;
        }
        self.link()?;
        self.writer()?.finish()?;
        let bytes = self.segment.cut(Vec::new());
        self.disk.send(Sealed { bytes, ..Sealed::default() })?;
        Ok(self.disk.close()?)
    }
}

/// An instant as MCAP writes it: instants before 1970 become 0.
fn nanoseconds(at: Timestamp) -> u64 {
    u64::try_from(at.0).unwrap_or(0)
}
