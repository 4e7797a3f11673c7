//! Lines from the pieces into which a plane cuts triangles; clipped to an image, and with fewer points.

/// A place in an image, pixels.
pub type Pixel = [f64; 2];

/// Where the plane cuts one triangle: from one of its edges to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// The edge it starts on, and where.
    pub from: (u64, Pixel),
    /// The edge it ends on, and where.
    pub to: (u64, Pixel),
}

/// A line through pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its places in order.
    pub points: Vec<Pixel>,
    /// Whether the last is joined to the first.
    pub closed: bool,
}

/// Joins pieces, each of which starts where another ends, into lines as long as can be. A place where
/// several start is left by each once.
pub fn chain(mut pieces: Vec<Piece>) -> Vec<Line> {
    pieces.sort_unstable_by_key(|piece| (piece.from.0, piece.to.0));
    let mut ends: Vec<u64> = pieces.iter().map(|piece| piece.to.0).collect();
    ends.sort_unstable();
    let is_start = |piece: &Piece| ends.binary_search(&piece.from.0).is_err();
    // Open lines first, from their start; what is left goes round.
    let (starts, others): (Vec<usize>, Vec<usize>) =
        (0..pieces.len()).partition(|&index| is_start(&pieces[index]));
    let mut used = vec![false; pieces.len()];
    let mut lines = Vec::new();
    for first in starts.into_iter().chain(others) {
        if used[first] {
            continue;
        }
        let mut points = vec![pieces[first].from.1];
        let mut next = Some(first);
        let mut end = pieces[first].from.0;
        while let Some(index) = next {
            used[index] = true;
            points.push(pieces[index].to.1);
            end = pieces[index].to.0;
            let after = pieces.partition_point(|piece| piece.from.0 < end);
            next = (after..pieces.len())
                .take_while(|&index| pieces[index].from.0 == end)
                .find(|&index| !used[index]);
        }
        let closed = end == pieces[first].from.0;
        if closed {
            points.pop();
        }
        lines.push(Line { points, closed });
    }
    lines
}

impl Line {
    /// The parts of the line within a rectangle.
    pub fn clip(&self, low: Pixel, high: Pixel) -> Vec<Self> {
        let count = self.points.len();
        let mut parts: Vec<Vec<Pixel>> = Vec::new();
        let mut whole = true;
        // Whether the part that was added to last goes on.
        let mut goes_on = false;
        for index in 0..if self.closed { count } else { count.saturating_sub(1) } {
            let (from, to) = (self.points[index], self.points[(index + 1) % count]);
            let Some((enters, leaves)) = within(from, to, low, high) else {
                (whole, goes_on) = (false, false);
                continue;
            };
            let at = |fraction: f64| [0, 1].map(|x| from[x] + (to[x] - from[x]) * fraction);
            match parts.last_mut() {
                Some(part) if goes_on && enters == 0.0 => part.push(at(leaves)),
                _ => parts.push(vec![at(enters), at(leaves)]),
            }
            goes_on = leaves == 1.0;
            whole &= enters == 0.0 && leaves == 1.0;
        }
        if whole {
            return vec![self.clone()];
        }
        // The last part of a line that goes round may go on in the first.
        let joined = self.closed && goes_on && parts.len() > 1;
        if joined && parts[0][0] == self.points[0] {
            let first = parts.swap_remove(0);
            if let Some(last) = parts.first_mut() {
                last.extend(&first[1..]);
            }
        }
        parts.into_iter().map(|points| Self { points, closed: false }).collect()
    }

    /// The line with as few of its points as keep the others within a tolerance of it (D. Douglas,
    /// T. Peucker, "Algorithms for the reduction of the number of points required to represent a
    /// digitized line or its caricature", Cartographica 1973).
    #[must_use]
    pub fn simplified(&self, tolerance_px: f64) -> Self {
        let mut points = self.points.clone();
        if points.len() < 3 {
            return self.clone();
        }
        if self.closed {
            points.push(points[0]);
        }
        let mut keep = vec![false; points.len()];
        let last = points.len() - 1;
        (keep[0], keep[last]) = (true, true);
        let mut waiting = vec![(0, last)];
        while let Some((from, to)) = waiting.pop() {
            let off = |index: &usize| squared_distance(points[*index], points[from], points[to]);
            let farthest = (from + 1..to).max_by(|a, b| off(a).total_cmp(&off(b)));
            if let Some(farthest) = farthest.filter(|at| off(at) > tolerance_px * tolerance_px) {
                keep[farthest] = true;
                waiting.extend([(from, farthest), (farthest, to)]);
            }
        }
        if self.closed {
            keep[last] = false;
        }
        let points = points.into_iter().zip(keep).filter_map(|(point, keep)| keep.then_some(point));
        Self { points: points.collect(), closed: self.closed }
    }
}

/// Which part of a segment lies within a rectangle, as fractions of its way (Y.-D. Liang, B. Barsky,
/// "A new concept and method for line clipping", ACM TOG 1984).
fn within(from: Pixel, to: Pixel, low: Pixel, high: Pixel) -> Option<(f64, f64)> {
    let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
    for axis in 0..2 {
        let way = to[axis] - from[axis];
        for (toward, room) in [(-way, from[axis] - low[axis]), (way, high[axis] - from[axis])] {
            if toward == 0.0 && room < 0.0 {
                return None;
            }
            if toward < 0.0 {
                enters = enters.max(room / toward);
            } else if toward > 0.0 {
                leaves = leaves.min(room / toward);
            }
        }
    }
    (enters < leaves).then_some((enters, leaves))
}

