//! Bends the straight edges of grown trees into smooth, winding centrelines without letting any touch.

use std::f64::consts::{PI, TAU};

use nalgebra::{Point3, Vector3};
use rand_chacha::ChaCha8Rng;

use crate::anatomy::bounds::Bounds;
use crate::anatomy::distance_field::DistanceField;
use crate::anatomy::growing_tree::GrowingTree;
use crate::anatomy::segment::Segment;
use crate::anatomy::tube_tree::{InvalidTubes, TubeNode, TubeTree};
use crate::randomness::within;

/// Length of the straight pieces of a centreline.
const STEP_MM: f64 = 2.5;
/// Least distance between walls of different trees.
const GAP_MM: f64 = 0.8;
/// Least distance between walls of one tree that do not meet.
const OWN_GAP_MM: f64 = 0.3;
/// Radius at the end of a terminal: what lies beyond is too thin to be seen.
const THINNEST_MM: f64 = 0.65;
/// Walls of one tree may merge as long as the way between them is at most this many times the sum of
/// their radii: there they are still joining.
const JOINED: f64 = 3.0;

/// A vessel between two branchings.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    /// Index of the branch it leaves, in the same list; parents come first.
    pub parent: Option<usize>,
    /// Centreline, both ends included.
    pub points: Vec<Point3<f64>>,
    pub radius_mm: f64,
    pub end_radius_mm: f64,
    bounds: Bounds,
}

impl Branch {
    /// The centreline's pieces as tubes.
    pub fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        tubes(&self.points, self.radius_mm)
    }

    fn replace(&mut self, points: Vec<Point3<f64>>) {
        self.points = points;
        self.bounds = around(&self.points, self.radius_mm);
    }

    fn length_mm(&self) -> f64 {
        self.points.windows(2).map(|p| (p[1] - p[0]).norm()).sum()
    }

    /// Whether a line comes nearer than `gap` to the wall.
    pub fn touches(&self, points: &[Point3<f64>], radius_mm: f64, gap: f64) -> bool {
        self.bounds.grown(gap).meets(&around(points, radius_mm))
            && self
                .segments()
                .any(|own| tubes(points, radius_mm).any(|s| s.clearance_mm(&own) < gap))
    }
}

/// The pieces of a line as tubes of even radius.
pub(crate) fn tubes(points: &[Point3<f64>], radius_mm: f64) -> impl Iterator<Item = Segment> + '_ {
    points.windows(2).map(move |pair| Segment {
        start: pair[0],
        end: pair[1],
        start_radius_mm: radius_mm,
        end_radius_mm: radius_mm,
    })
}

fn around(points: &[Point3<f64>], radius_mm: f64) -> Bounds {
    points.iter().fold(Bounds::empty(), |all, p| all.with(&Bounds::of_ball(p, radius_mm)))
}

/// The branches of a tree with straight centrelines, parents first.
pub(crate) fn straight(tree: &GrowingTree) -> Vec<Branch> {
    let mut branches: Vec<Branch> = Vec::new();
    let roots =
        tree.nodes.iter().enumerate().filter(|(_, n)| n.parent.is_none() && !n.children.is_empty());
    let mut waiting: Vec<(usize, Option<usize>)> =
        roots.flat_map(|(_, n)| n.children.iter().map(|c| (*c, None))).collect();
    while let Some((node, parent)) = waiting.pop() {
        let Some((start, end)) = tree.edge(node) else { continue };
        let radius_mm = tree.radius_mm(node);
        let terminal = tree.nodes[node].children.is_empty();
        let end_radius_mm =
            if terminal { THINNEST_MM.max(0.5 * radius_mm).min(radius_mm) } else { radius_mm };
        let points = vec![start, end];
        let bounds = around(&points, radius_mm);
        waiting
            .extend(tree.nodes[node].children.iter().map(|child| (*child, Some(branches.len()))));
        branches.push(Branch { parent, points, radius_mm, end_radius_mm, bounds });
    }
    branches
}

