//! The thread that writes: takes messages from the queue and closes chunks by size and age.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use messages::wire::Received;
use messages::{Flushed, Timestamp};
use runtime::{Topic, clock, log};

use super::error::PartError;
use super::part::PartWriter;
use crate::byte_queue::{ByteQueue, Popped};
use crate::ledger::Note;
use crate::verdict::State;

/// What is to be written.
pub enum Item {
    /// A message or a blank.
    Message {
        /// What kind of stream it came on.
        topic: Topic,
        /// The message, in memory of its own.
        received: Received,
        /// When it was heard.
        log_time: Timestamp,
    },
    /// Something beside messages.
    Note(Note),
}

/// When a chunk is closed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of messages.
    pub bytes: usize,
    /// Since its first message.
    pub age: Duration,
}

/// What the thread tells the recorder.
#[derive(Default)]
pub struct Shared {
    failed: AtomicBool,
    error: Mutex<Option<PartError>>,
    flushed: Mutex<Option<Flushed>>,
}

impl Shared {
    /// Whether writing failed.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Why writing failed; tells it once.
    pub fn take_error(&self) -> Option<PartError> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Up to where every stream is safe, if that changed since it was asked last.
    pub fn take_flushed(&self) -> Option<Flushed> {
        self.flushed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn flushed(&self, flushed: Flushed) {
        *self.flushed.lock().unwrap_or_else(PoisonError::into_inner) = Some(flushed);
    }
}

/// Writes until the queue is closed, or writing fails.
pub fn run(part: PartWriter, queue: &ByteQueue<Item>, shared: &Shared, limits: Limits) {
    if let Err(error) = write(part, queue, shared, limits) {
        *shared.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        shared.failed.store(true, Ordering::Release);
        queue.close();
    }
}

fn write(
    mut part: PartWriter,
    queue: &ByteQueue<Item>,
    shared: &Shared,
    limits: Limits,
) -> Result<(), PartError> {
    /// How soon it is told what is safe, if nothing else happens.
    const QUIET: Duration = Duration::from_millis(20);
    let mut opened = None;
    loop {
        let due = opened
            .map_or(QUIET, |at: Duration| (at + limits.age).saturating_sub(clock::monotonic()));
        let wait = due.min(QUIET);
        match queue.pop(wait) {
            Popped::Value(Item::Message { topic, received, log_time }) => {
                // A chunk grows past its size only for a message that is larger than a chunk.
                let full = part.chunk_bytes() + received.bytes().len() > limits.bytes;
                if full && part.chunk_bytes() > 0 {
                    part.close_chunk()?;
                    opened = None;
                }
                part.write(topic, &received, log_time)?;
            }
            Popped::Value(Item::Note(note)) => part.note(note),
            Popped::Nothing => {}
            Popped::Closed => break,
        }
        part.check()?;
        if let Some(flushed) = part.take_flushed() {
            shared.flushed(flushed);
        }
        if !part.is_pending() {
            continue;
        }
        let now = clock::monotonic();
        let age = now.saturating_sub(*opened.get_or_insert(now));
        if part.chunk_bytes() >= limits.bytes || age >= limits.age {
            part.close_chunk()?;
            opened = None;
        }
    }
    let ledger = part.finish()?;
    // Whether a later part saw the beginning is not known here: `verify` reads all parts.
    for verdict in ledger.verdicts(true) {
        if verdict.state == State::Incomplete {
            log::error(&format!(
                "{} of {} messages of {} are not in the recording: `vesalius verify` says which",
                verdict.missing(),
                verdict.missing() + verdict.recorded(),
                verdict.stream
            ));
        }
    }
    Ok(())
}
