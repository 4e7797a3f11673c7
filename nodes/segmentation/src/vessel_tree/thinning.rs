//! Thins a mask to a skeleton one voxel wide without changing its topology.
//!
//! Voxels are removed in the order of their distance to the background, so that the skeleton is centred whatever the
//! spacing (C. Pudney, "Distance-Ordered Homotopic Thinning", Computer Vision and Image Understanding 72, 1998), if
//! they are simple (G. Bertrand and G. Malandain, "A new characterization of three-dimensional simple points", Pattern
//! Recognition Letters 15, 1994) and not the end of a curve.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::block::{Block, FOREGROUND};

/// For each of the 27 voxels of a neighbourhood, a bit mask of voxels.
struct Adjacency {
    /// The 26 neighbours of each voxel within the neighbourhood.
    by_corner: [u32; 27],
    /// The 6 neighbours of each voxel within those that share a face or an edge with the centre.
    by_face: [u32; 27],
    /// Voxels that share a face with the centre.
    faces: u32,
    /// Voxels that share a face or an edge with the centre.
    faces_and_edges: u32,
}

const CENTRE: u32 = 1 << 13;

const fn adjacency() -> Adjacency {
    let mut by_corner = [0; 27];
    let mut by_face = [0; 27];
    let mut faces = 0;
    let mut faces_and_edges = 0;
    let mut a = 0;
    while a < 27 {
        let mut b = 0;
        while b < 27 {
            let dx = (a % 3_i32 - b % 3).abs();
            let dy = (a / 3 % 3 - b / 3 % 3).abs();
            let dz = (a / 9 - b / 9).abs();
            let sum = dx + dy + dz;
            if sum > 0 && dx <= 1 && dy <= 1 && dz <= 1 {
                by_corner[a as usize] |= 1 << b;
                if sum == 1 {
                    by_face[a as usize] |= 1 << b;
                }
                if a == 13 && sum == 1 {
                    faces |= 1 << b;
                }
                if a == 13 && sum <= 2 {
                    faces_and_edges |= 1 << b;
                }
            }
            b += 1;
        }
        a += 1;
    }
    let mut k = 0;
    while k < 27 {
        by_corner[k] &= !CENTRE;
        by_face[k] &= faces_and_edges;
        k += 1;
    }
    Adjacency { by_corner, by_face, faces, faces_and_edges }
}

const ADJACENCY: Adjacency = adjacency();

/// What `start` is connected to within `set`.
fn flood(start: u32, set: u32, adjacent: &[u32; 27]) -> u32 {
    let mut reached = start;
    let mut front = start;
    while front != 0 {
        let voxel = front.trailing_zeros() as usize;
        front &= front - 1;
        let fresh = adjacent[voxel] & set & !reached;
        reached |= fresh;
        front |= fresh;
    }
    reached
}

/// Whether removing the centre leaves the topology as it is; bit `k` of `foreground` is voxel `k` of the
/// neighbourhood, x fastest.
fn is_simple(foreground: u32) -> bool {
    let foreground = foreground & !CENTRE;
    if foreground == 0 {
        return false;
    }
    let first = foreground & foreground.wrapping_neg();
    if flood(first, foreground, &ADJACENCY.by_corner) != foreground {
        return false;
    }
    let background = !foreground & ADJACENCY.faces_and_edges;
    let touching = background & ADJACENCY.faces;
    if touching == 0 {
        return false;
    }
    let first = touching & touching.wrapping_neg();
    flood(first, background, &ADJACENCY.by_face) & touching == touching
}

/// Whether each voxel of the block is on the skeleton.
pub fn thin(block: &Block, distance_mm2: &[f32]) -> Vec<bool> {
    let steps = block.neighbours();
    let mut inside: Vec<bool> = block.cells.iter().map(|&cell| cell == FOREGROUND).collect();
    let neighbourhood = |inside: &[bool], at: usize| {
        let mut bits = 0;
        for (k, step) in steps.iter().enumerate() {
            let bit = if k < 13 { k } else { k + 1 };
            bits |= u32::from(inside[at.wrapping_add_signed(*step)]) << bit;
        }
        bits
    };
    let mut queued = vec![false; inside.len()];
    let mut queue = BinaryHeap::new();
    // Among equals go all that were at the surface together, in eight turns of which none holds neighbours (the subfields
    // of G. Bertrand and Z. Aktouf, "Three-dimensional thinning algorithm using subfields", SPIE 2356, 1995). In the
    // order of the scan a thin vessel would be eaten up from its end, each voxel in its turn being the last.
    let turn = |at: usize| block.index(at).iter().fold(0_u8, |turn, i| turn << 1 | (i & 1) as u8);
    let push = |at: usize, round: u32, queue: &mut BinaryHeap<_>, queued: &mut [bool]| {
        queued[at] = true;
        queue.push(Reverse((distance_mm2[at].to_bits(), round, turn(at), at)));
    };
    let faces = block.strides();
    for at in 0..inside.len() {
        if inside[at] && faces.iter().any(|&stride| !inside[at - stride] || !inside[at + stride]) {
            push(at, 0, &mut queue, &mut queued);
        }
    }
    while let Some(Reverse((_, round, _, at))) = queue.pop() {
        queued[at] = false;
        let bits: u32 = neighbourhood(&inside, at);
        // One neighbour, one bit: the end of a curve stays.
        if bits.is_power_of_two() || !is_simple(bits) {
            continue;
        }
        inside[at] = false;
        for step in steps {
            let neighbour = at.wrapping_add_signed(step);
            if inside[neighbour] && !queued[neighbour] {
                push(neighbour, round + 1, &mut queue, &mut queued);
            }
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(on: &[usize]) -> u32 {
        on.iter().fold(0, |bits, k| bits | 1 << k)
    }

    #[test]
    fn simple_points_are_told_from_bridges_walls_and_insides() {
        assert!(is_simple(bits(&[12])), "the tip of a line");
        assert!(!is_simple(bits(&[12, 14])), "the middle of a line");
        assert!(!is_simple(0), "a lone voxel");
        assert!(!is_simple(!0), "an inner voxel would leave a cavity");
        let slab: Vec<usize> = (9..18).collect();
        assert!(!is_simple(bits(&slab)), "the middle of a plate would leave a tunnel");
        let half: Vec<usize> = (0..18).collect();
        assert!(is_simple(bits(&half)), "a voxel of a flat surface");
    }
}
