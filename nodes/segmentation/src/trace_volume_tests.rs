//! Tubes in a volume of which a part was seen come out as the branches that can be known.

use messages::{Affine, Timestamp};
use nalgebra::{Matrix3x4, Point3};
use serde_json::json;

use super::*;

const SIZE: [u32; 3] = [60, 40, 40];

/// Voxels of 1 mm from (10, -20, 30) on: a vessel along x whose radius is 4 mm with the middle at y 10 and z 10, and a
/// thinner one, of which fewer images are sure, at y 28 and z 28. Nobody saw what lies beyond x 45.
fn volume(sure: u8, unsure: u8) -> Volume {
    let rows = Matrix3x4::new(
        1.0, 0.0, 0.0, 10.0, //
        0.0, 1.0, 0.0, -20.0, //
        0.0, 0.0, 1.0, 30.0,
    );
    let index = |at: usize| [at % 60, at / 60 % 40, at / 2400].map(|index| index as f64);
    let voxels = (0..60 * 40 * 40).map(|at| {
        let [x, y, z] = index(at);
        if x > 55.0 {
            0
        } else if (y - 10.0).hypot(z - 10.0) <= 4.0 {
            sure
        } else if (y - 28.0).hypot(z - 28.0) <= 3.0 {
            unsure
        } else {
            20
        }
    });
    let seen = (0..60 * 40 * 40).map(|at| u8::from(index(at)[0] <= 45.0));
    Volume {
        size: SIZE,
        patient_from_voxel: Affine::from_rows(rows).unwrap(),
        images: 100,
        voxels: voxels.collect::<Vec<_>>().into(),
        seen: seen.collect::<Vec<_>>().into(),
    }
}

fn handle(parameters: serde_json::Value, value: Volume) -> (VesselTree<Patient>, Health) {
    let mut node = TraceVolume::new(serde_json::from_value(parameters).unwrap()).unwrap();
    let mut context = Context::at(Timestamp(9));
    let input = Input::Volume(Stamped { acquired_at: Timestamp(7), sequence: 0, value });
    node.handle(input, &mut context).unwrap();
    let (mut published, health) = context.finish();
    let Some((Timestamp(7), Output::Tree(tree))) = published.pop() else { panic!("no tree") };
    assert!(published.is_empty());
    (tree, health.unwrap())
}

#[test]
fn a_vessel_most_images_agree_on_is_traced_in_the_frame_of_the_patient() {
    let (tree, health) = handle(json!({}), volume(200, 100));
    assert_eq!(health, Health::Healthy);
    let vessel = Structure { name: "vessel".to_owned(), kind: StructureKind::Vessel };
    assert_eq!(tree.structures, [vessel]);
    let lines = tree.centrelines().unwrap();
    let [branch] = lines.branches() else { panic!("{:?}", lines.branches()) };
    assert_eq!(branch.label, None);
    let truth = |p: &Point3<f64>| (p.y + 10.0).hypot(p.z - 40.0);
    for node in lines.nodes() {
        assert!(truth(&node.position_mm) < 0.4, "{node:?}");
        assert!((node.radius_mm - 4.0).abs() < 0.4, "{node:?}");
    }
    // From face to face of what was seen: x from 10 to 55 mm.
    let xs = lines.nodes().iter().map(|node| node.position_mm.x);
    let (low, high) = (xs.clone().fold(f64::MAX, f64::min), xs.fold(f64::MIN, f64::max));
    assert!((10.0..13.0).contains(&low) && high > 52.0 && high <= 55.5, "{low} {high}");
}

#[test]
fn a_lower_threshold_takes_in_what_fewer_images_agree_on() {
    let (tree, health) = handle(json!({ "threshold": 90 }), volume(200, 100));
    assert_eq!((tree.branches, health), (2, Health::Healthy));
    let (tree, _) = handle(json!({ "threshold": 201 }), volume(201, 200));
    assert_eq!(tree.branches, 1);
}

#[test]
fn nothing_found_is_an_empty_tree_and_the_reason() {
    let (tree, health) = handle(json!({}), volume(127, 100));
    assert_eq!((tree.nodes, tree.branches, tree.structures.len()), (0, 0, 1));
    let Health::Degraded { reason } = health else { panic!("healthy") };
    assert!(reason.contains("no voxel of the volume reaches the threshold 128"), "{reason}");
    let (tree, health) = handle(json!({ "least_component_mm3": 1e5 }), volume(200, 0));
    assert_eq!(tree.branches, 0);
    let Health::Degraded { reason } = health else { panic!("healthy") };
    assert!(reason.contains("voxels are vessel, but none"), "{reason}");
}

#[test]
fn what_cannot_be_worked_on_is_an_error_that_says_why() {
    let wrong = |parameters: serde_json::Value| {
        let error = TraceVolume::new(serde_json::from_value(parameters).unwrap()).err().unwrap();
        error.to_string()
    };
    assert!(wrong(json!({ "threshold": 0 })).contains("between 1 and 255"));
    assert!(wrong(json!({ "least_component_mm3": -1.0 })).contains("least_component_mm3"));
    let node = TraceVolume::new(Parameters::default()).unwrap();
    let mut short = volume(200, 0);
    short.seen = vec![1; 5].into();
    let told = node.trace(&short).unwrap_err().to_string();
    assert!(told.contains("96000 voxels, but `seen` has 5"), "{told}");
}
