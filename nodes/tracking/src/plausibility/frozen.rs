//! A pose that stands still as no measured pose does: a driver that repeats its last one, or a frozen sensor.
//!
//! Two signs, each of which appears in good poses less than once in 10⁹ hours:
//! - the same numbers `n` times more. With noise of standard deviation `σ` along each axis and a step `q` of the
//!   reported position, a position falls into any one cell with probability `p ≤ (q / σ√2π)³`, so that the row has
//!   `pⁿ`;
//! - noise far below the tracking system's own. Over `n` frames the sum of squares about the mean, over `σ²`, is χ²
//!   with `k = 3(n − 1)` degrees of freedom, or more if the tool moves; that it is less than `x k` has probability
//!   `(x e^(1−x))^(k/2)` at most (H. Chernoff, "A measure of asymptotic efficiency", Annals of Mathematical
//!   Statistics 23 (1952)). Rounding moves the root of `x` by `q / 2σ` at most.

use std::collections::VecDeque;
use std::f64::consts::PI;
use std::time::Duration;

use messages::Timestamp;
use nalgebra::{Isometry3, Vector3};

use super::false_alarm::{per_frame, row};

/// False alarms an hour, at most, for each sign.
pub const PER_HOUR: f64 = 1e-9;
/// Noise this far below the least is none.
const QUIET: f64 = 0.2;
/// Longer rows tell nothing that is soon enough.
const LONGEST_ROW: usize = 1000;

/// When poses are frozen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// So many poses equal to the one before.
    repeats: usize,
    /// And for so long.
    longest_repeat: Duration,
    /// So many poses, whose deviation along each axis is below that in millimetres.
    quiet: Option<(usize, f64)>,
}

/// The steps of the reported position are too coarse for its noise to show.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "positions in steps of {resolution_mm} mm cannot show noise of {noise_mm} mm: give `resolution_mm` and `least_noise_mm` as the tracking system's manual has them, or `least_noise_mm = 0` to do without"
)]
pub struct TooCoarse {
    /// The step.
    pub resolution_mm: f64,
    /// The noise.
    pub noise_mm: f64,
}

impl Rule {
    /// For a tracking system whose noise along each axis is `noise_mm` at least, and which reports positions in
    /// steps of `resolution_mm`, `rate_hz` times a second at most. Repeats up to `longest_repeat` are taken as those
    /// of a stream that is faster than its sensor.
    ///
    /// # Errors
    /// If the noise does not show.
    pub fn new(
        noise_mm: f64,
        resolution_mm: f64,
        rate_hz: f64,
        longest_repeat: Duration,
    ) -> Result<Self, TooCoarse> {
        let probability = per_frame(rate_hz, PER_HOUR);
        let one_cell = (resolution_mm / (noise_mm * (2.0 * PI).sqrt())).min(1.0).powi(3);
        // Poses in double precision never repeat: then one would do, but two are no coincidence of ours.
        let repeats = row(one_cell.max(1e-12), probability).filter(|row| *row <= LONGEST_ROW);
        let repeats = repeats.ok_or(TooCoarse { resolution_mm, noise_mm })?.max(2);
        let root = QUIET + resolution_mm / (2.0 * noise_mm) * 2.0_f64.sqrt();
        let x = root * root;
        let each = (x * (1.0 - x).exp()).powf(1.5);
        let quiet = row(each, probability).filter(|row| x < 1.0 && *row < LONGEST_ROW);
        let quiet = quiet.map(|row| (row + 1, QUIET * noise_mm));
        Ok(Self { repeats, longest_repeat, quiet })
    }

    /// After how many frames at the latest a frozen pose is found, apart from the longest repeat.
    pub fn frames(&self) -> usize {
        self.repeats + 1
    }
}

/// A pose that stands still.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standstill {
    /// Since when.
    pub lasting: Duration,
    /// Whether the numbers are the very same; else they have too little noise.
    pub identical: bool,
}

/// Watches one tool.
#[derive(Clone, Debug, Default)]
pub struct Frozen {
    last: Option<(Timestamp, Isometry3<f64>)>,
    /// Since when the last pose is the same.
    since: Timestamp,
    repeats: usize,
    recent: VecDeque<(Timestamp, Vector3<f64>)>,
}

