//! Labelled tubes with known centrelines come out as branches of the right structure.

use messages::{Affine, Health, Patient, Preoperative, Stamped, StructureKind, Timestamp};
use nalgebra::{Matrix3x4, Point3};
use runtime::{Context, Node as _};
use serde_json::json;

use super::nodes::{cone_beam, preoperative};
use super::*;

/// A straight vessel: its ends and its radius.
type Tube = (Point3<f64>, Point3<f64>, f64);

fn off_axis(p: &Point3<f64>, (a, b, _): &Tube) -> f64 {
    let axis = b - a;
    let part = ((p - a).dot(&axis) / axis.norm_squared()).clamp(0.0, 1.0);
    (p - (a + axis * part)).norm()
}

fn p(x: f64, y: f64, z: f64) -> Point3<f64> {
    // Far from the origin, as scanners place volumes.
    Point3::new(x - 100.0, y + 20.0, z + 300.0)
}

/// Voxels of 0.8 × 0.8 × 1.5 mm, labelled by the tubes in order.
fn volume<In: Frame>(
    structures: &[(&str, StructureKind)],
    tubes: &[(u8, Tube)],
) -> LabelVolume<In> {
    let rows = Matrix3x4::new(
        0.8, 0.0, 0.0, -100.0, //
        0.0, 0.8, 0.0, 20.0, //
        0.0, 0.0, 1.5, 300.0,
    );
    let size = [80, 80, 40];
    let grid = Grid::new(size, rows).unwrap();
    let label = |at: usize| {
        let place = grid.to_mm([at % 80, at / 80 % 80, at / 6400].map(|index| index as f64));
        let within = |(_, tube): &&(u8, Tube)| off_axis(&place, tube) <= tube.2;
        tubes.iter().find(within).map_or(0, |(label, _)| *label)
    };
    let structures =
        structures.iter().map(|&(name, kind)| Structure { name: name.to_owned(), kind }).collect();
    LabelVolume {
        size,
        frame_from_voxel: Affine::from_rows(rows).unwrap(),
        structures,
        model: None,
        labels: (0..grid.voxels()).map(label).collect::<Vec<_>>().into(),
    }
}

fn node(parameters: serde_json::Value) -> TraceLabels {
    TraceLabels::new(serde_json::from_value(parameters).unwrap()).unwrap()
}

fn handle(
    node: &mut TraceLabels,
    value: LabelVolume<Preoperative>,
) -> (VesselTree<Preoperative>, Health) {
    let mut context = Context::at(Timestamp(9));
    let input =
        preoperative::Input::Labels(Stamped { acquired_at: Timestamp(7), sequence: 0, value });
    node.handle(input, &mut context).unwrap();
    let (mut published, health) = context.finish();
    let Some((Timestamp(7), preoperative::Output::Tree(tree))) = published.pop() else {
        panic!("no tree")
    };
    assert!(published.is_empty());
    (tree, health.unwrap())
}

const KNOWN: &[(&str, StructureKind)] = &[
    ("tumour", StructureKind::Tumour),
    ("portal_vein", StructureKind::Vein),
    ("bile_duct", StructureKind::BileDuct),
    ("hepatic_artery", StructureKind::Artery),
    ("hepatic_vein", StructureKind::Vein),
];

fn liver() -> Vec<(u8, Tube)> {
    let fork = p(30.0, 30.0, 30.0);
    vec![
        (1, (p(50.0, 12.0, 40.0), p(50.0, 12.0, 40.1), 6.0)),
        (2, (p(8.0, 30.0, 30.0), fork, 4.0)),
        (2, (fork, p(52.0, 46.0, 34.0), 3.2)),
        (2, (fork, p(42.0, 14.0, 14.0), 3.0)),
        (3, (p(8.0, 52.0, 40.0), p(52.0, 55.0, 40.0), 2.5)),
        // Beside the portal vein, without a voxel between them.
        (4, (p(8.0, 36.2, 30.0), p(26.0, 36.2, 30.0), 2.4)),
    ]
}

