//! The outline of what changes: in each row and column its first and its last pixel.

use super::changing::Changing;

/// A point of the outline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Columns and rows from the centre of the first pixel, at the outer edge of the last changing pixel.
    pub(super) at_px: [f64; 2],
    /// Whether the image ends there, so that what changes might have gone on.
    pub(super) is_cut: bool,
}

/// Points of the outline by the side from which they are seen.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// The first of each row.
    pub(super) left: Vec<Point>,
    /// The last of each row.
    pub(super) right: Vec<Point>,
    /// The first of each column.
    pub(super) top: Vec<Point>,
    /// The last of each column.
    pub(super) bottom: Vec<Point>,
}

impl Outline {
    pub(super) fn of(changing: &Changing) -> Self {
        let (width, height) = (changing.width_px, changing.height_px);
        let mut outline = Self::default();
        let point = |x: f64, y: f64, is_cut| Point { at_px: [x, y], is_cut };
        for y in 0..height {
            let mut row = (0..width).filter(|x| changing.at(*x, y));
            let Some(first) = row.next() else { continue };
            let last = row.next_back().unwrap_or(first);
            outline.left.push(point(first as f64 - 0.5, y as f64, first == 0));
            outline.right.push(point(last as f64 + 0.5, y as f64, last + 1 == width));
        }
        for x in 0..width {
            let mut column = (0..height).filter(|y| changing.at(x, *y));
            let Some(first) = column.next() else { continue };
            let last = column.next_back().unwrap_or(first);
            outline.top.push(point(x as f64, first as f64 - 0.5, first == 0));
            outline.bottom.push(point(x as f64, last as f64 + 0.5, last + 1 == height));
        }
        outline
    }

    pub(super) fn points(&self) -> impl Iterator<Item = &Point> {
        [&self.left, &self.right, &self.top, &self.bottom].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_on_the_outer_edges() {
        let mask = vec![
            false, false, false, false, //
            false, true, false, true, //
            false, false, true, false,
        ];
        let outline = Outline::of(&Changing { width_px: 4, height_px: 3, mask });
        let point = |x, y, is_cut| Point { at_px: [x, y], is_cut };
        assert_eq!(outline.left, [point(0.5, 1.0, false), point(1.5, 2.0, false)]);
        assert_eq!(outline.right, [point(3.5, 1.0, true), point(2.5, 2.0, false)]);
        let top = [point(1.0, 0.5, false), point(2.0, 1.5, false), point(3.0, 0.5, false)];
        assert_eq!(outline.top, top);
        let bottom = [point(1.0, 1.5, false), point(2.0, 2.5, true), point(3.0, 1.5, false)];
        assert_eq!(outline.bottom, bottom);
        assert_eq!(outline.points().count(), 10);
    }
}
