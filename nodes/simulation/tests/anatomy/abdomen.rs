//! The abdomen: vessels obey Murray's law, never cross, stay in the liver, and follow seed and family.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use messages::Point;
use nalgebra::{Point3, Vector3};
use simulation::anatomy::Anatomy;
use simulation::anatomy::abdomen::{AbdomenSettings, AnatomyError, abdomen};
use simulation::anatomy::family::Family;
use simulation::anatomy::grid::Grid;
use simulation::anatomy::labels::label_volume;
use simulation::anatomy::segment::Segment;
use simulation::anatomy::structure::{Geometry, StructureKind, Tissue};
use simulation::anatomy::tube_tree::TubeTree;

fn patient(seed: u64, family: Family) -> Anatomy {
    abdomen(seed, family, &AbdomenSettings::default()).unwrap()
}

/// A patient of each family, and one more.
fn patients() -> &'static [Anatomy] {
    static ALL: LazyLock<Vec<Anatomy>> = LazyLock::new(|| {
        let one_more = [patient(12, Family::Winding)];
        Family::ALL.into_iter().map(|f| patient(11, f)).chain(one_more).collect()
    });
    &ALL
}

fn tubes<'a>(patient: &'a Anatomy, name: &str) -> &'a TubeTree {
    patient.structure(name).unwrap().as_tubes().unwrap()
}

fn liver_depth_mm(patient: &Anatomy, point: &Point3<f64>) -> f64 {
    -patient.structure("liver").unwrap().signed_distance_mm(point)
}

/// Pairs of pieces, of all given trees, whose boxes share a cell of 10 mm: `(tree, segment)` twice.
fn near_pairs(trees: &[&TubeTree]) -> HashSet<((usize, usize), (usize, usize))> {
    let mut cells: HashMap<[i64; 3], Vec<(usize, usize)>> = HashMap::new();
    for (tree, tubes) in trees.iter().enumerate() {
        for (index, segment) in tubes.segments().iter().enumerate() {
            let bounds = segment.bounds().grown(0.5);
            let cell = |p: Point3<f64>| p.map(|c| (c / 10.0).floor() as i64);
            let (low, high) = (cell(bounds.low), cell(bounds.high));
            for x in low.x..=high.x {
                for y in low.y..=high.y {
                    for z in low.z..=high.z {
                        cells.entry([x, y, z]).or_default().push((tree, index));
                    }
                }
            }
        }
    }
    let mut pairs = HashSet::new();
    for list in cells.values() {
        for (i, one) in list.iter().enumerate() {
            pairs.extend(list[i + 1..].iter().map(|two| (*one.min(two), *one.max(two))));
        }
    }
    pairs
}

#[test]
fn murrays_law_holds_at_every_branching_for_every_exponent() {
    for exponent in [2.5, 3.0] {
        let settings = AbdomenSettings { murray_exponent: exponent, terminals: 60 };
        let patient = abdomen(4, Family::Trifurcated, &settings).unwrap();
        for name in ["portal_vein", "hepatic_veins"] {
            let tree = tubes(&patient, name);
            let branchings = tree.branchings();
            assert!(branchings.len() > 40, "{name}: only {} branchings", branchings.len());
            for (node, daughters) in branchings {
                // A root has no vessel before it.
                if tree.nodes()[node].parent.is_none() {
                    continue;
                }
                let before = tree.nodes()[node].radius_mm.powf(exponent);
                let after: f64 =
                    daughters.iter().map(|d| tree.nodes()[*d].start_radius_mm.powf(exponent)).sum();
                assert!(
                    (after / before - 1.0).abs() < 1e-6,
                    "{name} node {node}: {before} {after}"
                );
            }
        }
    }
}

#[test]
fn vessels_of_different_trees_never_touch() {
    for patient in patients() {
        let names = ["portal_vein", "hepatic_veins", "hepatic_artery"];
        let trees = names.map(|name| tubes(patient, name));
        let mut compared = 0;
        for (one, two) in near_pairs(&trees) {
            if one.0 == two.0 {
                continue;
            }
            compared += 1;
            let (a, b): (&Segment, &Segment) =
                (&trees[one.0].segments()[one.1], &trees[two.0].segments()[two.1]);
            let clearance = a.clearance_mm(b);
            assert!(
                clearance > 0.0,
                "{:?} {}: {} and {} overlap by {clearance} mm at {:?}",
                patient.family(),
                patient.seed(),
                names[one.0],
                names[two.0],
                a.start
            );
        }
        assert!(compared > 2000, "only {compared} pairs");
    }
}

