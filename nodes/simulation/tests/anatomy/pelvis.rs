//! The pelvis: radii as published, tubes apart, ureters in front of the iliac forks, sides that differ.

use std::sync::LazyLock;

use simulation::anatomy::Anatomy;
use simulation::anatomy::family::Family;
use simulation::anatomy::pelvis::pelvis;
use simulation::anatomy::structure::{Geometry, StructureKind};
use simulation::anatomy::tube_tree::TubeTree;

/// Two patients of each family.
fn patients() -> &'static [Anatomy] {
    static ALL: LazyLock<Vec<Anatomy>> = LazyLock::new(|| {
        Family::ALL.into_iter().flat_map(|f| (20..22).map(move |s| pelvis(s, f).unwrap())).collect()
    });
    &ALL
}

fn tubes<'a>(patient: &'a Anatomy, name: &str) -> &'a TubeTree {
    patient.structure(name).unwrap().as_tubes().unwrap()
}

#[test]
fn tubes_of_different_kinds_do_not_touch() {
    for patient in patients() {
        let all: Vec<_> =
            patient.structures().iter().filter_map(|s| Some((s, s.as_tubes()?))).collect();
        for (index, (one, a)) in all.iter().enumerate() {
            for (two, b) in &all[index + 1..] {
                if one.kind == two.kind && one.kind.is_vessel() {
                    continue;
                }
                let clearance = a
                    .segments()
                    .iter()
                    .flat_map(|s| b.segments().iter().map(|t| s.clearance_mm(t)))
                    .fold(f64::INFINITY, f64::min);
                assert!(
                    clearance > 0.0,
                    "{:?} {}: {} and {}: {clearance} mm",
                    patient.family(),
                    patient.seed(),
                    one.name,
                    two.name
                );
            }
        }
    }
}

#[test]
fn radii_are_those_of_the_literature() {
    let ranges = [
        ("aorta", 6.0, 10.7),
        ("inferior_vena_cava", 7.5, 13.0),
        ("common_iliac_artery", 3.8, 6.7),
        ("external_iliac_artery", 3.0, 5.6),
        ("internal_iliac_artery", 2.5, 4.7),
        ("common_iliac_vein", 4.8, 8.2),
        ("ureter", 1.5, 2.5),
    ];
    for patient in patients() {
        for (name, low, high) in ranges {
            let mut found = 0;
            for s in patient.structures().iter().filter(|s| s.name.starts_with(name)) {
                for node in s.as_tubes().unwrap().nodes() {
                    assert!(
                        (low..high).contains(&node.radius_mm),
                        "{}: {}",
                        s.name,
                        node.radius_mm
                    );
                    found += 1;
                }
            }
            assert!(found > 8, "{name} is missing");
        }
    }
}

#[test]
fn vessels_join_and_ureters_cross_in_front_of_the_iliac_forks() {
    for patient in patients() {
        for side in ["right", "left"] {
            let name = |part: &str| format!("{part}_{side}");
            let common = tubes(patient, &name("common_iliac_artery"));
            let fork = common.nodes()[common.nodes().len() - 1].position;
            for part in ["external_iliac_artery", "internal_iliac_artery"] {
                assert_eq!(tubes(patient, &name(part)).nodes()[0].position, fork);
            }
            let ureter = tubes(patient, &name("ureter"));
            let crossing = ureter
                .nodes()
                .iter()
                .map(|n| n.position)
                .min_by(|a, b| (a - fork).norm().total_cmp(&(b - fork).norm()))
                .unwrap();
            assert!((crossing - fork).norm() < 18.0, "{}", (crossing - fork).norm());
            assert!(crossing.y < fork.y - 5.0, "the ureter is not in front");
        }
    }
}

#[test]
fn lymph_nodes_lie_beside_the_iliac_arteries() {
    for patient in patients() {
        let nodes: Vec<_> =
            patient.structures().iter().filter(|s| s.kind == StructureKind::LymphNode).collect();
        assert!((4..=9).contains(&nodes.len()), "{} nodes", nodes.len());
        for node in nodes {
            let Geometry::Solid(solid) = &node.geometry else { panic!("a node is no solid") };
            let longest = (solid.bounds().high - solid.bounds().low).max();
            assert!((3.0..13.0).contains(&longest), "{longest} mm long");
            let centre = solid.bounds().centre();
            let nearest =
                patient.nearest(messages::Point::new(centre), StructureKind::is_vessel).unwrap();
            assert!(
                (1.0..14.0).contains(&nearest.signed_distance_mm),
                "{}",
                nearest.signed_distance_mm
            );
        }
    }
}

#[test]
fn seeds_families_and_sides_differ() {
    let one = pelvis(5, Family::Winding).unwrap();
    assert_eq!(one.structures(), pelvis(5, Family::Winding).unwrap().structures());
    assert_ne!(one.structures(), pelvis(6, Family::Winding).unwrap().structures());
    assert_ne!(one.structures(), pelvis(5, Family::Slender).unwrap().structures());
    let end = |side: &str| {
        let tree = tubes(&one, &format!("common_iliac_artery_{side}"));
        tree.nodes()[tree.nodes().len() - 1].position
    };
    let (right, left) = (end("right"), end("left"));
    let mirrored = nalgebra::Point3::new(-right.x, right.y, right.z);
    assert!((mirrored - left).norm() > 1.5, "the sides mirror each other");
    let height = |family| {
        tubes(&pelvis(5, family).unwrap(), "common_iliac_artery_left").nodes()[0].position.z
    };
    assert!(height(Family::Accessory) > height(Family::Wide) + 5.0);
}
