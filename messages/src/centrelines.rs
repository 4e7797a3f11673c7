//! The centrelines of vessels with their radii, as a graph: what trees are made of and registered by.

mod polyline;

use nalgebra::{Isometry3, Point3, Unit, Vector3};

pub use polyline::{Polyline, PolylinePoint};

/// A point of a centreline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// Where it lies, in LPS millimetres of the tree's frame.
    pub position_mm: Point3<f64>,
    /// Radius of the vessel there, in millimetres.
    pub radius_mm: f64,
}

/// A vessel between two branch points or ends: the path through its nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Indices of its nodes, at least two; the first equals the last where the branch is a loop.
    pub nodes: Vec<u32>,
    /// What kind of vessel it is (portal, hepatic, …), where that is known.
    pub label: Option<u8>,
}

/// Centrelines with radii as a graph. Branches share a node where they meet and only there.
///
/// It may have several connected components, and loops.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Centrelines {
    nodes: Vec<Node>,
    branches: Vec<Branch>,
}

/// What lies further off is no organ but a mistake, and would ask for endless memory.
const FURTHEST_MM: f64 = 1e5;

/// Why nodes and branches make no tree.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum CentrelinesError {
    /// A coordinate or radius is not finite or beyond 100 m, or a radius is negative.
    #[error(
        "expected coordinates within 100 m and radii from 0 mm on, but node {node} is at {position_mm:?} mm with radius {radius_mm} mm; drop it before building the tree"
    )]
    BadNode {
        /// Index of the node.
        node: usize,
        /// Where it is said to lie.
        position_mm: [f64; 3],
        /// Its radius.
        radius_mm: f64,
    },
    /// A branch of fewer than two nodes.
    #[error("a branch joins at least 2 nodes, but branch {branch} has {nodes}")]
    ShortBranch {
        /// Index of the branch.
        branch: usize,
        /// How many nodes it has.
        nodes: usize,
    },
    /// A branch names a node that is not there.
    #[error("branch {branch} names node {node}, but there are {nodes} nodes")]
    NoSuchNode {
        /// Index of the branch.
        branch: usize,
        /// The index it names.
        node: u32,
        /// How many nodes there are.
        nodes: usize,
    },
}

/// A point of a resampled centreline, as registration uses it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Where it lies, in millimetres.
    pub position_mm: Point3<f64>,
    /// Direction of the centreline; its sign means nothing.
    pub tangent: Unit<Vector3<f64>>,
    /// Radius of the vessel, in millimetres.
    pub radius_mm: f64,
    /// Length of centreline it stands for, in millimetres.
    pub length_mm: f64,
    /// Index of its branch.
    pub branch: u32,
    /// Label of its branch.
    pub label: Option<u8>,
}

impl Centrelines {
    /// A tree of these nodes and branches.
    ///
    /// # Errors
    /// If a number is not finite or beyond 100 m, a radius negative, a branch shorter than two nodes, or an index out of range.
    pub fn new(nodes: Vec<Node>, branches: Vec<Branch>) -> Result<Self, CentrelinesError> {
        for (node, &Node { position_mm, radius_mm }) in nodes.iter().enumerate() {
            let within = position_mm.iter().all(|value| value.abs() <= FURTHEST_MM);
            if !within || !(0.0..=FURTHEST_MM).contains(&radius_mm) {
                return Err(CentrelinesError::BadNode {
                    node,
                    position_mm: position_mm.coords.into(),
                    radius_mm,
                });
            }
        }
        for (branch, path) in branches.iter().enumerate() {
            if path.nodes.len() < 2 {
                return Err(CentrelinesError::ShortBranch { branch, nodes: path.nodes.len() });
            }
            if let Some(&node) = path.nodes.iter().find(|&&node| node as usize >= nodes.len()) {
                return Err(CentrelinesError::NoSuchNode { branch, node, nodes: nodes.len() });
            }
        }
        Ok(Self { nodes, branches })
    }

    /// All nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All branches.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// The path of a branch, with the lengths along it.
    pub fn polyline(&self, branch: &Branch) -> Polyline {
        Polyline::new(branch.nodes.iter().map(|&node| {
            let Node { position_mm, radius_mm } = self.nodes[node as usize];
            PolylinePoint { position_mm, radius_mm }
        }))
    }

    /// Length of all centrelines together, in millimetres.
    pub fn length_mm(&self) -> f64 {
        self.branches.iter().map(|branch| self.polyline(branch).length_mm()).sum()
    }

    /// How many branches end at each node; 0 within a branch, 1 at a free end, 3 and more at a branch point.
    pub fn degrees(&self) -> Vec<u32> {
        let mut degrees = vec![0; self.nodes.len()];
        for branch in &self.branches {
            for end in branch.nodes.first().into_iter().chain(branch.nodes.last()) {
                degrees[*end as usize] += 1;
            }
        }
        degrees
    }

    /// Indices of the nodes where three or more branches meet.
    pub fn branch_points(&self) -> Vec<u32> {
        let degrees = self.degrees();
        (0..self.nodes.len() as u32).filter(|&node| degrees[node as usize] >= 3).collect()
    }

