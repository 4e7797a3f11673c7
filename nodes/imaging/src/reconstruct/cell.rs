//! What a voxel remembers of the pixels that it got, in whole numbers.

/// The weight of a pixel that lies on a voxel's centre.
pub(super) const WHOLE: u32 = 256;
/// A pixel in the middle between eight voxels gives each an eighth; it counts for the latest and the
/// brightest value of those that get as much, as in PLUS.
const EIGHTH: u32 = WHOLE / 8;

/// A voxel's memory. Zero is a voxel that got nothing.
pub(super) trait Cell: Copy + Default + PartialEq {
    /// Takes one more value; at most 65 535 before they are merged into a voxel.
    fn add(&mut self, weight: u32, value: u8);
    /// Takes what another cell gathered after this one.
    fn merge(&mut self, later: Self);
    /// The compounded grey value, if there is one.
    fn value(self) -> Option<u8>;
}

/// The weighted mean: the sum of the weights in the lower 28 bits, the weighted sum of the values
/// above them, so that one multiplication and one addition do both.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Mean(u64);

const WEIGHT_BITS: u32 = 28;
const WEIGHTS: u64 = (1 << WEIGHT_BITS) - 1;

impl Cell for Mean {
    #[inline]
    fn add(&mut self, weight: u32, value: u8) {
        self.0 += u64::from(weight) * ((u64::from(value) << WEIGHT_BITS) | 1);
    }

    /// Half a million whole pixels fill a voxel; then both sums are halved, so that the mean stays
    /// and what comes later counts more.
    #[inline]
    fn merge(&mut self, later: Self) {
        self.0 += later.0;
        if self.0 & (1 << (WEIGHT_BITS - 1)) != 0 {
            let (sum, weight) = (self.0 >> WEIGHT_BITS, self.0 & WEIGHTS);
            self.0 = ((sum / 2) << WEIGHT_BITS) | (weight / 2);
        }
    }

    #[inline]
    fn value(self) -> Option<u8> {
        let (sum, weight) = (self.0 >> WEIGHT_BITS, self.0 & WEIGHTS);
        (weight > 0).then(|| ((sum + weight / 2) / weight) as u8)
    }
}

/// The value that came last, with a bit that says that there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Latest(u16);

impl Cell for Latest {
    #[inline]
    fn add(&mut self, weight: u32, value: u8) {
        if weight >= EIGHTH {
            self.0 = 0x100 | u16::from(value);
        }
    }

    #[inline]
    fn merge(&mut self, later: Self) {
        if later.0 != 0 {
            *self = later;
        }
    }

    #[inline]
    fn value(self) -> Option<u8> {
        (self.0 != 0).then_some(self.0 as u8)
    }
}

/// The brightest value, with a bit that says that there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Maximum(u16);

impl Cell for Maximum {
    #[inline]
    fn add(&mut self, weight: u32, value: u8) {
        if weight >= EIGHTH {
            self.0 = self.0.max(0x100 | u16::from(value));
        }
    }

    #[inline]
    fn merge(&mut self, later: Self) {
        self.0 = self.0.max(later.0);
    }

    #[inline]
    fn value(self) -> Option<u8> {
        (self.0 != 0).then_some(self.0 as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell<C: Cell>(values: &[(u32, u8)]) -> C {
        let mut cell = C::default();
        for (weight, value) in values {
            let mut one = C::default();
            one.add(*weight, *value);
            cell.merge(one);
        }
        cell
    }

    #[test]
    fn nothing_is_not_black() {
        assert_eq!(Mean::default().value(), None);
        assert_eq!(Latest::default().value(), None);
        assert_eq!(Maximum::default().value(), None);
        assert_eq!(cell::<Mean>(&[(1, 0)]).value(), Some(0));
        assert_eq!(cell::<Latest>(&[(WHOLE, 0)]).value(), Some(0));
        assert_eq!(cell::<Maximum>(&[(WHOLE, 0)]).value(), Some(0));
    }

    #[test]
    fn each_compounds_as_it_says() {
        let values = [(WHOLE, 200), (64, 10), (31, 255)];
        // (256·200 + 64·10 + 31·255) / 351 = 170.2
        assert_eq!(cell::<Mean>(&values).value(), Some(170));
        assert_eq!(cell::<Latest>(&values).value(), Some(10));
        assert_eq!(cell::<Maximum>(&values).value(), Some(200));
    }

    #[test]
    fn a_voxel_that_is_full_keeps_its_mean() {
        let mut cell = Mean::default();
        for round in 0..3000u32 {
            let mut row = Mean::default();
            for x in 0..65_535u32 {
                row.add(WHOLE, if (x + round) % 2 == 0 { 255 } else { 200 });
            }
            cell.merge(row);
            assert!(cell.value().is_some_and(|value| (227..=228).contains(&value)), "{round}");
        }
        let mut brightest = Mean::default();
        for _ in 0..65_535 {
            brightest.add(WHOLE, 255);
        }
        for _ in 0..3000 {
            cell.merge(brightest);
        }
        assert_eq!(cell.value(), Some(255));
    }
}
