//! Measures how well two trees lie on each other after bending.

use messages::Centrelines;
use messages::centrelines::Sample;
use nalgebra::{Point3, Vector3};

use crate::assessment::{FitFigures, principal_axes};
use crate::deformable::Deformation;
use crate::kd_tree::KdTree;
use crate::landmarks::landmarks;
use crate::score::agreement;
use crate::target::Target;

/// Two trees and what lays one on the other.
#[derive(Clone, Copy, Debug)]
pub struct Fitted<'a> {
    /// The intraoperative tree.
    pub source_tree: &'a Centrelines,
    /// Samples of it.
    pub source: &'a [Sample],
    /// The preoperative tree.
    pub target_tree: &'a Centrelines,
    /// The same, prepared.
    pub target: &'a Target,
    /// Maps the source to the target.
    pub deformation: &'a Deformation,
}

const INLIER_MM: f64 = 4.0;
const NEAR_MM: f64 = 8.0;
const SCORE_REACH_MM: f64 = 5.0;
const LANDMARK_MM: f64 = 6.0;

/// The figures of a bent fit.
pub fn figures(
    fitted: &Fitted,
    rigid_score: f64,
    rival: Option<f64>,
    central_error_mm: f64,
) -> FitFigures {
    let Fitted { source_tree, source, target_tree, target, deformation } = *fitted;
    let rotation = deformation.target_from_source().rotation;
    let bent: Vec<Sample> = source
        .iter()
        .map(|sample| Sample {
            position_mm: deformation.apply(&sample.position_mm),
            tangent: rotation * sample.tangent,
            ..*sample
        })
        .collect();
    let (mut score, mut inliers, mut all, mut all_length) = (0.0, 0.0, 0.0, 0.0);
    let (mut square, mut weights) = (0.0, 0.0);
    for sample in &bent {
        let weight = sample.length_mm * sample.radius_mm.max(0.1).sqrt();
        all += weight;
        all_length += sample.length_mm;
        let Some(found) = target.best_match(sample, NEAR_MM) else { continue };
        let other = &target.samples[found.index as usize];
        score += weight * agreement(sample, other, SCORE_REACH_MM);
        let distance = found.across_mm.norm();
        if distance < INLIER_MM && sample.tangent.dot(&other.tangent).abs() > 0.8 {
            inliers += sample.length_mm;
            square += sample.length_mm * distance * distance;
            weights += sample.length_mm;
        }
    }
    let bends = source.iter().map(|sample| {
        let rigid = deformation.target_from_source() * sample.position_mm;
        deformation.displacement_mm(&rigid).norm_squared() * sample.length_mm
    });
    let bending_mm = (bends.sum::<f64>() / all_length.max(1e-9)).sqrt();
    let known =
        KdTree::new(landmarks(target_tree, usize::MAX).iter().map(|landmark| landmark.position_mm));
    let matched_branch_points = landmarks(source_tree, usize::MAX)
        .iter()
        .filter(|landmark| {
            known.nearest(&deformation.apply(&landmark.position_mm), LANDMARK_MM).is_some()
        })
        .count();
    FitFigures {
        rigid_score,
        score: score / all.max(1e-9),
        rival,
        rms_mm: (square / weights.max(1e-9)).sqrt(),
        source_inliers: inliers / all_length.max(1e-9),
        target_inliers: seen_of_target(&bent, target),
        matched_branch_points,
        bending_mm,
        central_error_mm,
    }
}

/// Share of the target's vessels in the box around the data, as thick as the thinner ones seen, with data near them.
fn seen_of_target(bent: &[Sample], target: &Target) -> f64 {
    let mut radii: Vec<f64> = bent.iter().map(|sample| sample.radius_mm).collect();
    radii.sort_by(f64::total_cmp);
    let Some(&thin_mm) = radii.get(radii.len() / 4) else { return 0.0 };
    let ((axes, centre), _) = principal_axes(bent.iter().map(|sample| sample.position_mm));
    let inside = |point: &Point3<f64>| axes.transpose() * (point - centre);
    let mut half = Vector3::zeros();
    for sample in bent {
        half = half.sup(&inside(&sample.position_mm).abs());
    }
    let seen = KdTree::new(bent.iter().map(|sample| sample.position_mm));
    let (mut near, mut all) = (0.0, 0.0);
    for sample in &target.samples {
        let within = inside(&sample.position_mm).abs();
        if sample.radius_mm >= thin_mm && (0..3).all(|axis| within[axis] <= half[axis]) {
            all += sample.length_mm;
            if seen.nearest(&sample.position_mm, NEAR_MM).is_some() {
                near += sample.length_mm;
            }
        }
    }
    if all > 0.0 { near / all } else { 0.0 }
}
