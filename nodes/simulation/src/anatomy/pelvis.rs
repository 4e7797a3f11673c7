//! The pelvis of a anatomy: iliac vessels, ureters, nerves, lymph nodes and the bones around them.

use nalgebra::{Point3, Rotation3, UnitQuaternion, Vector3};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::anatomy::abdomen::AnatomyError;
use crate::anatomy::body_wall::BodyWall;
use crate::anatomy::bounds::Bounds;
use crate::anatomy::distance_field::{DistanceField, InvalidSolid};
use crate::anatomy::family::Family;
use crate::anatomy::implicit::{Ellipsoid, Waves, smooth_cut, smooth_union};
use crate::anatomy::pelvic_courses::{Course, courses};
use crate::anatomy::structure::{Structure, StructureKind};
use crate::anatomy::tube_tree::{InvalidTubes, TubeTree};
use crate::anatomy::{Anatomy, Region};
use crate::randomness::{Purpose, jitter, stream, within};
use crate::spline::catmull_rom;

/// Least distance between walls of different kinds of tubes.
const GAP_MM: f64 = 0.6;
/// Random courses tried before they are drawn without freedom.
const ATTEMPTS: i32 = 30;

/// The pelvis of a seed and a family.
///
/// # Errors
/// When a structure could not be made, which no seed is known to cause.
pub fn pelvis(seed: u64, family: Family) -> Result<Anatomy, AnatomyError> {
    let style = family.style();
    let mut rng = stream(seed, Purpose::Pelvis, family as u64);
    let wall = BodyWall {
        half_width_mm: within(style.trunk_half_width_mm, &mut rng) + 6.0,
        half_depth_mm: within((112.0, 118.0), &mut rng),
        skin_mm: 2.0,
        fat_mm: within(style.fat_mm, &mut rng).min(22.0),
        muscle_mm: within((8.0, 12.0), &mut rng),
    };
    let mut structures = Vec::new();
    for attempt in 0..=ATTEMPTS {
        // What does not fit with much freedom fits with less.
        let freedom = if attempt == ATTEMPTS { 0.0 } else { 0.95_f64.powi(attempt) };
        structures = tubes(&courses(&style, freedom, &mut rng))?;
        if clear(&structures) {
            break;
        }
    }
    nodes(&mut structures, &mut rng)?;
    solids(&mut structures, &wall, &mut rng)?;
    Ok(Anatomy::assemble(Region::Pelvis, family, seed, wall, structures)?)
}

fn tubes(courses: &[Course]) -> Result<Vec<Structure>, InvalidTubes> {
    let make = |course: &Course| {
        let knots = &course.knots;
        let last = knots.len() - 1;
        let mut all = vec![knots[0] - (knots[1] - knots[0])];
        all.extend(knots);
        all.push(knots[last] + (knots[last] - knots[last - 1]));
        let line = catmull_rom(&all, 3.0);
        let count = (line.len() - 1).max(1) as f64;
        let radius = |i: usize| {
            course.radius_mm.0 + (course.radius_mm.1 - course.radius_mm.0) * i as f64 / count
        };
        let line: Vec<_> = line.iter().enumerate().map(|(i, p)| (*p, radius(i))).collect();
        Ok(Structure::tubes(course.name.clone(), course.kind, TubeTree::along(&line)?))
    };
    courses.iter().map(make).collect()
}

/// Whether tubes of different kinds stay apart, and nerves and ureters from all others.
fn clear(structures: &[Structure]) -> bool {
    structures.iter().enumerate().all(|(index, one)| {
        structures[index + 1..].iter().all(|two| {
            (one.kind == two.kind && one.kind.is_vessel()) || clearance_mm(one, two) > GAP_MM
        })
    })
}

/// Distance between the walls of two structures of tubes, mm.
pub(crate) fn clearance_mm(one: &Structure, two: &Structure) -> f64 {
    let (Some(a), Some(b)) = (one.as_tubes(), two.as_tubes()) else { return f64::INFINITY };
    if !a.bounds().grown(5.0).meets(&b.bounds()) {
        return 5.0;
    }
    let pairs = a.segments().iter().flat_map(|s| b.segments().iter().map(|t| s.clearance_mm(t)));
    pairs.fold(f64::INFINITY, f64::min)
}

/// Five to nine lymph nodes of 4 to 12 mm beside the iliac arteries.
fn nodes(structures: &mut Vec<Structure>, rng: &mut ChaCha8Rng) -> Result<(), InvalidSolid> {
    let wanted = rng.random_range(5..=9);
    let hosts: Vec<TubeTree> = structures
        .iter()
        .filter(|s| s.name.contains("iliac_artery"))
        .filter_map(|s| s.as_tubes().cloned())
        .collect();
    let mut balls: Vec<(Point3<f64>, f64)> = Vec::new();
    for _ in 0..3000 {
        if balls.len() == wanted {
            break;
        }
        let host = &hosts[rng.random_range(0..hosts.len())];
        let piece = host.segments()[rng.random_range(0..host.segments().len())];
        let Some(along) = (piece.end - piece.start).try_normalize(1e-9) else { continue };
        let Some(aside) = jitter(1.0, rng).cross(&along).try_normalize(1e-3) else { continue };
        let long = within((2.4, 6.0), rng);
        let centre = piece.start + aside * (piece.start_radius_mm + long + within((0.8, 4.0), rng));
        let apart = structures.iter().all(|s| s.signed_distance_mm(&centre) > long + 0.5)
            && balls.iter().all(|(c, r)| (c - centre).norm() > r + long + 4.0);
        if !apart {
            continue;
        }
        balls.push((centre, long));
        let axes = [0.9 * long, long * within((0.55, 0.75), rng), long * within((0.5, 0.7), rng)];
        let turn =
            Rotation3::rotation_between(&Vector3::x(), &along).unwrap_or_else(Rotation3::identity);
        let body =
            Ellipsoid::new(centre.into(), axes).turned(UnitQuaternion::from_rotation_matrix(&turn));
        let waves = Waves::new(3, (long, 2.5 * long), 0.08 * long, rng);
        let spacing = (long / 10.0).max(0.3);
        let solid = DistanceField::sample(
            |p| body.value(p) + waves.value(p),
            &Bounds::of_ball(&centre, long),
            spacing,
        )?;
        structures.push(Structure::solid(
            format!("lymph_node_{}", balls.len()),
            StructureKind::LymphNode,
            solid,
        ));
    }
    Ok(())
}

