//! The device `openigtlink`: poses of tracked tools from any OpenIGTLink server, such as PLUS or a tracker.
//!
//! | file | idea |
//! | --- | --- |
//! | [`axes`] | which axes the matrices are in: those of the tracker, or RAS |
//! | [`sightings`] | what a message says of tools |
//! | [`tool_names`] | which name of the server is which tool |
//! | [`assembly`] | all tools at one instant, put together |
//! | [`intake`] | the bytes of a connection, on the session's clock |
//! | [`examine`] | what `vesalius doctor` is told |
//!
//! The connection is made again and again, from opening on. While nobody answers or no pose comes, all tools are hidden
//! and the device is degraded, both with the reason. A damaged message is told and costs itself alone; after bytes that
//! are no message the connection is made anew.
//!
//! **Time.** The stamps of the server are mapped to the session's clock by [`SenderClock`](runtime::SenderClock), which
//! says with what error; a pose without a stamp is of its arrival.

pub mod assembly;
pub mod axes;
pub mod examine;
pub mod intake;
pub mod sightings;
pub mod tool_names;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use messages::{Timestamp, ToolPoses};
use runtime::clock::{self, SessionClock};
use runtime::tcp_link::{LinkEvent, TcpLink};
use runtime::{Device, DeviceSession, Finding, Reading, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use assembly::{Assembly, Limits, Sample};
use axes::Axes;
use intake::{Came, Intake, Wanted};
use tool_names::ToolNames;

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Where the server listens, `HOST:PORT`; PLUS and 3D Slicer take port 18944 by default.
    #[schemars(extend("format" = "address"))]
    pub address: String,
    /// The tools, as the graph calls them: `probe` is the transform `ProbeToTracker`, or the tool `Probe` of TDATA.
    pub tools: Vec<String>,
    /// What the server calls a tool where that does not follow from its name, such as `patient = "ReferenceToTracker"`.
    #[serde(default)]
    pub sent_as: BTreeMap<String, String>,
    /// The name of the tracking system in the server's transforms.
    #[serde(default = "tracker")]
    #[schemars(default = "tracker")]
    pub tracker: String,
    /// Which messages are taken.
    #[serde(default)]
    pub messages: Messages,
    /// The least time between two TDATA, milliseconds.
    #[serde(default = "interval_ms")]
    #[schemars(default = "interval_ms", range(min = 1, max = 10_000))]
    pub interval_ms: u32,
    /// Which axes the matrices are in.
    #[serde(default)]
    pub axes: Axes,
    /// TRANSFORMs whose times are so close are of one instant, milliseconds; those of PLUS have the same time.
    #[serde(default = "together_ms")]
    #[schemars(default = "together_ms", range(min = 0.0, max = 1000.0))]
    pub together_ms: f64,
    /// How long after the first TRANSFORM of an instant the others may arrive, milliseconds.
    #[serde(default = "linger_ms")]
    #[schemars(default = "linger_ms", range(min = 0.0, max = 1000.0))]
    pub linger_ms: f64,
    /// After so long without a pose all tools are hidden, milliseconds.
    #[serde(default = "hidden_after_ms")]
    #[schemars(default = "hidden_after_ms", range(min = 20, max = 60_000))]
    pub hidden_after_ms: u64,
}

/// Which messages are taken of a server that may send the same poses in several forms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Messages {
    /// TRANSFORM, POSITION and QTRANS, which PLUS sends by itself.
    #[default]
    Transform,
    /// TDATA and QTDATA, which are asked for (`STT_TDATA`).
    Tdata,
}

fn tracker() -> String {
    "Tracker".to_owned()
}

fn interval_ms() -> u32 {
    10
}

fn together_ms() -> f64 {
    2.0
}

fn linger_ms() -> f64 {
    10.0
}

fn hidden_after_ms() -> u64 {
    200
}

outputs! {
    /// What it gives.
    pub enum Output { poses => Poses(ToolPoses) }
}

