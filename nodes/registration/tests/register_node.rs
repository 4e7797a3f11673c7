//! The node on synthetic patients with a known truth: what it says, and in which state.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "support/synthetic.rs"]
mod synthetic;

use messages::{
    Centrelines, Instruction, InstructionKind, Landmark, LandmarkCheck, LandmarkTouch, Landmarks,
    Patient, Point, Preoperative, Registration, RegistrationState, Stamped, Structure,
    StructureKind, Timestamp, VesselTree,
};
use registration::register::{Input, Output, Register};
use runtime::{Context, Node as _};
use synthetic::{Case, Conditions, case, wires};

fn patient(seed: u64) -> Case {
    case(Conditions {
        seed,
        deformation_mm: 5.0,
        rotation_rad: 4.0,
        hard: false,
        swept: (0.4, 0.7),
    })
}

fn node(parameters: serde_json::Value) -> Register {
    Register::new(serde_json::from_value(parameters).unwrap()).unwrap()
}

fn stamped<T>(at: i64, value: T) -> Stamped<T> {
    Stamped { acquired_at: Timestamp(at), sequence: 0, value }
}

fn tree<In>(centrelines: &Centrelines) -> VesselTree<In> {
    let vessel = Structure { name: "vessel".into(), kind: StructureKind::Vessel };
    VesselTree::new(centrelines, vec![vessel; 8]).unwrap()
}

fn take(node: &mut Register, input: Input) -> Registration {
    let mut context = Context::at(Timestamp(0));
    node.handle(input, &mut context).unwrap();
    let mut published = context.finish().0;
    assert_eq!(published.len(), 1);
    let Some((_, Output::Registration(registration))) = published.pop() else { panic!() };
    assert_eq!(registration.alignment.is_some(), registration.state.is_aligned());
    registration
}

fn before(node: &mut Register, centrelines: &Centrelines) -> Registration {
    take(node, Input::Preoperative(stamped(1, tree::<Preoperative>(centrelines))))
}

fn now(node: &mut Register, at: i64, centrelines: &Centrelines) -> Registration {
    take(node, Input::Intraoperative(stamped(at, tree::<Patient>(centrelines))))
}

fn told(node: &mut Register, at: i64, kind: InstructionKind) -> Registration {
    take(node, Input::Instructions(stamped(at, Instruction { by: "the engineer".into(), kind })))
}

/// A landmark, touched where it truly is, that the image's delineation puts `off_mm` from where it is there.
fn touched(node: &mut Register, at: i64, case: &Case, number: usize, off_mm: f64) -> Registration {
    let (registration, check) = checked(node, at, case, number, off_mm);
    // The point that is nearest to it is at most some millimetres off by the registration itself.
    assert!((check.measured_mm - off_mm).abs() < 6.0, "{} mm", check.measured_mm);
    registration
}

fn checked(
    node: &mut Register,
    at: i64,
    case: &Case,
    number: usize,
    off_mm: f64,
) -> (Registration, LandmarkCheck) {
    let (here, there) = case.near[number];
    let landmark = format!("landmark {number}");
    let position = Point::new(there + nalgebra::Vector3::x() * off_mm);
    let landmarks = vec![Landmark { name: landmark.clone(), position }];
    let mut context = Context::at(Timestamp(0));
    node.handle(Input::Landmarks(stamped(2, Landmarks { landmarks })), &mut context).unwrap();
    let touch = LandmarkTouch {
        landmark,
        tool: "stylus".into(),
        touched: Point::new(here),
        spread_mm: 0.5,
        samples: 60,
    };
    node.handle(Input::Touches(stamped(at, touch)), &mut context).unwrap();
    let published = context.finish().0;
    let [(checked_at, Output::Check(check)), (_, Output::Registration(registration))] =
        &published[..]
    else {
        panic!("{published:?}")
    };
    assert_eq!(*checked_at, Timestamp(at));
    assert_eq!(registration.alignment.is_some(), registration.state.is_aligned());
    (registration.clone(), check.clone())
}

