//! Draws the body wall and the organs of a deformed anatomy into the map of what the beams meet.
//!
//! Where each sample's tissue lies at rest is computed at coarse nodes and interpolated: deformations
//! bend over tens of millimetres, nodes lie 4 mm apart in depth and at most 12 mm across, so that the
//! interpolation errs by less than 0.1 mm.

use messages::{Patient, Transform};
use nalgebra::{Point3, Vector3};

use crate::anatomy::Anatomy;
use crate::anatomy::body_wall::BodyWall;
use crate::anatomy::bounds::Bounds;
use crate::anatomy::deformation::Deformation;
use crate::anatomy::distance_field::DistanceField;
use crate::anatomy::structure::Geometry;
use crate::beam_grid::BeamGrid;
use crate::scan_geometry::Face;
use crate::scatterers::slow_variation;
use crate::solid_echo::SolidEcho;
use crate::tissue_map::{LINE_MM, NODE, TissueMap};

/// Beyond this distance from its surface an organ leaves no trace.
const REACH_MM: f64 = 1.2;

/// What varies slowly, at a node or between nodes.
#[derive(Clone, Copy)]
struct Slow {
    rest: Point3<f64>,
    /// Depth under the skin, mm; wavy further in.
    depth: f32,
    /// How brightly surfaces shine here.
    shine: f32,
    /// Shift of the fibres of fat and muscle, rad.
    phase: f32,
    /// Scattering of what lies between the organs.
    viscera: f32,
}

impl Slow {
    fn between(&self, other: &Self, part: f64) -> Self {
        let mix = |a: f32, b: f32| a + (b - a) * part as f32;
        Self {
            rest: self.rest + (other.rest - self.rest) * part,
            depth: mix(self.depth, other.depth),
            shine: mix(self.shine, other.shine),
            phase: mix(self.phase, other.phase),
            viscera: mix(self.viscera, other.viscera),
        }
    }
}

struct Solid<'a> {
    shape: &'a DistanceField,
    bounds: Bounds,
    echo: SolidEcho,
    /// Amplitude that passes one sample.
    passing: f32,
}

/// Draws everything but tubes.
pub(crate) fn draw_ground(
    anatomy: &Anatomy,
    deformation: &Deformation,
    time_s: f64,
    map: &mut TissueMap,
    seed: u32,
    grid: &BeamGrid,
    pose: &Transform<Patient, Face>,
) {
    let wall = anatomy.body_wall();
    let solids: Vec<Solid> = anatomy
        .structures()
        .iter()
        .filter_map(|structure| match &structure.geometry {
            Geometry::Solid(shape) => {
                let echo = SolidEcho::of(structure, anatomy.seed());
                let passing = echo.passing_per_mm.powf(grid.sample_mm as f32);
                Some(Solid { shape, bounds: shape.bounds().grown(REACH_MM), echo, passing })
            }
            Geometry::Tubes(_) => None,
        })
        .collect();
    let columns = grid.beams.div_ceil(NODE) + 1;
    let node_row = |row: usize| -> Vec<Slow> {
        (0..columns)
            .map(|column| {
                let (origin, direction) = grid.beam(column * NODE);
                let place = origin + direction * grid.range_mm(row * NODE);
                let place = pose.isometry() * Point3::new(place.x, place.y, 0.0);
                slow(wall, deformation.origin_of(&place, time_s), seed)
            })
            .collect()
    };
    let mut upper = node_row(0);
    for row in 0..grid.samples.div_ceil(NODE) {
        let lower = node_row(row + 1);
        for column in 0..columns - 1 {
            let corners = [&upper[column], &upper[column + 1], &lower[column], &lower[column + 1]];
            let around = corners
                .iter()
                .fold(Bounds::empty(), |all, c| all.with(&Bounds { low: c.rest, high: c.rest }));
            let near: Vec<&Solid> = solids.iter().filter(|s| s.bounds.meets(&around)).collect();
            for beam in column * NODE..((column + 1) * NODE).min(grid.beams) {
                let part = (beam - column * NODE) as f64 / NODE as f64;
                let top = upper[column].between(&upper[column + 1], part);
                let bottom = lower[column].between(&lower[column + 1], part);
                let (_, direction) = grid.beam(beam);
                let along = pose.isometry() * Vector3::new(direction.x, direction.y, 0.0);
                // How steeply the beam goes down through the layers.
                let descent = (bottom.depth - top.depth) / (NODE as f32 * grid.sample_mm as f32);
                let facing = descent.abs().min(1.0).powi(6);
                for sample in row * NODE..((row + 1) * NODE).min(grid.samples) {
                    let here = top.between(&bottom, (sample - row * NODE) as f64 / NODE as f64);
                    let index = sample * grid.beams + beam;
                    let liver = map.scatter[index];
                    draw_wall(map, index, wall, &here, facing);
                    for solid in &near {
                        if solid.bounds.contains(&here.rest) {
                            draw_solid(map, index, solid, &here.rest, &along, liver);
                        }
                    }
                }
            }
        }
        upper = lower;
    }
}

