//! Tracked tools: axes where each one is, and the path it took.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use messages::wire::Received;
use messages::{Pose, Timestamp, ToolPoses};
use nalgebra::Isometry3;

use super::canvas::{CanvasError, place};
use super::painter::{Painter, node};

/// How far back the path of a tool goes.
const PATH: Duration = Duration::from_secs(5);
/// How often the path is drawn and gets a new point.
const PERIOD: Duration = Duration::from_millis(50);
/// Length of the axes, millimetres.
const AXES_MM: f32 = 15.0;

/// Where the tools of one stream were.
#[derive(Debug, Default)]
pub struct Paths {
    tools: HashMap<String, VecDeque<(Timestamp, [f32; 3])>>,
    hidden: BTreeSet<String>,
}

impl Painter {
    pub(super) fn tools(
        &mut self,
        received: &Received,
        poses: &ToolPoses,
    ) -> Result<Option<String>, CanvasError> {
        let envelope = received.envelope();
        let base = format!("patient/{}/now", place(&envelope.stream));
        let reference = self.style.reference.clone();
        let is_reference = |name: &str| reference.as_deref() == Some(name);
        let patient_from_tracker = match poses.tools.iter().find(|tool| is_reference(&tool.name)) {
            None => Ok(Isometry3::identity()),
            Some(tool) => match &tool.pose {
                Pose::Visible { to_from_tool, .. } => Ok(to_from_tool.isometry().inverse()),
                Pose::Hidden { reason } => {
                    Err(format!("the reference `{}` is hidden: {reason}", tool.name))
                }
            },
        };
        let mut said = Vec::new();
        for tool in &poses.tools {
            let entity = format!("{base}/{}", tool.name);
            let seen = match (&tool.pose, &patient_from_tracker) {
                (Pose::Hidden { reason }, _) => Err(format!("`{}` is hidden: {reason}", tool.name)),
                (_, Err(reason)) => Err(reason.clone()),
                (Pose::Visible { to_from_tool, .. }, Ok(patient_from_tracker)) => {
                    Ok(patient_from_tracker * to_from_tool.isometry())
                }
            };
            let paths = self.paths.entry(envelope.stream.clone()).or_default();
            match seen {
                Ok(pose) => {
                    if paths.hidden.remove(&tool.name) {
                        let text = format!("`{}` is seen again", tool.name);
                        self.say(node(&envelope.stream), rerun::TextLogLevel::INFO, &text)?;
                    }
                    self.tool(&envelope.stream, &tool.name, &entity, &pose, envelope.acquired_at)?;
                }
                Err(reason) => {
                    if paths.hidden.insert(tool.name.clone()) {
                        paths.tools.remove(&tool.name);
                        self.canvas.clear(&entity)?;
                        self.say(node(&envelope.stream), rerun::TextLogLevel::WARN, &reason)?;
                    }
                    said.push(reason);
                }
            }
        }
        said.dedup();
        Ok((!said.is_empty()).then(|| said.join("; ")))
    }

    fn tool(
        &mut self,
        stream: &str,
        name: &str,
        entity: &str,
        pose: &Isometry3<f64>,
        at: Timestamp,
    ) -> Result<(), CanvasError> {
        let (position, turn) = (pose.translation.vector, pose.rotation.coords);
        let position = [position.x as f32, position.y as f32, position.z as f32];
        let turn = rerun::Quaternion::from_xyzw([
            turn.x as f32,
            turn.y as f32,
            turn.z as f32,
            turn.w as f32,
        ]);
        let transform = rerun::Transform3D::from_translation_rotation(position, turn);
        let axes = rerun::TransformAxes3D::new(AXES_MM);
        let axes_entity = format!("{entity}/axes");
        self.canvas.draw(&axes_entity, &[&transform as &dyn rerun::AsComponents, &axes], 64)?;

        let paths = self.paths.entry(stream.to_owned()).or_default();
        let path = paths.tools.entry(name.to_owned()).or_default();
        if path.back().is_some_and(|(last, _)| at.since(*last) < PERIOD) {
            return Ok(());
        }
        path.push_back((at, position));
        while path.front().is_some_and(|(first, _)| at.since(*first) > PATH) {
            path.pop_front();
        }
        let line =
            rerun::LineStrips3D::new([path.iter().map(|(_, point)| *point).collect::<Vec<_>>()]);
        let bytes = path.len() * 12;
        self.canvas.draw(&format!("{entity}/path"), &line, bytes)
    }
}
