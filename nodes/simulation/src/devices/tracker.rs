//! The device `tracker`: where the tracking system sees the probe, the patient's reference sensor and the instruments.

use std::time::Duration;

use messages::{Pose, Tool, ToolPoses, TrackedTool, Tracker as TrackerFrame};
use runtime::{Device, Reading, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Error, check_operation, first_sample, sample_time};
use crate::anatomy::family::Family;
use crate::operating_tools::OperatingTools;
use crate::stylus_course::Touch;
use crate::tool_shape::ToolKind;
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
    /// The breath is held at the end of expiration; as the ultrasound's. It matters for the tools that
    /// move with the tissue: instrument and stylus.
    #[serde(default)]
    pub breath_held: bool,
    /// How far packs push the organs aside where they lie; give all devices of the patient the same.
    #[serde(default)]
    #[schemars(range(min = 0, max = 20))]
    pub packing_mm: f64,
    /// When the packs are laid, in seconds after the start, within two seconds; 0 for before the start.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub packed_at_s: f64,
    /// The tools that are tracked, in this order. Instrument and stylus need an anatomy other than the
    /// block.
    #[serde(default = "tools")]
    #[schemars(default = "tools")]
    pub tools: Vec<ToolKind>,
    /// When the instrument's first approach begins, in seconds after the start; the next ones follow each
    /// 20 s. It dwells at its target from 7 to 10 s after the beginning of each.
    #[serde(default = "instrument_from_s")]
    #[schemars(default = "instrument_from_s", range(min = 0))]
    pub instrument_from_s: f64,
    /// Which landmarks the stylus touches, and when.
    #[serde(default)]
    pub touches: Vec<Touch>,
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
pub(super) fn tools() -> Vec<ToolKind> {
    vec![ToolKind::Probe, ToolKind::Reference]
}
pub(super) fn instrument_from_s() -> f64 {
    5.0
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
        check_operation(
            parameters.packing_mm,
            parameters.packed_at_s,
            parameters.instrument_from_s,
        )?;
        let subject = Subject::new(parameters.anatomy, parameters.seed, parameters.family)?
            .with_breath_held(parameters.breath_held)
            .with_packing(parameters.packing_mm, parameters.packed_at_s);
        let tools = OperatingTools::new(
            &subject,
            parameters.tools,
            parameters.instrument_from_s,
            &parameters.touches,
        )?;
        Ok(Self {
            simulated: SimulatedTracker::new(parameters.seed),
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
