//! Places along a layer, such that lines to the neighbouring layer are as straight as the others allow.

/// The least-moved places for items of some `sizes` that would like to be at `wishes`, in order and
/// `gap` apart, from 0 on and, if that is possible, up to `limit`.
pub fn places(wishes: &[f64], sizes: &[f64], gap: f64, limit: f64) -> Vec<f64> {
    // Groups of items that touch each other; each stands at the mean of its items' wishes
    // (pool adjacent violators: R. E. Barlow et al., "Statistical inference under order restrictions", 1972).
    struct Group {
        sum: f64,
        count: usize,
        size: f64,
    }
    let mut groups: Vec<Group> = Vec::new();
    for (wish, size) in wishes.iter().zip(sizes) {
        let mut group = Group { sum: *wish, count: 1, size: size + gap };
        while let Some(before) = groups.pop() {
            let start = before.sum / before.count as f64;
            if start + before.size <= group.sum / group.count as f64 {
                groups.push(before);
                break;
            }
            // In the joint group, later items wish for their place less what stands before them.
            group = Group {
                sum: before.sum + group.sum - before.size * group.count as f64,
                count: before.count + group.count,
                size: before.size + group.size,
            };
        }
        groups.push(group);
    }
    let mut starts = Vec::with_capacity(wishes.len());
    let mut sizes = sizes.iter();
    let mut free = 0.0_f64;
    for group in groups {
        let mut at = (group.sum / group.count as f64).max(free);
        for size in sizes.by_ref().take(group.count) {
            starts.push((at, *size));
            at += size + gap;
        }
        free = at;
    }
    let mut end = limit;
    let total = free - gap;
    for (start, size) in starts.iter_mut().rev() {
        *start = start.min(end - *size).max(if total > limit { 0.0 } else { f64::MIN });
        end = *start - gap;
    }
    // Too much for the limit: from 0 on, one after the other.
    let mut free = 0.0;
    for (start, size) in &mut starts {
        *start = start.max(free);
        free = *start + *size + gap;
    }
    starts.into_iter().map(|(start, _)| start).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wishes_that_fit_are_granted() {
        assert_eq!(places(&[3.0, 20.0], &[5.0, 5.0], 2.0, 80.0), [3.0, 20.0]);
    }

    #[test]
    fn who_wishes_for_the_same_place_shares_the_way() {
        assert_eq!(places(&[30.0, 30.0], &[10.0, 10.0], 2.0, 80.0), [24.0, 36.0]);
    }

    #[test]
    fn the_borders_hold() {
        assert_eq!(places(&[-5.0], &[10.0], 2.0, 80.0), [0.0]);
        assert_eq!(places(&[75.0], &[10.0], 2.0, 80.0), [70.0]);
    }

    proptest! {
        #[test]
        fn nothing_overlaps(items in prop::collection::vec((-50.0..150.0_f64, 1.0..30.0_f64), 0..12)) {
            let (wishes, sizes): (Vec<f64>, Vec<f64>) = items.into_iter().unzip();
            let placed = places(&wishes, &sizes, 2.0, 80.0);
            prop_assert_eq!(placed.len(), sizes.len());
            let mut free = 0.0;
            for (start, size) in placed.iter().zip(&sizes) {
                prop_assert!(*start >= free - 1e-9);
                free = start + size + 2.0;
            }
            let needed: f64 = sizes.iter().map(|size| size + 2.0).sum::<f64>() - 2.0;
            if needed <= 80.0 && !sizes.is_empty() {
                prop_assert!(free - 2.0 <= 80.0 + 1e-9);
            }
        }
    }
}
