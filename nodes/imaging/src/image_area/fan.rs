//! A fan around what changes: the image of a curved or phased array.
//!
//! The straight sides are found first; they meet in the apex, around which both arcs run.

use serde::Serialize;

use super::Side;
use super::border::{self, Line, level};
use super::outline::{Outline, Point};
use crate::reconstruct::settings;

/// So many rows must lie on a side.
const LEAST_ROWS: usize = 16;
/// So many columns, and this share of those that could, must lie on an arc, or it is not seen.
const LEAST_COLUMNS: usize = 16;
const LEAST_SHARE: f64 = 0.1;
/// A narrower fan could not be told from a rectangle.
const LEAST_ANGLE_DEG: f64 = 8.0;
/// Points nearer to a side are not on an arc, pixels.
const NEAR_SIDE_PX: f64 = 4.0;

/// A ring sector of an image; its pixels are square.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Fan {
    /// Where its straight sides meet: columns and rows from the centre of the first pixel; often above the image.
    pub origin_px: [f64; 2],
    /// Smallest and largest distance from there.
    pub radii_px: [f64; 2],
    /// Left and right side, from straight down, positive towards larger columns, in degrees.
    pub angles_deg: [f64; 2],
}

impl Fan {
    /// As a setting of a reconstruction; its millimetres are pixels.
    pub fn setting(&self) -> settings::Fan {
        settings::Fan {
            apex_px: self.origin_px,
            pixel_spacing_mm: [1.0; 2],
            angles_rad: self.angles_deg.map(f64::to_radians),
            radii_mm: self.radii_px,
        }
    }

    fn at(&self, angle_deg: f64, radius_px: f64) -> [f64; 2] {
        let (sin, cos) = angle_deg.to_radians().sin_cos();
        [self.origin_px[0] + radius_px * sin, self.origin_px[1] + radius_px * cos]
    }

    /// Where sides and arcs meet, and the middles of the arcs.
    pub(super) fn corners(&self) -> [[f64; 2]; 6] {
        let ([left, right], [inner, outer]) = (self.angles_deg, self.radii_px);
        let middle = f64::midpoint(left, right);
        [
            (left, inner),
            (middle, inner),
            (right, inner),
            (left, outer),
            (middle, outer),
            (right, outer),
        ]
        .map(|(angle, radius)| self.at(angle, radius))
    }

    /// The smallest rectangle around its pixels.
    pub(super) fn bounds(&self) -> settings::Rectangle {
        let ([left, right], outer) = (self.angles_deg, self.radii_px[1]);
        let deepest = self.at(0.0f64.clamp(left, right), outer);
        let points = || self.corners().into_iter().chain([deepest]);
        let low = |axis: usize| {
            let least = points().map(|point| point[axis]).fold(f64::INFINITY, f64::min);
            least.ceil().max(0.0) as usize
        };
        let high = |axis: usize| {
            let most = points().map(|point| point[axis]).fold(f64::NEG_INFINITY, f64::max);
            most.floor().max(0.0) as usize
        };
        let (x_px, y_px) = (low(0), low(1));
        let size = |first: usize, last: usize| (last + 1).saturating_sub(first);
        let (width_px, height_px) = (size(x_px, high(0)), size(y_px, high(1)));
        settings::Rectangle { x_px, y_px, width_px, height_px }
    }

    /// Angle and radius of a point, degrees and pixels.
    fn polar(&self, [x, y]: [f64; 2]) -> (f64, f64) {
        let (across, down) = (x - self.origin_px[0], y - self.origin_px[1]);
        (across.atan2(down).to_degrees(), across.hypot(down))
    }

