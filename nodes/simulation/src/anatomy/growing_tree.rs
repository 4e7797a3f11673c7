//! A vessel tree while it grows: straight edges whose radii follow from the flow they carry.

use nalgebra::Point3;

use crate::anatomy::segment::Segment;

/// The end of an edge, or a root.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub position: Point3<f64>,
    pub parent: Option<usize>,
    pub children: Vec<usize>,
    /// Flow through the edge that leads here, in units of an average terminal.
    pub flow: f64,
    /// The edge belongs to a named vein and is not moved.
    pub named: bool,
}

/// One or more trees of one vascular system that share its flow.
#[derive(Clone, Debug)]
pub(crate) struct GrowingTree {
    pub nodes: Vec<Node>,
    /// Radius that a single vessel with all the flow would have.
    whole_radius_mm: f64,
    /// Exponent of Murray's law (C. D. Murray, "The physiological principle of minimum work", Proc.
    /// Natl. Acad. Sci. 12, 1926, where it is 3).
    exponent: f64,
    flow: f64,
    /// Flow below which the thin vessels are not made thicker for being few.
    least_flow: f64,
}

impl GrowingTree {
    pub fn new(whole_radius_mm: f64, exponent: f64) -> Self {
        Self { nodes: Vec::new(), whole_radius_mm, exponent, flow: 0.0, least_flow: 0.0 }
    }

    pub fn add_root(&mut self, position: Point3<f64>) -> usize {
        self.push(position, None, 0.0, true)
    }

    /// A named edge without flow of its own; [`GrowingTree::feed`] gives it some.
    pub fn add_named(&mut self, parent: usize, position: Point3<f64>) -> usize {
        self.push(position, Some(parent), 0.0, true)
    }

    fn push(
        &mut self,
        position: Point3<f64>,
        parent: Option<usize>,
        flow: f64,
        named: bool,
    ) -> usize {
        let index = self.nodes.len();
        self.nodes.push(Node { position, parent, children: Vec::new(), flow, named });
        if let Some(parent) = parent {
            self.nodes[parent].children.push(index);
        }
        index
    }

    /// Sends `flow` from the root to `node`.
    pub fn feed(&mut self, node: usize, flow: f64) {
        self.flow += flow;
        let mut next = Some(node);
        while let Some(index) = next {
            self.nodes[index].flow += flow;
            next = self.nodes[index].parent;
        }
    }

    /// Splits the edge that leads to `node` at `at` and lets a new terminal leave there.
    pub fn sprout(&mut self, node: usize, at: Point3<f64>, terminal: Point3<f64>, flow: f64) {
        let Some(parent) = self.nodes[node].parent else { return };
        let (through, named) = (self.nodes[node].flow, self.nodes[node].named);
        let branching = self.push(at, Some(parent), through, named);
        self.nodes[parent].children.retain(|child| *child != node);
        self.nodes[branching].children.push(node);
        self.nodes[node].parent = Some(branching);
        let end = self.push(terminal, Some(branching), 0.0, false);
        self.feed(end, flow);
    }

    /// Says how much flow is to come, so that the first terminals are not taken for thick vessels.
    pub fn expect(&mut self, flow: f64) {
        self.least_flow = 0.4 * flow;
    }

    /// Radius of a vessel of that flow: flow goes with the power `exponent` of the radius.
    pub fn radius_of_mm(&self, flow: f64) -> f64 {
        self.share_radius_mm(flow, self.flow.max(self.least_flow))
    }

    fn share_radius_mm(&self, flow: f64, total: f64) -> f64 {
        self.whole_radius_mm * (flow / total.max(1e-9)).powf(1.0 / self.exponent)
    }

    /// Radius of the edge that leads to `node`; a named vein has its final share from the start.
    pub fn radius_mm(&self, node: usize) -> f64 {
        let node = &self.nodes[node];
        if node.named {
            self.share_radius_mm(node.flow, self.flow)
        } else {
            self.radius_of_mm(node.flow)
        }
    }

    /// Start and end of the edge that leads to `node`; nothing for a root.
    pub fn edge(&self, node: usize) -> Option<(Point3<f64>, Point3<f64>)> {
        let parent = self.nodes[node].parent?;
        Some((self.nodes[parent].position, self.nodes[node].position))
    }

    /// The edge that leads to `node` as a tube.
    pub fn tube(&self, node: usize) -> Option<Segment> {
        let (start, end) = self.edge(node)?;
        let radius = self.radius_mm(node);
        Some(Segment { start, end, start_radius_mm: radius, end_radius_mm: radius })
    }

    /// What the tree's volume grows by, over π, when `node` carries `more` flow, from its parent to
    /// the root.
    pub fn thickening_above_mm3(&self, node: usize, more: f64) -> f64 {
        let mut sum = 0.0;
        let mut next = self.nodes[node].parent;
        while let Some(index) = next {
            if let Some((start, end)) = self.edge(index) {
                let flow = self.nodes[index].flow;
                let squares =
                    self.radius_of_mm(flow + more).powi(2) - self.radius_of_mm(flow).powi(2);
                sum += (end - start).norm() * squares;
            }
            next = self.nodes[index].parent;
        }
        sum
    }
}
