//! The receiving side of one node: a queue for each input port, filled by the bus, with every loss counted.

mod order;
mod port;
mod tracker;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use crossbeam::channel::{Receiver, Sender, bounded};
use messages::Timestamp;
use messages::wire::{Kind, Received};

use crate::assignment::{Assignment, Mode};
use crate::bus::{Bus, BusError, Recovery, Subscription};
use crate::clock::SessionClock;
use crate::ports::Port;

pub use order::{Intake, Order, Step};
pub use port::PortInbox;
pub use tracker::Tracker;

/// Something the bus thread noticed and the watch thread makes known.
#[derive(Clone, Debug)]
pub enum Notice {
    /// Sequence numbers `first..=last` never came.
    Lost {
        /// Number of the port.
        port: usize,
        /// First missing.
        first: u64,
        /// Last missing.
        last: u64,
        /// Why.
        why: &'static str,
    },
    /// Bytes came that are no message.
    Garbled {
        /// Number of the port.
        port: usize,
        /// What is wrong with them.
        reason: String,
    },
    /// Look at the deadlines again.
    Look,
}

/// One item in a queue.
#[derive(Debug)]
pub struct Item {
    /// Counts arrivals on all ports.
    pub ticket: u64,
    /// When it came, on the monotonic clock.
    pub arrived: std::time::Duration,
    /// The message, blank or end.
    pub received: Received,
}

/// All queues of a node.
pub struct Inbox {
    /// One for each port, in the order of the node's ports.
    pub ports: Vec<PortInbox>,
    tickets: AtomicU64,
    wake: Sender<()>,
    notices: Sender<Notice>,
    clock: SessionClock,
    /// A restarted node takes nothing that was published before: its predecessor may have taken it.
    not_before: Timestamp,
}

/// How many messages may wait at a port; more are lost.
const QUEUE: usize = 512;

impl Inbox {
    /// Queues for `ports` as assigned; a port that nothing is assigned to stays empty and counts as ended.
    pub fn new(
        assignment: &Assignment,
        ports: &[Port],
        notices: Sender<Notice>,
    ) -> (Arc<Self>, Receiver<()>) {
        let (wake, woken) = bounded(1);
        // Where the sources wait for their consumers, the queue need not be bounded as well.
        let capacity = if assignment.mode == Mode::Live { QUEUE } else { usize::MAX };
        let late = assignment.hears_from_the_middle();
        let ports = ports
            .iter()
            .map(|port| {
                PortInbox::new(
                    port.name,
                    assignment.inputs.get(port.name),
                    &assignment.mode,
                    capacity,
                    late,
                )
            })
            .collect();
        let again = assignment.mode == Mode::Live && assignment.incarnation > 1;
        let inbox = Self {
            ports,
            tickets: AtomicU64::new(0),
            wake,
            notices,
            clock: assignment.clock,
            not_before: if again { assignment.clock.now() } else { Timestamp(i64::MIN) },
        };
        (Arc::new(inbox), woken)
    }

    /// Hears what is assigned.
    ///
    /// # Errors
    /// If the bus refuses a key.
    pub fn subscribe(self: &Arc<Self>, bus: &Bus) -> Result<Vec<Subscription>, BusError> {
        let mut subscriptions = Vec::new();
        for (number, port) in self.ports.iter().enumerate() {
            let Some(key) = &port.key else { continue };
            let inbox = Arc::clone(self);
            let recovery = if port.newest { Recovery::None } else { Recovery::Missing };
            subscriptions
                .push(bus.subscribe(key, recovery, move |_, bytes| inbox.arrived(number, bytes))?);
        }
        Ok(subscriptions)
    }

    /// Called by the bus for each message; never waits.
    fn arrived(&self, number: usize, bytes: Bytes) {
        let port = &self.ports[number];
        let received = match Received::parse(bytes) {
            Ok(received) => received,
            Err(error) => {
                self.notice(Notice::Garbled { port: number, reason: error.to_string() });
                return;
            }
        };
        let now = self.clock.now();
        let kind = received.envelope().kind;
        if kind == Kind::Mark {
            port.marked(received.envelope().published_at);
            self.wake();
            return;
        }
        if kind != Kind::End && received.envelope().published_at < self.not_before {
            return;
        }
        let arrival = port.arrived(received.envelope(), now);
        if let Some((first, last)) = arrival.lost {
            self.notice(Notice::Lost {
                port: number,
                first,
                last,
                why: "never arrived and could not be recovered",
            });
        }
        if arrival.duplicate {
            return;
        }
        let sequence = received.envelope().sequence;
        let item = Item {
            ticket: self.tickets.fetch_add(1, Ordering::Relaxed),
            arrived: crate::clock::monotonic(),
            received,
        };
        if !port.push(item) {
            self.notice(Notice::Lost {
                port: number,
                first: sequence,
                last: sequence,
                why: "the queue was full: the node is too slow for this stream",
            });
        }
        if arrival.met {
            self.notice(Notice::Look);
        }
        self.wake();
    }

    /// A node went down for good: its streams end here.
    pub fn gone(&self, node: &str) {
        for port in &self.ports {
            if port.stream.split('.').next() == Some(node) {
                port.end();
            }
        }
        self.wake();
    }

    /// Whether every assigned port heard its publisher.
    pub fn all_heard(&self) -> bool {
        self.ports.iter().all(|port| port.key.is_none() || port.heard())
    }

    fn wake(&self) {
        // Full means that it is awake already.
        let _ = self.wake.try_send(());
    }

    fn notice(&self, notice: Notice) {
        // The watch thread goes last; after it nobody wants to know.
        let _ = self.notices.send(notice);
    }
}
