//! What a voxel remembers of the pixels that it got, in whole numbers.

use super::lanes::{rounded, trilinear, whole};
use super::lattice::FRACTION_BITS;
use wide::f32x8;

/// The weight of a pixel that lies on a voxel's centre.
pub(super) const WHOLE: u32 = 256;
/// A pixel in the middle between eight voxels gives each an eighth; it counts for the latest and the
/// brightest value of those that get as much, as in PLUS.
const EIGHTH: i32 = WHOLE as i32 / 8;

/// So many pixels are gathered at most before a voxel takes them.
pub(super) const LONGEST: usize = 256;

/// A voxel's memory. The default is a voxel that got nothing.
pub(super) trait Cell: Copy + Default + PartialEq + Send {
    /// Whether pixels differ in importance; else it is not asked for.
    const IS_WEIGHTED: bool = false;
    /// Half of what coordinates are rounded to, in fixed point, where eight voxels share a pixel.
    const HALF: i64;
    /// Eight voxels while neighbouring pixels fall between them.
    type Eight: Copy;

    /// Takes a pixel that is nearest to this voxel; at most [`LONGEST`] before it is settled.
    fn add(&mut self, value: u8, importance: u8);
    /// After some pixels.
    fn settle(self) -> Self;
    /// Eight voxels, x changing fastest.
    fn gather(cells: [Self; 8]) -> Self::Eight;
    /// Takes a pixel at coordinates between the eight; at most [`LONGEST`] before they are scattered.
    fn add_between(eight: &mut Self::Eight, at: [i64; 3], value: u8, importance: u8);
    /// The eight voxels after some pixels.
    fn scatter(eight: Self::Eight) -> [Self; 8];
    /// The compounded grey value; 0 if there is none.
    fn value(self) -> u8;
    /// How many pixels it got, in 1/256; saturates; above 0 if there is a value. A whole one where that is not counted.
    fn accumulation(self) -> u16;
}

/// Trilinear weights of the eight voxels around coordinates, whole numbers in 1/256; fractions count in 1/256.
/// All products are below 2²⁴, so exact in floating point.
#[inline]
fn weights(at: [i64; 3]) -> f32x8 {
    let parts = at.map(|at| ((at >> (FRACTION_BITS - 8)) as i32 & 0xff) as f32);
    rounded(trilinear(parts, WHOLE as f32) * f32x8::splat(1.0 / 65_536.0))
}

/// The weighted mean: the sum of the weights in the lower 28 bits, the weighted sum of the values
/// above them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Mean(u64);

const WEIGHT_BITS: u32 = 28;
const WEIGHTS: u64 = (1 << WEIGHT_BITS) - 1;

/// What eight voxels get from the pixels between them, before it is added to what they have.
#[derive(Clone, Copy)]
pub(super) struct Sums {
    cells: [Mean; 8],
    /// Whole numbers, exact as long as they are below 2²⁴: for 256 pixels.
    values: f32x8,
    weights: f32x8,
}

impl Mean {
    fn gathered(cells: [Self; 8]) -> Sums {
        Sums { cells, values: f32x8::splat(0.0), weights: f32x8::splat(0.0) }
    }

    fn scattered(Sums { mut cells, values, weights }: Sums) -> [Self; 8] {
        let (values, weights) = (whole(values), whole(weights));
        for corner in 0..8 {
            cells[corner].0 += (values[corner] as u64) << WEIGHT_BITS | weights[corner] as u64;
            cells[corner] = cells[corner].settled();
        }
        cells
    }

    /// Half a million whole pixels fill a voxel; then both sums are halved, so that the mean stays
    /// and what comes later counts more.
    fn settled(self) -> Self {
        if self.0 & (1 << (WEIGHT_BITS - 1)) == 0 {
            return self;
        }
        let (sum, weight) = (self.0 >> WEIGHT_BITS, self.0 & WEIGHTS);
        Self(((sum / 2) << WEIGHT_BITS) | (weight / 2))
    }

