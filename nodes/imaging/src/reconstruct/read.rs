//! The volume as it is now: grey values, and how many pixels made them.

use super::bricks::{BRICK_BITS, Bricks, EDGE, VOXELS};
use super::cell::Cell;

/// First voxel and size of the smallest box around all voxels that have a value.
pub(super) fn bounds<C: Cell>(bricks: &Bricks<C>) -> Option<([i32; 3], [u32; 3])> {
    let (mut low, mut high) = ([i32::MAX; 3], [i32::MIN; 3]);
    for (place, voxels) in bricks.iter() {
        for index in (0..VOXELS).filter(|index| voxels[*index] != C::default()) {
            for axis in 0..3 {
                let within = (index >> (axis as u32 * BRICK_BITS)) & (EDGE - 1);
                let voxel = (place[axis] << BRICK_BITS) + within as i32;
                low[axis] = low[axis].min(voxel);
                high[axis] = high[axis].max(voxel);
            }
        }
    }
    (low[0] <= high[0]).then(|| (low, [0, 1, 2].map(|axis| high[axis].abs_diff(low[axis]) + 1)))
}

/// Grey values of a box, and how many pixels made them, in 1/256; x changing fastest, 0 and 0 where there is nothing.
pub(super) fn region<C: Cell>(
    bricks: &Bricks<C>,
    first: [i32; 3],
    size: [u32; 3],
) -> (Vec<u8>, Vec<u16>) {
    let [width, height, depth] = size.map(|size| size as usize);
    let voxels = width * height * depth;
    let (mut values, mut accumulated) = (vec![0; voxels], vec![0; voxels]);
    for (place, voxels) in bricks.iter() {
        // The part of the brick that lies inside the box, in coordinates of the box.
        let start =
            [0, 1, 2].map(|axis| (i64::from(place[axis]) << BRICK_BITS) - i64::from(first[axis]));
        let range = |axis: usize| {
            let end = (start[axis] + EDGE as i64).min(i64::from(size[axis]));
            start[axis].max(0)..end
        };
        for z in range(2) {
            for y in range(1) {
                let row = (z as usize * height + y as usize) * width;
                let source = ((z - start[2]) as usize * EDGE + (y - start[1]) as usize) * EDGE;
                for x in range(0) {
                    let voxel = voxels[source + (x - start[0]) as usize];
                    values[row + x as usize] = voxel.value();
                    accumulated[row + x as usize] = voxel.accumulation();
                }
            }
        }
    }
    (values, accumulated)
}
