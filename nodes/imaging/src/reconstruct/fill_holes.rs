//! Voxels that no image met, filled from those around them, as PLUS offers it.
//!
//! The ways are those of its `FillHolesInVolume` (T. Vaughan et al., "Hole filling with oriented sticks in
//! ultrasound volume reconstruction", Journal of Medical Imaging 2(3), 2015): means over a cube, and sticks,
//! along which a value is interpolated between the two voxels that end them. Filled voxels are only reckoned from met
//! ones, never from filled ones.

use std::thread;

use formats::plus_config::HoleFilling;

/// The directions of sticks, one of each pair of opposite ones; the shortest first.
const STICKS: [[i64; 3]; 13] = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [1, 1, 0],
    [1, 0, 1],
    [0, 1, 1],
    [1, -1, 0],
    [1, 0, -1],
    [0, 1, -1],
    [1, 1, 1],
    [-1, 1, 1],
    [1, -1, 1],
    [-1, -1, 1],
];

/// Grey values and how many pixels made them, x changing fastest.
#[derive(Clone, Copy)]
pub struct Voxels<'a> {
    /// Voxels along x, y and z.
    pub size: [usize; 3],
    /// Grey values.
    pub values: &'a [u8],
    /// How many pixels made each, in 1/256; 0 for a hole.
    pub accumulated: &'a [u16],
}

/// The values with holes filled by the first of `ways` that succeeds; a hole that none fills becomes 0. `threads` is
/// how many work on it.
pub fn fill_holes(voxels: Voxels, ways: &[HoleFilling], threads: usize) -> Vec<u8> {
    let ways: Vec<Way> = ways.iter().map(Way::new).collect();
    let [width, height, depth] = voxels.size;
    let mut filled = voxels.values.to_vec();
    let slices = depth.div_ceil(threads.max(1)).max(1);
    let plane = (width * height).max(1);
    thread::scope(|scope| {
        for (number, part) in filled.chunks_mut(slices * plane).enumerate() {
            let ways = &ways;
            scope.spawn(move || {
                for (offset, value) in part.iter_mut().enumerate() {
                    let index = number * slices * plane + offset;
                    if voxels.accumulated[index] == 0 {
                        let at = [index % width, index / width % height, index / plane];
                        let at = at.map(|index| index as i64);
                        *value = ways.iter().find_map(|way| way.fill(voxels, at)).unwrap_or(0);
                    }
                }
            });
        }
    });
    filled
}

impl Voxels<'_> {
    /// The value and the weight of a voxel that is there and was met.
    fn met(&self, at: [i64; 3]) -> Option<(f64, f64)> {
        let mut index = 0;
        for axis in [2, 1, 0] {
            if at[axis] < 0 || at[axis] >= self.size[axis] as i64 {
                return None;
            }
            index = index * self.size[axis] + at[axis] as usize;
        }
        let weight = self.accumulated[index];
        (weight > 0).then(|| (f64::from(self.values[index]), f64::from(weight)))
    }
}

/// A way to fill a hole, made ready.
enum Way {
    /// A weight for each voxel of a cube, and whether it is multiplied by that of the voxel.
    Cube {
        reach: i64,
        weights: Vec<f32>,
        by_accumulation: bool,
        least_known: f64,
    },
    Nearest {
        reach: i64,
        least_known: f64,
    },
    Sticks {
        length: usize,
        sticks: usize,
    },
}

impl Way {
    fn new(way: &HoleFilling) -> Self {
        match *way {
            HoleFilling::Gaussian { size, stdev, least_known } => {
                Self::cube(size, least_known, false, gaussian(stdev))
            }
            HoleFilling::GaussianAccumulation { size, stdev, least_known } => {
                Self::cube(size, least_known, true, gaussian(stdev))
            }
            HoleFilling::DistanceWeightInverse { size, least_known } => {
                let inverse = |squared: f64| if squared > 0.0 { 1.0 / squared.sqrt() } else { 0.0 };
                Self::cube(size, least_known, false, inverse)
            }
            HoleFilling::NearestNeighbor { size, least_known } => {
                Self::Nearest { reach: reach(size), least_known }
            }
            HoleFilling::Stick { length, sticks } => Self::Sticks { length, sticks },
        }
    }

    fn cube(
        size: usize,
        least_known: f64,
        by_accumulation: bool,
        weight: impl Fn(f64) -> f64,
    ) -> Self {
        let reach = reach(size);
        let squared = |[x, y, z]: [i64; 3]| (x * x + y * y + z * z) as f64;
        let weights = around(reach).map(|offset| weight(squared(offset)) as f32).collect();
        Self::Cube { reach, weights, by_accumulation, least_known }
    }

    fn fill(&self, voxels: Voxels, at: [i64; 3]) -> Option<u8> {
        match self {
            Self::Cube { reach, weights, by_accumulation, least_known } => {
                let (mut sum, mut total, mut known) = (0.0, 0.0, 0);
                for (offset, weight) in around(*reach).zip(weights) {
                    if let Some((value, accumulated)) = voxels.met(plus(at, offset)) {
                        let factor = if *by_accumulation { accumulated } else { 1.0 };
                        let weight = f64::from(*weight) * factor;
                        sum += value * weight;
                        total += weight;
                        known += 1;
                    }
                }
                (total > 0.0 && share(known, *reach) > *least_known).then(|| (sum / total) as u8)
            }
            Self::Nearest { reach, least_known } => (1..=*reach).find_map(|within| {
                let met = around(within).filter_map(|offset| voxels.met(plus(at, offset)));
                let (sum, known) =
                    met.fold((0.0, 0), |(sum, known), (value, _)| (sum + value, known + 1));
                // The smallest cube with any decides.
                (known > 0).then(|| {
                    (share(known, *reach) > *least_known).then(|| (sum / f64::from(known)) as u8)
                })
            })?,
            Self::Sticks { length, sticks } => along_sticks(voxels, at, *length, *sticks),
        }
    }
}

