//! How far an instrument truly is from a structure, both where they are now.

use nalgebra::Point3;

use crate::anatomy::distance_field::DistanceField;
use crate::anatomy::structure::{Geometry, Structure};
use crate::anatomy::tube_tree::{InvalidTubes, TubeTree};
use crate::anatomy_under_probe::AnatomyUnderProbe;

/// Distance between the places of a shaft whose origins are computed; between them they lie on a line.
const NODE_MM: f64 = 4.0;
/// The nearest place of a shaft is known this well along it.
const FINEST_MM: f64 = 0.25;
/// Distances may change by this much per mm of way at most: a little more than a true distance does,
/// since solids are interpolated.
const STEEPEST: f64 = 1.1;

/// A structure where it is now.
#[derive(Clone, Debug)]
pub enum StructureNow<'a> {
    /// Tubes whose centrelines have moved.
    Tubes(TubeTree),
    /// A solid as it is at rest.
    Solid(&'a DistanceField),
}

impl<'a> StructureNow<'a> {
    /// A structure as the moment moves it.
    ///
    /// # Errors
    /// When a moved coordinate is not finite.
    pub fn new(now: &AnatomyUnderProbe, structure: &'a Structure) -> Result<Self, InvalidTubes> {
        Ok(match &structure.geometry {
            Geometry::Tubes(tubes) => Self::Tubes(tubes.moved(|place| now.displace(place))?),
            Geometry::Solid(solid) => Self::Solid(solid),
        })
    }
}

/// A straight tool among the tissue of a moment.
#[derive(Clone, Debug)]
pub struct ToolInTissue<'a> {
    now: &'a AnatomyUnderProbe<'a>,
    /// From the tip to the end of the shaft, frame `Patient`, mm.
    places: Vec<Point3<f64>>,
    /// Which points at rest are there.
    origins: Vec<Point3<f64>>,
    radius_mm: f64,
}

impl<'a> ToolInTissue<'a> {
    /// A tool from `tip` to `shaft_end`, frame `Patient`, mm.
    pub fn new(
        now: &'a AnatomyUnderProbe<'a>,
        tip: &Point3<f64>,
        shaft_end: &Point3<f64>,
        radius_mm: f64,
    ) -> Self {
        let way = shaft_end - tip;
        let pieces = (way.norm() / NODE_MM).ceil().max(1.0);
        let places: Vec<_> =
            (0..=pieces as usize).map(|i| tip + way * (i as f64 / pieces)).collect();
        let origins = places.iter().map(|place| now.origin_of(place)).collect();
        Self { now, places, origins, radius_mm }
    }

    /// Signed distances from the tip and from the shaft's surface, the tip included, to the structure's
    /// surface, mm, negative inside.
    ///
    /// Tubes are measured where they are now. Of a solid, the nearest place of the shaft and the nearest
    /// point of the surface are found at rest, and their distance is measured where both are now: what
    /// is neglected is of second order in the bending of the tissue between them.
    pub fn distances_mm(&self, structure: &StructureNow) -> (f64, f64) {
        let (tip, axis) = match structure {
            StructureNow::Tubes(tubes) => {
                let (least, _, _) = nearest(&self.places, |place| tubes.signed_distance_mm(place));
                (tubes.signed_distance_mm(&self.places[0]), least)
            }
            StructureNow::Solid(solid) => {
                let (_, piece, part) =
                    nearest(&self.origins, |origin| solid.signed_distance_mm(origin));
                let place =
                    self.places[piece] + (self.places[piece + 1] - self.places[piece]) * part;
                let tip = self.measured_mm(solid, &self.places[0], &self.origins[0]);
                (tip, self.measured_mm(solid, &place, &self.now.origin_of(&place)))
            }
        };
        (tip, axis.min(tip) - self.radius_mm)
    }

    /// Distance of `place`, at which `origin` is now, from a solid as it is now.
    fn measured_mm(&self, solid: &DistanceField, place: &Point3<f64>, origin: &Point3<f64>) -> f64 {
        let foot = self.now.displace(&solid.foot(origin));
        (foot - place).norm().copysign(solid.signed_distance_mm(origin))
    }
}

/// The least distance along a line of at least two nodes, the piece where it is found, and the part of
/// that piece.
fn nearest(line: &[Point3<f64>], distance_mm: impl Fn(&Point3<f64>) -> f64) -> (f64, usize, f64) {
    let at_nodes: Vec<f64> = line.iter().map(&distance_mm).collect();
    let mut best = (f64::INFINITY, 0, 0.0);
    for (node, distance) in at_nodes.iter().enumerate() {
        if *distance < best.0 {
            let last = node + 1 == at_nodes.len();
            best = (*distance, node - usize::from(last), if last { 1.0 } else { 0.0 });
        }
    }
    // Halves pieces as long as their middle may be nearer: no distance changes faster than the way.
    let mut waiting: Vec<(usize, [f64; 2], [f64; 2])> = at_nodes
        .windows(2)
        .enumerate()
        .map(|(piece, ends)| (piece, [0.0, 1.0], [ends[0], ends[1]]))
        .collect();
    while let Some((piece, [from, to], [a, b])) = waiting.pop() {
        let way = line[piece + 1] - line[piece];
        let length = way.norm() * (to - from);
        if length < FINEST_MM || 0.5 * (a + b - STEEPEST * length) >= best.0 {
            continue;
        }
        let middle = 0.5 * (from + to);
        let distance = distance_mm(&(line[piece] + way * middle));
        if distance < best.0 {
            best = (distance, piece, middle);
        }
        waiting.push((piece, [from, middle], [a, distance]));
        waiting.push((piece, [middle, to], [distance, b]));
    }
    best
}
