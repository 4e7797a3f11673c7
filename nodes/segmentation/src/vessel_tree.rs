//! From a mask of vessels on a regular grid to their centrelines with radii.
//!
//! Small components go and cavities and dents are filled ([`morphology`]); the distance to the background
//! ([`distance`]) orders a thinning that keeps the topology ([`thinning`]); the skeleton becomes a graph
//! ([`skeleton`]) without spurs and with its ends in the middle ([`pruning`]), whose points move to the middle of the vessel ([`centring`]).
//! [`tubes`] makes triangles for display.

mod block;
pub mod centring;
pub mod distance;
pub mod grid;
pub mod morphology;
pub mod parameters;
pub mod pruning;
pub mod skeleton;
pub mod thinning;
pub mod tubes;

use messages::Centrelines;
use messages::centrelines::{Branch, Node};
use nalgebra::Point3;

pub use block::{Block, FOREGROUND, UNKNOWN};
pub use grid::{Grid, GridError};
pub use parameters::{Foreground, ParameterError, TreeParameters};
pub use tubes::tube_mesh;

/// Rounds in which dents and tunnels of the mask close.
const DENT_ROUNDS: usize = 2;

/// Why there is no tree.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TreeError {
    /// The volume cannot be worked on.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// A parameter is out of its range.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
}

/// The vessel tree of a mask.
///
/// `mask` and `seen` are `z × y × x` with x fastest, as long as the grid. `seen` is 0 where nothing was observed:
/// there a vessel goes on for all that is known, so its cut surface does not count as its wall. The same holds
/// for the faces of the grid. An empty mask gives an empty tree.
///
/// Positions are in the millimetre frame that the grid maps to.
///
/// # Errors
/// If a length is not that of the grid, or a parameter is out of its range.
pub fn vessel_tree(
    grid: &Grid,
    mask: &[u8],
    seen: Option<&[u8]>,
    parameters: &TreeParameters,
) -> Result<Centrelines, TreeError> {
    parameters.check()?;
    let Some(mut block) = Block::cut(grid, mask, seen, parameters.foreground)? else {
        return Ok(Centrelines::default());
    };
    let voxel_mm3: f64 = grid.spacing_mm().iter().product();
    morphology::remove_small(
        &mut block,
        (parameters.least_component_mm3 / voxel_mm3).ceil() as usize,
    );
    morphology::fill_dents(&mut block, DENT_ROUNDS);
    morphology::fill_cavities(&mut block, (parameters.largest_cavity_mm3 / voxel_mm3) as usize);
    let distance_mm2 = distance::squared(&block);
    let thin = thinning::thin(&block, &distance_mm2);
    let mut graph = skeleton::graph(&block, &thin, &distance_mm2);
    let voxel_mm = block.spacing_mm.iter().copied().fold(0.0, f64::max);
    pruning::prune(&mut graph, parameters.spur_radii, voxel_mm);
    pruning::trim_ends(&mut graph, voxel_mm);
    pruning::drop_short_trees(&mut graph, parameters.least_tree_mm);
    centring::centre(&mut graph, &block, &distance_mm2);
    Ok(into_tree(&graph, grid, &block).resampled(parameters.step_mm))
}

/// The graph in the frame of the grid's millimetres.
fn into_tree(graph: &skeleton::Graph, grid: &Grid, block: &Block) -> Centrelines {
    let to_mm = |position: &Point3<f64>| {
        let spacing = block.spacing_mm;
        grid.to_mm(std::array::from_fn(|axis| {
            position[axis] / spacing[axis] + block.origin[axis] as f64
        }))
    };
    let mut nodes = Vec::new();
    let mut joints = vec![u32::MAX; graph.joints.len()];
    let mut branches = Vec::new();
    for edge in &graph.edges {
        for end in edge.ends {
            if joints[end] == u32::MAX {
                joints[end] = nodes.len() as u32;
                let joint = &graph.joints[end];
                nodes
                    .push(Node { position_mm: to_mm(&joint.position), radius_mm: joint.radius_mm });
            }
        }
        let mut path = vec![joints[edge.ends[0]]];
        for point in &edge.inner {
            path.push(nodes.len() as u32);
            nodes.push(Node { position_mm: to_mm(&point.position), radius_mm: point.radius_mm });
        }
        path.push(joints[edge.ends[1]]);
        branches.push(Branch { nodes: path, label: None });
    }
    // Every index was just made and every number came from finite ones.
    Centrelines::new(nodes, branches).unwrap_or_default()
}
