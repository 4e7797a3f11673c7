//! How what differs is spread over the messages of a stream: its median, its 95th percentile, and the
//! worst with its instant.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use messages::Timestamp;
use serde::Serialize;

/// So many values of one figure are kept; of more, every second, every fourth, ….
const KEPT: usize = 1 << 16;
/// So many different changes are told in words.
const CHANGES: usize = 64;
/// So many of them are printed for a person.
const PRINTED: usize = 8;

/// What a figure is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Millimetres.
    Mm,
    /// Degrees.
    Degrees,
    /// Pixels.
    Px,
    /// A Dice coefficient: 1 where nothing differs.
    Dice,
}

impl Unit {
    fn is_worse(self, value: f64, than: f64) -> bool {
        if self == Self::Dice { value < than } else { value > than }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Mm => " mm",
            Self::Degrees => "°",
            Self::Px => " px",
            Self::Dice => " Dice",
        }
    }
}

/// How one thing differs between two messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What differs, such as `instrument to portal_vein`.
    pub of: String,
    /// In what.
    pub unit: Unit,
    /// By how much.
    pub value: f64,
}

/// One figure over all pairs that differ and have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// In how many pairs it was measured.
    pub count: u64,
    /// Half of the pairs are no worse.
    pub median: f64,
    /// 95 of 100 pairs are no worse.
    pub p95: f64,
    /// The worst.
    pub worst: f64,
    /// When that was acquired, seconds after the start of the first recording.
    pub worst_at_s: f64,
}

/// Something that no figure covers, such as another alarm, in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// In how many pairs.
    pub count: u64,
    /// When the first of them was acquired, seconds after the start of the first recording.
    pub first_at_s: f64,
}

/// What one stream differs by.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Spreads {
    /// Millimetres, by what differs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub spreads_mm: BTreeMap<String, Spread>,
    /// Degrees, by what differs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub spreads_degrees: BTreeMap<String, Spread>,
    /// Pixels, by what differs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub spreads_px: BTreeMap<String, Spread>,
    /// Dice coefficients, by what differs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub spreads_dice: BTreeMap<String, Spread>,
    /// Everything else, by what it says.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub changes: BTreeMap<String, Change>,
}

/// The values of one figure so far.
#[derive(Clone, Debug)]
struct Values {
    kept: Vec<f64>,
    every: u64,
    count: u64,
    worst: f64,
    worst_at_s: f64,
}

/// Gathers the figures and changes of a stream.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    values: BTreeMap<(Unit, String), Values>,
    changes: BTreeMap<String, Change>,
}

impl Gathered {
    /// Takes note of the figures and changes of a pair acquired at `at`, in a recording from `start`.
    pub fn add(
        &mut self,
        figures: Vec<Figure>,
        changes: &[String],
        at: Timestamp,
        start: Timestamp,
    ) {
        let at_s = (at.0.saturating_sub(start.0)) as f64 * 1e-9;
        for Figure { of, unit, value } in figures {
            // What is no number is as bad as can be.
            let value = match (unit, value.is_nan()) {
                (Unit::Dice, true) => 0.0,
                (_, true) => f64::INFINITY,
                _ => value,
            };
            let values = self.values.entry((unit, of)).or_insert_with(|| Values {
                kept: Vec::new(),
                every: 1,
                count: 0,
                worst: value,
                worst_at_s: at_s,
            });
            if unit.is_worse(value, values.worst) {
                (values.worst, values.worst_at_s) = (value, at_s);
            }
            if values.count.is_multiple_of(values.every) {
                if values.kept.len() == KEPT {
                    let mut number = 0_usize;
                    values.kept.retain(|_| {
                        number += 1;
                        number % 2 == 1
                    });
                    values.every *= 2;
                }
                if values.count.is_multiple_of(values.every) {
                    values.kept.push(value);
                }
            }
            values.count += 1;
        }
        for text in changes {
            if let Some(change) = self.changes.get_mut(text) {
                change.count += 1;
            } else if self.changes.len() < CHANGES {
                self.changes.insert(text.clone(), Change { count: 1, first_at_s: at_s });
            }
        }
    }

    /// All of it.
    pub fn spreads(&self) -> Spreads {
        let mut spreads = Spreads { changes: self.changes.clone(), ..Spreads::default() };
        for ((unit, of), values) in &self.values {
            let mut kept = values.kept.clone();
            kept.sort_unstable_by(f64::total_cmp);
            if *unit == Unit::Dice {
                kept.reverse();
            }
            let spread = Spread {
                count: values.count,
                median: percentile(&kept, 50),
                p95: percentile(&kept, 95),
                worst: values.worst,
                worst_at_s: values.worst_at_s,
            };
            let into = match unit {
                Unit::Mm => &mut spreads.spreads_mm,
                Unit::Degrees => &mut spreads.spreads_degrees,
                Unit::Px => &mut spreads.spreads_px,
                Unit::Dice => &mut spreads.spreads_dice,
            };
            into.insert(of.clone(), spread);
        }
        spreads
    }
}

/// The value that `percent` of 100 do not exceed, by the nearest rank.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

