//! A course through poses that are written down with their times.

use std::time::Duration;

use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use serde::Deserialize;

use super::{MovingTool, Trajectory};
use crate::devices::DAY_S;
use crate::faults::{Hidden, Sight};
use crate::hand::ease;

/// Tools that move from pose to pose, and rest at each.
#[derive(Clone, Debug)]
pub struct KeyPoses {
    tools: Vec<MovingTool>,
    courses: Vec<Vec<KeyPose>>,
}

#[derive(Clone, Copy, Debug)]
struct KeyPose {
    at: Duration,
    /// None from here on to the next: not seen.
    pose: Option<Isometry3<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tools: Vec<FileTool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTool {
    name: String,
    part_number: Option<String>,
    poses: Vec<FilePose>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePose {
    at_s: f64,
    position_mm: Option<[f64; 3]>,
    #[serde(default)]
    turn_deg: [f64; 3],
    #[serde(default)]
    hidden: bool,
}

impl KeyPoses {
    /// Of a TOML text: `[[tools]]` with a `name`, perhaps a `part_number`, and `poses`, each with `at_s`, `position_mm`
    /// and `turn_deg` (a rotation vector), in the tracker's frame, or `hidden = true`. The last one stays.
    ///
    /// # Errors
    /// What is wrong, as a sentence.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| {
            let error = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            format!("expected `[[tools]]` with `name` and `poses`, but {error}")
        })?;
        let (mut tools, mut courses): (Vec<MovingTool>, _) = (Vec::new(), Vec::new());
        for FileTool { name, part_number, poses } in file.tools {
            if tools.iter().any(|tool| tool.name == name) {
                return Err(format!("expected each tool once, but `{name}` comes twice"));
            }
            courses.push(course(&name, &poses)?);
            tools.push(MovingTool { name, part_number });
        }
        Ok(Self { tools, courses })
    }

    /// Tools that rest where they are.
    pub fn resting(tools: &[(&str, Isometry3<f64>)]) -> Self {
        Self {
            tools: tools.iter().map(|(name, _)| MovingTool::named(*name)).collect(),
            courses: tools
                .iter()
                .map(|(_, pose)| vec![KeyPose { at: Duration::ZERO, pose: Some(*pose) }])
                .collect(),
        }
    }
}

fn course(name: &str, poses: &[FilePose]) -> Result<Vec<KeyPose>, String> {
    let mut course: Vec<KeyPose> = Vec::new();
    for FilePose { at_s, position_mm, turn_deg, hidden } in poses {
        let in_order = course.last().is_none_or(|last| last.at.as_secs_f64() < *at_s);
        if !(0.0..=DAY_S).contains(at_s) || !in_order {
            return Err(format!(
                "expected the poses of `{name}` in the order of time, from 0 s on, but one is at {at_s} s"
            ));
        }
        let finite =
            position_mm.iter().chain([turn_deg]).flatten().all(|number| number.is_finite());
        let pose = match (position_mm, hidden) {
            (Some(place), false) if finite => Some(Isometry3::from_parts(
                Translation3::from(Vector3::from(*place)),
                UnitQuaternion::from_scaled_axis(Vector3::from(turn_deg.map(f64::to_radians))),
            )),
            (None, true) => None,
            _ => {
                return Err(format!(
                    "expected a finite `position_mm`, or else `hidden = true`, in the pose of `{name}` at {at_s} s"
                ));
            }
        };
        course.push(KeyPose { at: Duration::from_secs_f64(*at_s), pose });
    }
    if course.is_empty() {
        return Err(format!("expected poses of `{name}`, but there are none"));
    }
    Ok(course)
}

impl Trajectory for KeyPoses {
    fn tools(&self) -> &[MovingTool] {
        &self.tools
    }

    fn sight(&self, tool: usize, at: Duration) -> Sight {
        let hidden = Sight::Hidden(Hidden::Missing);
        let Some(course) = self.courses.get(tool) else { return hidden };
        let next = course.partition_point(|key| key.at <= at);
        let before = &course[next.saturating_sub(1)];
        let Some(from) = before.pose else { return hidden };
        let Some((to, end)) = course.get(next).and_then(|key| Some((key.pose?, key.at))) else {
            return Sight::whole(from);
        };
        let whole = end.saturating_sub(before.at).as_secs_f64();
        let part = ease(at.saturating_sub(before.at).as_secs_f64() / whole.max(1e-9));
        // Turns of exactly half a circle have no shortest way: then the first direction stays till the end.
        Sight::whole(from.try_lerp_slerp(&to, part, 1e-9).unwrap_or(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pose(course: &KeyPoses, at_s: f64) -> Option<Isometry3<f64>> {
        match course.sight(0, Duration::from_secs_f64(at_s)) {
            Sight::Seen { pose, .. } => Some(pose),
            _ => None,
        }
    }

    #[test]
    fn a_tool_goes_from_pose_to_pose_and_is_hidden_where_the_script_says_so() {
        let text = "[[tools]]\nname = 'probe'\npart_number = '8700339'\nposes = [\n\
             { at_s = 1.0, position_mm = [0, 0, -1200] },\n\
             { at_s = 3.0, position_mm = [100, 0, -1200], turn_deg = [0, 0, 90] },\n\
             { at_s = 4.0, hidden = true },\n\
             { at_s = 5.0, position_mm = [7, 8, -1300] },\n]";
        let course = KeyPoses::from_toml(text).unwrap();
        assert_eq!(course.tools()[0].part_number.as_deref(), Some("8700339"));
        let x = |at| pose(&course, at).map(|pose| pose.translation.x);
        assert_eq!(
            [x(0.0), x(1.0), x(3.0), x(3.9)],
            [Some(0.0), Some(0.0), Some(100.0), Some(100.0)]
        );
        assert!((x(2.0).unwrap() - 50.0).abs() < 1e-9);
        let turn = pose(&course, 2.0).unwrap().rotation.angle().to_degrees();
        assert!((turn - 45.0).abs() < 1e-6, "{turn}");
        assert_eq!([x(4.0), x(4.9), x(5.0), x(1e4)], [None, None, Some(7.0), Some(7.0)]);
    }

    #[test]
    fn what_is_no_course_is_refused() {
        for (text, part) in [
            ("", "missing field `tools`"),
            ("[[tools]]\nname = 'a'\nposes = []", "there are none"),
            ("[[tools]]\nname = 'a'\nposes = [{ at_s = 1 }]", "or else `hidden = true`"),
            (
                "[[tools]]\nname = 'a'\nposes = [{ at_s = 2, hidden = true }, { at_s = 1, hidden = true }]",
                "one is at 1 s",
            ),
            ("[[tools]]\nname = 'a'\nposes = [{ at_s = 0, position_mm = [nan, 0, 0] }]", "finite"),
            ("[[tools]]\nname = 'a'\nspeed = 3\nposes = []", "speed"),
        ] {
            let error = KeyPoses::from_toml(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