impl Frozen {
    /// Takes the next pose; none if the tool is hidden.
    pub fn see(
        &mut self,
        rule: &Rule,
        at: Timestamp,
        pose: Option<&Isometry3<f64>>,
    ) -> Option<Standstill> {
        let Some(pose) = pose else {
            *self = Self::default();
            return None;
        };
        if self.last.is_some_and(|(_, last)| last == *pose) {
            self.repeats += 1;
        } else {
            (self.repeats, self.since) = (0, at);
        }
        self.last = Some((at, *pose));
        let lasting = at.since(self.since);
        let identical = self.repeats >= rule.repeats && lasting > rule.longest_repeat;
        let quiet = self.quiet(rule, at, pose);
        if identical {
            Some(Standstill { lasting, identical })
        } else {
            quiet.map(|lasting| Standstill { lasting, identical })
        }
    }

    /// For how long the noise has been too small.
    fn quiet(&mut self, rule: &Rule, at: Timestamp, pose: &Isometry3<f64>) -> Option<Duration> {
        let (window, most_mm) = rule.quiet?;
        // A repeated pose is no measurement of its own.
        if self.repeats > 0 {
            return None;
        }
        self.recent.push_back((at, pose.translation.vector));
        if self.recent.len() > window {
            self.recent.pop_front();
        }
        let (first, _) = self.recent.front()?;
        let lasting = at.since(*first);
        if self.recent.len() < window || lasting <= rule.longest_repeat {
            return None;
        }
        let count = window as f64;
        let mean = self.recent.iter().map(|(_, place)| place).sum::<Vector3<f64>>() / count;
        let squares: f64 = self.recent.iter().map(|(_, place)| (place - mean).norm_squared()).sum();
        (squares < most_mm * most_mm * 3.0 * (count - 1.0)).then_some(lasting)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const REPEAT: Duration = Duration::from_millis(50);

    fn frames_to_alarm(rule: &Rule, pose: impl Fn(i64) -> Isometry3<f64>) -> Option<i64> {
        let mut frozen = Frozen::default();
        (0..2000).find(|&frame| {
            frozen.see(rule, Timestamp(frame * 10_000_000), Some(&pose(frame))).is_some()
        })
    }

    #[test]
    fn the_row_is_as_long_as_noise_and_steps_ask_for() {
        let rule = |noise, step| Rule::new(noise, step, 100.0, REPEAT).unwrap();
        // A cell has 0.4 along each axis: 13 of 0.0635 are less than 10⁻⁹ of an hour's frames.
        assert_eq!(rule(0.01, 0.01).repeats, 13);
        assert_eq!(rule(0.1, 0.01).repeats, 4);
        assert_eq!(rule(0.1, 1e-9).repeats, 2);
        assert!(Rule::new(0.01, 0.1, 100.0, REPEAT).is_err());
        assert!(rule(0.01, 0.01).quiet.is_none(), "rounding hides the noise");
        assert!(rule(0.1, 0.001).quiet.unwrap().0 < 20);
    }

    #[test]
    fn the_same_pose_is_found_after_the_row_and_the_longest_repeat() {
        let rule = Rule::new(0.1, 0.001, 100.0, REPEAT).unwrap();
        let still = |_| Isometry3::translation(1.0, 2.0, 3.0);
        assert_eq!(frames_to_alarm(&rule, still), Some(6), "60 ms are more than 50 ms");
        let coarse = Rule::new(0.01, 0.01, 100.0, REPEAT).unwrap();
        assert_eq!(frames_to_alarm(&coarse, still), Some(13));
    }

    #[test]
    fn a_stream_three_times_as_fast_as_its_sensor_is_not_frozen() {
        let rule = Rule::new(0.1, 0.001, 100.0, REPEAT).unwrap();
        let noisy = |frame: i64| {
            let shake = |by: i64| ((frame / 3 * by) % 17) as f64 * 0.05;
            Isometry3::translation(shake(5), shake(7), shake(11))
        };
        assert_eq!(frames_to_alarm(&rule, noisy), None);
    }

    #[test]
    fn a_last_digit_that_flickers_is_not_taken_for_noise() {
        let rule = Rule::new(0.1, 0.001, 100.0, REPEAT).unwrap();
        let flicker = |frame: i64| Isometry3::translation((frame % 2) as f64 * 1e-3, 0.0, 0.0);
        let found = frames_to_alarm(&rule, flicker).unwrap();
        assert_eq!(found as usize, rule.quiet.unwrap().0 - 1);
    }

    #[test]
    fn a_hidden_frame_begins_anew() {
        let rule = Rule::new(0.1, 0.001, 100.0, REPEAT).unwrap();
        let mut frozen = Frozen::default();
        let pose = Isometry3::translation(1.0, 2.0, 3.0);
        for frame in 0..200 {
            let pose = (frame % 5 != 0).then_some(&pose);
            assert_eq!(frozen.see(&rule, Timestamp(frame * 10_000_000), pose), None);
        }
    }
}
