//! What the classical method reaches in CT: smooth, take a window of HU, and grow regions.
//!
//! The comparison is made as hard as it can be for the network: for each structure the smoothing and the window
//! are those that are best on the very volumes that are scored. With an [`Expert`] the method is given more than the
//! network: the box that holds the structure, and a place within each of its parts, from which regions grow.

use ndarray::{Array2, Array3, Axis};

use crate::ct_samples::Volume;
use crate::score::Score;
use crate::threshold::smooth;

/// Standard deviations of the smoothing that are tried; 0 is none.
const SMOOTHING_PX: [f64; 3] = [0.0, 0.7, 1.2];
/// Width of a bin of HU, and the range that is looked at.
const BIN_HU: i32 = 4;
const RANGE_HU: (i32, i32) = (-200, 400);
/// Voxels around the true structure that its box has beyond it.
const MARGIN: usize = 7;

/// What the method is given beside the volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expert {
    /// Nothing, as the network: what lies within the window is the structure.
    Absent,
    /// The box around the true structure with a margin of 10 mm, and a place deep inside each connected part of it.
    MarksIt,
}

/// The best window of one structure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestWindow {
    /// Standard deviation of the smoothing.
    pub smoothing_px: f64,
    /// The least and the greatest HU within, after smoothing.
    pub window_hu: (i32, i32),
    /// What it reaches.
    pub score: Score,
}

/// The best smoothing and window for the structure `class`; none without a voxel of it.
pub fn best_window(volumes: &[Volume], class: u8, expert: Expert) -> Option<BestWindow> {
    let parts: Vec<Part> =
        volumes.iter().filter_map(|volume| Part::of(volume, class, expert)).collect();
    let mut best: Option<BestWindow> = None;
    for smoothing_px in SMOOTHING_PX {
        let smoothed: Vec<Array3<f32>> =
            parts.iter().map(|part| smoothed(&part.hu, smoothing_px)).collect();
        let windows = match expert {
            Expert::Absent => vec![best_by_counts(&counts(&parts, &smoothed))],
            Expert::MarksIt => windows_to_grow_in(&counts(&parts, &smoothed)),
        };
        for window_hu in windows {
            let mut score = Score::default();
            for (part, hu) in parts.iter().zip(&smoothed) {
                part.score(hu, window_hu, &mut score);
            }
            if score.truth > 0 && best.is_none_or(|best| score.dice() > best.score.dice()) {
                best = Some(BestWindow { smoothing_px, window_hu, score });
            }
        }
    }
    best
}

type Place = (usize, usize, usize);

/// What of a volume is worked on.
struct Part {
    hu: Array3<f32>,
    truth: Array3<bool>,
    /// Where the regions start; none: all that lies within the window counts.
    seeds: Option<Vec<Place>>,
}

impl Part {
    fn of(volume: &Volume, class: u8, expert: Expert) -> Option<Self> {
        let classes = volume.seen_classes();
        let size = [0, 1, 2].map(|axis| classes.len_of(Axis(axis)));
        let (mut low, mut high) = (size, [0; 3]);
        for ((z, y, x), own) in classes.indexed_iter() {
            if *own == class {
                for (axis, at) in [z, y, x].into_iter().enumerate() {
                    low[axis] = low[axis].min(at);
                    high[axis] = high[axis].max(at + 1);
                }
            }
        }
        if high == [0; 3] {
            return None;
        }
        let range = |axis: usize| match expert {
            Expert::Absent => ndarray::Slice::from(..),
            Expert::MarksIt => {
                let end = (high[axis] + MARGIN).min(size[axis]);
                ndarray::Slice::from(low[axis].saturating_sub(MARGIN)..end)
            }
        };
        let within = |axis: ndarray::AxisDescription| range(axis.axis.index());
        let truth = classes.slice_each_axis(within).mapv(|own| own == class);
        let hu = volume.intensities.slice_each_axis(within).mapv(f32::from);
        let seeds = (expert == Expert::MarksIt).then(|| seeds(&truth));
        Some(Self { hu, truth, seeds })
    }

    fn score(&self, hu: &Array3<f32>, (low, high): (i32, i32), score: &mut Score) {
        let inside = hu.mapv(|hu| (low as f32..=high as f32).contains(&hu));
        let found = match &self.seeds {
            None => inside,
            Some(seeds) => grown(&inside, seeds),
        };
        for (found, truth) in found.iter().zip(&self.truth) {
            score.both += u64::from(*found && *truth);
            score.found += u64::from(*found);
            score.truth += u64::from(*truth);
        }
    }
}

/// Within each slice and across them.
fn smoothed(hu: &Array3<f32>, deviation_px: f64) -> Array3<f32> {
    let mut hu = hu.clone();
    if deviation_px > 0.0 {
        for axis in [0, 2] {
            let shape = hu.index_axis(Axis(axis), 0).dim();
            // What lies outside counts as zero in the smoothing, so that it is divided out.
            let weights = smooth(&Array2::ones(shape), deviation_px);
            for mut slice in hu.axis_iter_mut(Axis(axis)) {
                let even = smooth(&slice.to_owned(), deviation_px) / &weights;
                slice.assign(&even);
            }
        }
    }
    hu
}

