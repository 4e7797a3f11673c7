//! The thread that watches deadlines, makes events known, and publishes the status.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender};
use messages::message::Schema;
use messages::{Event, EventKind, NodeStatus, Timestamp};

use super::participant::Participant;
use crate::assignment::Assignment;
use crate::bus::{Bus, BusError};
use crate::clock::{self, SessionClock};
use crate::inbox::{Inbox, Notice, Step};
use crate::outbox::{STATUS_PERIOD, Stream};
use crate::{keys, log};

/// Something to make known.
pub enum Word {
    /// An event.
    Event(EventKind, String),
    /// The participant leaves: one last status, and no more.
    Leave,
}

/// The watch thread at work, and the way to make something known through it.
pub struct Watching {
    words: Sender<Word>,
    thread: JoinHandle<()>,
}

impl Watching {
    /// Makes an event known.
    pub fn say(&self, kind: EventKind, text: String) {
        // The thread goes last; after it nobody wants to know.
        let _ = self.words.send(Word::Event(kind, text));
    }

    /// Says that the participant of this assignment has begun: `text` is what it does.
    pub fn say_begun(&self, assignment: &Assignment, text: String) {
        let again = assignment.incarnation > 1;
        self.say(if again { EventKind::Restarted } else { EventKind::Ready }, text);
    }

    /// One last status, and no more.
    pub fn leave(self) {
        let _ = self.words.send(Word::Leave);
        if self.thread.join().is_err() {
            log::warn("the watch thread broke off: the last status is missing");
        }
    }
}

/// What the watch thread needs.
pub struct Watch<Status> {
    bus: Arc<Bus>,
    assignment: Arc<Assignment>,
    event: Stream,
    /// The queues whose deadlines are watched.
    pub inbox: Option<Arc<Inbox>>,
    /// Where missed deadlines go.
    pub requests: Option<Sender<Step>>,
    /// When the first message of each input is due.
    pub first_due: Timestamp,
    words: Receiver<Notice>,
    more: Receiver<Word>,
    status: Status,
}

