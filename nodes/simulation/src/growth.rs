//! Grows the vessel trees of a family within a block of tissue.
//!
//! Radii at a branching follow `r₀³ = r₁³ + r₂³` and the angles those of least work (C. D. Murray,
//! "The physiological principle of minimum work applied to the angle of branching of arteries",
//! J. Gen. Physiol. 9, 1926).

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use nalgebra::{Point3, Unit, UnitQuaternion, Vector3};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::family::{Family, Style};
use crate::patient::Block;
use crate::randomness::{Purpose, stream};
use crate::spline::catmull_rom;
use crate::vessel::{Vessel, VesselKind};

/// Vessels thinner than this are left out: they would be lost in the speckle.
const LEAST_RADIUS_MM: f64 = 1.5;
/// Length of the straight pieces of a centreline.
const STEP_MM: f64 = 2.5;
/// A vessel is this much thinner at its end than at its start.
const TAPER: f64 = 0.92;
/// Directions tried for each branching; the one with most room is taken.
const TRIALS: u32 = 12;

/// A vessel that is still to be grown.
struct Bud {
    kind: VesselKind,
    generation: u8,
    parent: Option<usize>,
    start: Point3<f64>,
    direction: Unit<Vector3<f64>>,
    radius_mm: f64,
}

/// The vessels of one patient; a vessel's parent always comes before it.
pub(crate) fn grow(seed: u64, family: Family, block: &Block) -> Vec<Vessel> {
    let style = family.style();
    let mut rng = stream(seed, Purpose::Vessels, 0);
    let mut buds = roots(&style, block, &mut rng);
    let mut vessels: Vec<Vessel> = Vec::new();
    // One generation of all trees after the other, so that no tree takes the room of the others.
    while !buds.is_empty() {
        let mut next = Vec::new();
        for bud in buds {
            let length =
                within(style.length_mm, &mut rng) * 0.9_f64.powi(i32::from(bud.generation));
            let line = centreline(&bud, length, style.winding, &mut rng);
            let end_radius = bud.radius_mm * TAPER;
            vessels.push(Vessel::new(
                bud.kind,
                bud.generation,
                bud.parent,
                &line,
                (bud.radius_mm, end_radius),
            ));
            if bud.generation < style.branchings {
                let grown = vessels.len() - 1;
                next.extend(branch(
                    &bud, grown, &line, end_radius, &style, block, &vessels, &mut rng,
                ));
            }
        }
        buds = next;
    }
    vessels
}

/// The portal vein comes from the middle of the body, the hepatic veins from above and behind.
fn roots(style: &Style, block: &Block, rng: &mut ChaCha8Rng) -> Vec<Bud> {
    let (low, size) = (block.low, block.high - block.low);
    let at = |x: f64, y: f64, z: f64| low + size.component_mul(&Vector3::new(x, y, z));
    let mut roots =
        vec![(VesselKind::Portal, at(0.80, 0.58, 0.38), Vector3::new(-1.0, -0.12, 0.1))];
    for i in 0..style.hepatic_veins {
        let x = (i as f64 + 0.7) / (style.hepatic_veins as f64 + 0.4);
        let start = at(x, 0.75, 0.97);
        roots.push((VesselKind::Hepatic, start, Vector3::new(0.25 * (x - 0.5), -0.35, -1.0)));
    }
    roots
        .into_iter()
        .map(|(kind, start, direction)| Bud {
            kind,
            generation: 0,
            parent: None,
            start: start + noise(5.0, rng),
            direction: Unit::new_normalize(direction + noise(0.18, rng)),
            radius_mm: within(style.root_radius_mm, rng),
        })
        .collect()
}

fn centreline(bud: &Bud, length: f64, winding: f64, rng: &mut ChaCha8Rng) -> Vec<Point3<f64>> {
    const SPANS: u32 = 5;
    let direction = bud.direction.into_inner();
    let knots: Vec<_> = (0..=SPANS + 2)
        .map(|i| {
            let along = (f64::from(i) - 1.0) / f64::from(SPANS);
            // The first span keeps the direction in which the vessel leaves its parent.
            let sideways = if i > 2 { winding * length } else { 0.0 };
            let aside = noise(sideways, rng);
            bud.start + direction * (along * length) + (aside - direction * aside.dot(&direction))
        })
        .collect();
    catmull_rom(&knots, STEP_MM)
}

