//! Counters and distributions that a participant publishes as its status.

use std::time::Duration;

use hdrhistogram::Histogram;
use messages::Percentiles;

/// A distribution of durations in microseconds.
#[derive(Debug)]
pub struct Distribution(Histogram<u32>);

/// An hour: longer durations count as one.
const MAX_US: u64 = 3_600_000_000;

impl Distribution {
    /// An empty one.
    pub fn new() -> Self {
        // The bounds are constants within what the histogram takes, so that neither falls back.
        let histogram = Histogram::new_with_bounds(1, MAX_US, 2).or_else(|_| Histogram::new(2));
        Self(histogram.unwrap_or_else(|_| unreachable!("two digits are a valid precision")))
    }

    /// Adds one duration.
    pub fn record(&mut self, duration: Duration) {
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(MAX_US);
        self.0.saturating_record(microseconds);
    }

    /// What the status says of it.
    pub fn percentiles(&self) -> Percentiles {
        if self.0.is_empty() {
            return Percentiles::default();
        }
        Percentiles {
            count: self.0.len(),
            p50: self.0.value_at_quantile(0.5),
            p99: self.0.value_at_quantile(0.99),
            max: self.0.max(),
        }
    }
}
