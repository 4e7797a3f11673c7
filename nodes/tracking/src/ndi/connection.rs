//! A conversation with a tracker over its line: opened, kept, and opened anew when it is lost.

use std::time::Duration;

use crossbeam::channel::{Receiver, RecvTimeoutError, bounded};
use messages::{Timestamp, ToolPoses};
use runtime::clock::SessionClock;

use super::dialogue::{Action, Dialogue};
use super::link::Link;
use super::parameters::Setup;

/// What a moment of the conversation brought.
#[derive(Debug)]
pub enum Event {
    /// Nothing.
    Nothing,
    /// Poses of all tools.
    Poses {
        /// When they were measured.
        measured_at: Timestamp,
        /// Of all tools.
        poses: ToolPoses,
        /// What is wrong with the tracker.
        impaired: Option<String>,
    },
    /// Something that a person should know.
    Notice(String),
    /// The tracker is ready.
    Ready,
    /// The tracker is lost; it is looked for again.
    Lost(String),
}

/// Between two attempts to connect.
const AGAIN: Duration = Duration::from_millis(250);

#[derive(Debug)]
enum Line {
    /// Closed until this instant.
    Closed(Timestamp),
    /// Being opened in a thread of its own, because names and sockets block.
    Opening(Receiver<std::io::Result<Link>>),
    Open(Link),
}

/// The conversation and its line.
#[derive(Debug)]
pub struct Connection {
    setup: Setup,
    clock: SessionClock,
    dialogue: Dialogue,
    line: Line,
    buffer: Vec<u8>,
}

impl Connection {
    /// Not yet open; without `tracks` the tracker is made ready only.
    pub fn new(setup: Setup, clock: SessionClock, tracks: bool) -> Self {
        Self {
            dialogue: Dialogue::new(setup.clone(), tracks),
            setup,
            clock,
            line: Line::Closed(Timestamp(0)),
            buffer: vec![0; 1 << 16],
        }
    }

    /// The conversation.
    pub fn dialogue(&self) -> &Dialogue {
        &self.dialogue
    }

    /// Goes on for `patience` at most, or until something happens.
    pub fn go_on(&mut self, patience: Duration) -> Event {
        let until = self.clock.now() + patience;
        loop {
            if let Some(event) = self.act() {
                return event;
            }
            let now = self.clock.now();
            let left = until.since(now);
            match &mut self.line {
                Line::Closed(again_at) => {
                    let wait = again_at.since(now);
                    if wait.is_zero() {
                        self.line = Line::Opening(open(&self.setup));
                    } else {
                        std::thread::sleep(wait.min(left));
                    }
                }
                Line::Opening(opened) => match opened.recv_timeout(left) {
                    Ok(Ok(link)) => {
                        self.line = Line::Open(link);
                        self.dialogue.connected(self.clock.now());
                        continue;
                    }
                    Ok(Err(error)) => {
                        self.line = Line::Closed(now + AGAIN);
                        return Event::Lost(format!(
                            "the tracker at {} cannot be reached ({error}): look at its cable, its address, and whether it is switched on",
                            self.setup.address
                        ));
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => self.line = Line::Closed(now + AGAIN),
                },
                Line::Open(link) => {
                    let due = self.dialogue.deadline().map_or(left, |due| due.since(now));
                    match link.read(&mut self.buffer, due.min(left)) {
                        Ok(0) => self.dialogue.tick(self.clock.now()),
                        Ok(count) => {
                            let now = self.clock.now();
                            self.dialogue.receive(&self.buffer[..count], now);
                            self.dialogue.tick(now);
                        }
                        Err(error) => self.dialogue.disconnected(&gone(&self.setup, &error)),
                    }
                    if let Some(event) = self.act() {
                        return event;
                    }
                }
            }
            if until.since(self.clock.now()).is_zero() {
                return Event::Nothing;
            }
        }
    }

    /// Nobody listened for a while: what came meanwhile is old and passed over, and what did not may still come.
    pub fn pass_over(&mut self) {
        self.dialogue.wait_anew(self.clock.now());
        while !matches!(self.go_on(Duration::ZERO), Event::Nothing | Event::Lost(_)) {}
    }

    /// Does what is to be done, up to what is to be told.
    fn act(&mut self) -> Option<Event> {
        while let Some(action) = self.dialogue.next_action() {
            let Line::Open(link) = &mut self.line else { continue };
            let done = match action {
                Action::Send(bytes) => link.write(&bytes),
                Action::Break => link.reset(),
                Action::Set(settings) => link.set(settings),
                Action::Poses { measured_at, poses, impaired } => {
                    return Some(Event::Poses { measured_at, poses, impaired });
                }
                Action::Notice(text) => return Some(Event::Notice(text)),
                Action::Ready => return Some(Event::Ready),
                Action::Lost(reason) => {
                    self.line = Line::Closed(self.clock.now() + AGAIN);
                    return Some(Event::Lost(reason));
                }
            };
            if let Err(error) = done {
                self.dialogue.disconnected(&gone(&self.setup, &error));
            }
        }
        None
    }
}

impl Drop for Connection {
    /// Leaves the tracker as it was found; if that fails, it is stopped at the next start.
    fn drop(&mut self) {
        if let Line::Open(link) = &mut self.line
            && self.dialogue.is_tracking()
            && let Ok(bytes) =
                formats::ndi::Command::StopTracking.encode(formats::ndi::Form::Checked)
        {
            let _ = link.write(&bytes);
        }
    }
}

fn gone(setup: &Setup, error: &std::io::Error) -> String {
    format!(
        "the connection to the tracker at {} is lost ({error}): look at its cable and whether it is switched on",
        setup.address
    )
}

fn open(setup: &Setup) -> Receiver<std::io::Result<Link>> {
    let (sender, receiver) = bounded(1);
    let address = setup.address.clone();
    // Nobody waits for it any more if the device was closed meanwhile.
    std::thread::spawn(move || drop(sender.send(Link::open(&address))));
    receiver
}
