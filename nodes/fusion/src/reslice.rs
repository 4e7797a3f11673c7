//! A picture of a volume along any plane, interpolated between its voxels.
//!
//! Each pixel is the trilinear mean of the eight voxels around its place. Along a row the place moves by the same step,
//! so each row is first cut to the pixels that lie in the volume, and then needs no question about borders; weights
//! count in 1/256, as a picture of 8 bits needs no finer ones.
//!
//! Voxels lie in bricks of 4 × 4 × 4, each with the first ones of its neighbours, so that the eight around a place are in two
//! lines of the cache, whichever way the plane lies; bricks lie in blocks of 4 × 4 × 4 of them, so that a plane goes through
//! few pages of memory; and pixels are made in tiles for the same reason. Of a volume row after row an oblique plane would
//! fetch ten times as many lines. It takes a little more than twice the memory.

use std::ops::Range;

use nalgebra::{Matrix3x4, Vector3};

/// Fraction bits of a voxel coordinate.
const FRACTION_BITS: u32 = 24;
const ONE: i64 = 1 << FRACTION_BITS;
/// Edge of the tiles in which a picture is made, pixels.
const TILE: usize = 32;
/// Every second byte of a number, a half in each of its four lanes, and every fourth byte.
const EVEN: u64 = 0x00ff_00ff_00ff_00ff;
const HALVES: u64 = 0x0080_0080_0080_0080;
const FOURTHS: u64 = 0x0000_00ff_0000_00ff;

/// Voxels of 8 bits, ready to be cut along any plane.
#[derive(Clone, Debug)]
pub struct Voxels {
    size: [usize; 3],
    /// Where a voxel is in `bytes`: the sum of what its index along each axis adds.
    offsets: [Vec<usize>; 3],
    bytes: Vec<u8>,
}

/// Edge of a brick, voxels, and of a block, bricks.
const EDGE: usize = 4;
/// Bytes from a voxel to the next one along each axis: a brick has 5 × 5 × 5 of them, its own and the next ones of its
/// neighbours.
const VOXEL: [usize; 3] = [1, 5, 25];
/// Bytes of a brick, of which three are left over, and from one to the next along each axis.
const BRICK: [usize; 3] = [128, 128 * EDGE, 128 * EDGE * EDGE];
/// Bytes of a block.
const BLOCK: usize = 128 * EDGE * EDGE * EDGE;
/// The eight voxels around a place lie within so many bytes from the first on.
const AROUND: usize = 25 + 8;

/// Voxels that do not fit their size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a volume of {size:?} voxels has one byte for each, below 2^31 in all, but {came} bytes came"
)]
pub struct WrongSize {
    size: [usize; 3],
    came: usize,
}

impl Voxels {
    /// One byte for each voxel, x changing fastest.
    ///
    /// # Errors
    /// If there are more or fewer bytes than voxels, or more voxels than 2³¹.
    pub fn new(size: [usize; 3], values: &[u8]) -> Result<Self, WrongSize> {
        let count = size.iter().try_fold(1_usize, |count, side| count.checked_mul(*side));
        if count != Some(values.len()) || values.len() >= 1 << 31 {
            return Err(WrongSize { size, came: values.len() });
        }
        let blocks = size.map(|side| side.div_ceil(EDGE * EDGE));
        let block = [BLOCK, BLOCK * blocks[0], BLOCK * blocks[0] * blocks[1]];
        let offsets = [0, 1, 2].map(|axis| {
            let of = |at: usize| {
                at / (EDGE * EDGE) * block[axis]
                    + at / EDGE % EDGE * BRICK[axis]
                    + at % EDGE * VOXEL[axis]
            };
            (0..size[axis]).map(of).collect::<Vec<_>>()
        });
        // The last voxels, too, have so many bytes behind them.
        let mut bytes = vec![0; block[2] * blocks[2] + AROUND];
        for z in (0..size[2]).step_by(EDGE) {
            for y in (0..size[1]).step_by(EDGE) {
                for x in (0..size[0]).step_by(EDGE) {
                    let brick = offsets[0][x] + offsets[1][y] + offsets[2][z];
                    let count = (EDGE + 1).min(size[0] - x);
                    for dz in 0..(EDGE + 1).min(size[2] - z) {
                        for dy in 0..(EDGE + 1).min(size[1] - y) {
                            let from = ((z + dz) * size[1] + y + dy) * size[0] + x;
                            let to = brick + VOXEL[2] * dz + VOXEL[1] * dy;
                            bytes[to..to + count].copy_from_slice(&values[from..from + count]);
                        }
                    }
                }
            }
        }
        Ok(Self { size, offsets, bytes })
    }

