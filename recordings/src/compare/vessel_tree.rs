//! Vessel trees: how far the centrelines are apart, and how long they are.

use messages::{Centrelines, Frame, Structure, VesselTree};

use super::difference::Difference;
use super::nearest::Pieces;
use super::spread::Unit;

/// Compares two trees, whose nodes and branches may be numbered otherwise: the distance of every node
/// of each from the other's centrelines, what the radius there differs by, and the length.
pub fn trees<In: Frame>(a: &VesselTree<In>, b: &VesselTree<In>, difference: &mut Difference) {
    // Whatever does not fit together was refused when it was read.
    let (Ok(left), Ok(right)) = (a.centrelines(), b.centrelines()) else { return };
    if a.structures != b.structures {
        difference.other(format!(
            "structures [{}] against [{}]",
            names(&a.structures),
            names(&b.structures)
        ));
    } else if left == right {
        // As numbers: 0 and −0 are other bytes.
        difference.mm(0.0);
        return;
    }
    if left.branches().is_empty() || right.branches().is_empty() {
        if left != right {
            difference.other(format!(
                "a tree of {} branches against one of {}",
                left.branches().len(),
                right.branches().len()
            ));
        }
        return;
    }
    let before = difference.clone();
    distances([&left, &right], difference);
    let unknown = a.structures.len().max(b.structures.len());
    for label in 0..=unknown {
        let label = u8::try_from(label).ok().filter(|&label| usize::from(label) < unknown);
        let [left, right] = [&left, &right].map(|tree| length_mm(tree, label));
        if left != right {
            difference.length_mm((left - right).abs());
        }
    }
    let all = left.length_mm() - right.length_mm();
    if all != 0.0 {
        difference.length_mm(all.abs());
    }
    if difference.is_still(&before) && left != right {
        difference.other("the same lines, but joined or numbered otherwise");
    }
}

/// The distance of the nodes of each tree from the other's centrelines.
fn distances(trees: [&Centrelines; 2], difference: &mut Difference) {
    let (mut sum_mm, mut count, mut largest_mm, mut radius_mm) = (0.0, 0_usize, 0.0_f64, 0.0_f64);
    for (mine, theirs) in [(trees[0], trees[1]), (trees[1], trees[0])] {
        let pieces = Pieces::new(theirs);
        for node in mine.nodes() {
            let Some(nearest) = pieces.nearest(&node.position_mm) else { continue };
            sum_mm += nearest.distance_mm;
            count += 1;
            largest_mm = largest_mm.max(nearest.distance_mm);
            radius_mm = radius_mm.max((nearest.radius_mm - node.radius_mm).abs());
        }
    }
    if largest_mm > 0.0 {
        let mean_mm = sum_mm / count.max(1) as f64;
        difference.distances(largest_mm, mean_mm);
        difference.figure("centrelines, mean", Unit::Mm, mean_mm);
        difference.figure("centrelines, farthest", Unit::Mm, largest_mm);
    }
    if radius_mm > 0.0 {
        difference.mm(radius_mm);
    }
}

/// The length of the branches with this label.
fn length_mm(tree: &Centrelines, label: Option<u8>) -> f64 {
    let labelled = tree.branches().iter().filter(|branch| branch.label == label);
    labelled.map(|branch| tree.polyline(branch).length_mm()).sum()
}

