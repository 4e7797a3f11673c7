//! Voxels in bricks of 16³, allocated only where images have been, within a budget.

/// log2 of the voxels along an edge of a brick.
pub(super) const BRICK_BITS: u32 = 4;
/// Voxels along an edge of a brick.
pub(super) const EDGE: usize = 1 << BRICK_BITS;
/// Voxels of a brick.
pub(super) const VOXELS: usize = EDGE * EDGE * EDGE;

/// No brick is there.
const ABSENT: u32 = u32::MAX;

/// Bricks, and a dense table of where each is. Nothing is ever copied when the volume grows, save
/// the table, which has four bytes for each 4096 voxels.
#[derive(Clone, Debug)]
pub(super) struct Bricks<C> {
    voxels: Vec<Box<[C; VOXELS]>>,
    /// The coordinates of each brick.
    places: Vec<[i32; 3]>,
    table: Vec<u32>,
    /// The brick coordinates where the table begins, and how many it has along each axis.
    first: [i32; 3],
    size: [u32; 3],
}

/// Too many bytes would be needed.
#[derive(Debug, PartialEq)]
pub(super) struct OverBudget {
    pub(super) needed_bytes: u64,
}

impl<C> Default for Bricks<C> {
    fn default() -> Self {
        Self { voxels: vec![], places: vec![], table: vec![], first: [0; 3], size: [0; 3] }
    }
}

impl<C> Bricks<C> {
    /// Bytes of a brick and its place.
    pub(super) const BRICK_BYTES: u64 =
        (VOXELS * size_of::<C>() + size_of::<Box<C>>() + size_of::<[i32; 3]>()) as u64;

    /// Bytes of all bricks and the table.
    pub(super) fn bytes(&self) -> u64 {
        self.voxels.len() as u64 * Self::BRICK_BYTES + self.table.len() as u64 * 4
    }

    #[inline]
    fn slot(&self, brick: [i32; 3]) -> Option<usize> {
        let mut index = 0;
        for axis in [2, 1, 0] {
            // Wraps to something large if the brick is before the first.
            let offset = brick[axis].wrapping_sub(self.first[axis]) as u32;
            if offset >= self.size[axis] {
                return None;
            }
            index = index * self.size[axis] as usize + offset as usize;
        }
        Some(index)
    }

    /// Whether a brick is there.
    #[inline]
    pub(super) fn has(&self, brick: [i32; 3]) -> bool {
        self.slot(brick).is_some_and(|slot| self.table[slot] != ABSENT)
    }

    /// The voxels of a brick, if it is there.
    #[inline]
    pub(super) fn get_mut(&mut self, brick: [i32; 3]) -> Option<&mut [C; VOXELS]> {
        let slot = self.slot(brick)?;
        self.voxels.get_mut(self.table[slot] as usize).map(Box::as_mut)
    }

    /// All bricks with their coordinates, in the order in which they were allocated.
    pub(super) fn iter(&self) -> impl Iterator<Item = ([i32; 3], &[C; VOXELS])> {
        self.places.iter().copied().zip(self.voxels.iter().map(Box::as_ref))
    }
}

impl<C: Copy + Default> Bricks<C> {
    /// Adds bricks that are not there yet: all of them, or none if that would exceed the budget.
    pub(super) fn allocate(
        &mut self,
        missing: Vec<[i32; 3]>,
        budget_bytes: u64,
    ) -> Result<(), OverBudget> {
        let Some(seed) = missing.first() else { return Ok(()) };
        let (mut low, mut high) = (*seed, *seed);
        let last = |axis: usize| self.first[axis] + (self.size[axis] as i32 - 1);
        let corners = [self.first, [last(0), last(1), last(2)]];
        let old = if self.table.is_empty() { &[][..] } else { &corners[..] };
        for brick in missing.iter().chain(old) {
            for axis in 0..3 {
                low[axis] = low[axis].min(brick[axis]);
                high[axis] = high[axis].max(brick[axis]);
            }
        }
        let size = [0, 1, 2].map(|axis| high[axis].abs_diff(low[axis]) + 1);
        let table: u128 = size.iter().map(|size| u128::from(*size)).product::<u128>() * 4;
        let count = (self.voxels.len() + missing.len()) as u128;
        let needed = table + count * u128::from(Self::BRICK_BYTES);
        if needed > u128::from(budget_bytes) || count >= u128::from(ABSENT) {
            return Err(OverBudget { needed_bytes: u64::try_from(needed).unwrap_or(u64::MAX) });
        }
        if size != self.size || low != self.first {
            self.first = low;
            self.size = size;
            self.table = vec![ABSENT; size.iter().map(|size| *size as usize).product()];
            for number in 0..self.places.len() {
                self.enter(number);
            }
        }
        for brick in missing {
            let voxels = vec![C::default(); VOXELS].into_boxed_slice();
            // The length is right, so this always succeeds.
            let Ok(voxels) = voxels.try_into() else { continue };
            self.voxels.push(voxels);
            self.places.push(brick);
            self.enter(self.places.len() - 1);
        }
        Ok(())
    }

    fn enter(&mut self, number: usize) {
        if let Some(slot) = self.slot(self.places[number]) {
            self.table[slot] = number as u32;
        }
    }
}

/// The brick of a voxel.
#[inline]
pub(super) fn brick_of(voxel: [i32; 3]) -> [i32; 3] {
    voxel.map(|index| index >> BRICK_BITS)
}

/// Where a voxel is inside its brick.
#[inline]
pub(super) fn inside(voxel: [i32; 3]) -> usize {
    let [x, y, z] = voxel.map(|index| index as usize & (EDGE - 1));
    (z * EDGE + y) * EDGE + x
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn growing_in_every_direction_keeps_what_is_there() {
        let mut bricks = Bricks::<u16>::default();
        let places = [[0, 0, 0], [-3, 2, 1], [5, -1, 0], [5, -1, -7], [0, 9, 0]];
        for (number, place) in places.iter().enumerate() {
            assert!(!bricks.has(*place));
            bricks.allocate(vec![*place], u64::MAX).unwrap();
            bricks.get_mut(*place).unwrap()[number] = 7 + number as u16;
            for (number, place) in places[..=number].iter().enumerate() {
                assert_eq!(bricks.get_mut(*place).unwrap()[number], 7 + number as u16);
            }
        }
        assert_eq!(bricks.iter().count(), places.len());
        assert!(!bricks.has([1, 0, 0]) && !bricks.has([i32::MIN, 0, i32::MAX]));
    }

    #[test]
    fn the_budget_holds_and_a_refusal_changes_nothing() {
        let mut bricks = Bricks::<u64>::default();
        let budget = 2 * Bricks::<u64>::BRICK_BYTES + 8;
        bricks.allocate(vec![[0, 0, 0]], budget).unwrap();
        let error = bricks.allocate(vec![[1, 0, 0], [2, 0, 0]], budget).unwrap_err();
        assert_eq!(error.needed_bytes, 3 * Bricks::<u64>::BRICK_BYTES + 12);
        assert!(!bricks.has([1, 0, 0]));
        // Far away the table alone is too large.
        assert!(bricks.allocate(vec![[1 << 25, 1 << 25, 1 << 25]], budget).is_err());
        bricks.allocate(vec![[1, 0, 0]], budget).unwrap();
        assert_eq!(bricks.bytes(), budget);
    }

    #[test]
    fn voxels_before_the_origin_have_their_places() {
        assert_eq!(brick_of([-1, 0, 16]), [-1, 0, 1]);
        assert_eq!(inside([-1, 0, 16]), 15);
        assert_eq!(inside([0, -16, 1]), 256);
    }
}
