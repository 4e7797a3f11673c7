//! The place that is nearest to a point: on centrelines, on outlines, on surfaces.

use messages::Centrelines;
use nalgebra::Point3;

/// So many shapes are looked at one by one.
const LEAF: usize = 8;

/// Something small that lies in space.
pub trait Shape: Copy {
    /// What it is the hull of.
    fn corners(&self) -> impl Iterator<Item = Point3<f64>>;

    /// The place on it that is nearest to a point.
    fn nearest(&self, point: &Point3<f64>) -> Point3<f64>;
}

/// A box and the shapes in it: a leaf, or two boxes.
#[derive(Clone, Debug)]
struct Block {
    low: Point3<f64>,
    high: Point3<f64>,
    /// The shapes of a leaf, or the numbers of the two boxes.
    holds: Holds,
}

#[derive(Clone, Debug)]
enum Holds {
    Shapes(std::ops::Range<usize>),
    Blocks([usize; 2]),
}

/// Many shapes, sorted into boxes.
#[derive(Clone, Debug)]
pub struct Shapes<S> {
    shapes: Vec<S>,
    blocks: Vec<Block>,
}

impl<S: Shape> Shapes<S> {
    /// Sorts shapes.
    pub fn new(shapes: Vec<S>) -> Self {
        let mut sorted = Self { shapes, blocks: Vec::new() };
        if !sorted.shapes.is_empty() {
            sorted.block(0, sorted.shapes.len());
        }
        sorted
    }

    /// Sorts some of the shapes into boxes; returns the number of the outermost.
    fn block(&mut self, from: usize, to: usize) -> usize {
        let shapes = &mut self.shapes[from..to];
        let mut low = Point3::from([f64::INFINITY; 3]);
        let mut high = Point3::from([f64::NEG_INFINITY; 3]);
        for corner in shapes.iter().flat_map(Shape::corners) {
            low = corner.inf(&low);
            high = corner.sup(&high);
        }
        let number = self.blocks.len();
        self.blocks.push(Block { low, high, holds: Holds::Shapes(from..to) });
        if to - from > LEAF {
            let longest = (high - low).imax();
            let middle = |shape: &S| shape.corners().map(|corner| corner[longest]).sum::<f64>();
            let half = (to - from) / 2;
            shapes.select_nth_unstable_by(half, |a, b| middle(a).total_cmp(&middle(b)));
            let blocks = [self.block(from, from + half), self.block(from + half, to)];
            self.blocks[number].holds = Holds::Blocks(blocks);
        }
        number
    }

    /// The shape nearest to a point, and its distance; none if there are no shapes.
    pub fn nearest(&self, point: &Point3<f64>) -> Option<(&S, f64)> {
        let mut best: Option<(&S, f64)> = None;
        let mut waiting: Vec<usize> = if self.blocks.is_empty() { Vec::new() } else { vec![0] };
        while let Some(number) = waiting.pop() {
            let block = &self.blocks[number];
            if best.is_some_and(|(_, best)| block.distance(point) > best) {
                continue;
            }
            match &block.holds {
                Holds::Blocks([a, b]) => {
                    let [to_a, to_b] = [*a, *b].map(|block| self.blocks[block].distance(point));
                    // The nearer one is taken first.
                    waiting.extend(if to_a < to_b { [*b, *a] } else { [*a, *b] });
                }
                Holds::Shapes(range) => {
                    for shape in &self.shapes[range.clone()] {
                        let distance = (point - shape.nearest(point)).norm();
                        if best.is_none_or(|(_, best)| distance < best) {
                            best = Some((shape, distance));
                        }
                    }
                }
            }
        }
        best
    }
}

impl Block {
    fn distance(&self, point: &Point3<f64>) -> f64 {
        (point - point.sup(&self.low).inf(&self.high)).norm()
    }
}

/// How far apart many points are from what they are compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// The largest distance.
    pub largest: f64,
    sum: f64,
    count: usize,
}

impl Spread {
    /// Takes a distance into account.
    pub fn add(&mut self, distance: f64) {
        // NaN counts as the largest distance there is.
        let distance = if distance.is_nan() { f64::INFINITY } else { distance };
        self.largest = self.largest.max(distance);
        self.sum += distance;
        self.count += 1;
    }

    /// The distances of points from the nearest of some shapes.
    pub fn add_all<S: Shape>(&mut self, points: impl Iterator<Item = Point3<f64>>, to: &Shapes<S>) {
        for point in points {
            if let Some((_, distance)) = to.nearest(&point) {
                self.add(distance);
            }
        }
    }

    /// Takes all distances of another into account.
    pub fn merge(&mut self, other: &Self) {
        self.largest = self.largest.max(other.largest);
        self.sum += other.sum;
        self.count += other.count;
    }

    /// The mean; none if there were no points.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// A straight piece of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment(pub [Point3<f64>; 2]);

impl Segment {
    /// How far along it the place nearest to a point is, 0 to 1.
    fn part(&self, point: &Point3<f64>) -> f64 {
        let [start, end] = self.0;
        let along = end - start;
        let length_squared = along.norm_squared();
        if length_squared > 0.0 {
            ((point - start).dot(&along) / length_squared).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }
}

impl Shape for Segment {
    fn corners(&self) -> impl Iterator<Item = Point3<f64>> {
        self.0.into_iter()
    }

