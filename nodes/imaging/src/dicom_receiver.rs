//! The device `dicom_receiver`: a scanner pushes the images of a series here (C-STORE), and they become one volume.
//!
//! | module | idea |
//! | --- | --- |
//! | `negotiate`, `assemble` | the protocol, pure: what is answered, and messages from their pieces |
//! | `series` | which images are here, what is missing, and when a series is complete, pure |
//! | `reception`, `store` | what becomes of an image: read without who the patient is, admitted, stored |
//! | `listener`, `association` | the port, and a thread for each association |
//! | `volume` | a complete series as a message |
//!
//! An image that was answered with success is on disk, and is not lost if its association breaks off, or if this process
//! does and is started again. A series that is sent again is taken once. Nothing of who the patient is comes further than
//! the memory of the thread that reads it: stored are hashes with the session's key, places and pixels.

mod assemble;
mod association;
mod listener;
mod negotiate;
mod reception;
mod series;
mod store;
mod volume;

use std::collections::VecDeque;
use std::net::{TcpListener, ToSocketAddrs as _};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use formats::dicom::{STORAGE_CLASSES, TRANSFER_SYNTAXES};
use messages::{IntensityVolume, Patient};
use runtime::clock::SessionClock;
use runtime::{Device, DeviceSession, Finding, Reading, SessionPatient, log, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::files;
use crate::preoperative::ScannerKind;
use association::Shared;
use listener::Listener;
use negotiate::Policy;
use reception::{Reception, Terms};
use series::{Rules, Verdict};
use store::Store;
use volume::Placing;
pub use volume::{NoPlace, ScannerClock};

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Where to listen, such as `tcp://127.0.0.1:11112`. A scanner in another machine reaches it only at an address of
    /// this one's network, or at `0.0.0.0`; DICOM is not encrypted.
    #[serde(default = "address")]
    #[schemars(default = "address", extend("format" = "listen-address"))]
    pub address: String,
    /// The AE title by which senders call it, of 16 characters at most.
    #[serde(default = "ae_title")]
    #[schemars(default = "ae_title", length(min = 1, max = 16))]
    pub ae_title: String,
    /// AE titles of those who may send; by default anybody who reaches the address.
    #[serde(default)]
    pub callers: Vec<String>,
    /// The kind of scanner whose images are taken.
    #[serde(default = "modality")]
    #[schemars(default = "modality")]
    pub modality: ScannerKind,
    /// Whether a series is complete as soon as as many images are here as they tell that there are
    /// (`NumberOfSeriesRelatedInstances`, `ImagesInAcquisition`). If not, or if they tell none, the times below decide.
    #[serde(default = "yes")]
    #[schemars(default = "yes")]
    pub complete_by_count: bool,
    /// A series is complete if every association that brought some of it was released and nothing more came for so long.
    #[serde(default = "settle_ms")]
    #[schemars(default = "settle_ms", range(min = 0, max = 600_000))]
    pub settle_ms: u64,
    /// Or if nothing came for so long though an association is still open.
    #[serde(default = "quiet_ms")]
    #[schemars(default = "quiet_ms", range(min = 0, max = 600_000))]
    pub quiet_ms: u64,
    /// Where the scanner's coordinates lie in the patient's: the first three rows of a rigid matrix, in millimetres, LPS
    /// in both. By default they are the same, as if the scanner were tracked with the patient's reference sensor.
    #[serde(default)]
    pub patient_from_scanner: Option<[[f64; 4]; 3]>,
    /// The clock of the scanner: if given, a volume was acquired when its images say that they were. By default, when
    /// their last byte came.
    #[serde(default)]
    pub scanner_clock: Option<ScannerClock>,
    /// A sender that is silent for so long is cut off; what it sent stays.
    #[serde(default = "silence_s")]
    #[schemars(default = "silence_s", range(min = 1, max = 3600))]
    pub max_silence_s: u64,
    /// The most associations at a time.
    #[serde(default = "max_associations")]
    #[schemars(default = "max_associations", range(min = 1, max = 64))]
    pub max_associations: usize,
    /// The most mebibytes of one image, or of one file of many frames.
    #[serde(default = "max_image_mib")]
    #[schemars(default = "max_image_mib", range(min = 1, max = 2048))]
    pub max_image_mib: usize,
    /// The most mebibytes of the pixels of all images.
    #[serde(default = "max_mib")]
    #[schemars(default = "max_mib", range(min = 1, max = 16_384))]
    pub max_mib: u64,
}

