//! How far apart two messages, or all messages of two streams, are.

use serde::Serialize;

use super::spread::{Figure, Unit};

/// What may differ, and by how much; by default nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Tolerance {
    /// Positions, millimetres.
    pub mm: f64,
    /// Lengths of vessels, millimetres.
    pub length_mm: f64,
    /// Orientations, degrees.
    pub degrees: f64,
    /// Places in an image, pixels.
    pub px: f64,
    /// Figures, as a share of the larger one.
    pub share: f64,
    /// The least Dice coefficient.
    pub dice: f64,
    /// Times of acquisition, milliseconds.
    pub ms: f64,
    /// The mean absolute difference of grey values.
    pub grey: f64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            mm: 0.0,
            length_mm: 0.0,
            degrees: 0.0,
            px: 0.0,
            share: 0.0,
            dice: 1.0,
            ms: 0.0,
            grey: 0.0,
        }
    }
}

/// The largest differences found; absent where nothing of that kind differs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Positions, millimetres.
    pub mm: Option<f64>,
    /// The largest mean distance of one tree, registration or set of surfaces, millimetres.
    pub mm_mean: Option<f64>,
    /// Lengths of all vessels of a tree, or of those of one structure, millimetres.
    pub length_mm: Option<f64>,
    /// Orientations, degrees.
    pub degrees: Option<f64>,
    /// Places in an image, pixels.
    pub px: Option<f64>,
    /// The largest mean distance of the outlines of one image, pixels.
    pub px_mean: Option<f64>,
    /// Figures, as a share of the larger one.
    pub share: Option<f64>,
    /// The least Dice coefficient.
    pub dice: Option<f64>,
    /// Times of acquisition, milliseconds.
    pub ms: Option<f64>,
    /// The largest absolute difference of a grey value.
    pub grey_max: Option<f64>,
    /// The largest mean absolute difference of the grey values of one image or volume.
    pub grey_mean: Option<f64>,
    /// What no tolerance covers, such as a tool hidden on one side only: the first few, in words.
    pub other: Vec<String>,
    /// How many of those there are.
    pub others: u64,
    /// What each thing of this pair differs by; gathered by stream, not here.
    #[serde(skip)]
    pub figures: Vec<Figure>,
}

/// So many differences of a stream are told in words.
const TOLD: usize = 5;
/// So many of a pair are kept, to be counted by what they say.
const KEPT: usize = 32;

fn larger(mine: &mut Option<f64>, value: f64) {
    // NaN counts as the largest difference there is.
    let value = if value.is_nan() { f64::INFINITY } else { value };
    *mine = Some(mine.map_or(value, |mine| mine.max(value)));
}

impl Difference {
    /// Positions differ by this.
    pub fn mm(&mut self, value: f64) {
        larger(&mut self.mm, value);
    }

    /// Many positions differ by this at most and on average.
    pub fn distances(&mut self, largest: f64, mean: f64) {
        larger(&mut self.mm, largest);
        larger(&mut self.mm_mean, mean);
    }

    /// Lengths of vessels differ by this.
    pub fn length_mm(&mut self, value: f64) {
        larger(&mut self.length_mm, value);
    }

    /// Orientations differ by this.
    pub fn degrees(&mut self, value: f64) {
        larger(&mut self.degrees, value);
    }

    /// Many places in an image differ by this at most and on average.
    pub fn px(&mut self, largest: f64, mean: f64) {
        larger(&mut self.px, largest);
        larger(&mut self.px_mean, mean);
    }

    /// A figure is another.
    pub fn figures(&mut self, a: f64, b: f64) {
        if a != b {
            larger(&mut self.share, (a - b).abs() / a.abs().max(b.abs()));
        }
    }

    /// Labels overlap by this.
    pub fn dice(&mut self, value: f64) {
        self.dice = Some(self.dice.map_or(value, |mine| mine.min(value)));
    }

    /// Times of acquisition differ by this.
    pub fn ms(&mut self, value: f64) {
        larger(&mut self.ms, value);
    }