/// The error of an alignment in the midst of the points, and what it says of it.
fn errors(registration: &Registration, case: &Case) -> (f64, f64) {
    let alignment = registration.alignment.as_ref().unwrap();
    let displaced = |here: &nalgebra::Point3<f64>| alignment.preoperative(Point::new(*here));
    let mut all: Vec<(f64, f64)> = case
        .near
        .iter()
        .filter_map(|(here, there)| {
            let found = displaced(here)?;
            Some(((found.point.xyz_mm - there).norm(), found.error_mm))
        })
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let least_bound = all.iter().map(|pair| pair.1).fold(f64::INFINITY, f64::min);
    (all[all.len() / 2].0, least_bound)
}

fn reason(registration: &Registration) -> &str {
    match &registration.state {
        RegistrationState::None { reason }
        | RegistrationState::Unverified { reason }
        | RegistrationState::Degraded { reason }
        | RegistrationState::Refused { reason } => reason,
        RegistrationState::Accepted => "",
    }
}

#[test]
fn the_error_that_is_sent_holds_in_nine_of_ten_places_and_points_come_back() {
    let (mut within, mut all) = (0, 0);
    for seed in [300, 301, 302] {
        let case = patient(seed);
        let mut node = node(serde_json::json!({ "accept_automatically": true }));
        assert!(reason(&before(&mut node, &case.preoperative)).contains("no vessels"));
        let registration = now(&mut node, 7, &case.intraoperative);
        assert_eq!(registration.state, RegistrationState::Accepted, "{seed}");
        let alignment = registration.alignment.unwrap();
        assert_eq!(alignment.data_acquired_at, Timestamp(7));
        assert!(alignment.fit.explained > 0.6 && alignment.fit.residual_mm < 3.0);
        for (here, there) in &case.near {
            let here = Point::new(*here);
            let displaced = alignment.preoperative(here).unwrap();
            let error_mm = (displaced.point.xyz_mm - there).norm();
            assert!(error_mm < 12.0, "{seed}: {error_mm} mm");
            within += usize::from(error_mm <= displaced.error_mm);
            all += 1;
            let back = alignment.patient(displaced.point).unwrap();
            assert!((back.xyz_mm - here.xyz_mm).norm() < 0.05, "{seed}");
        }
    }
    assert!(within * 10 >= all * 9, "{within} of {all} errors are within what was said");
}

#[test]
fn nothing_is_accepted_that_nobody_has_confirmed() {
    let case = patient(303);
    let mut node = node(serde_json::json!({}));
    before(&mut node, &case.preoperative);
    let registration = now(&mut node, 1, &case.intraoperative);
    assert!(matches!(registration.state, RegistrationState::Unverified { .. }));
    assert!(reason(&registration).contains("nobody has confirmed"), "{registration:?}");
}

#[test]
fn another_patient_and_a_phantom_of_wires_are_refused_with_the_reason() {
    let mut node = node(serde_json::json!({ "accept_automatically": true }));
    before(&mut node, &patient(304).preoperative);
    let other = now(&mut node, 1, &patient(305).intraoperative);
    assert!(matches!(other.state, RegistrationState::Refused { .. }), "{:?}", other.state);
    let line = |i: i32| {
        let y = 12.0 * f64::from(i);
        (nalgebra::Point3::new(-60.0, y, 0.0), nalgebra::Point3::new(60.0, y, 3.0))
    };
    let lines: Vec<_> = (0..9).map(line).collect();
    let phantom = now(&mut node, 2, &wires(5, &lines));
    assert!(reason(&phantom).contains("straight lines"), "{:?}", phantom.state);
    let nothing = now(&mut node, 3, &Centrelines::default());
    assert!(reason(&nothing).contains("empty"), "{:?}", nothing.state);
}

