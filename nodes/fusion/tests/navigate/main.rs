//! The node `navigate` against distances that are known, and every reason to show none.
#![allow(clippy::unwrap_used, reason = "tests")]

mod large_map;
#[path = "../support/scene.rs"]
mod scene;
#[path = "../support/shapes.rs"]
mod shapes;

use fusion::navigate::{Input, Navigate, Output};
use messages::{
    Alarm, Distances, Guidance, Health, Pose, RegistrationState, StructureKind, Timestamp, Tool,
    ToolPlace, ToolPoses, TrackedTool, Tracker, Transform,
};
use nalgebra::{Isometry3, Point3, Vector3};
use runtime::{Context, Node};
use scene::{accepted, alignment, bending, in_state, map, stamped};
use serde_json::json;
use shapes::cuboid;

const S: i64 = 1_000_000_000;

/// A needle along z: the sensor sits 100 mm behind the tip, the shaft is watched over 60 mm.
fn node(more: serde_json::Value) -> Navigate {
    let mut parameters = json!({
        "tools": [{ "name": "needle", "tip_mm": [0, 0, 100], "shaft_end_mm": [0, 0, 40],
                    "radius_mm": 1.0, "calibration_error_mm": 0.4 }],
        "reference": "patient",
    });
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Navigate::new(serde_json::from_value(parameters).unwrap()).unwrap()
}

fn at(x: f64, y: f64, z: f64) -> Pose<Tracker, Tool> {
    let to_from_tool = Transform::from_isometry(Isometry3::translation(x, y, z));
    Pose::Visible { to_from_tool, error_mm: Some(0.3) }
}

fn hidden() -> Pose<Tracker, Tool> {
    Pose::Hidden { reason: "out of volume".into() }
}

fn poses(acquired_at: i64, tools: &[(&str, Pose<Tracker, Tool>)]) -> Input {
    let tools =
        tools.iter().map(|(name, pose)| TrackedTool { name: (*name).into(), pose: pose.clone() });
    Input::Poses(stamped(Timestamp(acquired_at), ToolPoses { tools: tools.collect() }))
}

fn handle(
    node: &mut Navigate,
    now: i64,
    input: Input,
) -> (Vec<(Timestamp, Distances)>, Option<Health>) {
    let mut context = Context::at(Timestamp(now));
    node.handle(input, &mut context).unwrap();
    let (published, health) = context.finish();
    (published.into_iter().map(|(at, Output::Distances(it))| (at, it)).collect(), health)
}

/// With a box of 20 mm around the origin and one of 10 mm at x = 60, under a registration that is good
/// to 2 mm.
fn guided(more: serde_json::Value) -> Navigate {
    let mut node = node(more);
    let structures = vec![
        ("tumour", StructureKind::Tumour, 0.5, cuboid([0.0; 3], [10.0; 3])),
        ("left_ureter", StructureKind::Ureter, 1.5, cuboid([60.0, 0.0, 0.0], [5.0; 3])),
    ];
    assert!(handle(&mut node, 0, Input::Surfaces(map(structures))).0.is_empty());
    let registration = accepted(alignment(Isometry3::identity(), 2.0, |_| Vector3::zeros()));
    assert!(handle(&mut node, 0, Input::Registration(registration)).0.is_empty());
    node
}

/// What comes of the needle with its tip there, the reference at the tracker's origin.
fn tip_at(node: &mut Navigate, tip: [f64; 3]) -> Distances {
    let needle = at(tip[0], tip[1], tip[2] - 100.0);
    let tools = [("needle", needle), ("patient", at(0.0, 0.0, 0.0))];
    let (mut published, _) = handle(node, S, poses(S, &tools));
    assert_eq!(published.len(), 1);
    published.remove(0).1
}

