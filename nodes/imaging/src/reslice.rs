//! A picture of a volume along any plane, interpolated between its voxels.
//!
//! Each pixel is the trilinear mean of the eight voxels around its place. Along a row the place moves by the same step,
//! so each row is first cut to the pixels that lie in the volume, and then needs no question about borders; weights
//! count in 1/256, as a picture of 8 bits needs no finer ones.

use std::ops::Range;

use nalgebra::{Matrix3x4, Vector3};

/// Fraction bits of a voxel coordinate.
const FRACTION_BITS: u32 = 24;
const ONE: i64 = 1 << FRACTION_BITS;

/// Voxels of 8 bits, x changing fastest.
#[derive(Clone, Copy, Debug)]
pub struct Voxels<'a> {
    size: [usize; 3],
    values: &'a [u8],
}

/// Voxels that do not fit their size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a volume of {size:?} voxels has one byte for each, below 2^31 in all, but {came} bytes came"
)]
pub struct WrongSize {
    size: [usize; 3],
    came: usize,
}

impl<'a> Voxels<'a> {
    /// One byte for each voxel.
    ///
    /// # Errors
    /// If there are more or fewer bytes than voxels, or more voxels than 2³¹.
    pub fn new(size: [usize; 3], values: &'a [u8]) -> Result<Self, WrongSize> {
        let count = size.iter().try_fold(1_usize, |count, side| count.checked_mul(*side));
        if count != Some(values.len()) || values.len() >= 1 << 31 {
            return Err(WrongSize { size, came: values.len() });
        }
        Ok(Self { size, values })
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
        for (y, row) in picture.chunks_exact_mut(width).enumerate() {
            let start = origin + down * y as f64;
            let inside = self.inside(start, right, width);
            if !inside.is_empty() {
                let first = start + right * inside.start as f64;
                self.row(&mut row[inside], first, right);
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
        let (down, next) = (self.size[0], self.size[0] * self.size[1]);
        let reach = next + down + 2;
        for pixel in row {
            let [x, y, z] = at.map(|at| (at >> FRACTION_BITS) as usize);
            let [fx, fy, fz] = at.map(|at| (at >> (FRACTION_BITS - 8)) as u32 & 0xff);
            let corner = (z * self.size[1] + y) * self.size[0] + x;
            // One question for eight voxels; the row was cut so that it is always answered.
            let Some(around) = self.values.get(corner..corner + reach) else { continue };
            let pair = |at: usize| {
                let (a, b) = (u32::from(around[at]), u32::from(around[at + 1]));
                a * (256 - fx) + b * fx
            };
            let near = pair(0) * (256 - fy) + pair(down) * fy;
            let far = pair(next) * (256 - fy) + pair(next + down) * fy;
            // Sums of 8 + 16 bits: the last weighting goes on with the upper 16.
            let sum = (near >> 8) * (256 - fz) + (far >> 8) * fz;
            *pixel = ((sum + (1 << 15)) >> 16) as u8;
            at = [at[0] + step[0], at[1] + step[1], at[2] + step[2]];
        }
    }
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
