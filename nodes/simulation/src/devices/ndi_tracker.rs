//! The device `ndi_tracker`: an emulated Polaris Vega or Aurora that drivers of real ones connect to.

use std::path::PathBuf;
use std::time::Duration;

use messages::{InjectedFault, Timestamp};
use runtime::{Device, DeviceSession, Finding, Reading, log, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use super::fault_teller::FaultTeller;
use super::{Error, OperationParameters, PatientParameters};
use crate::faults::FaultSource;
use crate::ndi_emulator::{Model, NdiEmulator};
use crate::ndi_server::{Address, NdiServer};
use crate::trajectory::{self, PatientTools, SmoothRandom, Trajectory};

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Which tracker.
    pub model: Model,
    /// Where drivers reach it: `tcp://HOST:PORT`, or `pty:PATH` for a serial line with a link to it at that path.
    pub address: String,
    /// Frames a second: 60 or 400 of the Vega, 40 of the Aurora; left out, 60 or 40.
    pub rate_hz: Option<f64>,
    /// Where the tools are.
    pub motion: Motion,
    /// Who is operated on, with `motion = "patient"`.
    pub patient: PatientParameters,
    /// With what.
    pub operation: OperationParameters,
    /// What goes wrong, and when: a list, or a file. Faults run from the start of the procedure.
    pub faults: FaultSource,
    /// Of what is random in the faults, if they have no seed of their own, and in `motion.random`.
    pub seed: u64,
}

/// Where the tools of an emulated tracker are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Motion {
    /// With the simulated patient, which stands in the middle of the volume.
    Patient,
    /// Tools of these names wander at random.
    Random(Vec<String>),
    /// As a file says: key poses (`.toml`), or a PLUS sequence.
    File(#[schemars(extend("format" = "input-file"))] PathBuf),
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            model: Model::Vega,
            address: "tcp://127.0.0.1:8765".to_owned(),
            rate_hz: None,
            motion: Motion::Patient,
            patient: PatientParameters::default(),
            operation: OperationParameters::default(),
            faults: FaultSource::default(),
            seed: 0,
        }
    }
}

outputs! {
    /// Which faults begin and end.
    pub enum Output { truth_faults => Faults(InjectedFault) }
}

/// The device.
pub struct NdiTracker {
    server: NdiServer,
    teller: FaultTeller,
}

/// How often is looked for faults that begin or end.
const PAUSE: Duration = Duration::from_millis(10);

impl NdiTracker {
    fn serve(parameters: Parameters, session: &DeviceSession) -> Result<Self, Error> {
        let Parameters { model, address, rate_hz, motion, patient, operation, faults, seed } =
            parameters;
        let faults = faults.script(seed)?;
        let rates = model.rates_hz();
        let rate_hz = rate_hz.unwrap_or(rates[0]);
        let trajectory: Box<dyn Trajectory> = match motion {
            Motion::Patient => {
                let subject = patient.subject()?;
                let tools = operation.tools(&subject)?;
                let middle = model.middle();
                Box::new(PatientTools::new(patient.seed, subject, tools, rate_hz, middle))
            }
            Motion::Random(names) => {
                Box::new(SmoothRandom::new(seed, &names, model.middle(), 120.0))
            }
            Motion::File(path) => trajectory::read(&path)?,
        };
        let names: Vec<&str> = trajectory.tools().iter().map(|tool| tool.name.as_str()).collect();
        faults.check_tools(&names)?;
        let mut emulator = NdiEmulator::new(model, trajectory, faults.clone());
        emulator.set_rate_hz(rate_hz).map_err(|_| Error::FrameRate { rate_hz, rates })?;
        let address: Address = address.parse()?;
        let server = NdiServer::serve(emulator, session.clock(), &address, log::info)?;
        log::info(&format!("serving {} at {}", model.name(), server.served_at()));
        Ok(Self { server, teller: FaultTeller::new(faults, model.name()) })
    }

    /// Where it is served.
    pub fn served_at(&self) -> &str {
        self.server.served_at()
    }
}

impl Device for NdiTracker {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(_: Parameters) -> Result<Self, Error> {
        Err(Error::NotLive { instead: "simulation/tracker" })
    }

    fn open_in(parameters: Parameters, session: &DeviceSession) -> Result<Self, Error> {
        if session.is_live() {
            Self::serve(parameters, session)
        } else {
            Err(Error::NotLive { instead: "simulation/tracker" })
        }
    }