#[test]
fn vessels_that_touch_are_branches_of_their_own_structures() {
    let (tree, health) = handle(&mut node(json!({})), volume(KNOWN, &liver()));
    assert_eq!(health, Health::Healthy);
    let names: Vec<_> = tree.structures.iter().map(|structure| structure.name.as_str()).collect();
    assert_eq!(names, ["portal_vein", "hepatic_artery", "hepatic_vein"]);
    let lines = tree.centrelines().unwrap();
    let labels: Vec<_> = lines.branches().iter().map(|branch| branch.label).collect();
    assert_eq!(labels, [Some(0), Some(0), Some(0), Some(1)]);
    assert_eq!(lines.components().1, 2);
    let [joint] = lines.branch_points()[..] else { panic!("{:?}", lines.branch_points()) };
    let fork = lines.nodes()[joint as usize].position_mm;
    assert!((fork - p(30.0, 30.0, 30.0)).norm() < 2.5, "{fork}");
    for branch in lines.branches() {
        let label = if branch.label == Some(0) { 2 } else { 4 };
        let own = liver().into_iter().filter(|(of, _)| *of == label);
        let own: Vec<Tube> = own.map(|(_, tube)| tube).collect();
        for sample in lines.polyline(branch).points() {
            let off = own.iter().map(|tube| off_axis(&sample.position_mm, tube));
            assert!(off.fold(f64::MAX, f64::min) < 1.2, "{label} {sample:?}");
        }
        let middle = lines.polyline(branch).at(0.6 * lines.polyline(branch).length_mm());
        let nearest = own.iter().min_by(|a, b| {
            off_axis(&middle.position_mm, a).total_cmp(&off_axis(&middle.position_mm, b))
        });
        assert!((middle.radius_mm - nearest.unwrap().2).abs() < 0.6, "{label} {middle:?}");
    }
}

#[test]
fn a_smaller_step_gives_more_nodes_on_the_same_way() {
    let count = |step_mm: f64| {
        let parameters = json!({ "step_mm": step_mm });
        let tree = handle(&mut node(parameters), volume(KNOWN, &liver())).0;
        (f64::from(tree.nodes), tree.centrelines().unwrap().length_mm())
    };
    let ((few, coarse_mm), (many, fine_mm)) = (count(2.0), count(0.5));
    assert!((3.6..4.2).contains(&(many / few)), "{few} {many}");
    assert!((coarse_mm / fine_mm - 1.0).abs() < 0.03, "{coarse_mm} {fine_mm}");
}

#[test]
fn without_vessels_the_tree_is_empty_and_the_reason_told() {
    let mut node = node(json!({}));
    let only_tumour = &liver()[..1];
    let (tree, health) = handle(&mut node, volume(KNOWN, only_tumour));
    assert_eq!((tree.nodes, tree.branches, tree.structures.len()), (0, 0, 3));
    let Health::Degraded { reason } = health else { panic!("healthy") };
    assert!(reason.contains("portal_vein, hepatic_artery, hepatic_vein"), "{reason}");
    let (tree, health) = handle(&mut node, volume(&KNOWN[..1], only_tumour));
    assert_eq!((tree.branches, tree.structures.len()), (0, 0));
    let Health::Degraded { reason } = health else { panic!("healthy") };
    assert!(reason.contains("none of the labelled structures (tumour)"), "{reason}");
}

#[test]
fn what_cannot_be_worked_on_is_an_error_that_says_why() {
    let wrong = |parameters: serde_json::Value| {
        let error = TraceLabels::new(serde_json::from_value(parameters).unwrap()).err().unwrap();
        error.to_string()
    };
    let told = wrong(json!({ "step_mm": 0.0 }));
    assert!(told.contains("step_mm should be between 0.1 and 20"), "{told}");
    let told = wrong(json!({ "spur_radii": 100.0 }));
    assert!(told.contains("spur_radii should be between 0 and 10"), "{told}");
    let tracer = LabelTracer::new(Parameters::default()).unwrap();
    let mut short: LabelVolume<Patient> = volume(KNOWN, &liver());
    short.labels = vec![2; 17].into();
    let told = tracer.trace(&short).unwrap_err().to_string();
    assert!(told.contains("256000 voxels, but `labels` has 17"), "{told}");
    let mut sheared: LabelVolume<Patient> = volume(KNOWN, &liver());
    let mut rows = *sheared.frame_from_voxel.rows();
    rows[(0, 1)] = 0.3;
    sheared.frame_from_voxel = Affine::from_rows(rows).unwrap();
    assert!(tracer.trace(&sheared).unwrap_err().to_string().contains("right angles"));
}

#[test]
fn a_volume_made_during_the_procedure_gives_the_same_tree_in_the_frame_of_the_patient() {
    let mut node = TraceConeBeam::new(Parameters::default()).unwrap();
    let mut context = Context::at(Timestamp(9));
    let value: LabelVolume<Patient> = volume(KNOWN, &liver());
    let input = cone_beam::Input::Labels(Stamped { acquired_at: Timestamp(7), sequence: 0, value });
    node.handle(input, &mut context).unwrap();
    let (mut published, health) = context.finish();
    assert_eq!(health, Some(Health::Healthy));
    let Some((Timestamp(7), cone_beam::Output::Tree(tree))) = published.pop() else {
        panic!("no tree")
    };
    let before = LabelTracer::new(Parameters::default())
        .unwrap()
        .trace::<Preoperative>(&volume(KNOWN, &liver()))
        .unwrap();
    assert_eq!(tree.structures, before.structures);
    assert_eq!(tree.centrelines().unwrap(), before.centrelines().unwrap());
}
