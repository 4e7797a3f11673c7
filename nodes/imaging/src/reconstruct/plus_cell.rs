//! What a voxel remembers in PLUS: a grey value, and how many pixels made it, rounded after every pixel.
//!
//! A voxel has a value of 8 bits and an accumulated weight of 16 bits, in 1/256 of a pixel, which stops at
//! 65 535. The rules are those of the volume reconstruction of PLUS (A. Lasso et al., "PLUS: open-source toolkit
//! for ultrasound-guided intervention systems", IEEE Transactions on Biomedical Engineering 61(10), 2014) without
//! its optimisations: the mean of a pixel that goes to the nearest voxel is cut to a whole number, that of one
//! that is shared by eight is rounded. So a volume is equal to PLUS's, and depends on the order of the images.

use super::cell::Cell;
use super::lanes::{from_whole, rounded, trilinear, whole};
use super::lattice::FRACTION_BITS;
use wide::f32x8;

/// The weight of a pixel that lies on a voxel's centre.
const WHOLE: u32 = 256;
/// The largest accumulated weight.
const MOST: f32 = 65_535.0;
/// From here on another whole pixel would exceed it, and voxels are filtered instead.
const THRESHOLD: u32 = 65_279;
/// The least share of a pixel that counts for the latest and the brightest value.
const EIGHTH: f32 = 0.125;

/// A grey value in the upper 16 bits, the accumulated weight in the lower.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Voxel(u32);

impl Voxel {
    #[inline]
    fn new(value: u32, weight: u32) -> Self {
        Self(value << 16 | weight)
    }

    #[inline]
    fn value(self) -> u32 {
        self.0 >> 16
    }

    #[inline]
    fn weight(self) -> u32 {
        self.0 & 0xffff
    }

    /// With another pixel of a weight, as a mean that is cut to a whole number.
    #[inline]
    fn with(self, value: u8, weight: u32) -> Self {
        let (old, had, value) = (self.value(), self.weight(), u32::from(value));
        if had > THRESHOLD {
            // 1/256 and 255/256 are exact, so this is the cut sum.
            return Self::new((value + old * 255) / 256, had);
        }
        if weight == 0 {
            return self;
        }
        Self::new((value * weight + old * had) / (had + weight), had + weight)
    }
}

/// Eight voxels as numbers to reckon with.
#[derive(Clone, Copy)]
pub(super) struct Eight {
    values: f32x8,
    weights: f32x8,
}

impl Eight {
    #[inline]
    fn gather(voxels: [Voxel; 8]) -> Self {
        Self {
            values: from_whole(voxels.map(|voxel| voxel.value() as i32)),
            weights: from_whole(voxels.map(|voxel| voxel.weight() as i32)),
        }
    }

    #[inline]
    fn scatter(self) -> [Voxel; 8] {
        let (values, weights) = (whole(self.values), whole(self.weights));
        let mut voxels = [Voxel::default(); 8];
        for corner in 0..8 {
            voxels[corner] = Voxel::new(values[corner] as u32, weights[corner] as u32);
        }
        voxels
    }

    /// The running mean with a pixel of `weight` times its shares, in 1/256 of a pixel. Where the share is nothing,
    /// all stays as it is.
    #[inline]
    fn mean(&mut self, at: [i64; 3], value: u8, weight: f32) {
        let weights = shares(at) * f32x8::splat(weight);
        // Far below the least share there is.
        let sums = (weights + self.weights).fast_max(f32x8::splat(1e-30));
        let values = weights * f32x8::splat(f32::from(value)) + self.weights * self.values;
        // The division does not wait for the old value, which the pixel before has just made. A little more makes
        // halves go upwards; what was that little less than a half goes the wrong way, too.
        let means = values * (f32x8::splat(1.0) / sums) + f32x8::splat(1.0 / 32_768.0);
        self.values = rounded(means);
        self.weights = rounded(sums).fast_min(f32x8::splat(MOST));
    }

    /// The value of a pixel where its share suffices and, if only brighter ones are kept, it is brighter.
    #[inline]
    fn keep(&mut self, at: [i64; 3], value: u8, only_brighter: bool) {
        let shares = shares(at);
        let value = f32x8::splat(f32::from(value));
        let mut takes = shares.simd_ge(f32x8::splat(EIGHTH));
        if only_brighter {
            takes &= value.simd_gt(self.values);
        }
        self.values = takes.select(value, self.values);
        self.weights = takes.select(rounded(shares * f32x8::splat(WHOLE as f32)), self.weights);
    }
}

/// Trilinear shares of the eight voxels around coordinates.
#[inline]
fn shares(at: [i64; 3]) -> f32x8 {
    // The 24 bits that a number holds exactly.
    trilinear(at.map(|at| ((at as u32) >> 8) as i32 as f32 * (1.0 / (1 << 24) as f32)), 1.0)
}