    /// It is served with the procedure alone, as drivers look for it there.
    fn examine(parameters: Parameters) -> Vec<Finding> {
        let Parameters { model, address, .. } = parameters;
        vec![Finding::good(format!("emulates {} at {address} while the graph runs", model.name()))]
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    use messages::FaultPhase;
    use runtime::clock::SessionClock;
    use runtime::{Assignment, Ports as _};
    use serde_json::json;

    use super::*;

    fn session(mode: &str) -> DeviceSession {
        let assignment = json!({
            "session": "s", "node": "tracker", "runs": "simulation/ndi_tracker", "incarnation": 1,
            "folder": "/nowhere", "secret": vec![0; 32], "parameters": {}, "mode": mode,
            "clock": SessionClock::new(), "startup_ms": 1000, "shared_memory_mib": 1, "zenoh": {},
        });
        DeviceSession::of(&serde_json::from_value::<Assignment>(assignment).unwrap())
    }

    fn parameters(faults: serde_json::Value) -> Parameters {
        serde_json::from_value(json!({
            "address": "tcp://127.0.0.1:0", "motion": { "random": ["probe"] }, "faults": faults,
        }))
        .unwrap()
    }

    #[test]
    fn it_serves_from_the_opening_on_and_tells_its_faults_as_truth() {
        let faults =
            json!([{ "at_s": 0.0, "for_s": 0.2, "tools": ["probe"], "fault": "out_of_volume" }]);
        let session = session("live");
        let mut device = NdiTracker::open_in(parameters(faults), &session).unwrap();
        let mut host = TcpStream::connect(device.served_at()).unwrap();
        host.write_all(b"APIREV \r").unwrap();
        let mut reply = [0; 14];
        host.read_exact(&mut reply).unwrap();
        assert_eq!(&reply[..9], b"G.003.001");

        let started_at = session.clock().now();
        device.start(started_at);
        let mut told = Vec::new();
        while told.len() < 2 {
            if let Reading::Acquired { acquired_at, outputs } = device.read().unwrap() {
                let [Output::Faults(fault)] = &outputs[..] else { panic!("{outputs:?}") };
                told.push((acquired_at.since(started_at), fault.phase, fault.fault.clone()));
            }
        }
        let (begin, end) = (Duration::ZERO, Duration::from_millis(200));
        let word = "out_of_volume".to_owned();
        assert_eq!(
            told,
            [(begin, FaultPhase::Begins, word.clone()), (end, FaultPhase::Ends, word)]
        );
        assert!(Output::PORTS.iter().all(|port| port.name.starts_with("truth_")));
    }

    #[test]
    fn after_a_restart_no_fault_is_told_twice() {
        let faults = json!([
            { "at_s": 0.0, "for_s": 0.1, "fault": "unplugged" },
            { "at_s": 50.0, "fault": "unplugged" },
        ]);
        let session = session("live");
        let mut device = NdiTracker::open_in(parameters(faults), &session).unwrap();
        let now = session.clock().now();
        // The procedure began 51 s ago; the process that died had told the first 10.
        device.start(Timestamp(now.0 - 51_000_000_000));
        device.seek(Duration::from_secs(10));
        let Reading::Acquired { outputs, .. } = device.read().unwrap() else { panic!() };
        let Output::Faults(fault) = &outputs[0];
        assert_eq!(fault.line, 2);
        assert!(matches!(device.read().unwrap(), Reading::Nothing));
    }

    #[test]
    fn what_cannot_be_served_is_refused() {
        let refused = |parameters, mode: &str| {
            NdiTracker::open_in(parameters, &session(mode)).err().unwrap().to_string()
        };
        let error = refused(parameters(json!([])), "simulated");
        assert!(error.contains("take `simulation/tracker`"), "{error}");
        let unknown = json!([{ "at_s": 0.0, "tools": ["prob"], "fault": "unplugged" }]);
        assert!(refused(parameters(unknown), "live").contains("there are [probe]"));
        let rate = Parameters { rate_hz: Some(61.0), ..parameters(json!([])) };
        assert!(refused(rate, "live").contains("one of [60.0, 400.0], but is 61"));
        let address = Parameters { address: "somewhere".into(), ..parameters(json!([])) };
        assert!(refused(address, "live").contains("expected an address such as"));
        let wrong = json!({ "model": "spectra" });
        let error = serde_json::from_value::<Parameters>(wrong).unwrap_err().to_string();
        assert!(error.contains("expected `vega` or `aurora`"), "{error}");
    }
}
