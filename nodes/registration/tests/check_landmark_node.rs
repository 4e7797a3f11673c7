//! The node `check_landmark`: what it measures where a tip rests, and why it measures nothing.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use messages::{
    Affine, Alignment, DisplacementField, Fit, Health, Instruction, InstructionKind, Landmark,
    LandmarkCheck, Landmarks, Patient, Point, Pose, Preoperative, Registration, RegistrationState,
    Stamped, Timestamp, Tool, ToolPoses, TrackedTool, Tracker, Transform,
};
use nalgebra::{Isometry3, Matrix3x4, Point3, Translation3, UnitQuaternion, Vector3};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use registration::check_landmark::{CheckLandmark, Input, Output};
use runtime::{Context, Node as _};

const MS: i64 = 1_000_000;
const TIP_MM: [f64; 3] = [0.0, 3.0, -150.0];
/// Where the stylus touches, frame `Patient`, and where the landmark truly lies.
const TOUCHED: Point3<f64> = Point3::new(20.0, 90.0, -10.0);

fn node() -> CheckLandmark {
    let parameters = serde_json::json!({ "tools": [{ "name": "stylus", "tip_mm": TIP_MM }] });
    CheckLandmark::new(serde_json::from_value(parameters).unwrap()).unwrap()
}

fn stamped<T>(at: i64, value: T) -> Stamped<T> {
    Stamped { acquired_at: Timestamp(at), sequence: 0, value }
}

fn preoperative_from_patient() -> Transform<Preoperative, Patient> {
    let turn = UnitQuaternion::from_euler_angles(0.1, -0.2, 0.3);
    Transform::from_isometry(Isometry3::from_parts(Translation3::new(5.0, -8.0, 2.0), turn))
}

/// A registration that displaces everything by 3 mm along x and says that its error is at most 4 mm.
fn registration() -> Registration {
    let middle = preoperative_from_patient().isometry() * TOUCHED;
    let low = middle - Vector3::repeat(40.0);
    let rows = Matrix3x4::new(40.0, 0.0, 0.0, low.x, 0.0, 40.0, 0.0, low.y, 0.0, 0.0, 40.0, low.z);
    let alignment = Alignment {
        preoperative_from_patient: preoperative_from_patient(),
        field: DisplacementField {
            size: [3; 3],
            preoperative_from_node: Affine::from_rows(rows).unwrap(),
            displacements_mm: [3.0, 0.0, 0.0].repeat(27).into(),
            error_mm: vec![4.0; 27].into(),
        },
        fit: Fit { explained: 0.8, residual_mm: 0.9, rival: Some(0.3) },
        data_acquired_at: Timestamp(0),
    };
    let state = RegistrationState::Unverified { reason: "nobody has confirmed it".into() };
    Registration { state, alignment: Some(alignment) }
}

/// The landmark `hilum` lies 1 mm along y from where the touched point truly lies in the image.
fn landmarks() -> Landmarks<Preoperative> {
    let truly = preoperative_from_patient().isometry() * TOUCHED;
    let position = Point::new(truly + Vector3::new(0.0, 1.0, 0.0));
    Landmarks { landmarks: vec![Landmark { name: "hilum".into(), position }] }
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
    node: &mut CheckLandmark,
    inputs: impl IntoIterator<Item = Input>,
    ends: bool,
) -> (Vec<(Timestamp, LandmarkCheck)>, Option<Health>) {
    let mut context = Context::at(Timestamp(0));
    for input in inputs {
        node.handle(input, &mut context).unwrap();
    }
    if ends {
        node.finish(&mut context).unwrap();
    }
    let (published, health) = context.finish();
    (published.into_iter().map(|(at, Output::Check(check))| (at, check)).collect(), health)
}

fn known(node: &mut CheckLandmark) {
    let before = [
        Input::Landmarks(stamped(0, landmarks())),
        Input::Registration(stamped(0, registration())),
    ];
    assert_eq!(run(node, before, false), (vec![], None));
}

fn still(samples: std::ops::RangeInclusive<i64>) -> impl Iterator<Item = Input> {
    samples.map(|sample| poses(sample, Vector3::zeros(), false))
}

fn refused(inputs: impl IntoIterator<Item = Input>, ends: bool) -> String {
    let mut node = node();
    known(&mut node);
    let (published, health) = run(&mut node, inputs, ends);
    assert_eq!(published, vec![]);
    let Some(Health::Degraded { reason }) = health else { panic!("{health:?}") };
    reason
}

#[test]
fn the_error_is_measured_where_the_tip_rested_once_the_poses_after_it_have_come() {
    let mut node = node();
    known(&mut node);
    let at = 1000 * MS;
    // The instruction comes late, amid the poses: what counts is when it was given.
    let inputs = still(0..=110).chain([touch(at, "hilum", "stylus")]).chain(still(111..=129));
    assert_eq!(run(&mut node, inputs, false), (vec![], None), "not all poses have come");
    let (published, health) = run(&mut node, still(130..=131), false);
    assert_eq!(health, Some(Health::Healthy));
    let [(acquired_at, check)] = &published[..] else { panic!("{published:?}") };
    assert_eq!(*acquired_at, Timestamp(at));
    assert!((check.touched.xyz_mm - TOUCHED).norm() < 0.15, "{:?}", check.touched);
    // 3 mm along x by the registration, 1 mm along y by the landmark.
    assert!((check.measured_mm - 10.0_f64.sqrt()).abs() < 0.15, "{}", check.measured_mm);
    assert!((check.predicted_mm - 4.0).abs() < 1e-6);
    assert_eq!((check.landmark.as_str(), check.tool.as_str()), ("hilum", "stylus"));
}

#[test]
fn a_touch_near_the_end_is_answered_at_the_end() {
    let mut node = node();
    known(&mut node);
    let inputs = still(0..=110).chain([touch(1000 * MS, "hilum", "stylus")]);
    assert_eq!(run(&mut node, inputs, true).0.len(), 1);
}

#[test]
fn a_tip_that_moved_or_was_hidden_measures_nothing() {
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
fn a_name_that_is_not_known_and_a_registration_that_is_not_there_are_told() {
    let reason = refused(still(0..=140).chain([touch(1000 * MS, "spleen", "stylus")]), false);
    assert!(reason.contains("no landmark is called `spleen`") && reason.contains("[hilum]"));
    let reason = refused(still(0..=140).chain([touch(1000 * MS, "hilum", "probe")]), false);
    assert!(reason.contains("no tool `probe` has a tip here, only [stylus]"), "{reason}");
    let aside = (0..=140).map(|sample| poses(sample, Vector3::x() * 90.0, false));
    let reason = refused(aside.chain([touch(1000 * MS, "hilum", "stylus")]), false);
    assert!(reason.contains("touched where nothing is registered"), "{reason}");
    let state = RegistrationState::Refused { reason: "too few vessels".into() };
    let gone = Input::Registration(stamped(5, Registration { state, alignment: None }));
    let inputs = [gone].into_iter().chain(still(0..=140));
    let reason = refused(inputs.chain([touch(1000 * MS, "hilum", "stylus")]), false);
    assert!(reason.contains("no registration to check: too few vessels"), "{reason}");
}

#[test]
fn other_instructions_are_not_for_it_and_parameters_are_checked() {
    let mut node = node();
    known(&mut node);
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
        let error = CheckLandmark::new(serde_json::from_value(parameters).unwrap()).err().unwrap();
        assert!(error.to_string().contains(told), "{error}");
    }
}
