//! Runs an observer: hears every stream of the session, in order and with every loss named.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use crossbeam::channel::{Receiver, Sender, bounded, unbounded};
use messages::message::Schema;
use messages::wire::{Kind, Received};
use messages::{EventKind, Flushed, InputStatus, NodeStatus, Timestamp};

use super::control::Control;
use super::participant::{Participant, Started};
use super::watch::{Watch, Word};
use super::{HostError, explain};
use crate::assignment::{Assignment, Mode};
use crate::bus::Recovery;
use crate::inbox::Tracker;
use crate::measure::Distribution;
use crate::observer::{Observed, Observer, Topic};
use crate::outbox::Stream;
use crate::{clock, keys, log};

/// How many messages may wait; more are lost.
const QUEUE: usize = 8192;
/// From so many waiting messages on, sources that can wait do.
const BUSY: usize = 64;

const TOPICS: [(Topic, &str, Recovery); 5] = [
    (Topic::Health, "health/*", Recovery::History),
    (Topic::Journal, "journal/*", Recovery::History),
    (Topic::Event, "event/*", Recovery::History),
    (Topic::Status, "status/*", Recovery::None),
    // Last, so that whoever heard a stream's hello has been heard on the others too.
    (Topic::Stream, "stream/*/*", Recovery::History),
];

struct Heard {
    tracker: Tracker,
    received: u64,
    taken: u64,
    lost: u64,
    blanks: u64,
    acquired_at: Option<Timestamp>,
    transport: Distribution,
    age: Distribution,
}

