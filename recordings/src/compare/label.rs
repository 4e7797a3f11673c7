//! Labels: how well they overlap.

use messages::SegmentedImage;

use super::difference::Difference;
use super::placement::placements;

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
    // Where it ran may differ: that is judged by the labels.
    let weights = |side: &SegmentedImage| side.model.as_ref().map(|model| model.sha256.clone());
    if weights(a) != weights(b) {
        difference.other(format!("other weights: {:?} against {:?}", weights(a), weights(b)));
    }
    let (left, right) = (a.labels.as_slice(), b.labels.as_slice());
    if left != right {
        for label in 1..a.classes.len() {
            if let Some(dice) = dice(left, right, label as u8) {
                difference.dice(dice);
            }
        }
    }
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
}