#[test]
fn tip_and_shaft_are_as_far_as_they_are_and_the_error_adds_up() {
    let distances = tip_at(&mut guided(json!({})), [25.0, 0.0, 30.0]);
    assert_eq!(distances.guidance, Guidance::Valid);
    assert_eq!(distances.registration_age_ns, Some(S as u64));
    let names: Vec<_> = distances.structures.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["tumour", "left_ureter"]);
    let [tumour, ureter] = distances.tools[0].structures[..] else { panic!("{distances:?}") };
    // The shaft goes from z = 30 down to z = -30, past both boxes.
    assert!((tumour.tip_mm - 15_f64.hypot(20.0)).abs() < 1e-9, "{tumour:?}");
    assert!((tumour.shaft_mm - 14.0).abs() < 1e-9, "{tumour:?}");
    assert!((ureter.shaft_mm - 29.0).abs() < 1e-9, "{ureter:?}");
    let tracking = 1.614 * (0.3_f64.powi(2) * 2.0 + 0.4_f64.powi(2)).sqrt();
    assert!((tumour.error_mm - (4.0 + tracking * tracking + 0.25).sqrt()).abs() < 1e-6);
    assert!((ureter.error_mm - (4.0 + tracking * tracking + 2.25).sqrt()).abs() < 1e-6);
    let ToolPlace::Seen { tip, error_mm, .. } = &distances.tools[0].place else { panic!() };
    assert_eq!(tip.xyz_mm, Point3::new(25.0, 0.0, 30.0));
    assert!((error_mm - tracking).abs() < 1e-12);
}

#[test]
fn inside_is_negative() {
    let mut node = guided(json!({}));
    let inside = tip_at(&mut node, [2.0, 0.0, -7.0]).tools[0].structures[0];
    assert!((inside.tip_mm + 3.0).abs() < 1e-9, "{inside:?}");
    assert!((inside.shaft_mm + 4.0).abs() < 0.06, "the axis goes no deeper: {inside:?}");
    assert_eq!(inside.alarm, Alarm::Danger);
}

#[test]
fn a_moving_reference_moves_nothing() {
    let mut node = guided(json!({}));
    let expected = tip_at(&mut node, [25.0, 3.0, 30.0]).tools;
    let motion = Isometry3::new(Vector3::new(50.0, -20.0, 9.0), Vector3::new(0.3, -0.2, 1.0));
    let moved = |pose: Isometry3<f64>| Pose::Visible {
        to_from_tool: Transform::from_isometry(motion * pose),
        error_mm: Some(0.3),
    };
    let tools = [
        ("patient", moved(Isometry3::identity())),
        ("needle", moved(Isometry3::translation(25.0, 3.0, -70.0))),
    ];
    let (published, _) = handle(&mut node, S, poses(S, &tools));
    for (one, other) in expected[0].structures.iter().zip(&published[0].1.tools[0].structures) {
        assert!((one.tip_mm - other.tip_mm).abs() < 1e-9);
        assert!((one.shaft_mm - other.shaft_mm).abs() < 1e-9);
    }
}

#[test]
fn alarms_have_hysteresis_margins_and_may_count_the_error() {
    let alarms = |node: &mut Navigate, x: f64| {
        tip_at(node, [x, 0.0, 0.0]).tools[0]
            .structures
            .iter()
            .map(|it| it.alarm)
            .collect::<Vec<_>>()
    };
    // The tumour's surface is at x = 10, the ureter's at 55; the needle's is 1 mm around its axis.
    let mut node = guided(json!({}));
    for (x, tumour) in [
        (20.0, Alarm::Clear),
        (18.9, Alarm::Warning),
        (19.9, Alarm::Warning),
        (13.9, Alarm::Danger),
        (14.9, Alarm::Danger),
        (15.1, Alarm::Warning),
        (20.1, Alarm::Clear),
    ] {
        assert_eq!(alarms(&mut node, x), [tumour, Alarm::Clear], "{x}");
    }
    let margins = json!([{ "of": "ureter", "warning_mm": 60, "danger_mm": 30 }]);
    let mut node = guided(json!({ "margins": margins }));
    assert_eq!(alarms(&mut node, 30.0), [Alarm::Clear, Alarm::Danger]);
    let mut node = guided(json!({ "count_error": true }));
    assert_eq!(alarms(&mut node, 16.0), [Alarm::Danger, Alarm::Clear], "5 mm less 2.2 mm");
}

