//! Cone-beam CT of an anatomy that is deformed, and its truth: at rest, fetched from where each voxel's tissue comes from.

use messages::Point;
use nalgebra::{Point3, Vector3};

use crate::anatomy::bounds::Bounds;
use crate::anatomy::composite::composite;
use crate::anatomy::filter::blur;
use crate::anatomy::grid::{Grid, InvalidGrid, in_bands};
use crate::anatomy::images::{Phase, attenuation_hu, with_artefacts};
use crate::anatomy::labels::{LabelVolume, table};
use crate::anatomy_under_probe::AnatomyUnderProbe;

/// Voxels between the places whose origins are computed. Deformations bend over 50 mm and more, so the
/// interpolation between places 8 voxels apart errs by about a tenth of a millimetre at most.
const NODE: usize = 8;

/// A cone-beam CT in HU of the anatomy as it is at a moment, on a lattice of the frame `Patient`; else as
/// [`cone_beam_volume`](super::images::cone_beam_volume).
///
/// # Errors
/// If the lattice and the room that its tissue comes from are too large together.
pub fn deformed_cone_beam_volume(
    now: &AnatomyUnderProbe,
    grid: &Grid,
    phase: Phase,
    radius_mm: f64,
    seed: u64,
    threads: usize,
) -> Result<Vec<i16>, InvalidGrid> {
    let [nx, ny, nz] = grid.size();
    let spacing = grid.spacing_mm();
    let last = grid.centre(nx - 1, ny - 1, nz - 1);
    let margin_mm = now.deformation().farthest_mm() + 2.0 * Vector3::from(spacing).max();
    let around = Bounds { low: grid.origin(), high: last }.grown(margin_mm);
    let counts = (around.high - around.low).component_div(&Vector3::from(spacing));
    let size = counts.map(|count| count.ceil() as usize + 1);
    let rest = Grid::new(size.into(), spacing, around.low)?;
    let mut at_rest = composite(now.anatomy(), &rest, &|t| attenuation_hu(t, phase), threads);
    blur(&mut at_rest, &rest, [0.8; 3], threads);
    let mut values = vec![0.0; grid.count()];
    in_bands(grid, &mut values, threads, |first, band| {
        let slices = band.len() / (nx * ny);
        let origins = Origins::new(now, grid, first, slices);
        for (index, value) in band.iter_mut().enumerate() {
            let [x, y, z] = [index % nx, index / nx % ny, index / (nx * ny)];
            *value = interpolate(&at_rest, &rest, &origins.at([x, y, z]));
        }
    });
    Ok(with_artefacts(values, grid, radius_mm, seed, threads))
}

/// Which structure truly lies at each voxel of such an image; none beyond its cylinder, where it shows nothing.
pub fn deformed_labels(
    now: &AnatomyUnderProbe,
    grid: &Grid,
    radius_mm: f64,
    threads: usize,
) -> LabelVolume {
    let [nx, ny, nz] = grid.size();
    let axis = grid.origin() + (grid.centre(nx - 1, ny - 1, nz - 1) - grid.origin()) * 0.5;
    let mut values = vec![0; grid.count()];
    in_bands(grid, &mut values, threads, |first, band| {
        let origins = Origins::new(now, grid, first, band.len() / (nx * ny));
        for (index, value) in band.iter_mut().enumerate() {
            let [x, y, z] = [index % nx, index / nx % ny, index / (nx * ny)];
            if (grid.centre(x, y, first + z) - axis).xy().norm() > radius_mm {
                continue;
            }
            let structure = now.anatomy().structure_at(Point::new(origins.at([x, y, z])));
            *value = structure.map_or(0, |structure| structure as u8 + 1);
        }
    });
    LabelVolume { grid: *grid, values, table: table(now.anatomy()) }
}

/// Where the tissue of a band of slices comes from, at nodes.
struct Origins {
    size: [usize; 3],
    places: Vec<Point3<f64>>,
}

impl Origins {
    fn new(now: &AnatomyUnderProbe, grid: &Grid, first: usize, slices: usize) -> Self {
        let [nx, ny, _] = grid.size();
        let size = [nx, ny, slices].map(|count| count.div_ceil(NODE) + 1);
        let mut places = Vec::with_capacity(size.iter().product());
        for z in 0..size[2] {
            for y in 0..size[1] {
                for x in 0..size[0] {
                    places.push(now.origin_of(&grid.centre(x * NODE, y * NODE, first + z * NODE)));
                }
            }
        }
        Self { size, places }
    }

    fn at(&self, voxel: [usize; 3]) -> Point3<f64> {
        let low = voxel.map(|index| index / NODE);
        let part = voxel.map(|index| (index % NODE) as f64 / NODE as f64);
        let mut sum = Vector3::zeros();
        for corner in 0..8 {
            let up = [corner & 1, corner >> 1 & 1, corner >> 2];
            let weight: f64 = (0..3)
                .map(|axis| if up[axis] == 1 { part[axis] } else { 1.0 - part[axis] })
                .product();
            let [x, y, z] = [low[0] + up[0], low[1] + up[1], low[2] + up[2]];
            sum += self.places[(z * self.size[1] + y) * self.size[0] + x].coords * weight;
        }
        Point3::from(sum)
    }
}

/// The value at a place, linearly between voxels; beyond the lattice that of its edge.
fn interpolate(values: &[f32], grid: &Grid, place: &Point3<f64>) -> f32 {
    let size = grid.size();
    let index = (place - grid.origin()).component_div(&Vector3::from(grid.spacing_mm()));
    let (mut low, mut part) = ([0; 3], [0.0_f32; 3]);
    for axis in 0..3 {
        let clamped = index[axis].clamp(0.0, (size[axis] - 1) as f64);
        low[axis] = (clamped as usize).min(size[axis].saturating_sub(2));
        part[axis] = (clamped - low[axis] as f64) as f32;
    }
    let stride = [1, size[0], size[0] * size[1]];
    let first = low[0] + low[1] * stride[1] + low[2] * stride[2];
    let mut sum = 0.0;
    for corner in 0..8 {
        let up = [corner & 1, corner >> 1 & 1, corner >> 2];
        let mut weight = 1.0;
        let mut at = first;
        for axis in 0..3 {
            weight *= if up[axis] == 1 { part[axis] } else { 1.0 - part[axis] };
            at += up[axis] * stride[axis];
        }
        if weight > 0.0 {
            sum += weight * values[at];
        }
    }
    sum
}
