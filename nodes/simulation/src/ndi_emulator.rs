//! A tracker of NDI as its host sees it: commands in, replies out, as a state machine without a socket or a clock.
//!
//! | file | idea |
//! | --- | --- |
//! | `model` | which tracker: its names, ports, rates and volume |
//! | `ports` | port handles and the tools in them |
//! | `commands` | what each command does, and what is refused when |
//! | `sampling` | frames: when they are taken and what is seen in them |
//! | `poses` | TX, BX and BX2 |
//! | `user_parameters` | GET, GETINFO and SET |

mod commands;
mod model;
mod ports;
mod poses;
mod sampling;
#[cfg(test)]
mod tests;
mod user_parameters;

pub use model::Model;

use std::time::Duration;

use formats::ndi::{Binary, CommandDecoder, DeviceError, Reply};

use crate::faults::{Connection, FaultScript};
use crate::trajectory::{MovingTool, Trajectory};
use ports::Ports;
use user_parameters::UserParameters;

/// The time of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Since the emulator was made: frames are counted from then on.
    pub up: Duration,
    /// Since the start of the procedure, on which courses and faults run; zero before.
    pub procedure: Duration,
}

/// What one connection is to the device.
#[derive(Debug, Default)]
pub struct Line {
    decoder: CommandDecoder,
    /// The newest frame that BX2 gave it.
    last_frame: Option<u32>,
}

/// A tracker with its tools.
pub struct NdiEmulator {
    model: Model,
    trajectory: Box<dyn Trajectory>,
    faults: FaultScript,
    ports: Ports,
    parameters: UserParameters,
    /// The rate that it has after switching on.
    wakes_hz: f64,
    initialized: bool,
    tracking: bool,
    /// The frame that counts as number zero.
    first_frame: u64,
    /// Up to when what happens by itself has happened.
    seen_to: Duration,
    replies: u64,
}

impl NdiEmulator {
    /// A tracker that has just been switched on. Each tool of the trajectory is there: plugged in, or in view for
    /// whoever uploads its definition.
    pub fn new(model: Model, trajectory: Box<dyn Trajectory>, faults: FaultScript) -> Self {
        Self {
            ports: Ports::of(model, trajectory.tools()),
            parameters: UserParameters::of(model),
            wakes_hz: model.rates_hz()[0],
            model,
            trajectory,
            faults,
            initialized: false,
            tracking: false,
            first_frame: 0,
            seen_to: Duration::ZERO,
            replies: 0,
        }
    }

    /// Which tracker it is.
    pub fn model(&self) -> Model {
        self.model
    }

    /// Sets how many frames are taken in a second.
    ///
    /// # Errors
    /// If the tracker has no such rate.
    pub fn set_rate_hz(&mut self, rate_hz: f64) -> Result<(), DeviceError> {
        self.parameters.set_rate_hz(rate_hz)?;
        self.wakes_hz = rate_hz;
        Ok(())
    }

    /// The tools that it may see.
    pub fn tools(&self) -> &[MovingTool] {
        self.trajectory.tools()
    }

    /// The faults that it shows.
    pub fn faults(&self) -> &FaultScript {
        &self.faults
    }

    /// Takes what a host sent and gives what is sent back. A connection that is not the `master`'s may only look.
    pub fn hear(&mut self, line: &mut Line, now: Moment, master: bool, bytes: &[u8]) -> Vec<u8> {
        self.catch_up(now.procedure);
        if self.faults.connection(now.procedure) != Connection::Up {
            line.decoder.clear();
            return Vec::new();
        }
        line.decoder.feed(bytes);
        let mut sent = Vec::new();
        loop {
            let reply = match line.decoder.next_command() {
                Ok(None) => return sent,
                Ok(Some((command, _))) => self.answer(line, now, master, command),
                Err(error) => Reply::Error(error.answer),
            };
            sent.extend(self.encode(&reply, now.procedure));
        }
    }

    /// A break on the serial line: the device starts anew, and says so.
    pub fn serial_break(&mut self, line: &mut Line, now: Moment) -> Vec<u8> {
        self.catch_up(now.procedure);
        *line = Line::default();
        self.reset();
        if self.faults.connection(now.procedure) == Connection::Up {
            self.encode(&Reply::Reset, now.procedure)
        } else {
            Vec::new()
        }
    }

    /// As if switched off and on: tools without a cable are to be defined anew.
    fn reset(&mut self) {
        self.ports = Ports::of(self.model, self.trajectory.tools());
        self.parameters = UserParameters::of(self.model);
        // It was set before, so that the device has it.
        let _ = self.parameters.set_rate_hz(self.wakes_hz);
        self.initialized = false;
        self.tracking = false;
        self.first_frame = 0;
    }

    /// What happened by itself since the last call: lost power, pulled plugs.
    fn catch_up(&mut self, procedure: Duration) {
        let to = procedure + Duration::from_nanos(1);
        if self.faults.lost_power(self.seen_to, to) {
            self.reset();
        }
        self.ports.plug(&self.faults, self.seen_to, procedure);
        self.seen_to = self.seen_to.max(to);
    }

    /// The bytes of a reply, damaged if the faults say so.
    fn encode(&mut self, reply: &Reply, procedure: Duration) -> Vec<u8> {
        let number = self.replies;
        self.replies += 1;
        let internal = || Reply::Error(DeviceError(0x1a)).encode().unwrap_or_default();
        let mut bytes = reply.encode().unwrap_or_else(|_| internal());
        let end = bytes.len();
        let crc = match reply {
            Reply::Binary(Binary::Checked(_)) => end - 2..end,
            Reply::Binary(Binary::Long(_)) => end..end,
            _ => end.saturating_sub(5)..end.saturating_sub(1),
        };
        self.faults.damage(procedure, number).apply(&mut bytes, crc);
        bytes
    }
}
