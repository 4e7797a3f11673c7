//! How well a moved tree lies on the target, from 0 to 1.

use messages::centrelines::Sample;
use nalgebra::Isometry3;

use crate::target::{SAMPLE_MM, Target, across, moved};

/// Share of the source's length that lies on vessels of like direction and radius.
///
/// Each sample counts with Tukey's biweight of its distance (0 from `reach_mm` on, at most about 10), the squared cosine
/// between the directions, and a Gaussian of the logarithm of the ratio of radii. Thick vessels count more.
pub fn overlap<'a>(
    source: impl IntoIterator<Item = &'a Sample>,
    target: &Target,
    motion: &Isometry3<f64>,
    reach_mm: f64,
) -> f64 {
    let (mut sum, mut all) = (0.0, 0.0);
    for sample in source {
        let weight = sample.length_mm * sample.radius_mm.max(0.1).sqrt();
        all += weight;
        let here = moved(sample, motion);
        if let Some(other) = target.about_nearest(&here.position_mm) {
            sum += weight * agreement(&here, other, reach_mm);
        }
    }
    if all > 0.0 { sum / all } else { 0.0 }
}

/// How well two samples agree, from 0 to 1.
pub fn agreement(here: &Sample, other: &Sample, reach_mm: f64) -> f64 {
    if let (Some(a), Some(b)) = (here.label, other.label)
        && a != b
    {
        return 0.0;
    }
    let squared = across(here.position_mm - other.position_mm, other, SAMPLE_MM).norm_squared();
    let near = (1.0 - squared / (reach_mm * reach_mm)).max(0.0);
    let cosine = here.tangent.dot(&other.tangent);
    let log_ratio = (here.radius_mm.max(0.1) / other.radius_mm.max(0.1)).ln() / RADIUS_TOLERANCE;
    near * near * cosine * cosine * (-0.5 * log_ratio * log_ratio).exp()
}

/// Standard deviation of the logarithm of the ratio of two measurements of a radius.
const RADIUS_TOLERANCE: f64 = 0.35;
