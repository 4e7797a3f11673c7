//! The sending side of one participant: its output ports, its health and its journal.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use messages::message::Schema;
use messages::wire::{Encoded, Kind, Origin, Validity, control};
use messages::{Health, JournalEntry, Message, OutputStatus, Timestamp, wire};

use crate::assignment::Assignment;
use crate::bus::{Bus, BusError, Publisher, Sending};
use crate::keys;
use crate::measure::Distribution;
use crate::ports::{Outputs, Port};

/// One stream that this participant publishes.
pub struct Stream {
    schema: Schema,
    origin: Origin,
    publisher: Publisher,
    sequence: u64,
    statistics: Arc<Mutex<Statistics>>,
}

/// What was sent on one stream.
#[derive(Debug)]
pub struct Statistics {
    port: String,
    sent: u64,
    blanks: u64,
    stale: u64,
    bytes: u64,
    without_shared_memory: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    age: Distribution,
}

impl Statistics {
    fn new(port: &str) -> Self {
        Self {
            port: port.to_owned(),
            sent: 0,
            blanks: 0,
            stale: 0,
            bytes: 0,
            without_shared_memory: 0,
            first: None,
            last: None,
            age: Distribution::new(),
        }
    }

    /// As the status says it.
    pub fn status(&self) -> OutputStatus {
        let values = self.sent - self.blanks;
        let span = match (self.first, self.last) {
            (Some(first), Some(last)) => last.since(first).as_secs_f64(),
            _ => 0.0,
        };
        OutputStatus {
            port: self.port.clone(),
            sent: self.sent,
            blanks: self.blanks,
            stale: self.stale,
            bytes: self.bytes,
            without_shared_memory: self.without_shared_memory,
            rate_hz: if span > 0.0 { (values.saturating_sub(1)) as f64 / span } else { 0.0 },
            age_us: self.age.percentiles(),
        }
    }
}

impl Stream {
    /// Opens the stream `node.port` of this participant under `key`.
    ///
    /// # Errors
    /// If the bus refuses it.
    pub fn open(
        bus: &Bus,
        assignment: &Assignment,
        port: &str,
        schema: Schema,
        key: &str,
    ) -> Result<Self, BusError> {
        let sending = match schema.name {
            // A node that catches up takes many inputs at once, and nobody waits for an entry.
            JournalEntry::SCHEMA => Sending::Gathered,
            _ if schema.has_arrays() => Sending::Bulk,
            _ => Sending::Prompt,
        };
        Ok(Self {
            schema,
            origin: Origin {
                session: assignment.session.clone(),
                stream: format!("{}.{port}", assignment.node),
                incarnation: assignment.incarnation,
            },
            publisher: bus.publisher(key, schema.kept, sending)?,
            sequence: 0,
            statistics: Arc::new(Mutex::new(Statistics::new(port))),
        })
    }

    /// Its counters.
    pub fn statistics(&self) -> Arc<Mutex<Statistics>> {
        Arc::clone(&self.statistics)
    }

    /// Whether anybody hears it now.
    pub fn is_heard(&self) -> bool {
        self.publisher.is_heard()
    }

    /// Starts counting anew, as after a restart.
    pub fn set_incarnation(&mut self, incarnation: u32) {
        self.origin.incarnation = incarnation;
        self.sequence = 0;
    }

    fn send<'a>(
        &mut self,
        bus: &Bus,
        times: (Timestamp, Timestamp),
        stale: bool,
        encode: impl FnOnce(&Origin, u64) -> Result<Encoded<'a>, wire::WireError>,
    ) -> Result<(), BusError> {
        let message = encode(&self.origin, self.sequence)?;
        // The number is used up even if sending fails, so that consumers see the gap.
        self.sequence += 1;
        let (bytes, without_shared_memory) = bus.send(&self.publisher, &message)?;
        let (acquired_at, published_at) = times;
        let mut statistics = self.statistics.lock().unwrap_or_else(PoisonError::into_inner);
        statistics.sent += 1;
        statistics.stale += u64::from(stale);
        statistics.bytes += bytes as u64;
        statistics.without_shared_memory += u64::from(without_shared_memory);
        statistics.first.get_or_insert(published_at);
        statistics.last = Some(published_at);
        statistics.age.record(published_at.since(acquired_at));
        Ok(())
    }

    /// Publishes one value.
    ///
    /// # Errors
    /// If it cannot be written or sent.
    pub fn publish<T: Message>(
        &mut self,
        bus: &Bus,
        acquired_at: Timestamp,
        published_at: Timestamp,
        value: &T,
    ) -> Result<(), BusError> {
        self.send(bus, (acquired_at, published_at), false, |origin, sequence| {
            wire::message(origin, sequence, acquired_at, published_at, &Validity::Valid, value)
        })
    }

    /// Says that there is nothing usable since the first of `times`, and why; published at the second.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn blank(&mut self, times: (Timestamp, Timestamp), reason: &str) -> Result<(), BusError> {
        let bytes =
            control(&self.origin, self.schema, Kind::Blank, self.sequence, times, Some(reason))?;
        self.sequence += 1;
        self.publisher.put(bytes)?;
        let mut statistics = self.statistics.lock().unwrap_or_else(PoisonError::into_inner);
        statistics.sent += 1;
        statistics.blanks += 1;
        Ok(())
    }

    /// Says that nothing before `at` will follow.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn mark(&mut self, at: Timestamp) -> Result<(), BusError> {
        let bytes = control(&self.origin, self.schema, Kind::Mark, self.sequence, (at, at), None)?;
        self.publisher.put(bytes)
    }

    /// Says that it is there, before the start.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn hello(&mut self, at: Timestamp) -> Result<(), BusError> {
        let bytes = control(&self.origin, self.schema, Kind::Mark, self.sequence, (at, at), None)?;
        self.publisher.hello(bytes)
    }

    /// Says that the stream is over and how many values and blanks it had.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn end(&mut self, at: Timestamp) -> Result<(), BusError> {
        let bytes = control(&self.origin, self.schema, Kind::End, self.sequence, (at, at), None)?;
        self.publisher.put(bytes)
    }
}

