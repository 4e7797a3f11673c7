//! Paints a value for each tissue into a volume, with partial volume at all surfaces.

use nalgebra::Point3;

use crate::anatomy::Anatomy;
use crate::anatomy::body_wall::BodyWall;
use crate::anatomy::grid::{Grid, in_bands};
use crate::anatomy::structure::{Geometry, Structure, Tissue};

/// The values of one structure: of a kind, with a shift of its own.
pub(crate) type Paint<'a> = dyn Fn(Tissue) -> f32 + Sync + 'a;

/// For each voxel the mean value of the tissues in it.
///
/// A surface that cuts a voxel at signed distance d from its centre leaves the part 1/2 − d/w
/// inside, where w is the voxel's width: exact for a plane along the lattice.
pub(crate) fn composite(anatomy: &Anatomy, grid: &Grid, value: &Paint, threads: usize) -> Vec<f32> {
    let mut values = vec![0.0; grid.count()];
    let [nx, ny, _] = grid.size();
    let [dx, dy, dz] = grid.spacing_mm();
    let width = (dx * dy * dz).cbrt();
    in_bands(grid, &mut values, threads, |first, band| {
        let slices = band.len() / (nx * ny);
        paint_wall(anatomy.body_wall(), grid, value, width, first, band);
        for structure in anatomy.structures() {
            let own = value(Tissue::Structure(structure.kind));
            paint(structure, grid, own, width, first..first + slices, band);
        }
    });
    values
}

fn paint_wall(
    wall: &BodyWall,
    grid: &Grid,
    value: &Paint,
    width: f64,
    first: usize,
    band: &mut [f32],
) {
    let [nx, ny, _] = grid.size();
    let layers = [
        (0.0, value(Tissue::Skin)),
        (wall.skin_mm, value(Tissue::Fat)),
        (wall.skin_mm + wall.fat_mm, value(Tissue::WallMuscle)),
        (wall.thickness_mm(), value(Tissue::Viscera)),
    ];
    let air = value(Tissue::Air);
    // The wall is the same in every slice.
    let (slice, rest) = band.split_at_mut(nx * ny);
    for (index, voxel) in slice.iter_mut().enumerate() {
        let depth = -wall.signed_distance_mm(&grid.centre(index % nx, index / nx, first));
        *voxel = layers.iter().fold(air, |mixed, (start, own)| {
            let part = ((depth - start) / width + 0.5).clamp(0.0, 1.0) as f32;
            mixed + part * (own - mixed)
        });
    }
    for other in rest.chunks_mut(nx * ny) {
        other.copy_from_slice(slice);
    }
}

fn paint(
    structure: &Structure,
    grid: &Grid,
    own: f32,
    width: f64,
    slices: std::ops::Range<usize>,
    band: &mut [f32],
) {
    match &structure.geometry {
        Geometry::Solid(solid) => {
            visit(&structure.bounds().grown(width), grid, &slices, band.len(), |index, point| {
                let distance = solid.signed_distance_mm(&point);
                let part = (0.5 - distance / width).clamp(0.0, 1.0) as f32;
                band[index] += part * (own - band[index]);
            });
        }
        Geometry::Tubes(tubes) => {
            // Pieces of one tube overlap at their rounded ends: of each voxel the largest part counts.
            let mut parts: Vec<(usize, f32)> = Vec::new();
            for piece in tubes.segments() {
                let bounds = piece.bounds().grown(width);
                visit(&bounds, grid, &slices, band.len(), |index, point| {
                    let distance = piece.signed_distance_mm(&point);
                    // A tube thinner than a voxel cannot fill it.
                    let most = (4.0 * piece.largest_radius_mm() / width).min(1.0);
                    let part = (0.5 - distance / width).clamp(0.0, 1.0).min(most);
                    if part > 0.0 {
                        parts.push((index, part as f32));
                    }
                });
            }
            parts.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
            parts.dedup_by_key(|entry| entry.0);
            for (index, part) in parts {
                band[index] += part * (own - band[index]);
            }
        }
    }
}

/// Calls `each` with the band index and the centre of every voxel of `slices` within `bounds`.
fn visit(
    bounds: &crate::anatomy::bounds::Bounds,
    grid: &Grid,
    slices: &std::ops::Range<usize>,
    length: usize,
    mut each: impl FnMut(usize, Point3<f64>),
) {
    let [nx, ny, _] = grid.size();
    let range = |axis: usize| grid.range(axis, bounds.low[axis], bounds.high[axis]);
    let (columns, rows, all) = (range(0), range(1), range(2));
    for z in all.start.max(slices.start)..all.end.min(slices.end) {
        for y in rows.clone() {
            let start = ((z - slices.start) * ny + y) * nx;
            for x in columns.clone() {
                if start + x < length {
                    each(start + x, grid.centre(x, y, z));
                }
            }
        }
    }
}