fn address() -> String {
    "tcp://127.0.0.1:11112".to_owned()
}
fn ae_title() -> String {
    "VESALIUS".to_owned()
}
fn modality() -> ScannerKind {
    ScannerKind::ConeBeamCt
}
fn yes() -> bool {
    true
}
fn settle_ms() -> u64 {
    1000
}
fn quiet_ms() -> u64 {
    10_000
}
fn silence_s() -> u64 {
    30
}
fn max_associations() -> usize {
    8
}
fn max_image_mib() -> usize {
    1024
}
fn max_mib() -> u64 {
    2048
}

outputs! {
    /// Each complete series, once. If more of it comes later, once more, with all that is there then.
    pub enum Output {
        image => Image(IntensityVolume<Patient>),
    }
}

/// Why nothing can be received.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened at.
    #[error(
        "cannot listen at {address}: {source}; is another program there already, or is it no address of this machine?"
    )]
    Listen {
        /// The address.
        address: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A name is none by which DICOM applications call each other.
    #[error(
        "`{name}` must be 1 to 16 letters, digits or signs of ASCII without `\\`, but is `{value}`"
    )]
    AeTitle {
        /// Which parameter.
        name: &'static str,
        /// What it is.
        value: String,
    },
    /// Images cannot be stored.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The scanner's place is none.
    #[error(transparent)]
    Place(#[from] NoPlace),
    /// Time does not pass as it does for people.
    #[error(
        "a scanner pushes its images when it likes: use `simulation/cone_beam` on the simulated clock, or run without `--clock simulated`"
    )]
    Simulated,
    /// The thread that listens has ended.
    #[error("nobody listens any more at {0}")]
    Ended(String),
}

/// The device.
pub struct DicomReceiver {
    listener: Listener,
    placing: Placing,
    /// What is still to be done.
    verdicts: VecDeque<Verdict>,
}

impl DicomReceiver {
    fn begin(
        parameters: Parameters,
        clock: SessionClock,
        secret: [u8; 32],
        patient: Option<SessionPatient>,
        store: impl FnOnce(u16) -> Result<Store, store::StoreError>,
    ) -> Result<Self, Error> {
        let titles = parameters.callers.iter().map(|title| ("callers", title));
        for (name, title) in titles.chain([("ae_title", &parameters.ae_title)]) {
            check_title(name, title)?;
        }
        let address = plain(&parameters.address);
        let placing = Placing::new(&parameters)?;
        // The port names the folder, so that it is known before anything can come.
        let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(0);
        let rules = Rules {
            by_count: parameters.complete_by_count,
            settle: Duration::from_millis(parameters.settle_ms),
            quiet: Duration::from_millis(parameters.quiet_ms),
        };
        let terms = Terms {
            modality: parameters.modality,
            most_image_bytes: parameters.max_image_mib << 20,
            most_bytes: parameters.max_mib << 20,
            rules,
        };
        let reception = Reception::new(terms, clock, secret, patient, store(port)?)?;
        let shared = Shared {
            policy: Policy { ae_title: parameters.ae_title, callers: parameters.callers },
            reception,
            patience: Duration::from_secs(parameters.max_silence_s),
            is_over: AtomicBool::new(false),
        };
        let listener = Listener::open(address, parameters.max_associations, shared);
        let listener = listener
            .map_err(|source| Error::Listen { address: parameters.address.clone(), source })?;
        log::info(&format!("listens for DICOM images at {}", listener.address()));
        Ok(Self { listener, placing, verdicts: VecDeque::new() })
    }

    /// Where it listens: with port 0 the system chose one.
    pub fn address(&self) -> std::net::SocketAddr {
        self.listener.address()
    }

