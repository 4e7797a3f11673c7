//! Registrations: their states, and how far apart they put what was registered.

use std::collections::BTreeMap;

use messages::{Alignment, Displaced, DisplacementField, Point, Preoperative, Registration};
use messages::{RegistrationState, Voxel};
use nalgebra::Point3;

use super::difference::Difference;
use super::nearest::Spread;
use super::pose;
use super::reference::MapPoint;
use super::spread::Unit;

/// Shares of what is explained follow from where things lie, so they may differ by this where that
/// differs; elsewhere not at all.
const SHARE: f64 = 0.01;
/// A node on a field's border that rounding puts outside by no more than this belongs to it, nodes.
const BORDER: f64 = 1e-6;

/// Compares two registrations; `map` are the points of the map that are followed.
pub fn registrations(
    a: &Registration,
    b: &Registration,
    map: &[MapPoint],
    difference: &mut Difference,
) {
    if a.state != b.state {
        difference.other(format!("{} against {}", words(&a.state), words(&b.state)));
    }
    if let (Some(a), Some(b)) = (&a.alignment, &b.alignment) {
        alignments(a, b, difference);
        follow(a, b, map, difference);
    }
}

/// How far apart both put the points of the map in the patient, all and by structure, and how they are
/// turned against each other.
fn follow(a: &Alignment, b: &Alignment, map: &[MapPoint], difference: &mut Difference) {
    let (mut all, mut by_structure) = (Spread::default(), BTreeMap::<&str, Spread>::new());
    for point in map {
        let (Some(here), Some(there)) = (a.patient(point.position), b.patient(point.position))
        else {
            continue;
        };
        let mm = (here.xyz_mm - there.xyz_mm).norm();
        all.add(mm);
        by_structure.entry(&point.structure).or_default().add(mm);
    }
    if let Some(mean) = all.mean() {
        difference.figure("map, mean of its points", Unit::Mm, mean);
        difference.figure("map, farthest of its points", Unit::Mm, all.largest);
    }
    for (structure, spread) in by_structure {
        difference.figure(
            format!("map, mean of {structure}"),
            Unit::Mm,
            spread.mean().unwrap_or(0.0),
        );
    }
    let [a, b] = [a, b].map(|side| side.preoperative_from_patient.isometry().rotation);
    difference.figure("turn", Unit::Degrees, pose::angle(&a, &b));
}

fn words(state: &RegistrationState) -> String {
    let (name, reason) = match state {
        RegistrationState::None { reason } => ("none", reason),
        RegistrationState::Unverified { reason } => ("unverified", reason),
        RegistrationState::Accepted => return "accepted".to_owned(),
        RegistrationState::Degraded { reason } => ("degraded", reason),
        RegistrationState::Refused { reason } => ("refused", reason),
    };
    format!("{name} ({reason})")
}

fn alignments(a: &Alignment, b: &Alignment, difference: &mut Difference) {
    let is_moved = !is_equal(a, b);
    if is_moved {
        distances(a, b, difference);
    } else if a.field != b.field {
        // Other bytes, but the same numbers: 0 and −0.
        difference.mm(0.0);
    }
    if a.data_acquired_at != b.data_acquired_at {
        difference.ms(a.data_acquired_at.distance(b.data_acquired_at).as_secs_f64() * 1e3);
    }
    if a.fit.residual_mm != b.fit.residual_mm {
        difference.mm((a.fit.residual_mm - b.fit.residual_mm).abs());
    }
    let shares = [
        ("explained", Some(a.fit.explained), Some(b.fit.explained)),
        ("the rival's score", a.fit.rival, b.fit.rival),
    ];
    for (name, a, b) in shares {
        match (a, b) {
            (Some(a), Some(b)) => {
                let allowed = if is_moved { SHARE } else { 0.0 };
                // Also true for what is no number.
                if !((a - b).abs() <= allowed) {
                    difference.other(format!("{name}: {a} against {b}"));
                }
            }
            (None, None) => {}
            _ => difference.other(format!("only one side has {name}")),
        }
    }
}

