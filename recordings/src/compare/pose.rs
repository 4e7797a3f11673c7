//! Tool poses: how far positions and orientations are apart, and who is hidden on one side only.

use messages::{Pose, ToolPoses, Tracker, Transform};
use nalgebra::UnitQuaternion;

use super::difference::Difference;
use super::spread::Unit;

/// Compares tools by name.
pub fn tools(a: &ToolPoses, b: &ToolPoses, difference: &mut Difference) {
    for mine in &a.tools {
        let Some(theirs) = b.tools.iter().find(|tool| tool.name == mine.name) else {
            difference.other(format!("only the first has the tool `{}`", mine.name));
            continue;
        };
        match (&mine.pose, &theirs.pose) {
            (
                Pose::Visible { to_from_tool: a, error_mm: error_a },
                Pose::Visible { to_from_tool: b, error_mm: error_b },
            ) => {
                transforms(&mine.name, a, b, difference);
                if error_a != error_b {
                    errors(*error_a, *error_b, difference);
                }
            }
            (Pose::Hidden { reason: a }, Pose::Hidden { reason: b }) => {
                if a != b {
                    difference.other(format!("`{}` is hidden: {a} against {b}", mine.name));
                }
            }
            (Pose::Visible { .. }, Pose::Hidden { reason }) => {
                difference.other(format!("only the second hides `{}`: {reason}", mine.name));
            }
            (Pose::Hidden { reason }, Pose::Visible { .. }) => {
                difference.other(format!("only the first hides `{}`: {reason}", mine.name));
            }
        }
    }
    for theirs in &b.tools {
        if a.tools.iter().all(|tool| tool.name != theirs.name) {
            difference.other(format!("only the second has the tool `{}`", theirs.name));
        }
    }
}

/// The distance of the origins and the angle of the rotation between two poses.
fn transforms<From>(
    tool: &str,
    a: &Transform<Tracker, From>,
    b: &Transform<Tracker, From>,
    difference: &mut Difference,
) {
    if a == b {
        return;
    }
    let (a, b) = (a.isometry(), b.isometry());
    let mm = (a.translation.vector - b.translation.vector).norm();
    let degrees = angle(&a.rotation, &b.rotation);
    difference.mm(mm);
    difference.degrees(degrees);
    difference.figure(tool, Unit::Mm, mm);
    difference.figure(tool, Unit::Degrees, degrees);
}

/// The angle between two rotations, degrees.
pub fn angle(a: &UnitQuaternion<f64>, b: &UnitQuaternion<f64>) -> f64 {
    // From the norms of sum and difference of the quaternions: exact for tiny angles too.
    let (p, q) = (a.coords, b.coords);
    let q = if p.dot(&q) < 0.0 { -q } else { q };
    (4.0 * (p - q).norm().atan2((p + q).norm())).to_degrees()
}

/// Error estimates are positions' errors, so they count in millimetres.
pub fn errors(a: Option<f64>, b: Option<f64>, difference: &mut Difference) {
    match (a, b) {
        (Some(a), Some(b)) => difference.mm((a - b).abs()),
        _ => difference.other("only one side has an error estimate"),
    }
}

#[cfg(test)]
mod tests {
    use messages::{Tool, TrackedTool};
    use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
    use proptest::prelude::*;

    use super::*;

    fn at(position: Vector3<f64>, axis_angle: Vector3<f64>) -> ToolPoses {
        let isometry = Isometry3::from_parts(
            Translation3::from(position),
            UnitQuaternion::from_scaled_axis(axis_angle),
        );
        let to_from_tool = Transform::<Tracker, Tool>::from_isometry(isometry);
        let pose = Pose::Visible { to_from_tool, error_mm: None };
        ToolPoses { tools: vec![TrackedTool { name: "probe".to_owned(), pose }] }
    }

    proptest! {
        #[test]
        fn distance_and_angle_are_the_known_ones(
            turn in prop::array::uniform3(-2.0f64..2.0),
            shift in prop::array::uniform3(-50.0f64..50.0),
            by in prop::array::uniform3(-3.0f64..3.0),
            angle in 1e-9f64..3.0,
        ) {
            let (turn, shift, by) = (Vector3::from(turn), Vector3::from(shift), Vector3::from(by));
            let a = at(shift, turn);
            let base = UnitQuaternion::from_scaled_axis(turn);
            let turned = base * UnitQuaternion::from_scaled_axis(Vector3::z() * angle);
            let b = at(shift + by, turned.scaled_axis());
            let mut difference = Difference::default();
            tools(&a, &b, &mut difference);
            prop_assert!((difference.mm.unwrap() - by.norm()).abs() < 1e-9);
            prop_assert!((difference.degrees.unwrap() - angle.to_degrees()).abs() < 1e-6);
        }
    }

    #[test]
    fn who_is_hidden_on_one_side_only_is_told() {
        let seen = at(Vector3::zeros(), Vector3::zeros());
        let mut hidden = seen.clone();
        hidden.tools[0].pose = Pose::Hidden { reason: "out of volume".to_owned() };
        let mut difference = Difference::default();
        tools(&seen, &hidden, &mut difference);
        assert_eq!(difference.other, ["only the second hides `probe`: out of volume"]);
        let mut difference = Difference::default();
        tools(&ToolPoses { tools: Vec::new() }, &seen, &mut difference);
        assert_eq!(difference.other, ["only the second has the tool `probe`"]);
    }
}
