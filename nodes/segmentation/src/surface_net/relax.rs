//! Smooths a net without shrinking it.
//!
//! Each round moves every vertex towards the mean of its neighbours and then, a little further, away from it, which
//! takes the steps of the voxels away and leaves what is longer than about ten voxels (G. Taubin, "A signal processing
//! approach to fair surface design", SIGGRAPH 1995). No vertex leaves its cell (S. F. F. Gibson, MICCAI 1998).

use super::net::Net;

/// The share of the way to the mean of the neighbours, forth and back; Taubin's λ and μ, with λ⁻¹ + μ⁻¹ = 0.1.
const STEPS: [f32; 2] = [0.5, -0.526_316];
/// How far from the middle of its cell a vertex may be along each axis, in voxels.
const REACH: f32 = 0.5;
/// How far it may be towards the other side of what is one voxel thin: so much of it stays that a vessel of the width of
/// a voxel keeps 0.7 of it, however long the net is relaxed.
const REACH_IF_THIN: f32 = 0.15;

/// Where the vertices come to lie after some rounds, in voxel indices of the mask.
pub fn relax(net: &Net, rounds: usize) -> Vec<[f32; 3]> {
    let mut places = net.middles.clone();
    let mut neighbours = vec![0.0_f32; places.len()];
    for quad in &net.quads {
        for corner in quad {
            neighbours[*corner as usize] += 1.0;
        }
    }
    let mut sums = vec![[0.0_f32; 3]; places.len()];
    for share in std::iter::repeat_n(STEPS, rounds).flatten() {
        sums.fill([0.0; 3]);
        // Each edge comes twice, once in each direction: once for each of its ends.
        for quad in &net.quads {
            for (k, &from) in quad.iter().enumerate() {
                let to = places[quad[(k + 1) % 4] as usize];
                let sum = &mut sums[from as usize];
                for axis in 0..3 {
                    sum[axis] += to[axis];
                }
            }
        }
        let cells = net.middles.iter().zip(&net.thin);
        let moved = places.iter_mut().zip(cells).zip(sums.iter().zip(&neighbours));
        for ((place, (middle, thin)), (sum, count)) in moved {
            if *count > 0.0 {
                for axis in 0..3 {
                    let reach = |bit| if thin >> bit & 1 == 1 { REACH_IF_THIN } else { REACH };
                    let way = sum[axis] / count - place[axis];
                    let offset = place[axis] + share * way - middle[axis];
                    place[axis] = middle[axis] + offset.clamp(-reach(axis), reach(3 + axis));
                }
            }
        }
    }
    places
}
