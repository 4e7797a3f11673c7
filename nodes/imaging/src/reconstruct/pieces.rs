//! A row of pixels cut into pieces that meet the same bricks.

use std::ops::Range;

use super::bricks::{BRICK_BITS, EDGE};
use super::cell::LONGEST;
use super::lattice::FRACTION_BITS;
use super::settings::Distribution;

/// Fixed-point length of a brick.
const BRICK: i64 = (EDGE as i64) << FRACTION_BITS;
/// Fixed-point length of a brick up to its last layer of voxels: from there on the next brick has a share.
const INNER: i64 = ((EDGE - 1) as i64) << FRACTION_BITS;

/// Neighbouring pixels of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Which pixels, counted from the first of the row.
    pub(super) pixels: Range<usize>,
    /// Coordinates of the first of them.
    pub(super) at: [i64; 3],
    /// The brick of the voxel before them.
    pub(super) brick: [i32; 3],
    /// Whether the voxel after them is in the next brick, along each axis. Never so for the nearest voxel.
    pub(super) is_edge: [bool; 3],
}

impl Piece {
    /// Whether all voxels are in one brick.
    pub(super) fn is_inner(&self) -> bool {
        self.is_edge == [false; 3]
    }

    /// The brick of one of the eight voxels around, numbered with x changing fastest.
    pub(super) fn corner(&self, number: usize) -> [i32; 3] {
        let next = |axis: usize| {
            i32::from(self.is_edge[axis] && number >> axis & 1 == 1) + self.brick[axis]
        };
        [next(0), next(1), next(2)]
    }

    /// All bricks that it meets.
    pub(super) fn bricks(&self) -> impl Iterator<Item = [i32; 3]> {
        let is_meant =
            |number: &usize| (0..3).all(|axis| self.is_edge[axis] || number >> axis & 1 == 0);
        (0..8).filter(is_meant).map(|number| self.corner(number))
    }
}

/// The pieces of a row.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    at: [i64; 3],
    step: [i64; 3],
    next: usize,
    end: usize,
    has_edges: bool,
}

impl Pieces {
    /// Of a row of `length` pixels that begins `at` rounded coordinates and goes on in `step`s.
    pub(super) fn new(
        at: [i64; 3],
        step: [i64; 3],
        length: usize,
        distribution: Distribution,
    ) -> Self {
        Self { at, step, next: 0, end: length, has_edges: distribution == Distribution::Linear }
    }
}

impl Iterator for Pieces {
    type Item = Piece;

    #[inline]
    fn next(&mut self) -> Option<Piece> {
        if self.next >= self.end {
            return None;
        }
        let mut length = (self.end - self.next).min(LONGEST);
        let mut is_edge = [false; 3];
        for (axis, is_edge) in is_edge.iter_mut().enumerate() {
            let (at, step) = (self.at[axis], self.step[axis]);
            let inside = at & (BRICK - 1);
            *is_edge = self.has_edges && inside >= INNER;
            let (low, high) = match (self.has_edges, *is_edge) {
                (false, _) => (0, BRICK),
                (true, false) => (0, INNER),
                (true, true) => (INNER, BRICK),
            };
            let pixels = match step {
                0 => continue,
                1.. => (high - inside + step - 1) / step,
                ..0 => (inside - low) / -step + 1,
            };
            length = length.min(pixels as usize);
        }
        let piece = Piece {
            pixels: self.next..self.next + length,
            at: self.at,
            brick: self.at.map(|at| (at >> (FRACTION_BITS + BRICK_BITS)) as i32),
            is_edge,
        };
        self.next += length;
        for axis in 0..3 {
            self.at[axis] += self.step[axis] * length as i64;
        }
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fixed(value: f64) -> i64 {
        (value * (1u64 << FRACTION_BITS) as f64) as i64
    }

    #[test]
    fn a_row_along_an_axis_is_cut_at_its_bricks() {
        let row = |distribution| {
            let pieces =
                Pieces::new([fixed(14.25), fixed(-1.0), 0], [fixed(0.5), 0, 0], 6, distribution);
            pieces.map(|piece| (piece.pixels, piece.brick[0], piece.is_edge)).collect::<Vec<_>>()
        };
        assert_eq!(row(Distribution::Nearest), [(0..4, 0, [false; 3]), (4..6, 1, [false; 3])]);
        let y = [false, true, false];
        let both = [true, true, false];
        assert_eq!(row(Distribution::Linear), [(0..2, 0, y), (2..4, 0, both), (4..6, 1, y)]);
    }

    #[test]
    fn the_bricks_of_the_corners() {
        let piece =
            Piece { pixels: 0..1, at: [0; 3], brick: [4, 5, 6], is_edge: [true, false, true] };
        let bricks: Vec<_> = piece.bricks().collect();
        assert_eq!(bricks, [[4, 5, 6], [5, 5, 6], [4, 5, 7], [5, 5, 7]]);
        assert_eq!(piece.corner(2), [4, 5, 6]);
        assert_eq!(piece.corner(7), [5, 5, 7]);
    }

    proptest! {
        /// Every pixel is in one piece, with the brick and the edges that its own coordinates say.
        #[test]
        fn pieces_cover_a_row(
            at in prop::array::uniform3(-100.0..100.0f64),
            step in prop::array::uniform3(prop_oneof![Just(0.0), -3.0..3.0f64, -0.01..0.01f64]),
            length in 1usize..300,
            linear: bool,
        ) {
            let (at, step) = (at.map(fixed), step.map(fixed));
            let distribution = if linear { Distribution::Linear } else { Distribution::Nearest };
            let mut next = 0;
            for piece in Pieces::new(at, step, length, distribution) {
                prop_assert_eq!(piece.pixels.start, next);
                prop_assert!(piece.pixels.end > next);
                for pixel in piece.pixels.clone() {
                    let here = [0, 1, 2].map(|axis| at[axis] + step[axis] * pixel as i64);
                    if pixel == next {
                        prop_assert_eq!(here, piece.at);
                    }
                    let voxel = here.map(|at| (at >> FRACTION_BITS) as i32);
                    prop_assert_eq!(voxel.map(|voxel| voxel >> BRICK_BITS), piece.brick);
                    prop_assert_eq!(voxel.map(|voxel| linear && voxel & 15 == 15), piece.is_edge);
                }
                next = piece.pixels.end;
            }
            prop_assert_eq!(next, length);
        }
    }
}
