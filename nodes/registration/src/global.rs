//! Finds where a partial tree lies in a whole one, without a guess.
//!
//! Every pair of branch points of the source is laid on every pair of the target that is about as long and wide; the
//! angle about their line follows from the vessels that leave them (the voting of B. Drost et al., "Model Globally,
//! Match Locally", CVPR 2010, with branch points in place of oriented points). The coarse map scores all of them, and
//! the best that differ are refined. Nothing is random.

use std::f64::consts::{PI, TAU};

use messages::Centrelines;
use messages::centrelines::Sample;
use nalgebra::{Isometry3, Matrix3, Point3, Rotation3, Translation3, UnitQuaternion};

use crate::coarse::{Coarse, Laid};
use crate::landmarks::{Landmark, Pair, landmarks, pairs};
use crate::rigid::{RigidFit, RigidParameters, centroid, refine};
use crate::score::overlap;
use crate::shortlist::Shortlist;
use crate::target::Target;

/// What is known before about the pose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoseLimits {
    /// The expected pose.
    pub target_from_source: Isometry3<f64>,
    /// Most rotation from it, in radians.
    pub max_rotation_rad: f64,
    /// Most distance of the source's centroid from where the expected pose puts it, in millimetres.
    pub max_translation_mm: f64,
}

impl PoseLimits {
    /// Whether a pose is within the limits; `centroid` is that of the source.
    pub fn allow(&self, pose: &Isometry3<f64>, centroid: &Point3<f64>) -> bool {
        pose.rotation.angle_to(&self.target_from_source.rotation) <= self.max_rotation_rad
            && (pose * centroid - self.target_from_source * centroid).norm()
                <= self.max_translation_mm
    }
}

/// How the search is bounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GlobalParameters {
    /// What is known before, if anything.
    pub limits: Option<PoseLimits>,
    /// Branch points used of the source: the widest.
    pub source_landmarks: usize,
    /// Branch points used of the target: the widest.
    pub target_landmarks: usize,
    /// Hypotheses refined a little.
    pub refined: usize,
    /// Of these, hypotheses refined well.
    pub refined_well: usize,
}

impl Default for GlobalParameters {
    fn default() -> Self {
        Self {
            limits: None,
            source_landmarks: 40,
            target_landmarks: 160,
            refined: 40,
            refined_well: 12,
        }
    }
}

/// A pose and how well it explains the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// The refined fit.
    pub fit: RigidFit,
    /// Overlap of source and target, from 0 to 1.
    pub score: f64,
}

/// Pairs nearer than this fix no direction, and further apart deformation decides their distance.
const PAIR_RANGE_MM: std::ops::Range<f64> = 10.0..90.0;
/// By how much deformation may change the distance of a pair: a constant and a share of it.
const STRETCH_MM: f64 = 2.5;
const STRETCH: f64 = 0.07;
/// Largest difference of the logarithms of two radii of the same vessel.
const LOG_RADIUS: f64 = 0.5;
/// Arms that must agree about the angle of a pair, of usually six.
const AGREEING_ARMS: usize = 3;
/// Two arms are the same vessel if their directions differ by no more, in radians.
const ARM_TOLERANCE_RAD: f64 = 0.45;
/// Poses that move the source's samples by less on average are the same.
pub const DISTINCT_MM: f64 = 12.0;
/// Poses that move them by more are not of the same neighbourhood.
const FAR_MM: f64 = 40.0;
/// With fewer branch points than this in the source, passages of vessels pair with them.
const ENOUGH_BRANCH_POINTS: usize = 7;
/// With fewer than this, passages pair with each other too.
const FEW_BRANCH_POINTS: usize = 2;
/// Pairs of branch points tried of the source, of all lengths; a fraction of them suffices to find the pose.
const MOST_PAIRS: usize = 320;
/// Passages used, spread over the trees.
const SOURCE_PASSAGES: usize = 24;
const TARGET_PASSAGES: usize = 240;
/// Samples that score a pose before refinement.
const COARSE_SAMPLES: usize = 60;
/// Reach of the score after refinement, in millimetres.
pub const FINE_REACH_MM: f64 = 7.0;
/// Poses kept for refinement, before those that are still alike are thinned out.
const LISTED: usize = 1500;

