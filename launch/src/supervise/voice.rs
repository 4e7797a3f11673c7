//! What the supervisor says: events for the recording, lines for the log.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use messages::wire::{Origin, Validity};
use messages::{Event, EventKind, Message as _, Timestamp, wire};
use runtime::bus::{Bus, BusError, Publisher, Sending};
use runtime::clock::{self, SessionClock};
use runtime::keys;
use runtime::log::{Level, Line};

use crate::session::{Record, SUPERVISOR};

/// Says things.
pub struct Voice {
    publisher: Publisher,
    origin: Origin,
    sequence: u64,
    clock: SessionClock,
    log: Option<File>,
}

impl Voice {
    /// Opens the event stream `launch.event` and the log of the supervisor.
    ///
    /// # Errors
    /// If the bus refuses it.
    pub fn open(bus: &Bus, record: &Record, log: &Path) -> Result<Self, BusError> {
        let key = keys::about(&record.session, "event", SUPERVISOR);
        Ok(Self {
            publisher: bus.publisher(&key, Event::KEPT, Sending::Prompt)?,
            origin: Origin {
                session: record.session.clone(),
                stream: format!("{SUPERVISOR}.event"),
                incarnation: record.supervisions,
            },
            sequence: 0,
            clock: record.clock,
            // Without a log it still speaks on the bus.
            log: OpenOptions::new().create(true).append(true).open(log).ok(),
        })
    }

    /// Tells everybody that something happened to `node`.
    pub fn event(&mut self, kind: EventKind, node: &str, text: &str) {
        self.event_at(self.clock.now(), kind, node, text);
    }

    /// Tells everybody that something happened to `node` at an instant.
    pub fn event_at(&mut self, at: Timestamp, kind: EventKind, node: &str, text: &str) {
        let level = level(&kind);
        let event = Event { node: node.to_owned(), kind, text: text.to_owned() };
        let (now, valid) = (self.clock.now(), Validity::Valid);
        let sent = wire::message(&self.origin, self.sequence, at, now, &valid, &event)
            .and_then(|message| message.to_vec())
            .map_err(BusError::from)
            .and_then(|bytes| self.publisher.put(bytes));
        self.sequence += 1;
        let about = if node == SUPERVISOR { text.to_owned() } else { format!("{node} {text}") };
        self.say(level, &about);
        if let Err(error) = sent {
            self.say(Level::Error, &format!("an event could not be published: {error}"));
        }
    }

    /// Writes a line into the supervisor's log.
    pub fn say(&mut self, level: Level, text: &str) {
        let line = Line {
            at_unix_ns: clock::wall_clock_ns(),
            level,
            node: SUPERVISOR.to_owned(),
            text: text.to_owned(),
        };
        if let (Some(log), Ok(mut json)) = (&mut self.log, serde_json::to_vec(&line)) {
            json.push(b'\n');
            // A full disk is told by those whose data it loses.
            let _ = log.write_all(&json);
        }
    }
}

/// How serious an event is.
pub fn level(kind: &EventKind) -> Level {
    match kind {
        EventKind::ParametersRefused
        | EventKind::Restarting
        | EventKind::WallClockStepped
        | EventKind::Supervision => Level::Warn,
        kind if kind.is_failure() => Level::Error,
        _ => Level::Info,
    }
}
