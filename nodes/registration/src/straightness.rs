//! Tells wires from vessels: how much of a tree lies on long straight lines.

use messages::centrelines::Sample;
use nalgebra::{Point3, Vector3};

use crate::global::every;

/// A line must be followed this far; vessels bend sooner.
const LEAST_LINE_MM: f64 = 45.0;
/// How far a centreline may lie off its line.
const OFF_MM: f64 = 1.5;
/// Cosine between a centreline and its line.
const ALONG: f64 = 0.94;
/// Share of a line's extent that centrelines must cover.
const COVERED: f64 = 0.75;
const SAMPLES: usize = 160;

/// Share of the length, from 0 to 1, that lies on long straight lines; 0 for no samples.
///
/// Lines through two samples are tried; the one that holds most length is taken out, and so on.
pub fn straight_fraction(samples: &[Sample]) -> f64 {
    let mut left = every(samples, SAMPLES);
    let all: f64 = left.iter().map(|sample| sample.length_mm).sum();
    let mut straight = 0.0;
    while let Some((members, length)) = longest_line(&left) {
        straight += length;
        let mut members = members.into_iter();
        left.retain(|_| !members.next().unwrap_or(false));
    }
    if all > 0.0 { straight / all } else { 0.0 }
}

/// Which samples lie on the line that holds most length, and how much.
fn longest_line(samples: &[Sample]) -> Option<(Vec<bool>, f64)> {
    let mut best: Option<(Vec<bool>, f64)> = None;
    for (i, first) in samples.iter().enumerate() {
        for second in &samples[..i] {
            let offset = second.position_mm - first.position_mm;
            let length = offset.norm();
            let direction = offset / length.max(1e-9);
            let parallel = |sample: &Sample| sample.tangent.dot(&direction).abs() > ALONG;
            if length < 0.5 * LEAST_LINE_MM || !parallel(first) || !parallel(second) {
                continue;
            }
            let (members, held) = on_line(samples, &first.position_mm, &direction);
            if held > best.as_ref().map_or(0.0, |best| best.1) {
                best = Some((members, held));
            }
        }
    }
    best
}

/// The samples on a line and their length, or 0 if they are too few for its extent or it is too short.
fn on_line(samples: &[Sample], start: &Point3<f64>, direction: &Vector3<f64>) -> (Vec<bool>, f64) {
    let (mut low, mut high, mut held) = (f64::MAX, f64::MIN, 0.0);
    let members: Vec<bool> = samples
        .iter()
        .map(|sample| {
            let offset = sample.position_mm - start;
            let along = offset.dot(direction);
            let on = (offset - direction * along).norm() < OFF_MM
                && sample.tangent.dot(direction).abs() > ALONG;
            if on {
                low = low.min(along - 0.5 * sample.length_mm);
                high = high.max(along + 0.5 * sample.length_mm);
                held += sample.length_mm;
            }
            on
        })
        .collect();
    let is_line = held >= LEAST_LINE_MM && held >= COVERED * (high - low);
    (members, if is_line { held } else { 0.0 })
}
