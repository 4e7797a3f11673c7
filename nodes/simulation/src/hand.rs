//! How a hand moves: smoothly from rest to rest, with a tremor.

use std::f64::consts::TAU;

use nalgebra::Vector3;
use rand::RngExt;

use crate::randomness::{Purpose, stream};

/// The part of the way, 0 to 1, that is done after the part `t` of the time: rest at both ends, and the
/// least jerk between (T. Flash, N. Hogan, "The coordination of arm movements: an experimentally confirmed
/// mathematical model", J. Neurosci. 5, 1985). The greatest speed is 1.875 times the mean.
pub(crate) fn ease(t: f64) -> f64 {
    let t = t.clamp(0.0, 1.0);
    t * t * t * (10.0 + t * (6.0 * t - 15.0))
}

/// Amplitude and frequency of the slow drift and of the tremor, for each axis.
const WAVES: [(f64, f64); 2] = [(0.15, 0.3), (0.03, 9.0)];

/// The unsteadiness of a hand that holds an instrument, below 0.2 mm along each axis.
#[derive(Clone, Debug)]
pub(crate) struct Hand {
    /// Amplitude, hertz and phase of the waves of each axis.
    waves: [[[f64; 3]; 2]; 3],
}

impl Hand {
    pub fn new(seed: u64, index: u64) -> Self {
        let mut rng = stream(seed, Purpose::Hand, index);
        let waves = std::array::from_fn(|_| {
            WAVES.map(|(amplitude, hertz)| {
                [amplitude, hertz * rng.random_range(0.8..1.25), rng.random_range(0.0..TAU)]
            })
        });
        Self { waves }
    }

    /// How far the hand is off its course, mm.
    pub fn offset_mm(&self, seconds: f64) -> Vector3<f64> {
        Vector3::from(self.waves.map(|axis| {
            axis.iter().map(|[a, hertz, phase]| a * (TAU * hertz * seconds + phase).sin()).sum()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movement_begins_and_ends_at_rest_and_is_fastest_in_the_middle() {
        assert_eq!(
            [ease(-1.0), ease(0.0), ease(0.5), ease(1.0), ease(2.0)],
            [0.0, 0.0, 0.5, 1.0, 1.0]
        );
        let speed = |t: f64| (ease(t + 1e-5) - ease(t - 1e-5)) / 2e-5;
        assert!((speed(0.5) - 1.875).abs() < 1e-6);
        assert!(speed(1e-4) < 1e-3 && speed(1.0 - 1e-4) < 1e-3);
    }
}