    fn mean(self) -> u8 {
        let (sum, weight) = (self.0 >> WEIGHT_BITS, self.0 & WEIGHTS);
        (sum + weight / 2).checked_div(weight).unwrap_or(0) as u8
    }
}

impl Cell for Mean {
    const HALF: i64 = 1 << (FRACTION_BITS - 9);
    type Eight = Sums;

    #[inline]
    fn add(&mut self, value: u8, _: u8) {
        self.0 += u64::from(WHOLE) * ((u64::from(value) << WEIGHT_BITS) | 1);
    }

    #[inline]
    fn settle(self) -> Self {
        self.settled()
    }

    #[inline]
    fn gather(cells: [Self; 8]) -> Sums {
        Self::gathered(cells)
    }

    #[inline]
    fn add_between(eight: &mut Sums, at: [i64; 3], value: u8, _: u8) {
        let weights = weights(at);
        eight.weights += weights;
        eight.values += weights * f32x8::splat(f32::from(value));
    }

    #[inline]
    fn scatter(eight: Sums) -> [Self; 8] {
        Self::scattered(eight)
    }

    fn value(self) -> u8 {
        self.mean()
    }

    fn accumulation(self) -> u16 {
        (self.0 & WEIGHTS).min(u64::from(u16::MAX)) as u16
    }
}

/// The mean weighted with the importance of each pixel, too.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Importance(Mean);

impl Cell for Importance {
    const IS_WEIGHTED: bool = true;
    const HALF: i64 = Mean::HALF;
    type Eight = Sums;

    #[inline]
    fn add(&mut self, value: u8, importance: u8) {
        self.0.0 += u64::from(importance) * ((u64::from(value) << WEIGHT_BITS) | 1);
    }

    #[inline]
    fn settle(self) -> Self {
        Self(self.0.settled())
    }

    #[inline]
    fn gather(cells: [Self; 8]) -> Sums {
        Mean::gathered(cells.map(|cell| cell.0))
    }

    #[inline]
    fn add_between(eight: &mut Sums, at: [i64; 3], value: u8, importance: u8) {
        let weights = rounded(weights(at) * f32x8::splat(f32::from(importance) * (1.0 / 256.0)));
        eight.weights += weights;
        eight.values += weights * f32x8::splat(f32::from(value));
    }

    #[inline]
    fn scatter(eight: Sums) -> [Self; 8] {
        Mean::scattered(eight).map(Self)
    }

    fn value(self) -> u8 {
        self.0.mean()
    }

    fn accumulation(self) -> u16 {
        self.0.accumulation()
    }
}

