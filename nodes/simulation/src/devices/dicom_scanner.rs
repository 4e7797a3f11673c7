//! The device `dicom_scanner`: the cone-beam CT of the simulated patient, pushed as DICOM images to a storage service.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded};
use formats::dicom::Instant;
use formats::dicom::write::{CtSeries, Origin, uid_of};
use messages::{IntensityVolume, LabelVolume, Patient, Timestamp};
use nalgebra::Matrix4;
use runtime::clock::{SessionClock, wall_clock_ns};
use runtime::{Device, DeviceSession, Reading, log, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use super::cone_beam::{self, Scan};
use super::{Error, PatientParameters};
use crate::anatomy::images::Phase;
use crate::dicom_push::{Faults, Target};

/// How often the thread that pushes looks whether it should end.
const GLANCE: Duration = Duration::from_millis(50);

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Of whom, abdomen or pelvis; as for `simulation/cone_beam`.
    pub patient: PatientParameters,
    /// When the image is made and its pushing begins, in seconds after the start.
    #[serde(default = "cone_beam::at_s")]
    #[schemars(default = "cone_beam::at_s", range(min = 0))]
    pub at_s: f64,
    /// Edge of the cubic voxels.
    #[serde(default = "cone_beam::spacing_mm")]
    #[schemars(default = "cone_beam::spacing_mm", range(min = 0.5, max = 10))]
    pub spacing_mm: f64,
    /// Radius of the cylinder that the image shows, around the region of surgery.
    #[serde(default = "cone_beam::radius_mm")]
    #[schemars(default = "cone_beam::radius_mm", range(min = 30, max = 150))]
    pub radius_mm: f64,
    /// Height of the cylinder.
    #[serde(default = "cone_beam::height_mm")]
    #[schemars(default = "cone_beam::height_mm", range(min = 30, max = 300))]
    pub height_mm: f64,
    /// When after the injection of contrast agent the image is taken.
    #[serde(default = "cone_beam::phase")]
    #[schemars(default = "cone_beam::phase")]
    pub phase: Phase,
    /// Where the storage service listens.
    #[serde(default = "address")]
    #[schemars(default = "address", extend("format" = "address"))]
    pub address: String,
    /// Its AE title.
    #[serde(default = "called_ae_title")]
    #[schemars(default = "called_ae_title", length(min = 1, max = 16))]
    pub called_ae_title: String,
    /// The scanner's own.
    #[serde(default = "ae_title")]
    #[schemars(default = "ae_title", length(min = 1, max = 16))]
    pub ae_title: String,
    /// The number of the patient in the images; by default made from the seed.
    #[serde(default)]
    pub patient_id: Option<String>,
    /// Whether each image tells how many there are.
    #[serde(default)]
    pub tells_count: bool,
    /// What goes wrong.
    #[serde(default)]
    pub faults: Faults,
    /// The whole series is pushed again, without faults, so long after the end of the first push.
    #[serde(default)]
    #[schemars(range(min = 0, max = 86_400))]
    pub again_after_s: Option<f64>,
}

fn address() -> String {
    "tcp://127.0.0.1:11112".to_owned()
}
fn called_ae_title() -> String {
    "VESALIUS".to_owned()
}
fn ae_title() -> String {
    "SIMULATED".to_owned()
}

outputs! {
    /// What is pushed, published once when it is made: known truth, as what receives it publishes the image.
    pub enum Output {
        truth => Truth(LabelVolume<Patient>),
        truth_image => TruthImage(IntensityVolume<Patient>),
    }
}

/// What the thread that pushes needs.
struct Job {
    target: Target,
    faults: Faults,
    again_after: Option<Duration>,
    tells_count: bool,
    image: IntensityVolume<Patient>,
    origin: Origin,
}

/// The device.
///
/// The image is computed when the device is opened.
pub struct DicomScanner {
    clock: SessionClock,
    due: Duration,
    truth: Option<Vec<Output>>,
    job: Option<Job>,
    /// Sentences on what went wrong; closed when all was pushed.
    told: Option<Receiver<String>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl DicomScanner {
    fn begin(parameters: Parameters, clock: SessionClock) -> Result<Self, Error> {
        let Parameters { patient, at_s, spacing_mm, radius_mm, height_mm, phase, .. } = parameters;
        let seed = patient.seed;
        if let Some(again_after_s) = parameters.again_after_s {
            Error::check("again_after_s", again_after_s, 0.0, super::DAY_S)?;
        }
        let scan = cone_beam::Parameters { patient, at_s, spacing_mm, radius_mm, height_mm, phase };
        let Scan { due, image, truth } = Scan::of(scan)?;
        let address = parameters.address.strip_prefix("tcp://").unwrap_or(&parameters.address);
        // One patient, and one series for each procedure.
        let study = uid_of(&format!("study of {seed} at {}", clock.epoch_unix_ns));
        let origin = Origin {
            patient_id: parameters.patient_id.unwrap_or_else(|| format!("SIM-{seed}")),
            patient_name: "Simulated^Patient".to_owned(),
            series: uid_of(&format!("{study} series")),
            frame_of_reference: uid_of(&format!("{study} frame of reference")),
            study,
            series_number: 1,
            manufacturer: "Vesalius".to_owned(),
            acquired: <[String; 2]>::default(),
        };
        let job = Job {
            target: Target {
                address: address.to_owned(),
                called: parameters.called_ae_title,
                calling: parameters.ae_title,
            },
            faults: parameters.faults,
            again_after: parameters.again_after_s.map(Duration::from_secs_f64),
            tells_count: parameters.tells_count,
            origin,
            image: image.clone(),
        };
        // What cannot be written is told before the procedure.
        job.series().data_set(0)?;
        Ok(Self {
            clock,
            due,
            truth: Some(vec![Output::Truth(truth), Output::TruthImage(image)]),
            job: Some(job),
            told: None,
            is_over: Arc::new(AtomicBool::new(false)),
            thread: None,
        })
    }
}

impl Device for DicomScanner {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(parameters: Parameters) -> Result<Self, Error> {
        Self::begin(parameters, SessionClock::new())
    }

