//! Where a tip rested around an instant, or why it did not.

use nalgebra::{Point3, Vector3};

/// Fewer samples average nothing.
const LEAST_SAMPLES: usize = 10;
/// Share of the samples that must see the tool.
const LEAST_SEEN: f64 = 0.8;
/// Motion is told from noise by comparing the means of this many parts of the window, one after the other.
const PARTS: usize = 5;

/// Why there is no place where the tip rested.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Unrest {
    /// Nearly nothing is known of the time.
    #[error(
        "only {came} poses came around then, but {LEAST_SAMPLES} are needed; let the tip rest longer"
    )]
    TooFew {
        /// How many came.
        came: usize,
    },
    /// It was not seen.
    #[error(
        "it was hidden in {percent:.0} % of the time around then; keep it in sight of the tracker"
    )]
    Hidden {
        /// Share of the samples, in percent.
        percent: f64,
    },
    /// It moved.
    #[error(
        "its tip moved by {moved_mm:.1} mm around then, {most_mm:.1} mm are allowed; let it rest on the landmark"
    )]
    Moved {
        /// By how much.
        moved_mm: f64,
        /// How much is allowed.
        most_mm: f64,
    },
}

/// The mean place of a tip that rested; `samples` are in the order of time, `None` where it was hidden.
///
/// # Errors
/// If there are too few samples, too many do not see the tip, or the means of fifths of the time lie more than `most_mm`
/// apart. Means are compared, and not samples, because the noise of single poses is larger than what a hand moves at rest.
pub fn rest(samples: &[Option<Point3<f64>>], most_mm: f64) -> Result<Point3<f64>, Unrest> {
    if samples.len() < LEAST_SAMPLES {
        return Err(Unrest::TooFew { came: samples.len() });
    }
    let seen: Vec<Point3<f64>> = samples.iter().copied().flatten().collect();
    let share = seen.len() as f64 / samples.len() as f64;
    if share < LEAST_SEEN {
        return Err(Unrest::Hidden { percent: 100.0 * (1.0 - share) });
    }
    let means: Vec<Point3<f64>> = seen.chunks(seen.len().div_ceil(PARTS)).map(mean).collect();
    let pairs = means.iter().flat_map(|a| means.iter().map(move |b| (a - b).norm()));
    let moved_mm = pairs.fold(0.0, f64::max);
    if moved_mm > most_mm {
        return Err(Unrest::Moved { moved_mm, most_mm });
    }
    Ok(mean(&seen))
}

fn mean(places: &[Point3<f64>]) -> Point3<f64> {
    let sum: Vector3<f64> = places.iter().map(|place| place.coords).sum();
    Point3::from(sum / places.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};

    /// 60 samples with 0.5 mm of noise along each axis, that move by `drift_mm` in all.
    fn samples(drift_mm: f64) -> Vec<Option<Point3<f64>>> {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(4);
        (0..60)
            .map(|i| {
                let noise = Vector3::from_fn(|_, _| StandardNormal.sample(&mut rng)) * 0.5;
                let drift = drift_mm * f64::from(i) / 59.0;
                Some(Point3::new(10.0 + drift, -4.0, 7.0) + noise)
            })
            .collect()
    }

    #[test]
    fn noise_is_averaged_and_no_motion() {
        let place = rest(&samples(0.0), 1.0).unwrap();
        assert!((place - Point3::new(10.0, -4.0, 7.0)).norm() < 0.25, "{place}");
    }

    #[test]
    fn a_motion_that_hides_in_the_noise_of_single_samples_is_seen() {
        let Err(Unrest::Moved { moved_mm, .. }) = rest(&samples(2.5), 1.0) else { panic!() };
        assert!((1.3..3.0).contains(&moved_mm), "{moved_mm}");
    }

    #[test]
    fn hidden_and_too_few_are_told() {
        let mut half = samples(0.0);
        half[..30].fill(None);
        assert_eq!(rest(&half, 1.0), Err(Unrest::Hidden { percent: 50.0 }));
        assert_eq!(rest(&half[..4], 1.0), Err(Unrest::TooFew { came: 4 }));
        assert_eq!(rest(&[], 1.0), Err(Unrest::TooFew { came: 0 }));
    }
}
