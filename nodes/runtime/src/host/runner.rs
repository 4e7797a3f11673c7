//! A node at work: each step goes through the journal, and what it causes through the outbox.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam::channel::Sender;
use messages::wire::{Kind, Received, Validity};
use messages::{EventKind, Health, JournalEntry, Taken, Timestamp};

use super::counters::Counters;
use super::watch::Word;
use super::{HostError, explain};
use crate::assignment::{Assignment, Mode};
use crate::context::Context;
use crate::inbox::{Inbox, Step};
use crate::node::Node;
use crate::outbox::Outbox;
use crate::ports::Inputs as _;
use crate::{clock, log};

/// Arrays in shared memory that waited longer than this are checked before they are used: Zenoh may
/// have reclaimed them from a reader that was stopped.
const TRUSTED_FOR: Duration = Duration::from_millis(90);

/// A node at work: takes one step after the other.
pub struct Runner<N: Node> {
    pub assignment: Arc<Assignment>,
    pub bus: Arc<crate::bus::Bus>,
    pub inbox: Arc<Inbox>,
    pub outbox: Outbox,
    pub counters: Arc<Mutex<Counters>>,
    pub words: Sender<Word>,
    pub node: N,
    pub incarnation: u32,
    /// The instant of the last step.
    pub last: Timestamp,
    /// In a replay: whether it was built before.
    pub built_before: bool,
    /// Why each input is stale, if it is.
    pub stale: Vec<Option<String>>,
    /// What the node reported.
    pub reported: Health,
    /// The last error, and the port it came from.
    pub error: Option<(Option<usize>, String)>,
}

/// Builds a node.
///
/// # Errors
/// If its parameters do not fit or it refuses them.
pub fn build<N: Node>(parameters: &serde_json::Value) -> Result<N, HostError> {
    let parameters = serde_json::from_value(parameters.clone())
        .map_err(|error| HostError::Parameters(error.to_string()))?;
    N::new(parameters).map_err(|error| HostError::Participant(explain(&error)))
}

fn say(words: &Sender<Word>, kind: EventKind, text: String) {
    // The watch thread goes last; after it nobody wants to know.
    let _ = words.send(Word::Event(kind, text));
}

impl<N: Node> Runner<N> {
    fn counters(&self) -> std::sync::MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The instant of a step, and when what it causes is published.
    fn now(&mut self, at: Option<Timestamp>) -> Timestamp {
        self.last = match (at, &self.assignment.mode) {
            (Some(at), _) => at,
            (None, Mode::Live) => self.assignment.clock.now(),
            (None, Mode::Simulated | Mode::Replay { .. }) => self.last,
        };
        self.last
    }

    fn published_at(&self, now: Timestamp, took: Duration) -> Timestamp {
        match self.assignment.mode {
            Mode::Live => self.assignment.clock.now(),
            Mode::Simulated => now,
            // When it would have been published if it had been taken then.
            Mode::Replay { .. } => now + took,
        }
    }

    fn journal(&mut self, now: Timestamp, taken: Taken) -> Result<(), HostError> {
        let published_at = self.published_at(now, Duration::ZERO);
        Ok(self.outbox.journal(&self.bus, published_at, &JournalEntry { taken_at: now, taken })?)
    }

