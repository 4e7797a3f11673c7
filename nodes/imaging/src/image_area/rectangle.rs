//! A rectangle around what changes: the image of a linear probe.

use super::Side;
use super::border::level;
use super::outline::{Outline, Point};
use crate::reconstruct::settings::Rectangle;

/// A side that fewer points lie on is not seen.
const LEAST_POINTS: usize = 8;
/// So is one with less than this share of its length.
const LEAST_SHARE: f64 = 0.04;

/// A rectangle, and which of its sides were not seen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) rectangle: Rectangle,
    pub(super) unseen: Vec<Side>,
}

/// The rectangle with the most of an outline on its sides. `bright` is the outline of what changes much: a border of
/// the image is in the same place in both, and the end of an echo is not.
pub(super) fn fit(outline: &Outline, bright: &Outline) -> Option<Found> {
    let side = |points: &[Point], bright: &[Point], axis: usize, outwards: f64| {
        let found = |points: &[Point]| {
            let values = points.iter().map(|point| outwards * point.at_px[axis]);
            level(values.collect(), 0.25)
        };
        let (here, there) = (found(points)?, found(bright));
        let is_same = there.is_some_and(|there| (there.value - here.value).abs() <= 1.0);
        let points = if is_same { here.points } else { 0 };
        Some((outwards * here.value, points))
    };
    let (left, on_left) = side(&outline.left, &bright.left, 0, -1.0)?;
    let (right, on_right) = side(&outline.right, &bright.right, 0, 1.0)?;
    let (top, on_top) = side(&outline.top, &bright.top, 1, -1.0)?;
    let (bottom, on_bottom) = side(&outline.bottom, &bright.bottom, 1, 1.0)?;
    let (width, height) = (right - left, bottom - top);
    if width < 1.0 || height < 1.0 {
        return None;
    }
    let sides = [
        (Side::Left, on_left, height),
        (Side::Right, on_right, height),
        (Side::Top, on_top, width),
        (Side::Bottom, on_bottom, width),
    ];
    let is_unseen = |points: usize, length: f64| {
        points < LEAST_POINTS || (points as f64) < LEAST_SHARE * length
    };
    let unseen = sides.into_iter().filter(|(_, points, length)| is_unseen(*points, *length));
    Some(Found {
        // The borders lie between pixels.
        rectangle: Rectangle {
            x_px: (left + 0.5).round() as usize,
            y_px: (top + 0.5).round() as usize,
            width_px: width.round() as usize,
            height_px: height.round() as usize,
        },
        unseen: unseen.map(|(side, ..)| side).collect(),
    })
}

/// The outer corners of its pixels.
pub(super) fn corners(rectangle: &Rectangle) -> [[f64; 2]; 4] {
    let left = rectangle.x_px as f64 - 0.5;
    let top = rectangle.y_px as f64 - 0.5;
    let (right, bottom) = (left + rectangle.width_px as f64, top + rectangle.height_px as f64);
    [[left, top], [right, top], [left, bottom], [right, bottom]]
}

/// How far a point of an outline is from the nearest side, pixels.
pub(super) fn distance(rectangle: &Rectangle, [x, y]: [f64; 2]) -> f64 {
    let [[left, top], .., [right, bottom]] = corners(rectangle);
    let beyond = |low: f64, at: f64, high: f64| (low - at).max(at - high);
    let (across, down) = (beyond(left, x, right), beyond(top, y, bottom));
    if across > 0.0 && down > 0.0 { across.hypot(down) } else { across.max(down).abs() }
}
