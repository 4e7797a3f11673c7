//! A border of scattered points: where many of them lie, and almost none farther out.
//!
//! What does not change is seen from outside as dark: points of an outline lie on the border of the image or, where
//! the image is dark there, anywhere within it, but not outside. So a border is where the number of points on it, less
//! several times the number of those beyond, is largest (RANSAC with a price for what is left outside; M. A. Fischler
//! and R. C. Bolles, Communications of the ACM 24(6), 1981), over all pairs of some dozen points in place of random ones.

/// What a point beyond costs, counted in points on the border.
const PRICE: usize = 3;
/// Farther from a line than this a point is not on it, pixels.
const ON_LINE_PX: f64 = 1.5;
/// Lines are tried through pairs of at most so many points.
const MOST_TRIED: usize = 80;

/// Where many values lie and almost none beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    /// Their mean.
    pub(super) value: f64,
    /// How many lie there.
    pub(super) points: usize,
}

/// The border of values of which larger ones lie farther out; those within `tolerance` count as on it.
pub(super) fn level(mut values: Vec<f64>, tolerance: f64) -> Option<Level> {
    values.sort_unstable_by(f64::total_cmp);
    let count_to = |limit: f64| values.partition_point(|value| *value <= limit);
    let count_below = |limit: f64| values.partition_point(|value| *value < limit);
    let score = |value: f64| {
        let on = count_to(value + tolerance) - count_below(value - tolerance);
        let beyond = values.len() - count_to(value + 2.0 * tolerance);
        on as i64 - (PRICE * beyond) as i64
    };
    let best = values.iter().copied().max_by_key(|value| score(*value))?;
    let on = &values[count_below(best - tolerance)..count_to(best + tolerance)];
    Some(Level { value: on.iter().sum::<f64>() / on.len() as f64, points: on.len() })
}

/// A line that is not level: at row `y` it is in column `at_top + slope · y`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) at_top: f64,
    /// Columns for each row.
    pub(super) slope: f64,
    /// How far its points are from it for each column that they are.
    across: f64,
}

impl Line {
    fn through([x0, y0]: [f64; 2], [x1, y1]: [f64; 2]) -> Self {
        Self::new([x0, y0], (x1 - x0) / (y1 - y0))
    }

    fn new([x, y]: [f64; 2], slope: f64) -> Self {
        Self { at_top: x - slope * y, slope, across: 1.0 / slope.hypot(1.0) }
    }

    /// How far a point lies to the right of it, pixels.
    pub(super) fn distance(self, [x, y]: [f64; 2]) -> f64 {
        (x - self.at_top - self.slope * y) * self.across
    }

    /// The line with the least sum of squared distances from points (total least squares), if it is not level.
    fn fit(points: &[[f64; 2]]) -> Option<Self> {
        let count = points.len() as f64;
        let mean = [0, 1].map(|axis| points.iter().map(|point| point[axis]).sum::<f64>() / count);
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for [x, y] in points {
            let (x, y) = (x - mean[0], y - mean[1]);
            (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
        }
        let from_x_axis = 0.5 * (2.0 * xy).atan2(xx - yy);
        let line = Self::new(mean, 1.0 / from_x_axis.tan());
        line.at_top.is_finite().then_some(line)
    }
}

/// The straight border of points, one in each row, and how many lie on it. `outwards` is -1 for a left border
/// and 1 for a right one.
pub(super) fn line(points: &[[f64; 2]], outwards: f64) -> Option<(Line, usize)> {
    let on = |line: Line| points.iter().filter(move |at| line.distance(**at).abs() <= ON_LINE_PX);
    let score = |line: Line| {
        let beyond = |at: &&[f64; 2]| outwards * line.distance(**at) > 2.0 * ON_LINE_PX;
        on(line).count() as i64 - (PRICE * points.iter().filter(beyond).count()) as i64
    };
    let step = points.len().div_ceil(MOST_TRIED).max(1);
    let tried: Vec<[f64; 2]> = points.iter().copied().step_by(step).collect();
    // Neighbours would give the direction of the pixels' corners.
    let apart = (tried.len() / 10).max(1);
    let mut best: Option<(Line, i64)> = None;
    for (index, from) in tried.iter().enumerate() {
        for to in tried.iter().skip(index + apart) {
            let line = Line::through(*from, *to);
            let score = score(line);
            if best.is_none_or(|(_, best)| score > best) {
                best = Some((line, score));
            }
        }
    }
    let (mut line, _) = best?;
    for _ in 0..5 {
        let points: Vec<[f64; 2]> = on(line).copied().collect();
        line = Line::fit(&points)?;
    }
    Some((line, on(line).count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_where_many_values_lie_and_few_beyond() {
        // Scattered within, many at 50, and two beyond.
        let mut values: Vec<f64> = (0..100).map(|index| f64::from(index) * 0.45).collect();
        values.extend([49.8, 50.0, 50.2].repeat(10));
        values.extend([70.0, 80.0]);
        let found = level(values, 1.0).unwrap();
        assert!((found.value - 50.0).abs() < 1e-9 && found.points == 30, "{found:?}");
        assert_eq!(level(vec![], 1.0), None);
    }

    #[test]
    fn a_line_is_found_where_half_of_the_rows_are_dark() {
        // The first pixel of each row right of a slanting line; in half of the rows somewhere within.
        let points: Vec<[f64; 2]> = (20..420)
            .map(|row| {
                let y = f64::from(row);
                let within = if row % 4 < 2 { f64::from(row * 37 % 91) } else { 0.0 };
                [(300.2 - 0.61 * y).ceil() - 0.5 + within, y]
            })
            .collect();
        let (line, on) = line(&points, -1.0).unwrap();
        assert!((line.slope + 0.61).abs() < 2e-3, "{line:?}");
        assert!(line.distance([300.2 - 0.61 * 200.0, 200.0]).abs() < 0.2, "{line:?}");
        assert!((200..=215).contains(&on), "{on}");
    }

    #[test]
    fn a_line_needs_two_rows() {
        assert_eq!(line(&[[1.0, 1.0]], 1.0), None);
    }
}