    /// Writes into the journal that the node was built, at `at` or now.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn started(
        &mut self,
        parameters: &serde_json::Value,
        at: Option<Timestamp>,
    ) -> Result<(), HostError> {
        let now = self.now(at);
        let parameters = parameters.to_string();
        self.journal(now, Taken::Started { parameters })?;
        self.outbox.health(&self.bus, now, &Health::Healthy)?;
        Ok(())
    }

    /// Takes one step.
    ///
    /// # Errors
    /// If the bus fails, or the node cannot be built again.
    pub fn step(&mut self, step: Step) -> Result<(), HostError> {
        match step {
            Step::Start { parameters, at } => self.restart(parameters, at),
            Step::Take { port, received, waited, at } => self.take(port, &received, waited, at),
            Step::Deadline { port, at } => {
                let now = self.now(at);
                let name = self.inbox.ports[port].name;
                let deadline = self.inbox.ports[port].deadline.unwrap_or_default().as_millis();
                self.journal(now, Taken::Deadline { port: name.to_owned() })?;
                let reason = format!(
                    "nothing on `{name}` of {} from {} within {deadline} ms",
                    self.assignment.node, self.inbox.ports[port].stream
                );
                self.blank(port, now, reason)
            }
            Step::Configure { parameters, reply, at } => {
                let answer = self.configure(parameters, at)?;
                if let Some(reply) = reply {
                    // Who asked may have gone.
                    let _ = reply.send(answer);
                }
                Ok(())
            }
            Step::Bound { at } => Ok(self.outbox.mark(at)?),
            Step::Finish { at } => self.finish(at),
            Step::Idle => Ok(()),
            Step::Ended => {
                self.counters().ended = true;
                Ok(self.outbox.end(self.assignment.clock.now())?)
            }
        }
    }

    /// In a replay: the node as it was built then, at first or after a failure.
    fn restart(
        &mut self,
        parameters: Option<serde_json::Value>,
        at: Option<Timestamp>,
    ) -> Result<(), HostError> {
        let parameters = parameters.unwrap_or_else(|| self.assignment.parameters.clone());
        if self.built_before {
            self.incarnation += 1;
            self.outbox.set_incarnation(self.incarnation);
            self.node = build(&parameters)?;
            self.stale.fill(None);
            self.reported = Health::Healthy;
            self.error = None;
        }
        self.built_before = true;
        self.started(&parameters, at)
    }

    fn take(
        &mut self,
        port: usize,
        received: &Received,
        waited: Duration,
        at: Option<Timestamp>,
    ) -> Result<(), HostError> {
        let now = self.now(at);
        let envelope = received.envelope();
        let inbox = Arc::clone(&self.inbox);
        let queue = &inbox.ports[port];
        if waited > TRUSTED_FOR
            && self.assignment.mode == Mode::Live
            && let Err(error) = received.verify()
        {
            queue.lost_one();
            let text = format!(
                "message {} of {} was damaged while it waited for {waited:?}: {error}",
                envelope.sequence, queue.stream
            );
            log::error(&text);
            let kind = EventKind::Lost {
                port: queue.name.to_owned(),
                first: envelope.sequence,
                last: envelope.sequence,
            };
            say(&self.words, kind, text);
            return Ok(());
        }
        queue.taken(envelope.acquired_at, envelope.published_at, now);
        let taken = Taken::Input {
            port: queue.name.to_owned(),
            incarnation: envelope.incarnation,
            sequence: envelope.sequence,
        };
        if envelope.kind == Kind::Blank {
            self.journal(now, taken)?;
            let reason = match &envelope.validity {
                Validity::Stale { reason } => reason.clone(),
                Validity::Valid => format!("{} is blank", queue.stream),
            };
            return self.blank(port, now, reason);
        }
        self.stale[port] = match (&envelope.validity, queue.deadline) {
            (Validity::Stale { reason }, _) => Some(reason.clone()),
            (Validity::Valid, Some(deadline)) if now.since(envelope.acquired_at) > deadline => {
                queue.late();
                Some(format!(
                    "`{}` of {} is older than {} ms",
                    queue.name,
                    self.assignment.node,
                    deadline.as_millis()
                ))
            }
            _ => None,
        };
        self.run(now, taken, Some(port), |node, context| {
            let input = N::Input::decode(port, received).map_err(|error| explain(&error))?;
            node.handle(input, context).map_err(|error| explain(&error))
        })
    }

    /// The node publishes what still waits.
    fn finish(&mut self, at: Option<Timestamp>) -> Result<(), HostError> {
        // On the simulated clock nothing may be published before what was promised.
        let simulated = self.assignment.mode == Mode::Simulated;
        let at = if simulated { at.map(|at| at.max(self.last)) } else { at };
        let now = self.now(at);
        self.run(now, Taken::Finished, None, |node, context| {
            node.finish(context).map_err(|error| explain(&error))
        })
    }

    /// One step of the node: writes the journal and publishes what came of it.
    fn run(
        &mut self,
        now: Timestamp,
        taken: Taken,
        port: Option<usize>,
        step: impl FnOnce(&mut N, &mut Context<N::Output>) -> Result<(), String>,
    ) -> Result<(), HostError> {
        let begun = clock::monotonic();
        let mut context = Context::at(now);
        let result = step(&mut self.node, &mut context);
        let took = clock::monotonic().saturating_sub(begun);
        self.counters().handle.record(took);
        let (published, reported) = context.finish();
        // After the step, which it would delay, and before what it caused.
        self.journal(now, taken)?;
        let validity = match self.stale.iter().flatten().next() {
            Some(reason) => Validity::Stale { reason: reason.clone() },
            None => Validity::Valid,
        };
        for (acquired_at, output) in &published {
            let published_at = self.published_at(now, took);
            self.outbox.publish(&self.bus, *acquired_at, published_at, &validity, output)?;
        }
        if let Some(reported) = reported {
            self.reported = reported;
        }
        match result {
            Err(reason) => {
                self.counters().errors += 1;
                self.error = Some((port, reason));
            }
            Ok(()) if self.error.as_ref().is_some_and(|(from, _)| *from == port) => {
                self.error = None;
            }
            Ok(()) => {}
        }
        self.publish_health(now)
    }

    fn publish_health(&mut self, now: Timestamp) -> Result<(), HostError> {
        let health = match &self.error {
            Some((_, reason)) => Health::Degraded { reason: reason.clone() },
            None => self.reported.clone(),
        };
        if self.outbox.health(&self.bus, now, &health)? {
            let degraded = match health {
                Health::Healthy => None,
                Health::Degraded { reason } => Some(reason),
            };
            self.counters().degraded = degraded;
        }
        Ok(())
    }

    fn blank(&mut self, port: usize, now: Timestamp, reason: String) -> Result<(), HostError> {
        let published_at = self.published_at(now, Duration::ZERO);
        self.outbox.blank((now, published_at), &reason)?;
        self.stale[port] = Some(reason);
        Ok(())
    }

    fn configure(
        &mut self,
        parameters: serde_json::Value,
        at: Option<Timestamp>,
    ) -> Result<Result<(), String>, HostError> {
        let now = self.now(at);
        let text = parameters.to_string();
        let answer =
            serde_json::from_value(parameters).map_err(|error| error.to_string()).and_then(
                |parameters| self.node.configure(parameters).map_err(|error| explain(&error)),
            );
        match &answer {
            Ok(()) => {
                self.journal(now, Taken::Configured { parameters: text.clone() })?;
                say(&self.words, EventKind::ParametersChanged, format!("now {text}"));
            }
            Err(reason) => say(&self.words, EventKind::ParametersRefused, reason.clone()),
        }
        Ok(answer)
    }
}