/// Why the device cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A parameter makes no sense.
    #[error("`{name}` {reason}")]
    Parameter {
        /// Which.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The thread that reads cannot be started.
    #[error("the thread that reads the connection cannot be started: {0}")]
    Thread(std::io::Error),
}

/// So many messages wait for whoever reads.
const WAITING: usize = 1024;
/// What is wrong is said again after so long.
const AGAIN: Duration = Duration::from_secs(2);
/// No call of `read` takes longer.
const PATIENCE: Duration = Duration::from_millis(100);
/// A connection on which nothing comes for so long is made anew: its other end may be gone without a word.
const RENEW: Duration = Duration::from_secs(5);

impl Parameters {
    fn names(&self) -> Result<ToolNames, Error> {
        ToolNames::new(&self.tools, &self.sent_as, &self.tracker)
            .map_err(|reason| Error::Parameter { name: "tools", reason })
    }

    fn wanted(&self) -> Wanted {
        let interval = i32::try_from(self.interval_ms).unwrap_or(i32::MAX);
        Wanted { tdata_ms: (self.messages == Messages::Tdata).then_some(interval), axes: self.axes }
    }

    fn limits(&self) -> Result<Limits, Error> {
        let time = |name, ms: f64| {
            Duration::try_from_secs_f64(ms * 1e-3).map_err(|_| Error::Parameter {
                name,
                reason: format!("must be milliseconds, 0 or more, but is {ms}"),
            })
        };
        Ok(Limits {
            together: time("together_ms", self.together_ms)?,
            linger: time("linger_ms", self.linger_ms)?,
            silent: Duration::from_millis(self.hidden_after_ms.max(1)),
        })
    }

    fn open(self, clock: SessionClock) -> Result<OpenIgtLink, Error> {
        let assembly = Assembly::new(self.names()?, self.limits()?, clock.now());
        let intake = Intake::new(self.wanted());
        let link = TcpLink::open(&self.address, clock, WAITING, intake).map_err(Error::Thread)?;
        let now = clock::monotonic();
        Ok(OpenIgtLink {
            address: self.address,
            link,
            clock,
            assembly,
            samples: VecDeque::new(),
            started_at: None,
            is_down: None,
            heard: now,
            renewed: now,
            said_at: None,
            damaged: 0,
            lost: 0,
            late: 0,
        })
    }
}

/// A server of poses.
pub struct OpenIgtLink {
    address: String,
    link: TcpLink<Came>,
    clock: SessionClock,
    assembly: Assembly,
    samples: VecDeque<Sample>,
    started_at: Option<Timestamp>,
    /// Why nobody answers, if nobody does.
    is_down: Option<String>,
    /// When a pose came last, on the monotonic clock.
    heard: Duration,
    renewed: Duration,
    /// When it was said last what could not be used.
    said_at: Option<Duration>,
    damaged: u64,
    /// Poses that were not read in time, and that came after their instant was given out; not yet said.
    lost: u64,
    late: u64,
}

impl OpenIgtLink {
    /// Takes what happened on the link; a reason is told at once.
    fn take(&mut self, event: LinkEvent<Came>) -> Option<String> {
        match event {
            LinkEvent::Up { .. } => self.is_down = None,
            LinkEvent::Down { reason } => {
                self.samples.extend(self.assembly.hide(self.clock.now(), &reason));
                self.is_down = Some(reason);
            }
            LinkEvent::Item(Came::Refused { reason }) => {
                self.damaged += 1;
                return self.may_say().then(|| {
                    let times = std::mem::take(&mut self.damaged);
                    if times > 1 { format!("{reason} ({times} times)") } else { reason }
                });
            }
            LinkEvent::Item(Came::Tools { said, at, arrived_at }) => {
                self.is_down = None;
                self.heard = clock::monotonic();
                self.samples.extend(self.assembly.take(said, at, arrived_at));
            }
        }
        None
    }

