//! Outlines in an image: how far those of the same structure are apart, in pixels.

use std::collections::BTreeSet;

use messages::Overlay;
use nalgebra::Point3;

use super::difference::Difference;
use super::distances::guidances;
use super::nearest::{Segment, Shapes, Spread};
use super::spread::Unit;

/// Compares the outlines of structures of the same name, however many lines they are: the distance of every
/// point of each from the other's lines, also in millimetres if it is known how large a pixel is; and what
/// is said of their error.
pub fn overlays(a: &Overlay, b: &Overlay, mm_per_px: Option<f64>, difference: &mut Difference) {
    if (a.width_px, a.height_px) != (b.width_px, b.height_px) {
        difference.other(format!(
            "an image of {}×{} against one of {}×{} pixels",
            a.width_px, a.height_px, b.width_px, b.height_px
        ));
        return;
    }
    guidances(&a.guidance, &b.guidance, difference);
    let names: BTreeSet<&str> = names(a).chain(names(b)).collect();
    let mut spread = Spread::default();
    for name in names {
        let sides = [a, b].map(|side| Lines::of(side, name));
        let [mine, theirs] = &sides;
        if mine == theirs {
            continue;
        }
        match [mine, theirs].map(|side| side.segments.is_empty()) {
            [false, false] => {
                let mut of_structure = Spread::default();
                of_structure.add_all(mine.points(), &Shapes::new(theirs.segments.clone()));
                of_structure.add_all(theirs.points(), &Shapes::new(mine.segments.clone()));
                let mean_px = of_structure.mean().unwrap_or(0.0);
                difference.figure(name, Unit::Px, mean_px);
                if let Some(mm_per_px) = mm_per_px {
                    difference.figure(name, Unit::Mm, mean_px * mm_per_px);
                }
                spread.merge(&of_structure);
                if mine.error_px != theirs.error_px {
                    spread.largest = spread.largest.max((mine.error_px - theirs.error_px).abs());
                }
            }
            [true, false] => difference.other(format!("only the second cuts {name}")),
            [false, true] => difference.other(format!("only the first cuts {name}")),
            [true, true] => {}
        }
    }
    if let Some(mean) = spread.mean() {
        difference.px(spread.largest, mean);
    }
}

/// The structures that are cut.
fn names(overlay: &Overlay) -> impl Iterator<Item = &str> {
    overlay.lines().filter_map(|(outline, _)| {
        Some(overlay.structures.get(usize::from(outline.structure))?.name.as_str())
    })
}

/// All outlines of one structure.
#[derive(Clone, Debug, PartialEq)]
struct Lines {
    segments: Vec<Segment>,
    /// The largest error that is said of them.
    error_px: f64,
}

impl Lines {
    fn of(overlay: &Overlay, name: &str) -> Self {
        let mut lines = Self { segments: Vec::new(), error_px: 0.0 };
        for (outline, points) in overlay.lines() {
            let structure = overlay.structures.get(usize::from(outline.structure));
            if structure.is_none_or(|structure| structure.name != name) {
                continue;
            }
            lines.error_px = lines.error_px.max(f64::from(outline.error_px));
            let at = |&[x, y]: &[f32; 2]| Point3::new(f64::from(x), f64::from(y), 0.0);
            lines
                .segments
                .extend(points.windows(2).map(|ends| Segment([at(&ends[0]), at(&ends[1])])));
            // The way back of a closed line; a single point is a line too.
            if let (Some(first), Some(last)) = (points.first(), points.last())
                && (outline.closed || points.len() == 1)
            {
                lines.segments.push(Segment([at(last), at(first)]));
            }
        }
        lines
    }

    fn points(&self) -> impl Iterator<Item = Point3<f64>> + '_ {
        self.segments.iter().flat_map(|segment| segment.0)
    }
}

#[cfg(test)]
mod tests {
    use messages::{Guidance, Outline, Structure, StructureKind};

    use super::*;

    /// A square at `(x, 10)` of 20 px, and for other sides a line below it.
    fn overlay(x: f32, has_line: bool) -> Overlay {
        let structure = |name: &str| Structure { name: name.to_owned(), kind: StructureKind::Vein };
        let mut points = vec![[x, 10.0], [x + 20.0, 10.0], [x + 20.0, 30.0], [x, 30.0]];
        let mut outlines = vec![Outline { structure: 1, points: 4, closed: true, error_px: 3.0 }];
        if has_line {
            points.extend([[0.0, 50.0], [40.0, 50.0]]);
            outlines.push(Outline { structure: 0, points: 2, closed: false, error_px: 3.0 });
        }
        Overlay {
            width_px: 64,
            height_px: 64,
            guidance: Guidance::Valid,
            structures: vec![structure("cava"), structure("portal_vein")],
            outlines,
            points: points.len() as u32,
            points_px: points.into_iter().flatten().collect::<Vec<_>>().into(),
        }
    }

    fn compared(a: &Overlay, b: &Overlay) -> Difference {
        let mut difference = Difference::default();
        overlays(a, b, Some(0.5), &mut difference);
        difference
    }

    #[test]
    fn a_shift_is_its_distance_in_pixels() {
        assert!(compared(&overlay(5.0, true), &overlay(5.0, true)).is_none());
        let found = compared(&overlay(5.0, true), &overlay(7.0, true));
        assert_eq!((found.px, found.others), (Some(2.0), 0));
        // The other's sides pass through half of the corners.
        assert!(found.px_mean.unwrap() <= 2.0 && found.px_mean.unwrap() >= 1.0);
    }

    #[test]
    fn the_way_back_of_a_closed_line_counts() {
        let (closed, mut open) = (overlay(5.0, false), overlay(5.0, false));
        open.outlines[0].closed = false;
        // Every corner lies on the other's lines, but they are not equal.
        assert_eq!(compared(&closed, &open).px, Some(0.0));
        let mut moved = open.clone();
        moved.outlines[0].error_px = 4.5;
        assert_eq!(compared(&open, &moved).px, Some(1.5));
    }

    #[test]
    fn what_only_one_side_cuts_or_shows_is_told() {
        let found = compared(&overlay(5.0, true), &overlay(5.0, false));
        assert_eq!(found.other, ["only the first cuts cava"]);
        let mut blank = overlay(5.0, false);
        blank.guidance = Guidance::blank("the probe is hidden");
        (blank.outlines, blank.points, blank.points_px) = (Vec::new(), 0, Vec::new().into());
        assert_eq!(
            compared(&blank, &overlay(5.0, false)).other,
            ["blank (the probe is hidden) against valid", "only the second cuts portal_vein"]
        );
        let mut wide = overlay(5.0, true);
        wide.width_px = 65;
        assert_eq!(compared(&overlay(5.0, true), &wide).others, 1);
    }
}
