//! The net over a mask: a vertex in each cell that the surface passes, a quadrilateral across each pair of voxels.

use super::cases::{AXIS_BIT, CASES};
use super::cut::Mask;

/// Vertices and quadrilaterals.
pub struct Net {
    /// The middle of each vertex's cell, in voxel indices of the mask.
    pub middles: Vec<[f32; 3]>,
    /// Where each vertex would run into the other side of what is one voxel thin: bit `axis` towards lower indices,
    /// bit `3 + axis` towards higher ones.
    pub thin: Vec<u8>,
    /// Four vertices each, counter-clockwise seen from outside in a right-handed grid. Each edge belongs to two of
    /// them, in opposite directions.
    pub quads: Vec<[u32; 4]>,
}

/// The cells between two slices of voxels.
struct Slab {
    /// The first vertex of each cell.
    first: Vec<u32>,
    /// What each cell looks like.
    case: Vec<u8>,
}

/// The net over a mask.
pub fn net(mask: &Mask) -> Net {
    let [nx, ny, _] = mask.size;
    let slab = || Slab { first: vec![0; nx * ny], case: vec![0; nx * ny] };
    // The quadrilaterals of a cell need no other cells than those between the last two pairs of slices.
    let mut slabs = [slab(), slab()];
    let mut net = Net { middles: Vec::new(), thin: Vec::new(), quads: Vec::new() };
    mask.for_each_cell(|index, case| {
        let [x, y, z] = index;
        let at = y * nx + x;
        let own = &mut slabs[z % 2];
        (own.first[at], own.case[at]) = (net.middles.len() as u32, case as u8);
        let middle = index.map(|i| i as f32 + 0.5);
        net.middles.extend(std::iter::repeat_n(middle, usize::from(CASES.parts[case])));
        net.thin.resize(net.middles.len(), thin(mask, index, case));
        for (axis, bit) in AXIS_BIT.into_iter().enumerate() {
            let is_inside = case & 1 == 1;
            if is_inside == (case >> bit & 1 == 1) {
                continue;
            }
            let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
            // Where the outer of the two voxels is, seen from the cell that holds them at its low side.
            let outer = if is_inside { bit } else { 0 };
            let vertex = |back_u: usize, back_v: usize| {
                let mut cell = index;
                cell[u] -= back_u;
                cell[v] -= back_v;
                let slab = &slabs[cell[2] % 2];
                let at = cell[1] * nx + cell[0];
                let corner = outer + back_u * AXIS_BIT[u] + back_v * AXIS_BIT[v];
                let part = CASES.outside[usize::from(slab.case[at])][corner];
                slab.first[at] + u32::from(part)
            };
            let [a, b, c, d] = [vertex(1, 1), vertex(0, 1), vertex(0, 0), vertex(1, 0)];
            net.quads.push(if is_inside { [a, b, c, d] } else { [d, c, b, a] });
        }
    });
    net
}

/// On which sides of a cell all voxels that the surface passes are one voxel thin, as [`Net::thin`] says it.
fn thin(mask: &Mask, [x, y, z]: [usize; 3], case: usize) -> u8 {
    let strides = mask.strides();
    let first = x + y * strides[1] + z * strides[2];
    let mut thin = 0;
    for axis in 0..3 {
        for (side, bit) in [(0, axis), (AXIS_BIT[axis], 3 + axis)] {
            let mut crossed = (0..8).filter(|corner| {
                let is_inside = |corner: usize| case >> corner & 1 == 1;
                corner & AXIS_BIT[axis] == side
                    && is_inside(*corner)
                    && !is_inside(corner ^ AXIS_BIT[axis])
            });
            let is_thin = |corner: usize| {
                let step = |axis: usize| ((corner / AXIS_BIT[axis]) & 1) * strides[axis];
                let voxel = first + step(0) + step(1) + step(2);
                // Voxels inside are never in the rim.
                let beyond = if side == 0 { voxel - strides[axis] } else { voxel + strides[axis] };
                mask.voxels[beyond] == 0
            };
            if let Some(corner) = crossed.next()
                && is_thin(corner)
                && crossed.all(is_thin)
            {
                thin |= 1 << bit;
            }
        }
    }
    thin
}

impl Net {
    /// Leaves out pieces, and cavities, of less than `least` voxels.
    pub fn drop_small(&mut self, least: f64) {
        if !(least > 0.0) {
            return;
        }
        let mut parents: Vec<u32> = (0..self.middles.len() as u32).collect();
        for quad in &self.quads {
            for &corner in &quad[1..] {
                let (a, b) = (root(&mut parents, quad[0]), root(&mut parents, corner));
                parents[a.max(b) as usize] = a.min(b);
            }
        }
        // The volume under each face that looks along z adds up to the volume of the piece: no vertex has moved yet.
        let mut volumes = vec![0.0_f64; self.middles.len()];
        for quad in &self.quads {
            let [a, _, c, _] = quad.map(|corner| self.middles[corner as usize]);
            let area = (c[0] - a[0]) * (c[1] - a[1]);
            let piece = root(&mut parents, quad[0]);
            let turn = if self.is_upward(quad) { 1.0 } else { -1.0 };
            volumes[piece as usize] += turn * f64::from(area.abs() * a[2]);
        }
        let is_kept = |vertex: u32, parents: &mut [u32]| {
            volumes[root(parents, vertex) as usize].abs() >= least
        };
        self.quads.retain(|quad| is_kept(quad[0], &mut parents));
        let mut renamed = vec![u32::MAX; self.middles.len()];
        let mut kept = Self { middles: Vec::new(), thin: Vec::new(), quads: Vec::new() };
        for corner in self.quads.iter_mut().flatten() {
            let name = &mut renamed[*corner as usize];
            if *name == u32::MAX {
                *name = kept.middles.len() as u32;
                kept.middles.push(self.middles[*corner as usize]);
                kept.thin.push(self.thin[*corner as usize]);
            }
            *corner = *name;
        }
        (self.middles, self.thin) = (kept.middles, kept.thin);
    }

    /// Whether a quadrilateral of cell middles looks to higher z.
    fn is_upward(&self, quad: &[u32; 4]) -> bool {
        let [a, b, c, _] = quad.map(|corner| self.middles[corner as usize]);
        (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]) > 0.0
    }
}

fn root(parents: &mut [u32], mut vertex: u32) -> u32 {
    while parents[vertex as usize] != vertex {
        let above = parents[parents[vertex as usize] as usize];
        parents[vertex as usize] = above;
        vertex = above;
    }
    vertex
}
