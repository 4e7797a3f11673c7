//! The tracking system's own error, too large for too long: a distorted magnetic field, half-covered markers.
//!
//! The limit is one that a good tool exceeds in no more than one frame of ten; that it does so in `n` frames one
//! after the other then has `10⁻ⁿ`, which is made less than once in 10⁶ hours.

use super::false_alarm::{per_frame, row};

/// False alarms an hour, at most.
pub const PER_HOUR: f64 = 1e-6;
/// How often a good tool may exceed the limit.
const EXCEEDED: f64 = 0.1;

/// When the error is too large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The limit.
    pub max_error_mm: f64,
    /// So many frames in a row.
    pub frames: usize,
}

impl Rule {
    /// For `rate_hz` frames a second.
    pub fn new(max_error_mm: f64, rate_hz: f64) -> Self {
        let frames = row(EXCEEDED, per_frame(rate_hz, PER_HOUR)).unwrap_or(usize::MAX);
        Self { max_error_mm, frames }
    }
}

/// Watches one tool.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReportedError {
    row: usize,
}

impl ReportedError {
    /// Takes the next error; none if the tool is hidden or gives none. Returns whether it is too large.
    pub fn see(&mut self, rule: &Rule, error_mm: Option<f64>) -> bool {
        // What is no number is no good error either.
        let exceeds = error_mm.is_some_and(|error| !(error <= rule.max_error_mm));
        self.row = if exceeds { self.row.saturating_add(1) } else { 0 };
        self.row >= rule.frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_row_of_large_errors_counts() {
        let rule = Rule::new(1.0, 100.0);
        assert_eq!(rule.frames, 12);
        let mut error = ReportedError::default();
        for frame in 0..100 {
            let large = if frame % 12 == 0 { 0.9 } else { 1.5 };
            assert!(!error.see(&rule, Some(large)), "{frame}");
        }
        assert!(!error.see(&rule, None));
        let found = (1..1000).find(|_| error.see(&rule, Some(f64::NAN)));
        assert_eq!(found, Some(12));
    }
}
