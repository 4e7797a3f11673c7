//! The node `touch_landmark`: where a tip rests, and why there is no such place.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use messages::{
    Health, Instruction, InstructionKind, LandmarkTouch, Pose, Stamped, Timestamp, Tool, ToolPoses,
    TrackedTool, Tracker, Transform,
};
use nalgebra::{Isometry3, Point3, Translation3, UnitQuaternion, Vector3};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use registration::touch_landmark::{Input, Output, TouchLandmark};
use runtime::{Context, Node as _};

const MS: i64 = 1_000_000;
const TIP_MM: [f64; 3] = [0.0, 3.0, -150.0];
/// Where the stylus touches, frame `Patient`.
const TOUCHED: Point3<f64> = Point3::new(20.0, 90.0, -10.0);

fn node() -> TouchLandmark {
    let parameters = serde_json::json!({ "tools": [{ "name": "stylus", "tip_mm": TIP_MM }] });
    TouchLandmark::new(serde_json::from_value(parameters).unwrap()).unwrap()
}

fn stamped<T>(at: i64, value: T) -> Stamped<T> {
    Stamped { acquired_at: Timestamp(at), sequence: 0, value }
}

fn touch(at: i64, landmark: &str, tool: &str) -> Input {
    let kind = InstructionKind::TouchLandmark { landmark: landmark.into(), tool: tool.into() };
    Input::Instructions(stamped(at, Instruction { by: "engineer".into(), kind }))
}

/// Sample number `sample` at 100 Hz: the tip rests on the landmark but for `moved`, with a tracker's noise.
fn poses(sample: i64, moved: Vector3<f64>, is_hidden: bool) -> Input {
    let mut rng = ChaCha8Rng::seed_from_u64(sample as u64);
    let mut noise = |deviation: f64| {
        Vector3::from_fn(|_, _| {
            let drawn: f64 = StandardNormal.sample(&mut rng);
            drawn * deviation
        })
    };
    let turn = UnitQuaternion::from_euler_angles(0.4, 1.0, -0.3);
    let tip = turn * Vector3::from(TIP_MM);
    let patient_from_stylus =
        Isometry3::from_parts(Translation3::from(TOUCHED.coords + moved - tip + noise(0.2)), turn);
    let turn = UnitQuaternion::from_euler_angles(1.9, 0.3, -2.5);
    let tracker_from_patient =
        Isometry3::from_parts(Translation3::new(100.0, -60.0, -1000.0), turn);
    let visible = |isometry| Pose::<Tracker, Tool>::Visible {
        to_from_tool: Transform::from_isometry(isometry),
        error_mm: None,
    };
    let stylus = if is_hidden {
        Pose::Hidden { reason: "line of sight blocked".into() }
    } else {
        visible(tracker_from_patient * patient_from_stylus)
    };
    let tools = vec![
        TrackedTool { name: "stylus".into(), pose: stylus },
        TrackedTool { name: "reference".into(), pose: visible(tracker_from_patient) },
    ];
    Input::Poses(stamped(sample * 10 * MS, ToolPoses { tools }))
}

/// What the node publishes and reports on all inputs, and on the end of them where `ends`.
fn run(
    node: &mut TouchLandmark,
    inputs: impl IntoIterator<Item = Input>,
    ends: bool,
) -> (Vec<(Timestamp, LandmarkTouch)>, Option<Health>) {
    let mut context = Context::at(Timestamp(0));
    for input in inputs {
        node.handle(input, &mut context).unwrap();
    }
    if ends {
        node.finish(&mut context).unwrap();
    }
    let (published, health) = context.finish();
    (published.into_iter().map(|(at, Output::Touch(touch))| (at, touch)).collect(), health)
}

fn still(samples: std::ops::RangeInclusive<i64>) -> impl Iterator<Item = Input> {
    samples.map(|sample| poses(sample, Vector3::zeros(), false))
}

fn refused(inputs: impl IntoIterator<Item = Input>, ends: bool) -> String {
    let mut node = node();
    let (published, health) = run(&mut node, inputs, ends);
    assert_eq!(published, vec![]);
    let Some(Health::Degraded { reason }) = health else { panic!("{health:?}") };
    reason
}

#[test]
fn the_place_is_where_the_tip_rested_once_the_poses_after_it_have_come() {
    let mut node = node();
    let at = 1000 * MS;
    // The instruction comes late, amid the poses: what counts is when it was given.
    let inputs = still(0..=110).chain([touch(at, "hilum", "stylus")]).chain(still(111..=129));
    assert_eq!(run(&mut node, inputs, false), (vec![], None), "not all poses have come");
    let (published, health) = run(&mut node, still(130..=131), false);
    assert_eq!(health, Some(Health::Healthy));
    let [(acquired_at, touch)] = &published[..] else { panic!("{published:?}") };
    assert_eq!(*acquired_at, Timestamp(at));
    assert!((touch.touched.xyz_mm - TOUCHED).norm() < 0.15, "{:?}", touch.touched);
    // 0.3 s before and after, at 100 Hz; single samples are off by the tracker's 0.2 mm along each axis.
    assert_eq!(touch.samples, 61);
    assert!((0.3..1.2).contains(&touch.spread_mm), "{}", touch.spread_mm);
    assert_eq!((touch.landmark.as_str(), touch.tool.as_str()), ("hilum", "stylus"));
}

#[test]
fn a_touch_near_the_end_is_answered_at_the_end() {
    let mut node = node();
    let inputs = still(0..=110).chain([touch(1000 * MS, "hilum", "stylus")]);
    assert_eq!(run(&mut node, inputs, true).0.len(), 1);
}

#[test]
fn a_tip_that_moved_or_was_hidden_touched_nothing() {
    let sliding = (0..=140)
        .map(|sample| poses(sample, Vector3::x() * 0.1 * sample.clamp(90, 110) as f64, false));
    let reason = refused(sliding.chain([touch(1000 * MS, "hilum", "stylus")]), false);
    assert!(reason.contains("`stylus` did not rest on `hilum`: its tip moved by"), "{reason}");
    let hidden =
        (0..=140).map(|sample| poses(sample, Vector3::zeros(), (95..120).contains(&sample)));
    let reason = refused(hidden.chain([touch(1000 * MS, "hilum", "stylus")]), false);
    assert!(reason.contains("hidden in 41 % of the time"), "{reason}");
    let reason = refused([touch(1000 * MS, "hilum", "stylus")], true);
    assert!(reason.contains("only 0 poses"), "{reason}");
}

#[test]
fn a_tool_that_has_no_tip_is_told() {
    let reason = refused(still(0..=140).chain([touch(1000 * MS, "hilum", "probe")]), false);
    assert!(reason.contains("no tool `probe` has a tip here, only [stylus]"), "{reason}");
}

#[test]
fn other_instructions_are_not_for_it_and_parameters_are_checked() {
    let mut node = node();
    let kind = InstructionKind::AcceptRegistration;
    let accept = Input::Instructions(stamped(7, Instruction { by: "engineer".into(), kind }));
    assert_eq!(run(&mut node, [accept].into_iter().chain(still(0..=99)), true), (vec![], None));
    for (parameters, told) in [
        (serde_json::json!({ "tools": [] }), "at least one tool"),
        (
            serde_json::json!({ "tools": [{ "name": "a", "tip_mm": [0, 0, 0] }], "max_move_mm": 0.0 }),
            "`max_move_mm` should be above 0 mm",
        ),
    ] {
        let error = TouchLandmark::new(serde_json::from_value(parameters).unwrap()).err().unwrap();
        assert!(error.to_string().contains(told), "{error}");
    }
}
