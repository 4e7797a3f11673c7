//! Removes from a skeleton what the roughness of the mask made: spurs, tiny loops, specks.

use std::f64::consts::TAU;

use super::skeleton::{Edge, Graph, SkeletonPoint};

/// A path of voxels is up to this much longer than the straight way; a longer one goes somewhere and comes back.
const WINDING: f64 = 1.7;

/// Removes side branches that hardly leave the vessel they start in, and loops too small to go around anything.
///
/// An edge with a free end is a spur if that end is nearer than `spur_radii` radii of the vessel at its other end plus
/// one voxel. The shortest goes first, so that of two spurs at the end of a vessel the longer becomes its end.
pub fn prune(graph: &mut Graph, spur_radii: f64, voxel_mm: f64) {
    loop {
        remove_small_loops(graph);
        merge_passages(graph);
        let degrees = graph.degrees();
        let spur = graph
            .edges
            .iter()
            .enumerate()
            .filter_map(|(i, edge)| {
                let [a, b] = edge.ends;
                let root = match (degrees[a], degrees[b]) {
                    (1, 3..) => b,
                    (3.., 1) => a,
                    _ => return None,
                };
                let reach_mm = spur_radii * graph.joints[root].radius_mm + voxel_mm;
                let length_mm = graph.length_mm(edge);
                let apart_mm = (graph.joints[a].position - graph.joints[b].position).norm();
                let is_spur = apart_mm < reach_mm && length_mm < WINDING * reach_mm;
                is_spur.then_some((i, apart_mm - reach_mm))
            })
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let Some((spur, _)) = spur else { break };
        graph.edges.swap_remove(spur);
        merge_passages(graph);
    }
}

/// Cuts free ends back that leave the middle of the vessel for its wall, as a skeleton does at a blunt end.
///
/// A point is too near the wall if its distance to it is less than 0.6 of that of a point whose ball holds the
/// end. Where a vessel was cut by the field of view there is no wall and nothing is cut back.
pub fn trim_ends(graph: &mut Graph, voxel_mm: f64) {
    let degrees = graph.degrees();
    for i in 0..graph.edges.len() {
        for side in 0..2 {
            let mut edge = graph.edges[i].clone();
            if degrees[edge.ends[side]] != 1 {
                continue;
            }
            if side == 1 {
                edge.inner.reverse();
            }
            let end = graph.joints[edge.ends[side]];
            let holds = |point: &&SkeletonPoint| {
                (point.position - end.position).norm() <= point.radius_mm + voxel_mm
            };
            let widest =
                edge.inner.iter().filter(holds).map(|point| point.radius_mm).fold(0.0, f64::max);
            if end.radius_mm >= NEAR_WALL * widest {
                continue;
            }
            let Some(kept) =
                edge.inner.iter().position(|point| point.radius_mm >= NEAR_WALL * widest)
            else {
                continue;
            };
            graph.joints[edge.ends[side]] = edge.inner[kept];
            edge.inner.drain(..=kept);
            if side == 1 {
                edge.inner.reverse();
            }
            graph.edges[i].inner = edge.inner;
        }
    }
}

/// Share of the radius below which a centreline is too near the wall.
const NEAR_WALL: f64 = 0.6;

/// Removes connected trees whose edges together are shorter than `least_mm`.
pub fn drop_short_trees(graph: &mut Graph, least_mm: f64) {
    let mut root: Vec<usize> = (0..graph.joints.len()).collect();
    for edge in &graph.edges {
        let (a, b) = (find(&mut root, edge.ends[0]), find(&mut root, edge.ends[1]));
        root[a] = b;
    }
    let mut length_mm = vec![0.0; graph.joints.len()];
    for edge in &graph.edges {
        length_mm[find(&mut root, edge.ends[0])] += graph.length_mm(edge);
    }
    let keep: Vec<bool> = graph
        .edges
        .iter()
        .map(|edge| length_mm[find(&mut root, edge.ends[0])] >= least_mm)
        .collect();
    let mut keep = keep.into_iter();
    graph.edges.retain(|_| keep.next().unwrap_or(true));
}

/// The representative of a joint's tree.
fn find(root: &mut [usize], mut joint: usize) -> usize {
    while root[joint] != joint {
        root[joint] = root[root[joint]];
        joint = root[joint];
    }
    joint
}

/// A loop, or the longer of two edges between the same joints, goes if it is shorter than once around the vessel:
/// such a hole lies within the wall.
fn remove_small_loops(graph: &mut Graph) {
    let largest_mm = |edge: &Edge| {
        let ends = edge.ends.map(|end| graph.joints[end].radius_mm);
        edge.inner.iter().map(|point| point.radius_mm).chain(ends).fold(0.0, f64::max)
    };
    let lengths: Vec<f64> = graph.edges.iter().map(|edge| graph.length_mm(edge)).collect();
    let mut first_between = std::collections::BTreeMap::new();
    let mut keep = vec![true; graph.edges.len()];
    for (i, edge) in graph.edges.iter().enumerate() {
        let [a, b] = edge.ends;
        if a == b {
            keep[i] = lengths[i] >= TAU * largest_mm(edge);
            continue;
        }
        let kept = first_between.entry((a.min(b), a.max(b))).or_insert(i);
        if *kept != i {
            let around = lengths[i] + lengths[*kept];
            if around < TAU * largest_mm(edge).max(largest_mm(&graph.edges[*kept])) {
                let longer =
                    if lengths[i] < lengths[*kept] { std::mem::replace(kept, i) } else { i };
                keep[longer] = false;
            }
        }
    }
    let mut keep = keep.into_iter();
    graph.edges.retain(|_| keep.next().unwrap_or(true));
}

/// Joins two edges that meet at a joint where nothing else ends.
fn merge_passages(graph: &mut Graph) {
    let mut at_joint: Vec<Vec<usize>> = vec![Vec::new(); graph.joints.len()];
    for (i, edge) in graph.edges.iter().enumerate() {
        for end in edge.ends {
            at_joint[end].push(i);
        }
    }
    let mut gone = vec![false; graph.edges.len()];
    for joint in 0..graph.joints.len() {
        let [first, second] = at_joint[joint][..] else { continue };
        if first == second {
            continue;
        }
        let mut before = graph.edges[first].clone();
        if before.ends[0] == joint {
            before.ends.reverse();
            before.inner.reverse();
        }
        let mut after = graph.edges[second].clone();
        if after.ends[1] == joint {
            after.ends.reverse();
            after.inner.reverse();
        }
        before.inner.push(graph.joints[joint]);
        before.inner.append(&mut after.inner);
        before.ends[1] = after.ends[1];
        for edge in &mut at_joint[after.ends[1]] {
            if *edge == second {
                *edge = first;
            }
        }
        graph.edges[first] = before;
        gone[second] = true;
        at_joint[joint].clear();
    }
    let mut gone = gone.into_iter();
    graph.edges.retain(|_| !gone.next().unwrap_or(false));
}
