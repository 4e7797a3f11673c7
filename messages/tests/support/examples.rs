//! Values of messages that several tests write and read.

#![allow(dead_code, reason = "each test uses its part")]

use messages::centrelines::{Branch, Centrelines, Node};
use messages::wire::Origin;
use messages::{
    Affine, Alignment, DisplacementField, Fit, Placement, Registration, RegistrationState,
    Structure, StructureKind, Timestamp, Transform, UltrasoundImage, VesselTree,
};
use nalgebra::{Isometry3, Matrix3x4, Point3};

pub fn origin() -> Origin {
    Origin { session: "5e551044".into(), stream: "node.port".into(), incarnation: 2 }
}

pub fn image() -> UltrasoundImage {
    UltrasoundImage::new(4, 3, (0..12).collect()).unwrap()
}

pub fn placed() -> Placement {
    Placement::Placed {
        patient_from_image: Affine::from_rows(Matrix3x4::new(
            0.5, 0.0, 0.0, 10.0, 0.0, 0.0, -1.0, 20.0, 0.0, 0.25, 0.0, -30.0,
        ))
        .unwrap(),
        error_mm: Some(0.5),
        pose_gap_ns: 20_000_000,
    }
}

pub fn voxels<In>() -> Affine<In, messages::Voxel> {
    let rows = Matrix3x4::new(0.5, 0.0, 0.0, 1.0, 0.0, 0.5, 0.0, 2.0, 0.0, 0.0, 0.5, 3.0);
    Affine::from_rows(rows).unwrap()
}

pub fn structures() -> Vec<Structure> {
    vec![
        Structure { name: "portal_vein".into(), kind: StructureKind::Vein },
        Structure { name: "left_ureter".into(), kind: StructureKind::Ureter },
    ]
}

pub fn registration(state: RegistrationState) -> Registration {
    let shift = Isometry3::translation(1.0, -2.0, 3.5);
    let field = DisplacementField {
        size: [2, 2, 3],
        preoperative_from_node: voxels(),
        displacements_mm: (0..36).map(|i| i as f32 * 0.25).collect::<Vec<_>>().into(),
        error_mm: (0..12).map(|i| i as f32 * 0.5).collect::<Vec<_>>().into(),
    };
    Registration {
        state,
        alignment: Some(Alignment {
            preoperative_from_patient: Transform::from_isometry(shift),
            field,
            fit: Fit { explained: 0.75, residual_mm: 0.5, rival: Some(0.25) },
            data_acquired_at: Timestamp(999_999_999),
        }),
    }
}

pub fn centrelines() -> Centrelines {
    let node =
        |x: f64, y: f64, radius_mm: f64| Node { position_mm: Point3::new(x, y, 3.0), radius_mm };
    let nodes =
        vec![node(1.0, 2.0, 2.0), node(2.0, 2.0, 2.0), node(3.0, 2.5, 1.5), node(3.0, 1.5, 1.25)];
    let branch = |nodes: &[u32], label| Branch { nodes: nodes.to_vec(), label };
    let branches = vec![branch(&[0, 1], Some(0)), branch(&[1, 2], Some(0)), branch(&[1, 3], None)];
    Centrelines::new(nodes, branches).unwrap()
}

pub fn vessel_tree<In>() -> VesselTree<In> {
    VesselTree::new(&centrelines(), structures()).unwrap()
}