#[test]
fn a_tree_does_not_run_through_itself() {
    for patient in patients() {
        for name in ["portal_vein", "hepatic_veins"] {
            let tree = tubes(patient, name);
            let mut from_root: Vec<f64> = Vec::new();
            for node in tree.nodes() {
                let way = node.parent.map_or(0.0, |p| {
                    from_root[p] + (node.position - tree.nodes()[p].position).norm()
                });
                from_root.push(way);
            }
            let lineage = |node: usize| {
                std::iter::successors(Some(node), |n| tree.nodes()[*n].parent).collect::<Vec<_>>()
            };
            for ((_, one), (_, two)) in near_pairs(&[tree]) {
                let (a, b) = (&tree.segments()[one], &tree.segments()[two]);
                if a.clearance_mm(b) > 0.0 {
                    continue;
                }
                let (first, second) = (tree.end_node(one), tree.end_node(two));
                let theirs: HashSet<_> = lineage(second).into_iter().collect();
                let fork = lineage(first).into_iter().find(|n| theirs.contains(n));
                // Trees of one system meet at their roots.
                let way =
                    from_root[first] + from_root[second] - 2.0 * fork.map_or(0.0, |f| from_root[f]);
                let joining = 3.2 * (a.largest_radius_mm() + b.largest_radius_mm()) + 10.0;
                assert!(way < joining, "{name}: walls meet {way} mm apart along the vessel");
            }
        }
    }
}

#[test]
fn vessels_stay_in_the_liver_but_for_the_trunks() {
    for patient in patients() {
        for name in ["portal_vein", "hepatic_veins"] {
            let tree = tubes(patient, name);
            let outside = |n: &&simulation::anatomy::tube_tree::TubeNode| {
                liver_depth_mm(patient, &n.position) < n.radius_mm
            };
            let out: Vec<_> = tree.nodes().iter().filter(outside).collect();
            let context = format!("{:?} {name}", patient.family());
            // What is outside is thick: the portal trunk and its fork, or the veins at the cava.
            let thinnest = out.iter().map(|n| n.radius_mm).fold(f64::INFINITY, f64::min);
            assert!(out.len() < tree.nodes().len() / 8, "{context}: {} outside", out.len());
            assert!(thinnest > 2.4, "{context}: a vessel of {thinnest} mm outside");
        }
    }
}

#[test]
fn organ_and_vessels_have_published_sizes() {
    for patient in patients() {
        let Geometry::Solid(liver) = &patient.structure("liver").unwrap().geometry else {
            panic!("the liver is no solid");
        };
        let litres = liver.volume_mm3() * 1e-6;
        assert!((1.15..1.85).contains(&litres), "{litres} l");
        let extent = liver.bounds().high - liver.bounds().low;
        assert!((150.0..240.0).contains(&extent.x), "{:?} {extent:?}", patient.family());
        assert!(
            (100.0..180.0).contains(&extent.y) && (110.0..215.0).contains(&extent.z),
            "{:?} {extent:?}",
            patient.family()
        );
        let portal = tubes(patient, "portal_vein");
        let trunk = portal.nodes()[0].radius_mm;
        assert!((5.5..7.7).contains(&trunk), "portal trunk {trunk}");
        let hepatic = tubes(patient, "hepatic_veins");
        let roots: Vec<_> = hepatic.nodes().iter().filter(|n| n.parent.is_none()).collect();
        assert!((2..=4).contains(&roots.len()), "{} hepatic veins", roots.len());
        for root in roots {
            assert!((2.0..8.0).contains(&root.radius_mm), "hepatic vein {}", root.radius_mm);
            let cava = patient.structure("inferior_vena_cava").unwrap();
            assert!(
                cava.signed_distance_mm(&root.position) < 0.0,
                "a hepatic vein misses the cava"
            );
        }
        for tree in [portal, hepatic] {
            let parents: HashSet<_> = tree.nodes().iter().filter_map(|n| n.parent).collect();
            let ends = (0..tree.nodes().len()).filter(|n| !parents.contains(n));
            let radii: Vec<_> = ends.map(|n| tree.nodes()[n].radius_mm).collect();
            assert!((100..=145).contains(&radii.len()), "{} terminals", radii.len());
            let thinnest = radii.iter().copied().fold(f64::INFINITY, f64::min);
            assert!((0.3..0.8).contains(&thinnest), "thinnest {thinnest}");
        }
    }
}

