//! The inner loops: along each row, the voxels that neighbouring pixels fall on stay in registers.
//!
//! Pixels are mostly finer than voxels, so a run of them falls between the same voxels; memory is touched once
//! for each run. Each part of the bricks has a thread of its own that walks over the whole image and takes what
//! falls on its own bricks, in the order of the pixels: the volume does not depend on how many parts there are.

use std::thread;

use super::bricks::{Brick, Bricks, Directory, EDGE, VOXELS};
use super::cell::Cell;
use super::lattice::{FRACTION_BITS, Walk};
use super::mask::Mask;
use super::pieces::{Piece, Pieces};
use super::settings::Distribution;

/// What is pasted.
#[derive(Clone, Copy)]
pub(super) struct Picture<'a> {
    pub(super) pixels: &'a [u8],
    /// As large as the image, where pixels differ in importance.
    pub(super) importance: Option<&'a [u8]>,
    /// Darker pixels are left out.
    pub(super) least_value: u8,
}

/// Images of fewer pixels are pasted before another thread has begun, on a busy machine long before.
const WORTH_A_THREAD: usize = 1 << 16;

/// A row of it.
#[derive(Clone, Copy)]
struct Row<'a> {
    pixels: &'a [u8],
    /// The pixels themselves where importance is not asked for.
    importance: &'a [u8],
    least_value: u8,
    step: [i64; 3],
}

/// Pastes the used pixels of an image; its bricks must be there.
pub(super) fn image<C: Cell>(
    bricks: &mut Bricks<C>,
    picture: Picture,
    walk: &Walk,
    mask: &Mask,
    distribution: Distribution,
) {
    let (directory, parts) = bricks.split();
    let paste = |number: usize, part: &mut [Brick<C>]| {
        Part { directory, number, bricks: part }.image(picture, walk, mask, distribution);
    };
    if mask.pixels() < WORTH_A_THREAD {
        parts.iter_mut().enumerate().for_each(|(number, part)| paste(number, part));
        return;
    }
    let Some((first, others)) = parts.split_first_mut() else { return };
    thread::scope(|scope| {
        for (number, part) in others.iter_mut().enumerate() {
            scope.spawn(move || paste(number + 1, part));
        }
        paste(0, first);
    });
}

/// The bricks of one thread.
struct Part<'a, C> {
    directory: &'a Directory,
    number: usize,
    bricks: &'a mut [Brick<C>],
}

