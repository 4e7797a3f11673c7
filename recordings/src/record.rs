//! The recorder: every stream of a session into `procedure.mcap`, with nothing lost unnamed.
//!
//! ```text
//! observe: copy, check xxh3 ──> queue bounded by bytes ──> thread: chunks, LZ4, links
//!                                        thread: file <── thread: BLAKE3 <──┘
//! ```
//! Arrays may lie in shared memory that their publisher takes back from a slow reader: they are
//! copied first and checked afterwards, so that what is checked is what is written. A full queue
//! makes the recorder wait; the host then counts what does not fit into its own queue, and names it.

mod buffers;
mod disk;
mod error;
mod link;
mod part;
mod segment;
mod writer;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use messages::wire::{Kind, Received};
use messages::{Flushed, Timestamp};
use runtime::clock::SessionClock;
use runtime::{Assignment, Observed, Observer, Topic, log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::byte_queue::ByteQueue;
use crate::ledger::Note;
use crate::manifest::Manifest;
use crate::{format, topic};

use buffers::Buffers;
pub use error::PartError;
pub(crate) use link::{NO_HASH, hasher};
pub use part::{Compression, PartWriter};
use writer::{Item, Limits, Shared};

/// The parameters of `recordings/record`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// How chunks are compressed: `lz4` or `none`.
    pub compression: Compression,
    /// A chunk is closed when it holds this much, MiB.
    #[schemars(range(min = 1, max = 1024))]
    pub chunk_mib: usize,
    /// A chunk is closed when it is this old, milliseconds: what a crash of the machine may cost.
    #[schemars(range(min = 1, max = 60_000))]
    pub chunk_ms: u64,
    /// How much may wait for the disk, MiB.
    #[schemars(range(min = 1, max = 65_536))]
    pub queue_mib: usize,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { compression: Compression::Lz4, chunk_mib: 4, chunk_ms: 500, queue_mib: 256 }
    }
}

/// How long a message may wait for room in the queue before it is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// The recorder.
pub struct Record {
    clock: SessionClock,
    buffers: Buffers,
    queue: Arc<ByteQueue<Item>>,
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
    /// Whether the disk is so slow that waiting for it is given up until something fits again.
    overrun: bool,
}

/// Why it cannot record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file cannot be written.
    #[error(transparent)]
    Part(#[from] PartError),
    /// The writer thread is gone.
    #[error("the thread that writes the recording is gone; its last words are in the log")]
    ThreadGone,
    /// The writer thread cannot be started.
    #[error("cannot start the thread that writes the recording: {0}")]
    Thread(std::io::Error),
}

impl Record {
    fn failure(&self) -> RecordError {
        self.shared.take_error().map_or(RecordError::ThreadGone, RecordError::Part)
    }

    fn push(&mut self, item: Item, bytes: usize) -> Result<Option<Item>, RecordError> {
        let patience = if self.overrun { Duration::ZERO } else { PATIENCE };
        let pushed = self.queue.push(item, bytes, patience);
        if self.shared.has_failed() {
            return Err(self.failure());
        }
        self.overrun = pushed.is_err();
        Ok(pushed.err())
    }

    fn lost(&mut self, topic: Topic, received: &Received, why: String) -> Result<(), RecordError> {
        let envelope = received.envelope();
        log::error(&format!(
            "message {} of {} is not recorded: {why}",
            envelope.sequence, envelope.stream
        ));
        let note = Note::Lost {
            topic: topic::name(topic).to_owned(),
            stream: envelope.stream.clone(),
            incarnation: envelope.incarnation,
            first: envelope.sequence,
            last: envelope.sequence,
            why,
        };
        self.note(note)
    }

    /// Notes weigh nothing, so that there is always room for them.
    fn note(&mut self, note: Note) -> Result<(), RecordError> {
        if self.queue.push(Item::Note(note), 0, Duration::ZERO).is_err() {
            return Err(self.failure());
        }
        Ok(())
    }

    fn message(&mut self, topic: Topic, received: &Received) -> Result<(), RecordError> {
        let log_time = self.clock.now();
        let envelope = received.envelope();
        if envelope.kind == Kind::End {
            return self.note(Note::End {
                topic: topic::name(topic).to_owned(),
                stream: envelope.stream.clone(),
                schema: envelope.schema.clone(),
                version: envelope.version,
                incarnation: envelope.incarnation,
                count: envelope.sequence,
            });
        }
        let copy = Received::parse(self.buffers.copy(received.bytes()));
        let copy = match copy.and_then(|copy| copy.verify().map(|()| copy)) {
            Ok(copy) => copy,
            Err(error) => {
                return self.lost(topic, received, format!("it was damaged on its way: {error}"));
            }
        };
        let bytes = copy.bytes().len();
        let item = Item::Message { topic, received: copy, log_time };
        if self.push(item, bytes)?.is_some() {
            let why = format!(
                "the disk is too slow: {} MiB wait for it; raise `queue_mib` or use a faster disk",
                self.queue.bytes() >> 20
            );
            return self.lost(topic, received, why);
        }
        Ok(())
    }
}

impl Observer for Record {
    type Parameters = Parameters;
    type Error = RecordError;

    fn open(parameters: Parameters, assignment: &Assignment) -> Result<Self, RecordError> {
        let path = assignment.folder.join(format::part_name(assignment.incarnation));
        let manifest = Manifest::new(assignment, assignment.clock.now());
        let mut part = PartWriter::create(&path, parameters.compression, &manifest)?;
        if let Some(at_ns) = assignment.started_at {
            part.note(Note::Start { at_ns });
        }
        let queue = Arc::new(ByteQueue::new(parameters.queue_mib << 20));
        let shared = Arc::new(Shared::default());
        let limits = Limits {
            bytes: parameters.chunk_mib << 20,
            age: Duration::from_millis(parameters.chunk_ms),
        };
        let thread = {
            let (queue, shared) = (Arc::clone(&queue), Arc::clone(&shared));
            std::thread::Builder::new()
                .name("recording".to_owned())
                .spawn(move || writer::run(part, &queue, &shared, limits))
                .map_err(RecordError::Thread)?
        };
        let (clock, buffers) = (assignment.clock, Buffers::new());
        Ok(Self { clock, buffers, queue, shared, thread, overrun: false })
    }

    fn started(&mut self, at: Timestamp) {
        // A queue that is closed already tells its reason with the first message.
        let _ = self.queue.push(Item::Note(Note::Start { at_ns: at.0 }), 0, Duration::ZERO);
    }

    fn observe(&mut self, observed: Observed) -> Result<(), RecordError> {
        match observed {
            Observed::Message { topic: Topic::Status, .. }
            | Observed::Lost { topic: Topic::Status, .. } => Ok(()),
            Observed::Message { topic, received } => {
                if received.envelope().kind == Kind::Mark {
                    return Ok(());
                }
                self.message(topic, &received)
            }
            Observed::Lost { topic, stream, incarnation, first, last } => self.note(Note::Lost {
                topic: topic::name(topic).to_owned(),
                stream,
                incarnation,
                first,
                last,
                why: "it never arrived at the recorder".to_owned(),
            }),
        }
    }

    fn idle(&mut self) -> Result<Vec<Flushed>, RecordError> {
        if self.shared.has_failed() {
            return Err(self.failure());
        }
        Ok(self.shared.take_flushed().into_iter().collect())
    }

    fn close(self) -> Result<(), RecordError> {
        self.queue.close();
        let joined = self.thread.join();
        if let Some(error) = self.shared.take_error() {
            return Err(error.into());
        }
        joined.map_err(|_| RecordError::ThreadGone)
    }
}