#[test]
fn a_gap_in_tracking_does_not_end_an_alarm() {
    let mut node = guided(json!({}));
    assert_eq!(tip_at(&mut node, [13.9, 0.0, 0.0]).tools[0].structures[0].alarm, Alarm::Danger);
    handle(&mut node, S, poses(S, &[("needle", hidden()), ("patient", at(0.0, 0.0, 0.0))]));
    assert_eq!(tip_at(&mut node, [14.9, 0.0, 0.0]).tools[0].structures[0].alarm, Alarm::Danger);
}

fn blank(distances: &Distances) -> &str {
    assert!(distances.tools.iter().all(|tool| tool.structures.is_empty()), "{distances:?}");
    let Guidance::Blank { reason } = &distances.guidance else { panic!("{distances:?}") };
    reason
}

#[test]
fn before_there_is_a_map_and_a_registration_nothing_is_shown() {
    let mut node = node(json!({}));
    assert!(blank(&tip_at(&mut node, [0.0; 3])).contains("no surfaces"));
    let tumour = ("tumour", StructureKind::Tumour, 0.5, cuboid([0.0; 3], [10.0; 3]));
    handle(&mut node, 0, Input::Surfaces(map(vec![tumour])));
    let distances = tip_at(&mut node, [0.0; 3]);
    assert!(blank(&distances).contains("no registration has come"));
    assert!(
        matches!(distances.tools[0].place, ToolPlace::Seen { .. }),
        "the tool is seen all the same"
    );
}

#[test]
fn a_registration_that_is_none_refused_or_old_blanks_everything() {
    for (state, expected) in [
        (RegistrationState::None { reason: "sweep".into() }, "there is no registration: sweep"),
        (RegistrationState::Refused { reason: "a phantom".into() }, "refused: a phantom"),
    ] {
        let mut node = guided(json!({}));
        handle(&mut node, 0, Input::Registration(in_state(state, None)));
        let distances = tip_at(&mut node, [0.0; 3]);
        assert!(blank(&distances).contains(expected), "{distances:?}");
        assert_eq!(distances.registration_age_ns, None);
    }
    let mut node = guided(json!({ "max_registration_age_s": 30.0 }));
    let tools = [("needle", at(0.0, 0.0, 0.0)), ("patient", at(0.0, 0.0, 0.0))];
    let (published, _) = handle(&mut node, 30 * S, poses(30 * S, &tools));
    assert_eq!(published[0].1.guidance, Guidance::Valid);
    let (published, health) = handle(&mut node, 31 * S, poses(31 * S, &tools));
    assert!(blank(&published[0].1).contains("older than the 30 s allowed"));
    assert_eq!(published[0].0, Timestamp(31 * S), "one answer for each pose, of its instant");
    let Some(Health::Degraded { reason }) = health else { panic!("{health:?}") };
    assert!(reason.contains("older than the 30 s"), "{reason}");
}

#[test]
fn a_reference_that_is_hidden_or_not_tracked_blanks_everything() {
    let mut node = guided(json!({}));
    for (tools, expected) in [
        (
            vec![("needle", at(0.0, 0.0, 0.0)), ("patient", hidden())],
            "`patient` is hidden: out of volume",
        ),
        (vec![("needle", at(0.0, 0.0, 0.0))], "no tool is called `patient`"),
    ] {
        let (published, _) = handle(&mut node, S, poses(S, &tools));
        assert!(blank(&published[0].1).contains(expected), "{published:?}");
        assert!(matches!(published[0].1.tools[0].place, ToolPlace::Hidden { .. }));
    }
}

#[test]
fn late_poses_and_an_error_over_the_budget_blank_everything() {
    let mut node = guided(json!({}));
    let tools = [("needle", at(0.0, 0.0, 0.0)), ("patient", at(0.0, 0.0, 0.0))];
    let (published, _) = handle(&mut node, S + S / 4, poses(S, &tools));
    assert!(blank(&published[0].1).contains("more than the 200 ms"));
    let mut node = guided(json!({ "max_error_mm": 2.1 }));
    let distances = tip_at(&mut node, [0.0; 3]);
    assert!(blank(&distances).contains("known to the 2.1 mm asked for"), "{distances:?}");
    assert!(matches!(distances.tools[0].place, ToolPlace::Hidden { .. }));
}