/// Distinct poses, the best first; empty if the trees have too few branch points in common.
pub fn search(
    source_tree: &Centrelines,
    source: &[Sample],
    target_tree: &Centrelines,
    target: &Target,
    parameters: &GlobalParameters,
) -> Vec<Hypothesis> {
    let mut source_landmarks = landmarks(source_tree, parameters.source_landmarks);
    let mut target_landmarks = landmarks(target_tree, parameters.target_landmarks);
    let of_passages = source_landmarks.len() < FEW_BRANCH_POINTS;
    let of_branch_points = source_landmarks.len() >= ENOUGH_BRANCH_POINTS;
    if !of_branch_points {
        source_landmarks.extend(every(source, SOURCE_PASSAGES).iter().map(Landmark::passage));
        target_landmarks
            .extend(every(&target.samples, TARGET_PASSAGES).iter().map(Landmark::passage));
    }
    let source_pairs = pairs(&source_landmarks, PAIR_RANGE_MM, false, of_passages);
    let range = 0.8 * PAIR_RANGE_MM.start..1.2 * PAIR_RANGE_MM.end;
    let target_pairs = pairs(&target_landmarks, range, true, of_passages);
    let centroid = centroid(source);
    let few = every(source, COARSE_SAMPLES);
    let coarse = Coarse::new(&few, target);
    let mut shortlist = Shortlist::new(markers(source), LISTED);
    let stride = if of_branch_points { source_pairs.len().div_ceil(MOST_PAIRS).max(1) } else { 1 };
    for pair in source_pairs.iter().step_by(stride) {
        let slack = STRETCH_MM + STRETCH * pair.length_mm;
        let from = target_pairs.partition_point(|other| other.length_mm < pair.length_mm - slack);
        for other in target_pairs[from..]
            .iter()
            .take_while(|other| other.length_mm <= pair.length_mm + slack)
        {
            let alike =
                |end: usize| (pair.log_radii[end] - other.log_radii[end]).abs() < LOG_RADIUS;
            if pair.are_branch_points != other.are_branch_points || !alike(0) || !alike(1) {
                continue;
            }
            let Some(roll) = roll(pair, other) else { continue };
            let pose = lay(pair, other, roll);
            if parameters.limits.is_some_and(|limits| !limits.allow(&isometry(&pose), &centroid)) {
                continue;
            }
            if let Some(score) = coarse.score(&pose, shortlist.bar()) {
                shortlist.add(score, pose);
            }
        }
    }
    let starts = starts(source, shortlist.into_poses(), parameters.refined);
    let refined = refined(source, target, &starts, parameters);
    let allowed = |hypothesis: &Hypothesis| {
        let pose = &hypothesis.fit.target_from_source;
        parameters.limits.is_none_or(|limits| limits.allow(pose, &centroid))
    };
    distinct(refined.into_iter().filter(allowed).collect(), &few)
}

/// Poses to refine: the best of those that differ, and for a quarter the best of those that differ much from the best, so
/// that a rival is found where everything near the best pose scores well.
fn starts(source: &[Sample], poses: Vec<Laid>, most: usize) -> Vec<Isometry3<f64>> {
    let few = every(source, 6);
    let (mut near, mut far): (Vec<Isometry3<f64>>, Vec<Isometry3<f64>>) = (Vec::new(), Vec::new());
    for pose in poses {
        let pose = isometry(&pose);
        let differs = |others: &[Isometry3<f64>], by_mm: f64| {
            others.iter().all(|other| apart_mm(&few, other, &pose) > by_mm)
        };
        if !differs(&near, DISTINCT_MM) || !differs(&far, DISTINCT_MM) {
            continue;
        }
        if near.len() < most - most / 4 {
            near.push(pose);
        } else if far.len() < most / 4 && differs(&near[..1], FAR_MM) {
            far.push(pose);
        }
    }
    near.extend(far);
    near
}

/// Three points of the source far from each other.
fn markers(source: &[Sample]) -> [Point3<f64>; 3] {
    let centre = centroid(source);
    let furthest = |from: &[Point3<f64>]| {
        let nearest = |place: &Point3<f64>| {
            from.iter().map(|other| (place - other).norm()).fold(f64::INFINITY, f64::min)
        };
        let places = source.iter().map(|sample| sample.position_mm);
        places.max_by(|a, b| nearest(a).total_cmp(&nearest(b))).unwrap_or(centre)
    };
    let first = furthest(&[centre]);
    let second = furthest(&[first]);
    [first, second, furthest(&[first, second])]
}