#[expect(clippy::too_many_arguments, reason = "all that decides where two daughters go")]
fn branch(
    bud: &Bud,
    parent: usize,
    line: &[Point3<f64>],
    radius_mm: f64,
    style: &Style,
    block: &Block,
    vessels: &[Vessel],
    rng: &mut ChaCha8Rng,
) -> Vec<Bud> {
    let [.., before, start] = line else { return Vec::new() };
    let heading = Unit::new_normalize(start - before);
    let share = within(style.larger_share, rng);
    let radii = [share, 1.0 - share].map(|part| radius_mm * part.cbrt());
    let angles = murray_angles(radius_mm, radii).map(|angle| (angle * style.spread).min(FRAC_PI_2));
    let reach = f64::midpoint(style.length_mm.0, style.length_mm.1) * 0.8;
    let turn = rng.random_range(0.0..TAU);
    let directions = (0..TRIALS)
        .map(|trial| {
            let azimuth = turn + TAU * f64::from(trial) / f64::from(TRIALS);
            [turned(&heading, angles[0], azimuth), turned(&heading, angles[1], azimuth + PI)]
        })
        .map(|pair| (room(&pair, start, reach, parent, block, vessels), pair))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or([heading; 2], |(_, pair)| pair);
    directions
        .into_iter()
        .zip(radii)
        .filter(|(_, radius)| *radius >= LEAST_RADIUS_MM)
        // What would leave the liver ends at the branching.
        .filter(|(direction, _)| {
            block.depth_within_mm(&(start + direction.into_inner() * reach)) > -3.0
        })
        .map(|(direction, radius_mm)| Bud {
            kind: bud.kind,
            generation: bud.generation + 1,
            parent: Some(parent),
            start: *start,
            direction,
            radius_mm,
        })
        .collect()
}

/// Angles of the daughters to the parent: `cos θ₁ = (r₀⁴ + r₁⁴ − r₂⁴) / (2 r₀² r₁²)`.
pub(crate) fn murray_angles(parent_mm: f64, daughters_mm: [f64; 2]) -> [f64; 2] {
    let angle = |this: f64, other: f64| {
        let cosine = (parent_mm.powi(4) + this.powi(4) - other.powi(4))
            / (2.0 * parent_mm.powi(2) * this.powi(2));
        cosine.clamp(-1.0, 1.0).acos()
    };
    [angle(daughters_mm[0], daughters_mm[1]), angle(daughters_mm[1], daughters_mm[0])]
}

/// How far two daughters of length `reach` stay from the other vessels and within the block, mm.
fn room(
    directions: &[Unit<Vector3<f64>>; 2],
    start: &Point3<f64>,
    reach: f64,
    parent: usize,
    block: &Block,
    vessels: &[Vessel],
) -> f64 {
    let mut least = f64::INFINITY;
    for direction in directions {
        for part in [0.45, 0.75, 1.0] {
            let point = start + direction.into_inner() * (reach * part);
            let others = vessels.iter().enumerate().filter(|(index, _)| *index != parent);
            for (_, vessel) in others {
                least = least.min(vessel.signed_distance_mm(&point));
            }
            // Leaving the block is as bad as running through another vessel.
            least = least.min(block.depth_within_mm(&point) + 2.0);
        }
    }
    least
}

/// `heading` bent by `angle`, towards the side `azimuth` around it.
fn turned(heading: &Unit<Vector3<f64>>, angle: f64, azimuth: f64) -> Unit<Vector3<f64>> {
    let any = if heading.x.abs() < 0.8 { Vector3::x_axis() } else { Vector3::y_axis() };
    let side = Unit::new_normalize(heading.cross(&any));
    let axis = UnitQuaternion::from_axis_angle(heading, azimuth) * side;
    UnitQuaternion::from_axis_angle(&axis, angle) * heading
}

fn within(range: (f64, f64), rng: &mut ChaCha8Rng) -> f64 {
    rng.random_range(range.0..=range.1)
}

fn noise(amplitude: f64, rng: &mut ChaCha8Rng) -> Vector3<f64> {
    Vector3::from_fn(|_, _| amplitude * rng.random_range(-1.0..=1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_daughters_leave_at_the_angle_of_least_work() {
        // 2^(1/3) = r₀ / r₁ gives 37.5° (Murray 1926).
        let [first, second] = murray_angles(2.0_f64.cbrt(), [1.0, 1.0]);
        assert!((first.to_degrees() - 37.47).abs() < 0.01);
        assert!((first - second).abs() < 1e-12);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn every_branching_obeys_murrays_law(seed in any::<u64>(), family in 0..3usize) {
            let family = [Family::Slender, Family::Wide, Family::Winding][family];
            let vessels = grow(seed, family, &Block::default());
            for (index, parent) in vessels.iter().enumerate() {
                let end = parent.segments().last().unwrap();
                let daughters: Vec<_> = vessels.iter().filter(|v| v.parent() == Some(index)).collect();
                for daughter in &daughters {
                    prop_assert_eq!(daughter.segments()[0].start, end.end);
                    prop_assert_eq!(daughter.kind(), parent.kind());
                    prop_assert_eq!(daughter.generation(), parent.generation() + 1);
                }
                if let [first, second] = daughters[..] {
                    let sum = [first, second].map(|v| v.segments()[0].start_radius_mm.powi(3)).iter().sum::<f64>();
                    prop_assert!((sum.cbrt() - end.end_radius_mm).abs() < 1e-9);
                }
                for segment in parent.segments() {
                    prop_assert!(segment.start_radius_mm <= 8.0 && segment.end_radius_mm >= LEAST_RADIUS_MM * TAPER);
                }
            }
        }
    }
}
