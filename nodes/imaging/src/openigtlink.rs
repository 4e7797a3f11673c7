//! The device `openigtlink`: live ultrasound images of any OpenIGTLink server, such as PLUS or 3D Slicer.
//!
//! | file | idea |
//! | --- | --- |
//! | [`grey`] | IMAGE as an 8-bit grey image, and where it lies |
//! | [`intake`] | images out of the bytes of a connection, on the session's clock |
//! | [`examine`] | what `vesalius doctor` is told |
//!
//! The connection is made again and again, from opening on. While nobody answers or no image comes, the device is
//! degraded, in a sentence. A damaged message is told and costs itself alone; after bytes that are no message the
//! connection is made anew.
//!
//! **Time.** The stamps of the server are mapped to the session's clock by [`SenderClock`](runtime::SenderClock), which
//! says with what error; an image without a stamp is of its arrival.

pub mod examine;
pub mod grey;
pub mod intake;

use std::time::Duration;

use formats::plus_sequence::Orientation;
use messages::{LocatedImage, Timestamp, UltrasoundImage};
use runtime::clock::{self, SessionClock};
use runtime::tcp_link::{LinkEvent, TcpLink};
use runtime::{Device, DeviceSession, Finding, Reading, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use grey::Conversion;
use intake::{Came, Intake, Places, Wanted};

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Where the server listens, `HOST:PORT`; PLUS and 3D Slicer take port 18944 by default.
    #[schemars(extend("format" = "address"))]
    pub address: String,
    /// The device name of the images, such as `Image_Reference`; by default that of the first one that comes.
    #[serde(default)]
    pub device: Option<String>,
    /// How the ultrasound lies in the pixels, as PLUS writes it: MF has the probe above and its marked side to the right.
    /// PLUS sends MF.
    #[serde(default = "mf")]
    #[schemars(default = "mf")]
    pub orientation: String,
    /// The values that become black and white, for images of other numbers than 8 bits without a sign. By default the
    /// smallest and the largest of an integer type.
    #[serde(default)]
    pub window: Option<[f64; 2]>,
    /// Whether the matrix of each image says where it lies in the patient's reference frame, as PLUS sends it with
    /// `EmbeddedTransformToFrame="Reference"`: then it is also published as `located`. By default the matrix is not used.
    #[serde(default)]
    pub places: bool,
    /// Whether the matrix is anatomical, RAS or LPS as the image says, and is turned to LPS. PLUS says RAS of any frame
    /// and means none: its numbers are taken as they are.
    #[serde(default)]
    pub anatomical: bool,
    /// The transforms that must have been seen for an image to be placed, such as `ProbeToTracker`; by default all that
    /// the server tells of.
    #[serde(default)]
    pub placed_by: Vec<String>,
    /// Whether images must be asked for (`STT_IMAGE`). PLUS and 3D Slicer send them by themselves.
    #[serde(default)]
    pub ask: bool,
    /// After so long without an image the device is degraded, milliseconds.
    #[serde(default = "silent_after_ms")]
    #[schemars(default = "silent_after_ms", range(min = 50, max = 60_000))]
    pub silent_after_ms: u64,
    /// The largest message that is taken, MiB.
    #[serde(default = "largest_mib")]
    #[schemars(default = "largest_mib", range(min = 1, max = 1024))]
    pub largest_mib: u64,
}

fn mf() -> String {
    "MF".to_owned()
}

fn silent_after_ms() -> u64 {
    1000
}

fn largest_mib() -> u64 {
    64
}

