//! Grows interdigitated vessel trees that never cross, by constrained constructive optimisation.
//!
//! Terminals are added one after the other, each where it makes the volume of the tree grow least
//! (W. Schreiner, P. F. Buxbaum, "Computer-optimization of vascular trees", IEEE Trans. Biomed. Eng.
//! 40, 1993; R. Karch et al., "A three-dimensional model for arterial tree representation, generated
//! by constrained constructive optimization", Comput. Biol. Med. 29, 1999). The named veins are laid
//! out beforehand, as L. O. Schwen and T. Preusser extend measured trees ("Analysis and algorithmic
//! generation of hepatic vascular systems", Int. J. Hepatol. 2012), and several trees grow in turns
//! and keep clear of each other (E. Jessen et al., "Rigorous mathematical optimization of synthetic
//! hepatic vascular trees", J. R. Soc. Interface 19, 2022).

use nalgebra::{Point3, Vector3};
use rand_chacha::ChaCha8Rng;

use crate::anatomy::distance_field::DistanceField;
use crate::anatomy::growing_tree::GrowingTree;
use crate::anatomy::segment::{Segment, axis_distance_mm};
use crate::randomness::{normal, within};

/// Least distance between walls of different trees while they grow: centrelines are bent later.
const GAP_MM: f64 = 1.3;
/// Least distance between walls of one tree that do not meet.
const OWN_GAP_MM: f64 = 0.6;
/// Least tissue between a vessel and the organ's surface.
const COVER_MM: f64 = 1.5;
/// Edges near a new terminal among which the best is sought.
const CANDIDATES: usize = 14;
/// Places tried for one terminal.
const ATTEMPTS: usize = 60;

/// How many terminals and how uneven.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Terminals of each tree.
    pub terminals: usize,
    /// Standard deviation of the logarithm of their flows.
    pub flow_spread: f64,
    /// Above 1 the angles are wider than those of least volume.
    pub opening: f64,
}

/// All that grows, and what it has to keep clear of.
pub(crate) struct Growth<'a> {
    pub organ: &'a DistanceField,
    pub obstacles: Vec<Segment>,
    pub trees: Vec<GrowingTree>,
}

/// Where a terminal would join.
struct Joint {
    node: usize,
    at: Point3<f64>,
    cost_mm3: f64,
}

