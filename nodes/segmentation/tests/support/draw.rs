//! Draws a vessel tree into a mask: a ball around each node.

use messages::Centrelines;
use nalgebra::Vector3;
use segmentation::vessel_tree::Grid;

/// Voxels of 1 within the vessels, of an axis-parallel grid whose first voxel centre lies at the origin.
pub fn draw_tree(grid: &Grid, tree: &Centrelines) -> Vec<u8> {
    let (size, spacing_mm) = (grid.size(), grid.spacing_mm());
    let mut mask = vec![0; grid.voxels()];
    for node in tree.resampled(0.5).nodes() {
        let middle = node.position_mm.coords;
        let range = |axis: usize| {
            let low = (middle[axis] - node.radius_mm) / spacing_mm[axis];
            let high = (middle[axis] + node.radius_mm) / spacing_mm[axis];
            low.ceil().max(0.0) as usize..((high.floor() + 1.0).max(0.0) as usize).min(size[axis])
        };
        for z in range(2) {
            for y in range(1) {
                for x in range(0) {
                    let place = grid.to_mm([x, y, z].map(|index| index as f64)).coords;
                    if (place - middle).norm() <= node.radius_mm {
                        mask[(z * size[1] + y) * size[0] + x] = 1;
                    }
                }
            }
        }
    }
    mask
}

/// The tree moved by `shift_mm`, its vessels `wider` times as wide.
pub fn placed(tree: &Centrelines, shift_mm: Vector3<f64>, wider: f64) -> Centrelines {
    let nodes = tree.nodes().iter().map(|node| messages::centrelines::Node {
        position_mm: node.position_mm + shift_mm,
        radius_mm: node.radius_mm * wider,
    });
    Centrelines::new(nodes.collect(), tree.branches().to_vec()).unwrap()
}
