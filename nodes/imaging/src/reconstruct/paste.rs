//! The inner loops: along each row, pixels of one voxel are gathered and then given to it at once.
//!
//! Pixels are mostly finer than voxels, so a run of them falls between the same voxels; what they
//! give is summed in registers, and memory is touched once for each run.

use super::bricks::{BRICK_BITS, Bricks, EDGE, brick_of, inside};
use super::cell::{Cell, WHOLE};
use super::lattice::{FRACTION_BITS, Walk};
use super::mask::Mask;
use super::settings::Distribution;

/// Pastes the used pixels of an image; its bricks must be there.
pub(super) fn image<C: Cell>(
    bricks: &mut Bricks<C>,
    pixels: &[u8],
    walk: &Walk,
    mask: &Mask,
    distribution: Distribution,
) {
    let (width_px, _) = mask.size();
    for span in mask.spans() {
        let row = &pixels[span.y * width_px..][span.start..span.end];
        let start = distribution.round(walk.at(span.start, span.y));
        match distribution {
            Distribution::Nearest => nearest(bricks, row, start, walk.step_x()),
            Distribution::Linear => linear(bricks, row, start, walk.step_x()),
        }
    }
}

#[inline]
fn voxel(at: [i64; 3]) -> [i32; 3] {
    at.map(|coordinate| (coordinate >> FRACTION_BITS) as i32)
}

#[inline]
fn next(at: [i64; 3], step: [i64; 3]) -> [i64; 3] {
    [at[0] + step[0], at[1] + step[1], at[2] + step[2]]
}

fn nearest<C: Cell>(bricks: &mut Bricks<C>, row: &[u8], mut at: [i64; 3], step: [i64; 3]) {
    let mut here = voxel(at);
    let mut run = C::default();
    for value in row {
        let now = voxel(at);
        if now != here {
            give(bricks, here, run);
            here = now;
            run = C::default();
        }
        run.add(WHOLE, *value);
        at = next(at, step);
    }
    give(bricks, here, run);
}

fn give<C: Cell>(bricks: &mut Bricks<C>, voxel: [i32; 3], run: C) {
    if run == C::default() {
        return;
    }
    let brick = bricks.get_mut(brick_of(voxel));
    debug_assert!(brick.is_some(), "the bricks of an image are allocated before it is pasted");
    if let Some(brick) = brick {
        brick[inside(voxel)].merge(run);
    }
}

/// Where the eight voxels around a point are inside a brick, x changing fastest.
const CORNERS: [usize; 8] = {
    let (y, z) = (EDGE, EDGE * EDGE);
    [0, 1, y, y + 1, z, z + 1, z + y, z + y + 1]
};

fn linear<C: Cell>(bricks: &mut Bricks<C>, row: &[u8], mut at: [i64; 3], step: [i64; 3]) {
    let mut here = voxel(at);
    let mut runs = [C::default(); 8];
    for value in row {
        let now = voxel(at);
        if now != here {
            give_eight(bricks, here, &runs);
            here = now;
            runs = [C::default(); 8];
        }
        for (run, weight) in runs.iter_mut().zip(weights(at)) {
            run.add(weight, *value);
        }
        at = next(at, step);
    }
    give_eight(bricks, here, &runs);
}

/// Trilinear weights of the eight voxels, in 1/256.
#[inline]
fn weights(at: [i64; 3]) -> [u32; 8] {
    let [x, y, z] = at.map(|coordinate| (coordinate >> (FRACTION_BITS - 8)) as u32 & 0xff);
    let (rest_x, rest_y, rest_z) = (WHOLE - x, WHOLE - y, WHOLE - z);
    let planes = [rest_y * rest_z, y * rest_z, rest_y * z, y * z];
    let mut weights = [0; 8];
    for (pair, plane) in weights.as_chunks_mut::<2>().0.iter_mut().zip(planes) {
        *pair = [(rest_x * plane + (1 << 15)) >> 16, (x * plane + (1 << 15)) >> 16];
    }
    weights
}

fn give_eight<C: Cell>(bricks: &mut Bricks<C>, here: [i32; 3], runs: &[C; 8]) {
    let last = EDGE as i32 - 1;
    if here.iter().all(|index| index & last < last) {
        let corner = inside(here);
        let brick = bricks.get_mut(brick_of(here));
        debug_assert!(brick.is_some(), "the bricks of an image are allocated before it is pasted");
        if let Some(brick) = brick {
            for (run, offset) in runs.iter().zip(CORNERS) {
                // Inside by the test above; the mask only tells the compiler.
                brick[(corner + offset) & ((1 << (3 * BRICK_BITS)) - 1)].merge(*run);
            }
        }
        return;
    }
    for (number, run) in runs.iter().enumerate() {
        let offset = [number as i32 & 1, number as i32 >> 1 & 1, number as i32 >> 2];
        give(bricks, [here[0] + offset[0], here[1] + offset[1], here[2] + offset[2]], *run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_trilinear() {
        let at = |x: f64, y: f64, z: f64| {
            weights([x, y, z].map(|value| (value * (1u64 << FRACTION_BITS) as f64) as i64))
        };
        assert_eq!(at(5.0, -3.0, 0.0), [256, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(at(0.5, 0.5, 0.5), [32; 8]);
        assert_eq!(at(-0.25, 0.0, 0.0), [64, 192, 0, 0, 0, 0, 0, 0]);
        assert_eq!(at(0.0, 0.25, 0.0), [192, 0, 64, 0, 0, 0, 0, 0]);
        assert_eq!(at(0.0, 0.0, 0.25), [192, 0, 0, 0, 64, 0, 0, 0]);
        for step in 0..1000 {
            let part = f64::from(step) / 1000.0;
            let sum: u32 = at(part, part * 0.7, 1.0 - part).iter().sum();
            assert!(sum.abs_diff(WHOLE) <= 4, "{sum}");
        }
    }
}
