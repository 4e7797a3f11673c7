//! Deformations: amplitudes, invertibility, and a patient seen through them.

use messages::Point;
use nalgebra::{Matrix3, Point3, Vector3};
use proptest::prelude::*;
use simulation::anatomy::abdomen::{AbdomenSettings, abdomen};
use simulation::anatomy::deformation::{Deformation, DeformedAnatomy};
use simulation::anatomy::family::Family;
use simulation::anatomy::motion::{Breathing, Motion, Packing, ProbePressure};
use simulation::anatomy::structure::Geometry;

const CENTRE: Point3<f64> = Point3::new(-40.0, 95.0, 10.0);

fn breathing() -> Breathing {
    Breathing { amplitude_mm: 16.0, period_s: 4.0, hysteresis: 0.1, centre: CENTRE, reach_mm: 90.0 }
}

fn full() -> Deformation {
    let packing = Packing {
        centre: Point3::new(10.0, 80.0, 0.0),
        push_mm: Vector3::new(-9.0, 6.0, 4.0),
        reach_mm: 60.0,
    };
    let pressure = ProbePressure {
        contact: Point3::new(-60.0, 30.0, 10.0),
        into: Vector3::y(),
        depth_mm: 8.0,
        breadth_mm: 30.0,
        fade_mm: 40.0,
    };
    let motions = vec![
        Motion::Breathing(breathing()),
        Motion::Packing(packing),
        Motion::ProbePressure(pressure),
    ];
    Deformation::new(motions).unwrap()
}

proptest! {
    #[test]
    fn every_place_has_one_origin(x in -160.0..160.0, y in -10.0..220.0, z in -150.0..150.0, t in 0.0..20.0) {
        let (deformation, rest) = (full(), Point3::new(x, y, z));
        let moved = deformation.displace(&rest, t);
        prop_assert!((deformation.origin_of(&moved, t) - rest).norm() < 1e-6);
        prop_assert!((moved - rest).norm() < 17.5 * 1.1 + 12.0 + 8.0);
    }

    #[test]
    fn space_is_never_folded(x in -160.0..160.0, y in 0.0..220.0, z in -150.0..150.0, t in 0.0..8.0) {
        let (deformation, rest) = (full(), Point3::new(x, y, z));
        let step = 1e-4;
        let column = |axis: usize| {
            let mut beside = rest;
            beside[axis] += step;
            (deformation.displace(&beside, t) - deformation.displace(&rest, t)) / step
        };
        let jacobian = Matrix3::from_columns(&[column(0), column(1), column(2)]);
        prop_assert!(jacobian.determinant() > 0.05, "{}", jacobian.determinant());
    }

    #[test]
    fn no_two_points_part_faster_than_the_bound(
        x in -150.0..150.0, y in -10.0..220.0, z in -120.0..120.0, dx in -9.0..9.0, dz in -9.0..9.0, t in 0.0..8.0
    ) {
        let bound = Motion::Breathing(breathing()).steepness();
        let (a, b) = (Point3::new(x, y, z), Point3::new(x + dx, y + 1.0, z + dz));
        let way = |p: &Point3<f64>| Motion::Breathing(breathing()).displacement_mm(p, t);
        prop_assert!((way(&a) - way(&b)).norm() <= bound * (a - b).norm() + 1e-9);
    }
}

#[test]
fn breathing_is_periodic_reaches_its_amplitude_and_returns_another_way() {
    let motion = Deformation::new(vec![Motion::Breathing(breathing())]).unwrap();
    let at = |t: f64| motion.displace(&CENTRE, t) - CENTRE;
    assert!(at(0.0).norm() < 1e-9);
    assert!((at(2.0).z + 16.0).abs() < 1e-9, "{}", at(2.0));
    assert!((at(1.3) - at(5.3)).norm() < 1e-9);
    // The same depth on the way in and out, at different places.
    assert!((at(1.0).z - at(3.0).z).abs() < 1e-9 && (at(1.0).y - at(3.0).y).abs() > 2.0);
    let lowest = (0..400).map(|i| at(f64::from(i) * 0.01).z).fold(0.0, f64::min);
    assert!((-20.0..=-10.0).contains(&lowest));
}

#[test]
fn a_probe_dents_the_surface_and_not_the_depth() {
    let press = |depth: f64| {
        let point = Point3::new(-60.0, 30.0 + depth, 10.0);
        let rest = Deformation::new(vec![Motion::ProbePressure(ProbePressure {
            contact: Point3::new(-60.0, 30.0, 10.0),
            into: Vector3::y(),
            depth_mm: 8.0,
            breadth_mm: 30.0,
            fade_mm: 40.0,
        })])
        .unwrap();
        (rest.displace(&point, 0.0) - point).y
    };
    assert!((press(0.0) - 8.0).abs() < 1e-9 && press(120.0) < 0.5);
}

#[test]
fn what_would_fold_space_or_is_not_a_number_is_refused() {
    let refused = |motion: Motion| Deformation::new(vec![motion]).is_err();
    let steep = Packing { centre: CENTRE, push_mm: Vector3::new(30.0, 0.0, 0.0), reach_mm: 15.0 };
    assert!(refused(Motion::Packing(steep)));
    assert!(refused(Motion::Packing(Packing { reach_mm: 0.0, ..steep })));
    assert!(refused(Motion::Packing(Packing {
        push_mm: Vector3::new(f64::NAN, 0.0, 0.0),
        ..steep
    })));
    assert!(refused(Motion::Breathing(Breathing { period_s: 0.0, ..breathing() })));
    let crooked = ProbePressure {
        contact: CENTRE,
        into: Vector3::new(0.0, 2.0, 0.0),
        depth_mm: 1.0,
        breadth_mm: 30.0,
        fade_mm: 40.0,
    };
    assert!(refused(Motion::ProbePressure(crooked)));
    assert!(Deformation::new(Vec::new()).is_ok());
}

#[test]
fn a_deformed_patient_is_the_patient_carried_along() {
    let settings = AbdomenSettings { terminals: 30, ..AbdomenSettings::default() };
    let patient = abdomen(2, Family::Slender, &settings).unwrap();
    let deformation = full();
    let now = DeformedAnatomy { anatomy: &patient, deformation: &deformation, time_s: 1.7 };
    let portal = patient.structure("portal_vein").unwrap();
    let moved = now.tubes(portal).unwrap().unwrap();
    for (rest, carried) in portal.as_tubes().unwrap().nodes().iter().zip(moved.nodes()) {
        let tissue = now.tissue_at(Point::new(carried.position));
        assert_eq!(tissue, patient.tissue_at(Point::new(rest.position)));
        let carried_distance = now.signed_distance_mm(portal, Point::new(carried.position));
        assert!(carried_distance < 0.0);
    }
    let liver = patient.structure("liver").unwrap();
    assert!(now.tubes(liver).is_none());
    let Geometry::Solid(solid) = &liver.geometry else { panic!("the liver is no solid") };
    // A point 10 mm outside the resting surface keeps the sign and about the distance.
    let outside = Point3::new(solid.bounds().low.x - 10.0, 98.0, 0.0);
    let there = deformation.displace(&outside, 1.7);
    let distance = now.signed_distance_mm(liver, Point::new(there));
    assert!((distance / liver.signed_distance_mm(&outside) - 1.0).abs() < 0.4, "{distance}");
}
