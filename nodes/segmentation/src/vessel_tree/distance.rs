//! The exact Euclidean distance of each vessel voxel to the nearest background voxel.
//!
//! One pass of lower envelopes of parabolas along each axis (P. Felzenszwalb and D. Huttenlocher, "Distance
//! Transforms of Sampled Functions", Theory of Computing 8, 2012). Within a line, a run of voxels that are not
//! background needs only the two background voxels that bound it: parabolas that start further away at the same
//! height lie above. So the time is that of the vessels, not of the volume.

use super::block::{Block, UNKNOWN};

/// Squared distances between voxel centres, in square millimetres; 0 in the background, infinite without any.
///
/// What is [`UNKNOWN`] is no background: nobody knows where the vessel ends there.
pub fn squared(block: &Block) -> Vec<f32> {
    let mut values: Vec<f32> =
        block.cells.iter().map(|&cell| if cell == 0 { 0.0 } else { f32::INFINITY }).collect();
    let strides = block.strides();
    let mut envelope = Envelope::default();
    for axis in 0..3 {
        let (stride, length) = (strides[axis], block.size[axis]);
        let [first, second] = [[1, 2], [0, 2], [0, 1]][axis];
        for j in 0..block.size[second] {
            for i in 0..block.size[first] {
                let start = i * strides[first] + j * strides[second];
                line(&mut values, start, stride, length, block.spacing_mm[axis], &mut envelope);
            }
        }
    }
    // Beyond what was seen a distance means nothing.
    for (value, cell) in values.iter_mut().zip(&block.cells) {
        if *cell & UNKNOWN != 0 {
            *value = 0.0;
        }
    }
    values
}

/// Memory that the passes share.
#[derive(Default)]
struct Envelope {
    heights: Vec<f64>,
    centres: Vec<usize>,
    /// From where on each parabola is the lowest.
    starts: Vec<f64>,
}

fn line(
    values: &mut [f32],
    start: usize,
    stride: usize,
    length: usize,
    spacing_mm: f64,
    envelope: &mut Envelope,
) {
    let mut position = 0;
    while position < length {
        if values[start + position * stride] == 0.0 {
            position += 1;
            continue;
        }
        let mut end = position;
        while end < length && values[start + end * stride] != 0.0 {
            end += 1;
        }
        let (from, to) = (position.saturating_sub(1), (end + 1).min(length));
        run(values, start + from * stride, stride, to - from, spacing_mm, envelope);
        position = end;
    }
}

fn run(
    values: &mut [f32],
    start: usize,
    stride: usize,
    length: usize,
    spacing_mm: f64,
    envelope: &mut Envelope,
) {
    let Envelope { heights, centres, starts } = envelope;
    heights.clear();
    heights.extend((0..length).map(|i| f64::from(values[start + i * stride])));
    centres.clear();
    starts.clear();
    let square = spacing_mm * spacing_mm;
    for centre in 0..length {
        if heights[centre].is_infinite() {
            continue;
        }
        let key = |i: usize| heights[i] + square * (i * i) as f64;
        let mut from = f64::NEG_INFINITY;
        while let (Some(&last), Some(&since)) = (centres.last(), starts.last()) {
            from = (key(centre) - key(last)) / (2.0 * square * (centre - last) as f64);
            if from > since {
                break;
            }
            centres.pop();
            starts.pop();
            from = f64::NEG_INFINITY;
        }
        centres.push(centre);
        starts.push(from);
    }
    if centres.is_empty() {
        return;
    }
    let mut lowest = 0;
    for i in 0..length {
        while lowest + 1 < centres.len() && starts[lowest + 1] <= i as f64 {
            lowest += 1;
        }
        let apart = i as f64 - centres[lowest] as f64;
        values[start + i * stride] = (square * apart * apart + heights[centres[lowest]]) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::super::block::FOREGROUND;
    use super::super::grid::Grid;
    use super::super::parameters::Foreground;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn equals_the_search_over_all_voxels(
            cells in proptest::collection::vec(prop_oneof![6 => Just(1_u8), 1 => Just(0_u8)], 7 * 6 * 5),
            spacing_mm in [0.3..3.0_f64, 0.3..3.0, 0.3..3.0],
        ) {
            let grid = Grid::with_spacing([7, 6, 5], spacing_mm).unwrap();
            let Some(block) = Block::cut(&grid, &cells, None, Foreground::AtLeast(1)).unwrap() else { return Ok(()) };
            let got = squared(&block);
            let place = |at: usize| {
                let index = block.index(at);
                nalgebra::Vector3::from_fn(|axis, _| index[axis] as f64 * spacing_mm[axis])
            };
            let background: Vec<_> = (0..got.len()).filter(|&at| block.cells[at] == 0).map(place).collect();
            for at in (0..got.len()).filter(|&at| block.cells[at] == FOREGROUND) {
                let nearest = background.iter().map(|b| (b - place(at)).norm_squared()).fold(f64::INFINITY, f64::min);
                let equal = nearest == f64::from(got[at]) || (nearest - f64::from(got[at])).abs() < 1e-4 * (1.0 + nearest);
                prop_assert!(equal, "{nearest} {}", got[at]);
            }
        }
    }
}
