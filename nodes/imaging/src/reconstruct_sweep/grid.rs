//! The voxels of a volume, as PLUS lays them around the images.

use messages::{Affine, Image, Patient};
use nalgebra::Vector3;

use super::arguments::Plan;
use crate::reconstruct::settings::{Grid, Rectangle};

/// The voxels for images of a size in these places: those that the device set gives, or else from the smallest
/// coordinates of a corner of any image on, with as many voxels as fit up to the largest.
pub fn grid(
    plan: &Plan,
    places: impl Iterator<Item = Affine<Patient, Image>>,
    (width_px, height_px): (usize, usize),
) -> Option<Grid> {
    let spacing_mm = plan.spacing_mm;
    if let (Some(origin_mm), Some(extent)) = (plan.origin_mm, plan.extent) {
        let first = extent.map(|[first, _]| first);
        let origin_mm =
            [0, 1, 2].map(|axis| origin_mm[axis] + f64::from(first[axis]) * spacing_mm[axis]);
        let size = extent.map(|[first, last]| last.abs_diff(first).saturating_add(1));
        return Some(Grid { origin_mm, spacing_mm, size });
    }
    let (low, high) = bounds(plan, places, (width_px, height_px))?;
    let size = [0, 1, 2].map(|axis| ((high[axis] - low[axis]) / spacing_mm[axis]) as u32 + 1);
    Some(Grid { origin_mm: low.into(), spacing_mm, size })
}

/// The smallest and the largest coordinates of the corners of what is used of each image.
fn bounds(
    plan: &Plan,
    places: impl Iterator<Item = Affine<Patient, Image>>,
    (width_px, height_px): (usize, usize),
) -> Option<(Vector3<f64>, Vector3<f64>)> {
    let whole = Rectangle { x_px: 0, y_px: 0, width_px, height_px };
    let clip = plan.settings.clip.unwrap_or(whole);
    let last = |first: usize, count: usize, size: usize| {
        (first.saturating_add(count).min(size)).saturating_sub(1) as f64
    };
    let (left, top) = (clip.x_px as f64, clip.y_px as f64);
    let right = last(clip.x_px, clip.width_px, width_px);
    let bottom = last(clip.y_px, clip.height_px, height_px);
    let corners = [(left, top), (left, bottom), (right, top), (right, bottom)];
    let points = places.flat_map(|place| {
        corners.map(|(x, y)| place.origin() + place.axis(0) * x + place.axis(1) * y)
    });
    points.fold(None, |bounds, point| match bounds {
        None => Some((point, point)),
        Some((low, high)) => Some((low.inf(&point), high.sup(&point))),
    })
}