/// Whether both put everything at the same place with the same error, as numbers.
fn is_equal(a: &Alignment, b: &Alignment) -> bool {
    let (left, right) = (&a.field, &b.field);
    a.preoperative_from_patient == b.preoperative_from_patient
        && left.size == right.size
        && left.preoperative_from_node == right.preoperative_from_node
        && left.displacements_mm.as_slice() == right.displacements_mm.as_slice()
        && left.error_mm.as_slice() == right.error_mm.as_slice()
}

/// The distances of where both put the nodes of either field, and what the errors differ by there.
fn distances(a: &Alignment, b: &Alignment, difference: &mut Difference) {
    let (mut sum_mm, mut count, mut largest_mm, mut error_mm) = (0.0, 0_usize, 0.0_f64, 0.0_f64);
    let is_same_motion = a.preoperative_from_patient == b.preoperative_from_patient;
    for (mine, theirs) in [(a, b), (b, a)] {
        let nodes = nodes(&mine.field);
        let mut shared = 0_usize;
        for &node in &nodes {
            let Some(here) = displaced(&mine.field, node) else { continue };
            let rigid = if is_same_motion {
                // Not rounded there and back.
                node
            } else {
                let patient = mine.preoperative_from_patient.inverse() * node;
                theirs.preoperative_from_patient * patient
            };
            let Some(there) = displaced(&theirs.field, rigid) else { continue };
            let distance_mm = (here.point.xyz_mm - there.point.xyz_mm).norm();
            sum_mm += distance_mm;
            largest_mm = largest_mm.max(distance_mm);
            error_mm = error_mm.max((here.error_mm - there.error_mm).abs());
            shared += 1;
        }
        count += shared;
        if 2 * shared < nodes.len() {
            difference.other(format!(
                "only {shared} of {} nodes of one field lie within the other",
                nodes.len()
            ));
        }
    }
    if count > 0 {
        difference.distances(largest_mm, sum_mm / count as f64);
        difference.mm(error_mm);
    }
}

/// Where the nodes of a field lie before they are displaced.
fn nodes(field: &DisplacementField) -> Vec<Point<Preoperative>> {
    let [x, y, z] = field.size;
    (0..z)
        .flat_map(|z| (0..y).flat_map(move |y| (0..x).map(move |x| [x, y, z])))
        .map(|node| {
            field.preoperative_from_node * Point::<Voxel>::new(Point3::from(node.map(f64::from)))
        })
        .collect()
}

/// Where a field puts a point, which may lie on its border.
fn displaced(field: &DisplacementField, rigid: Point<Preoperative>) -> Option<Displaced> {
    if let Some(displaced) = field.apply(rigid) {
        return Some(displaced);
    }
    let node = field.preoperative_from_node.inverse() * rigid;
    let last = field.size.map(|nodes| f64::from(nodes) - 1.0);
    let within: [f64; 3] = std::array::from_fn(|axis| {
        // Rounding must not put it outside again.
        node.xyz_mm[axis].clamp(1e-9, (last[axis] - 1e-9).max(1e-9))
    });
    let within = Point3::from(within);
    if !((within - node.xyz_mm).amax() <= BORDER) {
        return None;
    }
    field.apply(field.preoperative_from_node * Point::new(within))
}

#[cfg(test)]
mod tests {
    use messages::{Affine, Fit, Timestamp, Transform};
    use nalgebra::{Isometry3, Matrix3x4, Vector3};

    use super::super::Tolerance;
    use super::*;

    /// A field of 5 × 4 × 3 nodes 10 mm apart that adds `displacement` everywhere, after a rigid motion.
    fn aligned(rigid: Isometry3<f64>, displacement: [f32; 3]) -> Registration {
        let rows = Matrix3x4::new(10., 0., 0., -3., 0., 10., 0., 7., 0., 0., 10., 1.);
        let displacements_mm: Vec<f32> = (0..60).flat_map(|_| displacement).collect();
        Registration {
            state: RegistrationState::Accepted,
            alignment: Some(Alignment {
                preoperative_from_patient: Transform::from_isometry(rigid),
                field: DisplacementField {
                    size: [5, 4, 3],
                    preoperative_from_node: Affine::from_rows(rows).unwrap(),
                    displacements_mm: displacements_mm.into(),
                    error_mm: vec![1.5; 60].into(),
                },
                fit: Fit { explained: 0.9, residual_mm: 0.5, rival: Some(0.4) },
                data_acquired_at: Timestamp(0),
            }),
        }
    }

