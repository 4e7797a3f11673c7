//! From how often a detector may be wrong to its threshold, for normal noise.

use std::f64::consts::PI;

/// The probability for each frame that makes `per_hour` false alarms an hour at `rate_hz` frames a second.
pub fn per_frame(rate_hz: f64, per_hour: f64) -> f64 {
    per_hour / (3600.0 * rate_hz)
}

/// How long an independent vector of three standard normal components is at most, but for `probability`.
///
/// `P(χ₃ > z) = erfc(z/√2) + √(2/π) z exp(−z²/2)`, and by Mills' ratio `erfc(z/√2) ≤ √(2/π)/z exp(−z²/2)`: the
/// bound is used, so that the length is rather too great.
pub fn longest_noise(probability: f64) -> f64 {
    let bound = |z: f64| (2.0 / PI).sqrt() * (z + z.recip()) * (-z * z / 2.0).exp();
    bisect(1.0, 40.0, |z| bound(z) - probability)
}

/// How many independent events in a row are needed, each of probability `each` at most, before the row has
/// `probability` at most; none if no number suffices.
pub fn row(each: f64, probability: f64) -> Option<usize> {
    let needed = (probability.ln() / each.ln()).ceil();
    (each < 1.0 && needed.is_finite() && needed <= 1e6).then_some(needed.max(1.0) as usize)
}

/// The zero of a falling function between `low` and `high`.
pub(super) fn bisect(mut low: f64, mut high: f64, falling: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if falling(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_of_three_components_is_near_their_table() {
        // χ² with three degrees of freedom, upper 0.1 % and 10⁻⁶: 16.266 and 30.665.
        for (probability, square) in [(1e-3, 16.266_f64), (1e-6, 30.665)] {
            let z = longest_noise(probability);
            assert!(z >= square.sqrt() && z < square.sqrt() * 1.01, "{z}");
        }
    }

    #[test]
    fn a_row_is_as_long_as_its_logarithms_say() {
        assert_eq!(row(0.1, 1e-12), Some(12));
        assert_eq!(row(0.1, 0.99e-12), Some(13));
        assert_eq!(row(1.0, 1e-12), None);
        assert_eq!(per_frame(100.0, 3.6), 1e-5);
    }
}
