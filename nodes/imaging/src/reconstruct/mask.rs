//! Which pixels of an image are anatomy, as runs along its rows.

use std::f64::consts::FRAC_PI_2;

use super::settings::Fan;

/// Most pixels along an axis of an image.
pub const LARGEST: usize = 65_535;

/// A run of neighbouring pixels of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The row.
    pub y: usize,
    /// First column.
    pub start: usize,
    /// The column after the last.
    pub end: usize,
}

/// The pixels of images of one size that are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    width_px: usize,
    height_px: usize,
    spans: Vec<Span>,
    pixels: usize,
}

impl Mask {
    /// The pixels `x, y` for which `is_used` holds.
    pub fn new(width_px: usize, height_px: usize, is_used: impl Fn(usize, usize) -> bool) -> Self {
        let mut spans = Vec::new();
        for y in 0..height_px {
            let mut x = 0;
            while x < width_px {
                let start = (x..width_px).find(|x| is_used(*x, y)).unwrap_or(width_px);
                let end = (start..width_px).find(|x| !is_used(*x, y)).unwrap_or(width_px);
                if start < end {
                    spans.push(Span { y, start, end });
                }
                x = end;
            }
        }
        Self::of(width_px, height_px, spans)
    }

    fn of(width_px: usize, height_px: usize, spans: Vec<Span>) -> Self {
        let pixels = spans.iter().map(|span| span.end - span.start).sum();
        Self { width_px, height_px, spans, pixels }
    }

    /// Those of its pixels that lie inside the angles of `fan`, whatever its radii; fast enough for each image.
    #[must_use]
    pub fn within_angles(&self, fan: &Fan) -> Self {
        let mut spans = Vec::with_capacity(self.spans.len());
        for span in &self.spans {
            let Span { y, start, end } = *span;
            let [_, down] = fan.offset_mm(start, y);
            if down > 0.0 {
                // Below the apex the angle grows with x.
                let [start, end] = [fan.angles_rad[0], fan.angles_rad[1].next_up()]
                    .map(|angle| first_from(fan, angle, span));
                if start < end {
                    spans.push(Span { y, start, end });
                }
            } else {
                let [first, last] = fan.angles_rad;
                let is_inside = |x: &usize| {
                    let [across, down] = fan.offset_mm(*x, y);
                    (first..=last).contains(&across.atan2(down))
                };
                for x in (start..end).filter(is_inside) {
                    match spans.last_mut() {
                        Some(before) if (before.y, before.end) == (y, x) => before.end += 1,
                        _ => spans.push(Span { y, start: x, end: x + 1 }),
                    }
                }
            }
        }
        Self::of(self.width_px, self.height_px, spans)
    }

    /// Columns and rows of the images it is for.
    pub fn size(&self) -> (usize, usize) {
        (self.width_px, self.height_px)
    }

    /// The runs, row after row.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// How many pixels are used.
    pub fn pixels(&self) -> usize {
        self.pixels
    }

    /// Whether no pixel is used.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
}

/// The first column of a run below the apex whose angle is at least `angle_rad`, or its end.
fn first_from(fan: &Fan, angle_rad: f64, span: &Span) -> usize {
    if angle_rad <= -FRAC_PI_2 {
        return span.start;
    }
    if angle_rad >= FRAC_PI_2 {
        return span.end;
    }
    let [_, down] = fan.offset_mm(span.start, span.y);
    let x = fan.apex_px[0] + down * angle_rad.tan() / fan.pixel_spacing_mm[0];
    let mut x = (x.ceil().max(0.0) as usize).clamp(span.start, span.end);
    // The tangent may be off by a rounding error; the mask is decided by the angle.
    let is_before = |x: usize| {
        let [across, down] = fan.offset_mm(x, span.y);
        across.atan2(down) < angle_rad
    };
    while x > span.start && !is_before(x - 1) {
        x -= 1;
    }
    while x < span.end && is_before(x) {
        x += 1;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::super::settings::{Fan, Rectangle, Settings};
    use super::*;

    fn used(mask: &Mask) -> Vec<(usize, usize)> {
        mask.spans().iter().flat_map(|span| (span.start..span.end).map(|x| (x, span.y))).collect()
    }

    #[test]
    fn a_row_may_have_several_runs() {
        let mask = Mask::new(7, 2, |x, y| y == 1 && x != 3 && x != 6);
        let runs = [Span { y: 1, start: 0, end: 3 }, Span { y: 1, start: 4, end: 6 }];
        assert_eq!((mask.spans(), mask.pixels()), (&runs[..], 5));
    }

    #[test]
    fn a_rectangle_is_cut_at_the_border() {
        let clip = |x_px, y_px, width_px, height_px| {
            let clip = Some(Rectangle { x_px, y_px, width_px, height_px });
            Settings { clip, ..Settings::default() }.mask(4, 3)
        };
        assert_eq!(used(&clip(1, 1, 2, 1)), [(1, 1), (2, 1)]);
        assert_eq!(used(&clip(3, 2, 100, usize::MAX)), [(3, 2)]);
        assert!(clip(4, 0, 1, 1).is_empty());
        assert!(clip(usize::MAX, 0, 1, 1).is_empty());
        assert_eq!(Settings::default().mask(4, 3).pixels(), 12);
    }

    #[test]
    fn a_fan_is_a_ring_sector() {
        let fan = Fan {
            apex_px: [50.0, -20.0],
            pixel_spacing_mm: [0.5, 0.25],
            angles_rad: [-0.6, 0.4],
            radii_mm: [8.0, 22.0],
        };
        let settings = Settings { fan: Some(fan), ..Settings::default() };
        assert_eq!(settings.check(), Ok(()));
        let mask = settings.mask(100, 80);
        let inside = used(&mask);
        // Straight below the apex: 8 mm are 32 rows of 0.25 mm.
        assert!(inside.contains(&(50, 12)) && !inside.contains(&(50, 11)));
        assert!(inside.contains(&(50, 68)) && !inside.contains(&(50, 69)));
        // The lines of the fan at a depth of 15 mm: tan(0.4)·15/0.5 = 12.7, tan(0.6)·15/0.5 = 20.5.
        assert!(inside.contains(&(62, 40)) && !inside.contains(&(63, 40)));
        assert!(inside.contains(&(30, 40)) && !inside.contains(&(29, 40)));
        // Rows near the probe have two runs, either side of the inner arc.
        let row = mask.spans().iter().filter(|span| span.y == 10).count();
        assert_eq!(row, 2);
    }

    #[test]
    fn a_fan_is_narrowed_as_if_it_had_been_narrow() {
        let wide = Fan {
            apex_px: [50.3, 20.0],
            pixel_spacing_mm: [0.5, 0.25],
            angles_rad: [-3.0, 3.0],
            radii_mm: [2.0, 22.0],
        };
        let settings = |fan| Settings { fan: Some(fan), ..Settings::default() };
        let mask = settings(wide).mask(100, 80);
        for angles_rad in
            [[-0.6, 0.4], [0.2, 0.201], [-2.5, -0.1], [-3.0, 3.0], [1.2, 1.9], [0.0, 0.0]]
        {
            let narrow = Fan { angles_rad, ..wide };
            assert_eq!(
                mask.within_angles(&narrow),
                settings(narrow).mask(100, 80),
                "{angles_rad:?}"
            );
        }
        assert!(mask.within_angles(&Fan { angles_rad: [0.5, 0.4], ..wide }).is_empty());
    }
}