impl Growth<'_> {
    /// Adds terminals to all trees in turns, then moves the branchings to where they are best.
    pub fn grow(&mut self, plan: &Plan, rng: &mut ChaCha8Rng) {
        let volume = self.organ.volume_mm3();
        let mean_flow = (0.5 * plan.flow_spread * plan.flow_spread).exp();
        for tree in &mut self.trees {
            tree.expect(plan.terminals as f64 * mean_flow);
        }
        for number in 0..plan.terminals {
            // Terminals spread evenly: the nearest vessel of the tree is farther early than late.
            let apart = 0.5 * (volume / (number as f64 + 10.0)).cbrt();
            for tree in 0..self.trees.len() {
                let flow = (plan.flow_spread * normal(rng)).exp();
                self.add_terminal(tree, flow, apart, plan.opening, rng);
            }
        }
        for _ in 0..3 {
            for tree in 0..self.trees.len() {
                self.relax(tree, plan.opening);
            }
        }
    }

    fn add_terminal(
        &mut self,
        tree: usize,
        flow: f64,
        apart: f64,
        opening: f64,
        rng: &mut ChaCha8Rng,
    ) {
        let mut apart = apart;
        for attempt in 0..ATTEMPTS {
            if attempt % 6 == 5 {
                apart *= 0.88;
            }
            let radius = self.trees[tree].radius_of_mm(flow);
            let place = self.inside(radius, rng);
            let Some(place) = place else { continue };
            let mut near: Vec<(f64, usize)> = (0..self.trees[tree].nodes.len())
                .filter_map(|node| {
                    let (start, end) = self.trees[tree].edge(node)?;
                    Some((axis_distance_mm(&start, &end, &place, &place), node))
                })
                .collect();
            near.sort_by(|a, b| a.0.total_cmp(&b.0));
            if near.first().is_none_or(|(distance, _)| *distance < apart) {
                continue;
            }
            let mut joints: Vec<Joint> = near
                .iter()
                .take(CANDIDATES)
                .filter_map(|(_, node)| self.joint(tree, *node, &place, flow, opening))
                .collect();
            joints.sort_by(|a, b| a.cost_mm3.total_cmp(&b.cost_mm3));
            for joint in joints {
                if self.fits(tree, &joint, &place, flow) {
                    self.trees[tree].sprout(joint.node, joint.at, place, flow);
                    return;
                }
            }
        }
    }

    /// A random place with enough tissue around it.
    fn inside(&self, radius: f64, rng: &mut ChaCha8Rng) -> Option<Point3<f64>> {
        let bounds = self.organ.bounds();
        let place = Point3::from(Vector3::from_fn(|axis, _| {
            within((bounds.low[axis], bounds.high[axis]), rng)
        }));
        let cover = radius + COVER_MM + 2.5;
        (self.organ.signed_distance_mm(&place) < -cover).then_some(place)
    }

    /// The best branching on the edge to `node` for a terminal at `place`.
    fn joint(
        &self,
        tree: usize,
        node: usize,
        place: &Point3<f64>,
        flow: f64,
        opening: f64,
    ) -> Option<Joint> {
        let grown = &self.trees[tree];
        let (start, end) = grown.edge(node)?;
        let through = grown.nodes[node].flow;
        let radii = [through + flow, through, flow].map(|f| grown.radius_of_mm(f));
        let mut weights = radii.map(|r| r * r);
        weights[2] *= opening * opening;
        let at = if grown.nodes[node].named {
            on_line(&start, &end, place, &weights)?
        } else {
            least_sum(&[start, end, *place], &weights)
        };
        let lengths = [(at - start).norm(), (end - at).norm(), (place - at).norm()];
        // Shorter edges would drown in the vessels that they join.
        let enough = lengths[0] > 1.3 * radii[0].max(radii[2])
            && lengths[1] > 1.3 * radii[0]
            && lengths[2] > 1.3 * radii[0] + 3.0;
        if !enough {
            return None;
        }
        let squares = radii.map(|r| r * r);
        let cost_mm3 = squares.iter().zip(lengths).map(|(s, l)| s * l).sum::<f64>()
            - squares[1] * (end - start).norm()
            + grown.thickening_above_mm3(node, flow);
        Some(Joint { node, at, cost_mm3 })
    }

    fn fits(&self, tree: usize, joint: &Joint, place: &Point3<f64>, flow: f64) -> bool {
        let grown = &self.trees[tree];
        let Some((start, end)) = grown.edge(joint.node) else { return false };
        let Some(parent) = grown.nodes[joint.node].parent else { return false };
        let through = grown.nodes[joint.node].flow;
        let new = tube(joint.at, *place, grown.radius_of_mm(flow));
        // The branching of a named vein lies on it, so only the new edge has to be looked at.
        if grown.nodes[joint.node].named {
            return self.free(tree, &new, &[joint.node]);
        }
        let exempt = [parent, joint.node];
        let to = tube(start, joint.at, grown.radius_of_mm(through + flow));
        let from = tube(joint.at, end, grown.radius_of_mm(through));
        self.free(tree, &new, &[joint.node])
            && self.free(tree, &to, &exempt)
            && self.free(tree, &from, &exempt)
    }

    /// Whether `new` stays in the organ and clear of all that does not touch the nodes `exempt`.
    fn free(&self, tree: usize, new: &Segment, exempt: &[usize]) -> bool {
        let radius = new.largest_radius_mm();
        let axis = new.end - new.start;
        let steps = (axis.norm() / 3.0).ceil().max(1.0) as usize;
        let covered = (0..=steps).all(|step| {
            let point = new.start + axis * (step as f64 / steps as f64);
            self.organ.signed_distance_mm(&point) < -(radius + COVER_MM)
        });
        covered
            && self.obstacles.iter().all(|o| o.clearance_mm(new) > GAP_MM)
            && (0..self.trees.len()).all(|other| {
                let exempt: &[usize] = if other == tree { exempt } else { &[] };
                let gap = if other == tree { OWN_GAP_MM } else { GAP_MM };
                self.clear_of(other, new, exempt, gap)
            })
    }

    fn clear_of(&self, tree: usize, new: &Segment, exempt: &[usize], gap: f64) -> bool {
        let grown = &self.trees[tree];
        let middle = nalgebra::center(&new.start, &new.end);
        let reach = 0.5 * (new.end - new.start).norm() + new.largest_radius_mm() + gap + 8.0;
        (0..grown.nodes.len()).all(|node| {
            let Some((start, end)) = grown.edge(node) else { return true };
            let far = reach + 0.5 * (end - start).norm();
            if (nalgebra::center(&start, &end) - middle).norm_squared() > far * far {
                return true;
            }
            let touches = |n: &usize| *n == node || grown.nodes[node].parent == Some(*n);
            exempt.iter().any(touches)
                || axis_distance_mm(&start, &end, &new.start, &new.end)
                    > grown.radius_mm(node) + new.largest_radius_mm() + gap
        })
    }

    /// Moves each free branching to the place of least volume, if nothing is in the way.
    fn relax(&mut self, tree: usize, opening: f64) {
        for node in 0..self.trees[tree].nodes.len() {
            let grown = &self.trees[tree];
            let this = &grown.nodes[node];
            let (Some(parent), &[one, two]) = (this.parent, this.children.as_slice()) else {
                continue;
            };
            if this.named {
                continue;
            }
            let ends = [parent, one, two].map(|n| grown.nodes[n].position);
            let radii = [node, one, two].map(|n| grown.radius_mm(n));
            let mut weights = radii.map(|r| r * r);
            let lesser = if radii[1] < radii[2] { 1 } else { 2 };
            weights[lesser] *= opening * opening;
            let at = least_sum(&ends, &weights);
            let long = ends.iter().all(|end| (end - at).norm() > 1.3 * radii[0] + 1.0);
            let exempt = [parent, node, one, two];
            let free = |i: usize| self.free(tree, &tube(ends[i], at, radii[i]), &exempt);
            if long && (0..3).all(free) {
                self.trees[tree].nodes[node].position = at;
            }
        }
    }
}

