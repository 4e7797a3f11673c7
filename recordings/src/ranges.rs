//! A set of sequence numbers, kept as ranges.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of sequence numbers as disjoint ranges in ascending order, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Adds the numbers from `first` to `last`; returns whether any of them is new.
    pub fn insert(&mut self, first: u64, last: u64) -> bool {
        if last < first {
            return false;
        }
        // Streams count up: nearly always the last range grows by one.
        if let Some((_, end)) = self.0.last_mut()
            && end.checked_add(1) == Some(first)
        {
            *end = last;
            return true;
        }
        let from = self.0.partition_point(|&(_, end)| end.saturating_add(1) < first);
        let to = self.0.partition_point(|&(start, _)| start <= last.saturating_add(1));
        if from == to {
            self.0.insert(from, (first, last));
            return true;
        }
        let touched = &self.0[from..to];
        let is_new = !touched.iter().any(|&(start, end)| start <= first && last <= end);
        let merged = (touched[0].0.min(first), touched[touched.len() - 1].1.max(last));
        self.0.splice(from..to, [merged]);
        is_new
    }

    /// Whether `number` is in the set.
    pub fn contains(&self, number: u64) -> bool {
        let at = self.0.partition_point(|&(_, end)| end < number);
        self.0.get(at).is_some_and(|&(start, _)| start <= number)
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |sum, (start, end)| sum.saturating_add((end - start).saturating_add(1)))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The smallest number.
    pub fn first(&self) -> Option<u64> {
        self.0.first().map(|&(start, _)| start)
    }

    /// The largest number.
    pub fn last(&self) -> Option<u64> {
        self.0.last().map(|&(_, end)| end)
    }

    /// The numbers from `from` up to, but without, `to` that are not in the set.
    #[must_use]
    pub fn missing(&self, from: u64, to: u64) -> Self {
        let mut missing = Vec::new();
        let mut next = from;
        for &(start, end) in &self.0 {
            if start >= to || next >= to {
                break;
            }
            if start > next {
                missing.push((next, start - 1));
            }
            next = next.max(end.saturating_add(1));
        }
        if next < to {
            missing.push((next, to - 1));
        }
        Self(missing)
    }

    /// The ranges.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().copied()
    }

    /// Adds all numbers of `other`.
    pub fn extend(&mut self, other: &Self) {
        for (first, last) in other.iter() {
            self.insert(first, last);
        }
    }
}

impl From<Vec<(u64, u64)>> for Ranges {
    fn from(ranges: Vec<(u64, u64)>) -> Self {
        let mut set = Self::default();
        for (first, last) in ranges {
            set.insert(first, last);
        }
        set
    }
}

impl From<Ranges> for Vec<(u64, u64)> {
    fn from(ranges: Ranges) -> Self {
        ranges.0
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        for (number, (first, last)) in self.iter().take(SHOWN).enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}-{last}")?;
            }
        }
        if self.0.len() > SHOWN {
            write!(f, " and {} more ranges", self.0.len() - SHOWN)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_set_of_what_was_inserted(pairs in proptest::collection::vec((0u64..60, 0u64..8), 0..30)) {
            let mut ranges = Ranges::default();
            let mut set = BTreeSet::new();
            for (first, more) in pairs {
                let fresh = (first..=first + more).any(|number| !set.contains(&number));
                prop_assert_eq!(ranges.insert(first, first + more), fresh);
                set.extend(first..=first + more);
            }
            prop_assert_eq!(ranges.count(), set.len() as u64);
            prop_assert_eq!(ranges.first(), set.first().copied());
            prop_assert_eq!(ranges.last(), set.last().copied());
            for number in 0..80 {
                prop_assert_eq!(ranges.contains(number), set.contains(&number));
            }
            let missing: Vec<u64> = ranges.missing(5, 50).iter().flat_map(|(a, b)| a..=b).collect();
            let expected: Vec<u64> = (5..50).filter(|number| !set.contains(number)).collect();
            prop_assert_eq!(missing, expected);
            prop_assert!(ranges.0.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "{:?}", ranges);
        }
    }

    #[test]
    fn the_ends_of_the_numbers_are_safe() {
        let mut ranges = Ranges::default();
        ranges.insert(u64::MAX, u64::MAX);
        ranges.insert(0, 3);
        ranges.insert(u64::MAX - 1, u64::MAX);
        assert_eq!(ranges.to_string(), format!("0-3, {}-{}", u64::MAX - 1, u64::MAX));
        assert_eq!(ranges.missing(0, 10).to_string(), "4-9");
        assert!(!ranges.insert(5, 4));
    }
}
