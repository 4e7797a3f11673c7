//! The node on synthetic patients with a known truth: what it says, and in which state.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "support/synthetic.rs"]
mod synthetic;

use messages::{
    Centrelines, Patient, Point, Preoperative, Registration, RegistrationState, Stamped, Structure,
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
fn without_a_preoperative_tree_there_is_none() {
    let mut node = node(serde_json::json!({}));
    let registration = now(&mut node, 1, &patient(307).intraoperative);
    assert!(matches!(registration.state, RegistrationState::None { .. }));
    assert!(reason(&registration).contains("no tree of the preoperative image"));
}

#[test]
fn a_parameter_out_of_range_says_what_would_do() {
    let parameters = serde_json::from_value(serde_json::json!({ "wanted_error_mm": 0.0 })).unwrap();
    let error = Register::new(parameters).err().unwrap().to_string();
    assert!(error.contains("`wanted_error_mm` should be above 0 mm, but it is 0"), "{error}");
}