fn tube(start: Point3<f64>, end: Point3<f64>, radius: f64) -> Segment {
    Segment { start, end, start_radius_mm: radius, end_radius_mm: radius }
}

/// The point whose weighted distances to three others sum to least (E. Weiszfeld, Tohoku Math. J.
/// 43, 1937).
pub(crate) fn least_sum(ends: &[Point3<f64>; 3], weights: &[f64; 3]) -> Point3<f64> {
    let mean = |parts: [f64; 3]| {
        let sum: Vector3<f64> = ends.iter().zip(parts).map(|(e, w)| e.coords * w).sum();
        Point3::from(sum / parts.iter().sum::<f64>().max(1e-12))
    };
    let mut at = mean(*weights);
    for _ in 0..25 {
        let mut parts = *weights;
        for (part, end) in parts.iter_mut().zip(ends) {
            *part /= (end - at).norm().max(1e-6);
        }
        at = mean(parts);
    }
    at
}

/// The same with the point bound to the line from `start` to `end`, in closed form; nothing when it
/// would not lie between them.
fn on_line(
    start: &Point3<f64>,
    end: &Point3<f64>,
    place: &Point3<f64>,
    weights: &[f64; 3],
) -> Option<Point3<f64>> {
    let axis = end - start;
    let length = axis.norm();
    let direction = axis / length.max(1e-9);
    let foot = (place - start).dot(&direction);
    let height = (place - start - direction * foot).norm();
    // The branch leaves at the angle whose cosine balances the weights along the line.
    let cosine = ((weights[0] - weights[1]) / weights[2]).clamp(0.0, 0.9);
    let along = foot - height * cosine / (1.0 - cosine * cosine).sqrt();
    let along = along.clamp(0.12 * length, 0.88 * length);
    (length > 1e-6).then(|| start + direction * along)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_equal_weights_meet_at_equal_angles() {
        let ends = [[0.0, 0.0, 0.0], [30.0, 4.0, 0.0], [12.0, 25.0, 0.0]].map(Point3::from);
        let at = least_sum(&ends, &[1.0; 3]);
        let towards = ends.map(|end| end - at);
        for (a, b) in [(0, 1), (1, 2), (0, 2)] {
            let angle = towards[a].angle(&towards[b]).to_degrees();
            assert!((angle - 120.0).abs() < 0.5, "{angle}");
        }
    }

    #[test]
    fn a_joint_on_a_line_is_the_best_of_the_line() {
        let (start, end) = (Point3::origin(), Point3::new(40.0, 0.0, 0.0));
        let (place, weights) = (Point3::new(28.0, 9.0, 3.0), [4.3, 4.0, 1.0]);
        let cost = |at: &Point3<f64>| {
            weights[0] * at.x + weights[1] * (40.0 - at.x) + weights[2] * (place - at).norm()
        };
        let best = cost(&on_line(&start, &end, &place, &weights).unwrap());
        for i in 5..=35 {
            assert!(best <= cost(&Point3::new(f64::from(i), 0.0, 0.0)) + 1e-9);
        }
    }
}
