//! Points of an anatomy at which the error of a registration is measured.

use nalgebra::{Point3, Unit, Vector3};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::anatomy::Anatomy;
use crate::anatomy::structure::{Structure, StructureKind};
use crate::randomness::{Purpose, jitter, stream, within};
use crate::skin_course::region_of_surgery;

/// Radius of the ball around the region of surgery in which targets lie, mm.
const REACH_MM: f64 = 70.0;
/// Points in each tumour and lymph node.
const IN_EACH: usize = 10;
/// Points on the walls of vessels, and within the liver or on nerves and ureters.
const ON_WALLS: usize = 90;
const IN_BETWEEN: usize = 90;
/// Vessels thinner than this carry no targets, mm.
const THINNEST_MM: f64 = 1.0;

/// About 200 named points of the anatomy at rest, frame `Patient`, mm: in the liver, on the walls of
/// vessels, nerves and ureters near the region of surgery, and in all tumours and lymph nodes. Wholly
/// determined by the anatomy.
pub fn targets(anatomy: &Anatomy) -> Vec<(String, Point3<f64>)> {
    let mut rng = stream(anatomy.seed(), Purpose::Targets, 0);
    let centre = region_of_surgery(anatomy);
    let mut points = Vec::new();
    let of_kind = |wanted: fn(StructureKind) -> bool| -> Vec<&Structure> {
        anatomy.structures().iter().filter(|s| wanted(s.kind)).collect()
    };
    on_walls(&of_kind(StructureKind::is_vessel), &centre, ON_WALLS, &mut rng, &mut points);
    let thin = of_kind(|kind| matches!(kind, StructureKind::Nerve | StructureKind::Ureter));
    on_walls(&thin, &centre, IN_BETWEEN, &mut rng, &mut points);
    for liver in of_kind(|kind| kind == StructureKind::Liver) {
        inside(liver, &centre, REACH_MM, IN_BETWEEN, &mut rng, &mut points);
    }
    for solid in of_kind(|kind| matches!(kind, StructureKind::Tumour | StructureKind::LymphNode)) {
        let bounds = solid.bounds();
        let reach = 0.5 * (bounds.high - bounds.low).norm();
        inside(solid, &bounds.centre(), reach, IN_EACH, &mut rng, &mut points);
    }
    points
}

/// Points on the walls of tubes, one beside each of some randomly chosen nodes.
fn on_walls(
    structures: &[&Structure],
    centre: &Point3<f64>,
    wanted: usize,
    rng: &mut ChaCha8Rng,
    points: &mut Vec<(String, Point3<f64>)>,
) {
    let mut places = Vec::new();
    for structure in structures {
        for piece in structure.as_tubes().map_or(&[][..], |tubes| tubes.segments()) {
            let radius_mm = piece.end_radius_mm;
            let thick = radius_mm >= THINNEST_MM || !structure.kind.is_vessel();
            if let Some(along) = Unit::try_new(piece.end - piece.start, 1e-6)
                && thick
                && (piece.end - centre).norm() < REACH_MM
            {
                places.push((structure.name.as_str(), piece.end, along, radius_mm));
            }
        }
    }
    for number in 1..=wanted.min(places.len()) {
        let (name, place, along, radius_mm) = places.swap_remove(rng.random_range(0..places.len()));
        let aside = along.cross(&jitter(1.0, rng)).try_normalize(1e-6).unwrap_or_else(Vector3::y);
        points.push((format!("{name}_{number:03}"), place + aside * radius_mm));
    }
}

/// Points inside a solid and within a ball.
fn inside(
    structure: &Structure,
    centre: &Point3<f64>,
    reach_mm: f64,
    wanted: usize,
    rng: &mut ChaCha8Rng,
    points: &mut Vec<(String, Point3<f64>)>,
) {
    let bounds = structure.bounds();
    let mut number = 0;
    for _ in 0..200 * wanted {
        if number == wanted {
            break;
        }
        let place = Point3::from(Vector3::from_fn(|axis, _| {
            within((bounds.low[axis], bounds.high[axis]), rng)
        }));
        if (place - centre).norm() < reach_mm && structure.contains(&place) {
            number += 1;
            points.push((format!("{}_{number:03}", structure.name), place));
        }
    }
}