    /// Grey values differ by this at most and on average.
    pub fn grey(&mut self, max: f64, mean: f64) {
        larger(&mut self.grey_max, max);
        larger(&mut self.grey_mean, mean);
    }

    /// Something else differs.
    pub fn other(&mut self, text: impl Into<String>) {
        self.others += 1;
        if self.other.len() < KEPT {
            self.other.push(text.into());
        }
    }

    /// One thing of this pair differs by this; no tolerance looks at it, the largest differences do.
    pub fn figure(&mut self, of: impl Into<String>, unit: Unit, value: f64) {
        self.figures.push(Figure { of: of.into(), unit, value });
    }

    /// Whether nothing was found to differ since `before`, figures aside.
    pub fn is_still(&self, before: &Self) -> bool {
        let without = |side: &Self| Self { figures: Vec::new(), ..side.clone() };
        without(self) == without(before)
    }

    /// Adds what another pair differs in; `whose` says which pair that was.
    pub fn add(&mut self, pair: Self, whose: &str) {
        for (mine, value) in [
            (&mut self.mm, pair.mm),
            (&mut self.mm_mean, pair.mm_mean),
            (&mut self.length_mm, pair.length_mm),
            (&mut self.degrees, pair.degrees),
            (&mut self.px, pair.px),
            (&mut self.px_mean, pair.px_mean),
            (&mut self.share, pair.share),
            (&mut self.ms, pair.ms),
            (&mut self.grey_max, pair.grey_max),
            (&mut self.grey_mean, pair.grey_mean),
        ] {
            if let Some(value) = value {
                larger(mine, value);
            }
        }
        if let Some(dice) = pair.dice {
            self.dice(dice);
        }
        self.others += pair.others;
        let room = TOLD.saturating_sub(self.other.len());
        self.other.extend(pair.other.into_iter().take(room).map(|text| format!("{whose}: {text}")));
    }

    /// Whether all of it is within the tolerance.
    pub fn is_within(&self, tolerance: &Tolerance) -> bool {
        let within = |value: Option<f64>, limit: f64| value.is_none_or(|value| value <= limit);
        within(self.mm, tolerance.mm)
            && within(self.length_mm, tolerance.length_mm)
            && within(self.degrees, tolerance.degrees)
            && within(self.px, tolerance.px)
            && within(self.share, tolerance.share)
            && within(self.ms, tolerance.ms)
            && within(self.grey_mean, tolerance.grey)
            && self.dice.is_none_or(|dice| dice >= tolerance.dice)
            && self.others == 0
    }

    /// Whether nothing was found to differ.
    pub fn is_none(&self) -> bool {
        self.is_still(&Self::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_pair_counts() {
        let mut all = Difference::default();
        for (mm, dice) in [(0.1, 0.9), (0.3, 0.95), (0.2, 0.8)] {
            let mut pair = Difference::default();
            pair.mm(mm);
            pair.dice(dice);
            all.add(pair, "a pair");
        }
        assert_eq!((all.mm, all.dice), (Some(0.3), Some(0.8)));
        let tolerance = Tolerance { mm: 0.3, dice: 0.8, ..Tolerance::default() };
        assert!(all.is_within(&tolerance));
        assert!(!all.is_within(&Tolerance { mm: 0.29, ..tolerance }));
        assert!(!all.is_within(&Tolerance { dice: 0.81, ..tolerance }));
    }

    #[test]
    fn not_a_number_is_within_no_tolerance() {
        let mut pair = Difference::default();
        pair.mm(f64::NAN);
        assert!(!pair.is_within(&Tolerance { mm: 1e9, ..Tolerance::default() }));
    }

    #[test]
    fn what_is_told_in_words_is_counted_but_not_told_for_ever() {
        let mut all = Difference::default();
        for _ in 0..20 {
            let mut pair = Difference::default();
            pair.other("hidden");
            all.add(pair, "a pair");
        }
        assert_eq!((all.other.len(), all.others), (TOLD, 20));
        assert!(!all.is_within(&Tolerance::default()));
    }
}
