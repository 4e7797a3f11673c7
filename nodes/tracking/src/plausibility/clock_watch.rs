//! A clock that drifts or has stepped, and poses that arrive late or unevenly: the instants that poses carry against
//! those at which they arrive.
//!
//! Of the way from the sensor only the shortest delay of a while tells of the clocks; the rest is waiting (S. Moon,
//! P. Skelly, D. Towsley, "Estimation and removal of clock skew from network delay measurements", INFOCOM 1999). So
//! the least delay of each second counts. It is held against the median of the first [`WARM_UP`] seconds; three
//! seconds in a row beyond the tolerance on the same side are an offset. The drift is the slope by Theil and Sen (P. Sen,
//! "Estimates of the regression coefficient based on Kendall's tau", JASA 63 (1968)) over the last minute, in both
//! halves of it alike: so a single step is none. Where half of the poses of a second arrive later than the tolerance after
//! that median, and not all of them alike, three seconds in a row, they arrive unevenly.
//!
//! False alarms: let the wait of one pose be exponential with mean `τ`; then the least of `n` in a second exceeds
//! the tolerance `T` with `exp(−nT/τ)`, which at 100 Hz, `τ = 5 ms` and `T = 20 ms` is `10⁻¹⁷⁴`. The slope of a half of
//! ten seconds has the deviation `√12 (τ/n) / 10^(3/2)` a second, 5 ppm there, a fortieth of what is told. Half of `n`
//! poses exceed the tolerance with less than `2ⁿ exp(−nT/2τ)`, `10⁻⁵⁶` there and `10⁻¹¹` at 20 Hz. What remains
//! is a machine that lets every pose of three seconds wait too long: then they are late indeed.

use std::collections::VecDeque;
use std::time::Duration;

use messages::Timestamp;

/// Seconds before offsets are told.
pub const WARM_UP: usize = 10;
/// As long the least delay is looked for.
pub const WINDOW: Duration = Duration::from_secs(1);
/// With fewer poses the least delay is none.
const LEAST_POSES: usize = 5;
/// Poses of which the delays are kept.
const MOST_POSES: usize = 2000;
/// Windows that are kept: the last minute.
const KEPT: usize = 60;
/// Before a drift is told.
const LEAST_KEPT: usize = 20;
/// Windows in a row beyond the tolerance.
pub const ROW: i32 = 3;

/// What is too much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// How much later or earlier the quickest poses of a second may arrive than at the start, and how much later half of
    /// them.
    pub tolerance_ms: f64,
    /// How fast that may change.
    pub max_drift_ppm: f64,
}

/// What a clock does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ClockState {
    /// Nothing unusual.
    #[default]
    Sound,
    /// It drifts, and is still within the tolerance.
    Drifts {
        /// Poses arrive later by so many microseconds each second; earlier, if negative.
        ppm: f64,
    },
    /// It is off.
    Off {
        /// Poses arrive so much later than at the start; earlier, if negative.
        by_ms: f64,
        /// The drift, if it is that; else it was a step.
        ppm: Option<f64>,
    },
    /// Poses arrive now sooner, now later.
    Uneven {
        /// Half of them arrive so much later than the quickest at the start, or more.
        by_ms: f64,
    },
}

/// Watches one stream.
#[derive(Clone, Debug, Default)]
pub struct ClockWatch {
    window: Option<Window>,
    begun: Option<Timestamp>,
    /// When, in seconds, and the least delay, in milliseconds.
    least: VecDeque<(f64, f64)>,
    baseline_ms: Option<f64>,
    /// Windows in a row beyond the tolerance: negative for earlier ones.
    row: i32,
    /// Windows in a row of which half is late, and not all alike.
    uneven_row: i32,
    state: ClockState,
}

#[derive(Clone, Debug)]
struct Window {
    since: Timestamp,
    delays_ms: Vec<f64>,
}