    fn reading(&mut self) -> Option<Reading<Output>> {
        let reception = &self.listener.shared().reception;
        if let Some(reason) = reception.news() {
            return Some(Reading::Refused { reason });
        }
        if self.verdicts.is_empty() {
            self.verdicts.extend(reception.judge());
        }
        while let Some(verdict) = self.verdicts.pop_front() {
            match verdict {
                Verdict::Wanting { reason, .. } => reception.say(reason),
                Verdict::Complete { key, last_byte } => {
                    let made = reception
                        .images_of(&key, last_byte)
                        .and_then(|files| self.placing.volume(files, last_byte));
                    let (acquired_at, image) = match made {
                        Ok(made) => made,
                        Err(reason) => {
                            reception.say(reason);
                            continue;
                        }
                    };
                    let took = reception.now().since(last_byte);
                    log::info(&format!(
                        "a series of {} images is complete: its volume is there {:.2} s after its last byte",
                        reception.images(&key),
                        took.as_secs_f64()
                    ));
                    return Some(Reading::Acquired {
                        acquired_at,
                        outputs: vec![Output::Image(image)],
                    });
                }
            }
        }
        reception.news().map(|reason| Reading::Refused { reason })
    }
}

impl Device for DicomReceiver {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(parameters: Parameters) -> Result<Self, Error> {
        let clock = SessionClock::new();
        Self::begin(parameters, clock, files::secret(), None, |_| Store::temporary())
    }

    fn open_in(parameters: Parameters, session: &DeviceSession) -> Result<Self, Error> {
        if !session.is_live() {
            return Err(Error::Simulated);
        }
        let patient = session.patient().clone();
        let secret = *patient.secret();
        Self::begin(parameters, session.clock(), secret, Some(patient), |port| {
            Store::in_session(session.folder(), &format!("dicom-{port}"))
        })
    }

    fn examine(parameters: Parameters) -> Vec<Finding> {
        examine(&parameters)
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        const STEPS: u32 = 10;
        for _ in 0..STEPS {
            if let Some(reading) = self.reading() {
                return Ok(reading);
            }
            if !self.listener.is_alive() {
                return Err(Error::Ended(self.address().to_string()));
            }
            std::thread::sleep(Duration::from_millis(100) / STEPS);
        }
        Ok(Reading::Nothing)
    }
}

/// Whether a title is one by which DICOM applications call each other (`AE` of PS3.5 section 6.2).
fn check_title(name: &'static str, title: &str) -> Result<(), Error> {
    let is_plain = title.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'\\');
    if is_plain && (1..=16).contains(&title.len()) && title.trim() == title {
        return Ok(());
    }
    Err(Error::AeTitle { name, value: title.to_owned() })
}

/// `HOST:PORT` of an address.
fn plain(address: &str) -> &str {
    address.strip_prefix("tcp://").unwrap_or(address)
}

fn examine(parameters: &Parameters) -> Vec<Finding> {
    let mut findings = Vec::new();
    let address = &parameters.address;
    match TcpListener::bind(plain(address)) {
        Ok(_) => findings.push(Finding::good(format!("the port at {address} is free"))),
        Err(error) => findings.push(Finding::wrong(
            format!("cannot listen at {address}: {error}"),
            "end the program that listens there, or name another port, or an address of this machine",
        )),
    }
    let mut reached = plain(address).to_socket_addrs().into_iter().flatten();
    if reached.any(|address| address.ip().is_loopback()) {
        findings.push(Finding::notable(
            "only programs of this machine reach that address",
            "to let a scanner send, name an address of this machine in the scanner's network",
        ));
    }
    for (name, title) in std::iter::once(("ae_title", &parameters.ae_title))
        .chain(parameters.callers.iter().map(|title| ("callers", title)))
    {
        if let Err(error) = check_title(name, title) {
            findings.push(Finding::wrong(error.to_string(), "write it as the scanner has it"));
        }
    }
    let callers = match &parameters.callers[..] {
        [] => "anybody may send".to_owned(),
        callers => format!("{} may send", callers.join(", ")),
    };
    findings.push(Finding::good(format!("its AE title is {}, and {callers}", parameters.ae_title)));
    let names = |all: &[(&str, &'static str)]| {
        all.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
    };
    findings.push(Finding::good(format!(
        "takes images of {}; in {}",
        names(STORAGE_CLASSES),
        names(TRANSFER_SYNTAXES)
    )));
    if let Err(error) = Placing::new(parameters) {
        findings.push(Finding::wrong(error.to_string(), "put the matrix right"));
    }
    findings
}
