//! Live images tell when the organ has moved, and only then.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "support/synthetic.rs"]
mod synthetic;

use messages::{
    Affine, Centrelines, Image, Instruction, InstructionKind, Patient, Placement, Preoperative,
    Registration, RegistrationState, SegmentedImage, Stamped, Structure, StructureKind, Timestamp,
    VesselTree,
};
use nalgebra::{Matrix3x4, Point3, Vector3};
use registration::register::{Input, Output, Register};
use runtime::{Context, Node as _};
use synthetic::{Case, Conditions, case};

const SIDE_PX: u32 = 160;
const PIXEL_MM: f64 = 0.6;

fn stamped<T>(at: Timestamp, value: T) -> Stamped<T> {
    Stamped { acquired_at: at, sequence: 0, value }
}

fn tree<In>(centrelines: &Centrelines) -> VesselTree<In> {
    let vessel = Structure { name: "vessel".into(), kind: StructureKind::Vessel };
    VesselTree::new(centrelines, vec![vessel; 8]).unwrap()
}

/// All registrations that follow.
fn take(node: &mut Register, input: Input) -> Vec<Registration> {
    let mut context = Context::at(Timestamp(0));
    node.handle(input, &mut context).unwrap();
    let registration = |(_, output)| match output {
        Output::Registration(registration) => Some(registration),
        Output::Check(_) => None,
    };
    context.finish().0.into_iter().filter_map(registration).collect()
}

/// An operation that is registered and accepted, and its clock.
struct Operation {
    node: Register,
    case: Case,
    middle: Point3<f64>,
    ms: i64,
}

impl Operation {
    fn new(seed: u64) -> Self {
        let case = case(Conditions {
            seed,
            deformation_mm: 3.0,
            rotation_rad: 1.0,
            hard: false,
            swept: (0.4, 0.7),
        });
        let parameters = serde_json::json!({ "accept_automatically": true });
        let mut node = Register::new(serde_json::from_value(parameters).unwrap()).unwrap();
        let before: VesselTree<Preoperative> = tree(&case.preoperative);
        take(&mut node, Input::Preoperative(stamped(Timestamp(1), before)));
        let now: VesselTree<Patient> = tree(&case.intraoperative);
        let found = take(&mut node, Input::Intraoperative(stamped(Timestamp(2), now)));
        assert_eq!(found[0].state, RegistrationState::Accepted);
        let nodes = case.intraoperative.nodes();
        let sum: Vector3<f64> = nodes.iter().map(|node| node.position_mm.coords).sum();
        let middle = Point3::from(sum / nodes.len() as f64);
        Self { node, case, middle, ms: 1000 }
    }

    /// For so many seconds, 20 images a second in which the pixels where `shows` holds are vessels.
    fn watch(&mut self, seconds: i64, shows: impl Fn(&Point3<f64>) -> bool) -> Vec<Registration> {
        let mut all = Vec::new();
        for number in 0..20 * seconds {
            self.ms += 50;
            let depth_mm = 4.0 * (number % 9 - 4) as f64;
            let half_mm = 0.5 * f64::from(SIDE_PX) * PIXEL_MM;
            let corner = self.middle + Vector3::new(-half_mm, -half_mm, depth_mm);
            let labels: Vec<u8> = (0..SIDE_PX * SIDE_PX)
                .map(|index| [index % SIDE_PX, index / SIDE_PX].map(|n| f64::from(n) * PIXEL_MM))
                .map(|[x, y]| u8::from(shows(&(corner + Vector3::new(x, y, 0.0)))))
                .collect();
            let rows = Matrix3x4::new(
                PIXEL_MM, 0.0, 0.0, corner.x, 0.0, PIXEL_MM, 0.0, corner.y, 0.0, 0.0, 1.0, corner.z,
            );
            let image = SegmentedImage {
                width_px: SIDE_PX,
                height_px: SIDE_PX,
                classes: vec!["background".into(), "vessel".into()],
                placement: Placement::Placed {
                    patient_from_image: Affine::<Patient, Image>::from_rows(rows).unwrap(),
                    error_mm: None,
                    pose_gap_ns: 0,
                },
                model: None,
                labels: labels.into(),
            };
            let at = Timestamp(self.ms * 1_000_000);
            all.extend(take(&mut self.node, Input::Images(stamped(at, image))));
        }
        all
    }

    /// The vessels as they were swept, moved by so much.
    fn vessels(&self, moved_mm: Vector3<f64>) -> impl Fn(&Point3<f64>) -> bool + use<> {
        let nodes = self.case.intraoperative.nodes().to_vec();
        move |place: &Point3<f64>| {
            let rest = place - moved_mm;
            nodes.iter().any(|node| (node.position_mm - rest).norm() < node.radius_mm.max(1.0))
        }
    }

