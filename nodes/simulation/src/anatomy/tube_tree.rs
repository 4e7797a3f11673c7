//! Branching tubes: vessels, nerves, ureters and long bones as nodes with radius and parent.

use nalgebra::Point3;
use thiserror::Error;

use crate::anatomy::bounds::Bounds;
use crate::anatomy::segment::Segment;
use crate::anatomy::segment_index::SegmentIndex;

/// A point of a centreline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TubeNode {
    /// Frame `Patient`, mm.
    pub position: Point3<f64>,
    /// Radius of the piece that leads here, where it starts at the parent. At a branching this is
    /// the radius of the daughter, not that of the parent.
    pub start_radius_mm: f64,
    /// Radius here.
    pub radius_mm: f64,
    /// Index of the node before; nothing at the root of a tree.
    pub parent: Option<usize>,
}

/// Why nodes do not form tubes.
#[derive(Debug, Error, PartialEq)]
pub enum InvalidTubes {
    /// A parent must come before its children.
    #[error(
        "node {node} names parent {parent}; expected an index below {node}: list parents first"
    )]
    Order {
        /// Index of the node.
        node: usize,
        /// What it named.
        parent: usize,
    },
    /// Coordinates or radii that are not numbers, or radii not above zero.
    #[error(
        "node {node} has a coordinate or radius that is not usable; expected finite coordinates and radii above 0 mm"
    )]
    Value {
        /// Index of the node.
        node: usize,
    },
    /// No piece at all.
    #[error(
        "expected at least two joined nodes, got {0} without a piece between them: add nodes with a parent"
    )]
    Empty(usize),
}

/// Tubes with the lines between nodes and their parents as axes; several roots are allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct TubeTree {
    nodes: Vec<TubeNode>,
    segments: Vec<Segment>,
    /// For each segment the node it leads to.
    ends: Vec<usize>,
    index: SegmentIndex,
    bounds: Bounds,
}

impl TubeTree {
    /// Tubes from nodes listed parents first.
    ///
    /// # Errors
    /// When a parent comes after its child, a value is not usable, or there is no piece.
    pub fn new(nodes: Vec<TubeNode>) -> Result<Self, InvalidTubes> {
        let (mut segments, mut ends) = (Vec::new(), Vec::new());
        for (index, node) in nodes.iter().enumerate() {
            let radii = [node.start_radius_mm, node.radius_mm];
            let finite = node.position.iter().all(|c| c.is_finite());
            if !finite || !radii.iter().all(|r| r.is_finite() && *r > 0.0) {
                return Err(InvalidTubes::Value { node: index });
            }
            let Some(parent) = node.parent else { continue };
            if parent >= index {
                return Err(InvalidTubes::Order { node: index, parent });
            }
            ends.push(index);
            segments.push(Segment {
                start: nodes[parent].position,
                end: node.position,
                start_radius_mm: node.start_radius_mm,
                end_radius_mm: node.radius_mm,
            });
        }
        if segments.is_empty() {
            return Err(InvalidTubes::Empty(nodes.len()));
        }
        let index = SegmentIndex::new(&segments);
        let bounds = segments.iter().fold(Bounds::empty(), |all, s| all.with(&s.bounds()));
        Ok(Self { nodes, segments, ends, index, bounds })
    }

    /// One unbranched tube along a line of `(position, radius)`.
    ///
    /// # Errors
    /// As [`TubeTree::new`].
    pub fn along(line: &[(Point3<f64>, f64)]) -> Result<Self, InvalidTubes> {
        let node = |i: usize| TubeNode {
            position: line[i].0,
            start_radius_mm: line[i.saturating_sub(1)].1,
            radius_mm: line[i].1,
            parent: i.checked_sub(1),
        };
        Self::new((0..line.len()).map(node).collect())
    }

    /// All nodes, parents first.
    pub fn nodes(&self) -> &[TubeNode] {
        &self.nodes
    }

    /// The straight pieces.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Index of the node that segment `segment` leads to.
    pub fn end_node(&self, segment: usize) -> usize {
        self.ends[segment]
    }

    /// The least box around all tubes.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The branchings: a node and the nodes that follow it, two or more.
    pub fn branchings(&self) -> Vec<(usize, Vec<usize>)> {
        let mut children = vec![Vec::new(); self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            if let Some(parent) = node.parent {
                children[parent].push(index);
            }
        }
        children.into_iter().enumerate().filter(|(_, c)| c.len() > 1).collect()
    }

    /// Signed distance to the nearest wall, negative inside, mm; where tubes merge it is that of the
    /// deepest one.
    pub fn signed_distance_mm(&self, point: &Point3<f64>) -> f64 {
        self.nearest(point).map_or(f64::INFINITY, |(_, distance)| distance)
    }

    /// The nearest segment and the signed distance to its wall.
    pub fn nearest(&self, point: &Point3<f64>) -> Option<(usize, f64)> {
        self.index.nearest(&self.segments, point, f64::INFINITY)
    }

    /// Whether `point` lies within a tube or on its wall.
    pub fn contains(&self, point: &Point3<f64>) -> bool {
        self.index.nearest(&self.segments, point, 0.0).is_some()
    }

    /// The same tubes with every node moved; radii stay.
    ///
    /// # Errors
    /// When a moved coordinate is not finite.
    pub fn moved(&self, place: impl Fn(&Point3<f64>) -> Point3<f64>) -> Result<Self, InvalidTubes> {
        let nodes = self.nodes.iter().map(|n| TubeNode { position: place(&n.position), ..*n });
        Self::new(nodes.collect())
    }

