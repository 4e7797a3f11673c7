//! Straight ways for an instrument from the skin to what is operated on, close by vessels but clear of them.

use nalgebra::{Point3, Unit, Vector3};
use rand_chacha::ChaCha8Rng;

use crate::anatomy::Anatomy;
use crate::anatomy::structure::{Structure, StructureKind};
use crate::randomness::{Purpose, jitter, stream, within};
use crate::skin_course::region_of_surgery;
use crate::tool_shape::INSTRUMENT;

/// Distances of the shaft's surface from the nearest vessel, nerve or ureter that are sought in turn, mm:
/// one that should alarm, one that should warn.
const WANTED_MM: [f64; 2] = [2.5, 5.0];
/// No planned way leads nearer to a vessel, nerve or ureter, if there is one that does not.
const LEAST_MM: f64 = 2.0;
/// Nor nearer to a bone.
const LEAST_TO_BONE_MM: f64 = 3.0;
/// Ways tried for each approach.
const TRIES: usize = 400;
/// What is farther from the region of surgery is not operated on, unless nothing is nearer.
const REACH_MM: f64 = 75.0;
/// The most approaches of one patient.
const MOST: usize = 4;
/// How far the ways pass the skin from the middle of where they do, along x and z, mm.
const PORT_MM: f64 = 35.0;
/// Distance between the places of a way that are looked at, mm.
const STEP_MM: f64 = 2.0;

/// A straight way of the instrument's tip, at rest, frame `Patient`, mm.
#[derive(Clone, Debug)]
pub(crate) struct Approach {
    /// Where it passes the skin.
    pub entry: Point3<f64>,
    /// Where the tip stops.
    pub goal: Point3<f64>,
    /// From the goal to the entry.
    pub outwards: Unit<Vector3<f64>>,
    /// Index of the structure that is approached.
    pub target: usize,
}

/// The approaches to the tumours or lymph nodes of an anatomy, those nearest to the region of surgery
/// first, wholly determined by the anatomy; none if it has neither.
pub(crate) fn approaches(anatomy: &Anatomy) -> Vec<Approach> {
    let mut rng = stream(anatomy.seed(), Purpose::Approach, 0);
    let centre = region_of_surgery(anatomy);
    let distance_mm = |structure: &Structure| (structure.bounds().centre() - centre).norm();
    let mut targets: Vec<(usize, f64)> = anatomy
        .structures()
        .iter()
        .enumerate()
        .filter(|(_, s)| matches!(s.kind, StructureKind::Tumour | StructureKind::LymphNode))
        .map(|(index, structure)| (index, distance_mm(structure)))
        .collect();
    targets.sort_by(|a, b| a.1.total_cmp(&b.1));
    let near = targets.iter().filter(|(_, mm)| *mm <= REACH_MM).count().max(1);
    targets.truncate(near.min(MOST));
    if targets.is_empty() {
        return Vec::new();
    }
    // Whoever operates stands at one place.
    let port = [centre.x, centre.z].map(|middle| middle + within((-15.0, 15.0), &mut rng));
    // With one target alone, there still are two ways to it.
    let count = targets.len().max(WANTED_MM.len());
    (0..count)
        .filter_map(|index| {
            let target = targets[index % targets.len()].0;
            approach(anatomy, target, port, WANTED_MM[index % WANTED_MM.len()], &mut rng)
        })
        .collect()
}

fn approach(
    anatomy: &Anatomy,
    target: usize,
    port: [f64; 2],
    wanted_mm: f64,
    rng: &mut ChaCha8Rng,
) -> Option<Approach> {
    let bounds = anatomy.structures()[target].bounds();
    let reach = 0.5 * (bounds.high - bounds.low).amax() + 4.0;
    let mut best: Option<(f64, Approach)> = None;
    for _ in 0..TRIES {
        let goal = bounds.centre() + jitter(reach, rng);
        let [x, z] = port.map(|middle| middle + within((-PORT_MM, PORT_MM), rng));
        let known = best.as_ref().map_or(f64::INFINITY, |(penalty, _)| *penalty);
        let limit = 0.85 * anatomy.body_wall().half_width_mm;
        let skin = anatomy.body_wall().skin_in_front(x.clamp(-limit, limit), z);
        let Some(entry) = skin else { continue };
        let Some(outwards) = Unit::try_new(entry - goal, 1.0) else { continue };
        let way = Approach { entry, goal, outwards, target };
        let penalty = penalty(anatomy, &way, wanted_mm, known);
        if penalty < known {
            best = Some((penalty, way));
        }
    }
    best.map(|(_, way)| way)
}

/// How far a way is from what is wanted, mm; infinite as soon as it is not below `known`.
fn penalty(anatomy: &Anatomy, way: &Approach, wanted_mm: f64, known: f64) -> f64 {
    let clear_of = |point: &Point3<f64>, wanted: fn(StructureKind) -> bool| {
        anatomy
            .nearest(messages::Point::new(*point), wanted)
            .map_or(f64::INFINITY, |n| n.signed_distance_mm - INSTRUMENT.radius_mm)
    };
    let too_near = |clearance: f64, least: f64| 10.0 * (least - clearance).max(0.0);
    let goal_to_target = anatomy.structures()[way.target].signed_distance_mm(&way.goal).max(0.0);
    let mut least = f64::INFINITY;
    let mut bones: f64 = 0.0;
    let length = (way.entry - way.goal).norm();
    let steps = (length / STEP_MM).ceil() as usize;
    for step in 0..=steps {
        let place = way.goal + way.outwards.into_inner() * (step as f64 * STEP_MM).min(length);
        least = least.min(clear_of(&place, is_spared));
        let bone = clear_of(&place, |kind| kind == StructureKind::Bone);
        bones = bones.max(too_near(bone, LEAST_TO_BONE_MM));
        if too_near(least, LEAST_MM) + bones >= known {
            return f64::INFINITY;
        }
    }
    // The shaft should reach from the target to the skin.
    let too_long = (length - INSTRUMENT.length_mm()).max(0.0);
    too_near(least, LEAST_MM)
        + bones
        + (least - wanted_mm).abs()
        + 0.2 * goal_to_target
        + 0.3 * too_long
}

/// What an instrument must not touch.
fn is_spared(kind: StructureKind) -> bool {
    kind.is_vessel() || matches!(kind, StructureKind::Nerve | StructureKind::Ureter)
}