/// A voxel with its rule for a nearest pixel and for one between eight.
macro_rules! plus_cell {
    (
        $(#[$doc:meta])* $name:ident, weighted: $weighted:expr,
        nearest: |$voxel:ident, $value:ident, $importance:ident| $nearest:expr,
        between: |$eight:ident, $at:ident, $pixel:ident, $weight:ident| $between:expr
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub(super) struct $name(Voxel);

        impl Cell for $name {
            const IS_WEIGHTED: bool = $weighted;
            const HALF: i64 = 0;
            type Eight = Eight;

            #[inline]
            fn add(&mut self, $value: u8, $importance: u8) {
                let $voxel = self.0;
                self.0 = $nearest;
            }

            #[inline]
            fn settle(self) -> Self {
                self
            }

            #[inline]
            fn gather(cells: [Self; 8]) -> Eight {
                Eight::gather(cells.map(|cell| cell.0))
            }

            #[inline]
            fn add_between($eight: &mut Eight, $at: [i64; 3], $pixel: u8, $weight: u8) {
                $between;
            }

            #[inline]
            fn scatter(eight: Eight) -> [Self; 8] {
                eight.scatter().map(Self)
            }

            fn value(self) -> u8 {
                self.0.value() as u8
            }

            fn accumulation(self) -> u16 {
                self.0.weight() as u16
            }
        }
    };
}

/// The accumulated weight with another whole pixel.
#[inline]
fn one_more(voxel: Voxel) -> u32 {
    (voxel.weight() + WHOLE).min(MOST as u32)
}

plus_cell!(
    /// The mean of all.
    PlusMean, weighted: false,
    nearest: |voxel, value, _importance| voxel.with(value, WHOLE),
    between: |eight, at, value, _importance| eight.mean(at, value, WHOLE as f32)
);
plus_cell!(
    /// The mean of all, weighted with the importance of each pixel.
    PlusImportance, weighted: true,
    nearest: |voxel, value, importance| voxel.with(value, u32::from(importance)),
    between: |eight, at, value, importance| {
        if importance > 0 {
            eight.mean(at, value, f32::from(importance));
        }
    }
);
plus_cell!(
    /// The value that came last.
    PlusLatest, weighted: false,
    nearest: |voxel, value, _importance| Voxel::new(u32::from(value), one_more(voxel)),
    between: |eight, at, value, _importance| eight.keep(at, value, false)
);
plus_cell!(
    /// The brightest value.
    PlusMaximum, weighted: false,
    nearest: |voxel, value, _importance| {
        Voxel::new(voxel.value().max(u32::from(value)), one_more(voxel))
    },
    between: |eight, at, value, _importance| eight.keep(at, value, true)
);

const _: () = assert!(FRACTION_BITS == 32, "the fraction of a coordinate is its lower half");

#[cfg(test)]
mod tests {
    use super::*;

    /// A voxel after pixels that are nearest to it.
    fn nearest<C: Cell>(pixels: &[(u8, u8)]) -> (u8, u16) {
        let mut cell = C::default();
        for (value, importance) in pixels {
            cell.add(*value, *importance);
        }
        (cell.value(), cell.accumulation())
    }

    /// The first of eight voxels after pixels at fractions along x.
    fn between<C: Cell>(pixels: &[(f64, u8, u8)]) -> (u8, u16) {
        let mut cells = [C::default(); 8];
        for (x, value, importance) in pixels {
            let mut eight = C::gather(cells);
            let at = [(x * (1u64 << FRACTION_BITS) as f64) as i64, 0, 0];
            C::add_between(&mut eight, at, *value, *importance);
            cells = C::scatter(eight);
        }
        (cells[0].value(), cells[0].accumulation())
    }

    #[test]
    fn a_nearest_mean_is_cut_after_each_pixel() {
        // 1/2 becomes 0, then 2/3 becomes 0.
        assert_eq!(nearest::<PlusMean>(&[(0, 0), (1, 0), (2, 0)]), (0, 768));
        assert_eq!(nearest::<PlusMean>(&[(9, 0), (10, 0)]), (9, 512));
        // (100·10 + 50·40) / 150
        assert_eq!(nearest::<PlusImportance>(&[(10, 100), (40, 50), (255, 0)]), (20, 150));
        assert_eq!(nearest::<PlusLatest>(&[(9, 0), (3, 0)]), (3, 512));
        assert_eq!(nearest::<PlusMaximum>(&[(9, 0), (3, 0)]), (9, 512));
    }

    #[test]
    fn a_full_voxel_is_filtered() {
        let mut pixels = vec![(200, 0); 255];
        assert_eq!(nearest::<PlusMean>(&pixels), (200, 65_280));
        pixels.push((0, 0));
        // 255/256 · 200 = 199.2
        assert_eq!(nearest::<PlusMean>(&pixels), (199, 65_280));
    }

    #[test]
    fn a_shared_mean_is_rounded_after_each_pixel_halves_upwards() {
        assert_eq!(between::<PlusMean>(&[(0.5, 10, 0)]), (10, 128));
        assert_eq!(between::<PlusMean>(&[(0.5, 10, 0), (0.5, 11, 0)]), (11, 256), "10.5");
        assert_eq!(between::<PlusMean>(&[(0.25, 10, 0), (0.75, 40, 0)]), (18, 256), "17.5");
        assert_eq!(
            between::<PlusImportance>(&[(0.5, 10, 100), (0.0, 40, 50), (0.0, 9, 0)]),
            (25, 100)
        );
        assert_eq!(
            between::<PlusMean>(&[(0.999_999, 7, 0)]),
            (7, 0),
            "so little does not count as met"
        );
    }

    #[test]
    fn what_is_kept_needs_an_eighth() {
        assert_eq!(between::<PlusLatest>(&[(0.0, 9, 0), (0.5, 3, 0), (0.9, 200, 0)]), (3, 128));
        assert_eq!(between::<PlusMaximum>(&[(0.0, 9, 0), (0.5, 30, 0), (0.0, 3, 0)]), (30, 128));
        // As in PLUS, a voxel that got only black is not met.
        assert_eq!(between::<PlusMaximum>(&[(0.0, 0, 0)]), (0, 0));
    }
}
