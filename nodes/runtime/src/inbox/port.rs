//! The queue of one input port.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam::queue::SegQueue;
use messages::wire::{Envelope, Kind};
use messages::{InputStatus, Timestamp};

use super::Item;
use super::tracker::{Arrival, Tracker};
use crate::assignment::{Delivery, InputAssignment, Mode};
use crate::measure::Distribution;

/// The queue of one input port, and what was counted there.
pub struct PortInbox {
    /// The port.
    pub name: &'static str,
    /// `node.port` that it hears; empty if nothing is assigned.
    pub stream: String,
    /// The key on the bus; none if nothing is assigned.
    pub key: Option<String>,
    /// Whether only the newest message is wanted.
    pub newest: bool,
    /// Older than this is stale.
    pub deadline: Option<Duration>,
    capacity: usize,
    queue: SegQueue<Item>,
    state: Mutex<State>,
}

struct State {
    tracker: Tracker,
    heard: bool,
    ended: bool,
    /// Nothing before this will come any more.
    mark: Timestamp,
    last_arrival: Option<Timestamp>,
    /// The deadline passed and nothing came since.
    missed: bool,
    received: u64,
    taken: u64,
    lost: u64,
    superseded: u64,
    blanks: u64,
    deadlines_missed: u64,
    queued_max: u64,
    acquired_at: Option<Timestamp>,
    transport: Distribution,
    age: Distribution,
}

impl PortInbox {
    /// An empty queue.
    pub fn new(
        name: &'static str,
        input: Option<&InputAssignment>,
        mode: &Mode,
        capacity: usize,
        joined_late: bool,
    ) -> Self {
        // Without a live clock there are no deadlines, and every message counts.
        let live = *mode == Mode::Live;
        Self {
            name,
            stream: input.map(|input| input.stream.clone()).unwrap_or_default(),
            key: input.map(|input| input.key.clone()),
            newest: live && input.is_some_and(|input| input.delivery == Delivery::Newest),
            deadline: input
                .filter(|_| *mode != Mode::Simulated)
                .and_then(|input| input.deadline_ms)
                .map(Duration::from_millis),
            capacity,
            queue: SegQueue::new(),
            state: Mutex::new(State {
                tracker: Tracker::new(joined_late),
                heard: false,
                ended: input.is_none(),
                mark: Timestamp(i64::MIN),
                last_arrival: None,
                missed: false,
                received: 0,
                taken: 0,
                lost: 0,
                superseded: 0,
                blanks: 0,
                deadlines_missed: 0,
                queued_max: 0,
                acquired_at: None,
                transport: Distribution::new(),
                age: Distribution::new(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A mark came.
    pub fn marked(&self, at: Timestamp) {
        let mut state = self.state();
        state.heard = true;
        state.mark = state.mark.max(at);
    }

    /// A value, a blank or an end came.
    pub fn arrived(&self, envelope: &Envelope, now: Timestamp) -> Arrival {
        let mut state = self.state();
        state.heard = true;
        let mut arrival = if envelope.kind == Kind::End {
            state.tracker.ended(envelope.incarnation, envelope.sequence)
        } else {
            state.tracker.arrived(envelope.incarnation, envelope.sequence)
        };
        if let Some((first, last)) = arrival.lost {
            state.lost += last - first + 1;
        }
        if arrival.duplicate {
            return arrival;
        }
        state.mark = state.mark.max(envelope.published_at);
        if envelope.kind == Kind::End {
            return arrival;
        }
        state.received += 1;
        state.blanks += u64::from(envelope.kind == Kind::Blank);
        // A blank says that nothing is there: it meets no deadline.
        if envelope.kind == Kind::Message {
            arrival.met = state.missed || state.last_arrival.is_none();
            state.last_arrival = Some(now);
        }
        arrival
    }

    /// Queues an item; false if there is no room and it is lost.
    pub fn push(&self, item: Item) -> bool {
        let end = item.received.envelope().kind == Kind::End;
        if self.newest && !end {
            let mut superseded = 0;
            while self.queue.pop().is_some() {
                superseded += 1;
            }
            self.state().superseded += superseded;
        } else if !end && self.queue.len() >= self.capacity {
            self.state().lost += 1;
            return false;
        }
        self.queue.push(item);
        let waiting = self.queue.len() as u64;
        let mut state = self.state();
        state.queued_max = state.queued_max.max(waiting);
        true
    }

    /// The oldest item.
    pub fn pop(&self) -> Option<Item> {
        self.queue.pop()
    }

    /// Nothing will come any more.
    pub fn end(&self) {
        self.state().ended = true;
    }

    /// Whether nothing will come any more.
    pub fn has_ended(&self) -> bool {
        self.state().ended
    }

    /// Nothing before this will come any more.
    pub fn mark(&self) -> Timestamp {
        let state = self.state();
        if state.ended { Timestamp::MAX } else { state.mark }
    }

    /// Whether its publisher was heard.
    pub fn heard(&self) -> bool {
        self.state().heard
    }

    /// What was taken, for the counters.
    pub fn taken(&self, acquired_at: Timestamp, published_at: Timestamp, now: Timestamp) {
        let mut state = self.state();
        state.taken += 1;
        state.acquired_at = Some(acquired_at);
        state.age.record(now.since(acquired_at));
        state.transport.record(now.since(published_at));
    }

    /// A message was older than the deadline when it was taken.
    pub fn late(&self) {
        self.state().deadlines_missed += 1;
    }

    /// A message that came was never taken, or came damaged.
    pub fn lost_one(&self) {
        self.state().lost += 1;
    }

    /// When the next message is due at the latest; none if there is no deadline or it was missed already.
    /// `first_due` is when the first message is due.
    pub fn due(&self, first_due: Timestamp) -> Option<Timestamp> {
        let deadline = self.deadline?;
        let state = self.state();
        if state.ended || state.missed {
            return None;
        }
        Some(state.last_arrival.map_or(first_due, |last| last + deadline))
    }

    /// The deadline passed at `now`, if nothing came just before.
    pub fn miss(&self, now: Timestamp, first_due: Timestamp) -> bool {
        if self.due(first_due).is_none_or(|due| due > now) {
            return false;
        }
        let mut state = self.state();
        state.missed = true;
        state.deadlines_missed += 1;
        true
    }

    /// Whether something came after a missed deadline; tells it once.
    pub fn met(&self, since: Timestamp) -> bool {
        let mut state = self.state();
        if state.missed && state.last_arrival.is_some_and(|last| last > since) {
            state.missed = false;
            return true;
        }
        false
    }

    /// As the status says it.
    pub fn status(&self) -> InputStatus {
        let state = self.state();
        InputStatus {
            port: self.name.to_owned(),
            stream: self.stream.clone(),
            received: state.received,
            taken: state.taken,
            lost: state.lost,
            superseded: state.superseded,
            deadlines_missed: state.deadlines_missed,
            blanks: state.blanks,
            queued_max: state.queued_max,
            acquired_at: state.acquired_at,
            transport_us: state.transport.percentiles(),
            age_us: state.age.percentiles(),
        }
    }
}
