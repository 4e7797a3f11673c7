//! In which order a node takes what waits in its queues: of arrival, of time, or of a journal.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, select};
use messages::wire::{Kind, Received};
use messages::{JournalEntry, Taken, Timestamp};

use super::{Inbox, Item};

/// What a node does next.
#[derive(Debug)]
pub enum Step {
    /// In a replay: it is built as it was then.
    Start {
        /// The parameters it had; none if others are tried.
        parameters: Option<serde_json::Value>,
        /// The instant.
        at: Option<Timestamp>,
    },
    /// It takes a value or a blank.
    Take {
        /// Number of the port.
        port: usize,
        /// The message.
        received: Received,
        /// How long it waited.
        waited: Duration,
        /// The instant, in a replay or on the simulated clock.
        at: Option<Timestamp>,
    },
    /// An input's deadline passed.
    Deadline {
        /// Number of the port.
        port: usize,
        /// The instant, in a replay.
        at: Option<Timestamp>,
    },
    /// It gets new parameters.
    Configure {
        /// The parameters.
        parameters: serde_json::Value,
        /// Where to say whether they were taken.
        reply: Option<Sender<Result<(), String>>>,
        /// The instant, in a replay.
        at: Option<Timestamp>,
    },
    /// On the simulated clock: nothing before `at` will be taken any more.
    Bound {
        /// The instant.
        at: Timestamp,
    },
    /// All inputs have ended: it publishes what still waits.
    Finish {
        /// The instant, in a replay or on the simulated clock.
        at: Option<Timestamp>,
    },
    /// Where no clock runs, nothing came for a while: who waits for this node is to be told again how
    /// far it has come.
    Idle,
    /// Nothing follows.
    Ended,
}

/// In which order.
#[derive(Debug)]
pub enum Order {
    /// As they arrive.
    Arrival,
    /// By `(published_at, port, sequence)`, once it is certain that nothing earlier will come. The
    /// time of publication, not of acquisition, so that no effect comes before its cause.
    Time {
        /// The last bound that was told.
        told: Timestamp,
    },
    /// As a journal says.
    Journal {
        /// What is still to be taken.
        entries: VecDeque<JournalEntry>,
        /// Entries whose message did not come again.
        missing: u64,
        /// Whether recorded changes of parameters are followed; not if others are tried.
        follow_parameters: bool,
    },
}

/// Takes from the queues.
pub struct Intake {
    /// The queues.
    pub inbox: Arc<Inbox>,
    /// In which order.
    pub order: Order,
    heads: Vec<Option<Item>>,
    /// Whether the node was told that all inputs have ended.
    finished: bool,
    woken: Receiver<()>,
    requests: Receiver<Step>,
}

impl Intake {
    /// Takes from `inbox` in `order`; `requests` come between messages.
    pub fn new(
        inbox: Arc<Inbox>,
        order: Order,
        woken: Receiver<()>,
        requests: Receiver<Step>,
    ) -> Self {
        let heads = inbox.ports.iter().map(|_| None).collect();
        Self { inbox, order, heads, finished: false, woken, requests }
    }

    /// Waits for the next step.
    pub fn next(&mut self) -> Step {
        loop {
            if let Ok(step) = self.requests.try_recv() {
                return step;
            }
            self.fill();
            let found = match &self.order {
                Order::Arrival => self.by_arrival(),
                Order::Time { .. } => self.by_time(),
                Order::Journal { .. } => self.by_journal(),
            };
            if let Some(step) = found {
                return step;
            }
            let journal_is_over = match &self.order {
                Order::Journal { entries, .. } => entries.is_empty(),
                _ => true,
            };
            if journal_is_over && self.ended() {
                return self.finish();
            }
            select! {
                recv(self.requests) -> step => if let Ok(step) = step { return step },
                recv(self.woken) -> _ => {},
                default(Duration::from_millis(100)) => {
                    if !matches!(self.order, Order::Arrival) {
                        return Step::Idle;
                    }
                },
            }
        }
    }

    /// The last step but one, then the last. A journal says itself when, or that it was broken off.
    fn finish(&mut self) -> Step {
        let at = match self.order {
            Order::Arrival => None,
            Order::Time { told } => Some(told),
            Order::Journal { .. } => return Step::Ended,
        };
        if std::mem::replace(&mut self.finished, true) { Step::Ended } else { Step::Finish { at } }
    }

    fn ended(&self) -> bool {
        self.heads.iter().all(Option::is_none)
            && self.inbox.ports.iter().all(super::PortInbox::has_ended)
    }