/// Whether branch `index` with the centreline `points` overlaps a branch of its own tree other than
/// by joining it: pieces count as joined where the way between them along the centrelines is short.
fn folds(
    branches: &[Branch],
    starts_mm: &[f64],
    index: usize,
    points: &[Point3<f64>],
    other: usize,
) -> bool {
    let (this, that) = (&branches[index], &branches[other]);
    let reach = this.radius_mm + that.radius_mm;
    if !that.touches(points, this.radius_mm, OWN_GAP_MM) {
        return false;
    }
    // The way leads over the last branch that both hang on, or over one of the two itself.
    let lineage = |from: usize| {
        std::iter::successors(Some(from), |b| branches[*b].parent).collect::<Vec<_>>()
    };
    let (ours, theirs) = (lineage(index), lineage(other));
    let (above, below) = (ours.contains(&other), theirs.contains(&index));
    let fork = ours.iter().find(|b| theirs.contains(b));
    // Trees of one system meet at their roots, in the vessel that they drain into.
    let fork_mm = fork.map_or(0.0, |b| starts_mm[*b] + branches[*b].length_mm());
    let mut along = starts_mm[index];
    for piece in tubes(points, this.radius_mm) {
        let here = along + 0.5 * (piece.end - piece.start).norm();
        along += (piece.end - piece.start).norm();
        let mut there = starts_mm[other];
        for wall in that.segments() {
            let place = there + 0.5 * (wall.end - wall.start).norm();
            there += (wall.end - wall.start).norm();
            let way =
                if above || below { (here - place).abs() } else { here + place - 2.0 * fork_mm };
            if way > JOINED * reach + 2.0 * STEP_MM && piece.clearance_mm(&wall) < OWN_GAP_MM {
                return true;
            }
        }
    }
    false
}

/// Way from the root to the start of each branch.
fn starts_mm(branches: &[Branch]) -> Vec<f64> {
    let mut starts: Vec<f64> = Vec::new();
    for branch in branches {
        starts.push(branch.parent.map_or(0.0, |p| starts[p] + branches[p].length_mm()));
    }
    starts
}

/// Bends all branches of all trees; a bend that would bring walls together is made smaller or left out.
pub(crate) fn bend(
    systems: &mut [Vec<Branch>],
    organ: &DistanceField,
    obstacles: &[Segment],
    winding: (f64, f64),
    rng: &mut ChaCha8Rng,
) {
    for system in 0..systems.len() {
        let tangents = tangents(&systems[system]);
        let starts = starts_mm(&systems[system]);
        for index in 0..systems[system].len() {
            let branch = &systems[system][index];
            let radius = branch.radius_mm;
            let covered = branch.points.iter().all(|p| organ.signed_distance_mm(p) < -radius);
            let wind = Wind::new(within(winding, rng), rng);
            for strength in [1.0, 0.6, 0.3, 0.0] {
                let line = curve(branch, tangents[index], &wind, strength);
                let inside =
                    !covered || line.iter().all(|p| organ.signed_distance_mm(p) < -(radius + 0.5));
                let blocked = tubes(&line, radius)
                    .any(|s| obstacles.iter().any(|o| covered && o.clearance_mm(&s) < GAP_MM));
                let hit = systems.iter().enumerate().any(|(number, others)| {
                    (0..others.len()).any(|other| {
                        if number == system {
                            other != index && folds(others, &starts, index, &line, other)
                        } else {
                            others[other].touches(&line, radius, GAP_MM)
                        }
                    })
                });
                if (inside && !blocked && !hit) || strength == 0.0 {
                    systems[system][index].replace(line);
                    break;
                }
            }
        }
    }
}

/// Unit tangents at both ends of each branch: the larger vessel goes straight on, others turn away.
fn tangents(branches: &[Branch]) -> Vec<[Vector3<f64>; 2]> {
    let direction = |b: &Branch| {
        let axis = b.points[b.points.len() - 1] - b.points[0];
        axis.try_normalize(1e-9).unwrap_or_else(Vector3::z)
    };
    let mut larger = vec![None::<usize>; branches.len()];
    for (index, branch) in branches.iter().enumerate() {
        if let Some(parent) = branch.parent
            && larger[parent].is_none_or(|known| branches[known].radius_mm < branch.radius_mm)
        {
            larger[parent] = Some(index);
        }
    }
    let ends: Vec<Vector3<f64>> = branches
        .iter()
        .zip(&larger)
        .map(|(branch, next)| {
            let onwards = next.map_or_else(Vector3::zeros, |n| direction(&branches[n]));
            (direction(branch) + onwards).try_normalize(1e-6).unwrap_or_else(|| direction(branch))
        })
        .collect();
    branches
        .iter()
        .enumerate()
        .map(|(index, branch)| {
            let own = direction(branch);
            let start = match branch.parent {
                Some(parent) if larger[parent] == Some(index) => ends[parent],
                Some(parent) => (own + ends[parent] * 0.25).try_normalize(1e-6).unwrap_or(own),
                None => own,
            };
            [start, ends[index]]
        })
        .collect()
}

/// The sideways course of a winding vessel.
struct Wind {
    amplitude: f64,
    turns: [f64; 2],
    phases: [f64; 2],
}

