//! The device `tracker`: where the tracking system sees the probe and the patient's reference sensor.

use std::time::Duration;

use messages::{Pose, Tool, ToolPoses, TrackedTool, Tracker as TrackerFrame};
use runtime::{Device, Reading, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Error, first_sample, sample_time};
use crate::anatomy::family::Family;
use crate::{SimulatedTracker, Subject, SubjectKind};

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The course of the probe; give the ultrasound the same.
    #[serde(default)]
    pub seed: u64,
    /// What of the patient is there, which decides the course of the probe; as the ultrasound's.
    #[serde(default)]
    pub anatomy: SubjectKind,
    /// The build of the patient, which decides where the skin is; as the ultrasound's.
    #[serde(default = "family")]
    #[schemars(default = "family")]
    pub family: Family,
    /// Poses a second.
    #[serde(default = "rate_hz")]
    #[schemars(default = "rate_hz", range(min = 1, max = 1000))]
    pub rate_hz: f64,
}

fn family() -> Family {
    Family::DEMONSTRATION
}
fn rate_hz() -> f64 {
    100.0
}

outputs! {
    /// What the tracking system says.
    pub enum Output { poses => Poses(ToolPoses) }
}

/// The device.
pub struct Tracker {
    simulated: SimulatedTracker,
    subject: Subject,
    rate_hz: f64,
    next: u64,
}

impl Device for Tracker {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(parameters: Parameters) -> Result<Self, Error> {
        Error::check("rate_hz", parameters.rate_hz, 1.0, 1000.0)?;
        Ok(Self {
            simulated: SimulatedTracker::new(parameters.seed),
            subject: Subject::new(parameters.anatomy, parameters.seed, parameters.family)?,
            rate_hz: parameters.rate_hz,
            next: 0,
        })
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        let since_start = sample_time(self.next, self.rate_hz);
        let tools = vec![
            tool("probe", self.simulated.probe(self.subject.motion(), since_start, self.next)),
            tool("reference", self.simulated.reference(self.next)),
        ];
        self.next += 1;
        Ok(Reading::Scheduled { since_start, outputs: vec![Output::Poses(ToolPoses { tools })] })
    }

    fn seek(&mut self, since_start: Duration) {
        self.next = first_sample(since_start, self.rate_hz);
    }
}

fn tool<From>(name: &str, pose: Pose<TrackerFrame, From>) -> TrackedTool {
    let pose: Pose<TrackerFrame, Tool> = match pose {
        Pose::Visible { to_from_tool, error_mm } => {
            Pose::Visible { to_from_tool: to_from_tool.rename_from(), error_mm }
        }
        Pose::Hidden { reason } => Pose::Hidden { reason },
    };
    TrackedTool { name: name.to_owned(), pose }
}
