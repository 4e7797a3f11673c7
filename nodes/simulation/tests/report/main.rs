//! The report: hand-made messages give the figures that follow from them by hand.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod guidance;

use messages::centrelines::{Branch, Node as TreeNode};
use messages::{
    Affine, Alignment, Centrelines, DisplacementField, Fit, Frame, Guidance, IntensityVolume,
    LabelVolume, Landmark, LandmarkCheck, Landmarks, Overlay, Patient, Placement, Point,
    Registration, RegistrationState, Score, SegmentedImage, Stamped, Structure, StructureKind,
    Timestamp, Transform, VesselTree,
};
use nalgebra::{Isometry3, Matrix3x4, Point3, Translation3};
use runtime::{Context, Node};
use simulation::devices::PatientParameters;
use simulation::report::{Input, Output, Parameters, Report};

fn packed(packed_at_s: f64) -> PatientParameters {
    PatientParameters { packed_at_s, ..PatientParameters::default() }
}

fn at(seconds: f64) -> Timestamp {
    // A session begins at some instant, not at zero.
    Timestamp::from_secs_f64(1000.0 + seconds)
}

fn stamped<T>(seconds: f64, value: T) -> Stamped<T> {
    Stamped { acquired_at: at(seconds), sequence: 0, value }
}

/// The figures after all inputs.
fn scores(inputs: Vec<Input>) -> Vec<Score> {
    let mut node = Report::new(Parameters { every_s: 1e3, patient: packed(10.0) }).unwrap();
    let mut context = Context::at(at(0.0));
    for input in inputs {
        node.handle(input, &mut context).unwrap();
    }
    node.finish(&mut context).unwrap();
    let (published, _) = context.finish();
    let [(_, Output::Scores(scores))] = &published[..] else {
        panic!("{} messages", published.len())
    };
    scores.scores.clone()
}

fn figure(scores: &[Score], measure: &str) -> f64 {
    let found = scores.iter().find(|score| score.measure == measure);
    found.unwrap_or_else(|| panic!("no `{measure}` in {scores:#?}")).value.unwrap()
}

fn points<In>(places: &[[f64; 3]]) -> Landmarks<In> {
    let mark = |(number, place): (usize, &[f64; 3])| Landmark {
        name: format!("target_{number}"),
        position: Point::new(Point3::from(*place)),
    };
    Landmarks { landmarks: places.iter().enumerate().map(mark).collect() }
}

/// Puts all points `error_mm` beside their place, and says that they are within `bound_mm`; the lattice
/// reaches from 0 to 100 mm.
fn registration(state: RegistrationState, error_mm: f64, bound_mm: f32) -> Registration {
    let rows = Matrix3x4::new(100.0, 0.0, 0.0, 0.0, 0.0, 100.0, 0.0, 0.0, 0.0, 0.0, 100.0, 0.0);
    let shift = Translation3::new(error_mm, 0.0, 0.0);
    let alignment = state.is_aligned().then(|| Alignment {
        preoperative_from_patient: Transform::from_isometry(Isometry3::from_parts(
            shift,
            nalgebra::one(),
        )),
        field: DisplacementField {
            size: [2; 3],
            preoperative_from_node: Affine::from_rows(rows).unwrap(),
            displacements_mm: vec![0.0; 24].into(),
            error_mm: vec![bound_mm; 8].into(),
        },
        fit: Fit { explained: 1.0, residual_mm: 0.0, rival: None },
        data_acquired_at: at(0.0),
    });
    Registration { state, alignment }
}

