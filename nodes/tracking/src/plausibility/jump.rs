//! A tool that moves faster than a hand: mixed-up markers, a reflection, a burst of interference.
//!
//! From one pose to the next a tool goes no further than the highest speed takes it, and the noise of both: the
//! difference of two positions has `√2 σ` along each axis, and is longer than `z √2 σ` once in 10⁶ hours. Instants are
//! taken to be right within [`JITTER`]; where poses arrived further apart than their instants say, by more than
//! [`STALL`], that counts, so that a clock that is set back makes no jumps.

use std::time::Duration;

use messages::Timestamp;
use nalgebra::Isometry3;

use super::false_alarm::{longest_noise, per_frame};

/// False alarms an hour, at most.
pub const PER_HOUR: f64 = 1e-6;
/// How far the instants of two frames may be from those at which they were measured.
pub const JITTER: Duration = Duration::from_millis(2);
/// No usual wait on the way is longer.
pub const STALL: Duration = Duration::from_millis(25);
/// After a longer gap nothing is compared.
const GAP: Duration = Duration::from_secs(1);

/// What a tool may do from one frame to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The highest speed.
    pub max_speed_mm_s: f64,
    /// The highest angular speed.
    pub max_turn_rad_s: f64,
    noise_mm: f64,
    noise_rad: f64,
}

impl Rule {
    /// For noise of standard deviation `noise_mm` along and `noise_rad` about each axis, `rate_hz` frames a second.
    pub fn new(
        (max_speed_mm_s, max_turn_rad_s): (f64, f64),
        (noise_mm, noise_rad): (f64, f64),
        rate_hz: f64,
    ) -> Self {
        // Half of the false alarms for the position, half for the direction.
        let longest = longest_noise(per_frame(rate_hz, PER_HOUR) / 2.0) * 2.0_f64.sqrt();
        let (noise_mm, noise_rad) = (longest * noise_mm, longest * noise_rad);
        Self { max_speed_mm_s, max_turn_rad_s, noise_mm, noise_rad }
    }

    /// How far a tool may come in `time`, and how far it may turn.
    pub fn reach(&self, time: Duration) -> (f64, f64) {
        let seconds = (time + JITTER).as_secs_f64();
        (
            self.max_speed_mm_s * seconds + self.noise_mm,
            self.max_turn_rad_s * seconds + self.noise_rad,
        )
    }
}

/// A motion that no hand makes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jumped {
    /// How far.
    pub moved_mm: f64,
    /// By how much it turned.
    pub turned_rad: f64,
    /// In what time.
    pub within: Duration,
}

/// Watches one tool.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jump {
    last: Option<(Timestamp, Timestamp, Isometry3<f64>)>,
}

impl Jump {
    /// Takes the next pose, measured and arrived at two instants; none if the tool is hidden.
    pub fn see(
        &mut self,
        rule: &Rule,
        (at, arrived): (Timestamp, Timestamp),
        pose: Option<&Isometry3<f64>>,
    ) -> Option<Jumped> {
        let pose = pose?;
        let (before, arrived_before, last) = self.last.replace((at, arrived, *pose))?;
        let (measured, waited) = (at.since(before), arrived.since(arrived_before));
        let within = if waited > measured + STALL { waited } else { measured };
        if within > GAP {
            return None;
        }
        let moved_mm = (pose.translation.vector - last.translation.vector).norm();
        let turned_rad = pose.rotation.angle_to(&last.rotation);
        let (reach_mm, reach_rad) = rule.reach(within);
        (moved_mm > reach_mm || turned_rad > reach_rad).then_some(Jumped {
            moved_mm,
            turned_rad,
            within,
        })
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{UnitQuaternion, Vector3};

    use super::*;

    const MS: i64 = 1_000_000;

    fn rule() -> Rule {
        Rule::new((2000.0, 10.0), (0.2, 0.002), 100.0)
    }

    #[test]
    fn the_margin_is_that_of_the_noise() {
        let (reach_mm, reach_rad) = rule().reach(Duration::from_millis(10));
        // 7.7 deviations of √2 · 0.2 mm beside the 24 mm of 12 ms.
        assert!((reach_mm - 24.0 - 2.19).abs() < 0.05, "{reach_mm}");
        assert!((reach_rad - 0.12 - 0.0219).abs() < 0.0005, "{reach_rad}");
    }

    #[test]
    fn far_and_turned_over_are_jumps_and_a_fast_hand_is_none() {
        let see = |move_mm: f64, turn_rad: f64, ms: i64| {
            let mut jump = Jump::default();
            let now = |ms: i64| (Timestamp(ms * MS), Timestamp((ms + 3) * MS));
            jump.see(&rule(), now(0), Some(&Isometry3::identity()));
            let turn = UnitQuaternion::from_scaled_axis(Vector3::x() * turn_rad);
            let pose = Isometry3::from_parts(Vector3::new(0.0, move_mm, 0.0).into(), turn);
            jump.see(&rule(), now(ms), Some(&pose)).is_some()
        };
        assert!(see(30.0, 0.0, 10) && see(0.0, 3.1, 10));
        assert!(!see(20.0, 0.1, 10), "2 m/s");
        assert!(!see(30.0, 0.0, 20), "hidden for a frame");
        assert!(!see(500.0, 3.1, 1500), "anything may have happened meanwhile");
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_jump_and_a_short_wait_hides_none() {
        let see = |waited_ms: i64| {
            let mut jump = Jump::default();
            jump.see(&rule(), (Timestamp(0), Timestamp(0)), Some(&Isometry3::identity()));
            let now = (Timestamp(10 * MS), Timestamp(waited_ms * MS));
            jump.see(&rule(), now, Some(&Isometry3::translation(40.0, 0.0, 0.0))).is_some()
        };
        assert!(see(10) && see(35));
        assert!(!see(50));
    }
}
