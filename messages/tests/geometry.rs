//! Laws of transforms, points and affine maps.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use messages::{Affine, Image, Patient, Probe, Tracker, Transform, transform::Point};
use nalgebra::{Isometry3, Matrix3x4, Matrix4, Point3, Translation3, UnitQuaternion, Vector3};
use proptest::prelude::*;

fn vector(range: f64) -> impl Strategy<Value = Vector3<f64>> {
    [-range..range, -range..range, -range..range].prop_map(Vector3::from)
}

fn isometry() -> impl Strategy<Value = Isometry3<f64>> {
    (vector(500.0), vector(3.0)).prop_map(|(shift, axis)| {
        Isometry3::from_parts(Translation3::from(shift), UnitQuaternion::from_scaled_axis(axis))
    })
}

fn affine() -> impl Strategy<Value = Matrix3x4<f64>> {
    (isometry(), [0.05..2.0, 0.05..2.0, 0.05..2.0]).prop_map(|(isometry, scale)| {
        let mut rows = isometry.to_homogeneous().fixed_view::<3, 4>(0, 0).into_owned();
        for (axis, scale) in scale.into_iter().enumerate() {
            let column = rows.column(axis) * scale;
            rows.set_column(axis, &column);
        }
        rows
    })
}

fn near(a: Point3<f64>, b: Point3<f64>) -> bool {
    (a - b).norm() < 1e-8
}

proptest! {
    #[test]
    fn composition_is_application_in_turn(a in isometry(), b in isometry(), p in vector(300.0)) {
        let patient_from_tracker = Transform::<Patient, Tracker>::from_isometry(a);
        let tracker_from_probe = Transform::<Tracker, Probe>::from_isometry(b);
        let point = Point::<Probe>::new(p.into());
        let both = (patient_from_tracker * tracker_from_probe) * point;
        let turn = patient_from_tracker * (tracker_from_probe * point);
        prop_assert!(near(both.xyz_mm, turn.xyz_mm));
    }

    #[test]
    fn the_inverse_leads_back(a in isometry(), p in vector(300.0)) {
        let patient_from_tracker = Transform::<Patient, Tracker>::from_isometry(a);
        let point = Point::<Tracker>::new(p.into());
        prop_assert!(near((patient_from_tracker.inverse() * (patient_from_tracker * point)).xyz_mm, point.xyz_mm));
    }

    #[test]
    fn a_rigid_motion_survives_its_matrix_and_the_wire(a in isometry()) {
        let transform = Transform::<Patient, Tracker>::from_isometry(a);
        let back = Transform::<Patient, Tracker>::from_matrix(&a.to_homogeneous()).unwrap();
        prop_assert!((back.isometry().to_homogeneous() - a.to_homogeneous()).amax() < 1e-9);
        let mut bytes = Vec::new();
        ciborium::into_writer(&transform, &mut bytes).unwrap();
        let read: Transform<Patient, Tracker> = ciborium::from_reader(&bytes[..]).unwrap();
        prop_assert_eq!(read, transform);
    }

    #[test]
    fn affine_maps_compose_and_invert(a in isometry(), m in affine(), p in vector(400.0)) {
        let patient_from_probe = Transform::<Patient, Probe>::from_isometry(a);
        let probe_from_image = Affine::<Probe, Image>::from_rows(m).unwrap();
        let pixel = Point::<Image>::new(p.into());
        let both = (patient_from_probe * probe_from_image) * pixel;
        let turn = patient_from_probe * (probe_from_image * pixel);
        prop_assert!(near(both.xyz_mm, turn.xyz_mm));
        let back = probe_from_image.inverse() * (probe_from_image * pixel);
        prop_assert!((back.xyz_mm - pixel.xyz_mm).norm() < 1e-6);
    }
}

#[test]
fn scale_shear_mirrors_and_nan_are_no_rigid_motion() {
    let mut scaled = Matrix4::<f64>::identity();
    scaled[(0, 0)] = 1.01;
    let mut mirrored = Matrix4::<f64>::identity();
    mirrored[(2, 2)] = -1.0;
    let mut projective = Matrix4::<f64>::identity();
    projective[(3, 0)] = 0.5;
    let mut undefined = Matrix4::<f64>::identity();
    undefined[(1, 3)] = f64::NAN;
    for matrix in [scaled, mirrored, projective, undefined] {
        assert!(Transform::<Patient, Tracker>::from_matrix(&matrix).is_err(), "{matrix}");
    }
    assert!(Affine::<Patient, Image>::from_matrix(&scaled).is_ok());
    assert!(Affine::<Patient, Image>::from_matrix(&projective).is_err());
    assert!(Affine::<Patient, Image>::from_matrix(&undefined).is_err());
}

#[test]
fn a_flat_map_is_refused_and_small_pixels_are_not() {
    let flat = Matrix3x4::new(1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    assert!(Affine::<Patient, Image>::from_rows(flat).is_err());
    let tiny = Matrix3x4::new(1e-6, 0.0, 0.0, 0.0, 0.0, 1e-6, 0.0, 0.0, 0.0, 0.0, 1e-6, 0.0);
    assert!(Affine::<Patient, Image>::from_rows(tiny).is_ok());
}

#[test]
fn a_quaternion_that_is_no_rotation_is_refused_on_arrival() {
    for rotation in [[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0], [f64::NAN, 0.0, 0.0, 1.0]] {
        let mut bytes = Vec::new();
        let value = std::collections::BTreeMap::from([
            ("rotation_xyzw", rotation.to_vec()),
            ("translation_mm", vec![0.0; 3]),
        ]);
        ciborium::into_writer(&value, &mut bytes).unwrap();
        assert!(
            ciborium::from_reader::<Transform<Patient, Tracker>, _>(&bytes[..]).is_err(),
            "{rotation:?}"
        );
    }
}