    /// Where the organ's midst is said to lie, and the bound of the error there.
    fn midst(&self, registration: &Registration) -> (Point3<f64>, f64) {
        let alignment = registration.alignment.as_ref().unwrap();
        let there = alignment.preoperative(messages::Point::new(self.middle)).unwrap();
        (there.point.xyz_mm, there.error_mm)
    }
}

#[test]
fn an_organ_that_moves_is_noticed_and_so_is_its_return() {
    for seed in [320, 321] {
        let mut operation = Operation::new(seed);
        let still = operation.vessels(Vector3::zeros());
        assert_eq!(operation.watch(4, &still), [], "nothing has happened");
        let moved = operation.vessels(Vector3::new(5.0, -6.0, 2.0));
        let told = operation.watch(3, &moved);
        let [told] = &told[..] else { panic!("{seed}: {} registrations", told.len()) };
        let RegistrationState::Degraded { reason } = &told.state else {
            panic!("{:?}", told.state)
        };
        assert!(reason.contains("live images lie beside"), "{reason}");
        let (place, bound_mm) = operation.midst(told);
        assert!((4.0..13.0).contains(&bound_mm), "{bound_mm} mm, moved by 8");
        let back = operation.watch(4, &still);
        let [back] = &back[..] else { panic!("{seed}: {} registrations", back.len()) };
        assert_eq!(back.state, RegistrationState::Accepted);
        let (again, least_mm) = operation.midst(back);
        assert_eq!(again, place, "only what is said of it changes");
        assert!(least_mm < bound_mm);
    }
}

#[test]
fn vessels_that_the_map_lacks_and_specks_say_nothing() {
    let mut operation = Operation::new(322);
    let still = operation.vessels(Vector3::zeros());
    operation.watch(2, &still);
    // The map, about where it lies now.
    let place = operation.case.intraoperative_from_preoperative;
    let map: Vec<_> = operation
        .case
        .preoperative
        .nodes()
        .iter()
        .map(|node| (place * node.position_mm, node.radius_mm + 16.0))
        .collect();
    let elsewhere =
        move |at: &Point3<f64>| map.iter().all(|(node, reach)| (node - at).norm() > *reach);
    assert_eq!(operation.watch(3, &elsewhere), []);
    let moved = operation.vessels(Vector3::new(5.0, -6.0, 2.0));
    let middle = operation.middle;
    let speck = move |place: &Point3<f64>| moved(place) && (place - middle).norm() < 4.0;
    assert_eq!(operation.watch(3, &speck), []);
}

#[test]
fn who_accepts_it_nevertheless_is_heard_until_it_lay_right_and_moved_again() {
    let mut operation = Operation::new(323);
    let moved = operation.vessels(Vector3::new(5.0, -6.0, 2.0));
    assert_eq!(operation.watch(3, &moved).len(), 1);
    let accept =
        Instruction { by: "the engineer".into(), kind: InstructionKind::AcceptRegistration };
    let accepted = take(&mut operation.node, Input::Instructions(stamped(Timestamp(3), accept)));
    assert_eq!(accepted[0].state, RegistrationState::Accepted);
    assert_eq!(operation.watch(3, &moved), []);
    let still = operation.vessels(Vector3::zeros());
    assert_eq!(operation.watch(4, &still), []);
    let again = operation.watch(3, &moved);
    assert!(matches!(again[0].state, RegistrationState::Degraded { .. }), "{:?}", again[0].state);
}

#[test]
fn a_new_alignment_is_judged_by_images_that_come_after_it() {
    let mut operation = Operation::new(324);
    let moved_mm = Vector3::new(5.0, -6.0, 2.0);
    let moved = operation.vessels(moved_mm);
    assert_eq!(operation.watch(3, &moved).len(), 1);
    // The sweep shows it where it is now.
    let nodes = operation.case.intraoperative.nodes().iter();
    let nodes = nodes.map(|node| messages::centrelines::Node {
        position_mm: node.position_mm + moved_mm,
        ..*node
    });
    let branches = operation.case.intraoperative.branches().to_vec();
    let now = Centrelines::new(nodes.collect(), branches).unwrap();
    let at = Timestamp(operation.ms * 1_000_000);
    let found = take(&mut operation.node, Input::Intraoperative(stamped(at, tree(&now))));
    assert!(matches!(found[0].state, RegistrationState::Degraded { .. }), "not yet seen");
    let settled = operation.watch(3, &moved);
    assert_eq!(settled.last().unwrap().state, RegistrationState::Accepted);
}