#[test]
fn a_registration_is_measured_with_the_truth_of_its_time_inside_and_outside_its_lattice() {
    let places = [[10.0, 20.0, 30.0], [40.0, 50.0, 60.0], [50.0, 50.0, 50.0], [200.0, 50.0, 60.0]];
    let unverified = RegistrationState::Unverified { reason: "new".to_owned() };
    let none = RegistrationState::None { reason: "none yet".to_owned() };
    let scores = scores(vec![
        Input::Registration(stamped(0.0, registration(none, 0.0, 0.0))),
        Input::PlannedTargets(stamped(0.0, points(&places))),
        Input::Targets(stamped(0.0, points(&places))),
        Input::Targets(stamped(5.0, points(&places))),
        // Made from images up to 4 s, and come after the truth of 5 s.
        Input::Registration(stamped(4.0, registration(unverified, 2.0, 3.0))),
        Input::Targets(stamped(10.0, points(&places))),
        Input::Registration(stamped(12.0, registration(RegistrationState::Accepted, 4.0, 3.0))),
        Input::Targets(stamped(15.0, points(&places))),
        Input::Check(stamped(
            16.0,
            LandmarkCheck {
                landmark: "a".to_owned(),
                tool: "stylus".to_owned(),
                planned: Point::new(Point3::origin()),
                touched: Point::new(Point3::origin()),
                measured_mm: 4.5,
                predicted_mm: 3.0,
            },
        )),
    ]);
    assert_eq!(figure(&scores, "registration first accepted"), 12.0);
    // 2 mm at 5 and 10 s, 4 mm at 15 s, at three targets each; nothing at 0 s.
    assert!((figure(&scores, "registration error, median") - 2.0).abs() < 0.02);
    assert!((figure(&scores, "registration error, p95") - 4.0).abs() < 0.02);
    assert!((figure(&scores, "registration error, median at the end") - 4.0).abs() < 0.02);
    assert!((figure(&scores, "registration error within its bound") - 200.0 / 3.0).abs() < 1e-9);
    assert!((figure(&scores, "landmark error, median") - 4.5).abs() < 0.02);
    let count = |measure: &str| scores.iter().find(|s| s.measure == measure).unwrap().count;
    assert_eq!(count("registration error, median"), 9);
    assert_eq!(count("registration error, median of all targets"), 12);
    assert!(scores.iter().all(|score| !score.measure.contains("Dice")), "nothing came of that");
}

fn segmented(labels: [u8; 100], classes: &[&str], shift_mm: f64) -> SegmentedImage {
    let rows = Matrix3x4::new(1.0, 0.0, 0.0, shift_mm, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0);
    SegmentedImage {
        width_px: 10,
        height_px: 10,
        classes: classes.iter().map(|&class| class.to_owned()).collect(),
        placement: Placement::Placed {
            patient_from_image: Affine::from_rows(rows).unwrap(),
            error_mm: None,
            pose_gap_ns: 0,
        },
        model: None,
        labels: labels.to_vec().into(),
    }
}

#[test]
fn images_are_compared_with_the_truth_of_the_same_instant_whichever_comes_first() {
    let truth = |seconds| {
        let labels = std::array::from_fn(|i| u8::from(i < 60));
        Input::TruthImage(stamped(seconds, segmented(labels, &["background", "vessel"], 0.0)))
    };
    // 40 of 60 pixels found, and 20 beside; then all.
    let half = std::array::from_fn(|i| if (20..80).contains(&i) { 2 } else { 0 });
    let all = std::array::from_fn(|i| if i < 60 { 2 } else { 1 });
    let classes = ["background", "liver", "portal_vein"];
    let overlay = |guidance| Overlay {
        width_px: 10,
        height_px: 10,
        guidance,
        structures: Vec::new(),
        outlines: Vec::new(),
        points: 0,
        points_px: Vec::new().into(),
    };
    let scores = scores(vec![
        truth(1.0),
        Input::Segmented(stamped(1.0, segmented(half, &classes, 3.0))),
        Input::Segmented(stamped(2.0, segmented(all, &classes, 1.0))),
        truth(2.0),
        truth(3.0),
        Input::Segmented(stamped(4.0, segmented(all, &classes, 9.0))),
        Input::Overlay(stamped(1.0, overlay(Guidance::Valid))),
        Input::Overlay(stamped(2.0, overlay(Guidance::blank("no registration")))),
    ]);
    assert!((figure(&scores, "vessel Dice in live images") - 200.0 / 240.0).abs() < 1e-9);
    assert!((figure(&scores, "vessel Dice of an image, p5") - 2.0 / 3.0).abs() < 1e-3);
    assert!((figure(&scores, "image misplaced, p95") - 3.0).abs() < 0.02);
    assert_eq!(figure(&scores, "overlays that were shown"), 50.0);
}

fn volume<In: Frame>(
    spacing_mm: f64,
    size: u32,
    names: &[(&str, StructureKind)],
    label: impl Fn([f64; 3]) -> u8,
) -> LabelVolume<In> {
    let n = size as usize;
    let rows = Matrix3x4::new(
        spacing_mm, 0.0, 0.0, 0.0, 0.0, spacing_mm, 0.0, 0.0, 0.0, 0.0, spacing_mm, 0.0,
    );
    let place =
        |index: usize| [index % n, index / n % n, index / (n * n)].map(|i| i as f64 * spacing_mm);
    LabelVolume {
        size: [size; 3],
        frame_from_voxel: Affine::from_rows(rows).unwrap(),
        structures: names
            .iter()
            .map(|&(name, kind)| Structure { name: name.to_owned(), kind })
            .collect(),
        model: None,
        labels: (0..n * n * n).map(|index| label(place(index))).collect::<Vec<_>>().into(),
    }
}

