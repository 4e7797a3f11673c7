//! A lattice of cells that says which structures may contain a point, for millions of queries.

use nalgebra::Point3;

use crate::anatomy::bounds::Bounds;
use crate::anatomy::structure::{Geometry, Structure};

/// Edge of a cell, mm.
const EDGE_MM: f64 = 6.0;
/// Half the diagonal of a cell, and a little for interpolation and tapers.
const REACH_MM: f64 = 0.5 * EDGE_MM * 1.733 + 0.6;

/// A structure, or one segment of it, that may contain a point of the cell.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Candidate {
    structure: u32,
    /// Index of the segment of a tube tree; not used for solids.
    segment: u32,
    /// The whole cell lies inside.
    full: bool,
}

/// For each cell the candidates, the topmost structure first.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    low: Point3<f64>,
    size: [usize; 3],
    /// Where each cell's candidates start in `candidates`.
    starts: Vec<u32>,
    candidates: Vec<Candidate>,
}

impl Cells {
    pub fn new(structures: &[Structure]) -> Self {
        let all = structures.iter().fold(Bounds::empty(), |all, s| all.with(&s.bounds()));
        let extent = all.high - all.low;
        let size: [usize; 3] = if structures.is_empty() {
            [0; 3]
        } else {
            extent.map(|e| (e / EDGE_MM).floor() as usize + 1).into()
        };
        let mut cells = Self { low: all.low, size, starts: Vec::new(), candidates: Vec::new() };
        let mut lists = vec![Vec::new(); size.iter().product()];
        for (number, structure) in structures.iter().enumerate().rev() {
            match &structure.geometry {
                Geometry::Tubes(tubes) => {
                    for (segment, piece) in tubes.segments().iter().enumerate() {
                        let distance = |p: &Point3<f64>| piece.signed_distance_mm(p);
                        cells.add(&mut lists, &piece.bounds(), number, segment, distance);
                    }
                }
                Geometry::Solid(solid) => {
                    let distance = |p: &Point3<f64>| solid.signed_distance_mm(p);
                    cells.add(&mut lists, &solid.bounds(), number, 0, distance);
                }
            }
        }
        for list in lists {
            cells.starts.push(cells.candidates.len() as u32);
            cells.candidates.extend(list);
        }
        cells.starts.push(cells.candidates.len() as u32);
        cells
    }

    fn add(
        &self,
        lists: &mut [Vec<Candidate>],
        bounds: &Bounds,
        structure: usize,
        segment: usize,
        distance_mm: impl Fn(&Point3<f64>) -> f64,
    ) {
        let index = |axis: usize, value: f64| {
            let cell = ((value - self.low[axis]) / EDGE_MM).floor().max(0.0) as usize;
            cell.min(self.size[axis] - 1)
        };
        for z in index(2, bounds.low.z)..=index(2, bounds.high.z) {
            for y in index(1, bounds.low.y)..=index(1, bounds.high.y) {
                for x in index(0, bounds.low.x)..=index(0, bounds.high.x) {
                    let list = &mut lists[(z * self.size[1] + y) * self.size[0] + x];
                    // What is above fills the cell.
                    if list.last().is_some_and(|top: &Candidate| top.full) {
                        continue;
                    }
                    let centre = self.low
                        + nalgebra::Vector3::new(x as f64, y as f64, z as f64)
                            .map(|i| (i + 0.5) * EDGE_MM);
                    let distance = distance_mm(&centre);
                    if distance < REACH_MM {
                        list.push(Candidate {
                            structure: structure as u32,
                            segment: segment as u32,
                            full: distance < -REACH_MM,
                        });
                    }
                }
            }
        }
    }

    /// Index of the topmost structure that contains `point`.
    #[inline]
    pub fn structure_at(&self, structures: &[Structure], point: &Point3<f64>) -> Option<usize> {
        let mut cell = [0; 3];
        for axis in 0..3 {
            let wanted = (point[axis] - self.low[axis]) / EDGE_MM;
            if !(wanted >= 0.0 && wanted < self.size[axis] as f64) {
                return None;
            }
            cell[axis] = wanted as usize;
        }
        let index = (cell[2] * self.size[1] + cell[1]) * self.size[0] + cell[0];
        let range = self.starts[index] as usize..self.starts[index + 1] as usize;
        let inside = |candidate: &&Candidate| {
            candidate.full
                || match &structures[candidate.structure as usize].geometry {
                    Geometry::Tubes(tubes) => {
                        tubes.segments()[candidate.segment as usize].signed_distance_mm(point)
                            <= 0.0
                    }
                    Geometry::Solid(solid) => solid.signed_distance_mm(point) <= 0.0,
                }
        };
        self.candidates[range].iter().find(inside).map(|c| c.structure as usize)
    }
}