outputs! {
    /// What it gives: images, and with `places` also where they lie.
    pub enum Output { image => Image(UltrasoundImage), located => Located(LocatedImage) }
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

/// So many images wait for whoever publishes them.
const WAITING: usize = 16;
/// What is wrong is said again after so long.
const AGAIN: Duration = Duration::from_secs(2);
/// No call of `read` takes longer.
const PATIENCE: Duration = Duration::from_millis(100);
/// A connection on which nothing comes for so long is made anew: its other end may be gone without a word.
const RENEW: Duration = Duration::from_secs(5);

/// A server of images.
pub struct OpenIgtLink {
    address: String,
    link: TcpLink<Came>,
    silent_after: Duration,
    started_at: Option<Timestamp>,
    /// When something came last, on the monotonic clock.
    heard: Duration,
    renewed: Duration,
    /// What was said last, and when.
    said: Option<(String, Duration)>,
    /// How often since it was said.
    unsaid: u64,
    is_down: Option<String>,
}

impl Parameters {
    fn wanted(&self) -> Result<Wanted, Error> {
        let orientation: Orientation = self.orientation.parse().map_err(|error| {
            Error::Parameter { name: "orientation", reason: format!("cannot be used: {error}") }
        })?;
        if let Some([black, white]) = self.window
            && !(black.is_finite() && white.is_finite() && black < white)
        {
            let reason =
                format!("must be [black, white] with black < white, but is [{black}, {white}]");
            return Err(Error::Parameter { name: "window", reason });
        }
        let places = Places { anatomical: self.anatomical, by: self.placed_by.clone() };
        Ok(Wanted {
            device: self.device.clone(),
            conversion: Conversion { orientation, window: self.window },
            places: self.places.then_some(places),
            ask: self.ask,
            limit: self.largest_mib << 20,
        })
    }

    fn open(self, clock: SessionClock) -> Result<OpenIgtLink, Error> {
        let intake = Intake::new(self.wanted()?);
        let link = TcpLink::open(&self.address, clock, WAITING, intake).map_err(Error::Thread)?;
        let now = clock::monotonic();
        Ok(OpenIgtLink {
            address: self.address,
            link,
            silent_after: Duration::from_millis(self.silent_after_ms),
            started_at: None,
            heard: now,
            renewed: now,
            said: None,
            unsaid: 0,
            is_down: None,
        })
    }
}

impl OpenIgtLink {
    /// Says a reason; the same one again only after a while, with how often it was so.
    fn refuse(&mut self, reason: String) -> Reading<Output> {
        let now = clock::monotonic();
        if let Some((said, at)) = &self.said
            && *said == reason
            && now.saturating_sub(*at) < AGAIN
        {
            self.unsaid += 1;
            return Reading::Nothing;
        }
        let is_same = self.said.as_ref().is_some_and(|(said, _)| *said == reason);
        let times = std::mem::take(&mut self.unsaid);
        self.said = Some((reason.clone(), now));
        let reason =
            if is_same && times > 0 { format!("{reason} ({times} times since)") } else { reason };
        Reading::Refused { reason }
    }

    fn silence(&mut self) -> Reading<Output> {
        if let Some(reason) = self.is_down.clone() {
            return self.refuse(reason);
        }
        let now = clock::monotonic();
        let silent = now.saturating_sub(self.heard);
        if silent > RENEW && now.saturating_sub(self.renewed) > RENEW {
            self.renewed = now;
            self.link.renew();
        }
        if silent <= self.silent_after {
            return Reading::Nothing;
        }
        // Without the time, which would make it another sentence each time.
        self.refuse(format!(
            "no image came from {} for more than {} ms: does the server acquire, and does it send IMAGE under the name that is wanted?",
            self.address,
            self.silent_after.as_millis()
        ))
    }

    fn came(&mut self, came: Came) -> Reading<Output> {
        self.is_down = None;
        match came {
            Came::Refused { reason } => self.refuse(reason),
            Came::Image { acquired_at, image, placement } => {
                self.heard = clock::monotonic();
                if self.started_at.is_none_or(|started| acquired_at < started) {
                    return Reading::Nothing;
                }
                let placed = placement.map(|placement| {
                    Output::Located(LocatedImage { image: image.clone(), placement })
                });
                let outputs = std::iter::once(Output::Image(image)).chain(placed).collect();
                let dropped = self.link.take_dropped();
                if dropped > 0 {
                    let reason = format!(
                        "{dropped} images of {} are lost: they came faster than they were published",
                        self.address
                    );
                    return Reading::Impaired { acquired_at, outputs, reason };
                }
                Reading::Acquired { acquired_at, outputs }
            }
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
        match parameters.wanted() {
            Ok(wanted) => examine::examine(&parameters.address, &wanted),
            Err(error) => {
                vec![Finding::wrong(error.to_string(), "put the parameter right, then ask again")]
            }
        }
    }

    fn start(&mut self, started_at: Timestamp) {
        // What waited since opening is of the time before.
        while let Some(event) = self.link.next(Duration::ZERO) {
            if let LinkEvent::Down { reason } = event {
                self.is_down = Some(reason);
            } else {
                self.is_down = None;
            }
        }
        self.link.take_dropped();
        self.started_at = Some(started_at);
        self.heard = clock::monotonic();
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        Ok(match self.link.next(PATIENCE) {
            Some(LinkEvent::Item(came)) => self.came(came),
            Some(LinkEvent::Up { .. }) => {
                self.is_down = None;
                self.heard = clock::monotonic();
                Reading::Nothing
            }
            Some(LinkEvent::Down { reason }) => {
                self.is_down = Some(reason);
                self.silence()
            }
            None => self.silence(),
        })
    }
}