#[test]
fn what_was_accepted_stays_degraded_when_nothing_fits_any_more() {
    let case = patient(306);
    let mut node = node(serde_json::json!({ "accept_automatically": true }));
    before(&mut node, &case.preoperative);
    let accepted = now(&mut node, 10, &case.intraoperative);
    assert_eq!(accepted.state, RegistrationState::Accepted);
    let degraded = now(&mut node, 20, &Centrelines::default());
    assert!(matches!(degraded.state, RegistrationState::Degraded { .. }), "{:?}", degraded.state);
    assert_eq!(degraded.alignment, accepted.alignment, "with its old age");
    let again = now(&mut node, 30, &case.intraoperative);
    assert_eq!(again.state, RegistrationState::Accepted);
    assert_eq!(again.alignment.unwrap().data_acquired_at, Timestamp(30));
}

#[test]
fn a_person_accepts_and_rejects_and_after_a_rejection_nothing_is_accepted_by_itself() {
    let case = patient(308);
    let mut node = node(serde_json::json!({}));
    before(&mut node, &case.preoperative);
    let mut context = Context::at(Timestamp(0));
    let instruction =
        Instruction { by: "the engineer".into(), kind: InstructionKind::AcceptRegistration };
    let accept = Input::Instructions(stamped(2, instruction));
    let told_early = node.handle(accept, &mut context).unwrap_err().to_string();
    assert!(told_early.contains("no registration to accept"), "{told_early}");
    assert!(context.finish().0.is_empty());
    let found = now(&mut node, 5, &case.intraoperative);
    assert!(matches!(found.state, RegistrationState::Unverified { .. }));
    let accepted = told(&mut node, 9, InstructionKind::AcceptRegistration);
    assert_eq!(accepted.state, RegistrationState::Accepted);
    assert_eq!(accepted.alignment, found.alignment, "with the age of its data");
    assert_eq!(now(&mut node, 10, &case.intraoperative).state, RegistrationState::Accepted);
    let reject = InstructionKind::RejectRegistration { reason: "the veins cross".into() };
    let rejected = told(&mut node, 11, reject);
    assert!(matches!(rejected.state, RegistrationState::Refused { .. }));
    assert_eq!(reason(&rejected), "the engineer rejected it: the veins cross");
    let anew = now(&mut node, 12, &case.intraoperative);
    assert!(matches!(anew.state, RegistrationState::Unverified { .. }), "{:?}", anew.state);
    assert!(anew.alignment.unwrap().fit.rival.is_some(), "searched without a guess");
}

#[test]
fn a_touched_landmark_confirms_degrades_or_refuses_and_no_bound_stays_below_what_was_measured() {
    let case = patient(309);
    let mut node = node(serde_json::json!({}));
    before(&mut node, &case.preoperative);
    now(&mut node, 5, &case.intraoperative);
    let confirmed = touched(&mut node, 6, &case, 0, 0.0);
    assert_eq!(confirmed.state, RegistrationState::Accepted);
    let degraded = touched(&mut node, 7, &case, 1, 8.5);
    assert!(reason(&degraded).contains("`landmark 1` was touched"), "{:?}", degraded.state);
    assert!(matches!(degraded.state, RegistrationState::Degraded { .. }));
    assert!(errors(&degraded, &case).1 > 6.0, "{:?}", errors(&degraded, &case));
    let still = now(&mut node, 8, &case.intraoperative);
    assert!(matches!(still.state, RegistrationState::Degraded { .. }), "a new fit changes nothing");
    assert!(errors(&still, &case).1 > 6.0);
    let again = touched(&mut node, 9, &case, 1, 0.0);
    assert_eq!(again.state, RegistrationState::Accepted, "touched again, better");
    let refused = touched(&mut node, 10, &case, 2, 30.0);
    assert!(matches!(refused.state, RegistrationState::Refused { .. }), "{:?}", refused.state);
    let no_better = now(&mut node, 11, &case.intraoperative);
    assert!(matches!(no_better.state, RegistrationState::Refused { .. }), "the same pose again");
    assert!(reason(&no_better).contains("`landmark 2`"), "{:?}", no_better.state);
}

