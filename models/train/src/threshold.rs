//! What the simplest method reaches: call dark what lies below one grey value in the smoothed image.
//!
//! The comparison is made as hard as it can be for the network: the threshold and the smoothing are those
//! that are best on the very images that are scored, and which pixels were scanned is given.

use ndarray::Array2;

use crate::samples::Sample;
use crate::score::Score;

/// Widths of smoothing that are tried, as standard deviations.
const SMOOTHING_PX: [f64; 4] = [1.0, 1.5, 2.0, 3.0];

/// The best of all thresholds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestThreshold {
    /// Standard deviation of the smoothing.
    pub smoothing_px: f64,
    /// Grey values up to this are called vessel.
    pub threshold: u8,
    /// What it reaches.
    pub score: Score,
}

/// The best smoothing and threshold for `samples`, all of the size of `scanned`; none without samples.
pub fn best_threshold(samples: &[Sample], scanned: &Array2<bool>) -> Option<BestThreshold> {
    let mut best: Option<BestThreshold> = None;
    for smoothing_px in SMOOTHING_PX {
        // How many pixels have each smoothed grey value, among true vessels and elsewhere.
        let mut vessel = [0_u64; 256];
        let mut other = [0_u64; 256];
        let inside = scanned.mapv(|scanned| f32::from(u8::from(scanned)));
        let weights = smooth(&inside, smoothing_px);
        for sample in samples {
            let smoothed = smooth(&(sample.image.mapv(f32::from) * &inside), smoothing_px);
            for (((at, &scanned), &value), &weight) in
                scanned.indexed_iter().zip(&smoothed).zip(&weights)
            {
                if scanned {
                    let grey = (value / weight).round().clamp(0.0, 255.0) as usize;
                    let counts = if sample.mask[at] == 1 { &mut vessel } else { &mut other };
                    counts[grey] += 1;
                }
            }
        }
        let truth = vessel.iter().sum();
        let mut score = Score { truth, ..Score::default() };
        for threshold in 0..=255_u8 {
            score.both += vessel[usize::from(threshold)];
            score.found += vessel[usize::from(threshold)] + other[usize::from(threshold)];
            if best.is_none_or(|best| score.dice() > best.score.dice()) {
                best = Some(BestThreshold { smoothing_px, threshold, score });
            }
        }
    }
    best.filter(|_| !samples.is_empty())
}

/// Gaussian smoothing; what lies outside the image counts as zero.
pub(crate) fn smooth(image: &Array2<f32>, deviation_px: f64) -> Array2<f32> {
    let reach = (3.0 * deviation_px).ceil() as i64;
    let weights: Vec<f32> = (-reach..=reach)
        .map(|offset| (-0.5 * (offset as f64 / deviation_px).powi(2)).exp() as f32)
        .collect();
    let sum: f32 = weights.iter().sum();
    let along = |image: &Array2<f32>, axis: usize| {
        let mut result = Array2::<f32>::zeros(image.dim());
        let count = image.shape()[axis] as i64;
        for (offset, weight) in (-reach..=reach).zip(&weights) {
            let length = count - offset.abs();
            if length <= 0 {
                continue;
            }
            let (to, from) = ((-offset).max(0), offset.max(0));
            let part = |start: i64| ndarray::Slice::from(start as isize..(start + length) as isize);
            let axis = ndarray::Axis(axis);
            result
                .slice_axis_mut(axis, part(to))
                .scaled_add(weight / sum, &image.slice_axis(axis, part(from)));
        }
        result
    };
    along(&along(image, 0), 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn smoothing_keeps_the_sum_and_the_place() {
        let mut image = Array2::zeros((31, 41));
        image[[15, 20]] = 100.0;
        let smoothed = smooth(&image, 2.0);
        assert!((smoothed.sum() - 100.0).abs() < 1e-3);
        // The peak of a Gaussian of two dimensions: 100 / (2 pi 2²) = 3.98.
        assert!((smoothed[[15, 20]] - 3.98).abs() < 0.05, "{}", smoothed[[15, 20]]);
        assert!((smoothed[[13, 20]] - smoothed[[17, 20]]).abs() < 1e-5);
        assert!((smoothed[[15, 18]] - smoothed[[15, 22]]).abs() < 1e-5);
    }

    #[test]
    fn finds_the_threshold_that_parts_dark_from_bright() {
        let mask = Array2::from_shape_fn((60, 60), |(row, column)| {
            u8::from((20..40).contains(&row) && (20..40).contains(&column))
        });
        let image = mask.mapv(|vessel| if vessel == 1 { 20 } else { 120 });
        let sample = Sample { image, mask };
        let scanned = Array2::from_elem((60, 60), true);
        let best = best_threshold(std::slice::from_ref(&sample), &scanned).unwrap();
        assert!(best.score.dice() > 0.95, "{best:?}");
        assert!((20..120).contains(&best.threshold), "{best:?}");
        assert_eq!(best_threshold(&[], &scanned), None);
    }

    #[test]
    fn what_was_not_scanned_neither_counts_nor_darkens_its_neighbours() {
        let sample =
            Sample { image: Array2::from_elem((20, 20), 90), mask: Array2::zeros((20, 20)) };
        let scanned = Array2::from_shape_fn((20, 20), |(_, column)| column >= 10);
        let mut half = sample.clone();
        half.image.slice_mut(ndarray::s![.., ..10]).fill(0);
        let best = best_threshold(&[half], &scanned).unwrap();
        assert_eq!(best.score, Score::default(), "nothing need be called vessel");
    }
}
