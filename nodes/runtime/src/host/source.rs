//! Runs a source: plays recorded streams to the nodes of a replay, as they were on the wire.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use crossbeam::channel::unbounded;
use messages::Timestamp;
use messages::message::Schema;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::control::Control;
use super::pace::Pace;
use super::participant::{Participant, Started};
use super::watch::{Watch, poll};
use super::{HostError, explain};
use crate::assignment::{Assignment, Mode};
use crate::bus::{Publisher, Sending};
use crate::{clock, keys};

/// One recorded message.
#[derive(Clone, Debug)]
pub struct SourceMessage {
    /// Number of the stream, as [`Source::streams`] lists them.
    pub stream: usize,
    /// When it was published then.
    pub published_at: Timestamp,
    /// How long after the first message of the replay it is due; none plays as fast as the nodes follow.
    pub due: Option<Duration>,
    /// The message as it was on the wire.
    pub bytes: Bytes,
}

/// Plays recorded streams in place of their devices.
pub trait Source: Sized {
    /// The `[nodes.NAME.parameters]` table.
    type Parameters: DeserializeOwned + JsonSchema;
    /// Why it cannot be opened or read.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Opens the recording.
    ///
    /// # Errors
    /// If it cannot be read.
    fn open(parameters: Self::Parameters) -> Result<Self, Self::Error>;

    /// The streams it plays: `(node.port, schema)`.
    fn streams(&self) -> Vec<(String, RecordedSchema)>;

    /// The next message, in the order of publication; none at the end.
    ///
    /// # Errors
    /// If the recording is damaged there.
    fn next(&mut self) -> Result<Option<SourceMessage>, Self::Error>;
}

/// The schema of a recorded stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedSchema {
    /// The message.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// How many values and blanks of the last incarnation are played.
    pub count: u64,
    /// The last incarnation.
    pub incarnation: u32,
}

/// Runs a source as the assignment says.
///
/// # Errors
/// If the recording cannot be read, or the bus fails.
pub fn run_source<S: Source>(assignment: Assignment) -> Result<(), HostError> {
    let mut participant = Participant::join(assignment)?;
    let assignment = Arc::clone(&participant.assignment);
    let bus = Arc::clone(&participant.bus);
    let failed = |error: S::Error| HostError::Participant(explain(&error));
    let mut source = S::open(participant.parameters()?).map_err(failed)?;
    let streams = source.streams();
    let mut publishers: Vec<Publisher> = Vec::new();
    for (stream, schema) in &streams {
        let (node, port) = stream.split_once('.').unwrap_or((stream, ""));
        let kept = messages::schemas()
            .iter()
            .find(|known| known.name == schema.name)
            .map_or(16, |known| known.kept);
        publishers.push(bus.publisher(
            &keys::stream(&assignment.session, node, port),
            kept,
            Sending::Bulk,
        )?);
    }
    let control_message = |kind, number: usize, at: Timestamp| {
        let (stream, schema) = &streams[number];
        let origin = messages::wire::Origin {
            session: assignment.session.clone(),
            stream: stream.clone(),
            incarnation: if kind == messages::wire::Kind::End { schema.incarnation } else { 1 },
        };
        let known = messages::schemas().into_iter().find(|known| known.name == schema.name);
        let known =
            known.unwrap_or(Schema { name: "", version: schema.version, frames: &[], kept: 0 });
        messages::wire::control(&origin, known, kind, schema.count, (at, at), None)
    };
    let ended = Arc::new(AtomicBool::new(false));
    let status = {
        let (ended, born) = (Arc::clone(&ended), clock::monotonic());
        move || messages::NodeStatus {
            uptime_ns: clock::nanoseconds_since(born),
            ended: ended.load(Ordering::Relaxed),
            ..messages::NodeStatus::default()
        }
    };
    let (_notices, noticed) = unbounded();
    let (words, worded) = unbounded();
    let watch = Watch::new(&participant, noticed, worded, status)?;
    let pace = Pace::new(&bus, &assignment)?;
    let hello = |at: Timestamp| {
        for (number, publisher) in publishers.iter().enumerate() {
            publisher.hello(control_message(messages::wire::Kind::Mark, number, at)?)?;
        }
        Ok(())
    };
    let Started::At(_) = participant.wait_for_start(hello, || true, || true)? else {
        return Ok(());
    };
    // The start was given on the recorded clock; what is due is counted from now.
    let begun = assignment.clock.now();
    let watching = watch.start(words);
    watching.say_begun(&assignment, format!("{} plays {} streams", assignment.node, streams.len()));
    let replay = matches!(assignment.mode, Mode::Replay { .. });
    'playing: while let Some(message) = source.next().map_err(failed)? {
        let wait_until = message.due.map(|due| begun + due);
        loop {
            let wait = wait_until.map_or(Duration::ZERO, |due| due.since(assignment.clock.now()));
            if let Some(Control::Stop | Control::Exit) = poll(&participant.control, wait) {
                break 'playing;
            }
            if wait.is_zero()
                && (!replay || pace.wait(message.published_at, Duration::from_millis(100)))
            {
                break;
            }
        }
        bus.send_bytes(&publishers[message.stream], &message.bytes)?;
    }
    for (number, publisher) in publishers.iter().enumerate() {
        publisher.put(
            control_message(messages::wire::Kind::End, number, Timestamp::MAX)
                .map_err(crate::bus::BusError::from)?,
        )?;
    }
    ended.store(true, Ordering::Relaxed);
    participant.leave(watching, false);
    Ok(())
}