#[test]
fn the_tree_of_a_volume_acquired_meanwhile_takes_the_place_of_what_was_swept_before() {
    let case = patient(310);
    let mut node = node(serde_json::json!({ "accept_automatically": true }));
    before(&mut node, &case.preoperative);
    now(&mut node, 10, &case.intraoperative);
    // The organ is pushed aside, by more than an update from the last pose could follow.
    let push = nalgebra::Isometry3::new(
        nalgebra::Vector3::new(35.0, -20.0, 15.0),
        nalgebra::Vector3::new(0.3, -0.2, 0.4),
    );
    let pushed = case.intraoperative.transformed(&push);
    let anchor = Input::Anchor(stamped(20, tree::<Patient>(&pushed)));
    let anchored = take(&mut node, anchor);
    assert_eq!(anchored.state, RegistrationState::Accepted);
    assert_eq!(anchored.alignment.as_ref().unwrap().data_acquired_at, Timestamp(20));
    let moved = Case {
        near: case.near.iter().map(|(here, there)| (push * here, *there)).collect(),
        ..patient(310)
    };
    let (median_mm, _) = errors(&anchored, &moved);
    assert!(median_mm < 3.0, "{median_mm} mm");
    let mut context = Context::at(Timestamp(0));
    let old = Input::Intraoperative(stamped(15, tree::<Patient>(&case.intraoperative)));
    node.handle(old, &mut context).unwrap();
    assert!(context.finish().0.is_empty(), "a sweep from before says nothing any more");
    let later = now(&mut node, 30, &pushed);
    assert_eq!(later.alignment.as_ref().unwrap().data_acquired_at, Timestamp(30));
    assert!(errors(&later, &moved).0 < 3.0);
}

fn anchored(node: &mut Register, at: i64, centrelines: &Centrelines) -> Registration {
    take(node, Input::Anchor(stamped(at, tree::<Patient>(centrelines))))
}

/// The organ pushed aside, by more than an update from the last pose could follow.
fn pushed(case: &Case) -> (Case, Centrelines) {
    let push = nalgebra::Isometry3::new(
        nalgebra::Vector3::new(35.0, -20.0, 15.0),
        nalgebra::Vector3::new(0.3, -0.2, 0.4),
    );
    let moved = Case {
        preoperative: case.preoperative.clone(),
        intraoperative: case.intraoperative.transformed(&push),
        near: case.near.iter().map(|(here, there)| (push * here, *there)).collect(),
        anywhere: Vec::new(),
        intraoperative_from_preoperative: push * case.intraoperative_from_preoperative,
    };
    let tree = moved.intraoperative.clone();
    (moved, tree)
}

/// The branches of a tree that lie whole within a ball around its first branch point.
fn part(tree: &Centrelines, reach_mm: f64) -> Centrelines {
    let middle = tree.nodes()[tree.branch_points()[0] as usize].position_mm;
    let inside = |node: &u32| (tree.nodes()[*node as usize].position_mm - middle).norm() < reach_mm;
    let branches = tree.branches().iter().filter(|branch| branch.nodes.iter().all(inside));
    Centrelines::new(tree.nodes().to_vec(), branches.cloned().collect()).unwrap()
}

#[test]
fn a_volume_acquired_meanwhile_must_be_confirmed_and_what_was_touched_before_says_nothing_of_it() {
    let case = patient(312);
    let mut node = node(serde_json::json!({}));
    before(&mut node, &case.preoperative);
    now(&mut node, 5, &case.intraoperative);
    assert_eq!(touched(&mut node, 6, &case, 0, 0.0).state, RegistrationState::Accepted);
    let (moved, volume) = pushed(&case);
    let anew = anchored(&mut node, 20, &volume);
    assert!(matches!(anew.state, RegistrationState::Unverified { .. }), "{:?}", anew.state);
    assert!(reason(&anew).contains("volume acquired meanwhile"), "{:?}", anew.state);
    assert!(errors(&anew, &moved).0 < 3.0, "{:?}", errors(&anew, &moved));
    let confirmed = touched(&mut node, 25, &moved, 1, 0.0);
    assert_eq!(confirmed.state, RegistrationState::Accepted);
    assert_eq!(confirmed.alignment.unwrap().data_acquired_at, Timestamp(20));
}

