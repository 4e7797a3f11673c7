//! A quick score of very many poses: how well a few samples of the source lie on the target.

use messages::centrelines::Sample;
use nalgebra::{Matrix3, Point3, Vector3};

use crate::target::{SAMPLE_MM, Target, across};

/// Reach of the score; poses are off by about as much before refinement.
const REACH_MM: f64 = 9.0;
/// Difference of the logarithms of two radii that halves the score.
const LOG_RADIUS: f64 = 0.45;
/// One sample of so many tells most wrong poses.
const GLANCE: usize = 4;

/// A rigid motion as rotation and translation: what is laid on is not worth a quaternion each.
#[derive(Clone, Copy, Debug)]
pub struct Laid {
    /// Rotation.
    pub rotation: Matrix3<f64>,
    /// Translation, in millimetres.
    pub translation: Vector3<f64>,
}

/// A few samples of the source, ready to be laid on the target.
pub struct Coarse<'a> {
    target: &'a Target,
    target_log_radii: Vec<f64>,
    places: Vec<Place>,
}

struct Place {
    sample: Sample,
    log_radius: f64,
    /// The weights of all places sum to one.
    weight: f64,
}

impl<'a> Coarse<'a> {
    /// Prepares a few samples.
    pub fn new(samples: &[Sample], target: &'a Target) -> Self {
        let log = |sample: &Sample| sample.radius_mm.max(0.1).ln();
        let weight = |sample: &Sample| sample.length_mm * sample.radius_mm.max(0.1).sqrt();
        let all: f64 = samples.iter().map(weight).sum();
        let place = |sample: &Sample| Place {
            sample: *sample,
            log_radius: log(sample),
            weight: weight(sample) / all.max(1e-9),
        };
        Self {
            target,
            target_log_radii: target.samples.iter().map(log).collect(),
            places: samples.iter().map(place).collect(),
        }
    }

    /// The score of a pose, from 0 to 1; nothing if a glance tells that it is far below `bar`.
    pub fn score(&self, pose: &Laid, bar: f64) -> Option<f64> {
        let (mut glance, mut seen) = (0.0, 0.0);
        for place in self.places.iter().step_by(GLANCE) {
            glance += self.agreement(place, pose);
            seen += place.weight;
        }
        if glance < 0.6 * bar * seen {
            return None;
        }
        let rest = self.places.iter().enumerate().filter(|(index, _)| index % GLANCE != 0);
        Some(rest.fold(glance, |sum, (_, place)| sum + self.agreement(place, pose)))
    }

    fn agreement(&self, place: &Place, pose: &Laid) -> f64 {
        let position =
            Point3::from(pose.rotation * place.sample.position_mm.coords + pose.translation);
        let Some(index) = self.target.about_nearest_index(&position) else { return 0.0 };
        let other = &self.target.samples[index];
        if let (Some(a), Some(b)) = (place.sample.label, other.label)
            && a != b
        {
            return 0.0;
        }
        let squared = across(position - other.position_mm, other, SAMPLE_MM).norm_squared();
        let near = 1.0 - squared / (REACH_MM * REACH_MM);
        if near <= 0.0 {
            return 0.0;
        }
        let cosine = (pose.rotation * place.sample.tangent.into_inner()).dot(&other.tangent);
        let log_ratio = (place.log_radius - self.target_log_radii[index]) / LOG_RADIUS;
        place.weight * near * near * cosine * cosine / (1.0 + log_ratio * log_ratio)
    }
}
