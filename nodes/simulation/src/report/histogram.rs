//! Quantiles of any number of measurements in memory of fixed size.

/// Width of a bin.
const BIN: f64 = 0.02;
/// Bins; what is beyond counts as the last.
const BINS: usize = 10_000;

/// How often values from 0 to 200 (millimetres, as a rule) came, to 0.02.
#[derive(Clone, Debug)]
pub struct Histogram {
    bins: Vec<u64>,
    count: u64,
    sum: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { bins: vec![0; BINS], count: 0, sum: 0.0 }
    }
}

impl Histogram {
    /// Adds a value; one that is not finite or below zero counts as the largest.
    pub fn add(&mut self, value: f64) {
        let most = BIN * BINS as f64;
        let value = if (0.0..most).contains(&value) { value } else { most };
        self.bins[((value / BIN) as usize).min(BINS - 1)] += 1;
        self.count += 1;
        self.sum += value;
    }

    /// Adds all values of another.
    pub fn add_all(&mut self, other: &Self) {
        for (bin, more) in self.bins.iter_mut().zip(&other.bins) {
            *bin += more;
        }
        self.count += other.count;
        self.sum += other.sum;
    }

    /// How many values came.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; none without values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// The value that the part `part` of all does not exceed, to half a bin; none without values.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let wanted = (part.clamp(0.0, 1.0) * self.count as f64).ceil().max(1.0) as u64;
        let mut before = 0;
        let bin = self.bins.iter().position(|bin| {
            before += bin;
            before >= wanted
        })?;
        Some((bin as f64 + 0.5) * BIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.quantile(0.5), histogram.mean()), (None, None));
        for value in 1..=100 {
            histogram.add(f64::from(value) * 0.1);
        }
        assert!((histogram.quantile(0.5).unwrap() - 5.0).abs() <= BIN);
        assert!((histogram.quantile(0.95).unwrap() - 9.5).abs() <= BIN);
        assert!((histogram.mean().unwrap() - 5.05).abs() < 1e-9);
        histogram.add(f64::NAN);
        assert!(histogram.quantile(1.0).unwrap() > 199.0);
    }
}