/// A value that is kept as it came, with a bit that says that there is one.
macro_rules! kept {
    ($(#[$doc:meta])* $name:ident, |$old:ident, $new:ident| $keep:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub(super) struct $name(u16);

        impl Cell for $name {
            const HALF: i64 = Mean::HALF;
            type Eight = [u16; 8];

            #[inline]
            fn add(&mut self, value: u8, _: u8) {
                let ($old, $new) = (self.0, 0x100 | u16::from(value));
                self.0 = $keep;
            }

            #[inline]
            fn settle(self) -> Self {
                self
            }

            #[inline]
            fn gather(cells: [Self; 8]) -> [u16; 8] {
                cells.map(|cell| cell.0)
            }

            #[inline]
            fn add_between(eight: &mut [u16; 8], at: [i64; 3], value: u8, _: u8) {
                let weights = whole(weights(at));
                for corner in 0..8 {
                    let ($old, $new) = (eight[corner], 0x100 | u16::from(value));
                    eight[corner] = if weights[corner] >= EIGHTH { $keep } else { $old };
                }
            }

            #[inline]
            fn scatter(eight: [u16; 8]) -> [Self; 8] {
                eight.map(Self)
            }

            fn value(self) -> u8 {
                self.0 as u8
            }

            fn accumulation(self) -> u16 {
                if self.0 == 0 { 0 } else { WHOLE as u16 }
            }
        }
    };
}
kept!(
    /// The value that came last.
    Latest,
    |_old, new| new
);
kept!(
    /// The brightest value.
    Maximum,
    |old, new| old.max(new)
);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, y: f64, z: f64) -> [i64; 3] {
        [x, y, z].map(|value| (value * (1u64 << FRACTION_BITS) as f64) as i64)
    }

    #[test]
    fn weights_are_trilinear() {
        let whole = |x, y, z| super::whole(weights(at(x, y, z)));
        assert_eq!(whole(5.0, -3.0, 0.0), [256, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(whole(0.5, 0.5, 0.5), [32; 8]);
        assert_eq!(whole(-0.25, 0.0, 0.0), [64, 192, 0, 0, 0, 0, 0, 0]);
        assert_eq!(whole(0.0, 0.25, 0.0), [192, 0, 64, 0, 0, 0, 0, 0]);
        assert_eq!(whole(0.0, 0.0, 0.25), [192, 0, 0, 0, 64, 0, 0, 0]);
        for step in 0..1000 {
            let part = f64::from(step) / 1000.0;
            let weights = weights(at(part, part * 0.7, 1.0 - part)).to_array();
            assert!(weights.iter().all(|weight| weight.fract() == 0.0));
            let sum: f32 = weights.iter().sum();
            assert!((sum - 256.0).abs() <= 4.0, "{sum}");
        }
    }

    #[test]
    fn nothing_is_not_black() {
        fn check<C: Cell>() {
            assert_eq!(C::default().accumulation(), 0);
            let mut cell = C::default();
            cell.add(0, 255);
            assert_eq!(cell.value(), 0);
            assert!(cell.settle().accumulation() > 0);
        }
        check::<Mean>();
        check::<Importance>();
        check::<Latest>();
        check::<Maximum>();
    }

    /// The first of eight voxels after pixels at fractions along x.
    fn between<C: Cell>(pixels: &[(f64, u8, u8)]) -> (u8, bool) {
        let mut cells = [C::default(); 8];
        for (x, value, importance) in pixels {
            let mut eight = C::gather(cells);
            C::add_between(&mut eight, at(*x, 0.0, 0.0), *value, *importance);
            cells = C::scatter(eight);
        }
        (cells[0].value(), cells[0].accumulation() > 0)
    }

    #[test]
    fn each_compounds_as_it_says() {
        // Weights 256, 64 and 31 of 256.
        let pixels = [(0.0, 200, 100), (0.75, 10, 255), (0.88, 255, 0)];
        // (256·200 + 64·10 + 31·255) / 351 = 170.2
        assert_eq!(between::<Mean>(&pixels), (170, true));
        // (100·200 + 64·10) / 164 = 125.9
        assert_eq!(between::<Importance>(&pixels), (126, true));
        assert_eq!(between::<Latest>(&pixels), (10, true));
        assert_eq!(between::<Maximum>(&pixels), (200, true));
        assert_eq!(between::<Importance>(&pixels[2..]), (0, false), "of no importance");
    }

    #[test]
    fn a_voxel_that_is_full_keeps_its_mean() {
        let mut cell = Mean::default();
        for round in 0..3000u32 {
            for x in 0..LONGEST as u32 {
                cell.add(if (x + round) % 2 == 0 { 255 } else { 200 }, 255);
            }
            cell = cell.settle();
            assert!((227..=228).contains(&cell.value()), "{round}");
        }
        let mut brightest = Mean::gather([Mean::default(); 8]);
        for _ in 0..10_000 {
            for _ in 0..LONGEST {
                Mean::add_between(&mut brightest, [0; 3], 255, 255);
            }
            brightest = Mean::gather(Mean::scatter(brightest));
        }
        let [first, second, ..] = Mean::scatter(brightest);
        assert_eq!((first.value(), second.accumulation()), (255, 0));
    }
}