#[test]
fn the_liver_lies_within_a_trunk_of_human_size() {
    for patient in patients() {
        let wall = patient.body_wall();
        assert!((140.0..225.0).contains(&wall.half_width_mm), "{:?} {wall:?}", patient.family());
        assert!((110.0..158.0).contains(&wall.half_depth_mm), "{:?} {wall:?}", patient.family());
        assert!(wall.half_width_mm > 1.15 * wall.half_depth_mm, "{:?} {wall:?}", patient.family());
        let bounds = patient.structure("liver").unwrap().bounds();
        for i in 0..8000 {
            let part = |axis: usize, index: i32| {
                bounds.low[axis] + (bounds.high[axis] - bounds.low[axis]) * f64::from(index) / 19.0
            };
            let point = Point3::new(part(0, i % 20), part(1, i / 20 % 20), part(2, i / 400));
            if liver_depth_mm(patient, &point) > 0.0 {
                let depth = -wall.signed_distance_mm(&point);
                assert!(depth > wall.thickness_mm(), "{:?}: {depth} at {point}", patient.family());
            }
        }
    }
}

#[test]
fn tumours_lie_in_the_liver_beside_vessels_and_not_in_them() {
    for patient in patients() {
        let tumours: Vec<_> =
            patient.structures().iter().filter(|s| s.kind == StructureKind::Tumour).collect();
        assert!((1..=4).contains(&tumours.len()), "{} tumours", tumours.len());
        for tumour in tumours {
            let bounds = tumour.bounds();
            assert!(liver_depth_mm(patient, &bounds.centre()) > 5.0);
            let mut nearest = f64::INFINITY;
            for name in ["portal_vein", "hepatic_veins", "hepatic_artery"] {
                for s in tubes(patient, name).segments() {
                    let gap = tumour.signed_distance_mm(&s.start) - s.start_radius_mm;
                    assert!(gap > -0.3, "{name} enters {} by {gap} mm", tumour.name);
                    nearest = nearest.min(gap);
                }
            }
            assert!(nearest < 15.0, "{} is {nearest} mm from any vessel", tumour.name);
        }
    }
}

#[test]
fn seed_and_family_determine_the_patient() {
    let settings = AbdomenSettings { terminals: 30, ..AbdomenSettings::default() };
    let patient = |seed, family| abdomen(seed, family, &settings).unwrap();
    let same = [patient(3, Family::Wide), patient(3, Family::Wide)];
    assert_eq!(same[0].structures(), same[1].structures());
    assert_ne!(same[0].structures(), patient(4, Family::Wide).structures());
    assert_ne!(same[0].structures(), patient(3, Family::Winding).structures());
    // Variants show in the branching.
    let roots = |family| {
        let patient = patient(3, family);
        tubes(&patient, "hepatic_veins").nodes().iter().filter(|n| n.parent.is_none()).count()
    };
    assert_eq!(roots(Family::Accessory), 4);
    assert_eq!(roots(Family::Slender), 2);
    let widest = |family| {
        let patient = patient(3, family);
        let tree = tubes(&patient, "portal_vein");
        tree.branchings().iter().map(|(_, d)| d.len()).max().unwrap()
    };
    assert_eq!(widest(Family::Trifurcated), 3);
    assert_eq!(widest(Family::Winding), 2);
}

#[test]
fn families_differ_in_tortuosity() {
    let tortuosity = |family| {
        let patient = patient(5, family);
        let tree = tubes(&patient, "portal_vein");
        let turns = |i: usize| {
            let node = &tree.nodes()[i];
            let before = &tree.nodes()[node.parent?];
            let first = &tree.nodes()[before.parent?];
            Some((node.position - before.position).angle(&(before.position - first.position)))
        };
        let all: Vec<f64> = (0..tree.nodes().len()).filter_map(turns).collect();
        all.iter().sum::<f64>() / all.len() as f64
    };
    let (slender, winding) = (tortuosity(Family::Slender), tortuosity(Family::Winding));
    assert!(winding > 1.3 * slender, "{slender} {winding}");
}

