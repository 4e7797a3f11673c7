//! The abdomen of a anatomy: a liver with its vessel trees and tumours, and what surrounds it.

use nalgebra::Point3;
use rand_chacha::ChaCha8Rng;
use thiserror::Error;

use crate::anatomy::abdominal_surroundings as surroundings;
use crate::anatomy::body_wall::BodyWall;
use crate::anatomy::centrelines::{Branch, bend, overlaps, straight, tube_tree, without};
use crate::anatomy::distance_field::InvalidSolid;
use crate::anatomy::family::{Family, Style};
use crate::anatomy::growing_tree::GrowingTree;
use crate::anatomy::growth::{Growth, Plan};
use crate::anatomy::hepatic_artery::hepatic_artery;
use crate::anatomy::liver_shape::LiverShape;
use crate::anatomy::named_veins::{CAVA, named_veins};
use crate::anatomy::segment::Segment;
use crate::anatomy::structure::{Structure, StructureKind};
use crate::anatomy::tube_tree::InvalidTubes;
use crate::anatomy::tumours::Tumours;
use crate::anatomy::{Anatomy, InvalidAnatomy, Region};
use crate::randomness::{Purpose, stream, within};

/// Growths tried for one patient before the best is taken.
const ATTEMPTS: u64 = 4;
/// Part of the wanted branches with which a growth is good enough.
const ENOUGH: f64 = 0.93;

/// What may be chosen about an abdomen beside seed and family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AbdomenSettings {
    /// Terminals grown on each of the two venous trees, beside the ends of the named veins.
    pub terminals: usize,
    /// Exponent of Murray's law.
    pub murray_exponent: f64,
}

impl Default for AbdomenSettings {
    fn default() -> Self {
        Self { terminals: 120, murray_exponent: 3.0 }
    }
}

