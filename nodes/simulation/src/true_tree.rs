//! The true centrelines of the vessels of an anatomy, at rest or moved.

use messages::centrelines::{Branch, Node};
use messages::wire::WireError;
use messages::{Centrelines, Frame, Structure, VesselTree};
use nalgebra::Point3;

use crate::anatomy::Anatomy;
use crate::anatomy::tube_tree::TubeTree;

/// The centrelines of all vessels with their radii, each node moved by `place`; a branch belongs to the
/// structure whose name the anatomy gives it.
///
/// # Errors
/// If a moved node is not finite or beyond 100 m.
pub fn true_tree<In: Frame>(
    anatomy: &Anatomy,
    place: impl Fn(&Point3<f64>) -> Point3<f64>,
) -> Result<VesselTree<In>, WireError> {
    let (mut nodes, mut branches, mut structures) = (Vec::new(), Vec::new(), Vec::new());
    for structure in anatomy.structures().iter().filter(|s| s.kind.is_vessel()) {
        let Some(tubes) = structure.as_tubes() else { continue };
        let first = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        nodes.extend(
            tubes
                .nodes()
                .iter()
                .map(|node| Node { position_mm: place(&node.position), radius_mm: node.radius_mm }),
        );
        let label = u8::try_from(structures.len()).ok();
        branches.extend(paths(tubes).into_iter().map(|path| Branch {
            nodes: path.into_iter().map(|node| first + node).collect(),
            label,
        }));
        structures.push(Structure { name: structure.name.clone(), kind: structure.kind.into() });
    }
    let centrelines = Centrelines::new(nodes, branches)
        .map_err(|error| WireError::Arrays { schema: "VesselTree", reason: error.to_string() })?;
    VesselTree::new(&centrelines, structures)
}

/// The paths of nodes between roots, branchings and ends.
fn paths(tubes: &TubeTree) -> Vec<Vec<u32>> {
    let nodes = tubes.nodes();
    let mut children = vec![Vec::new(); nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            children[parent].push(index);
        }
    }
    let mut paths = Vec::new();
    for (start, leaving) in children.iter().enumerate() {
        if nodes[start].parent.is_some() && leaving.len() == 1 {
            continue;
        }
        for first in leaving {
            let mut path = vec![start as u32];
            let mut here = *first;
            path.push(here as u32);
            while let [only] = children[here][..] {
                here = only;
                path.push(here as u32);
            }
            paths.push(path);
        }
    }
    paths
}