    /// The picture of `width` × `height` pixels, row after row. `voxel_from_pixel` maps column, row and 0 to voxel
    /// indices; its third column is not used. What lies outside the volume is 0.
    pub fn reslice(
        &self,
        (width, height): (usize, usize),
        voxel_from_pixel: &Matrix3x4<f64>,
    ) -> Vec<u8> {
        let mut picture = vec![0; width * height];
        let column = |index: usize| Vector3::from(voxel_from_pixel.column(index));
        let (right, down, origin) = (column(0), column(1), column(3));
        let is_finite = [right, down, origin].iter().all(|v| v.iter().all(|n| n.is_finite()));
        // The next voxel must be there, too; a volume one voxel thick has none.
        if !is_finite || self.size.iter().any(|side| *side < 2) || width == 0 {
            return picture;
        }
        let rows: Vec<Range<usize>> =
            (0..height).map(|y| self.inside(origin + down * y as f64, right, width)).collect();
        // In tiles, what was read for one row is still near at hand for the next, however the plane lies.
        for top in (0..height).step_by(TILE) {
            for left in (0..width).step_by(TILE) {
                for y in top..(top + TILE).min(height) {
                    let inside = &rows[y];
                    let (first, end) = (inside.start.max(left), inside.end.min(left + TILE));
                    if first < end {
                        let start = origin + down * y as f64 + right * first as f64;
                        self.row(&mut picture[y * width + first..y * width + end], start, right);
                    }
                }
            }
        }
        picture
    }

    /// The pixels of a row whose place has voxels on all sides.
    fn inside(&self, start: Vector3<f64>, step: Vector3<f64>, width: usize) -> Range<usize> {
        let (mut first, mut last) = (0.0_f64, width as f64 - 1.0);
        for axis in 0..3 {
            // A little inside, so that fixed-point steps never leave.
            let (low, high) = (1e-4, (self.size[axis] - 1) as f64 - 1e-4);
            if step[axis] == 0.0 {
                if !(low..=high).contains(&start[axis]) {
                    return 0..0;
                }
                continue;
            }
            let (a, b) = ((low - start[axis]) / step[axis], (high - start[axis]) / step[axis]);
            (first, last) = (first.max(a.min(b)), last.min(a.max(b)));
        }
        let (first, last) = (first.ceil(), last.floor());
        if first <= last { first as usize..last as usize + 1 } else { 0..0 }
    }

    fn row(&self, row: &mut [u8], start: Vector3<f64>, step: Vector3<f64>) {
        let fixed = |vector: Vector3<f64>| [0, 1, 2].map(|axis| (vector[axis] * ONE as f64) as i64);
        let (mut at, step) = (fixed(start), fixed(step));
        let along = self.offsets.each_ref().map(Vec::as_slice);
        for pixel in row {
            let [x, y, z] = at.map(|at| (at >> FRACTION_BITS) as usize);
            let [fx, fy, fz] = at.map(|at| (at >> (FRACTION_BITS - 8)) as u64 & 0xff);
            // The row was cut so that they are always there.
            let (Some(x), Some(y), Some(z)) = (along[0].get(x), along[1].get(y), along[2].get(z))
            else {
                continue;
            };
            let first = x + y + z;
            let Some(around) = self.bytes.get(first..first + AROUND) else { continue };
            let eight = |at: usize| {
                let mut bytes = [0; 8];
                bytes.copy_from_slice(&around[at..at + 8]);
                u64::from_le_bytes(bytes)
            };
            let (near, far) = (eight(0), eight(25));
            // Bytes 0, 1, 5 and 6 are the four voxels: two lanes of 16 bits for y and y + 1, and two for z + 1.
            let near = near & 0xffff | (near >> 24) & 0xffff_0000;
            let far = far & 0xffff | (far >> 24) & 0xffff_0000;
            let all = near | far << 32;
            let x = between(all & EVEN, all >> 8 & EVEN, fx).wrapping_add(HALVES) >> 8 & EVEN;
            let y = between(x & FOURTHS, x >> 16 & FOURTHS, fy);
            let sum = (y & 0xffff) << 8;
            let sum = sum.wrapping_add((y >> 32).wrapping_sub(y & 0xffff).wrapping_mul(fz));
            *pixel = ((sum + (1 << 15)) >> 16) as u8;
            at = [at[0] + step[0], at[1] + step[1], at[2] + step[2]];
        }
    }
}