    /// Looks at the oldest item of each queue; an end closes its port.
    fn fill(&mut self) {
        for (head, port) in self.heads.iter_mut().zip(&self.inbox.ports) {
            while head.is_none() {
                match port.pop() {
                    Some(item) if item.received.envelope().kind == Kind::End => port.end(),
                    Some(item) => *head = Some(item),
                    None => break,
                }
            }
        }
    }

    fn take(&mut self, port: usize, at: Option<Timestamp>) -> Option<Step> {
        let item = self.heads[port].take()?;
        let waited = crate::clock::monotonic().saturating_sub(item.arrived);
        Some(Step::Take { port, received: item.received, waited, at })
    }

    fn by_arrival(&mut self) -> Option<Step> {
        let first = self
            .heads
            .iter()
            .enumerate()
            .filter_map(|(port, head)| head.as_ref().map(|item| (item.ticket, port)))
            .min();
        self.take(first?.1, None)
    }

    fn by_time(&mut self) -> Option<Step> {
        let times: Vec<Option<Timestamp>> = self
            .heads
            .iter()
            .map(|head| head.as_ref().map(|item| item.received.envelope().published_at))
            .collect();
        let first =
            times.iter().enumerate().filter_map(|(port, time)| time.map(|time| (time, port))).min();
        if let Some((time, port)) = first {
            let certain = times.iter().enumerate().all(|(other, waiting)| {
                let mark = self.inbox.ports[other].mark();
                waiting.is_some() || mark > time || (mark == time && other > port)
            });
            if certain {
                return self.take(port, Some(time));
            }
        }
        let bound = times
            .iter()
            .zip(&self.inbox.ports)
            .map(|(time, port)| time.unwrap_or_else(|| port.mark()))
            .min()?;
        match &mut self.order {
            Order::Time { told } if bound > *told && bound < Timestamp::MAX => {
                *told = bound;
                Some(Step::Bound { at: bound })
            }
            _ => None,
        }
    }

    fn by_journal(&mut self) -> Option<Step> {
        loop {
            let Order::Journal { entries, missing, follow_parameters } = &mut self.order else {
                return None;
            };
            let entry = entries.front()?;
            let at = Some(entry.taken_at);
            let (wanted_port, wanted) = match &entry.taken {
                Taken::Started { parameters } => {
                    let follow = *follow_parameters;
                    let parameters =
                        follow.then(|| serde_json::from_str(parameters).unwrap_or_default());
                    entries.pop_front();
                    return Some(Step::Start { parameters, at });
                }
                Taken::Finished => {
                    entries.pop_front();
                    return Some(Step::Finish { at });
                }
                Taken::Deadline { port } => {
                    let port = self.inbox.ports.iter().position(|known| known.name == port);
                    entries.pop_front();
                    if let Some(port) = port {
                        return Some(Step::Deadline { port, at });
                    }
                    continue;
                }
                Taken::Configured { parameters } => {
                    let parameters = serde_json::from_str(parameters).unwrap_or_default();
                    let follow = *follow_parameters;
                    entries.pop_front();
                    if follow {
                        return Some(Step::Configure { parameters, reply: None, at });
                    }
                    continue;
                }
                Taken::Input { port, incarnation, sequence } => (port, (*incarnation, *sequence)),
            };
            let Some(port) = self.inbox.ports.iter().position(|known| known.name == wanted_port)
            else {
                entries.pop_front();
                *missing += 1;
                continue;
            };
            // Whatever the journal passed over was lost or superseded then, and is passed over again.
            let came = loop {
                match &self.heads[port] {
                    Some(item) => {
                        let envelope = item.received.envelope();
                        let number = (envelope.incarnation, envelope.sequence);
                        if number >= wanted {
                            break Some(number == wanted);
                        }
                        self.heads[port] = None;
                    }
                    None if self.inbox.ports[port].has_ended() => break Some(false),
                    None => match self.inbox.ports[port].pop() {
                        Some(item) if item.received.envelope().kind == Kind::End => {
                            // In a replay a stream ends once for each incarnation it had.
                            self.inbox.ports[port].end();
                        }
                        Some(item) => self.heads[port] = Some(item),
                        None => break None,
                    },
                }
            };
            let came = came?;
            entries.pop_front();
            if came {
                return self.take(port, at);
            }
            *missing += 1;
        }
    }

    /// Up to where the node has come, for the sources that wait for it in a replay.
    pub fn progress(&self) -> Option<Timestamp> {
        match &self.order {
            Order::Arrival => None,
            Order::Time { told } => Some(*told),
            Order::Journal { entries, .. } => {
                Some(entries.front().map_or(Timestamp::MAX, |entry| entry.taken_at))
            }
        }
    }
}