#[test]
fn a_doubtful_registration_and_a_tracker_without_an_error_leave_it_unverified() {
    let rigid = || Some(alignment(Isometry3::identity(), 2.0, |_| Vector3::zeros()));
    for (state, expected) in [
        (RegistrationState::Unverified { reason: "touch it".into() }, "not verified: touch it"),
        (RegistrationState::Degraded { reason: "it moved".into() }, "degraded: it moved"),
    ] {
        let mut node = guided(json!({}));
        handle(&mut node, 0, Input::Registration(in_state(state, rigid())));
        let distances = tip_at(&mut node, [25.0, 0.0, 0.0]);
        let Guidance::Unverified { reason } = &distances.guidance else { panic!("{distances:?}") };
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(distances.tools[0].structures.len(), 2);
    }
    let mut node = guided(json!({}));
    let unsure = Pose::Visible { to_from_tool: Transform::identity(), error_mm: None };
    let tools = [("needle", unsure), ("patient", at(0.0, 0.0, 0.0))];
    let (published, _) = handle(&mut node, S, poses(S, &tools));
    let reason = published[0].1.guidance.reason().unwrap();
    assert!(reason.contains("does not say how well"), "{reason}");
}

#[test]
fn one_hidden_tool_does_not_stop_the_other() {
    let tool = |name: &str| {
        json!({ "name": name, "tip_mm": [0, 0, 0], "shaft_end_mm": [0, 0, -50],
                                    "calibration_error_mm": 0.2 })
    };
    let mut node = guided(json!({ "tools": [tool("needle"), tool("stylus"), tool("probe")] }));
    let tools =
        [("needle", hidden()), ("stylus", at(30.0, 0.0, 0.0)), ("patient", at(0.0, 0.0, 0.0))];
    let (published, health) = handle(&mut node, S, poses(S, &tools));
    let distances = &published[0].1;
    assert_eq!(distances.guidance, Guidance::Valid);
    assert_eq!(distances.tools[0].place, ToolPlace::Hidden { reason: "out of volume".into() });
    assert!((distances.tools[1].structures[0].tip_mm - 20.0).abs() < 1e-9);
    assert!(
        matches!(&distances.tools[2].place, ToolPlace::Hidden { reason } if reason.contains("probe"))
    );
    let Some(Health::Degraded { reason }) = health else { panic!("{health:?}") };
    assert!(reason.contains("`probe` is not tracked"), "{reason}");
}

#[test]
fn outside_of_what_was_registered_a_tool_is_seen_but_has_no_distances() {
    let distances = tip_at(&mut guided(json!({})), [151.0, 0.0, 0.0]);
    assert_eq!(distances.guidance, Guidance::Valid);
    assert!(matches!(distances.tools[0].place, ToolPlace::Seen { .. }));
    assert!(distances.tools[0].structures.is_empty());
}

#[test]
fn a_shaft_that_leaves_the_registered_region_is_watched_with_more_error() {
    let mut node = node(json!({ "tools": [{ "name": "needle", "tip_mm": [0, 0, 0],
        "shaft_end_mm": [0, 0, 100], "calibration_error_mm": 0.0 }] }));
    // 40 mm beyond the lattice's end, whose displacement of 2 mm holds on.
    let nerve = ("nerve", StructureKind::Nerve, 0.0, cuboid([20.0, 0.0, 190.0], [2.0; 3]));
    handle(&mut node, 0, Input::Surfaces(map(vec![nerve])));
    let shift = alignment(Isometry3::identity(), 2.0, |_| Vector3::new(2.0, 0.0, 0.0));
    handle(&mut node, 0, Input::Registration(accepted(shift)));
    let tools = [("needle", at(0.0, 0.0, 100.0)), ("patient", at(0.0, 0.0, 0.0))];
    let nerve = handle(&mut node, S, poses(S, &tools)).0[0].1.tools[0].structures[0];
    assert!((nerve.shaft_mm - 16.0).abs() < 1e-3, "{nerve:?}");
    // The shaft is nearest from z = 188 to 192.
    assert!(nerve.error_mm > 5.0 && nerve.error_mm < 7.5, "{nerve:?}");
}

