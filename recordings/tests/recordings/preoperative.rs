//! The preoperative map, what is traced now, and how one lies on the other: drawn and compared.

use messages::centrelines::{Branch, Node};
use messages::{
    Affine, Alignment, Centrelines, DisplacementField, Fit, Frame, IntensityVolume, LabelVolume,
    Message, Modality, Patient, Preoperative, Registration, RegistrationState, Structure,
    StructureKind, Timestamp, Tracker, Transform, VesselTree, Voxel,
};
use nalgebra::{Isometry3, Matrix3x4, Point3, Vector3};
use recordings::Recording;
use recordings::compare::{Report, StreamReport, Tolerance, compare, text};
use recordings::view::count::{Contents, count};
use recordings::view::{Parameters, draw};
use runtime::Topic;

use super::session::{self, Heard, START, Voice};

/// What one stream says.
fn say<T: Message>(stream: &str, values: &[T]) -> Vec<Heard> {
    let mut voice = Voice::new::<T>(Topic::Stream, stream);
    let mut heard: Vec<Heard> =
        (0..).zip(values).map(|(step, value)| voice.say(START, START + step, value)).collect();
    heard.push(voice.end(START + 1000));
    heard
}

fn drawn(heard: &[Heard]) -> Contents {
    let folder = tempfile::tempdir().unwrap();
    session::record(folder.path(), heard);
    let path = folder.path().join("drawn.rrd");
    draw(&Recording::open(folder.path()).unwrap(), &path, &Parameters::default(), None).unwrap();
    count(&path).unwrap()
}

fn rows(contents: &Contents, entity: &str, component: &str) -> u64 {
    let rows = contents.entities.get(entity);
    rows.and_then(|rows| rows.components.get(component)).copied().unwrap_or(0)
}

fn compared(a: &[Heard], b: &[Heard], tolerance: Tolerance) -> (Report, StreamReport) {
    let open = |heard: &[Heard]| {
        let folder = tempfile::tempdir().unwrap();
        session::record(folder.path(), heard);
        (Recording::open(folder.path()).unwrap(), folder)
    };
    let ((a, _kept_a), (b, _kept_b)) = (open(a), open(b));
    let report = compare(&a, &b, None, &tolerance).unwrap();
    let stream = report.streams["node.port"].clone();
    (report, stream)
}

fn structures() -> Vec<Structure> {
    let structure = |name: &str, kind| Structure { name: name.to_owned(), kind };
    vec![
        structure("hepatic_artery", StructureKind::Artery),
        structure("portal_vein", StructureKind::Vein),
    ]
}

/// A Y of two structures, 5 to 35 mm along x at `y_mm`, and one branch of unknown kind; 1 mm steps.
fn tree<In: Frame>(y_mm: f64) -> VesselTree<In> {
    let mut nodes = Vec::new();
    let mut branches = Vec::new();
    for (z_mm, label) in [(18.0, Some(0)), (20.0, Some(1)), (22.0, None)] {
        let first = nodes.len() as u32;
        nodes.extend(
            (5..=35).map(|x| Node {
                position_mm: Point3::new(f64::from(x), y_mm, z_mm),
                radius_mm: 1.5,
            }),
        );
        branches.push(Branch { nodes: (first..nodes.len() as u32).collect(), label });
    }
    VesselTree::new(&Centrelines::new(nodes, branches).unwrap(), structures()).unwrap()
}

fn lattice<In>(step_mm: f64) -> Affine<In, Voxel> {
    let s = step_mm;
    Affine::from_rows(Matrix3x4::new(s, 0., 0., 0., 0., s, 0., 0., 0., 0., s, 0.)).unwrap()
}

fn scan<In: Frame>(middle: i16) -> IntensityVolume<In> {
    let mut voxels = vec![40_i16; 4 * 5 * 6];
    voxels[60] = middle;
    IntensityVolume {
        size: [4, 5, 6],
        frame_from_voxel: lattice(2.0),
        modality: Modality::Ct,
        voxels: voxels.into(),
    }
}

fn labels<In: Frame>(portal_vein: usize) -> LabelVolume<In> {
    let mut labels = vec![0_u8; 4 * 5 * 6];
    labels[..20].fill(1);
    labels[60..60 + portal_vein].fill(2);
    LabelVolume {
        size: [4, 5, 6],
        frame_from_voxel: lattice(2.0),
        structures: structures(),
        model: None,
        labels: labels.into(),
    }
}