    fn nearest(&self, point: &Point3<f64>) -> Point3<f64> {
        let [start, end] = self.0;
        let part = self.part(point);
        // From the nearer end on, so that the distance of an end from itself is zero.
        if part > 0.5 { end - (end - start) * (1.0 - part) } else { start + (end - start) * part }
    }
}

/// A piece of a centreline between two nodes.
#[derive(Clone, Copy, Debug)]
struct Piece {
    ends_mm: Segment,
    radii_mm: [f64; 2],
}

impl Piece {
    /// Radius of the vessel at the place nearest to a point.
    fn radius_mm(&self, point: &Point3<f64>) -> f64 {
        let [from, to] = self.radii_mm;
        let part = self.ends_mm.part(point);
        if part > 0.5 { to - (to - from) * (1.0 - part) } else { from + (to - from) * part }
    }
}

impl Shape for Piece {
    fn corners(&self) -> impl Iterator<Item = Point3<f64>> {
        self.ends_mm.0.into_iter()
    }

    fn nearest(&self, point: &Point3<f64>) -> Point3<f64> {
        self.ends_mm.nearest(point)
    }
}

/// The nearest place on a centreline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// How far off it is, millimetres.
    pub distance_mm: f64,
    /// Radius of the vessel there, millimetres.
    pub radius_mm: f64,
}

/// The pieces of all centrelines of a tree.
#[derive(Clone, Debug)]
pub struct Pieces(Shapes<Piece>);

impl Pieces {
    /// Sorts the pieces of a tree.
    pub fn new(tree: &Centrelines) -> Self {
        let mut pieces = Vec::new();
        for branch in tree.branches() {
            for pair in tree.polyline(branch).points().windows(2) {
                pieces.push(Piece {
                    ends_mm: Segment([pair[0].position_mm, pair[1].position_mm]),
                    radii_mm: [pair[0].radius_mm, pair[1].radius_mm],
                });
            }
        }
        Self(Shapes::new(pieces))
    }

    /// The place nearest to a point; none on a tree without branches.
    pub fn nearest(&self, point: &Point3<f64>) -> Option<Nearest> {
        let (piece, distance_mm) = self.0.nearest(point)?;
        Some(Nearest { distance_mm, radius_mm: piece.radius_mm(point) })
    }
}

#[cfg(test)]
mod tests {
    use messages::centrelines::{Branch, Node};
    use proptest::prelude::*;

    use super::*;

    fn tree(places: &[[f64; 3]]) -> Centrelines {
        let node = |&place: &[f64; 3]| Node {
            position_mm: Point3::from(place),
            radius_mm: 1.0 + place[0].abs() / 100.0,
        };
        let branch = Branch { nodes: (0..places.len() as u32).collect(), label: None };
        Centrelines::new(places.iter().map(node).collect(), vec![branch]).unwrap()
    }

    proptest! {
        #[test]
        fn boxes_find_what_looking_at_each_piece_finds(
            places in prop::collection::vec(prop::array::uniform3(-50.0f64..50.0), 2..60),
            point in prop::array::uniform3(-80.0f64..80.0),
        ) {
            let (tree, point) = (tree(&places), Point3::from(point));
            let pieces = Pieces::new(&tree);
            let one_by_one = pieces
                .0
                .shapes
                .iter()
                .map(|piece| (point - piece.nearest(&point)).norm())
                .fold(f64::INFINITY, f64::min);
            prop_assert!((pieces.nearest(&point).unwrap().distance_mm - one_by_one).abs() < 1e-9);
        }

        #[test]
        fn every_node_lies_on_its_own_tree(
            places in prop::collection::vec(prop::array::uniform3(-50.0f64..50.0), 2..60),
        ) {
            let tree = tree(&places);
            let pieces = Pieces::new(&tree);
            for node in tree.nodes() {
                let nearest = pieces.nearest(&node.position_mm).unwrap();
                prop_assert_eq!(nearest.distance_mm, 0.0);
            }
        }
    }

    #[test]
    fn the_nearest_place_is_within_a_piece_or_its_end() {
        let pieces = Pieces::new(&tree(&[[0.0; 3], [100.0, 0.0, 0.0]]));
        let beside = pieces.nearest(&Point3::new(25.0, 3.0, 4.0)).unwrap();
        assert!((beside.distance_mm - 5.0).abs() < 1e-12);
        assert!((beside.radius_mm - 1.25).abs() < 1e-12);
        let beyond = pieces.nearest(&Point3::new(103.0, 4.0, 0.0)).unwrap();
        assert_eq!(beyond, Nearest { distance_mm: 5.0, radius_mm: 2.0 });
    }

    #[test]
    fn there_is_no_nearest_place_on_nothing() {
        let nothing = Centrelines::new(Vec::new(), Vec::new()).unwrap();
        assert_eq!(Pieces::new(&nothing).nearest(&Point3::origin()), None);
    }

    #[test]
    fn many_nodes_in_one_place_are_no_trouble() {
        let pieces = Pieces::new(&tree(&[[1.0, 2.0, 3.0]; 500]));
        assert_eq!(pieces.nearest(&Point3::new(1.0, 2.0, 5.0)).unwrap().distance_mm, 2.0);
    }
}
