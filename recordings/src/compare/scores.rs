//! Figures against known truth: what share of the larger one they differ by.

use messages::{Score, Scores};

use super::difference::Difference;

/// Compares figures by what they are of.
pub fn scores(a: &Scores, b: &Scores, difference: &mut Difference) {
    for mine in &a.scores {
        match named(b, mine) {
            None => difference.other(format!("only the first has {}", mine.measure)),
            Some(theirs) => pair(mine, theirs, difference),
        }
    }
    for theirs in &b.scores {
        if named(a, theirs).is_none() {
            difference.other(format!("only the second has {}", theirs.measure));
        }
    }
}

fn named<'a>(scores: &'a Scores, like: &Score) -> Option<&'a Score> {
    scores.scores.iter().find(|score| score.measure == like.measure && score.unit == like.unit)
}

fn pair(a: &Score, b: &Score, difference: &mut Difference) {
    match (a.value, b.value) {
        (Some(mine), Some(theirs)) => difference.figures(mine, theirs),
        (None, None) => {}
        (Some(_), None) => difference.other(format!("only the first measured {}", a.measure)),
        (None, Some(_)) => difference.other(format!("only the second measured {}", a.measure)),
    }
    difference.figures(a.count as f64, b.count as f64);
}

#[cfg(test)]
mod tests {
    use super::super::Tolerance;
    use super::*;

    fn of(measures: &[(&str, Option<f64>, u64)]) -> Scores {
        let score = |&(measure, value, count): &(&str, Option<f64>, u64)| Score {
            measure: measure.to_owned(),
            value,
            unit: "mm".to_owned(),
            count,
        };
        Scores { scores: measures.iter().map(score).collect() }
    }

    fn compared(a: &Scores, b: &Scores) -> Difference {
        let mut difference = Difference::default();
        scores(a, b, &mut difference);
        difference
    }

    #[test]
    fn the_largest_share_counts() {
        let a = of(&[("error", Some(2.0), 100), ("alarms", Some(0.0), 100)]);
        assert!(compared(&a, &a).is_none());
        let found = compared(&a, &of(&[("alarms", Some(0.0), 90), ("error", Some(2.5), 100)]));
        assert_eq!((found.share, found.others), (Some(0.2), 0));
        assert!(found.is_within(&Tolerance { share: 0.2, ..Tolerance::default() }));
        assert!(!found.is_within(&Tolerance { share: 0.19, ..Tolerance::default() }));
        // Anything is infinitely more than nothing: the whole of it.
        let found = compared(&a, &of(&[("error", Some(2.0), 100), ("alarms", Some(3.0), 100)]));
        assert_eq!(found.share, Some(1.0));
    }

    #[test]
    fn what_only_one_side_measured_is_told() {
        let a = of(&[("error", None, 0), ("Dice", Some(0.9), 1)]);
        let b = of(&[("error", Some(1.0), 0), ("length", None, 0)]);
        assert_eq!(
            compared(&a, &b).other,
            [
                "only the second measured error",
                "only the first has Dice",
                "only the second has length"
            ]
        );
        let found = compared(&of(&[("error", Some(f64::NAN), 1)]), &of(&[("error", Some(1.0), 1)]));
        assert!(!found.is_within(&Tolerance { share: 1e9, ..Tolerance::default() }));
    }
}
