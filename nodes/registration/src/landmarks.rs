//! Branch points with the directions of their vessels, and pairs of them: what a start without any guess is found by.

use messages::Centrelines;
use messages::centrelines::Sample;
use nalgebra::{Matrix3, Point3, Unit, Vector3};

/// Where along a vessel its direction at a branch point is taken.
const ARM_MM: f64 = 10.0;

/// A vessel that leaves a branch point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arm {
    /// Direction in which it leaves.
    pub direction: Unit<Vector3<f64>>,
    /// Its radius, in millimetres.
    pub radius_mm: f64,
}

/// A point where vessels meet, or one that a single vessel passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Landmark {
    /// Where it lies, in millimetres.
    pub position_mm: Point3<f64>,
    /// Radius of its widest vessel, in millimetres.
    pub radius_mm: f64,
    /// The vessels that leave it: three or more at a branch point, two where one passes.
    pub arms: Vec<Arm>,
}

impl Landmark {
    /// Whether vessels meet here.
    pub fn is_branch_point(&self) -> bool {
        self.arms.len() > 2
    }

    /// The passage of a vessel at a sample.
    pub fn passage(sample: &Sample) -> Self {
        let arm = |direction| Arm { direction, radius_mm: sample.radius_mm };
        let arms = vec![arm(sample.tangent), arm(-sample.tangent)];
        Self { position_mm: sample.position_mm, radius_mm: sample.radius_mm, arms }
    }
}

/// The branch points of a tree, those of the widest vessels first, at most `most`.
pub fn landmarks(tree: &Centrelines, most: usize) -> Vec<Landmark> {
    let mut arms: Vec<Vec<Arm>> = vec![Vec::new(); tree.nodes().len()];
    for branch in tree.branches() {
        let line = tree.polyline(branch);
        let length_mm = line.length_mm();
        let ends = [
            (branch.nodes[0], 0.0, ARM_MM.min(length_mm)),
            (branch.nodes[branch.nodes.len() - 1], length_mm, (length_mm - ARM_MM).max(0.0)),
        ];
        for (node, end_mm, inner_mm) in ends {
            let offset = line.at(inner_mm).position_mm - line.at(end_mm).position_mm;
            if let Some(direction) = Unit::try_new(offset, 1e-6) {
                let radius_mm = line.at(0.5 * (end_mm + inner_mm)).radius_mm;
                arms[node as usize].push(Arm { direction, radius_mm });
            }
        }
    }
    let mut landmarks: Vec<Landmark> = arms
        .into_iter()
        .zip(tree.nodes())
        .filter(|(arms, _)| arms.len() >= 3)
        .map(|(arms, node)| Landmark {
            position_mm: node.position_mm,
            radius_mm: arms.iter().map(|arm| arm.radius_mm).fold(0.0, f64::max),
            arms,
        })
        .collect();
    landmarks.sort_by(|a, b| b.radius_mm.total_cmp(&a.radius_mm));
    landmarks.truncate(most);
    landmarks
}

/// An arm as seen along the line between two landmarks.
#[derive(Clone, Copy, Debug)]
pub struct PairArm {
    /// Angle about the line.
    pub azimuth_rad: f64,
    /// Cosine of the angle to the line.
    pub along: f64,
    /// Sine of the angle to the line.
    pub off: f64,
    /// Logarithm of the radius of the vessel, in millimetres.
    pub log_radius: f64,
}

/// Two landmarks in order, as a frame: x runs from the first to the second.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Distance between the two.
    pub length_mm: f64,
    /// Half-way between the two.
    pub middle_mm: Point3<f64>,
    /// Axes of the frame as columns.
    pub axes: Matrix3<f64>,
    /// Logarithms of the radii of the two, in millimetres.
    pub log_radii: [f64; 2],
    /// Which of the two are branch points.
    pub are_branch_points: [bool; 2],
    /// Arms of the first and of the second.
    pub arms: [Vec<PairArm>; 2],
}

/// All ordered pairs whose distance lies within the range, the shortest first. With `both_ways` false, each pair once.
///
/// Pairs of two passages are many and say little; without `of_passages` they are left out.
pub fn pairs(
    landmarks: &[Landmark],
    range_mm: std::ops::Range<f64>,
    both_ways: bool,
    of_passages: bool,
) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (i, first) in landmarks.iter().enumerate() {
        for (j, second) in landmarks.iter().enumerate() {
            let offset = second.position_mm - first.position_mm;
            let says_enough = of_passages || first.is_branch_point() || second.is_branch_point();
            if i == j || (!both_ways && j < i) || !says_enough || !range_mm.contains(&offset.norm())
            {
                continue;
            }
            let x = offset.normalize();
            let y = x.cross(&Vector3::ith(x.iamin(), 1.0)).normalize();
            let axes = Matrix3::from_columns(&[x, y, x.cross(&y)]);
            let arms = [first, second].map(|landmark| {
                let seen = |arm: &Arm| {
                    let inside = axes.transpose() * arm.direction.into_inner();
                    PairArm {
                        azimuth_rad: inside.z.atan2(inside.y),
                        along: inside.x,
                        off: inside.y.hypot(inside.z),
                        log_radius: arm.radius_mm.max(0.1).ln(),
                    }
                };
                landmark.arms.iter().map(seen).collect()
            });
            pairs.push(Pair {
                length_mm: offset.norm(),
                middle_mm: nalgebra::center(&first.position_mm, &second.position_mm),
                axes,
                are_branch_points: [first.is_branch_point(), second.is_branch_point()],
                log_radii: [first, second].map(|end| end.radius_mm.max(0.1).ln()),
                arms,
            });
        }
    }
    pairs.sort_by(|a, b| a.length_mm.total_cmp(&b.length_mm));
    pairs
}
