//! A thread that draws, behind a queue that never makes anybody wait.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use messages::wire::Received;
use runtime::{Topic, clock, log};

use super::canvas::CanvasError;
use super::painter::Painter;
use crate::byte_queue::{ByteQueue, Popped};
use crate::ranges::Ranges;

/// What is to be drawn.
#[derive(Clone, Debug)]
pub enum Item {
    /// A message.
    Message(Topic, Received),
    /// Words for the log of a node.
    Words(String, String),
}

/// Dropped messages are told this soon, and later and later as long as more are dropped.
const SOON: Duration = Duration::from_secs(1);
/// But at least this often.
const LATE: Duration = Duration::from_mins(1);

/// A thread that draws on one canvas.
pub struct Feed {
    /// What it draws on, for words about it.
    name: String,
    queue: Arc<ByteQueue<Item>>,
    failed: Arc<AtomicBool>,
    error: Arc<Mutex<Option<CanvasError>>>,
    thread: JoinHandle<()>,
    /// How long closing may take.
    patience: Duration,
    /// How many of each stream and incarnation, and which.
    dropped: BTreeMap<(String, u32), (u64, Ranges)>,
    told_at: Duration,
    period: Duration,
}

impl Feed {
    /// Starts the thread; up to `capacity` bytes wait for it, and closing takes no longer than
    /// `patience`.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(
        name: &str,
        mut painter: Painter,
        capacity: usize,
        patience: Duration,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(ByteQueue::new(capacity));
        let failed = Arc::new(AtomicBool::new(false));
        let error = Arc::new(Mutex::new(None));
        let thread = {
            let (queue, failed, error) =
                (Arc::clone(&queue), Arc::clone(&failed), Arc::clone(&error));
            std::thread::Builder::new().name(format!("view {name}")).spawn(move || {
                if let Err(reason) = draw(&mut painter, &queue) {
                    *error.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
                    failed.store(true, Ordering::Release);
                    queue.close();
                }
                // Rerun may wait here for ever, for a viewer that never comes.
                drop(painter);
            })?
        };
        Ok(Self {
            name: name.to_owned(),
            queue,
            failed,
            error,
            thread,
            patience,
            dropped: BTreeMap::new(),
            told_at: clock::monotonic(),
            period: SOON,
        })
    }

    /// Queues a message to be drawn; if there is no room it is dropped, which is told.
    pub fn draw(&mut self, topic: Topic, received: &Received) {
        let item = Item::Message(topic, received.clone());
        if self.queue.push(item, received.bytes().len(), Duration::ZERO).is_err() {
            let envelope = received.envelope();
            let key = (envelope.stream.clone(), envelope.incarnation);
            let (count, numbers) = self.dropped.entry(key).or_default();
            *count += 1;
            numbers.insert(envelope.sequence, envelope.sequence);
        }
        self.tell(false);
    }

    /// Queues words for the log of a node.
    pub fn say(&self, node: &str, text: &str) {
        // Words weigh nothing; a feed that has failed tells why by itself.
        let _ = self.queue.push(Item::Words(node.to_owned(), text.to_owned()), 0, Duration::ZERO);
    }

    /// Tells what was dropped, in the log and on the canvas.
    pub fn tell(&mut self, at_once: bool) {
        let now = clock::monotonic();
        let since = now.saturating_sub(self.told_at);
        if self.dropped.is_empty() {
            if since > self.period {
                self.period = SOON;
            }
            return;
        }
        if !at_once && since < self.period {
            return;
        }
        self.told_at = now;
        self.period = LATE.min(self.period * 2);
        for ((stream, _), (count, numbers)) in std::mem::take(&mut self.dropped) {
            let text = format!(
                "{} lags and does not show {count} messages of {stream}: {numbers}; the recording has them",
                self.name
            );
            log::warn(&text);
            self.say(super::painter::node(&stream), &text);
        }
    }

    /// Why it stopped drawing, if it did; tells it once.
    pub fn failure(&self) -> Option<CanvasError> {
        if !self.failed.load(Ordering::Acquire) {
            return None;
        }
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether it stopped drawing.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Draws what waits and ends.
    ///
    /// # Errors
    /// If it could not be drawn, or not in time.
    pub fn close(mut self) -> Result<(), CanvasError> {
        const LOOK: Duration = Duration::from_millis(5);
        self.tell(true);
        self.queue.close();
        let since = clock::monotonic();
        while !self.thread.is_finished() {
            if clock::monotonic().saturating_sub(since) > self.patience {
                // The thread goes with the process.
                let reason = format!("it did not take the rest within {:?}", self.patience);
                return Err(CanvasError::Stuck { to: self.name, reason });
            }
            std::thread::sleep(LOOK);
        }
        // A thread that panicked has said so in the log.
        let _ = self.thread.join();
        let error = self.error.lock().unwrap_or_else(PoisonError::into_inner).take();
        error.map_or(Ok(()), Err)
    }
}

fn draw(painter: &mut Painter, queue: &ByteQueue<Item>) -> Result<(), CanvasError> {
    const QUIET: Duration = Duration::from_millis(500);
    loop {
        match queue.pop(QUIET) {
            Popped::Value(Item::Message(topic, received)) => painter.paint(topic, &received)?,
            Popped::Value(Item::Words(node, text)) => {
                painter.say(&node, rerun::TextLogLevel::WARN, &text)?;
            }
            // What was drawn is safe while nothing happens.
            Popped::Nothing => painter.flush()?,
            Popped::Closed => break,
        }
    }
    painter.flush()
}