/// 256 times what lies between `a` and `b`, in each lane: a sum over all lanes, so that what one borrows it gives back.
#[inline]
fn between(a: u64, b: u64, weight: u64) -> u64 {
    (a << 8).wrapping_add(b.wrapping_sub(a).wrapping_mul(weight))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use nalgebra::Rotation3;
    use proptest::prelude::*;

    use super::*;

    fn map(right: [f64; 3], down: [f64; 3], origin: [f64; 3]) -> Matrix3x4<f64> {
        let columns = [right, down, [0.0; 3], origin].map(Vector3::from);
        Matrix3x4::from_columns(&columns)
    }

    #[test]
    fn between_voxels_it_is_their_mean() {
        let values: Vec<u8> = vec![0, 100, 0, 100, 200, 200, 200, 200, 0, 0, 0, 0];
        let voxels = Voxels::new([2, 2, 3], &values).unwrap();
        let picture =
            voxels.reslice((1, 4), &map([1.0, 0.0, 0.0], [0.0, 0.0, 0.5], [0.5, 0.5, 0.0005]));
        assert_eq!(picture, [50, 125, 200, 100]);
    }

    #[test]
    fn outside_is_black_and_wrong_sizes_are_refused() {
        let values = vec![9; 27];
        let voxels = Voxels::new([3, 3, 3], &values).unwrap();
        let picture =
            voxels.reslice((5, 1), &map([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.5, 1.0, 1.0]));
        assert_eq!(picture, [0, 0, 9, 9, 0]);
        let nowhere = map([f64::NAN, 0.0, 0.0], [0.0; 3], [0.0; 3]);
        assert_eq!(voxels.reslice((2, 2), &nowhere), [0; 4]);
        assert!(Voxels::new([3, 3, 4], &values).is_err());
        assert!(Voxels::new([usize::MAX, 2, 1], &values).is_err());
        assert_eq!(
            Voxels::new([27, 1, 1], &values)
                .unwrap()
                .reslice((2, 2), &map([1.0; 3], [0.0; 3], [0.0; 3])),
            [0; 4]
        );
    }

    proptest! {
        /// Against the same in floating point.
        #[test]
        fn any_plane_is_what_floating_point_says(
            angles in prop::array::uniform3(-3.2..3.2f64), step in 0.1..2.0f64, seed: u32,
        ) {
            let size = [9, 11, 13];
            let noise = |index: u32| (index.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 24) as u8;
            let values: Vec<u8> = (0..9 * 11 * 13).map(noise).collect();
            let voxels = Voxels::new(size, &values).unwrap();
            let turn = Rotation3::from_euler_angles(angles[0], angles[1], angles[2]).into_inner() * step;
            let middle = Vector3::new(4.0, 5.0, 6.0);
            let (right, down) = (Vector3::from(turn.column(0)), Vector3::from(turn.column(1)));
            let origin = middle - right * 10.0 - down * 8.0;
            let map = Matrix3x4::from_columns(&[right, down, Vector3::zeros(), origin]);
            let picture = voxels.reslice((20, 16), &map);
            for (index, found) in picture.iter().enumerate() {
                let at = origin + right * (index % 20) as f64 + down * (index / 20) as f64;
                let margin = (0..3).map(|a| at[a].min((size[a] - 1) as f64 - at[a])).fold(f64::MAX, f64::min);
                if margin < -1e-3 {
                    prop_assert_eq!(*found, 0);
                } else if margin > 1e-3 {
                    let low = at.map(f64::floor);
                    let mut mean = 0.0;
                    for corner in 0..8 {
                        let bits = [corner & 1, corner >> 1 & 1, corner >> 2];
                        let place = [0, 1, 2].map(|a| low[a] as usize + bits[a]);
                        let weight: f64 = (0..3)
                            .map(|a| if bits[a] == 1 { at[a] - low[a] } else { 1.0 - at[a] + low[a] })
                            .product();
                        mean += weight * f64::from(values[(place[2] * 11 + place[1]) * 9 + place[0]]);
                    }
                    prop_assert!((f64::from(*found) - mean).abs() <= 3.6, "{} {}", found, mean);
                }
            }
        }
    }
}