fn slow(wall: &BodyWall, rest: Point3<f64>, seed: u32) -> Slow {
    let vary = |number: u32, size_mm: f64| {
        slow_variation(seed.wrapping_add(number), &rest.coords, size_mm)
    };
    let depth = -wall.signed_distance_mm(&rest);
    let wave = 1.2 * vary(1, 25.0) * (depth / 12.0).clamp(0.0, 1.0);
    Slow {
        rest,
        depth: (depth + wave) as f32,
        shine: (1.8 * vary(2, 16.0)).exp() as f32,
        phase: (4.0 * vary(3, 11.0)) as f32,
        viscera: (0.9 * (1.1 * vary(4, 13.0)).exp()) as f32,
    }
}

/// Skin, fat and muscle, and what lies behind them between the organs.
fn draw_wall(map: &mut TissueMap, index: usize, wall: &BodyWall, here: &Slow, facing: f32) {
    let (skin, fat) = (wall.skin_mm as f32, (wall.skin_mm + wall.fat_mm) as f32);
    let inner = wall.thickness_mm() as f32;
    let depth = here.depth;
    let fibres = |depth: f32| (depth * 2.6 + here.phase).sin() + (depth * 4.3 - here.phase).sin();
    let level = if depth < 0.0 {
        // Above the skin lies the gel, nearly without echo.
        map.scatter[index] = 0.2;
        1.0
    } else if depth < skin {
        1.6
    } else if depth < fat {
        0.7 * (1.0 + 0.5 * fibres(depth - skin))
    } else if depth < inner {
        0.5 * (1.0 + 0.5 * fibres(depth - fat))
    } else {
        here.viscera
    };
    map.scatter[index] *= level;
    for (surface, mirror) in [(0.0, 2.0), (skin, 1.2), (fat, 3.5), (inner, 4.0)] {
        let off = (depth - surface) / LINE_MM;
        if off.abs() < 4.0 {
            map.mirror[index] += mirror * facing * here.shine * (-0.5 * off * off).exp();
        }
    }
}

/// One organ at one sample; `liver` is the scattering of even liver there.
fn draw_solid(
    map: &mut TissueMap,
    index: usize,
    solid: &Solid,
    rest: &Point3<f64>,
    along: &Vector3<f64>,
    liver: f32,
) {
    let distance = solid.shape.signed_distance_mm(rest) as f32;
    let inside = (0.5 - distance / 0.5).clamp(0.0, 1.0);
    let echo = &solid.echo;
    if inside > 0.0 {
        let own = liver * echo.scatter(-distance);
        map.scatter[index] += (own - map.scatter[index]) * inside;
        let liquid = if echo.liquid { 1.0 } else { 0.0 };
        map.blood[index] += (liquid - map.blood[index]) * inside;
        if solid.passing < 1.0 {
            map.hold_back(index, inside, solid.passing);
        }
    }
    let off = distance / LINE_MM;
    if off.abs() < 4.0 {
        // Deformation turns surfaces by a few degrees, which does not matter for the brightness.
        let facing = solid.shape.gradient(rest).dot(along) as f32;
        map.mirror[index] += echo.mirror * facing.powi(6) * (-0.5 * off * off).exp();
    }
}
