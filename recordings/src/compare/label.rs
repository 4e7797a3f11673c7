//! Labels: how well they overlap.

use messages::{ModelIdentity, SegmentedImage};

use super::difference::Difference;
use super::placement::placements;
use super::spread::Unit;

/// Compares two segmentations class by class.
pub fn segmentations(a: &SegmentedImage, b: &SegmentedImage, difference: &mut Difference) {
    if (a.width_px, a.height_px) != (b.width_px, b.height_px) || a.classes != b.classes {
        difference.other(format!(
            "{}×{} labels of [{}] against {}×{} of [{}]",
            a.width_px,
            a.height_px,
            a.classes.join(", "),
            b.width_px,
            b.height_px,
            b.classes.join(", ")
        ));
        return;
    }
    placements(&a.placement, &b.placement, [a.width_px, a.height_px], difference);
    weights(a.model.as_ref(), b.model.as_ref(), difference);
    let (left, right) = (a.labels.as_slice(), b.labels.as_slice());
    if left != right {
        let dices = dices(left, right, a.classes.len().saturating_sub(1));
        for (class, dice) in a.classes.iter().skip(1).zip(dices) {
            let Some(dice) = dice else { continue };
            difference.dice(dice);
            difference.figure(class.as_str(), Unit::Dice, dice);
        }
    }
}

/// Compares what made the labels. Where it ran may differ: that is judged by the labels.
pub fn weights(a: Option<&ModelIdentity>, b: Option<&ModelIdentity>, difference: &mut Difference) {
    let [a, b] = [a, b].map(|side| side.map(|model| model.sha256.as_str()));
    if a != b {
        difference.other(format!("other weights: {a:?} against {b:?}"));
    }
}

/// Dice coefficients of labels 1 to `last`, as [`dice`] gives them, in one pass.
pub fn dices(a: &[u8], b: &[u8], last: usize) -> Vec<Option<f64>> {
    let (mut both, mut all) = ([0_usize; 256], [0_usize; 256]);
    for (&a, &b) in a.iter().zip(b) {
        all[usize::from(a)] += 1;
        all[usize::from(b)] += 1;
        both[usize::from(a)] += usize::from(a == b);
    }
    let dice = |(&both, &all): (&usize, &usize)| (all > 0).then(|| 2.0 * both as f64 / all as f64);
    both.iter().zip(&all).map(dice).skip(1).take(last).collect()
}

/// Dice coefficient of one label: `2|A ∩ B| / (|A| + |B|)` (Dice, Ecology 26:297, 1945); none if the
/// label is on neither side.
pub fn dice(a: &[u8], b: &[u8], label: u8) -> Option<f64> {
    let count = |side: &[u8]| side.iter().map(|&value| usize::from(value == label)).sum::<usize>();
    let both = a.iter().zip(b).filter(|&(&a, &b)| a == label && b == label).count();
    let all = count(a) + count(b);
    (all > 0).then(|| 2.0 * both as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_is_one_for_equal_and_zero_for_disjoint_labels() {
        assert_eq!(dice(&[0, 1, 1, 0], &[0, 1, 1, 0], 1), Some(1.0));
        assert_eq!(dice(&[0, 1, 1, 0], &[1, 0, 0, 1], 1), Some(0.0));
        assert_eq!(dice(&[0, 1, 1, 0], &[0, 0, 1, 1], 1), Some(0.5));
        assert_eq!(dice(&[0, 0], &[0, 0], 1), None);
    }

    #[test]
    fn all_labels_at_once_are_as_one_by_one() {
        let (a, b) = ([0, 1, 2, 2, 5, 255, 255, 0], [0, 1, 2, 1, 5, 255, 0, 5]);
        let one_by_one: Vec<_> = (1..=255).map(|label| dice(&a, &b, label)).collect();
        assert_eq!(dices(&a, &b, 255), one_by_one);
        assert_eq!(dices(&a, &b, 2), one_by_one[..2]);
    }
}
