//! Eight numbers at once, one for each of the voxels around a pixel.
//!
//! Written as vectors: of loops the compiler makes one number after the other as often as not.

use wide::{f32x8, i32x8};

/// Products of the fractions along three axes, `x` or `whole - x` and so on, x changing fastest.
#[inline]
pub(super) fn trilinear([x, y, z]: [f32; 3], whole: f32) -> f32x8 {
    let (rest_x, rest_y, rest_z) = (whole - x, whole - y, whole - z);
    let across = f32x8::from([rest_x, x, rest_x, x, rest_x, x, rest_x, x]);
    let (near, far) = (rest_y * rest_z, y * rest_z);
    let (next_near, next_far) = (rest_y * z, y * z);
    across * f32x8::from([near, near, far, far, next_near, next_near, next_far, next_far])
}

/// The nearest whole numbers, halves to even, of numbers below 2³¹.
#[inline]
pub(super) fn rounded(numbers: f32x8) -> f32x8 {
    numbers.fast_round_int().round_float()
}

/// Whole numbers below 2²⁴.
#[inline]
pub(super) fn from_whole(numbers: [i32; 8]) -> f32x8 {
    i32x8::from(numbers).round_float()
}

/// Without their fractions, of numbers below 2³¹.
#[inline]
pub(super) fn whole(numbers: f32x8) -> [i32; 8] {
    numbers.fast_trunc_int().to_array()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_whole_and_come_back() {
        let numbers = [0, 1, 2, 3, 4, 5, 6, 70_000];
        assert_eq!(whole(from_whole(numbers)), numbers);
        let halves = (from_whole(numbers) + f32x8::splat(1.0)) * f32x8::splat(0.5);
        assert_eq!(whole(halves), [0, 1, 1, 2, 2, 3, 3, 35_000]);
        assert_eq!(whole(rounded(halves)), [0, 1, 2, 2, 2, 3, 4, 35_000]);
    }

    #[test]
    fn the_first_axis_changes_fastest() {
        let found = trilinear([0.25, 0.5, 0.125], 1.0).to_array();
        for (number, share) in found.into_iter().enumerate() {
            let along =
                |axis: usize, part: f32| if number >> axis & 1 == 1 { part } else { 1.0 - part };
            assert_eq!(share, along(0, 0.25) * along(1, 0.5) * along(2, 0.125));
        }
    }
}