impl ClockWatch {
    /// Takes the next pose: when it was measured, and when it arrived.
    pub fn see(&mut self, rule: &Rule, acquired_at: Timestamp, arrived: Timestamp) -> ClockState {
        let delay_ms = arrived.0.saturating_sub(acquired_at.0) as f64 * 1e-6;
        let begun = *self.begun.get_or_insert(arrived);
        let new = || Window { since: arrived, delays_ms: vec![delay_ms] };
        match &mut self.window {
            Some(window)
                if arrived.since(window.since) >= WINDOW
                    && window.delays_ms.len() >= LEAST_POSES =>
            {
                let closed = std::mem::replace(window, new());
                let at_s = closed.since.since(begun).as_secs_f64();
                self.close(rule, at_s, closed.delays_ms);
            }
            // Of more than any tracking system gives the rest tells nothing new.
            Some(window) if window.delays_ms.len() < MOST_POSES => window.delays_ms.push(delay_ms),
            Some(_) => {}
            none => *none = Some(new()),
        }
        self.state
    }

    fn close(&mut self, rule: &Rule, at_s: f64, delays_ms: Vec<f64>) {
        let least_ms = delays_ms.iter().copied().fold(f64::INFINITY, f64::min);
        self.least.push_back((at_s, least_ms));
        if self.least.len() > KEPT {
            self.least.pop_front();
        }
        let Some(baseline_ms) = self.baseline_ms else {
            if self.least.len() == WARM_UP {
                self.baseline_ms = median(self.least.iter().map(|(_, delay)| *delay).collect());
            }
            return;
        };
        let by_ms = least_ms - baseline_ms;
        self.row = match (by_ms > rule.tolerance_ms, by_ms < -rule.tolerance_ms) {
            (true, _) => self.row.max(0).saturating_add(1),
            (_, true) => self.row.min(0).saturating_sub(1),
            _ => 0,
        };
        let half_ms = median(delays_ms).unwrap_or(least_ms);
        let half_by_ms = half_ms - baseline_ms;
        // Where all are late alike, the clock or the way is another.
        let spread_ms = half_ms - least_ms;
        let is_uneven = half_by_ms > rule.tolerance_ms && spread_ms > rule.tolerance_ms / 2.0;
        self.uneven_row = if is_uneven { self.uneven_row.saturating_add(1) } else { 0 };
        self.state = if self.row.abs() >= ROW {
            // Whether it was a step is seen best at once: later it lies in the middle of what is kept.
            let ppm = match self.state {
                ClockState::Off { ppm, .. } => ppm,
                _ => self.drift(rule, false),
            };
            ClockState::Off { by_ms, ppm }
        } else if self.uneven_row >= ROW {
            ClockState::Uneven { by_ms: half_by_ms }
        } else {
            let ppm = self.drift(rule, true);
            ppm.map_or(ClockState::Sound, |ppm| ClockState::Drifts { ppm })
        };
    }

    /// The slope of the later half, if it is too steep there, and in the earlier half as well if `in_both`.
    fn drift(&self, rule: &Rule, in_both: bool) -> Option<f64> {
        if self.least.len() < LEAST_KEPT {
            return None;
        }
        let points: Vec<(f64, f64)> = self.least.iter().copied().collect();
        let (early, late) = points.split_at(points.len() / 2);
        // A millisecond in a second is 1000 ppm.
        let (early, late) = (slope(early)? * 1e3, slope(late)? * 1e3);
        let steep = |ppm: f64| ppm.abs() > rule.max_drift_ppm;
        let both = steep(early) && early.signum() == late.signum();
        (steep(late) && (both || !in_both)).then_some(late)
    }
}