fn reach(size: usize) -> i64 {
    (size as i64 - 1) / 2
}

/// The offsets of a cube, x changing fastest.
fn around(reach: i64) -> impl Iterator<Item = [i64; 3]> {
    (-reach..=reach)
        .flat_map(move |z| (-reach..=reach).map(move |y| (y, z)))
        .flat_map(move |(y, z)| (-reach..=reach).map(move |x| [x, y, z]))
}

fn plus(at: [i64; 3], offset: [i64; 3]) -> [i64; 3] {
    [0, 1, 2].map(|axis| at[axis] + offset[axis])
}

/// Which part of a cube so many voxels are.
fn share(known: i32, reach: i64) -> f64 {
    f64::from(known) / ((2 * reach + 1) as f64).powi(3)
}

fn gaussian(stdev: f64) -> impl Fn(f64) -> f64 {
    move |squared| (-squared / (2.0 * stdev * stdev)).exp()
}

/// The mean of the values along the shortest sticks, which are no longer than `length` voxels; of so many as there are
/// of the same length, at least `sticks` if there are.
fn along_sticks(voxels: Voxels, at: [i64; 3], length: usize, sticks: usize) -> Option<u8> {
    let mut found: Vec<(f64, f64)> = Vec::with_capacity(STICKS.len());
    for stick in STICKS {
        let end = |sign: i64, most: usize| {
            (1..=most).find_map(|steps| {
                let offset = stick.map(|step| sign * step * steps as i64);
                voxels.met(plus(at, offset)).map(|(value, _)| (steps, value))
            })
        };
        let Some((forwards, ahead)) = end(1, length.saturating_sub(1)) else { continue };
        let Some((backwards, behind)) = end(-1, length.saturating_sub(forwards + 1)) else {
            continue;
        };
        let voxels = (forwards + backwards + 1) as f64;
        // As in PLUS: the hole itself counts to the way behind, so the voxel ahead weighs a little more than halfway.
        let weight_ahead = (backwards + 1) as f64 / voxels;
        // PLUS keeps the value of a stick as a whole number.
        let value = ((1.0 - weight_ahead) * behind + weight_ahead * ahead).floor();
        let norm = (stick.iter().map(|step| step * step).sum::<i64>() as f64).sqrt();
        found.push((1.0 / (voxels * norm), value));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let last = found.get(sticks.min(found.len()).checked_sub(1)?)?.0;
    let used = found.iter().take_while(|(weight, _)| *weight >= last);
    let (sum, total) = used
        .fold((0.0, 0.0), |(sum, total), (weight, value)| (sum + weight * value, total + weight));
    Some((sum / total) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of voxels; 0 is a hole.
    fn row(values: &[u8], ways: &[HoleFilling]) -> Vec<u8> {
        let accumulated: Vec<u16> =
            values.iter().map(|value| u16::from(*value > 0) * 256).collect();
        let voxels = Voxels { size: [values.len(), 1, 1], values, accumulated: &accumulated };
        let one = fill_holes(voxels, ways, 1);
        assert_eq!(one, fill_holes(voxels, ways, 3));
        one
    }

    #[test]
    fn a_stick_interpolates_between_its_ends() {
        let stick = |length| [HoleFilling::Stick { length, sticks: 1 }];
        // Halfway, then 3/4: PLUS counts the hole itself to the way behind.
        assert_eq!(row(&[10, 0, 0, 40], &stick(4)), [10, 25, 32, 40]);
        assert_eq!(row(&[10, 0, 0, 40], &stick(3)), [10, 0, 0, 40], "it is four voxels long");
        assert_eq!(
            row(&[0, 10, 0, 40], &stick(9)),
            [0, 10, 30, 40],
            "nothing is made up at a border"
        );
    }

    #[test]
    fn cubes_take_means_of_what_was_met() {
        let inverse = HoleFilling::DistanceWeightInverse { size: 5, least_known: 0.0 };
        // 1/2 · 10, 1 · 20, 1 · 50 of a total of 5/2.
        assert_eq!(row(&[10, 20, 0, 50], &[inverse])[2], 30);
        let nearest = |least_known| HoleFilling::NearestNeighbor { size: 5, least_known };
        assert_eq!(row(&[10, 20, 0, 0, 50], &[nearest(0.0)]), [10, 20, 20, 50, 50]);
        assert_eq!(
            row(&[10, 20, 0, 0, 50], &[nearest(0.01)]),
            [10, 20, 0, 0, 50],
            "1 of 125 voxels"
        );
        let gaussian = HoleFilling::Gaussian { size: 3, stdev: 1.0, least_known: 0.07 };
        assert_eq!(row(&[10, 0, 21, 0], &[gaussian]), [10, 15, 21, 0], "2 of 27 voxels, then 1");
    }

    #[test]
    fn the_first_way_that_succeeds_is_taken() {
        let ways = [
            HoleFilling::Stick { length: 3, sticks: 1 },
            HoleFilling::NearestNeighbor { size: 3, least_known: 0.0 },
        ];
        assert_eq!(row(&[10, 0, 40, 0, 0], &ways), [10, 30, 40, 40, 0]);
    }

    #[test]
    fn heavier_voxels_count_more_by_accumulation() {
        let voxels = Voxels { size: [1, 1, 3], values: &[10, 0, 40], accumulated: &[256, 0, 512] };
        let way = HoleFilling::GaussianAccumulation { size: 3, stdev: 1.0, least_known: 0.0 };
        assert_eq!(fill_holes(voxels, &[way], 2), [10, 30, 40]);
    }
}