/// Why a patient could not be made.
#[derive(Debug, Error, PartialEq)]
pub enum AnatomyError {
    /// A setting is out of its range.
    #[error(
        "{terminals} terminals and exponent {exponent}; expected at most 2000 terminals and an exponent from 2 to 4"
    )]
    Settings {
        /// Terminals of each tree.
        terminals: usize,
        /// Exponent of Murray's law.
        exponent: f64,
    },
    /// An organ has no shape.
    #[error("an organ of the patient could not be sampled: try another seed")]
    Solid(#[from] InvalidSolid),
    /// A vessel has no shape.
    #[error("a tube of the patient could not be made: try another seed")]
    Tubes(#[from] InvalidTubes),
    /// The parts do not form a anatomy.
    #[error("the structures do not form a patient")]
    Anatomy(#[from] InvalidAnatomy),
}

/// The abdomen of a seed and a family.
///
/// # Errors
/// When a setting is out of range.
pub fn abdomen(
    seed: u64,
    family: Family,
    settings: &AbdomenSettings,
) -> Result<Anatomy, AnatomyError> {
    let exponent = settings.murray_exponent;
    if settings.terminals > 2000 || !(2.0..=4.0).contains(&exponent) {
        return Err(AnatomyError::Settings { terminals: settings.terminals, exponent });
    }
    let style = family.style();
    let mut shape = stream(seed, Purpose::LiverShape, family as u64);
    let mut body_wall = body_wall(&style, &mut shape);
    // The liver lies close behind the wall, however thick that is.
    let centre = Point3::new(-26.0, body_wall.thickness_mm() + 78.0, 0.0);
    let liver = LiverShape::new(&style, centre, &mut shape)?;
    widen(&mut body_wall, &liver);

    let mut lines = stream(seed, Purpose::Centrelines, family as u64);
    let cava = CAVA.map(|p| liver.frame().place(p));
    let cava = surroundings::tube(&cava, within((10.5, 12.5), &mut lines))?;
    let mut tumour_rng = stream(seed, Purpose::Tumours, family as u64);
    let plan = Plan {
        terminals: settings.terminals,
        flow_spread: style.flow_spread,
        opening: style.opening,
    };
    let mut attempt = |number: u64| {
        let mut rng = stream(seed, Purpose::HepaticTrees, family as u64 + 256 * number);
        let trees = named_veins(&liver, &style, exponent, &mut rng);
        let tumours = Tumours::near(&trees, &liver.solid, &mut tumour_rng);
        let mut obstacles = cava.segments().to_vec();
        obstacles.extend(tumours.balls());
        vessels(&liver, trees, obstacles, tumours, &plan, style.winding, &mut rng)
    };
    let mut best = attempt(0);
    for number in 1..ATTEMPTS {
        if best.kept >= ENOUGH {
            break;
        }
        let other = attempt(number);
        if other.kept > best.kept {
            best = other;
        }
    }
    let Grown { systems, obstacles, tumours, .. } = best;
    let mut structures = vec![
        Structure::tubes("portal_vein", StructureKind::PortalVein, tube_tree(&systems[0])?),
        Structure::tubes("hepatic_veins", StructureKind::HepaticVein, tube_tree(&systems[1])?),
    ];
    let (great, aorta) = surroundings::great_vessels(&liver, cava, &mut lines)?;
    structures.extend(great);
    structures.extend(hepatic_artery(&systems, &liver, &obstacles, &aorta)?);
    structures.extend(tumours.structures(&mut tumour_rng)?);
    let mut rng = stream(seed, Purpose::AbdomenSurroundings, family as u64);
    structures.extend(surroundings::organs(&liver, &body_wall, &structures, &mut rng)?);
    structures.extend(surroundings::bones(&body_wall, &mut rng)?);
    structures.push(Structure::solid("liver", StructureKind::Liver, liver.solid));
    Ok(Anatomy::assemble(Region::Abdomen, family, seed, body_wall, structures)?)
}

/// The venous trees of one attempt.
struct Grown {
    systems: Vec<Vec<Branch>>,
    obstacles: Vec<Segment>,
    tumours: Tumours,
    /// Part of the branches that need not be taken away for touching others.
    kept: f64,
}

fn vessels(
    liver: &LiverShape,
    trees: Vec<GrowingTree>,
    obstacles: Vec<Segment>,
    tumours: Tumours,
    plan: &Plan,
    winding: (f64, f64),
    rng: &mut ChaCha8Rng,
) -> Grown {
    let mut growth = Growth { organ: &liver.solid, obstacles, trees };
    growth.grow(plan, rng);
    let mut systems: Vec<Vec<Branch>> = growth.trees.iter().map(straight).collect();
    bend(&mut systems, &liver.solid, &growth.obstacles, winding, rng);
    let wanted = (4 * plan.terminals + 20) as f64;
    // Radii have settled since the edges were placed, so a few may have come too near.
    loop {
        let found = overlaps(&systems);
        if found.is_empty() {
            break;
        }
        for (number, system) in systems.iter_mut().enumerate() {
            let doomed: Vec<_> = found.iter().filter(|f| f.0 == number).map(|f| f.1).collect();
            *system = without(system, &doomed);
        }
    }
    let kept = systems.iter().map(Vec::len).sum::<usize>() as f64 / wanted;
    Grown { systems, obstacles: growth.obstacles, tumours, kept }
}

/// A body wall with room for the liver and the spine behind each other.
fn body_wall(style: &Style, rng: &mut ChaCha8Rng) -> BodyWall {
    let mut wall = BodyWall {
        half_width_mm: within(style.trunk_half_width_mm, rng),
        half_depth_mm: 0.0,
        skin_mm: 2.0,
        fat_mm: within(style.fat_mm, rng),
        muscle_mm: within((10.0, 14.0), rng),
    };
    wall.half_depth_mm = wall.thickness_mm() + within((103.0, 108.0), rng);
    wall
}

/// Widens the wall until the liver fits into it.
fn widen(wall: &mut BodyWall, liver: &LiverShape) {
    let bounds = liver.solid.bounds();
    let mut surface = Vec::new();
    for x in 0..=24 {
        for y in 0..=24 {
            let part = |axis: usize, i: i32| {
                bounds.low[axis] + (bounds.high[axis] - bounds.low[axis]) * f64::from(i) / 24.0
            };
            surface.extend((0..=24).map(|z| Point3::new(part(0, x), part(1, y), part(2, z))));
        }
    }
    surface.retain(|p| liver.solid.signed_distance_mm(p) < 0.0);
    let room = wall.thickness_mm() + 2.0;
    for _ in 0..40 {
        if surface.iter().all(|p| wall.signed_distance_mm(p) < -room) {
            break;
        }
        wall.half_width_mm *= 1.01;
    }
}
