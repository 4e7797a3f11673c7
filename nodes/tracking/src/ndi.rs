//! The device `ndi`: where a tracker of NDI (Polaris, Vega, Aurora) sees each of its tools.
//!
//! | module | idea |
//! | --- | --- |
//! | [`parameters`], [`address`], [`tool`] | what a graph file says: which tracker, which tools |
//! | [`startup`] | which command follows which answer until the tracker tracks |
//! | [`frame_clock`] | when frames were measured, on the session's clock |
//! | [`answers`], [`poses`] | from answers to the poses of all tools, with a reason where there is none |
//! | `damage`, `patience` | answers that arrive damaged, or not at all |
//! | [`dialogue`] | the whole conversation, pure: bytes and instants in, what is to be done out |
//! | [`connection`], [`link`] | its line: a socket or a serial line, opened anew when it is lost |
//! | [`examine`] | what `vesalius doctor` says of the tracker and its tools |

pub mod address;
pub mod answers;
pub mod connection;
mod damage;
pub mod dialogue;
pub mod examine;
pub mod frame_clock;
pub mod link;
pub mod parameters;
mod patience;
pub mod poses;
mod serial;
pub mod startup;
pub mod tool;

use std::time::Duration;

use messages::{Pose, Timestamp, ToolPoses, TrackedTool};
use runtime::clock::SessionClock;
use runtime::{Device, DeviceSession, Finding, Reading, log, outputs};

use connection::{Connection, Event};
use parameters::{Parameters, WrongParameters};

outputs! {
    /// What the tracker sees.
    pub enum Output { poses => Poses(ToolPoses) }
}

/// Why a tracker cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The parameters.
    #[error(transparent)]
    Parameters(#[from] WrongParameters),
    /// It did not become ready.
    #[error("no tracker became ready within {patience_ms} ms: {reason}")]
    NotReady {
        /// `connect_for_ms`.
        patience_ms: u128,
        /// The last thing that went wrong.
        reason: String,
    },
    /// Time does not pass as it does for a tracker.
    #[error("a real tracker cannot take part in a procedure with a simulated clock: run it live")]
    NotLive,
}

/// How long a reading may take.
const MOMENT: Duration = Duration::from_millis(50);
/// The least time between two sets.
const TICK: Duration = Duration::from_nanos(1);
/// How often it is said that nothing is tracked.
const HIDDEN_PERIOD: Duration = Duration::from_millis(100);

/// The device.
#[derive(Debug)]
pub struct Ndi {
    connection: Connection,
    clock: SessionClock,
    names: Vec<String>,
    latency: Duration,
    /// Of when the newest poses are that were given.
    given: Timestamp,
    /// Why nothing is tracked, and when that was last said.
    lost: Option<(String, Timestamp)>,
    said_at: Timestamp,
}

impl Ndi {
    fn open_with(parameters: &Parameters, clock: SessionClock) -> Result<Self, Error> {
        let setup = parameters.setup()?;
        let names = setup.tools.iter().map(|tool| tool.name.clone()).collect();
        let (patience, latency) = (setup.connect_for, setup.latency);
        let mut connection = Connection::new(setup, clock, true);
        let until = clock.now() + patience;
        let mut reason = "it does not answer: look at its cable and address".to_owned();
        loop {
            match connection.go_on(MOMENT) {
                Event::Ready => break,
                Event::Lost(text) | Event::Notice(text) => reason = text,
                Event::Poses { .. } | Event::Nothing => {}
            }
            if until.since(clock.now()).is_zero() {
                return Err(Error::NotReady { patience_ms: patience.as_millis(), reason });
            }
        }
        log::info(&format!("the tracker is ready: {}", connection.dialogue().startup().identity));
        let said_at = clock.now();
        Ok(Self { connection, clock, names, latency, given: Timestamp(0), lost: None, said_at })
    }

    /// All tools hidden, for this reason.
    fn hidden(&self, reason: &str) -> Vec<Output> {
        let tools = self.names.iter().map(|name| TrackedTool {
            name: name.clone(),
            pose: Pose::Hidden { reason: reason.to_owned() },
        });
        vec![Output::Poses(ToolPoses { tools: tools.collect() })]
    }

    fn blank(&mut self, reason: String) -> Reading<Output> {
        // Never before what was given, also where that was measured a moment ago by a clock that runs fast.
        let acquired_at = (self.clock.now() - self.latency).max(self.given + TICK);
        self.given = acquired_at;
        let outputs = self.hidden(&reason);
        self.lost = Some((reason.clone(), acquired_at));
        Reading::Impaired { acquired_at, outputs, reason }
    }
}

impl Device for Ndi {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(parameters: Parameters) -> Result<Self, Error> {
        Self::open_with(&parameters, SessionClock::new())
    }

    fn open_in(parameters: Parameters, session: &DeviceSession) -> Result<Self, Error> {
        if !session.is_live() {
            return Err(Error::NotLive);
        }
        Self::open_with(&parameters, session.clock())
    }

    fn examine(parameters: Parameters) -> Vec<Finding> {
        examine::examine(&parameters)
    }

    /// Since it was opened seconds may have passed, and a frame of then may wait.
    fn start(&mut self, _: Timestamp) {
        self.connection.pass_over();
        self.said_at = self.clock.now();
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        match self.connection.go_on(MOMENT) {
            Event::Poses { measured_at, poses, impaired } => {
                self.lost = None;
                self.said_at = self.clock.now();
                let acquired_at = measured_at - self.latency;
                // They were held up for so long that their tools were said to be hidden at a later instant.
                if acquired_at <= self.given {
                    return Ok(Reading::Nothing);
                }
                self.given = acquired_at;
                let outputs = vec![Output::Poses(poses)];
                return Ok(match impaired {
                    None => Reading::Acquired { acquired_at, outputs },
                    Some(reason) => Reading::Impaired { acquired_at, outputs, reason },
                });
            }
            Event::Notice(reason) => return Ok(Reading::Refused { reason }),
            Event::Ready => {
                let identity = &self.connection.dialogue().startup().identity;
                log::info(&format!("the tracker is ready again: {identity}"));
            }
            Event::Lost(reason) => return Ok(self.blank(reason)),
            Event::Nothing => {}
        }
        let now = self.clock.now();
        if let Some((reason, said_at)) = &self.lost {
            if now.since(*said_at) >= HIDDEN_PERIOD {
                let reason = reason.clone();
                return Ok(self.blank(reason));
            }
        } else if !self.connection.dialogue().is_tracking()
            && now.since(self.said_at) >= HIDDEN_PERIOD
        {
            return Ok(self.blank(
                "the tracker looks for tools that were plugged in or pulled out".to_owned(),
            ));
        }
        Ok(Reading::Nothing)
    }
}
