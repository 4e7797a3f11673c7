//! The instant at which something was, on the clock of the session.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Nanoseconds since the Unix epoch, on the session clock: monotonic, with an epoch fixed when the
/// session starts, so that a step of the wall clock never moves it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The latest instant that can be written.
    pub const MAX: Self = Self(i64::MAX);

    /// Seconds since the Unix epoch, rounded to what an `f64` holds (about 0.2 µs today).
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    /// From seconds, rounded to the nearest nanosecond; values beyond the range saturate.
    pub fn from_secs_f64(seconds: f64) -> Self {
        Self((seconds * 1e9).round() as i64)
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The distance in time, whichever comes first.
    pub fn distance(self, other: Self) -> Duration {
        Duration::from_nanos(self.0.abs_diff(other.0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09} s", self.0.div_euclid(1_000_000_000), self.0.rem_euclid(1_000_000_000))
    }
}

/// A value, the instant it describes, and its place in its stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Stamped<T> {
    /// When the sensor saw it, never when it was sent.
    pub acquired_at: Timestamp,
    /// Counts up from zero for each stream and incarnation; a gap is a lost message.
    pub sequence: u64,
    /// The value.
    pub value: T,
}

impl<T> Stamped<T> {
    /// The same instant and place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Stamped<U> {
        Stamped { acquired_at: self.acquired_at, sequence: self.sequence, value: f(self.value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_instant_is_zero_after_a_later_one() {
        assert_eq!(Timestamp(5).since(Timestamp(7)), Duration::ZERO);
        assert_eq!(Timestamp(7).since(Timestamp(5)), Duration::from_nanos(2));
        assert_eq!(Timestamp(5).distance(Timestamp(7)), Duration::from_nanos(2));
    }

    #[test]
    fn the_ends_of_time_saturate() {
        assert_eq!(Timestamp::MAX + Duration::from_secs(1), Timestamp::MAX);
        assert_eq!(Timestamp(i64::MIN) - Duration::from_secs(1), Timestamp(i64::MIN));
    }
}