/// The structures by name, for words.
pub fn names(structures: &[Structure]) -> String {
    let name = |structure: &Structure| format!("{} ({:?})", structure.name, structure.kind);
    structures.iter().map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use messages::centrelines::{Branch, Node};
    use messages::{Patient, StructureKind};
    use nalgebra::Point3;

    use super::*;

    /// Straight branches along x from `(0, y, 0)`: y, nodes 1 mm apart, label.
    fn tree(branches: &[(f64, u32, Option<u8>)], radius_mm: f64) -> VesselTree<Patient> {
        let (mut nodes, mut of) = (Vec::new(), Vec::new());
        for &(y, count, label) in branches {
            let first = nodes.len() as u32;
            nodes.extend(
                (0..count)
                    .map(|x| Node { position_mm: Point3::new(f64::from(x), y, 0.0), radius_mm }),
            );
            of.push(Branch { nodes: (first..first + count).collect(), label });
        }
        let structure = |name: &str, kind| Structure { name: name.to_owned(), kind };
        let structures = vec![
            structure("artery", StructureKind::Artery),
            structure("vein", StructureKind::Vein),
        ];
        VesselTree::new(&Centrelines::new(nodes, of).unwrap(), structures).unwrap()
    }

    fn compared(a: &VesselTree<Patient>, b: &VesselTree<Patient>) -> Difference {
        let mut difference = Difference::default();
        trees(a, b, &mut difference);
        difference
    }

    #[test]
    fn a_shift_is_its_distance_and_no_length() {
        let found = compared(&tree(&[(0.0, 11, None)], 2.0), &tree(&[(3.0, 11, None)], 2.0));
        assert_eq!((found.mm, found.mm_mean, found.length_mm), (Some(3.0), Some(3.0), None));
        assert_eq!(found.others, 0);
    }

    #[test]
    fn a_missing_branch_counts_from_either_side() {
        let whole = tree(&[(0.0, 11, None), (8.0, 11, None)], 2.0);
        let part = tree(&[(0.0, 11, None)], 2.0);
        for found in [compared(&whole, &part), compared(&part, &whole)] {
            // 11 of 33 nodes are 8 mm off.
            assert_eq!(found.mm, Some(8.0));
            assert!((found.mm_mean.unwrap() - 8.0 / 3.0).abs() < 1e-12);
            assert_eq!(found.length_mm, Some(10.0));
        }
    }

    #[test]
    fn other_labels_are_other_lengths_of_the_structures() {
        let a = tree(&[(0.0, 11, Some(0)), (8.0, 21, Some(1))], 2.0);
        let b = tree(&[(0.0, 11, Some(1)), (8.0, 21, Some(1))], 2.0);
        assert_eq!((compared(&a, &b).mm, compared(&a, &b).length_mm), (None, Some(10.0)));
        let unknown = tree(&[(0.0, 11, None), (8.0, 21, Some(1))], 2.0);
        assert_eq!(compared(&a, &unknown).length_mm, Some(10.0));
    }

    #[test]
    fn radii_count_as_distances() {
        let found = compared(&tree(&[(0.0, 5, None)], 2.0), &tree(&[(0.0, 5, None)], 2.5));
        assert_eq!((found.mm, found.mm_mean), (Some(0.5), None));
    }

    #[test]
    fn the_same_lines_sampled_otherwise_are_no_distance_apart() {
        let fine = tree(&[(0.0, 11, None)], 2.0);
        let structures = fine.structures.clone();
        let coarse = fine.centrelines().unwrap().resampled(5.0);
        let found = compared(&fine, &VesselTree::new(&coarse, structures).unwrap());
        assert!(found.mm.unwrap_or(0.0) < 1e-9 && found.length_mm.unwrap_or(0.0) < 1e-9);
        // But they are not equal.
        assert!(found.others == 1 || found.mm.is_some() || found.length_mm.is_some());
    }

    #[test]
    fn nothing_against_something_is_told_and_nothing_against_nothing_is_equal() {
        let (nothing, something) = (tree(&[], 1.0), tree(&[(0.0, 5, None)], 1.0));
        let found = compared(&nothing, &something);
        assert_eq!(found.other, ["a tree of 0 branches against one of 1"]);
        assert_eq!(compared(&nothing, &nothing).others, 0);
    }

    #[test]
    fn zero_and_negative_zero_are_equal() {
        let found = compared(&tree(&[(0.0, 5, None)], 1.0), &tree(&[(-0.0, 5, None)], 1.0));
        assert!(found.is_within(&super::super::Tolerance::default()));
    }

    #[test]
    fn other_structures_are_told() {
        let a = tree(&[(0.0, 5, Some(0))], 1.0);
        let mut b = a.clone();
        b.structures.swap(0, 1);
        let found = compared(&a, &b);
        assert_eq!(
            found.other,
            ["structures [artery (Artery), vein (Vein)] against [vein (Vein), artery (Artery)]"]
        );
    }
}