#[test]
fn another_patients_volume_is_refused_and_what_was_there_is_kept_but_degraded() {
    let (case, other) = (patient(304), patient(305));
    let mut node = node(serde_json::json!({}));
    before(&mut node, &case.preoperative);
    let found = now(&mut node, 5, &case.intraoperative);
    let unverified = anchored(&mut node, 6, &other.intraoperative);
    assert!(matches!(unverified.state, RegistrationState::Unverified { .. }));
    assert!(reason(&unverified).contains("cannot be registered"), "{:?}", unverified.state);
    assert_eq!(unverified.alignment, found.alignment);
    told(&mut node, 7, InstructionKind::AcceptRegistration);
    let degraded = anchored(&mut node, 20, &other.intraoperative);
    assert!(matches!(degraded.state, RegistrationState::Degraded { .. }), "{:?}", degraded.state);
    assert!(reason(&degraded).contains("cannot be registered"), "{:?}", degraded.state);
    assert_eq!(degraded.alignment, found.alignment);
    let still = now(&mut node, 30, &case.intraoperative);
    assert!(matches!(still.state, RegistrationState::Degraded { .. }), "{:?}", still.state);
    let touch = touched(&mut node, 31, &case, 0, 0.0);
    assert_eq!(touch.state, RegistrationState::Accepted);
    assert_eq!(now(&mut node, 32, &case.intraoperative).state, RegistrationState::Accepted);
}

#[test]
fn a_sweep_made_after_a_volume_says_nothing_while_it_is_short_and_tells_when_the_organ_moved_again()
{
    let case = patient(313);
    let mut node = node(serde_json::json!({ "accept_automatically": true }));
    before(&mut node, &case.preoperative);
    let anew = anchored(&mut node, 20, &case.intraoperative);
    assert_eq!(anew.state, RegistrationState::Accepted);
    let mut context = Context::at(Timestamp(0));
    let short = Input::Intraoperative(stamped(25, tree(&part(&case.intraoperative, 15.0))));
    node.handle(short, &mut context).unwrap();
    assert!(context.finish().0.is_empty(), "too little to say anything");
    let longer = now(&mut node, 30, &part(&case.intraoperative, 50.0));
    assert_eq!(longer.state, RegistrationState::Accepted);
    assert_eq!(longer.alignment, anew.alignment, "less sure than the volume");
    let (_, elsewhere) = pushed(&case);
    let contested = now(&mut node, 35, &elsewhere);
    assert!(matches!(contested.state, RegistrationState::Degraded { .. }), "{:?}", contested.state);
    assert!(reason(&contested).contains("since the volume"), "{:?}", contested.state);
    assert_eq!(contested.alignment, anew.alignment);
    let again = now(&mut node, 40, &case.intraoperative);
    assert_eq!(again.state, RegistrationState::Accepted);
    assert_eq!(again.alignment.unwrap().data_acquired_at, Timestamp(40), "as sure as the volume");
}

#[test]
fn a_map_that_comes_after_the_sweep_is_registered_at_once() {
    let case = patient(311);
    let mut node = node(serde_json::json!({}));
    now(&mut node, 5, &case.intraoperative);
    let registration = before(&mut node, &case.preoperative);
    assert!(matches!(registration.state, RegistrationState::Unverified { .. }));
    assert_eq!(registration.alignment.unwrap().data_acquired_at, Timestamp(5));
}

#[test]
fn without_a_preoperative_tree_there_is_none() {
    let mut node = node(serde_json::json!({}));
    let registration = now(&mut node, 1, &patient(307).intraoperative);
    assert!(matches!(registration.state, RegistrationState::None { .. }));
    assert!(reason(&registration).contains("no tree of the preoperative image"));
}

#[test]
fn a_parameter_out_of_range_says_what_would_do() {
    for name in ["wanted_error_mm", "max_bending_mm"] {
        let parameters = serde_json::from_value(serde_json::json!({ name: 0.0 })).unwrap();
        let error = Register::new(parameters).err().unwrap().to_string();
        assert!(error.contains(&format!("`{name}` should be above 0 mm, but it is 0")), "{error}");
    }
}