/// Adds `y_mm` to y within 40 mm, after a shift of 100 mm.
fn alignment(y_mm: f32) -> Alignment {
    let displacements_mm: Vec<f32> = (0..27).flat_map(|_| [0.0, y_mm, 0.0]).collect();
    let shift = Isometry3::new(Vector3::new(100.0, 0.0, 0.0), Vector3::new(0.0, 0.0, 0.1));
    Alignment {
        preoperative_from_patient: Transform::from_isometry(shift),
        field: DisplacementField {
            size: [3; 3],
            preoperative_from_node: lattice(20.0),
            displacements_mm: displacements_mm.into(),
            error_mm: vec![1.5; 27].into(),
        },
        fit: Fit { explained: 0.8, residual_mm: 0.6, rival: Some(0.5) },
        data_acquired_at: Timestamp(START),
    }
}

/// A registration that goes through all states.
fn course() -> Vec<Registration> {
    let reason = |text: &str| text.to_owned();
    let aligned = |state| Registration { state, alignment: Some(alignment(0.0)) };
    let none = |state| Registration { state, alignment: None };
    vec![
        none(RegistrationState::None { reason: reason("no vessels yet") }),
        aligned(RegistrationState::Unverified { reason: reason("look at the portal vein") }),
        aligned(RegistrationState::Accepted),
        aligned(RegistrationState::Degraded { reason: reason("explains 0.61") }),
        aligned(RegistrationState::Degraded { reason: reason("explains 0.59") }),
        none(RegistrationState::Refused { reason: reason("nothing fits") }),
    ]
}

#[test]
fn a_registered_procedure_is_drawn() {
    let mut heard = say("plan.vessels", &[tree::<Preoperative>(20.0)]);
    heard.extend(say("scan.volume", &[scan::<Preoperative>(240)]));
    heard.extend(say("scan.labels", &[labels::<Preoperative>(5)]));
    heard.extend(say("trace.vessels", &[tree::<Patient>(20.0), tree(20.5)]));
    heard.extend(say("register.registration", &course()));
    let contents = drawn(&heard);
    let rows = |entity: &str, component: &str| rows(&contents, entity, component);

    assert_eq!(rows("/preoperative/plan/vessels", "LineStrips3D:strips"), 1);
    assert_eq!(rows("/preoperative/plan/vessels", "LineStrips3D:radii"), 1);
    assert_eq!(rows("/patient/trace/vessels", "LineStrips3D:strips"), 2);
    assert_eq!(rows("/patient/trace/vessels", "LineStrips3D:colors"), 2);
    for plane in ["axial", "coronal", "sagittal"] {
        assert_eq!(rows(&format!("/preoperative/scan/volume/{plane}"), "Image:buffer"), 1);
        let labels = format!("/preoperative/scan/labels/{plane}");
        assert_eq!(rows(&labels, "SegmentationImage:buffer"), 1);
    }
    assert_eq!(rows("/preoperative/scan/labels", "AnnotationContext:context"), 1);

    // It is drawn once, as it stays where it is, and taken away when it is refused.
    let moved = "/patient/register/registration/preoperative_vessels";
    assert_eq!(rows(moved, "LineStrips3D:strips"), 1);
    assert_eq!(rows(moved, "Clear:is_recursive"), 1);
    for curve in ["explained", "residual_mm", "error_at_centre_mm"] {
        let entity = format!("/registration/register/registration/{curve}");
        assert_eq!(rows(&entity, "Scalars:scalars"), 4);
    }
    assert_eq!(
        contents.entities["/log/register"].lines,
        [
            "register: not registered: no vessels yet",
            "register: registered, unverified: look at the portal vein",
            "register: registered",
            "register: registration degraded: explains 0.61",
            "register: registration refused: nothing fits",
        ]
    );
    // None of it is a whole volume.
    assert!(!contents.entities.keys().any(|entity| entity.starts_with("/volumes")));
}

#[test]
fn vessels_that_come_after_the_registration_or_change_are_moved_too() {
    let aligned = |y_mm| Registration {
        state: RegistrationState::Accepted,
        alignment: Some(alignment(y_mm)),
    };
    let mut register = Voice::new::<Registration>(Topic::Stream, "register.registration");
    let mut plan = Voice::new::<VesselTree<Preoperative>>(Topic::Stream, "plan.vessels");
    let heard = vec![
        register.say(START, START, &aligned(0.0)),
        plan.say(START, START + 1, &tree::<Preoperative>(20.0)),
        plan.say(START, START + 2, &tree::<Preoperative>(21.0)),
        register.say(START, START + 3, &aligned(1.0)),
        register.blank(START + 4, "no tree"),
        register.say(START, START + 5, &aligned(1.0)),
        plan.blank(START + 6, "no scan"),
        register.end(START + 7),
        plan.end(START + 7),
    ];
    let contents = drawn(&heard);
    let moved = "/patient/register/registration/preoperative_vessels";
    assert_eq!(rows(&contents, moved, "LineStrips3D:strips"), 4);
    // There was nothing to move at first, then the registration was blank, then the vessels were.
    assert_eq!(rows(&contents, moved, "Clear:is_recursive"), 3);
    assert_eq!(rows(&contents, "/preoperative/plan/vessels", "Clear:is_recursive"), 1);
}