    /// The connected component of each branch, numbered from 0, and how many there are.
    pub fn components(&self) -> (Vec<u32>, u32) {
        let mut parent: Vec<u32> = (0..self.nodes.len() as u32).collect();
        for branch in &self.branches {
            for pair in branch.nodes.windows(2) {
                let (a, b) = (root(&mut parent, pair[0]), root(&mut parent, pair[1]));
                parent[a as usize] = b;
            }
        }
        let mut number = vec![u32::MAX; self.nodes.len()];
        let mut count = 0;
        let components = self.branches.iter().map(|branch| {
            let root = root(&mut parent, branch.nodes[0]) as usize;
            if number[root] == u32::MAX {
                number[root] = count;
                count += 1;
            }
            number[root]
        });
        let components = components.collect();
        (components, count)
    }

    /// The same branches with nodes about `step_mm` apart; branch points and ends stay where they are.
    ///
    /// A `step_mm` that is not above 0 leaves the tree as it is.
    #[must_use]
    pub fn resampled(&self, step_mm: f64) -> Self {
        if !(step_mm > 0.0) {
            return self.clone();
        }
        let mut nodes = Vec::new();
        let mut kept = vec![u32::MAX; self.nodes.len()];
        let mut keep = |old: u32, nodes: &mut Vec<Node>| {
            let slot = &mut kept[old as usize];
            if *slot == u32::MAX {
                *slot = nodes.len() as u32;
                nodes.push(self.nodes[old as usize]);
            }
            *slot
        };
        let branches = self.branches.iter().map(|branch| {
            let line = self.polyline(branch);
            let pieces = line.pieces(step_mm);
            let mut path = vec![keep(branch.nodes[0], &mut nodes)];
            for inner in 1..pieces {
                let point = line.at(line.length_mm() * inner as f64 / pieces as f64);
                path.push(nodes.len() as u32);
                nodes.push(Node { position_mm: point.position_mm, radius_mm: point.radius_mm });
            }
            path.push(keep(branch.nodes[branch.nodes.len() - 1], &mut nodes));
            Branch { nodes: path, label: branch.label }
        });
        let branches = branches.collect();
        Self { nodes, branches }
    }

    /// Points in the middle of pieces of about `step_mm` of all branches, with tangents over `span_mm` of the path.
    pub fn samples(&self, step_mm: f64, span_mm: f64) -> Vec<Sample> {
        let mut samples = Vec::new();
        for (index, branch) in self.branches.iter().enumerate() {
            let line = self.polyline(branch);
            let pieces = line.pieces(step_mm);
            let length_mm = line.length_mm() / pieces as f64;
            for piece in 0..pieces {
                let along_mm = (piece as f64 + 0.5) * length_mm;
                let Some(tangent) = line.tangent(along_mm, span_mm) else { continue };
                let PolylinePoint { position_mm, radius_mm } = line.at(along_mm);
                samples.push(Sample {
                    position_mm,
                    tangent,
                    radius_mm,
                    length_mm,
                    branch: index as u32,
                    label: branch.label,
                });
            }
        }
        samples
    }

    /// The tree moved by a rigid motion.
    #[must_use]
    pub fn transformed(&self, motion: &Isometry3<f64>) -> Self {
        self.mapped(|point| motion * point)
    }

    /// The tree with each node's position mapped; radii stay. Positions that are not finite or beyond 100 m stay where they were.
    #[must_use]
    pub fn mapped(&self, map: impl Fn(Point3<f64>) -> Point3<f64>) -> Self {
        let mut moved = self.clone();
        for node in &mut moved.nodes {
            let position_mm = map(node.position_mm);
            if position_mm.iter().all(|value| value.abs() <= FURTHEST_MM) {
                node.position_mm = position_mm;
            }
        }
        moved
    }
}

/// The representative of a node's component.
fn root(parent: &mut [u32], mut node: u32) -> u32 {
    while parent[node as usize] != node {
        parent[node as usize] = parent[parent[node as usize] as usize];
        node = parent[node as usize];
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(x: f64, y: f64, z: f64) -> Node {
        Node { position_mm: Point3::new(x, y, z), radius_mm: 1.0 + x / 10.0 }
    }

    fn y_branch() -> Centrelines {
        let nodes = vec![
            node(0.0, 0.0, 0.0),
            node(10.0, 0.0, 0.0),
            node(16.0, 8.0, 0.0),
            node(16.0, -8.0, 0.0),
        ];
        let branches = [[0, 1], [1, 2], [1, 3]]
            .map(|ends| Branch { nodes: ends.to_vec(), label: None })
            .to_vec();
        Centrelines::new(nodes, branches).unwrap()
    }

    #[test]
    fn a_y_has_one_branch_point_and_one_component() {
        let tree = y_branch();
        assert_eq!(tree.branch_points(), [1]);
        assert_eq!(tree.components(), (vec![0, 0, 0], 1));
        assert!((tree.length_mm() - 30.0).abs() < 1e-12);
    }

    #[test]
    fn resampling_keeps_length_ends_and_topology() {
        let tree = y_branch().resampled(2.0);
        assert_eq!(tree.nodes().len(), 1 + 3 * 5);
        assert!((tree.length_mm() - 30.0).abs() < 1e-12);
        assert_eq!(tree.branch_points().len(), 1);
        assert!(
            tree.nodes().iter().all(|n| (n.radius_mm - 1.0 - n.position_mm.x / 10.0).abs() < 1e-12)
        );
    }

    #[test]
    fn samples_stand_for_the_whole_length() {
        let samples = y_branch().samples(2.0, 4.0);
        assert!((samples.iter().map(|s| s.length_mm).sum::<f64>() - 30.0).abs() < 1e-12);
        assert!((samples[0].tangent.x - 1.0).abs() < 1e-12);
    }
}
