//! The landmarks of a patient lie where anatomy puts them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use nalgebra::Point3;
use simulation::anatomy::family::Family;
use simulation::landmarks::landmarks;
use simulation::{Subject, SubjectKind};

fn patient(kind: SubjectKind, seed: u64, family: Family) -> Subject {
    Subject::new(kind, seed, family).unwrap()
}

#[test]
fn every_patient_has_its_landmarks_where_they_belong() {
    let (first, second) = (
        patient(SubjectKind::Abdomen, 1, Family::Winding),
        patient(SubjectKind::Pelvis, 1, Family::Winding),
    );
    let abdomen = first.anatomy().unwrap();
    let place = |subject: &Subject, name: &str| {
        let known = landmarks(subject.anatomy().unwrap());
        known.iter().find(|mark| mark.name == name).unwrap_or_else(|| panic!("no {name}")).place
    };
    let distance = |structure: &str, point: &Point3<f64>| {
        abdomen.structure(structure).unwrap().signed_distance_mm(point)
    };
    let portal = place(&first, "portal_bifurcation");
    assert!(distance("portal_vein", &portal) < -3.0, "not in the portal vein");
    let right = place(&first, "right_portal_bifurcation");
    assert!(distance("portal_vein", &right) < -2.0 && right.x < portal.x);
    assert!(distance("hepatic_veins", &place(&first, "hepatic_confluence")) < -2.0);
    for (name, structure) in [
        ("gallbladder_fundus", "gallbladder"),
        ("gallbladder_neck", "gallbladder"),
        ("liver_caudal_tip", "liver"),
        ("liver_left_tip", "liver"),
    ] {
        assert!(distance(structure, &place(&first, name)).abs() < 0.5, "{name}");
    }
    let fundus_to_neck = place(&first, "gallbladder_fundus") - place(&first, "gallbladder_neck");
    assert!(fundus_to_neck.norm() > 25.0 && fundus_to_neck.y < 0.0);
    let pelvis = second.anatomy().unwrap();
    let fork = place(&second, "iliac_bifurcation_right");
    for name in ["external_iliac_artery_right", "internal_iliac_artery_right"] {
        assert!(pelvis.structure(name).unwrap().signed_distance_mm(&fork) < 0.0, "{name}");
    }
    assert!(place(&second, "aortic_bifurcation").z > place(&second, "promontory").z);
    assert!(fork.x < place(&second, "iliac_bifurcation_left").x);
    for side in ["right", "left"] {
        let crossing = place(&second, &format!("ureteric_crossing_{side}"));
        let ureter = pelvis.structure(&format!("ureter_{side}")).unwrap();
        assert!(ureter.signed_distance_mm(&crossing).abs() < 0.5, "{side}: not on the ureter");
        let from_fork = crossing - place(&second, &format!("iliac_bifurcation_{side}"));
        assert!(from_fork.norm() < 20.0 && from_fork.y < -5.0, "{side}: not in front");
    }
    assert_eq!(landmarks(pelvis).len(), 7);
    for (seed, family) in [(4, Family::Trifurcated), (5, Family::Accessory)] {
        let other = patient(SubjectKind::Abdomen, seed, family);
        assert!(landmarks(other.anatomy().unwrap()).len() >= 5, "{family:?}");
    }
}
