//! The sensor in the organ: it sits clear of vessels, goes with the tissue, and takes most of a breath out of its surroundings.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use nalgebra::{Point3, Vector3};
use simulation::anatomy::family::Family;
use simulation::anatomy::structure::StructureKind;
use simulation::operating_tools::OperatingTools;
use simulation::organ_sensor::OrganSensor;
use simulation::tool_shape::ToolKind;
use simulation::{Subject, SubjectKind};

#[test]
fn it_lies_in_the_liver_and_clear_of_vessels_and_tumours() {
    for (seed, family) in [(1, Family::Winding), (2, Family::Wide), (3, Family::Accessory)] {
        let subject = Subject::new(SubjectKind::Abdomen, seed, family).unwrap();
        let anatomy = subject.anatomy().unwrap();
        let at = Point3::from(OrganSensor::new(anatomy).at_rest().isometry().translation.vector);
        for structure in anatomy.structures() {
            let distance_mm = structure.signed_distance_mm(&at);
            let name = &structure.name;
            match structure.kind {
                StructureKind::Liver => assert!(distance_mm < -2.0, "{seed}: {distance_mm}"),
                kind if kind.is_vessel() || kind == StructureKind::Tumour => {
                    assert!(distance_mm > 2.0, "{seed}: {name} {distance_mm} mm");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn seen_from_it_the_tissue_around_moves_far_less_than_seen_from_the_skin() {
    let subject = Subject::new(SubjectKind::Abdomen, 1, Family::Winding).unwrap();
    let tools = OperatingTools::new(&subject, vec![ToolKind::Organ], 5.0, &[]).unwrap();
    let pose = |at: Duration| {
        let pose = tools.patient_from_tool(ToolKind::Organ, &subject, at).unwrap();
        *pose.unwrap().isometry()
    };
    let sensor = OrganSensor::new(subject.anatomy().unwrap());
    let rest = Point3::from(sensor.at_rest().isometry().translation.vector);
    let (mut from_skin, mut from_organ) = (0.0_f64, 0.0_f64);
    for step in 0..50 {
        let at = Duration::from_millis(100 * step);
        let now = subject.moment(at).unwrap().unwrap();
        // It is where its tissue is.
        let place = Point3::from(pose(at).translation.vector);
        assert!((place - now.displace(&rest)).norm() < 1e-9);
        for offset in [Vector3::x(), Vector3::y(), Vector3::z()] {
            let near = rest + offset * 20.0;
            let first = sensor.at_rest().isometry().inverse() * near;
            from_skin = from_skin.max((now.displace(&near) - near).norm());
            from_organ = from_organ.max((pose(at).inverse() * now.displace(&near) - first).norm());
        }
    }
    assert!(from_skin > 6.0, "{from_skin} mm");
    assert!(from_organ < 0.4 * from_skin, "{from_organ} mm of {from_skin} mm");
}
