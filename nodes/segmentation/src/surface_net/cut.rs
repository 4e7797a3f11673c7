//! One label cut out of a volume, with a rim of nothing so that every surface closes.

use super::cases::{AXIS_BIT, CASES};

/// The voxels that a label spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Least index along x, y and z.
    pub low: [usize; 3],
    /// Largest index, itself included.
    pub high: [usize; 3],
}

/// The extent of each label, found in one pass.
pub fn extents([nx, ny, _]: [usize; 3], labels: &[u8]) -> Vec<Option<Extent>> {
    let mut extents: Vec<Option<Extent>> = vec![None; 256];
    for (row, values) in labels.chunks_exact(nx).enumerate() {
        let (y, z) = (row % ny, row / ny);
        let mut x = 0;
        for run in values.chunk_by(|a, b| a == b) {
            let (first, last) = (x, x + run.len() - 1);
            x += run.len();
            if run[0] == 0 {
                continue;
            }
            let extent = extents[usize::from(run[0])]
                .get_or_insert(Extent { low: [first, y, z], high: [last, y, z] });
            extent.low = [extent.low[0].min(first), extent.low[1].min(y), extent.low[2].min(z)];
            extent.high = [extent.high[0].max(last), extent.high[1].max(y), extent.high[2].max(z)];
        }
    }
    extents
}

/// Which voxels of an extent have a label, with a rim of one voxel.
pub struct Mask {
    /// Voxels along x, y and z, the rim included.
    pub size: [usize; 3],
    /// 1 for the label, else 0; x fastest.
    pub voxels: Vec<u8>,
}

impl Mask {
    /// Cuts a label out; `extent` is its own.
    pub fn cut([nx, ny, _]: [usize; 3], labels: &[u8], label: u8, extent: &Extent) -> Self {
        let size: [usize; 3] = std::array::from_fn(|axis| extent.high[axis] - extent.low[axis] + 3);
        let mut voxels = vec![0; size.iter().product()];
        let length = size[0] - 2;
        for z in extent.low[2]..=extent.high[2] {
            for y in extent.low[1]..=extent.high[1] {
                let from = (z * ny + y) * nx + extent.low[0];
                let to = ((z - extent.low[2] + 1) * size[1] + y - extent.low[1] + 1) * size[0] + 1;
                let row = voxels[to..to + length].iter_mut();
                for (voxel, &own) in row.zip(&labels[from..from + length]) {
                    *voxel = u8::from(own == label);
                }
            }
        }
        Self { size, voxels }
    }

    /// Steps in `voxels` along x, y and z.
    pub fn strides(&self) -> [usize; 3] {
        [1, self.size[0], self.size[0] * self.size[1]]
    }

    /// Calls `visit` with index and case of each cell that the surface passes, x fastest; the cell's corners are the
    /// voxel at the index and its neighbours with higher indices.
    pub fn for_each_cell(&self, mut visit: impl FnMut([usize; 3], usize)) {
        let [nx, ny, nz] = self.size;
        // The four voxels of each column of the row of cells, as bits.
        let mut columns = vec![0_u8; nx];
        for z in 0..nz - 1 {
            for y in 0..ny - 1 {
                let row = |y: usize, z: usize| &self.voxels[(z * ny + y) * nx..][..nx];
                let rows = [row(y, z), row(y + 1, z), row(y, z + 1), row(y + 1, z + 1)];
                for (x, column) in columns.iter_mut().enumerate() {
                    *column = rows[0][x] | rows[1][x] << 1 | rows[2][x] << 2 | rows[3][x] << 3;
                }
                let mut x = 0;
                while x + 1 < nx {
                    // Eight columns alike: most of a volume.
                    if let Some(eight) = columns[x..].first_chunk::<9>()
                        && (*eight == [0; 9] || *eight == [15; 9])
                    {
                        x += 8;
                        continue;
                    }
                    let case = columns[x] | columns[x + 1] << 4;
                    if case != 0 && case != 255 {
                        visit([x, y, z], usize::from(case));
                    }
                    x += 1;
                }
            }
        }
    }

    /// The case of the cell whose first corner is the voxel at `at`.
    fn case(&self, at: usize) -> usize {
        let strides = self.strides();
        (0..8)
            .filter(|corner| {
                let step = (0..3).map(|axis| ((corner / AXIS_BIT[axis]) & 1) * strides[axis]);
                self.voxels[at + step.sum::<usize>()] != 0
            })
            .map(|corner| 1 << corner)
            .sum()
    }

    /// Adds a voxel wherever two voxels are joined along an edge only, with nothing else round it: there the net
    /// would be as thin as a line, and four triangles would meet in it.
    ///
    /// Of the two voxels that may be added the one with more neighbours inside is.
    pub fn widen_necks(&mut self) {
        let strides = self.strides();
        let mut doubtful = Vec::new();
        self.for_each_cell(|[x, y, z], case| {
            let faces = CASES.doubtful_low[case];
            if faces != 0 {
                let at = x + y * strides[1] + z * strides[2];
                doubtful
                    .extend((0..3).filter(|axis| faces >> axis & 1 == 1).map(|axis| (at, axis)));
            }
        });
        while let Some((at, axis)) = doubtful.pop() {
            let (u, v) = (strides[(axis + 1) % 3], strides[(axis + 2) % 3]);
            let (low, high) = (self.case(at), self.case(at - strides[axis]));
            if CASES.doubtful_low[low] & CASES.doubtful_high[high] & 1 << axis == 0 {
                continue;
            }
            let outside = if self.voxels[at] == 0 { [at, at + u + v] } else { [at + u, at + v] };
            let [first, second] = outside.map(|voxel| self.neighbours_inside(voxel));
            let added = outside[usize::from(second > first)];
            self.voxels[added] = 1;
            // All faces that the voxel is a corner of.
            for axis in 0..3 {
                let (u, v) = (strides[(axis + 1) % 3], strides[(axis + 2) % 3]);
                let faces = [added, added - u, added - v, added - u - v];
                doubtful.extend(faces.map(|face| (face, axis)));
            }
        }
    }

    /// How many of the 26 voxels around one that is not in the rim are inside.
    fn neighbours_inside(&self, at: usize) -> usize {
        let [_, sy, sz] = self.strides();
        let rows = (0..9).map(|k| at + k % 3 * sy + k / 3 * sz - sy - sz - 1);
        rows.map(|row| self.voxels[row..row + 3].iter().filter(|&&voxel| voxel != 0).count()).sum()
    }
}