#[test]
fn labels_say_the_same_as_signed_distances() {
    let patient = patient(6, Family::Accessory);
    let grid = Grid::new([50, 38, 36], [6.0, 6.0, 6.0], Point3::new(-150.0, 0.0, -110.0)).unwrap();
    let labels = label_volume(&patient, &grid, 2);
    assert_eq!(labels.values, label_volume(&patient, &grid, 1).values);
    let mut seen = HashSet::new();
    for (index, value) in labels.values.iter().enumerate() {
        let point = grid.centre(index % 50, index / 50 % 38, index / (50 * 38));
        let own = usize::from(*value);
        seen.insert(own);
        // The structure itself contains the point, and none above it does.
        for structure in own.max(1) - 1..patient.structures().len() {
            let distance = patient.signed_distance_mm(structure, Point::new(point)).unwrap();
            if own > 0 && structure == own - 1 {
                assert!(distance <= 1e-9, "{}: {distance}", labels.table[structure].name);
            } else {
                assert!(
                    distance > -1e-9,
                    "{} hides: {distance}",
                    patient.structures()[structure].name
                );
            }
        }
    }
    assert!(seen.len() > 15, "only {} structures met", seen.len());
    assert!(
        labels.table.iter().any(|l| l.name == "portal_vein" && l.kind == StructureKind::PortalVein)
    );
}

#[test]
fn the_nearest_vessel_is_that_of_all_distances() {
    let patient = patient(7, Family::Slender);
    for i in 0..300 {
        let t = f64::from(i);
        let point = Point3::new(-40.0, 100.0, 0.0)
            + Vector3::new(90.0 * (0.7 * t).sin(), 60.0 * (1.3 * t).cos(), 70.0 * (0.37 * t).sin());
        let place = Point::new(point);
        let nearest = patient.nearest(place, StructureKind::is_vessel).unwrap();
        let slow = patient
            .structures()
            .iter()
            .filter(|s| s.kind.is_vessel())
            .map(|s| s.signed_distance_mm(&point))
            .fold(f64::INFINITY, f64::min);
        assert_eq!(nearest.signed_distance_mm, slow);
        let inside = matches!(patient.tissue_at(place), Tissue::Structure(k) if k.is_vessel());
        assert_eq!(inside, slow <= 0.0);
    }
    assert_eq!(patient.tissue_at(Point::new(Point3::new(0.0, -5.0, 0.0))), Tissue::Air);
    assert_eq!(patient.tissue_at(Point::new(Point3::new(0.0, 1.0, 0.0))), Tissue::Skin);
    assert!(patient.nearest(Point::new(Point3::origin()), |_| false).is_none());
}

#[test]
fn settings_out_of_range_are_refused() {
    for settings in [
        AbdomenSettings { terminals: 5000, ..AbdomenSettings::default() },
        AbdomenSettings { murray_exponent: f64::NAN, ..AbdomenSettings::default() },
    ] {
        let refused = abdomen(1, Family::Wide, &settings);
        assert!(matches!(refused, Err(AnatomyError::Settings { .. })));
    }
    let bare =
        abdomen(1, Family::Wide, &AbdomenSettings { terminals: 0, ..AbdomenSettings::default() });
    assert!(tubes(&bare.unwrap(), "portal_vein").nodes().len() > 20);
}

#[test]
fn the_gallbladder_lies_under_the_liver_and_holds_a_few_centilitres() {
    for patient in patients() {
        let Some(gallbladder) = patient.structure("gallbladder") else { panic!("no gallbladder") };
        let Geometry::Solid(solid) = &gallbladder.geometry else { panic!("it is no solid") };
        let volume_ml = solid.volume_mm3() / 1000.0;
        assert!((8.0..70.0).contains(&volume_ml), "{volume_ml} ml");
        let nearest = liver_depth_mm(patient, &solid.bounds().centre());
        assert!((-45.0..2.0).contains(&nearest), "{nearest} mm within the liver");
    }
}
