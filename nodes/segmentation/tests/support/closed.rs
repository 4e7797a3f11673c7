//! What makes a surface closed, and in how many pieces it is.

use std::collections::HashMap;

use segmentation::mesh::Mesh;

/// Euler characteristic and number of pieces of a surface.
///
/// # Panics
/// If an edge is not in exactly two triangles, in opposite directions, or a vertex is in none.
pub fn closed(mesh: &Mesh) -> (i64, usize) {
    let mut edges = HashMap::new();
    for [a, b, c] in mesh.triangles.iter().copied() {
        assert!(a != b && b != c && c != a, "{a} {b} {c}");
        for edge in [(a, b), (b, c), (c, a)] {
            *edges.entry(edge).or_insert(0) += 1;
        }
    }
    for (&(a, b), &count) in &edges {
        assert_eq!((count, edges.get(&(b, a))), (1, Some(&1)), "edge {a} {b}");
    }
    let mut piece: Vec<usize> = (0..mesh.vertices_mm.len()).collect();
    let mut used = vec![false; piece.len()];
    for triangle in &mesh.triangles {
        let [a, b, c] = triangle.map(|corner| corner as usize);
        for other in [b, c] {
            let (first, second) = (root(&mut piece, a), root(&mut piece, other));
            piece[first] = second;
        }
        for corner in [a, b, c] {
            used[corner] = true;
        }
    }
    assert!(used.iter().all(|&used| used), "a vertex belongs to no triangle");
    let pieces = (0..piece.len()).filter(|&at| piece[at] == at).count();
    let (v, e, f) = (piece.len() as i64, edges.len() as i64 / 2, mesh.triangles.len() as i64);
    (v - e + f, pieces)
}

fn root(piece: &mut [usize], mut at: usize) -> usize {
    while piece[at] != at {
        piece[at] = piece[piece[at]];
        at = piece[at];
    }
    at
}