    fn open_in(parameters: Parameters, session: &DeviceSession) -> Result<Self, Error> {
        if !session.is_live() {
            return Err(Error::NotLive { instead: "simulation/cone_beam" });
        }
        Self::begin(parameters, session.clock())
    }

    fn start(&mut self, started_at: Timestamp) {
        let Some(job) = self.job.take() else { return };
        let (tell, told) = bounded(16);
        let (clock, due, is_over) = (self.clock, started_at + self.due, Arc::clone(&self.is_over));
        let name = "dicom push".to_owned();
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            job.run(&clock, due, &is_over, &tell);
        });
        match thread {
            Ok(thread) => {
                self.thread = Some(thread);
                self.told = Some(told);
            }
            Err(error) => log::error(&Error::Thread(error).to_string()),
        }
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        if let Some(outputs) = self.truth.take() {
            return Ok(Reading::Scheduled { since_start: self.due, outputs });
        }
        let Some(told) = &self.told else { return Ok(Reading::End) };
        match told.recv_timeout(2 * GLANCE) {
            Ok(reason) => Ok(Reading::Refused { reason }),
            Err(RecvTimeoutError::Timeout) => Ok(Reading::Nothing),
            Err(RecvTimeoutError::Disconnected) => Ok(Reading::End),
        }
    }

    /// After a restart everything is pushed again: whoever receives it takes it once.
    fn seek(&mut self, since_start: Duration) {
        self.due = self.due.max(since_start);
    }
}

impl Drop for DicomScanner {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Job {
    fn series(&self) -> CtSeries<'_> {
        let mut lps_from_voxel = Matrix4::identity();
        let rows = self.image.frame_from_voxel.rows();
        lps_from_voxel.fixed_view_mut::<3, 4>(0, 0).copy_from(rows);
        CtSeries {
            origin: &self.origin,
            dims: self.image.size.map(|count| count as usize),
            lps_from_voxel,
            voxels: self.image.voxels.as_slice(),
            tells_count: self.tells_count,
        }
    }

    fn run(
        mut self,
        clock: &SessionClock,
        due: Timestamp,
        is_over: &AtomicBool,
        tell: &Sender<String>,
    ) {
        // Waits, unless the device ends.
        let wait_until = |until: Timestamp| {
            while clock.now() < until && !is_over.load(Ordering::Relaxed) {
                std::thread::sleep(until.since(clock.now()).min(GLANCE));
            }
            !is_over.load(Ordering::Relaxed)
        };
        let wait = |time: Duration| wait_until(clock.now() + time);
        if !wait_until(due) {
            return;
        }
        // As a scanner writes it: by the clock on the wall, which may have been put right since the session began.
        let acquired = due.0 + (wall_clock_ns() - clock.now().0);
        self.origin.acquired = Instant { wall_ns: acquired, zone_minutes: None }.written();
        let first = std::mem::take(&mut self.faults);
        self.push(&first, wait, tell);
        if let Some(again_after) = self.again_after
            && wait(again_after)
        {
            self.push(&Faults::default(), wait, tell);
        }
    }

    fn push(&self, faults: &Faults, wait: impl Fn(Duration) -> bool, tell: &Sender<String>) {
        let Target { address, called, .. } = &self.target;
        let sentence = match self.target.push(&self.series(), faults, wait) {
            Err(error) => error.to_string(),
            Ok(pushed) => {
                let taken = pushed.taken;
                if pushed.aborted {
                    log::info(&format!(
                        "{taken} images were sent to {called} at {address}, then the association was aborted"
                    ));
                    return;
                }
                let Some((status, comment)) = pushed.refusal else {
                    log::info(&format!("{taken} images were sent to {called} at {address}"));
                    return;
                };
                format!(
                    "{called} at {address} refused {} images and took {taken}: status {status}, `{comment}`",
                    pushed.refused
                )
            }
        };
        // Nobody may hear it any more.
        let _ = tell.try_send(sentence);
    }
}
