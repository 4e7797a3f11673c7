//! The part of a volume that holds vessels, with a rim of one voxel so that neighbours need no checks.

use super::grid::{Grid, GridError};
use super::parameters::Foreground;

/// The voxel is vessel.
pub const FOREGROUND: u8 = 1;
/// The voxel was not observed, or lies outside the volume.
pub const UNKNOWN: u8 = 2;

/// A cut-out of a volume.
#[derive(Clone, Debug)]
pub struct Block {
    /// Index in the volume of the block's first voxel; -1 where the rim lies outside.
    pub origin: [i64; 3],
    /// Voxels along x, y and z, the rim included.
    pub size: [usize; 3],
    /// Lengths of the voxel axes.
    pub spacing_mm: [f64; 3],
    /// [`FOREGROUND`], [`UNKNOWN`], or 0 for background; x fastest. The rim has no foreground.
    pub cells: Vec<u8>,
}

impl Block {
    /// The smallest block around all voxels of the foreground that were seen; `None` if there are none.
    ///
    /// # Errors
    /// If an array has not one value for each voxel of the grid.
    pub fn cut(
        grid: &Grid,
        mask: &[u8],
        seen: Option<&[u8]>,
        foreground: Foreground,
    ) -> Result<Option<Self>, GridError> {
        grid.check("mask", mask)?;
        if let Some(seen) = seen {
            grid.check("seen", seen)?;
        }
        let [nx, ny, nz] = grid.size();
        let is_vessel =
            |at: usize| foreground.holds(mask[at]) && seen.is_none_or(|seen| seen[at] != 0);
        let (mut low, mut high) = ([usize::MAX; 3], [0; 3]);
        for (row, start) in (0..ny * nz).map(|row| (row, row * nx)) {
            let Some(first) = (start..start + nx).find(|&at| is_vessel(at)) else { continue };
            let last = (first..start + nx).rev().find(|&at| is_vessel(at)).unwrap_or(first);
            for (axis, from, to) in
                [(0, first - start, last - start), (1, row % ny, row % ny), (2, row / ny, row / ny)]
            {
                low[axis] = low[axis].min(from);
                high[axis] = high[axis].max(to);
            }
        }
        if low[0] == usize::MAX {
            return Ok(None);
        }
        let size: [usize; 3] = std::array::from_fn(|axis| high[axis] - low[axis] + 3);
        let origin: [i64; 3] = std::array::from_fn(|axis| low[axis] as i64 - 1);
        let mut cells = vec![UNKNOWN; size.iter().product()];
        for z in 0..size[2] {
            for y in 0..size[1] {
                let (vy, vz) = (origin[1] + y as i64, origin[2] + z as i64);
                if vy < 0 || vz < 0 || vy >= ny as i64 || vz >= nz as i64 {
                    continue;
                }
                let row = (vz as usize * ny + vy as usize) * nx;
                for x in 0..size[0] {
                    let vx = origin[0] + x as i64;
                    if vx < 0 || vx >= nx as i64 {
                        continue;
                    }
                    let at = row + vx as usize;
                    cells[(z * size[1] + y) * size[0] + x] = if is_vessel(at) {
                        FOREGROUND
                    } else if seen.is_none_or(|seen| seen[at] != 0) {
                        0
                    } else {
                        UNKNOWN
                    };
                }
            }
        }
        Ok(Some(Self { origin, size, spacing_mm: grid.spacing_mm(), cells }))
    }

    /// Steps in `cells` along x, y and z.
    pub fn strides(&self) -> [usize; 3] {
        [1, self.size[0], self.size[0] * self.size[1]]
    }

    /// Place in `cells` of an index.
    pub fn at(&self, index: [usize; 3]) -> usize {
        (index[2] * self.size[1] + index[1]) * self.size[0] + index[0]
    }

    /// Index of a place in `cells`.
    pub fn index(&self, at: usize) -> [usize; 3] {
        let row = at / self.size[0];
        [at % self.size[0], row % self.size[1], row / self.size[1]]
    }

    /// The steps in `cells` to the 26 neighbours, in the order z, y, x from -1 to 1 without the centre.
    pub fn neighbours(&self) -> [isize; 26] {
        let [sx, sy, sz] = self.strides().map(|stride| stride as isize);
        let mut steps = [0; 26];
        let all = (0..27).filter(|&k| k != 13);
        for (step, k) in steps.iter_mut().zip(all) {
            *step = (k % 3 - 1) * sx + (k / 3 % 3 - 1) * sy + (k / 9 - 1) * sz;
        }
        steps
    }
}
