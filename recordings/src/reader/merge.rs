//! Messages of all chunks of all parts in the order in which they were published.
//!
//! A recording holds them in the order of arrival, which is nearly the same. So a chunk is unpacked
//! only when no earlier message can lie in it or behind it, and only a few wait at a time.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::ops::Deref;

use messages::Timestamp;
use messages::wire::Envelope;
use runtime::Topic;

use super::Recorded;
use super::Recording;
use super::part::{ChunkPlace, Damage};

/// Which messages are wanted.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these streams, `node.port`.
    pub streams: Option<BTreeSet<String>>,
    /// Only those published at or after this.
    pub from: Option<Timestamp>,
    /// Only those published before this.
    pub to: Option<Timestamp>,
}

impl Selection {
    /// Whether a message is wanted.
    pub fn takes(&self, envelope: &Envelope) -> bool {
        self.streams.as_ref().is_none_or(|streams| streams.contains(&envelope.stream))
            && self.from.is_none_or(|from| envelope.published_at >= from)
            && self.to.is_none_or(|to| envelope.published_at < to)
    }
}

struct Waiting {
    published: i64,
    order: u64,
    message: Recorded,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.published, self.order).cmp(&(other.published, other.order))
    }
}

/// Messages in the order in which they were published; `R` borrows or shares the recording.
pub struct Messages<R> {
    recording: R,
    selection: Selection,
    /// Part and chunk, in the order in which they were written.
    chunks: Vec<(usize, ChunkPlace)>,
    /// For each chunk: the earliest message in it or behind it.
    earliest: Vec<i64>,
    next: usize,
    order: u64,
    waiting: BinaryHeap<Reverse<Waiting>>,
}

impl<R: Deref<Target = Recording>> Messages<R> {
    /// The messages of a recording that `selection` takes.
    pub fn new(recording: R, selection: Selection) -> Self {
        let chunks: Vec<(usize, ChunkPlace)> = recording
            .parts()
            .iter()
            .enumerate()
            .flat_map(|(number, part)| part.chunks.iter().map(move |&chunk| (number, chunk)))
            .collect();
        let mut earliest: Vec<i64> = chunks
            .iter()
            .rev()
            .scan(i64::MAX, |earliest, (_, chunk)| {
                *earliest = (*earliest).min(chunk.first_published);
                Some(*earliest)
            })
            .collect();
        earliest.reverse();
        let waiting = BinaryHeap::new();
        Self { recording, selection, chunks, earliest, next: 0, order: 0, waiting }
    }

    fn unpack(&mut self) -> Result<(), Damage> {
        let (number, chunk) = self.chunks[self.next];
        self.next += 1;
        let wanted = |_: Topic, envelope: &Envelope| self.selection.takes(envelope);
        let messages = self.recording.parts()[number]
            .read_chunk(&chunk, wanted)
            .map_err(|what| Damage { at: chunk.at as u64, what })?;
        for message in messages {
            let published = message.received.envelope().published_at.0;
            self.order += 1;
            self.waiting.push(Reverse(Waiting { published, order: self.order, message }));
        }
        Ok(())
    }
}

impl<R: Deref<Target = Recording>> Iterator for Messages<R> {
    type Item = Result<Recorded, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let earliest = self.earliest.get(self.next).copied();
            if let Some(Reverse(first)) = self.waiting.peek()
                && earliest.is_none_or(|earliest| first.published <= earliest)
            {
                return self.waiting.pop().map(|Reverse(first)| Ok(first.message));
            }
            earliest?;
            if let Err(damage) = self.unpack() {
                return Some(Err(damage));
            }
        }
    }
}