/// The deepest place of each connected part that has at least this many voxels.
fn seeds(truth: &Array3<bool>) -> Vec<Place> {
    const LEAST: usize = 30;
    let depth = smoothed(&truth.mapv(|own| if own { 1.0 } else { 0.0 }), 2.0);
    let mut known = Array3::from_elem(truth.dim(), false);
    let mut seeds = Vec::new();
    for (start, own) in truth.indexed_iter() {
        if !*own || known[start] {
            continue;
        }
        let (mut deepest, mut count) = (start, 0);
        let mut next = vec![start];
        known[start] = true;
        while let Some(at) = next.pop() {
            count += 1;
            if depth[at] > depth[deepest] {
                deepest = at;
            }
            for at in beside(at) {
                if truth.get(at) == Some(&true) && !known[at] {
                    known[at] = true;
                    next.push(at);
                }
            }
        }
        if count >= LEAST {
            seeds.push(deepest);
        }
    }
    seeds
}

/// The regions that hold a seed; a seed outside the window starts from the voxels beside it.
fn grown(inside: &Array3<bool>, seeds: &[Place]) -> Array3<bool> {
    let mut found = Array3::from_elem(inside.dim(), false);
    let mut next: Vec<Place> =
        seeds.iter().flat_map(|seed| std::iter::once(*seed).chain(beside(*seed))).collect();
    next.retain(|at| inside.get(*at) == Some(&true));
    for at in &next {
        found[*at] = true;
    }
    while let Some(at) = next.pop() {
        for at in beside(at) {
            if inside.get(at) == Some(&true) && !found[at] {
                found[at] = true;
                next.push(at);
            }
        }
    }
    found
}

/// The six voxels beside one; stepping below zero wraps round to a number that lies outside.
fn beside((z, y, x): Place) -> [Place; 6] {
    [
        (z.wrapping_sub(1), y, x),
        (z + 1, y, x),
        (z, y.wrapping_sub(1), x),
        (z, y + 1, x),
        (z, y, x.wrapping_sub(1)),
        (z, y, x + 1),
    ]
}

/// How many voxels of the structure, and in all, have each HU.
struct Counts {
    own: Vec<u64>,
    all: Vec<u64>,
}

fn counts(parts: &[Part], smoothed: &[Array3<f32>]) -> Counts {
    let bins = ((RANGE_HU.1 - RANGE_HU.0) / BIN_HU) as usize;
    let (mut own, mut all) = (vec![0_u64; bins], vec![0_u64; bins]);
    for (part, hu) in parts.iter().zip(smoothed) {
        for (hu, truth) in hu.iter().zip(&part.truth) {
            let bin = ((*hu as i32 - RANGE_HU.0) / BIN_HU).clamp(0, bins as i32 - 1) as usize;
            all[bin] += 1;
            own[bin] += u64::from(*truth);
        }
    }
    Counts { own, all }
}

fn edge(bin: usize) -> i32 {
    RANGE_HU.0 + bin as i32 * BIN_HU
}

/// The window of the best Dice without growing.
fn best_by_counts(Counts { own, all }: &Counts) -> (i32, i32) {
    let truth: u64 = own.iter().sum();
    let mut best = ((edge(0), edge(own.len())), -1.0);
    for low in 0..own.len() {
        let (mut both, mut found) = (0, 0);
        for high in low..own.len() {
            both += own[high];
            found += all[high];
            let dice = Score { both, found, truth }.dice();
            if dice > best.1 {
                best = ((edge(low), edge(high + 1)), dice);
            }
        }
    }
    best.0
}

/// Windows worth growing in: the best without growing, and ones between quantiles of the structure.
fn windows_to_grow_in(counts: &Counts) -> Vec<(i32, i32)> {
    let truth: u64 = counts.own.iter().sum();
    let quantile = |part: f64| {
        let mut sum = 0.0;
        let at = counts.own.iter().position(|count| {
            sum += *count as f64;
            sum >= part * truth as f64
        });
        edge(at.unwrap_or(counts.own.len()))
    };
    let mut windows = vec![best_by_counts(counts)];
    for low in [0.02, 0.1, 0.25, 0.4] {
        for high in [0.8, 0.95, 1.0] {
            windows.push((quantile(low), quantile(high) + BIN_HU));
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use messages::{Affine, IntensityVolume, Modality, Transform};

    use super::*;

    /// Two bright rods, the second broken in two.
    fn volume() -> Volume {
        let class = |(_, y, x): (usize, usize, usize)| match (y, x) {
            (10..14, 10..14) => 2,
            (2..6 | 8..13, 16..20) => 3,
            _ => 0,
        };
        let classes = Array3::from_shape_fn((20, 24, 30), class);
        let intensities = classes.mapv(|class| if class > 0 { 170_i16 } else { 60 });
        let message = IntensityVolume {
            size: [30, 24, 20],
            frame_from_voxel: Affine::from(Transform::identity()),
            modality: Modality::Ct,
            voxels: intensities.iter().copied().collect::<Vec<i16>>().into(),
        };
        Volume { intensities, classes, message }
    }

    #[test]
    fn with_seeds_each_structure_is_found_whole() {
        for class in [2, 3] {
            let best = best_window(&[volume()], class, Expert::MarksIt).unwrap();
            assert_eq!(best.score.dice(), 1.0, "{class}: {best:?}");
            assert!(best.window_hu.0 > 60 && best.window_hu.1 >= 170, "{best:?}");
        }
        assert_eq!(best_window(&[volume()], 7, Expert::MarksIt), None);
    }

    #[test]
    fn without_them_what_is_as_bright_counts_as_well() {
        let best = best_window(&[volume()], 2, Expert::Absent).unwrap();
        // 4 × 4 are asked for, 9 × 4 more are as bright.
        assert!(best.score.dice() < 0.7, "{best:?}");
    }
}
