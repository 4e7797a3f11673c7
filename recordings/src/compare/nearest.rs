//! The place on a tree's centrelines that is nearest to a point.

use messages::Centrelines;
use nalgebra::Point3;

/// So many pieces of line are looked at one by one.
const LEAF: usize = 8;

/// A piece of a centreline between two nodes.
#[derive(Clone, Copy, Debug)]
struct Piece {
    ends_mm: [Point3<f64>; 2],
    radii_mm: [f64; 2],
}

/// A box and the pieces in it: a leaf, or two boxes.
#[derive(Clone, Debug)]
struct Block {
    low_mm: Point3<f64>,
    high_mm: Point3<f64>,
    /// The pieces of a leaf, or the numbers of the two boxes.
    holds: Holds,
}

#[derive(Clone, Debug)]
enum Holds {
    Pieces(std::ops::Range<usize>),
    Blocks([usize; 2]),
}

/// The nearest place on a centreline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// How far off it is, millimetres.
    pub distance_mm: f64,
    /// Radius of the vessel there, millimetres.
    pub radius_mm: f64,
}

/// The pieces of all centrelines of a tree, sorted into boxes.
#[derive(Clone, Debug)]
pub struct Pieces {
    pieces: Vec<Piece>,
    blocks: Vec<Block>,
}

impl Pieces {
    /// Sorts the pieces of a tree.
    pub fn new(tree: &Centrelines) -> Self {
        let mut pieces = Vec::new();
        for branch in tree.branches() {
            for pair in tree.polyline(branch).points().windows(2) {
                pieces.push(Piece {
                    ends_mm: [pair[0].position_mm, pair[1].position_mm],
                    radii_mm: [pair[0].radius_mm, pair[1].radius_mm],
                });
            }
        }
        let mut sorted = Self { pieces, blocks: Vec::new() };
        if !sorted.pieces.is_empty() {
            sorted.block(0, sorted.pieces.len());
        }
        sorted
    }

    /// Sorts some of the pieces into boxes; returns the number of the outermost.
    fn block(&mut self, from: usize, to: usize) -> usize {
        let pieces = &mut self.pieces[from..to];
        let ends = pieces.iter().flat_map(|piece| piece.ends_mm);
        let (mut low_mm, mut high_mm) = (pieces[0].ends_mm[0], pieces[0].ends_mm[0]);
        for end in ends {
            low_mm = low_mm.inf(&end);
            high_mm = high_mm.sup(&end);
        }
        let number = self.blocks.len();
        self.blocks.push(Block { low_mm, high_mm, holds: Holds::Pieces(from..to) });
        if to - from > LEAF {
            let longest = (high_mm - low_mm).imax();
            let middle = |piece: &Piece| piece.ends_mm[0][longest] + piece.ends_mm[1][longest];
            let half = (to - from) / 2;
            pieces.select_nth_unstable_by(half, |a, b| middle(a).total_cmp(&middle(b)));
            let blocks = [self.block(from, from + half), self.block(from + half, to)];
            self.blocks[number].holds = Holds::Blocks(blocks);
        }
        number
    }

    /// The place nearest to a point; none on a tree without branches.
    pub fn nearest(&self, point: &Point3<f64>) -> Option<Nearest> {
        let mut best: Option<Nearest> = None;
        let mut waiting: Vec<usize> = if self.blocks.is_empty() { Vec::new() } else { vec![0] };
        while let Some(number) = waiting.pop() {
            let block = &self.blocks[number];
            if best.is_some_and(|best| block.distance_mm(point) > best.distance_mm) {
                continue;
            }
            match &block.holds {
                Holds::Blocks([a, b]) => {
                    let [to_a, to_b] = [*a, *b].map(|block| self.blocks[block].distance_mm(point));
                    // The nearer one is taken first.
                    waiting.extend(if to_a < to_b { [*b, *a] } else { [*a, *b] });
                }
                Holds::Pieces(range) => {
                    for piece in &self.pieces[range.clone()] {
                        let here = piece.nearest(point);
                        if best.is_none_or(|best| here.distance_mm < best.distance_mm) {
                            best = Some(here);
                        }
                    }
                }
            }
        }
        best
    }
}

impl Block {
    fn distance_mm(&self, point: &Point3<f64>) -> f64 {
        (point - point.sup(&self.low_mm).inf(&self.high_mm)).norm()
    }
}

impl Piece {
    fn nearest(&self, point: &Point3<f64>) -> Nearest {
        let [start, end] = self.ends_mm;
        let along = end - start;
        let length_squared = along.norm_squared();
        let part = if length_squared > 0.0 {
            ((point - start).dot(&along) / length_squared).clamp(0.0, 1.0)
        } else {
            0.0
        };
        // From the nearer end on, so that the distance of an end from itself is zero.
        let place = if part > 0.5 { end - along * (1.0 - part) } else { start + along * part };
        let [from, to] = self.radii_mm;
        let radius_mm =
            if part > 0.5 { to - (to - from) * (1.0 - part) } else { from + (to - from) * part };
        Nearest { distance_mm: (point - place).norm(), radius_mm }
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
                .pieces
                .iter()
                .map(|piece| piece.nearest(&point).distance_mm)
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
