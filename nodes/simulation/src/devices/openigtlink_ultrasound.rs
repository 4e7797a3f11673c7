//! The device `openigtlink_ultrasound`: tracked ultrasound of the simulated patient, served as PLUS does.

use std::time::Duration;

use messages::{InjectedFault, Timestamp};
use runtime::{Device, DeviceSession, Finding, Reading, log, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use super::fault_teller::FaultTeller;
use super::{Error, PatientParameters};
use crate::faults::FaultSource;
use crate::igtl_server::IgtlServer;
use crate::tracked_ultrasound::{STREAMS, TrackedUltrasound};
use crate::{ScanGeometry, Scanner, ScannerSettings};

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Where clients reach it: `HOST:PORT`.
    pub address: String,
    /// Who is scanned.
    pub patient: PatientParameters,
    /// Whether the probe is tracked here as well, as PLUS does it with a tracker: then its transforms come too, and no image
    /// comes while the probe is out of sight. Otherwise images come alone, and always.
    pub tracked: bool,
    /// Images a second.
    #[schemars(range(min = 1, max = 100))]
    pub rate_hz: f64,
    /// The probe and the image.
    pub probe: ScanGeometry,
    /// The knobs of the scanner.
    pub scanner: ScannerSettings,
    /// What goes wrong, and when: a list, or a file. Its tools are `probe`, `reference` and `image`.
    pub faults: FaultSource,
    /// Of what is random in the faults, if they have no seed of their own.
    pub seed: u64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            address: "127.0.0.1:18944".to_owned(),
            patient: PatientParameters::default(),
            tracked: true,
            rate_hz: 20.0,
            probe: ScanGeometry::default(),
            scanner: ScannerSettings::default(),
            faults: FaultSource::default(),
            seed: 0,
        }
    }
}

outputs! {
    /// Which faults begin and end.
    pub enum Output { truth_faults => Faults(InjectedFault) }
}

/// What it is called in its faults.
const NAME: &str = "tracked ultrasound";
/// How often is looked for faults that begin or end.
const PAUSE: Duration = Duration::from_millis(10);

/// The device.
pub struct OpenIgtLinkUltrasound {
    server: IgtlServer,
    teller: FaultTeller,
}

impl OpenIgtLinkUltrasound {
    /// Where it is served.
    pub fn served_at(&self) -> std::net::SocketAddr {
        self.server.served_at()
    }
}

impl Device for OpenIgtLinkUltrasound {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(_: Parameters) -> Result<Self, Error> {
        Err(Error::NotLive { instead: "simulation/ultrasound" })
    }

    fn open_in(parameters: Parameters, session: &DeviceSession) -> Result<Self, Error> {
        if !session.is_live() {
            return Err(Error::NotLive { instead: "simulation/ultrasound" });
        }
        let Parameters { address, patient, tracked, rate_hz, probe, scanner, faults, seed } =
            parameters;
        Error::check("rate_hz", rate_hz, 1.0, 100.0)?;
        let faults = faults.script(seed)?;
        faults.check_tools(&STREAMS)?;
        let scanner = Scanner::new(probe, scanner)?;
        let subject = patient.subject()?;
        let ultrasound =
            TrackedUltrasound::new(patient.seed, subject, scanner, rate_hz, faults.clone());
        let ultrasound = if tracked { ultrasound } else { ultrasound.untracked() };
        let address = address.strip_prefix("tcp://").unwrap_or(&address);
        let server = IgtlServer::serve(ultrasound, session.clock(), address, log::info)
            .map_err(|source| Error::Listen { address: address.to_owned(), source })?;
        log::info(&format!("serving {NAME} at {}", server.served_at()));
        Ok(Self { server, teller: FaultTeller::new(faults, NAME) })
    }

    /// It is served with the procedure alone, as clients look for it there.
    fn examine(parameters: Parameters) -> Vec<Finding> {
        let address = parameters.address;
        vec![Finding::good(format!("emulates {NAME} at {address} while the graph runs"))]
    }

    fn start(&mut self, started_at: Timestamp) {
        self.teller.start(started_at);
        self.server.start(started_at);
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        let Some((acquired_at, fault)) = self.teller.next(self.server.procedure_time()) else {
            std::thread::sleep(PAUSE);
            return Ok(Reading::Nothing);
        };
        Ok(Reading::Acquired { acquired_at, outputs: vec![Output::Faults(fault)] })
    }

    fn seek(&mut self, since_start: Duration) {
        self.teller.seek(since_start);
    }
}