#[test]
fn a_map_is_compared_by_name_on_the_same_or_another_lattice() {
    let names = [
        ("liver", StructureKind::Organ),
        ("portal_vein", StructureKind::Vein),
        ("aorta", StructureKind::Artery),
    ];
    let truth = |[x, _, z]: [f64; 3]| {
        if x < 8.0 {
            2
        } else if z < 8.0 {
            3
        } else {
            1
        }
    };
    // Portal vein up to 12 mm instead of 8; the aorta is called something else.
    let others = [("artery", StructureKind::Artery), ("portal_vein", StructureKind::Vein)];
    let map = |[x, _, z]: [f64; 3]| if x < 12.0 { 2 } else { u8::from(z < 8.0) };
    for spacing_mm in [1.0, 2.0] {
        let size = (40.0 / spacing_mm) as u32;
        let scores = scores(vec![
            Input::Labels(stamped(0.0, volume(spacing_mm, size, &others, map))),
            Input::TruthLabels(stamped(0.0, volume(1.0, 40, &names, truth))),
        ]);
        assert!((figure(&scores, "map Dice, portal_vein") - 16.0 / 20.0).abs() < 1e-9);
        // Found: 12 · 40 + 28 · 8, true: 8 · 40 + 32 · 8, all true ones found.
        let vessels = 2.0 * 576.0 / (704.0 + 576.0);
        assert!((figure(&scores, "map Dice, all vessels") - vessels).abs() < 1e-9);
        assert!(scores.iter().all(|s| s.measure != "map Dice, aorta"));
    }
}

fn line(from: [f64; 3], to: [f64; 3]) -> VesselTree<Patient> {
    let node = |place: [f64; 3]| TreeNode { position_mm: Point3::from(place), radius_mm: 2.0 };
    let branch = Branch { nodes: vec![0, 1], label: None };
    let tree = Centrelines::new(vec![node(from), node(to)], vec![branch]).unwrap();
    VesselTree::new(&tree, Vec::new()).unwrap()
}

#[test]
fn a_traced_tree_is_measured_against_the_true_one_nearest_in_time() {
    let scores = scores(vec![
        Input::TruthTree(stamped(0.0, line([0.0, 30.0, 0.0], [100.0, 30.0, 0.0]))),
        Input::TruthTree(stamped(5.0, line([0.0, 0.0, 0.0], [100.0, 0.0, 0.0]))),
        // 0 to 10 mm beside.
        Input::Tree(stamped(6.0, line([0.0, 0.0, 0.0], [60.0, 0.0, 10.0]))),
    ]);
    assert!((figure(&scores, "centreline distance, mean") - 5.0).abs() < 0.05);
    assert!((figure(&scores, "centreline distance, p95") - 9.5).abs() < 0.15);
}