    fn tilted() -> Isometry3<f64> {
        Isometry3::new(Vector3::new(40.0, -7.0, 300.0), Vector3::new(0.3, -0.2, 1.0))
    }

    fn compared(a: &Registration, b: &Registration) -> Difference {
        let mut difference = Difference::default();
        registrations(a, b, &[], &mut difference);
        difference
    }

    #[test]
    fn equal_registrations_are_equal() {
        let found = compared(&aligned(tilted(), [0.5; 3]), &aligned(tilted(), [0.5; 3]));
        assert!(found.is_none());
        // As numbers: 0 and −0 are other bytes.
        let found = compared(&aligned(tilted(), [0.0; 3]), &aligned(tilted(), [-0.0; 3]));
        assert!(found.is_within(&Tolerance::default()));
    }

    #[test]
    fn a_known_displacement_is_the_distance_at_every_node() {
        let found = compared(&aligned(tilted(), [0.0; 3]), &aligned(tilted(), [2.0, 0.0, 1.5]));
        assert!((found.mm.unwrap() - 2.5).abs() < 1e-6);
        assert!((found.mm_mean.unwrap() - 2.5).abs() < 1e-6);
        assert_eq!(found.others, 0);
    }

    #[test]
    fn a_known_shift_of_the_rigid_part_is_the_distance() {
        let shift = Isometry3::translation(0.0, 0.3, 0.0);
        let found = compared(&aligned(tilted(), [0.0; 3]), &aligned(shift * tilted(), [0.0; 3]));
        assert!((found.mm.unwrap() - 0.3).abs() < 1e-7);
        assert!((found.mm_mean.unwrap() - 0.3).abs() < 1e-7);
        assert_eq!(found.others, 0);
    }

    #[test]
    fn a_rigid_part_that_was_rounded_loses_no_node_on_the_border() {
        let turn = Isometry3::new(Vector3::zeros(), Vector3::new(0.0, 0.0, 1e-12));
        let found = compared(&aligned(tilted(), [0.0; 3]), &aligned(turn * tilted(), [0.0; 3]));
        assert!(found.mm.unwrap() < 1e-7);
        assert_eq!(found.others, 0);
    }

    #[test]
    fn fields_that_do_not_meet_are_told() {
        let far = Isometry3::translation(1000.0, 0.0, 0.0);
        let found = compared(&aligned(tilted(), [0.0; 3]), &aligned(far * tilted(), [0.0; 3]));
        assert_eq!(found.mm, None);
        assert_eq!(found.other[0], "only 0 of 60 nodes of one field lie within the other");
    }

    #[test]
    fn states_figures_and_errors_count() {
        let a = aligned(tilted(), [0.0; 3]);
        let mut b = a.clone();
        b.state = RegistrationState::Degraded { reason: "it moved".to_owned() };
        assert_eq!(compared(&a, &b).other, ["accepted against degraded (it moved)"]);

        let mut b = a.clone();
        b.alignment.as_mut().unwrap().fit.explained = 0.8995;
        assert_eq!(compared(&a, &b).other, ["explained: 0.9 against 0.8995"]);
        b.alignment.as_mut().unwrap().fit.rival = None;
        assert_eq!(compared(&a, &b).others, 2);

        let mut b = a.clone();
        b.alignment.as_mut().unwrap().field.error_mm = vec![2.25; 60].into();
        b.alignment.as_mut().unwrap().data_acquired_at = Timestamp(3_000_000);
        let found = compared(&a, &b);
        assert!((found.mm.unwrap() - 0.75).abs() < 1e-6);
        assert_eq!((found.mm_mean, found.ms), (Some(0.0), Some(3.0)));
    }

    #[test]
    fn figures_that_are_no_numbers_are_within_no_tolerance() {
        let a = aligned(tilted(), [0.0; 3]);
        let mut b = a.clone();
        b.alignment.as_mut().unwrap().fit.residual_mm = f64::NAN;
        let found = compared(&a, &b);
        assert_eq!(found.mm, Some(f64::INFINITY));
        assert!(!found.is_within(&Tolerance { mm: 1e9, ..Tolerance::default() }));
    }
}