struct Ears {
    clock: clock::SessionClock,
    joined_late: bool,
    expected: BTreeSet<String>,
    streams: Mutex<BTreeMap<String, Heard>>,
    heard: Mutex<BTreeSet<String>>,
    queued_max: Mutex<u64>,
    queue: Sender<Observed>,
    words: Sender<Word>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ears {
    /// Called by the bus for each message; never waits.
    fn arrived(&self, topic: Topic, bytes: Bytes) {
        let received = match Received::parse(bytes) {
            Ok(received) => received,
            Err(error) => {
                return log::error(&format!("something that came is no message: {error}"));
            }
        };
        let envelope = received.envelope();
        let stream = envelope.stream.clone();
        if self.expected.contains(&stream) {
            lock(&self.heard).insert(stream.clone());
        }
        if envelope.kind == Kind::Mark {
            return;
        }
        if topic != Topic::Status {
            let mut streams = lock(&self.streams);
            let joined_late = self.joined_late;
            let heard = streams.entry(stream.clone()).or_insert_with(|| Heard {
                tracker: Tracker::new(joined_late),
                received: 0,
                taken: 0,
                lost: 0,
                blanks: 0,
                acquired_at: None,
                transport: Distribution::new(),
                age: Distribution::new(),
            });
            let arrival = if envelope.kind == Kind::End {
                heard.tracker.ended(envelope.incarnation, envelope.sequence)
            } else {
                heard.tracker.arrived(envelope.incarnation, envelope.sequence)
            };
            if arrival.duplicate {
                return;
            }
            if let Some((first, last)) = arrival.lost {
                heard.lost += last - first + 1;
                self.lost(
                    topic,
                    &stream,
                    envelope.incarnation,
                    first,
                    last,
                    "never arrived and could not be recovered",
                );
            }
            if envelope.kind != Kind::End {
                heard.received += 1;
                heard.blanks += u64::from(envelope.kind == Kind::Blank);
            }
        }
        let (incarnation, sequence) = (envelope.incarnation, envelope.sequence);
        if self.queue.try_send(Observed::Message { topic, received }).is_err()
            && topic != Topic::Status
        {
            if let Some(heard) = lock(&self.streams).get_mut(&stream) {
                heard.lost += 1;
            }
            self.lost(
                topic,
                &stream,
                incarnation,
                sequence,
                sequence,
                "the observer is too slow: its queue was full",
            );
        }
        let waiting = self.queue.len() as u64;
        let mut queued_max = lock(&self.queued_max);
        *queued_max = (*queued_max).max(waiting);
    }

    fn lost(&self, topic: Topic, stream: &str, incarnation: u32, first: u64, last: u64, why: &str) {
        let text = format!("lost messages {first} to {last} of {stream}: {why}");
        log::error(&text);
        // The watch thread goes last; after it nobody wants to know.
        let _ = self
            .words
            .send(Word::Event(EventKind::Lost { port: stream.to_owned(), first, last }, text));
        let lost = Observed::Lost { topic, stream: stream.to_owned(), incarnation, first, last };
        if self.queue.try_send(lost).is_err() {
            log::error("and that loss could not be written into the recording");
        }
    }

    fn taken(&self, received: &Received) {
        let envelope = received.envelope();
        if envelope.kind == Kind::End {
            return;
        }
        let now = self.clock.now();
        if let Some(heard) = lock(&self.streams).get_mut(&envelope.stream) {
            heard.taken += 1;
            heard.acquired_at = Some(envelope.acquired_at);
            heard.transport.record(now.since(envelope.published_at));
            heard.age.record(now.since(envelope.acquired_at));
        }
    }

    fn status(&self, born: Duration, ended: bool) -> NodeStatus {
        let queued_max = *lock(&self.queued_max);
        NodeStatus {
            uptime_ns: clock::nanoseconds_since(born),
            inputs: lock(&self.streams)
                .iter()
                .map(|(stream, heard)| InputStatus {
                    port: stream.clone(),
                    stream: stream.clone(),
                    received: heard.received,
                    taken: heard.taken,
                    lost: heard.lost,
                    blanks: heard.blanks,
                    queued_max,
                    acquired_at: heard.acquired_at,
                    transport_us: heard.transport.percentiles(),
                    age_us: heard.age.percentiles(),
                    ..InputStatus::default()
                })
                .collect(),
            ended,
            ..NodeStatus::default()
        }
    }
}

/// Runs an observer as the assignment says, until every stream has ended or it is told to leave.
///
/// # Errors
/// If it cannot start, cannot go on, or cannot keep what it heard.
pub fn run_observer<O: Observer>(assignment: Assignment) -> Result<(), HostError> {
    let mut participant = Participant::join(assignment)?;
    let assignment = Arc::clone(&participant.assignment);
    let bus = Arc::clone(&participant.bus);
    let failed = |error: O::Error| HostError::Participant(explain(&error));
    let mut observer = O::open(participant.parameters()?, &assignment).map_err(failed)?;

    let (queue, queued) = bounded(QUEUE);
    let (words, worded) = unbounded();
    let ears = Arc::new(Ears {
        clock: assignment.clock,
        joined_late: assignment.hears_from_the_middle(),
        expected: assignment.observes.iter().cloned().collect(),
        streams: Mutex::default(),
        heard: Mutex::default(),
        queued_max: Mutex::default(),
        queue,
        words: words.clone(),
    });
    let key = keys::about(&assignment.session, "flushed", &assignment.node);
    let mut flushed = Stream::open(&bus, &assignment, "flushed", Schema::of::<Flushed>(), &key)?;
    let ended = Arc::new(AtomicBool::new(false));
    let status = {
        let (ears, ended, born) = (Arc::clone(&ears), Arc::clone(&ended), clock::monotonic());
        move || ears.status(born, ended.load(Ordering::Relaxed))
    };
    let (_notices, noticed) = unbounded();
    let watch = Watch::new(&participant, noticed, worded, status)?;
    if assignment.started_at.is_some() {
        // What it missed is asked for when it subscribes: whoever is not linked then is not asked.
        participant.announce("ready")?;
        participant.wait_for_peers(|| true)?;
    }
    let mut subscriptions = Vec::new();
    for (topic, pattern, recovery) in TOPICS {
        let ears = Arc::clone(&ears);
        let key = format!("{}/{pattern}", keys::session(&assignment.session));
        subscriptions
            .push(bus.subscribe(&key, recovery, move |_, bytes| ears.arrived(topic, bytes))?);
    }

    let begun = clock::monotonic();
    let told = Cell::new(false);
    let all_heard = || {
        let heard = lock(&ears.heard);
        let late = clock::monotonic().saturating_sub(begun) > Duration::from_secs(3);
        if late && !told.replace(late) && heard.len() < ears.expected.len() {
            let missing: Vec<_> = ears.expected.difference(&heard).map(String::as_str).collect();
            log::warn(&format!("has not heard {} yet", missing.join(", ")));
        }
        heard.len() == ears.expected.len()
    };
    let started = participant.wait_for_start(|_| Ok(()), all_heard, || true)?;
    let watching = watch.start(words);
    if let Started::At(at) = started {
        observer.started(at);
        watching.say_begun(&assignment, format!("{} runs {}", assignment.node, assignment.runs));
        let paced = assignment.mode != Mode::Live;
        let told_to_leave =
            observe(&mut observer, &ears, &queued, &participant, paced, |at, message| {
                Ok(flushed.publish(&bus, at, at, &message)?)
            })?;
        observer.close().map_err(failed)?;
        ended.store(true, Ordering::Relaxed);
        participant.leave(watching, told_to_leave);
    } else {
        observer.close().map_err(failed)?;
        watching.leave();
        bus.close();
    }
    Ok(())
}

/// Feeds the observer until all streams have ended and nothing came for a moment; returns whether it
/// was told to leave before.
fn observe<O: Observer>(
    observer: &mut O,
    ears: &Ears,
    queued: &Receiver<Observed>,
    participant: &Participant,
    paced: bool,
    mut publish: impl FnMut(Timestamp, Flushed) -> Result<(), HostError>,
) -> Result<bool, HostError> {
    const IDLE: Duration = Duration::from_millis(100);
    /// Events may follow the last end within this time.
    const GRACE: Duration = Duration::from_millis(300);
    let failed = |error: O::Error| HostError::Participant(explain(&error));
    let assignment = &participant.assignment;
    let mut open = ears.expected.clone();
    let mut last_idle = clock::monotonic();
    let mut last_message = clock::monotonic();
    let mut busy = None;
    loop {
        match participant.control.try_recv() {
            Ok(Control::Gone { node }) => {
                open.retain(|stream| stream.split('.').next() != Some(node.as_str()));
            }
            Ok(Control::Exit) => {
                // Whatever is queued was heard, and is kept.
                while let Ok(observed) = queued.try_recv() {
                    observer.observe(observed).map_err(failed)?;
                }
                return Ok(true);
            }
            Ok(Control::Start { .. } | Control::Stop) | Err(_) => {}
        }
        if let Ok(observed) = queued.recv_timeout(IDLE) {
            if let Observed::Message { received, topic } = &observed {
                ears.taken(received);
                if received.envelope().kind == Kind::End {
                    open.remove(&received.envelope().stream);
                }
                if *topic != Topic::Status {
                    last_message = clock::monotonic();
                }
            }
            observer.observe(observed).map_err(failed)?;
        }
        let is_busy = queued.len() > BUSY;
        let idle_due = clock::monotonic().saturating_sub(last_idle) >= IDLE;
        // Again and again: a source that missed it would wait for ever.
        if paced && (idle_due || busy != Some(is_busy)) {
            busy = Some(is_busy);
            let progress = if is_busy { Timestamp(i64::MIN) } else { Timestamp::MAX };
            super::pace::tell(&participant.bus, assignment, progress)?;
        }
        let now = clock::monotonic();
        if now.saturating_sub(last_idle) >= IDLE {
            last_idle = now;
            for message in observer.idle().map_err(failed)? {
                publish(assignment.clock.now(), message)?;
            }
        }
        if open.is_empty() && queued.is_empty() && now.saturating_sub(last_message) > GRACE {
            return Ok(false);
        }
    }
}