    fn may_say(&mut self) -> bool {
        let now = clock::monotonic();
        let may = self.said_at.is_none_or(|at| now.saturating_sub(at) >= AGAIN);
        if may {
            self.said_at = Some(now);
        }
        may
    }

    fn silence(&mut self) {
        let now = self.clock.now();
        match &self.is_down {
            Some(reason) => {
                // As often as a silent server hides them.
                if self.assembly.wait(now).is_some() {
                    let reason = reason.clone();
                    self.samples.extend(self.assembly.hide(self.clock.now(), &reason));
                }
            }
            None => self.samples.extend(self.assembly.wait(now)),
        }
        let now = clock::monotonic();
        if self.is_down.is_none()
            && now.saturating_sub(self.heard) > RENEW
            && now.saturating_sub(self.renewed) > RENEW
        {
            self.renewed = now;
            self.link.renew();
        }
    }

    /// What could not be used, in words, now and then.
    fn unused(&mut self) -> Option<String> {
        self.lost += self.link.take_dropped();
        self.late += self.assembly.take_unused().late;
        if self.lost + self.late == 0 || !self.may_say() {
            return None;
        }
        let (lost, late) = (std::mem::take(&mut self.lost), std::mem::take(&mut self.late));
        Some(format!(
            "{lost} poses of {} are lost because they came faster than they were read, and {late} came too late for their instant",
            self.address
        ))
    }

    fn reading(&mut self, sample: Sample) -> Reading<Output> {
        let acquired_at = sample.at;
        if self.started_at.is_none_or(|started| acquired_at < started) {
            return Reading::Nothing;
        }
        let outputs = vec![Output::Poses(sample.poses)];
        if sample.is_silence {
            let reason = self.is_down.clone().unwrap_or_else(|| {
                format!(
                    "no pose of {} came from {}: does the server track, and does it send them under these names?",
                    self.assembly.tools().join(", "),
                    self.address
                )
            });
            return Reading::Impaired { acquired_at, outputs, reason };
        }
        match self.unused() {
            Some(reason) => Reading::Impaired { acquired_at, outputs, reason },
            None => Reading::Acquired { acquired_at, outputs },
        }
    }
}

impl Device for OpenIgtLink {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(parameters: Parameters) -> Result<Self, Error> {
        parameters.open(SessionClock::new())
    }

    fn open_in(parameters: Parameters, session: &DeviceSession) -> Result<Self, Error> {
        parameters.open(session.clock())
    }

    fn examine(parameters: Parameters) -> Vec<Finding> {
        match parameters.names() {
            Ok(names) => examine::examine(&parameters.address, &names, parameters.wanted()),
            Err(error) => {
                vec![Finding::wrong(error.to_string(), "put the parameter right, then ask again")]
            }
        }
    }

    fn start(&mut self, started_at: Timestamp) {
        // What waited since opening is of the time before.
        while let Some(event) = self.link.next(Duration::ZERO) {
            self.take(event);
        }
        self.link.take_dropped();
        self.samples.clear();
        self.said_at = None;
        (self.lost, self.late, self.damaged) = (0, 0, 0);
        self.assembly.begin(self.clock.now());
        self.started_at = Some(started_at);
        if let Some(reason) = self.is_down.clone() {
            self.samples.extend(self.assembly.hide(self.clock.now(), &reason));
        }
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        if self.samples.is_empty() {
            let patience = self.assembly.patience(self.clock.now()).min(PATIENCE);
            if let Some(event) = self.link.next(patience)
                && let Some(reason) = self.take(event)
            {
                return Ok(Reading::Refused { reason });
            }
            // Also while others are heard: their messages must not hide that those of our tools are missing.
            if self.samples.is_empty() {
                self.silence();
            }
        }
        Ok(match self.samples.pop_front() {
            Some(sample) => self.reading(sample),
            None => Reading::Nothing,
        })
    }
}