#[test]
fn scans_made_during_the_procedure_lie_in_the_patient_and_other_frames_nowhere() {
    let mut heard = say("cone_beam.volume", &[scan::<Patient>(240)]);
    heard.extend(say("cone_beam.labels", &[labels::<Patient>(5)]));
    heard.extend(say("odd.vessels", &[tree::<Tracker>(20.0)]));
    heard.extend(say("odd.volume", &[scan::<Tracker>(240)]));
    heard.extend(say("odd.labels", &[labels::<Tracker>(5)]));
    let contents = drawn(&heard);
    assert_eq!(rows(&contents, "/patient/cone_beam/volume/axial", "Image:buffer"), 1);
    let labels = rows(&contents, "/patient/cone_beam/labels/coronal", "SegmentationImage:buffer");
    assert_eq!(labels, 1);
    for port in ["vessels", "volume", "labels"] {
        assert_eq!(rows(&contents, &format!("/streams/odd/{port}"), "Message:kind"), 1);
    }
    let odd = |entity: &&String| entity.contains("/odd/") && !entity.starts_with("/streams");
    assert!(contents.entities.keys().filter(odd).all(|entity| entity.starts_with("/latency")));
}

/// One message against itself and against another.
fn against<T: Message>(a: &T, b: &T, tolerance: Tolerance) -> StreamReport {
    let one = |value: &T| say("node.port", std::slice::from_ref(value));
    let (report, stream) = compared(&one(a), &one(a), Tolerance::default());
    assert!(report.equal && stream.identical == 1, "{}", text(&report));
    let (report, stream) = compared(&one(a), &one(b), Tolerance::default());
    assert!(!report.equal && !stream.within && stream.different == 1);
    assert!(compared(&one(a), &one(b), tolerance).0.equal);
    stream
}

#[test]
fn trees_are_compared_by_the_distance_of_their_centrelines() {
    let tolerance = Tolerance { mm: 0.75, ..Tolerance::default() };
    let found = against(&tree::<Patient>(20.0), &tree(20.75), tolerance).difference;
    assert_eq!((found.mm, found.mm_mean, found.length_mm), (Some(0.75), Some(0.75), None));
    let found = against(&tree::<Preoperative>(20.0), &tree(20.75), tolerance).difference;
    assert_eq!(found.mm, Some(0.75));
}

#[test]
fn registrations_are_compared_by_where_they_put_things() {
    let aligned = |y_mm| Registration {
        state: RegistrationState::Accepted,
        alignment: Some(alignment(y_mm)),
    };
    let tolerance = Tolerance { mm: 0.500_001, ..Tolerance::default() };
    let found = against(&aligned(1.0), &aligned(1.5), tolerance).difference;
    assert!((found.mm.unwrap() - 0.5).abs() < 1e-6);
    assert!((found.mm_mean.unwrap() - 0.5).abs() < 1e-6);
    let anything = session::anything();
    let [unverified, accepted] =
        [&course()[1], &course()[2]].map(|value| say("node.port", std::slice::from_ref(value)));
    let (report, stream) = compared(&unverified, &accepted, anything);
    assert!(!report.equal);
    assert_eq!(
        stream.difference.other,
        ["message 0: unverified (look at the portal vein) against accepted"]
    );
}

#[test]
fn labels_and_intensities_are_compared_in_either_frame() {
    // 4 of 5 and 4.
    let dice = 8.0 / 9.0;
    let tolerance = Tolerance { dice, ..Tolerance::default() };
    let found = against(&labels::<Preoperative>(5), &labels(4), tolerance).difference;
    assert_eq!(found.dice, Some(dice));
    let found = against(&labels::<Patient>(5), &labels(4), tolerance).difference;
    assert_eq!(found.dice, Some(dice));

    let tolerance = Tolerance { grey: 5.0, ..Tolerance::default() };
    let found = against(&scan::<Preoperative>(-400), &scan(200), tolerance).difference;
    assert_eq!((found.grey_max, found.grey_mean), (Some(600.0), Some(5.0)));
    let found = against(&scan::<Patient>(-400), &scan(200), tolerance).difference;
    assert_eq!(found.grey_max, Some(600.0));
}

#[test]
fn another_frame_is_another_message() {
    let (a, b) =
        (say("node.port", &[tree::<Patient>(0.0)]), say("node.port", &[tree::<Preoperative>(0.0)]));
    let (report, stream) = compared(&a, &b, Tolerance { mm: 1e9, ..Tolerance::default() });
    assert!(!report.equal);
    assert_eq!(
        stream.difference.other,
        ["message 0: VesselTree v1 [patient] against VesselTree v1 [preoperative]"]
    );
}