/// The shaft is straight in the patient and bent in the map: the distance is that of the bent one.
#[test]
fn a_shaft_is_bent_as_the_registration_bends_it() {
    let mut node = guided(json!({}));
    let pose = Isometry3::new(Vector3::new(-5.0, 8.0, 3.0), Vector3::new(0.2, 0.1, -0.4));
    let alignment = alignment(pose, 2.0, bending);
    handle(&mut node, 0, Input::Registration(accepted(alignment.clone())));
    let from_box = |at: Point3<f64>| {
        let beyond = at.coords.abs() - Vector3::repeat(10.0);
        beyond.sup(&Vector3::zeros()).norm()
    };
    for turn in 0..40 {
        let turn = f64::from(turn);
        let tip = [40.0 * turn.sin(), 40.0 * turn.cos(), 30.0 + 10.0 * (3.0 * turn).sin()];
        let found = tip_at(&mut node, tip).tools[0].structures[0];
        let expected = (0..=3000)
            .map(|step| Point3::new(tip[0], tip[1], tip[2] - 0.02 * f64::from(step)))
            .map(|at| {
                from_box(alignment.preoperative(messages::Point::new(at)).unwrap().point.xyz_mm)
            })
            .fold(f64::INFINITY, f64::min);
        if expected > 0.0 {
            assert!((found.shaft_mm + 1.0 - expected).abs() < 0.13, "{found:?} {expected}");
        }
    }
}

#[test]
fn what_is_to_be_watched_and_is_not_there_is_said() {
    let distances = tip_at(&mut guided(json!({ "watch": ["ureter", "nerve"] })), [30.0, 0.0, 0.0]);
    assert_eq!(distances.structures.len(), 1);
    let reason = distances.guidance.reason().unwrap();
    assert!(reason.contains("`nerve` is to be watched"), "{reason}");
    let distances = tip_at(&mut guided(json!({ "watch": ["nerve"] })), [30.0, 0.0, 0.0]);
    assert!(blank(&distances).contains("nothing that is to be watched"));
}

#[test]
fn other_parameters_keep_the_map_and_the_registration() {
    let mut node = guided(json!({}));
    let tool = json!({ "name": "needle", "tip_mm": [0, 0, 100], "shaft_end_mm": [0, 0, 40],
                       "calibration_error_mm": 0.4 });
    let parameters = json!({ "tools": [tool], "watch": ["ureter"], "warning_mm": 70 });
    node.configure(serde_json::from_value(parameters).unwrap()).unwrap();
    let distances = tip_at(&mut node, [0.0; 3]);
    assert_eq!(distances.guidance, Guidance::Valid);
    assert_eq!(distances.structures.len(), 1);
    assert_eq!(distances.tools[0].structures[0].alarm, Alarm::Warning);
    let nonsense = json!({ "tools": [] });
    assert!(node.configure(serde_json::from_value(nonsense).unwrap()).is_err());
    assert_eq!(tip_at(&mut node, [0.0; 3]), distances, "the old ones hold");
}

#[test]
fn parameters_that_make_no_sense_are_refused() {
    for (more, expected) in [
        (json!({ "warning_mm": 2.0 }), "warning_mm"),
        (json!({ "tools": [] }), "at least one tool"),
        (json!({ "max_registration_age_s": -1.0 }), "max_registration_age_s"),
        (json!({ "margins": [{ "of": "nerve", "warning_mm": 1, "danger_mm": 2 }] }), "warning_mm"),
    ] {
        let mut parameters = json!({ "tools": [{ "name": "needle", "tip_mm": [0, 0, 0],
            "shaft_end_mm": [0, 0, 1], "calibration_error_mm": 0 }] });
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error = Navigate::new(serde_json::from_value(parameters).unwrap()).err().unwrap();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