impl<C: Cell> Part<'_, C> {
    fn image(&mut self, picture: Picture, walk: &Walk, mask: &Mask, distribution: Distribution) {
        let (width_px, _) = mask.size();
        for span in mask.spans() {
            let Some(span) = walk.within(*span) else { continue };
            let range = span.y * width_px + span.start..span.y * width_px + span.end;
            let pixels = &picture.pixels[range.clone()];
            let importance = match picture.importance {
                Some(importance) if C::IS_WEIGHTED => &importance[range],
                _ => pixels,
            };
            let step = walk.step_x();
            let row = Row { pixels, importance, least_value: picture.least_value, step };
            let start = walk.at(span.start, span.y);
            for piece in Pieces::new(start, step, pixels.len(), distribution) {
                match distribution {
                    Distribution::Nearest => self.nearest(row.of(&piece), &piece),
                    Distribution::Linear if piece.is_inner() => {
                        self.between_inner(row.of(&piece), &piece);
                    }
                    Distribution::Linear => self.between_edges(row.of(&piece), &piece),
                }
            }
        }
    }

    /// The voxels of a brick, if it is one of this part.
    #[inline]
    fn own(&mut self, brick: [i32; 3]) -> Option<&mut [C; VOXELS]> {
        if self.directory.part(brick) != self.number {
            return None;
        }
        let slot = self.directory.slot(brick);
        debug_assert!(slot.is_some(), "the bricks of an image are allocated before it is pasted");
        self.bricks.get_mut(slot?).map(Box::as_mut)
    }

    fn nearest(&mut self, row: Row, piece: &Piece) {
        let Some(voxels) = self.own(piece.brick) else { return };
        let mut at = piece.at;
        let mut here = inside(at);
        let mut cell = voxels[here];
        for (value, importance) in row.pixels.iter().zip(row.importance) {
            let now = inside(at);
            if now != here {
                voxels[here] = cell.settle();
                here = now;
                cell = voxels[here];
            }
            if *value >= row.least_value {
                cell.add(*value, *importance);
            }
            at = next(at, row.step);
        }
        voxels[here] = cell.settle();
    }

    /// Where all eight voxels are in one brick.
    fn between_inner(&mut self, row: Row, piece: &Piece) {
        let Some(voxels) = self.own(piece.brick) else { return };
        let mut at = piece.at;
        let mut here = inside(at);
        // The mask only tells the compiler what the piece ensures: all corners are inside.
        let corner = |here: usize, number: usize| (here + CORNERS[number]) & (VOXELS - 1);
        let load = |voxels: &[C; VOXELS], here| {
            let mut cells = [C::default(); 8];
            for (number, cell) in cells.iter_mut().enumerate() {
                *cell = voxels[corner(here, number)];
            }
            C::gather(cells)
        };
        let mut eight = load(voxels, here);
        let store = |voxels: &mut [C; VOXELS], here, eight| {
            for (number, cell) in C::scatter(eight).into_iter().enumerate() {
                voxels[corner(here, number)] = cell;
            }
        };
        for (value, importance) in row.pixels.iter().zip(row.importance) {
            let now = inside(at);
            if now != here {
                store(voxels, here, eight);
                here = now;
                eight = load(voxels, here);
            }
            if *value >= row.least_value {
                C::add_between(&mut eight, at, *value, *importance);
            }
            at = next(at, row.step);
        }
        store(voxels, here, eight);
    }

    /// Where some of the eight voxels are in other bricks, of which this part may have some.
    fn between_edges(&mut self, row: Row, piece: &Piece) {
        let mut slots = [None; 8];
        for (number, slot) in slots.iter_mut().enumerate() {
            let brick = piece.corner(number);
            if self.directory.part(brick) == self.number {
                *slot = self.directory.slot(brick);
            }
        }
        if slots == [None; 8] {
            return;
        }
        let mut at = piece.at;
        let mut here = voxel(at);
        let mut eight = self.load(&slots, here);
        for (value, importance) in row.pixels.iter().zip(row.importance) {
            let now = voxel(at);
            if now != here {
                self.store(&slots, here, eight);
                here = now;
                eight = self.load(&slots, here);
            }
            if *value >= row.least_value {
                C::add_between(&mut eight, at, *value, *importance);
            }
            at = next(at, row.step);
        }
        self.store(&slots, here, eight);
    }

    fn load(&self, slots: &[Option<usize>; 8], here: [i32; 3]) -> C::Eight {
        let mut cells = [C::default(); 8];
        for (number, (cell, slot)) in cells.iter_mut().zip(slots).enumerate() {
            if let Some(slot) = *slot {
                *cell = self.bricks[slot][corner(here, number)];
            }
        }
        C::gather(cells)
    }

    fn store(&mut self, slots: &[Option<usize>; 8], here: [i32; 3], eight: C::Eight) {
        for (number, cell) in C::scatter(eight).into_iter().enumerate() {
            if let Some(slot) = slots[number] {
                self.bricks[slot][corner(here, number)] = cell;
            }
        }
    }
}

impl<'a> Row<'a> {
    fn of(self, piece: &Piece) -> Row<'a> {
        let pixels = &self.pixels[piece.pixels.clone()];
        Row { pixels, importance: &self.importance[piece.pixels.clone()], ..self }
    }
}

/// Where the eight voxels around a point are inside a brick, x changing fastest.
const CORNERS: [usize; 8] = {
    let (y, z) = (EDGE, EDGE * EDGE);
    [0, 1, y, y + 1, z, z + 1, z + y, z + y + 1]
};

#[inline]
fn next(at: [i64; 3], step: [i64; 3]) -> [i64; 3] {
    [at[0] + step[0], at[1] + step[1], at[2] + step[2]]
}

#[inline]
fn voxel(at: [i64; 3]) -> [i32; 3] {
    at.map(|coordinate| (coordinate >> FRACTION_BITS) as i32)
}

/// Where the voxel before coordinates is inside its brick.
#[inline]
fn inside(at: [i64; 3]) -> usize {
    let [x, y, z] = at.map(|at| (at >> FRACTION_BITS) as usize & (EDGE - 1));
    (z * EDGE + y) * EDGE + x
}

/// Where one of the eight voxels is inside its brick.
#[inline]
fn corner(here: [i32; 3], number: usize) -> usize {
    let inside = |axis: usize| (here[axis] as usize).wrapping_add(number >> axis & 1) & (EDGE - 1);
    (inside(2) * EDGE + inside(1)) * EDGE + inside(0)
}
