//! The simulated patient as devices: an ultrasound scanner and a tracking system that see the same
//! probe, the volume image from before the procedure and one from during it, given or pushed over DICOM, the engineer who watches, and
//! the truth of it all.

pub mod cone_beam;
pub mod dicom_scanner;
pub mod engineer;
mod fault_teller;
pub mod ndi_tracker;
pub mod openigtlink_ultrasound;
pub mod patient;
pub mod patient_truth;
pub mod preoperative;
pub mod tracker;
pub mod ultrasound;

pub use cone_beam::ConeBeam;
pub use dicom_scanner::DicomScanner;
pub use engineer::Engineer;
pub use ndi_tracker::NdiTracker;
pub use openigtlink_ultrasound::OpenIgtLinkUltrasound;
pub use patient::{OperationParameters, PatientParameters};
pub use patient_truth::PatientTruth;
pub use preoperative::Preoperative;
pub use tracker::Tracker;
pub use ultrasound::Ultrasound;

use std::time::Duration;

/// The instant of sample number `index` at `rate_hz`.
pub(crate) fn sample_time(index: u64, rate_hz: f64) -> Duration {
    Duration::from_secs_f64(index as f64 / rate_hz)
}

/// The first sample at or after `since_start`, which is known to a nanosecond.
fn first_sample(since_start: Duration, rate_hz: f64) -> u64 {
    ((since_start.as_secs_f64() - 1e-9) * rate_hz).ceil().max(0.0) as u64
}

/// The longest time that can be asked for, s.
pub(crate) const DAY_S: f64 = 86_400.0;

/// Why a simulated device cannot work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A parameter is out of its range.
    #[error("`{name}` must lie between {low} and {high}, but is {value}")]
    OutOfRange {
        /// Which.
        name: &'static str,
        /// The least that works.
        low: f64,
        /// The most that works.
        high: f64,
        /// What it is.
        value: f64,
    },
    /// The probe or the scanner is out of range.
    #[error(transparent)]
    Scanner(#[from] crate::scan_geometry::OutOfRange),
    /// There is no such patient.
    #[error(transparent)]
    Subject(#[from] crate::subject::SubjectError),
    /// The probe is pressed in too far.
    #[error(transparent)]
    Pressure(#[from] crate::anatomy::deformation::TooSteep),
    /// The anatomy could not be made.
    #[error(transparent)]
    Anatomy(#[from] crate::anatomy::abdomen::AnatomyError),
    /// A tool has no way.
    #[error(transparent)]
    Tool(#[from] crate::operating_tools::ToolError),
    /// A line of a script cannot be read.
    #[error(transparent)]
    Script(#[from] engineer::ScriptError),
    /// The block has no truth of its own, and no volume image.
    #[error(
        "`patient.anatomy` must be `abdomen` or `pelvis`, but is `block`: the block has no named structures"
    )]
    Block,
    /// No such sensor goes with the patient.
    #[error(
        "`reference` must be `reference` or `organ`, the sensors that go with the patient, but is `{0}`"
    )]
    Reference(&'static str),
    /// The volume has too many voxels or none.
    #[error(transparent)]
    Grid(#[from] crate::anatomy::grid::InvalidGrid),
    /// An image cannot be written as DICOM.
    #[error(transparent)]
    Dicom(#[from] formats::dicom::write::WriteError),
    /// Nobody can push.
    #[error("the thread that pushes the images cannot be started: {0}")]
    Thread(std::io::Error),
    /// A fault script cannot be followed.
    #[error(transparent)]
    Faults(#[from] crate::faults::FaultError),
    /// The tools of an emulated tracker have no course.
    #[error(transparent)]
    Trajectory(#[from] crate::trajectory::TrajectoryError),
    /// An emulated device cannot be served.
    #[error(transparent)]
    Serve(#[from] crate::ndi_server::ServeError),
    /// An emulated device cannot listen.
    #[error(
        "cannot listen at {address}: {source}; write HOST:PORT, and another port if a program is there"
    )]
    Listen {
        /// Where.
        address: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The tracker has no such rate.
    #[error("`rate_hz` of this tracker must be one of {rates:?}, but is {rate_hz}")]
    FrameRate {
        /// What it is.
        rate_hz: f64,
        /// What it may be.
        rates: &'static [f64],
    },
    /// Time is simulated.
    #[error(
        "what is behind a real protocol is served in the time of people: leave `--clock simulated` out, or take `{instead}`"
    )]
    NotLive {
        /// The device that keeps to the simulated clock.
        instead: &'static str,
    },
    /// An image has not the size that it should have.
    #[error(transparent)]
    Image(#[from] messages::wire::WireError),
}

impl Error {
    /// Refuses a value outside `low..=high`, NaN included.
    fn check(name: &'static str, value: f64, low: f64, high: f64) -> Result<(), Self> {
        if (low..=high).contains(&value) {
            Ok(())
        } else {
            Err(Self::OutOfRange { name, low, high, value })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_and_instants_agree() {
        for index in [0, 1, 7, 1001] {
            assert_eq!(first_sample(sample_time(index, 30.0), 30.0), index);
        }
        assert_eq!(first_sample(Duration::from_millis(34), 30.0), 2);
    }
}