impl Spreads {
    /// Lines for a person: what differs at all, and the changes that come most often.
    pub fn lines(&self) -> Vec<String> {
        let units = [
            (Unit::Mm, &self.spreads_mm),
            (Unit::Degrees, &self.spreads_degrees),
            (Unit::Px, &self.spreads_px),
            (Unit::Dice, &self.spreads_dice),
        ];
        let nothing = |unit| if unit == Unit::Dice { 1.0 } else { 0.0 };
        let told: Vec<(Unit, &String, &Spread)> = units
            .into_iter()
            .flat_map(|(unit, spreads)| spreads.iter().map(move |(of, spread)| (unit, of, spread)))
            .filter(|(unit, _, spread)| unit.is_worse(spread.worst, nothing(*unit)))
            .collect();
        let width = told.iter().map(|(_, of, _)| of.chars().count()).max().unwrap_or(0);
        let mut lines: Vec<String> = told
            .into_iter()
            .map(|(unit, of, spread)| {
                let name = unit.name();
                format!(
                    "{of:width$}  median {}, p95 {}, {} {}{name} at {:.2} s, in {} message{}",
                    figure(spread.median),
                    figure(spread.p95),
                    if unit == Unit::Dice { "least" } else { "most" },
                    figure(spread.worst),
                    spread.worst_at_s,
                    spread.count,
                    if spread.count == 1 { "" } else { "s" }
                )
            })
            .collect();
        let mut changes: Vec<(&String, &Change)> = self.changes.iter().collect();
        changes.sort_by_key(|(_, change)| std::cmp::Reverse(change.count));
        lines.extend(changes.iter().take(PRINTED).map(|(text, change)| {
            let mut line = format!("{text}: from {:.2} s", change.first_at_s);
            let s = if change.count == 1 { "" } else { "s" };
            let _ = write!(line, ", in {} message{s}", change.count);
            line
        }));
        if changes.len() > PRINTED {
            lines.push(format!("{} other changes: --json tells them", changes.len() - PRINTED));
        }
        lines
    }
}

/// Three places that count, and no more zeros than a person reads.
fn figure(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 1e-3 => format!("{value:.0e}"),
        size if size < 10.0 => format!("{value:.3}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(unit: Unit, values: &[f64]) -> Gathered {
        let mut gathered = Gathered::default();
        for (second, &value) in values.iter().enumerate() {
            let figures = vec![Figure { of: "tip".to_owned(), unit, value }];
            let at = Timestamp(5_000_000_000 + 1_000_000_000 * second as i64);
            gathered.add(figures, &[], at, Timestamp(5_000_000_000));
        }
        gathered
    }

    #[test]
    fn the_spread_is_that_of_all_pairs_and_the_worst_has_its_instant() {
        let values: Vec<f64> = (0..100).map(|number| f64::from((number * 37) % 100)).collect();
        let spreads = gathered(Unit::Mm, &values).spreads();
        let spread = &spreads.spreads_mm["tip"];
        // 37 · 27 ≡ 99 (mod 100).
        let expected =
            Spread { count: 100, median: 49.0, p95: 94.0, worst: 99.0, worst_at_s: 27.0 };
        assert_eq!(*spread, expected);
        assert_eq!(
            spreads.lines(),
            ["tip  median 49.0, p95 94.0, most 99.0 mm at 27.00 s, in 100 messages"]
        );
    }

    #[test]
    fn of_dice_the_least_is_the_worst() {
        let spreads = gathered(Unit::Dice, &[1.0, 0.5, 0.9]).spreads();
        let spread = &spreads.spreads_dice["tip"];
        assert_eq!((spread.median, spread.worst, spread.worst_at_s), (0.9, 0.5, 1.0));
        assert!(gathered(Unit::Dice, &[1.0, 1.0]).spreads().lines().is_empty());
    }

    #[test]
    fn of_many_values_some_are_kept_and_none_of_the_worst_is_lost() {
        let mut values: Vec<f64> = (0..3 * KEPT).map(|number| (number % 1000) as f64).collect();
        values[KEPT + 1] = 5000.0;
        let gathered = gathered(Unit::Px, &values);
        assert!(gathered.values.values().all(|values| values.kept.len() <= KEPT));
        let spread = &gathered.spreads().spreads_px["tip"];
        assert_eq!((spread.count, spread.worst), (3 * KEPT as u64, 5000.0));
        assert!((spread.median - 500.0).abs() < 20.0 && (spread.p95 - 950.0).abs() < 20.0);
    }

    #[test]
    fn what_is_no_number_is_the_worst() {
        let worst = |unit| {
            let spreads = gathered(unit, &[0.5, f64::NAN]).spreads();
            [spreads.spreads_mm, spreads.spreads_dice].into_iter().flatten().next().unwrap().1.worst
        };
        assert_eq!((worst(Unit::Mm), worst(Unit::Dice)), (f64::INFINITY, 0.0));
    }

    #[test]
    fn changes_are_counted_and_those_that_come_most_often_are_printed() {
        let mut gathered = Gathered::default();
        for second in 0..20_i64 {
            let mut changes = vec!["danger against warning".to_owned()];
            if second > 9 {
                changes.push(format!("change {second}"));
            }
            gathered.add(Vec::new(), &changes, Timestamp(second * 1_000_000_000), Timestamp(0));
        }
        let spreads = gathered.spreads();
        let change = &spreads.changes["danger against warning"];
        assert_eq!((change.count, change.first_at_s), (20, 0.0));
        let lines = spreads.lines();
        assert_eq!(lines[0], "danger against warning: from 0.00 s, in 20 messages");
        assert_eq!(lines[PRINTED], "3 other changes: --json tells them");
    }
}