/// The starts refined: all a little, the best of them well.
fn refined(
    source: &[Sample],
    target: &Target,
    starts: &[Isometry3<f64>],
    parameters: &GlobalParameters,
) -> Vec<Hypothesis> {
    let stage = |samples: &[Sample], start: &Isometry3<f64>, parameters: &RigidParameters| {
        let fit = refine(samples, target, start, parameters)?;
        let score = overlap(source, target, &fit.target_from_source, FINE_REACH_MM);
        Some(Hypothesis { fit, score })
    };
    let sparse = every(source, 70);
    let little = RigidParameters { first_scale_mm: 7.0, last_scale_mm: 5.0, iterations: 4 };
    let hypotheses = starts.iter().filter_map(|start| stage(&sparse, start, &little)).collect();
    // Of many that come to the same pose one is enough.
    let mut hypotheses = distinct(hypotheses, &sparse);
    hypotheses.truncate(parameters.refined_well);
    let denser = every(source, 150);
    let well = RigidParameters { first_scale_mm: 6.0, last_scale_mm: 4.0, iterations: 6 };
    hypotheses
        .iter()
        .filter_map(|hypothesis| stage(&denser, &hypothesis.fit.target_from_source, &well))
        .collect()
}

/// The hypotheses without those that are about the same as a better one, the best first.
fn distinct(mut hypotheses: Vec<Hypothesis>, samples: &[Sample]) -> Vec<Hypothesis> {
    hypotheses.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Hypothesis> = Vec::new();
    for hypothesis in hypotheses {
        let pose = &hypothesis.fit.target_from_source;
        if kept
            .iter()
            .all(|other| apart_mm(samples, &other.fit.target_from_source, pose) > DISTINCT_MM)
        {
            kept.push(hypothesis);
        }
    }
    kept
}

/// Mean distance between the places of samples under two poses.
pub fn apart_mm(samples: &[Sample], a: &Isometry3<f64>, b: &Isometry3<f64>) -> f64 {
    let sum: f64 =
        samples.iter().map(|sample| (a * sample.position_mm - b * sample.position_mm).norm()).sum();
    sum / samples.len().max(1) as f64
}

/// About `count` samples spread evenly over all, which then stand for the whole length.
pub fn every(samples: &[Sample], count: usize) -> Vec<Sample> {
    if samples.len() <= count {
        return samples.to_vec();
    }
    let stride = samples.len() as f64 / count as f64;
    (0..count)
        .map(|i| {
            let sample = samples[((i as f64 + 0.5) * stride) as usize];
            Sample { length_mm: sample.length_mm * stride, ..sample }
        })
        .collect()
}

/// The angle about the line on which most arms agree, if enough do.
fn roll(pair: &Pair, other: &Pair) -> Option<f64> {
    let mut votes: [(f64, f64); 64] = [(0.0, 0.0); 64];
    let mut count = 0;
    for end in 0..2 {
        for arm in &pair.arms[end] {
            for candidate in &other.arms[end] {
                let like = (arm.along - candidate.along).abs() < ARM_TOLERANCE_RAD
                    && (arm.log_radius - candidate.log_radius).abs() < LOG_RADIUS;
                let weight = arm.off * candidate.off;
                if like && weight > 0.1 && count < votes.len() {
                    votes[count] = (wrapped(candidate.azimuth_rad - arm.azimuth_rad), weight);
                    count += 1;
                }
            }
        }
    }
    let votes = &votes[..count];
    let mut best = None;
    let mut most = 0.0;
    for &(centre, _) in votes {
        let (mut agreeing, mut weights, mut shift) = (0, 0.0, 0.0);
        for &(angle, weight) in votes {
            let off = wrapped(angle - centre);
            if off.abs() * weight < ARM_TOLERANCE_RAD && off.abs() < 2.0 * ARM_TOLERANCE_RAD {
                agreeing += 1;
                weights += weight;
                shift += weight * off;
            }
        }
        if agreeing >= AGREEING_ARMS && weights > most {
            most = weights;
            best = Some(centre + shift / weights);
        }
    }
    best
}

/// The difference of two angles within half a turn, within half a turn.
fn wrapped(difference_rad: f64) -> f64 {
    if difference_rad > PI {
        difference_rad - TAU
    } else if difference_rad < -PI {
        difference_rad + TAU
    } else {
        difference_rad
    }
}

/// The pose that lays one pair on the other, turned about their line.
fn lay(pair: &Pair, other: &Pair, roll: f64) -> Laid {
    let (sin, cos) = roll.sin_cos();
    let turn = Matrix3::new(1.0, 0.0, 0.0, 0.0, cos, -sin, 0.0, sin, cos);
    let rotation = other.axes * turn * pair.axes.transpose();
    let translation = other.middle_mm.coords - rotation * pair.middle_mm.coords;
    Laid { rotation, translation }
}

fn isometry(pose: &Laid) -> Isometry3<f64> {
    let rotation = Rotation3::from_matrix_unchecked(pose.rotation);
    let rotation = UnitQuaternion::from_rotation_matrix(&rotation);
    Isometry3::from_parts(Translation3::from(pose.translation), rotation)
}