#[test]
fn a_cone_beam_image_is_timed_to_its_registration_and_errors_are_told_before_and_after_it() {
    let places = [[10.0, 20.0, 30.0], [40.0, 50.0, 60.0]];
    let cone_beam = |seconds| {
        let image = IntensityVolume::<Patient> {
            size: [1; 3],
            frame_from_voxel: Affine::from_rows(Matrix3x4::identity()).unwrap(),
            modality: messages::Modality::ConeBeamCt,
            voxels: vec![0].into(),
        };
        Input::ConeBeam(stamped(seconds, image))
    };
    let registered = |seconds, data_s, error_mm| {
        let mut registration = registration(RegistrationState::Accepted, error_mm, 9.0);
        registration.alignment.as_mut().unwrap().data_acquired_at = at(data_s);
        Input::Registration(stamped(seconds, registration))
    };
    let degraded = |seconds| {
        let state = RegistrationState::Degraded { reason: "it moved".to_owned() };
        Input::Registration(stamped(seconds, registration(state, 8.0, 9.0)))
    };
    let targets = |seconds| Input::Targets(stamped(seconds, points(&places)));
    let names = [("liver", StructureKind::Organ), ("portal_vein", StructureKind::Vein)];
    let labels = |wall_mm| volume(1.0, 20, &names, move |[x, ..]| if x < wall_mm { 2 } else { 1 });
    // Packed at 10 s. A registration of a later sweep, taken before that of the image, is not made from the image.
    let course = |late: f64| {
        vec![
            (0.0, Input::PlannedTargets(stamped(0.0, points(&places)))),
            (0.0, registered(0.0, 0.0, 2.0)),
            (5.0, targets(5.0)),
            (11.0, registered(11.0, 11.0, 8.0)),
            (12.0, targets(12.0)),
            (12.5, degraded(12.5)),
            (13.0, degraded(13.0)),
            (20.0, cone_beam(20.0)),
            (20.0, Input::TruthConeBeam(stamped(20.0, labels(10.0)))),
            (20.0, Input::TruthTree(stamped(20.0, line([0.0; 3], [60.0, 0.0, 0.0])))),
            (20.0 + late, Input::ConeBeamLabels(stamped(20.0, labels(12.0)))),
            (20.0 + 1.5 * late, registered(21.0, 21.0, 6.0)),
            (
                20.0 + 1.5 * late,
                Input::ConeBeamTree(stamped(20.0, line([0.0; 3], [60.0, 0.0, 10.0]))),
            ),
            (22.0, targets(22.0)),
            (20.0 + 2.0 * late, registered(20.0, 20.0, 1.0)),
            (30.0, registered(30.0, 20.0, 1.0)),
            (30.0, targets(30.0)),
        ]
    };
    let told = |late| {
        let mut node = Report::new(Parameters { every_s: 1e3, patient: packed(10.0) }).unwrap();
        for (now, input) in course(late) {
            node.handle(input, &mut Context::at(at(now))).unwrap();
        }
        let mut context = Context::at(at(40.0));
        node.finish(&mut context).unwrap();
        let Some((_, Output::Scores(scores))) = context.finish().0.pop() else { panic!() };
        scores.scores
    };
    let scores = told(2.0);
    for (to, ms) in [("labels", 2000.0), ("tree", 3000.0), ("registration", 4000.0)] {
        let came = figure(&scores, &format!("time from cone beam to {to}"));
        assert!((came - ms).abs() < 1e-6, "{to}: {came} ms");
    }
    assert_eq!(figure(&scores, "packing noticed in live images after"), 2.5);
    let phases = [("before packing", 2.0), ("after the cone beam", 1.0)];
    for (phase, mm) in phases {
        for part in ["median", "p95"] {
            let came = figure(&scores, &format!("registration error {phase}, {part}"));
            assert!((came - mm).abs() < 0.02, "{phase}: {came} mm");
        }
    }
    assert!((figure(&scores, "registration error before the cone beam, p95") - 8.0).abs() < 0.02);
    assert!((figure(&scores, "cone-beam Dice, portal_vein") - 20.0 / 22.0).abs() < 1e-9);
    assert!((figure(&scores, "cone-beam centreline distance, mean") - 5.0).abs() < 0.05);
    // On the simulated clock nothing takes time, and so no time is told.
    assert!(told(0.0).iter().all(|score| !score.measure.starts_with("time from cone beam")));
}

#[test]
fn figures_are_told_every_few_seconds_and_a_strange_interval_is_refused() {
    let mut node = Report::new(Parameters { every_s: 5.0, patient: packed(0.0) }).unwrap();
    let mut told = Vec::new();
    for second in 0..12 {
        let mut context = Context::at(at(f64::from(second)));
        let targets = Input::Targets(stamped(f64::from(second), points(&[])));
        node.handle(targets, &mut context).unwrap();
        told.extend(context.finish().0.into_iter().map(|(acquired_at, _)| acquired_at));
    }
    assert_eq!(told, [at(5.0), at(10.0)]);
    assert!(Report::new(Parameters { every_s: 0.0, patient: packed(0.0) }).is_err());
    let error = Report::new(Parameters { every_s: 1.0, patient: packed(-1.0) }).err().unwrap();
    assert!(error.to_string().contains("`patient.packed_at_s` must lie between 0"), "{error}");
    // Without a single input there is nothing to tell.
    let mut context = Context::at(at(0.0));
    Report::new(Parameters { every_s: 5.0, patient: packed(0.0) })
        .unwrap()
        .finish(&mut context)
        .unwrap();
    assert!(context.finish().0.is_empty());
}