impl<Status: Fn() -> NodeStatus + Send + 'static> Watch<Status> {
    /// Opens the event stream.
    ///
    /// # Errors
    /// If the bus refuses it.
    pub fn new(
        participant: &Participant,
        notices: Receiver<Notice>,
        words: Receiver<Word>,
        status: Status,
    ) -> Result<Self, BusError> {
        let assignment = Arc::clone(&participant.assignment);
        let key = keys::about(&assignment.session, "event", &assignment.node);
        let event =
            Stream::open(&participant.bus, &assignment, "event", Schema::of::<Event>(), &key)?;
        Ok(Self {
            bus: Arc::clone(&participant.bus),
            assignment,
            event,
            inbox: None,
            requests: None,
            first_due: Timestamp::MAX,
            words: notices,
            more: words,
            status,
        })
    }

    /// Starts the thread; `words` is where the words come from that it was made to hear.
    pub fn start(self, words: Sender<Word>) -> Watching {
        Watching { words, thread: std::thread::spawn(move || self.run()) }
    }

    /// Runs until the participant leaves.
    fn run(mut self) {
        let clock = self.assignment.clock;
        let mut next_status = clock.now();
        let mut missed_since =
            vec![Timestamp(i64::MIN); self.inbox.as_ref().map_or(0, |inbox| inbox.ports.len())];
        loop {
            let now = clock.now();
            if now >= next_status {
                self.publish_status();
                next_status = now + STATUS_PERIOD;
            }
            let next = self
                .look_at_deadlines(clock, &mut missed_since)
                .map_or(next_status, |due| due.min(next_status));
            let wait = next.since(clock.now());
            crossbeam::channel::select! {
                recv(self.words) -> notice => match notice {
                    Ok(notice) => self.noticed(clock, notice),
                    // The queues are gone; words still come.
                    Err(_) => self.words = crossbeam::channel::never(),
                },
                recv(self.more) -> word => match word {
                    Ok(Word::Event(kind, text)) => self.make_known(clock.now(), kind, text),
                    Ok(Word::Leave) | Err(_) => break,
                },
                default(wait) => {},
            }
        }
        self.publish_status();
    }

    /// Tells of every deadline that passed; returns when the next one does.
    fn look_at_deadlines(
        &mut self,
        clock: SessionClock,
        missed_since: &mut [Timestamp],
    ) -> Option<Timestamp> {
        let inbox = Arc::clone(self.inbox.as_ref()?);
        let mut next = None;
        for (number, port) in inbox.ports.iter().enumerate() {
            if port.met(missed_since[number]) {
                let text = format!("`{}` comes again from {}", port.name, port.stream);
                self.make_known(
                    clock.now(),
                    EventKind::DeadlineMet { port: port.name.to_owned() },
                    text,
                );
            }
            let now = clock.now();
            if port.miss(now, self.first_due) {
                missed_since[number] = now;
                let deadline = port.deadline.unwrap_or_default().as_millis();
                let text = format!(
                    "nothing on `{}` from {} within {deadline} ms: is the node alive, its device connected, its rate as expected?",
                    port.name, port.stream
                );
                self.make_known(
                    now,
                    EventKind::DeadlineMissed { port: port.name.to_owned() },
                    text,
                );
                if let Some(requests) = &self.requests {
                    // A node that has left blanks nothing any more.
                    let _ = requests.send(Step::Deadline { port: number, at: None });
                }
            }
            if let Some(due) = port.due(self.first_due) {
                next = Some(next.map_or(due, |next: Timestamp| next.min(due)));
            }
        }
        next
    }

    fn noticed(&mut self, clock: SessionClock, notice: Notice) {
        let name = |number: usize| {
            let port = self.inbox.as_ref().and_then(|inbox| inbox.ports.get(number));
            port.map(|port| (port.name.to_owned(), port.stream.clone())).unwrap_or_default()
        };
        match notice {
            Notice::Lost { port, first, last, why } => {
                let (port, stream) = name(port);
                let which = if first == last {
                    format!("message {first}")
                } else {
                    format!("messages {first} to {last}")
                };
                let text = format!("lost {which} of {stream} on `{port}`: {why}");
                log::error(&text);
                self.make_known(clock.now(), EventKind::Lost { port, first, last }, text);
            }
            Notice::Garbled { port, reason } => {
                let (port, stream) = name(port);
                log::error(&format!("something on `{port}` from {stream} is no message: {reason}"));
            }
            Notice::Look => {}
        }
    }

    fn make_known(&mut self, at: Timestamp, kind: EventKind, text: String) {
        let event = Event { node: self.assignment.node.clone(), kind, text };
        if let Err(error) = self.event.publish(&self.bus, at, at, &event) {
            log::error(&format!("an event could not be published: {error}"));
        }
    }

    fn publish_status(&self) {
        let assignment = &self.assignment;
        let now = assignment.clock.now();
        let mut status = (self.status)();
        status.cpu_ns = u64::try_from(clock::cpu_time().as_nanos()).unwrap_or(u64::MAX);
        status.resident_bytes = resident_bytes();
        let origin = messages::wire::Origin {
            session: assignment.session.clone(),
            stream: format!("{}.status", assignment.node),
            incarnation: assignment.incarnation,
        };
        let valid = messages::wire::Validity::Valid;
        let sent = messages::wire::message(&origin, 0, now, now, &valid, &status)
            .and_then(|message| message.to_vec())
            .map_err(BusError::from)
            .and_then(|bytes| {
                self.bus.put(&keys::about(&assignment.session, "status", &assignment.node), bytes)
            });
        if let Err(error) = sent {
            log::warn(&format!("the status could not be published: {error}"));
        }
    }
}

/// Pages that this process holds in memory, without those it shares with others.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let field = |number: usize| {
        text.split_whitespace().nth(number).and_then(|pages| pages.parse::<u64>().ok())
    };
    let pages = field(1).unwrap_or(0).saturating_sub(field(2).unwrap_or(0));
    pages * rustix::param::page_size() as u64
}

/// Waits at most `timeout` for an order; for loops that also do something else.
pub fn poll<T>(receiver: &Receiver<T>, timeout: Duration) -> Option<T> {
    receiver.recv_timeout(timeout).ok()
}