/// The outputs of one participant, its health and its journal.
pub struct Outbox {
    ports: Vec<Stream>,
    health: Stream,
    journal: Option<Stream>,
    last_health: Option<Health>,
    /// Whether nothing was published since the outputs were blanked.
    blanked: bool,
}

impl Outbox {
    /// Opens the streams.
    ///
    /// # Errors
    /// If the bus refuses one.
    pub fn open(
        bus: &Bus,
        assignment: &Assignment,
        ports: &[Port],
        journal: bool,
    ) -> Result<Self, BusError> {
        let (session, node) = (&assignment.session, &assignment.node);
        let about = |topic: &str| keys::about(session, topic, node);
        Ok(Self {
            ports: ports
                .iter()
                .map(|port| {
                    Stream::open(
                        bus,
                        assignment,
                        port.name,
                        port.schema,
                        &keys::stream(session, node, port.name),
                    )
                })
                .collect::<Result<_, _>>()?,
            health: Stream::open(
                bus,
                assignment,
                "health",
                Schema::of::<Health>(),
                &about("health"),
            )?,
            journal: if journal {
                Some(Stream::open(
                    bus,
                    assignment,
                    "journal",
                    Schema::of::<JournalEntry>(),
                    &about("journal"),
                )?)
            } else {
                None
            },
            last_health: None,
            blanked: false,
        })
    }

    /// The counters of the output ports.
    pub fn statistics(&self) -> Vec<Arc<Mutex<Statistics>>> {
        self.ports.iter().map(Stream::statistics).collect()
    }

    /// Whether somebody hears each output port.
    pub fn all_heard(&self) -> bool {
        self.ports.iter().all(Stream::is_heard)
    }

    /// Starts counting anew, as after a restart; the journal counts on.
    pub fn set_incarnation(&mut self, incarnation: u32) {
        for stream in self.ports.iter_mut().chain([&mut self.health]).chain(&mut self.journal) {
            stream.set_incarnation(incarnation);
        }
        self.last_health = None;
    }

    /// Publishes an output on its port.
    ///
    /// # Errors
    /// If it cannot be written or sent.
    pub fn publish<O: Outputs>(
        &mut self,
        bus: &Bus,
        acquired_at: Timestamp,
        published_at: Timestamp,
        validity: &Validity,
        output: &O,
    ) -> Result<(), BusError> {
        self.blanked = false;
        let stale = *validity != Validity::Valid;
        self.ports[output.port()].send(
            bus,
            (acquired_at, published_at),
            stale,
            |origin, sequence| output.encode(origin, sequence, acquired_at, published_at, validity),
        )
    }

    /// Blanks all output ports, unless they are blank already: since the first of `times`, published at
    /// the second.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn blank(&mut self, times: (Timestamp, Timestamp), reason: &str) -> Result<(), BusError> {
        if self.blanked {
            return Ok(());
        }
        self.blanked = true;
        self.ports.iter_mut().try_for_each(|stream| stream.blank(times, reason))
    }

    /// Says on all output ports that nothing before `at` will follow.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn mark(&mut self, at: Timestamp) -> Result<(), BusError> {
        self.ports.iter_mut().try_for_each(|stream| stream.mark(at))
    }

    /// Says hello on everything that observers wait for.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn hello(&mut self, at: Timestamp) -> Result<(), BusError> {
        let about = self.journal.iter_mut().chain([&mut self.health]);
        self.ports.iter_mut().chain(about).try_for_each(|stream| stream.hello(at))
    }

    /// Publishes a journal entry; must come before any output that it causes.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn journal(
        &mut self,
        bus: &Bus,
        published_at: Timestamp,
        entry: &JournalEntry,
    ) -> Result<(), BusError> {
        match &mut self.journal {
            Some(stream) => stream.publish(bus, entry.taken_at, published_at, entry),
            None => Ok(()),
        }
    }

    /// Publishes the health if it changed; returns whether it did.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn health(&mut self, bus: &Bus, at: Timestamp, health: &Health) -> Result<bool, BusError> {
        if self.last_health.as_ref() == Some(health) {
            return Ok(false);
        }
        self.last_health = Some(health.clone());
        self.health.publish(bus, at, at, health)?;
        Ok(true)
    }

    /// Ends all streams.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn end(&mut self, at: Timestamp) -> Result<(), BusError> {
        self.ports.iter_mut().try_for_each(|stream| stream.end(at))?;
        self.health.end(at)?;
        self.journal.iter_mut().try_for_each(|stream| stream.end(at))
    }
}

/// How often a participant publishes its status.
pub const STATUS_PERIOD: Duration = Duration::from_millis(250);
