//! States: poses of tools, the registration, distances, health; and what is said of them in a STATUS.

use formats::openigtlink::{Content, Text, TrackedTool, TrackingData, Transform};
use messages::wire::Received;
use messages::{Distances, Health, Pose, Registration, RegistrationState, ToolPoses};

use super::{Translation, string};
use crate::names::camel_case;
use crate::words;

/// Distances are told so often if no alarm changes, nanoseconds.
const DISTANCES_NS: i64 = 200_000_000;
/// The name of the registration.
const REGISTRATION: &str = "PatientToPreoperative";
/// A tool of six degrees of freedom.
const SIX_DEGREES: u8 = 2;

impl Translation {
    pub(super) fn poses(&mut self, received: &Received, poses: &ToolPoses) -> Result<(), String> {
        let stream = received.envelope().stream.clone();
        let mut tools = Vec::new();
        for tool in &poses.tools {
            let name = format!("{}ToTracker", camel_case(&tool.name));
            let device = self.names.own("TRANSFORM", &stream, &name);
            match &tool.pose {
                Pose::Visible { to_from_tool, .. } => {
                    let matrix = self.coordinates.motion(&to_from_tool.isometry().to_homogeneous());
                    let transform = Transform::from_matrix(&matrix);
                    tools.push(TrackedTool {
                        name: Text::truncated(&device),
                        kind: SIX_DEGREES,
                        reserved: 0,
                        matrix: transform.matrix,
                    });
                    self.send(received, "TRANSFORM", &device, Content::Transform(transform))?;
                    self.status(received, &device, None, "seen")?;
                }
                Pose::Hidden { reason } => {
                    self.withdraw("TRANSFORM", &device);
                    self.status(received, &device, Some("Hidden"), reason)?;
                }
            }
        }
        let device = self.names.stream("TDATA", &stream);
        self.send(received, "TDATA", &device, Content::TrackingData(TrackingData { tools }))
    }

    pub(super) fn registration(
        &mut self,
        received: &Received,
        registration: &Registration,
    ) -> Result<(), String> {
        let stream = received.envelope().stream.clone();
        let device = self.names.own("TRANSFORM", &stream, REGISTRATION);
        match &registration.alignment {
            Some(alignment) => {
                let rigid = alignment.preoperative_from_patient.isometry().to_homogeneous();
                let transform = Transform::from_matrix(&self.coordinates.motion(&rigid));
                self.send(received, "TRANSFORM", &device, Content::Transform(transform))?;
            }
            None => self.withdraw("TRANSFORM", &device),
        }
        match &registration.state {
            RegistrationState::Accepted => self.status(
                received,
                &device,
                None,
                "accepted; what bends the map is not in the matrix",
            ),
            RegistrationState::None { reason } => {
                self.status(received, &device, Some("None"), reason)
            }
            RegistrationState::Unverified { reason } => {
                self.status(received, &device, Some("Unverified"), reason)
            }
            RegistrationState::Degraded { reason } => {
                self.status(received, &device, Some("Degraded"), reason)
            }
            RegistrationState::Refused { reason } => {
                self.status(received, &device, Some("Refused"), reason)
            }
        }
    }

    pub(super) fn told_distances(
        &mut self,
        received: &Received,
        distances: &Distances,
    ) -> Result<(), String> {
        let envelope = received.envelope();
        let (text, worst) = words::distances(distances);
        let is_due = self.distances.get(&envelope.stream).is_none_or(|(at, alarm)| {
            *alarm != worst || envelope.acquired_at.0.saturating_sub(at.0) >= DISTANCES_NS
        });
        if !is_due {
            return Ok(());
        }
        self.distances.insert(envelope.stream.clone(), (envelope.acquired_at, worst));
        let device = self.names.stream("STRING", &envelope.stream);
        self.send(received, "STRING", &device, Content::String(string(&text)))
    }

    pub(super) fn health(&mut self, received: &Received, health: &Health) -> Result<(), String> {
        let node = received.envelope().stream.clone();
        let node = node.split('.').next().unwrap_or_default();
        match health {
            Health::Healthy => self.status(received, node, None, "healthy"),
            Health::Degraded { reason } => self.status(received, node, Some("Degraded"), reason),
        }
    }

    /// A stream has nothing usable: all that was sent of it is withdrawn.
    pub(super) fn nothing(&mut self, received: &Received, reason: &str) -> Result<(), String> {
        let stream = received.envelope().stream.clone();
        for (kind, device) in self.sent.get(&stream).cloned().unwrap_or_default() {
            self.withdraw(kind, &device);
        }
        self.status(received, &stream, Some("Blank"), reason)
    }

    /// Says how something is, if that is news.
    pub(super) fn status(
        &mut self,
        received: &Received,
        device: &str,
        wrong: Option<&str>,
        text: &str,
    ) -> Result<(), String> {
        let said = format!("{}{text}", wrong.unwrap_or_default());
        // Nobody needs to be told that what was never amiss is well.
        let is_news = match self.said.get(device) {
            Some(before) => *before != said,
            None => wrong.is_some() || text == "healthy",
        };
        if !is_news {
            return Ok(());
        }
        self.said.insert(device.to_owned(), said);
        let status = match wrong {
            None => words::good(text),
            Some(what) => words::not_ready(what, text),
        };
        self.send(received, "STATUS", device, Content::Status(status))
    }
}