    /// How far a point is from the nearest side or arc, pixels.
    pub(super) fn distance(&self, at_px: [f64; 2]) -> f64 {
        let (angle, radius) = self.polar(at_px);
        let [left, right] = self.angles_deg;
        let [inner, outer] = self.radii_px;
        // From the nearest point of a side, which ends at both arcs, and of an arc, which ends at both sides.
        let side = |side: f64| {
            let (across, along) = (angle - side).to_radians().sin_cos();
            (radius * across).hypot(radius * along - (radius * along).clamp(inner, outer))
        };
        let arc = |arc: f64| {
            let off = (angle - angle.clamp(left, right)).to_radians();
            (radius * off.sin()).hypot(radius * off.cos() - arc)
        };
        side(left).min(side(right)).min(arc(inner)).min(arc(outer))
    }

    /// Whether a point lies inside.
    pub(super) fn contains(&self, at_px: [f64; 2]) -> bool {
        let (angle, radius) = self.polar(at_px);
        let ([left, right], [inner, outer]) = (self.angles_deg, self.radii_px);
        (left..=right).contains(&angle) && (inner..=outer).contains(&radius)
    }
}

/// A fan, and which of its borders were not seen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) fan: Fan,
    pub(super) unseen: Vec<Side>,
}

/// The fan with the most of an outline on its borders.
pub(super) fn fit(outline: &Outline) -> Option<Found> {
    let left = side(&outline.left, -1.0)?;
    let right = side(&outline.right, 1.0)?;
    let angles = [left.slope, right.slope].map(|slope| slope.atan().to_degrees());
    if angles[1] - angles[0] < LEAST_ANGLE_DEG {
        return None;
    }
    let y = (right.at_top - left.at_top) / (left.slope - right.slope);
    let origin_px = [left.at_top + left.slope * y, y];
    let mut fan = Fan { origin_px, radii_px: [0.0, f64::INFINITY], angles_deg: angles };
    let is_between = |point: &&Point| {
        let at = point.at_px;
        left.distance(at) > NEAR_SIDE_PX && right.distance(at) < -NEAR_SIDE_PX && at[1] > y
    };
    let radii = |points: &[Point]| -> Vec<f64> {
        let points = points.iter().filter(is_between).filter(|point| !point.is_cut);
        points.map(|point| fan.polar(point.at_px).1).collect()
    };
    let arc = |points: &[Point], outwards: f64| {
        let radii: Vec<f64> = radii(points).iter().map(|radius| outwards * radius).collect();
        let least = LEAST_COLUMNS.max((LEAST_SHARE * radii.len() as f64) as usize);
        let level = level(radii, 1.0)?;
        (level.points >= least).then_some(outwards * level.value)
    };
    let (inner, outer) = (arc(&outline.top, -1.0), arc(&outline.bottom, 1.0));
    // What is not seen reaches as far as what changes.
    let is_within = |at: &[f64; 2]| {
        left.distance(*at) > -NEAR_SIDE_PX && right.distance(*at) < NEAR_SIDE_PX && at[1] > y
    };
    let reach = outline.points().map(|point| point.at_px).filter(is_within);
    let reach = reach.map(|at| fan.polar(at).1);
    let (nearest, farthest) = reach.fold((f64::INFINITY, 0.0), |(nearest, farthest), radius| {
        (radius.min(nearest), radius.max(farthest))
    });
    if inner.is_none() && outer.is_none() {
        return None;
    }
    let mut unseen = vec![];
    if inner.is_none() {
        unseen.push(Side::InnerArc);
    }
    if outer.is_none() {
        unseen.push(Side::OuterArc);
    }
    fan.radii_px = [inner.unwrap_or(nearest), outer.unwrap_or(farthest)];
    (fan.radii_px[0] < fan.radii_px[1]).then_some(Found { fan, unseen })
}

/// The straight side of a fan, without what the image cuts off.
fn side(points: &[Point], outwards: f64) -> Option<Line> {
    let whole = points.iter().filter(|point| !point.is_cut);
    let points: Vec<[f64; 2]> = whole.map(|point| point.at_px).collect();
    let (line, on) = border::line(&points, outwards)?;
    (on >= LEAST_ROWS).then_some(line)
}