/// The median of the slopes between all points.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (number, (x, y)) in points.iter().enumerate() {
        let rest = points[number + 1..].iter().filter(|(other, _)| other > x);
        slopes.extend(rest.map(|(other_x, other_y)| (other_y - y) / (other_x - x)));
    }
    median(slopes)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution as _, Exp};

    use super::*;

    const RULE: Rule = Rule { tolerance_ms: 20.0, max_drift_ppm: 200.0 };

    /// The first second with another state than sound, and the state, for delays of 3 ms and waits of 5 ms.
    fn found(seconds: usize, clock_error_ms: impl Fn(f64) -> f64) -> Option<(f64, ClockState)> {
        let states = states(seconds, clock_error_ms, |_| 0.0);
        states.into_iter().find(|(_, state)| *state != ClockState::Sound)
    }

    /// The state at each pose, where poses are held up besides, by so much at a time.
    fn states(
        seconds: usize,
        clock_error_ms: impl Fn(f64) -> f64,
        mut held_up_ms: impl FnMut(f64) -> f64,
    ) -> Vec<(f64, ClockState)> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let waits = Exp::new(1.0 / 5.0).unwrap();
        let mut watch = ClockWatch::default();
        let frames = (0..seconds * 100).map(|frame| {
            let time = frame as f64 * 0.01;
            let stamped_ms = time * 1e3 + clock_error_ms(time);
            let arrived_ms = time * 1e3 + 3.0 + waits.sample(&mut rng) + held_up_ms(time);
            let ns = |ms: f64| Timestamp((ms * 1e6) as i64);
            (time, watch.see(&RULE, ns(stamped_ms), ns(arrived_ms)))
        });
        frames.collect()
    }

    #[test]
    fn waits_and_a_good_crystal_are_let_alone() {
        assert_eq!(found(600, |_| 0.0), None);
        // 20 ppm are 12 ms in ten minutes.
        assert_eq!(found(600, |time| -0.02 * time), None);
        // A minute of 15 ms more on the way.
        assert_eq!(
            found(600, |time| if (100.0..160.0).contains(&time) { -15.0 } else { 0.0 }),
            None
        );
    }

    #[test]
    fn a_step_is_found_in_both_directions_and_is_no_drift() {
        for step in [30.0, -30.0] {
            let (time, state) = found(600, |time| if time > 100.0 { step } else { 0.0 }).unwrap();
            assert!((100.0..105.5).contains(&time), "{time}");
            let ClockState::Off { by_ms, ppm: None } = state else { panic!("{state:?}") };
            assert!((by_ms + step).abs() < 0.5, "{by_ms}");
        }
    }

    #[test]
    fn poses_that_come_unevenly_are_found_until_they_come_evenly_again() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        // Each fourth second all of them are late.
        let states = states(
            300,
            |_| 0.0,
            |time| match time {
                100.0..200.0 if time as usize % 4 == 3 => rng.random_range(30.0..80.0),
                100.0..200.0 => rng.random_range(0.0..80.0),
                _ => 0.0,
            },
        );
        let (found_at, state) =
            states.iter().find(|(_, state)| *state != ClockState::Sound).unwrap();
        assert!((102.9..105.5).contains(found_at), "{found_at}");
        let ClockState::Uneven { by_ms } = state else { panic!("{state:?}") };
        assert!((30.0..60.0).contains(by_ms), "{by_ms}");
        for &(time, state) in &states {
            let is_uneven = matches!(state, ClockState::Uneven { .. });
            assert!(is_uneven || !(*found_at..200.0).contains(&time), "{time}: {state:?}");
            assert!(!is_uneven || time < 202.1, "{time}: {state:?}");
        }
    }

    #[test]
    fn what_a_busy_machine_holds_up_now_and_then_is_let_alone() {
        // A third of each second for a minute, and two whole seconds.
        let states = states(
            400,
            |_| 0.0,
            |time| {
                let is_busy = (100.0..160.0).contains(&time) && time.fract() < 0.3;
                if is_busy || (300.0..302.0).contains(&time) { 200.0 } else { 0.0 }
            },
        );
        assert!(states.iter().all(|(_, state)| *state == ClockState::Sound));
    }

    #[test]
    fn a_longer_way_is_a_step_from_beginning_to_end_and_never_uneven() {
        for from in [100.0, 100.3, 100.9] {
            let is_longer = move |time: f64| (from..from + 20.0).contains(&time);
            let states = states(200, |_| 0.0, |time| if is_longer(time) { 60.0 } else { 0.0 });
            assert!(!states.iter().any(|(_, state)| matches!(state, ClockState::Uneven { .. })));
            let off = |(_, state): &&(f64, ClockState)| matches!(state, ClockState::Off { .. });
            assert!((from..from + 4.2).contains(&states.iter().find(off).unwrap().0));
            assert!((from + 19.9..from + 22.1).contains(&states.iter().rfind(off).unwrap().0));
        }
    }

    #[test]
    fn a_drift_is_told_before_it_is_an_offset() {
        let (time, state) = found(600, |time| -0.5 * time).unwrap();
        assert!(time < 25.0, "{time}");
        let ClockState::Drifts { ppm } = state else { panic!("{state:?}") };
        assert!((ppm - 500.0).abs() < 60.0, "{ppm}");
    }
}