impl Wind {
    fn new(amplitude: f64, rng: &mut ChaCha8Rng) -> Self {
        let turns = [within((0.5, 1.3), rng), within((0.8, 1.8), rng)];
        Self { amplitude, turns, phases: [within((0.0, TAU), rng), within((0.0, TAU), rng)] }
    }

    /// Parts of the length to both sides at `s` from 0 to 1; nothing, and level, at the ends.
    fn at(&self, s: f64) -> [f64; 2] {
        let swell = (PI * s).sin().powi(2) * self.amplitude;
        [0, 1].map(|i| swell * (TAU * self.turns[i] * s + self.phases[i]).sin())
    }
}

/// A cubic Hermite curve between the ends with a winding course on top.
fn curve(
    branch: &Branch,
    tangents: [Vector3<f64>; 2],
    wind: &Wind,
    strength: f64,
) -> Vec<Point3<f64>> {
    let (start, end) = (branch.points[0], branch.points[branch.points.len() - 1]);
    let axis = end - start;
    let length = axis.norm();
    // Short pieces of thick vessels are stiff.
    let slack = (length / (10.0 * branch.radius_mm)).min(1.0);
    let side =
        axis.cross(&Vector3::new(0.31, -0.52, 0.79)).try_normalize(1e-9).unwrap_or_else(Vector3::x);
    let other = axis.cross(&side).try_normalize(1e-9).unwrap_or_else(Vector3::y);
    let slopes = tangents.map(|t| axis.lerp(&(t * length), strength));
    let steps = (length / STEP_MM).ceil().max(2.0) as usize;
    let point = |step: usize| {
        let s = step as f64 / steps as f64;
        let (s2, s3) = (s * s, s * s * s);
        let hermite =
            axis * (3.0 * s2 - 2.0 * s3) + slopes[0] * (s3 - 2.0 * s2 + s) + slopes[1] * (s3 - s2);
        let [a, b] = wind.at(s).map(|part| part * slack);
        start + hermite + (side * a + other * b) * (length * strength)
    };
    (0..=steps).map(point).collect()
}

/// Branches whose walls overlap those of another system or a distant branch of their own; the one
/// of each pair that carries less is named, as `(system, branch)`.
pub(crate) fn overlaps(systems: &[Vec<Branch>]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (system, branches) in systems.iter().enumerate() {
        let starts = starts_mm(branches);
        for (index, branch) in branches.iter().enumerate() {
            for (number, others) in systems.iter().enumerate().skip(system) {
                let first = if number == system { index + 1 } else { 0 };
                for (place, other) in others.iter().enumerate().skip(first) {
                    let hit = if number == system {
                        folds(branches, &starts, index, &branch.points, place)
                    } else {
                        other.touches(&branch.points, branch.radius_mm, 0.3)
                    };
                    if hit {
                        let thinner = branch.radius_mm < other.radius_mm;
                        found.push(if thinner { (system, index) } else { (number, place) });
                    }
                }
            }
        }
    }
    found
}

/// Without the branches `doomed` and all that leaves them.
pub(crate) fn without(branches: &[Branch], doomed: &[usize]) -> Vec<Branch> {
    let mut kept: Vec<Branch> = Vec::new();
    let mut places = vec![None; branches.len()];
    for (index, branch) in branches.iter().enumerate() {
        let parent = branch.parent.map(|p| places[p]);
        if doomed.contains(&index) || parent == Some(None) {
            continue;
        }
        places[index] = Some(kept.len());
        kept.push(Branch { parent: parent.flatten(), ..branch.clone() });
    }
    kept
}

/// The branches as one tube tree; a terminal tapers evenly.
pub(crate) fn tube_tree(branches: &[Branch]) -> Result<TubeTree, InvalidTubes> {
    let mut nodes: Vec<TubeNode> = Vec::new();
    let mut lasts = Vec::new();
    for branch in branches {
        let pieces = (branch.points.len() - 1).max(1) as f64;
        let radius = |i: usize| {
            branch.radius_mm + (branch.end_radius_mm - branch.radius_mm) * i as f64 / pieces
        };
        let mut parent = if let Some(parent) = branch.parent {
            lasts[parent]
        } else {
            nodes.push(TubeNode {
                position: branch.points[0],
                start_radius_mm: radius(0),
                radius_mm: radius(0),
                parent: None,
            });
            nodes.len() - 1
        };
        for (index, position) in branch.points.iter().enumerate().skip(1) {
            nodes.push(TubeNode {
                position: *position,
                start_radius_mm: radius(index - 1),
                radius_mm: radius(index),
                parent: Some(parent),
            });
            parent = nodes.len() - 1;
        }
        lasts.push(parent);
    }
    TubeTree::new(nodes)
}