/// Bones, muscles, bladder and gas, each kept out of what is already there.
fn solids(
    structures: &mut Vec<Structure>,
    wall: &BodyWall,
    rng: &mut ChaCha8Rng,
) -> Result<(), InvalidSolid> {
    let tilt = |x: f64, y: f64, z: f64| UnitQuaternion::from_euler_angles(x, y, z);
    let body = |c: [f64; 3], a: [f64; 3]| Ellipsoid::new(c, a);
    let mut parts = vec![
        (
            "sacrum".to_owned(),
            StructureKind::Bone,
            vec![
                body([0.0, 168.0, -22.0], [50.0, 20.0, 34.0]).turned(tilt(0.35, 0.0, 0.0)),
                body([0.0, 182.0, -70.0], [30.0, 12.0, 38.0]).turned(tilt(-0.1, 0.0, 0.0)),
            ],
        ),
        (
            "lumbar_spine".to_owned(),
            StructureKind::Bone,
            vec![
                body([0.0, 149.0, 104.0], [25.0, 19.0, 16.0]),
                body([0.0, 148.0, 66.0], [25.0, 19.0, 17.0]),
                body([0.0, 149.0, 27.0], [26.0, 19.0, 17.0]),
            ],
        ),
        (
            "bladder".to_owned(),
            StructureKind::Bladder,
            vec![body([0.0, 70.0, -96.0], [34.0, 24.0, 24.0])],
        ),
        (
            "gas_sigmoid".to_owned(),
            StructureKind::Gas,
            vec![body([12.0, 96.0, -48.0], [15.0, 10.0, 12.0])],
        ),
        (
            "gas_small_bowel".to_owned(),
            StructureKind::Gas,
            vec![body([-14.0, 66.0, 24.0], [20.0, 9.0, 11.0])],
        ),
    ];
    for (side, sign) in [("right", -1.0), ("left", 1.0)] {
        parts.push((
            format!("hip_bone_{side}"),
            StructureKind::Bone,
            vec![
                body([sign * 100.0, 128.0, 4.0], [11.0, 44.0, 52.0]).turned(tilt(
                    0.0,
                    sign * 0.35,
                    sign * -0.5,
                )),
                body([sign * 94.0, 108.0, -86.0], [22.0, 28.0, 34.0]),
                body([sign * 44.0, 52.0, -118.0], [42.0, 11.0, 10.0]).turned(tilt(
                    0.0,
                    0.0,
                    sign * 0.5,
                )),
            ],
        ));
        parts.push((
            format!("psoas_{side}"),
            StructureKind::Muscle,
            vec![
                body([sign * 58.0, 134.0, 62.0], [20.0, 20.0, 66.0]).turned(tilt(
                    -0.12,
                    sign * 0.18,
                    0.0,
                )),
                body([sign * 80.0, 104.0, -30.0], [17.0, 18.0, 62.0]).turned(tilt(
                    -0.5,
                    sign * 0.2,
                    0.0,
                )),
            ],
        ));
    }
    for (name, kind, bodies) in parts {
        let bodies: Vec<_> = bodies
            .into_iter()
            .map(|b| Ellipsoid { centre: b.centre + jitter(2.0, rng), ..b })
            .collect();
        let waves = Waves::new(4, (30.0, 80.0), 1.5, rng);
        let bounds = bodies.iter().fold(Bounds::empty(), |all, b| all.with(&b.bounds()));
        let around: Vec<&Structure> =
            structures.iter().filter(|s| s.bounds().grown(6.0).meets(&bounds)).collect();
        let implicit = |p: &Point3<f64>| {
            let mut value = bodies
                .iter()
                .map(|b| b.value(p))
                .reduce(|a, b| smooth_union(a, b, 10.0))
                .unwrap_or(1e3);
            // Far outside nothing can be cut away.
            if value > 8.0 {
                return value;
            }
            value += waves.value(p);
            value =
                smooth_cut(value, -(wall.signed_distance_mm(p) + wall.thickness_mm() + 1.0), 4.0);
            for other in around.iter().filter(|s| s.bounds().grown(4.0).contains(p)) {
                value = smooth_cut(value, other.signed_distance_mm(p) - 1.5, 2.0);
            }
            value
        };
        match DistanceField::sample(implicit, &bounds.grown(2.0), 2.5) {
            Ok(solid) => structures.push(Structure::solid(name, kind, solid)),
            // Gas that others leave no room for is not there.
            Err(InvalidSolid::NoSurface) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
