//! The device `tracker`: where the tracking system sees the probe, the patient's reference sensor and the instruments.

use std::time::Duration;

use messages::{Pose, Tool, ToolPoses, TrackedTool, Tracker as TrackerFrame};
use runtime::{Device, Reading, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Error, OperationParameters, PatientParameters, first_sample, sample_time};
use crate::operating_tools::OperatingTools;
use crate::tool_shape::ToolKind;
use crate::{SimulatedTracker, Subject};

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Who is operated on.
    #[serde(default)]
    pub patient: PatientParameters,
    /// With what.
    #[serde(default)]
    pub operation: OperationParameters,
    /// Poses a second.
    #[serde(default = "rate_hz")]
    #[schemars(default = "rate_hz", range(min = 1, max = 1000))]
    pub rate_hz: f64,
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
    tools: OperatingTools,
    rate_hz: f64,
    next: u64,
}

impl Device for Tracker {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(parameters: Parameters) -> Result<Self, Error> {
        Error::check("rate_hz", parameters.rate_hz, 1.0, 1000.0)?;
        let subject = parameters.patient.subject()?;
        let tools = parameters.operation.tools(&subject)?;
        Ok(Self {
            simulated: SimulatedTracker::new(parameters.patient.seed),
            subject,
            tools,
            rate_hz: parameters.rate_hz,
            next: 0,
        })
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        let since_start = sample_time(self.next, self.rate_hz);
        let mut tools = Vec::new();
        for kind in self.tools.kinds() {
            let pose = if *kind == ToolKind::Reference {
                renamed(self.simulated.reference(self.next))
            } else {
                let truth = self.tools.patient_from_tool(*kind, &self.subject, since_start)?;
                // Every tool that is named was given a course when the device was opened.
                let Some(truth) = truth else { continue };
                let held = self.tools.held_in_sight(*kind, since_start);
                self.simulated.tool(*kind, truth, held, since_start, self.next)
            };
            tools.push(TrackedTool { name: kind.name().to_owned(), pose });
        }
        self.next += 1;
        Ok(Reading::Scheduled { since_start, outputs: vec![Output::Poses(ToolPoses { tools })] })
    }

    fn seek(&mut self, since_start: Duration) {
        self.next = first_sample(since_start, self.rate_hz);
    }
}

fn renamed<From>(pose: Pose<TrackerFrame, From>) -> Pose<TrackerFrame, Tool> {
    match pose {
        Pose::Visible { to_from_tool, error_mm } => {
            Pose::Visible { to_from_tool: to_from_tool.rename_from(), error_mm }
        }
        Pose::Hidden { reason } => Pose::Hidden { reason },
    }
}