/// The square of the distance of a point from a segment.
fn squared_distance(point: Pixel, from: Pixel, to: Pixel) -> f64 {
    let (along, apart) = ([0, 1].map(|x| to[x] - from[x]), [0, 1].map(|x| point[x] - from[x]));
    let length = along[0] * along[0] + along[1] * along[1];
    let fraction = if length > 0.0 {
        ((apart[0] * along[0] + apart[1] * along[1]) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    [0, 1].map(|x| apart[x] - along[x] * fraction).iter().map(|off| off * off).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn piece(from: u64, to: u64) -> Piece {
        let at = |edge: u64| (edge, [edge as f64, (edge * edge) as f64]);
        Piece { from: at(from), to: at(to) }
    }

    #[test]
    fn pieces_in_any_order_become_one_round_and_one_open_line() {
        let lines =
            chain(vec![piece(7, 3), piece(11, 12), piece(5, 7), piece(10, 11), piece(3, 5)]);
        let edges: Vec<Vec<f64>> =
            lines.iter().map(|line| line.points.iter().map(|at| at[0]).collect()).collect();
        assert_eq!(edges, [vec![10.0, 11.0, 12.0], vec![3.0, 5.0, 7.0]]);
        assert_eq!(lines.iter().map(|line| line.closed).collect::<Vec<_>>(), [false, true]);
        assert!(chain(Vec::new()).is_empty());
    }

    fn square(closed: bool) -> Line {
        Line { points: vec![[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]], closed }
    }

    #[test]
    fn what_is_outside_is_cut_away() {
        assert_eq!(square(true).clip([-1.0; 2], [11.0; 2]), [square(true)]);
        assert!(square(true).clip([20.0; 2], [30.0; 2]).is_empty());
        let parts = square(true).clip([5.0, -1.0], [20.0, 20.0]);
        let points = vec![[5.0, 0.0], [10.0, 0.0], [10.0, 10.0], [5.0, 10.0]];
        assert_eq!(parts, [Line { points, closed: false }]);
        // The part goes on over the place where the line starts.
        let parts = square(true).clip([-1.0; 2], [5.0, 20.0]);
        let points = vec![[5.0, 10.0], [0.0, 10.0], [0.0, 0.0], [5.0, 0.0]];
        assert_eq!(parts, [Line { points, closed: false }]);
        let parts = square(false).clip([-1.0, 4.0], [20.0, 6.0]);
        assert_eq!(parts, [Line { points: vec![[10.0, 4.0], [10.0, 6.0]], closed: false }]);
    }

    #[test]
    fn a_finely_drawn_square_needs_four_points() {
        let corners = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]];
        let points = (0..4).flat_map(|side| {
            let (from, to): (Pixel, Pixel) = (corners[side], corners[(side + 1) % 4]);
            (0..50).map(move |step| {
                [0, 1].map(|x| from[x] + (to[x] - from[x]) * f64::from(step) / 50.0)
            })
        });
        let line = Line { points: points.collect(), closed: true };
        assert_eq!(line.simplified(0.1), square(true));
    }

    proptest! {
        #[test]
        fn no_point_is_further_from_the_simplified_line_than_the_tolerance(
            points in proptest::collection::vec([0.0..30.0, 0.0..30.0_f64], 3..40),
            closed: bool,
        ) {
            let line = Line { points, closed };
            let simplified = line.simplified(2.0);
            let kept = &simplified.points;
            let sides = kept.len() - usize::from(!closed);
            for &point in &line.points {
                let nearest = (0..sides.max(1))
                    .map(|side| squared_distance(point, kept[side], kept[(side + 1) % kept.len()]))
                    .fold(f64::INFINITY, f64::min);
                prop_assert!(nearest <= 4.0 + 1e-9);
            }
        }

        /// The length within the rectangle is what samples of the line say it is.
        #[test]
        fn clipping_keeps_what_is_within(
            points in proptest::collection::vec([0.0..30.0, 0.0..30.0_f64], 3..20),
            closed: bool,
        ) {
            let line = Line { points, closed };
            let (low, high) = ([5.0, 8.0], [22.0, 19.0]);
            let length = |line: &Line, inside: &dyn Fn(Pixel) -> bool| -> f64 {
                let count = line.points.len();
                (0..count - usize::from(!line.closed)).map(|index| {
                    let (from, to) = (line.points[index], line.points[(index + 1) % count]);
                    let way = [to[0] - from[0], to[1] - from[1]];
                    let hits = (0..1000).filter(|step| {
                        let fraction = (f64::from(*step) + 0.5) / 1000.0;
                        inside([from[0] + way[0] * fraction, from[1] + way[1] * fraction])
                    });
                    way[0].hypot(way[1]) * hits.count() as f64 / 1000.0
                }).sum()
            };
            let expected = length(&line, &|at| (0..2).all(|x| at[x] > low[x] && at[x] < high[x]));
            let parts = line.clip(low, high);
            let found: f64 = parts.iter().map(|part| length(part, &|_| true)).sum();
            prop_assert!((found - expected).abs() < 2.0, "{found} {expected}");
            for point in parts.iter().flat_map(|part| &part.points) {
                prop_assert!((0..2).all(|x| point[x] > low[x] - 1e-9 && point[x] < high[x] + 1e-9));
            }
        }
    }
}
