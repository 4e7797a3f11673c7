//! A tree of boxes over the pieces of a tube, for the nearest wall in logarithmic time.

use nalgebra::Point3;

use crate::anatomy::bounds::Bounds;
use crate::anatomy::segment::Segment;

/// Pieces in a leaf.
const LEAF: usize = 4;

#[derive(Clone, Debug, PartialEq)]
struct Node {
    bounds: Bounds,
    largest_radius_mm: f64,
    /// Range of the pieces below.
    first: usize,
    last: usize,
    /// The two nodes below, nothing for a leaf.
    below: Option<(usize, usize)>,
}

impl Node {
    /// No wall below is nearer than this: the box holds the tubes with their walls.
    fn least_distance_mm(&self, point: &Point3<f64>) -> f64 {
        let outside = self.bounds.distance_mm(point);
        if outside > 0.0 { outside } else { -self.largest_radius_mm }
    }
}

/// A bounding volume hierarchy split at medians.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SegmentIndex {
    nodes: Vec<Node>,
    order: Vec<usize>,
}

impl SegmentIndex {
    pub fn new(segments: &[Segment]) -> Self {
        let mut index = Self { nodes: Vec::new(), order: (0..segments.len()).collect() };
        if !segments.is_empty() {
            index.split(segments, 0, segments.len());
        }
        index
    }

    fn split(&mut self, segments: &[Segment], first: usize, last: usize) -> usize {
        let part = &self.order[first..last];
        let bounds = part.iter().fold(Bounds::empty(), |all, i| all.with(&segments[*i].bounds()));
        let radius = part.iter().map(|i| segments[*i].largest_radius_mm()).fold(0.0, f64::max);
        let node = self.nodes.len();
        self.nodes.push(Node { bounds, largest_radius_mm: radius, first, last, below: None });
        if last - first > LEAF {
            let axis = (bounds.high - bounds.low).imax();
            let middle = |i: &usize| segments[*i].start[axis] + segments[*i].end[axis];
            self.order[first..last].sort_by(|a, b| middle(a).total_cmp(&middle(b)));
            let half = usize::midpoint(first, last);
            let left = self.split(segments, first, half);
            let right = self.split(segments, half, last);
            self.nodes[node].below = Some((left, right));
        }
        node
    }

    /// The piece of least signed distance and that distance; nothing where all are farther than
    /// `limit_mm`.
    pub fn nearest(
        &self,
        segments: &[Segment],
        point: &Point3<f64>,
        limit_mm: f64,
    ) -> Option<(usize, f64)> {
        let mut best = None;
        let mut least = limit_mm;
        // The depth of a median tree over 2⁶² pieces; one sibling waits at each level.
        let mut waiting = [(0_usize, 0.0_f64); 64];
        let mut count = 0;
        if let Some(root) = self.nodes.first() {
            waiting[0] = (0, root.least_distance_mm(point));
            count = 1;
        }
        while count > 0 {
            count -= 1;
            let (node, bound) = waiting[count];
            if bound > least {
                continue;
            }
            let node = &self.nodes[node];
            if let Some((left, right)) = node.below {
                let left = (left, self.nodes[left].least_distance_mm(point));
                let right = (right, self.nodes[right].least_distance_mm(point));
                let (near, far) = if left.1 <= right.1 { (left, right) } else { (right, left) };
                waiting[count] = far;
                waiting[count + 1] = near;
                count += 2;
            } else {
                for index in &self.order[node.first..node.last] {
                    let distance = segments[*index].signed_distance_mm(point);
                    if distance <= least {
                        least = distance;
                        best = Some((*index, distance));
                    }
                }
            }
        }
        best
    }
}
