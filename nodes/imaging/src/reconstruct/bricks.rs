//! Voxels in bricks of 16³, allocated only where images have been, within a budget.

/// log2 of the voxels along an edge of a brick.
pub(super) const BRICK_BITS: u32 = 4;
/// Voxels along an edge of a brick.
pub(super) const EDGE: usize = 1 << BRICK_BITS;
/// Voxels of a brick.
pub(super) const VOXELS: usize = EDGE * EDGE * EDGE;

/// No brick is there.
const ABSENT: u32 = u32::MAX;

/// The voxels of one brick.
pub(super) type Brick<C> = Box<[C; VOXELS]>;

/// Bricks, dealt out to parts so that each thread has its own, and a dense table of where each is. Nothing
/// is ever copied when the volume grows, save the table, which has four bytes for each 4096 voxels.
#[derive(Clone, Debug)]
pub(super) struct Bricks<C> {
    directory: Directory,
    parts: Vec<Vec<Brick<C>>>,
    /// The coordinates of the bricks of each part.
    places: Vec<Vec<[i32; 3]>>,
}

/// Which bricks are there, and where among those of their part.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    parts: i32,
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

impl Directory {
    #[inline]
    fn index(&self, brick: [i32; 3]) -> Option<usize> {
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

    /// The part that a brick belongs to: neighbours along an axis are of different parts, so that all have as
    /// much to do wherever an image lies.
    #[inline]
    pub(super) fn part(&self, brick: [i32; 3]) -> usize {
        (brick[0] + brick[1] + brick[2]).rem_euclid(self.parts) as usize
    }

    /// Where a brick is among those of its part, if it is there.
    #[inline]
    pub(super) fn slot(&self, brick: [i32; 3]) -> Option<usize> {
        let slot = self.table[self.index(brick)?];
        (slot != ABSENT).then_some(slot as usize)
    }
}

impl<C> Bricks<C> {
    /// Bytes of a brick and its place.
    pub(super) const BRICK_BYTES: u64 =
        (VOXELS * size_of::<C>() + size_of::<Brick<C>>() + size_of::<[i32; 3]>()) as u64;

    /// No bricks, to be dealt out to so many parts.
    pub(super) fn new(parts: u8) -> Self {
        let parts = usize::from(parts.max(1));
        let none = Directory { parts: parts as i32, table: vec![], first: [0; 3], size: [0; 3] };
        Self {
            directory: none,
            parts: (0..parts).map(|_| vec![]).collect(),
            places: vec![vec![]; parts],
        }
    }

    fn len(&self) -> usize {
        self.places.iter().map(Vec::len).sum()
    }

    /// Bytes of all bricks and the table.
    pub(super) fn bytes(&self) -> u64 {
        self.len() as u64 * Self::BRICK_BYTES + self.directory.table.len() as u64 * 4
    }

    /// Whether a brick is there.
    #[inline]
    pub(super) fn has(&self, brick: [i32; 3]) -> bool {
        self.directory.slot(brick).is_some()
    }

    /// Where bricks are, and the bricks of each part.
    pub(super) fn split(&mut self) -> (&Directory, &mut [Vec<Brick<C>>]) {
        (&self.directory, &mut self.parts)
    }

    /// All bricks with their coordinates.
    pub(super) fn iter(&self) -> impl Iterator<Item = ([i32; 3], &[C; VOXELS])> {
        let places = self.places.iter().flatten().copied();
        places.zip(self.parts.iter().flatten().map(Box::as_ref))
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
        let Directory { first, size, ref table, .. } = self.directory;
        let last = |axis: usize| first[axis] + (size[axis] as i32 - 1);
        let corners = [first, [last(0), last(1), last(2)]];
        let old = if table.is_empty() { &[][..] } else { &corners[..] };
        for brick in missing.iter().chain(old) {
            for axis in 0..3 {
                low[axis] = low[axis].min(brick[axis]);
                high[axis] = high[axis].max(brick[axis]);
            }
        }
        let grown = [0, 1, 2].map(|axis| high[axis].abs_diff(low[axis]) + 1);
        let table: u128 = grown.iter().map(|size| u128::from(*size)).product::<u128>() * 4;
        let count = (self.len() + missing.len()) as u128;
        let needed = table + count * u128::from(Self::BRICK_BYTES);
        if needed > u128::from(budget_bytes) || count >= u128::from(ABSENT) {
            return Err(OverBudget { needed_bytes: u64::try_from(needed).unwrap_or(u64::MAX) });
        }
        if grown != size || low != first {
            self.directory.first = low;
            self.directory.size = grown;
            let entries = grown.iter().map(|size| *size as usize).product();
            self.directory.table = vec![ABSENT; entries];
            for places in &self.places {
                for (slot, place) in places.iter().enumerate() {
                    if let Some(index) = self.directory.index(*place) {
                        self.directory.table[index] = slot as u32;
                    }
                }
            }
        }
        for brick in missing {
            let voxels = vec![C::default(); VOXELS].into_boxed_slice();
            // Both always succeed: the length is right, and the table spans all bricks.
            let (Ok(voxels), Some(index)) = (voxels.try_into(), self.directory.index(brick)) else {
                continue;
            };
            let part = self.directory.part(brick);
            self.directory.table[index] = self.parts[part].len() as u32;
            self.parts[part].push(voxels);
            self.places[part].push(brick);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn voxel(bricks: &mut Bricks<u16>, brick: [i32; 3], voxel: usize) -> &mut u16 {
        let (directory, parts) = bricks.split();
        let slot = directory.slot(brick).unwrap();
        &mut parts[directory.part(brick)][slot][voxel]
    }

    #[test]
    fn growing_in_every_direction_keeps_what_is_there() {
        for parts in [1, 2, 3] {
            let mut bricks = Bricks::<u16>::new(parts);
            let places = [[0, 0, 0], [-3, 2, 1], [5, -1, 0], [5, -1, -7], [0, 9, 0]];
            for (number, place) in places.iter().enumerate() {
                assert!(!bricks.has(*place));
                bricks.allocate(vec![*place], u64::MAX).unwrap();
                *voxel(&mut bricks, *place, number) = 7 + number as u16;
                for (number, place) in places[..=number].iter().enumerate() {
                    assert_eq!(*voxel(&mut bricks, *place, number), 7 + number as u16);
                }
            }
            assert_eq!(bricks.iter().count(), places.len());
            assert!(!bricks.has([1, 0, 0]) && !bricks.has([i32::MIN, 0, i32::MAX]));
            let mut found: Vec<_> = bricks.iter().map(|(place, _)| place).collect();
            let mut all = places.to_vec();
            found.sort_unstable();
            all.sort_unstable();
            assert_eq!(found, all);
        }
    }

    #[test]
    fn the_budget_holds_and_a_refusal_changes_nothing() {
        let mut bricks = Bricks::<u64>::new(2);
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
    fn neighbours_belong_to_different_parts() {
        let directory = Bricks::<u64>::new(2).directory;
        for brick in [[0, 0, 0], [-1, 4, 7], [3, -9, 2]] {
            for axis in 0..3 {
                let mut next = brick;
                next[axis] += 1;
                assert_ne!(directory.part(brick), directory.part(next));
            }
        }
    }
}
