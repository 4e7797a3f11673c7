//! The tools of the simulated operation, as a tracker that stands elsewhere sees them.

use std::time::Duration;

use messages::Pose;
use nalgebra::{Point3, Translation3};

use super::{MovingTool, Trajectory};
use crate::faults::{Hidden, Sight};
use crate::operating_tools::OperatingTools;
use crate::tool_shape::ToolKind;
use crate::tracker::POSITION_NOISE_MM;
use crate::{SimulatedTracker, Subject};

/// The tools in the surgeon's hands, with the noise of the simulated tracker.
pub struct PatientTools {
    simulated: SimulatedTracker,
    subject: Subject,
    tools: OperatingTools,
    moving: Vec<MovingTool>,
    rate_hz: f64,
    /// From the simulated tracker to this one, which looks the same way.
    shift: Translation3<f64>,
}

impl PatientTools {
    /// With a tracker that samples at `rate_hz` and has the patient's reference sensor at `reference`, mm.
    pub fn new(
        seed: u64,
        subject: Subject,
        tools: OperatingTools,
        rate_hz: f64,
        reference: Point3<f64>,
    ) -> Self {
        let simulated = SimulatedTracker::new(seed);
        let place = simulated.tracker_from_patient().isometry().translation.vector;
        let shift = Translation3::from(reference.coords - place);
        let moving = tools.kinds().iter().map(|kind| MovingTool::named(kind.name())).collect();
        Self { simulated, subject, tools, moving, rate_hz, shift }
    }

    fn pose(&self, kind: ToolKind, at: Duration) -> Sight {
        let sample = (at.as_secs_f64() * self.rate_hz).round() as u64;
        // No course folds the tissue, and every tool that is named has a course.
        let truth = self.tools.patient_from_tool(kind, &self.subject, at).ok().flatten();
        let Some(truth) = truth else { return Sight::Hidden(Hidden::Missing) };
        let held = self.tools.held_in_sight(kind, at);
        match self.simulated.tool(kind, truth, held, at, sample) {
            Pose::Visible { to_from_tool, .. } => {
                Sight::whole(self.shift * *to_from_tool.isometry())
            }
            Pose::Hidden { .. } => Sight::Hidden(Hidden::Blocked),
        }
    }
}

impl Trajectory for PatientTools {
    fn tools(&self) -> &[MovingTool] {
        &self.moving
    }

    fn sight(&self, tool: usize, at: Duration) -> Sight {
        let kind = self.tools.kinds().get(tool);
        kind.map_or(Sight::Hidden(Hidden::Missing), |kind| self.pose(*kind, at))
    }

    fn error_mm(&self) -> f64 {
        POSITION_NOISE_MM * 3.0_f64.sqrt()
    }
}
