//! Points in space, found by nearness.

use nalgebra::Point3;

/// A balanced k-d tree (J. L. Bentley, "Multidimensional binary search trees used for associative searching",
/// Communications of the ACM 18, 1975), stored as the points in the order of the tree.
#[derive(Clone, Debug, Default)]
pub struct KdTree {
    /// Position and index among the points it was built of.
    points: Vec<(Point3<f64>, u32)>,
}

impl KdTree {
    /// A tree of these points.
    pub fn new(points: impl IntoIterator<Item = Point3<f64>>) -> Self {
        let mut points: Vec<_> = points.into_iter().zip(0..).collect();
        arrange(&mut points, 0);
        Self { points }
    }

    /// Calls `visit(index, squared distance)` for each point within `radius` of `centre`.
    pub fn within(&self, centre: &Point3<f64>, radius: f64, visit: &mut impl FnMut(u32, f64)) {
        search(&self.points, 0, centre, radius, &mut |index, squared| {
            visit(index, squared);
            radius
        });
    }

    /// Index of the nearest point within `radius`, and its distance.
    pub fn nearest(&self, centre: &Point3<f64>, radius: f64) -> Option<(u32, f64)> {
        let mut best = None;
        search(&self.points, 0, centre, radius, &mut |index, squared: f64| {
            best = Some((index, squared.sqrt()));
            squared.sqrt()
        });
        best
    }
}

fn arrange(points: &mut [(Point3<f64>, u32)], axis: usize) {
    if points.len() < 2 {
        return;
    }
    let middle = points.len() / 2;
    points
        .select_nth_unstable_by(middle, |a, b| a.0[axis].total_cmp(&b.0[axis]).then(a.1.cmp(&b.1)));
    let (low, high) = points.split_at_mut(middle);
    arrange(low, (axis + 1) % 3);
    arrange(&mut high[1..], (axis + 1) % 3);
}

/// Visits what lies within `radius`; `visit` answers with the radius from then on, which is returned.
fn search(
    points: &[(Point3<f64>, u32)],
    axis: usize,
    centre: &Point3<f64>,
    mut radius: f64,
    visit: &mut impl FnMut(u32, f64) -> f64,
) -> f64 {
    if points.is_empty() {
        return radius;
    }
    let middle = points.len() / 2;
    let (place, index) = points[middle];
    let off = centre[axis] - place[axis];
    let (near, far) = if off < 0.0 {
        (&points[..middle], &points[middle + 1..])
    } else {
        (&points[middle + 1..], &points[..middle])
    };
    radius = search(near, (axis + 1) % 3, centre, radius, visit);
    let squared = (centre - place).norm_squared();
    if squared <= radius * radius {
        radius = visit(index, squared);
    }
    if off.abs() <= radius {
        radius = search(far, (axis + 1) % 3, centre, radius, visit);
    }
    radius
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_a_search_over_all_finds(
            points in proptest::collection::vec([-9.0..9.0_f64, -9.0..9.0, -9.0..9.0], 0..60),
            centre in [-9.0..9.0_f64, -9.0..9.0, -9.0..9.0],
            radius in 0.1..8.0_f64,
        ) {
            let points: Vec<Point3<f64>> = points.into_iter().map(Point3::from).collect();
            let centre = Point3::from(centre);
            let tree = KdTree::new(points.iter().copied());
            let mut got = Vec::new();
            tree.within(&centre, radius, &mut |index, _| got.push(index));
            got.sort_unstable();
            let expected: Vec<u32> = (0..points.len() as u32)
                .filter(|&i| (points[i as usize] - centre).norm_squared() <= radius * radius)
                .collect();
            prop_assert_eq!(&got, &expected);
            let nearest = tree.nearest(&centre, radius).map(|n| n.1);
            let truth = points.iter().map(|p| (p - centre).norm()).filter(|&d| d <= radius).min_by(f64::total_cmp);
            prop_assert_eq!(nearest.is_some(), truth.is_some());
            prop_assert!((nearest.unwrap_or(0.0) - truth.unwrap_or(0.0)).abs() < 1e-9);
        }
    }
}
