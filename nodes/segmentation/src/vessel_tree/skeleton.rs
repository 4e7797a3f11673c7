//! The voxels of a skeleton as a graph of joints and edges.

use nalgebra::Point3;

use super::block::Block;

/// A point in the block's own millimetres: index times spacing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkeletonPoint {
    /// Where it lies.
    pub position: Point3<f64>,
    /// Distance to the background, later the radius of the vessel.
    pub radius_mm: f64,
}

/// A path between two joints.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The joints at its start and end; the same twice for a loop.
    pub ends: [usize; 2],
    /// The points between them.
    pub inner: Vec<SkeletonPoint>,
}

/// A skeleton: joints are branch points, free ends, and one point of each loop that has neither.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// All joints; some may have no edges.
    pub joints: Vec<SkeletonPoint>,
    /// All edges.
    pub edges: Vec<Edge>,
}

impl Graph {
    /// Length of an edge in millimetres.
    pub fn length_mm(&self, edge: &Edge) -> f64 {
        let mut last = self.joints[edge.ends[0]].position;
        let mut length = 0.0;
        let end = &self.joints[edge.ends[1]];
        for point in edge.inner.iter().chain([end]) {
            length += (point.position - last).norm();
            last = point.position;
        }
        length
    }

    /// How many edges end at each joint; a loop counts twice.
    pub fn degrees(&self) -> Vec<usize> {
        let mut degrees = vec![0; self.joints.len()];
        for end in self.edges.iter().flat_map(|edge| edge.ends) {
            degrees[end] += 1;
        }
        degrees
    }
}

const NONE: u32 = u32::MAX;

/// The graph of a skeleton one voxel wide. Voxels with three or more neighbours that touch make one joint.
pub fn graph(block: &Block, thin: &[bool], distance_mm2: &[f32]) -> Graph {
    let voxels: Vec<usize> = (0..thin.len()).filter(|&at| thin[at]).collect();
    let mut number = vec![NONE; thin.len()];
    for (i, &at) in voxels.iter().enumerate() {
        number[at] = i as u32;
    }
    let steps = block.neighbours();
    let neighbours: Vec<Vec<usize>> = voxels
        .iter()
        .map(|&at| {
            steps
                .iter()
                .map(|&step| number[at.wrapping_add_signed(step)])
                .filter(|&n| n != NONE)
                .map(|n| n as usize)
                .collect()
        })
        .collect();
    let points: Vec<SkeletonPoint> = voxels
        .iter()
        .map(|&at| {
            let index = block.index(at);
            let position = Point3::from(std::array::from_fn::<f64, 3, _>(|axis| {
                index[axis] as f64 * block.spacing_mm[axis]
            }));
            let squared = f64::from(distance_mm2[at]);
            // Without any background in sight there is no radius to tell.
            SkeletonPoint {
                position,
                radius_mm: if squared.is_finite() { squared.sqrt() } else { 0.0 },
            }
        })
        .collect();

    let mut tracer = Tracer {
        neighbours,
        joint_of: vec![NONE; voxels.len()],
        passed: vec![false; voxels.len()],
        points,
        graph: Graph::default(),
    };
    tracer.find_joints();
    tracer.trace();
    tracer.graph
}

struct Tracer {
    neighbours: Vec<Vec<usize>>,
    joint_of: Vec<u32>,
    /// Voxels within an edge that is already traced.
    passed: Vec<bool>,
    points: Vec<SkeletonPoint>,
    graph: Graph,
}

impl Tracer {
    fn find_joints(&mut self) {
        for start in 0..self.points.len() {
            let degree = self.neighbours[start].len();
            if degree == 2 || self.joint_of[start] != NONE {
                continue;
            }
            let joint = self.graph.joints.len() as u32;
            let mut cluster = vec![start];
            self.joint_of[start] = joint;
            let mut next = 0;
            while degree >= 3 && next < cluster.len() {
                for &neighbour in &self.neighbours[cluster[next]] {
                    if self.neighbours[neighbour].len() >= 3 && self.joint_of[neighbour] == NONE {
                        self.joint_of[neighbour] = joint;
                        cluster.push(neighbour);
                    }
                }
                next += 1;
            }
            let sum = cluster
                .iter()
                .fold(nalgebra::Vector3::zeros(), |sum, &i| sum + self.points[i].position.coords);
            let radius_mm = cluster.iter().map(|&i| self.points[i].radius_mm).fold(0.0, f64::max);
            self.graph.joints.push(SkeletonPoint {
                position: Point3::from(sum / cluster.len() as f64),
                radius_mm,
            });
        }
    }

    fn trace(&mut self) {
        for start in 0..self.points.len() {
            let joint = self.joint_of[start];
            if joint == NONE {
                continue;
            }
            for k in 0..self.neighbours[start].len() {
                let first = self.neighbours[start][k];
                let other = self.joint_of[first];
                if other != NONE {
                    // Joints side by side: an end beside a branch point, or two ends. Seen from both, taken once.
                    if joint < other {
                        self.graph
                            .edges
                            .push(Edge { ends: [joint as usize, other as usize], inner: vec![] });
                    }
                } else if !self.passed[first] {
                    self.follow(start, first);
                }
            }
        }
        // What is left are loops without a joint.
        for start in 0..self.points.len() {
            if self.joint_of[start] == NONE && !self.passed[start] {
                self.joint_of[start] = self.graph.joints.len() as u32;
                self.graph.joints.push(self.points[start]);
                let first = self.neighbours[start][0];
                self.follow(start, first);
            }
        }
    }

    fn follow(&mut self, start: usize, first: usize) {
        let (mut last, mut at) = (start, first);
        let mut inner = Vec::new();
        while self.joint_of[at] == NONE && !self.passed[at] {
            self.passed[at] = true;
            inner.push(self.points[at]);
            let next =
                self.neighbours[at].iter().copied().find(|&next| next != last).unwrap_or(last);
            last = at;
            at = next;
        }
        if self.joint_of[at] != NONE {
            let ends = [self.joint_of[start] as usize, self.joint_of[at] as usize];
            self.graph.edges.push(Edge { ends, inner });
        }
    }
}
