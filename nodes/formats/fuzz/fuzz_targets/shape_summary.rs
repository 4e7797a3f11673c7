//! What files of surfaces and vessel trees hold, in numbers.

use formats::shape_summary::Summary;
use formats::surface_file::{Space, Surface};
use formats::tree_file::Tree;

use super::{Target, assert_said, bounded, legacy_vtk, surface_file, tree_file};

/// What is tried, and with what.
pub const TARGET: Target =
    Target { name: "shape_summary", check, seeds, words: legacy_vtk::TARGET.words };

fn check(bytes: &[u8]) {
    let (surface, tree) = (Surface::read(bytes, Space::Lps), Tree::read(bytes, Space::Lps));
    // Files of both kinds are read twice, and edges are counted beside their triangles.
    let most = 2 * surface_file::inflated(bytes);
    let summary = match bounded(2 * bytes.len(), most, || Summary::read(bytes, Space::Lps)) {
        Ok(summary) => summary,
        Err(error) => {
            assert_said(&error);
            assert!(
                surface.is_err() || tree.is_err(),
                "each is read, but nothing is said: {error}"
            );
            return;
        }
    };
    let (surface, tree) = (surface.ok(), tree.ok());
    assert!(surface.is_some() || tree.is_some(), "neither is read, but something is said");
    let triangles = surface.as_ref().map_or(0, |surface| surface.triangles.len());
    let lines = tree.as_ref().map_or(0, |tree| tree.lines.len());
    assert_eq!((summary.triangles, summary.lines), (triangles, lines));
    assert!(summary.open_edges + 2 * summary.branching_edges <= 3 * triangles);
    assert_eq!(
        summary.is_closed(),
        triangles > 0 && summary.open_edges + summary.branching_edges == 0
    );
    assert!(summary.length_mm.is_finite() && summary.length_mm >= 0.0);
    assert!(summary.radius_mm.is_none_or(|[low, high]| 0.0 <= low && low <= high));
    let vertices: Vec<[f64; 3]> = match (&tree, &surface) {
        (Some(tree), _) => tree.points_mm.clone(),
        (None, Some(surface)) => {
            surface.vertices_mm.iter().map(|place| place.map(f64::from)).collect()
        }
        (None, None) => Vec::new(),
    };
    assert_eq!(summary.vertices, vertices.len());
    for axis in 0..3 {
        let [low, high] = summary.bounds_mm.map(|place| place[axis]);
        assert!(low.is_finite() && high.is_finite());
        // A surface beside lines lies where its numbers of 32 bits are.
        let near = |mm: f64| (mm.abs() * 1e-6).max(f64::from(f32::MIN_POSITIVE));
        let within =
            |place: &[f64; 3]| (low - near(low)..=high + near(high)).contains(&place[axis]);
        assert!(vertices.iter().all(within));
    }
    let said = [surface.and_then(|it| it.said), tree.and_then(|it| it.said)];
    assert_eq!(summary.said, said[0].or(said[1]));
}

/// Those of the readers below it.
fn seeds() -> Vec<Vec<u8>> {
    [surface_file::TARGET, tree_file::TARGET, legacy_vtk::TARGET]
        .into_iter()
        .flat_map(|target| (target.seeds)().into_iter().step_by(2))
        .collect()
}