    /// What is left where `removed` does not hold: pieces that cross its border end or begin there, to
    /// about 0.01 of their length. Nothing if nothing is left. A piece with both ends in it is gone,
    /// one with both ends outside stays, so pieces should be short against what is removed.
    ///
    /// # Errors
    /// Never for tubes that were made by [`TubeTree::new`].
    pub fn without(
        &self,
        removed: impl Fn(&Point3<f64>) -> bool,
    ) -> Result<Option<Self>, InvalidTubes> {
        let mut left: Vec<TubeNode> = Vec::with_capacity(self.nodes.len());
        // For each node where it is in `left`.
        let mut places: Vec<Option<usize>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let stays = !removed(&node.position);
            let mut start = *node;
            if let Some(parent) = node.parent {
                start.parent = places[parent];
                if stays != start.parent.is_some() {
                    let cut = cut(&self.nodes[parent].position, node, &removed);
                    if stays {
                        left.push(TubeNode { start_radius_mm: cut.radius_mm, parent: None, ..cut });
                        start.start_radius_mm = cut.radius_mm;
                        start.parent = Some(left.len() - 1);
                    } else {
                        left.push(TubeNode { parent: start.parent, ..cut });
                    }
                }
            }
            places.push(stays.then_some(left.len()));
            left.extend(stays.then_some(start));
        }
        match Self::new(left) {
            Ok(left) => Ok(Some(left)),
            Err(InvalidTubes::Empty(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Where the piece that leads to `node` crosses the border of what is removed, by halving.
fn cut(from: &Point3<f64>, node: &TubeNode, removed: impl Fn(&Point3<f64>) -> bool) -> TubeNode {
    let at = |part: f64| from + (node.position - from) * part;
    let end = removed(&node.position);
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..7 {
        let middle = 0.5 * (low + high);
        if removed(&at(middle)) == end {
            high = middle;
        } else {
            low = middle;
        }
    }
    let radius_mm = node.start_radius_mm + low * (node.radius_mm - node.start_radius_mm);
    TubeNode { position: at(low), radius_mm, ..*node }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::RngExt;

    use super::*;
    use crate::randomness::{Purpose, jitter, stream};

    fn random_tree(seed: u64) -> TubeTree {
        let mut rng = stream(seed, Purpose::Pelvis, 0);
        let mut nodes: Vec<TubeNode> = Vec::new();
        for i in 0..200_usize {
            let parent = (i > 0).then(|| rng.random_range(i.saturating_sub(6)..i));
            let from = parent.map_or(Point3::origin(), |p| nodes[p].position);
            nodes.push(TubeNode {
                position: from + jitter(6.0, &mut rng),
                start_radius_mm: rng.random_range(0.5..3.0),
                radius_mm: rng.random_range(0.5..3.0),
                parent,
            });
        }
        TubeTree::new(nodes).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_fast_query_equals_the_slow_one(seed in 0u64..6, x in -60.0..60.0, y in -60.0..60.0, z in -60.0..60.0) {
            let tree = random_tree(seed);
            let point = Point3::new(x, y, z);
            let slow = tree.segments().iter().map(|s| s.signed_distance_mm(&point)).fold(f64::INFINITY, f64::min);
            prop_assert_eq!(tree.signed_distance_mm(&point), slow);
            prop_assert_eq!(tree.contains(&point), slow <= 0.0);
        }
    }

    #[test]
    fn what_is_removed_ends_and_begins_at_its_border() {
        let line: Vec<_> = (0..=10).map(|x| (Point3::new(f64::from(x), 0.0, 0.0), 2.0)).collect();
        let tube = TubeTree::along(&line).unwrap();
        let left = tube.without(|place| (3.5..6.25).contains(&place.x)).unwrap().unwrap();
        assert!(left.contains(&Point3::new(3.4, 0.0, 0.0)));
        let ends: Vec<f64> = left.nodes().iter().map(|node| node.position.x).collect();
        let near = |wanted: f64| ends.iter().any(|x| (x - wanted).abs() < 0.01);
        assert!(near(3.5) && near(6.25), "{ends:?}");
        assert_eq!(left.segments().len(), 4 + 4);
        let roots = left.nodes().iter().filter(|node| node.parent.is_none()).count();
        assert_eq!(roots, 2);
        assert_eq!(tube.without(|_| false).unwrap().as_ref(), Some(&tube));
        assert_eq!(tube.without(|_| true).unwrap(), None);
    }

    #[test]
    fn a_branch_behind_a_cut_stays_with_a_root_of_its_own() {
        let tree = random_tree(3);
        let left = tree.without(|place| place.coords.norm() < 12.0).unwrap().unwrap();
        for piece in left.segments() {
            for end in [piece.start, piece.end] {
                assert!(end.coords.norm() > 12.0 - 0.2, "{end}");
            }
        }
        for node in tree.nodes().iter().filter(|node| node.position.coords.norm() > 12.0) {
            assert!(left.nodes().iter().any(|other| other.position == node.position));
        }
    }

    #[test]
    fn refuses_what_is_no_tube() {
        let node = |parent, radius_mm| TubeNode {
            position: Point3::origin(),
            start_radius_mm: 1.0,
            radius_mm,
            parent,
        };
        assert_eq!(TubeTree::new(Vec::new()), Err(InvalidTubes::Empty(0)));
        assert_eq!(TubeTree::new(vec![node(None, 1.0)]), Err(InvalidTubes::Empty(1)));
        let order = TubeTree::new(vec![node(None, 1.0), node(Some(1), 1.0)]);
        assert_eq!(order, Err(InvalidTubes::Order { node: 1, parent: 1 }));
        let value = TubeTree::new(vec![node(None, f64::NAN)]);
        assert_eq!(value, Err(InvalidTubes::Value { node: 0 }));
    }
}
