//! Page's cumulative sum: the earliest sign that a mean has moved, at a given rate of false alarms.
//!
//! E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954): `S ← max(0, S + z − k)`, alarm at `S > h`.
//! Of all schemes with the same time between false alarms it finds a shift of `2k` soonest (G. Moustakides, "Optimal
//! stopping times for detecting changes in distributions", Annals of Statistics 14 (1986)). The time between false
//! alarms is D. Siegmund's approximation (Sequential Analysis, 1985), within a few per cent:
//! `(exp(2k(h + 1.166)) − 2k(h + 1.166) − 1) / 2k²`.

use super::false_alarm::bisect;

/// What the sum grows to at most, in thresholds: so it comes down soon after the fault has gone.
const CAP: f64 = 2.0;

/// A sum for each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cusum {
    above: f64,
    below: f64,
    alarm: bool,
}

/// When a sum alarms; its values in standard deviations of the noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chart {
    /// Taken from each value.
    pub reference: f64,
    /// The sum that alarms.
    pub threshold: f64,
}

/// Frames between false alarms, on average, of one sum in one direction.
pub fn frames_between(reference: f64, threshold: f64) -> f64 {
    let x = 2.0 * reference * (threshold + 1.166);
    (x.exp() - x - 1.0) / (2.0 * reference * reference)
}

impl Chart {
    /// For a false alarm in `frames` on average, even if the mean of the values is wrong by `bias`, which must be
    /// less than `reference`.
    pub fn new(reference: f64, bias: f64, frames: f64) -> Self {
        let short = |threshold| frames - frames_between(reference - bias, threshold);
        Self { reference, threshold: bisect(0.0, 1e4, short) }
    }
}

impl Cusum {
    /// Takes the next value: its distance from the mean in standard deviations. From an alarm on it alarms until
    /// the sum is back at zero.
    pub fn see(&mut self, chart: &Chart, value: f64) -> bool {
        let cap = CAP * chart.threshold;
        let next = |sum: f64, value: f64| (sum + value - chart.reference).clamp(0.0, cap);
        self.above = next(self.above, value);
        self.below = next(self.below, -value);
        let highest = self.above.max(self.below);
        self.alarm = highest > chart.threshold || (self.alarm && highest > 0.0);
        self.alarm
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution as _, StandardNormal};

    use super::*;

    #[test]
    fn false_alarms_are_as_far_apart_as_is_said() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for (reference, threshold) in [(0.5, 4.0), (1.0, 2.0), (0.25, 6.0)] {
            let (mut sum, mut frames, mut alarms) = (0.0_f64, 0_u32, 0_u32);
            while alarms < 2000 {
                let value: f64 = StandardNormal.sample(&mut rng);
                sum = (sum + value - reference).max(0.0);
                frames += 1;
                if sum > threshold {
                    (sum, alarms) = (0.0, alarms + 1);
                }
            }
            let measured = f64::from(frames) / f64::from(alarms);
            let said = frames_between(reference, threshold);
            // 2000 alarms are known to about 2 %.
            assert!((measured / said - 1.0).abs() < 0.12, "{measured} and {said}");
        }
    }

    #[test]
    fn a_shift_is_found_and_its_end_too() {
        let chart = Chart::new(1.0, 0.15, 4e12);
        assert!(frames_between(0.85, chart.threshold) > 3.9e12);
        for shift in [3.0, -3.0] {
            let mut sum = Cusum::default();
            let found = (1..1000).find(|_| sum.see(&chart, shift)).unwrap();
            assert_eq!(found, (chart.threshold / 2.0).floor() as i32 + 1);
            (0..1000).for_each(|_| assert!(sum.see(&chart, shift)));
            let gone = (1..1000).find(|_| !sum.see(&chart, 0.0)).unwrap();
            assert!(f64::from(gone) <= CAP * chart.threshold + 1.0, "{gone}");
        }
    }
}
