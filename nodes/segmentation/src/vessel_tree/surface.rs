//! The surface of a mask as triangles, for display.
//!
//! One vertex in each cell of eight voxels that the surface crosses, relaxed within its cell (S. F. F. Gibson,
//! "Constrained Elastic Surface Nets", MICCAI 1998).

use nalgebra::{Point3, Vector3};

use super::block::{Block, FOREGROUND};
use super::grid::{Grid, GridError};
use super::parameters::Foreground;

/// Triangles in millimetres. Seen from outside, their corners go round counter-clockwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    /// Corners.
    pub vertices_mm: Vec<Point3<f64>>,
    /// Indices of three corners each.
    pub triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// The enclosed volume in cubic millimetres; negative if the triangles face inwards.
    pub fn volume_mm3(&self) -> f64 {
        let corner = |i: u32| self.vertices_mm[i as usize].coords;
        let tetrahedra =
            self.triangles.iter().map(|&[a, b, c]| corner(a).dot(&corner(b).cross(&corner(c))));
        tetrahedra.sum::<f64>() / 6.0
    }
}

/// The closed surface of all voxels of the foreground; empty if there are none.
///
/// `relaxations` of about 4 smooth the steps of the voxels; no vertex leaves its cell, so the surface stays within
/// a voxel of the mask.
///
/// # Errors
/// If the mask has not one value for each voxel of the grid.
pub fn mask_surface(
    grid: &Grid,
    mask: &[u8],
    foreground: Foreground,
    relaxations: usize,
) -> Result<Mesh, GridError> {
    let Some(block) = Block::cut(grid, mask, None, foreground)? else { return Ok(Mesh::default()) };
    let [sx, sy, sz] = block.strides();
    let corners: [usize; 8] =
        std::array::from_fn(|k| (k & 1) * sx + (k >> 1 & 1) * sy + (k >> 2) * sz);
    let inside = |at: usize| block.cells[at] == FOREGROUND;

    // The cell at `at` spans the voxels at `at` plus each of `corners`.
    let mut vertex = vec![u32::MAX; block.cells.len()];
    let mut cells = Vec::new();
    let [nx, ny, nz] = block.size;
    for z in 0..nz - 1 {
        for y in 0..ny - 1 {
            for x in 0..nx - 1 {
                let at = block.at([x, y, z]);
                let count = corners.iter().filter(|&&corner| inside(at + corner)).count();
                if count != 0 && count != 8 {
                    vertex[at] = cells.len() as u32;
                    cells.push([x, y, z]);
                }
            }
        }
    }
    let mut triangles = Vec::new();
    // Each pair of voxels across the surface has a face of four cells around it.
    for [x, y, z] in cells.iter().copied() {
        let at = block.at([x, y, z]);
        for (axis, step) in [sx, sy, sz].into_iter().enumerate() {
            let [u, v] = [[sy, sz], [sz, sx], [sx, sy]][axis];
            let at_low_side = [[y, z], [z, x], [x, y]][axis].contains(&0);
            if inside(at) == inside(at + step) || at_low_side {
                continue;
            }
            let quad = [at - u - v, at - v, at, at - u].map(|cell| vertex[cell]);
            let [a, b, c, d] = if inside(at) { quad } else { [quad[3], quad[2], quad[1], quad[0]] };
            triangles.push([a, b, c]);
            triangles.push([a, c, d]);
        }
    }
    if grid.is_mirrored() {
        for triangle in &mut triangles {
            triangle.swap(1, 2);
        }
    }
    let places = relax(&cells, &triangles, relaxations);
    let vertices_mm = places
        .iter()
        .map(|place| {
            grid.to_mm(std::array::from_fn(|axis| place[axis] + block.origin[axis] as f64))
        })
        .collect();
    Ok(Mesh { vertices_mm, triangles })
}

/// Moves each vertex to the mean of its neighbours as far as its cell allows; in voxel indices.
fn relax(cells: &[[usize; 3]], triangles: &[[u32; 3]], relaxations: usize) -> Vec<Vector3<f64>> {
    let middles: Vec<Vector3<f64>> =
        cells.iter().map(|cell| Vector3::from(cell.map(|i| i as f64 + 0.5))).collect();
    let mut places = middles.clone();
    for _ in 0..relaxations {
        let mut sums = vec![(Vector3::zeros(), 0.0_f64); places.len()];
        for triangle in triangles {
            for k in 0..3 {
                let (a, b) = (triangle[k] as usize, triangle[(k + 1) % 3] as usize);
                sums[a].0 += places[b];
                sums[a].1 += 1.0;
                sums[b].0 += places[a];
                sums[b].1 += 1.0;
            }
        }
        for ((place, middle), (sum, count)) in places.iter_mut().zip(&middles).zip(sums) {
            if count > 0.0 {
                let offset = sum / count - middle;
                *place = middle + offset.map(|side| side.clamp(-0.5, 0.5));
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn ball(radius_mm: f64, mirrored: bool) -> Mesh {
        let mut matrix = nalgebra::Matrix3x4::identity();
        matrix[(0, 0)] = if mirrored { -1.0 } else { 1.0 };
        let grid = Grid::new([25, 25, 25], matrix).unwrap();
        let mask: Vec<u8> = (0..25 * 25 * 25)
            .map(|at| {
                let off = [at % 25, at / 25 % 25, at / 625].map(|i| i as f64 - 12.0);
                u8::from(off.iter().map(|o| o * o).sum::<f64>() <= radius_mm * radius_mm)
            })
            .collect();
        mask_surface(&grid, &mask, Foreground::AtLeast(1), 4).unwrap()
    }

    #[test]
    fn a_ball_is_closed_and_has_its_volume() {
        for mirrored in [false, true] {
            let mesh = ball(9.0, mirrored);
            let truth = 4.0 / 3.0 * std::f64::consts::PI * 9.0_f64.powi(3);
            assert!(
                (mesh.volume_mm3() / truth - 1.0).abs() < 0.06,
                "{} {truth}",
                mesh.volume_mm3()
            );
            let mut edges = BTreeMap::new();
            for [a, b, c] in mesh.triangles.iter().copied() {
                for (from, to) in [(a, b), (b, c), (c, a)] {
                    *edges.entry((from, to)).or_insert(0) += 1;
                }
            }
            assert!(edges.iter().all(|(&(a, b), &n)| n == 1 && edges.get(&(b, a)) == Some(&1)));
            let worst = mesh
                .vertices_mm
                .iter()
                .map(|v| ((v.x.abs() - 12.0).hypot(v.y - 12.0).hypot(v.z - 12.0) - 9.0).abs())
                .fold(0.0, f64::max);
            assert!(worst < 0.75, "{worst}");
        }
    }

    #[test]
    fn nothing_has_no_surface() {
        let grid = Grid::with_spacing([3, 3, 3], [1.0; 3]).unwrap();
        assert_eq!(
            mask_surface(&grid, &[0; 27], Foreground::AtLeast(1), 5).unwrap(),
            Mesh::default()
        );
    }
}
