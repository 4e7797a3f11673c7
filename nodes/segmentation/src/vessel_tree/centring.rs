//! Moves the points of a skeleton from voxel centres to the middle of the vessel and measures its radius there.

use nalgebra::{Point3, Vector3};

use super::block::{Block, FOREGROUND};
use super::skeleton::{Graph, SkeletonPoint};

/// Times each point is moved to the centre of its cross-section.
const MOVES: usize = 2;
/// Points on each side over which the direction and the mean of a centreline are taken.
const REACH: usize = 3;

/// Centres and smooths the edges of a graph; radii become those of the vessel's wall.
///
/// The centre of a cross-section is the mean of its voxels, and its radius follows from their second moment (a disc of
/// radius r has a mean square distance of r²/2 to its centre), held within half a voxel of the distance transform,
/// which is that coarse but cannot be misled by a neighbouring vessel.
pub fn centre(graph: &mut Graph, block: &Block, distance_mm2: &[f32]) {
    let section = Section { block, distance_mm2 };
    let degrees = graph.degrees();
    for edge in &mut graph.edges {
        let [start, end] = edge.ends.map(|joint| graph.joints[joint]);
        let mut path: Vec<SkeletonPoint> = Vec::with_capacity(edge.inner.len() + 2);
        path.push(start);
        path.append(&mut edge.inner);
        path.push(end);
        // Within a branch point the cross-section is that of several vessels.
        let is_free = |i: usize| {
            let clear = |joint: usize, point: &SkeletonPoint| {
                degrees[joint] < 3
                    || (path[i].position - point.position).norm() > 1.2 * point.radius_mm
            };
            clear(edge.ends[0], &start) && clear(edge.ends[1], &end)
        };
        let free: Vec<bool> = (0..path.len()).map(is_free).collect();
        for _ in 0..MOVES {
            let smooth = smoothed(&path);
            for i in 1..path.len() - 1 {
                path[i].position = smooth[i];
            }
            let centres: Vec<Option<Point3<f64>>> = (0..path.len())
                .map(|i| {
                    if free[i] {
                        section.measure(&path[i], direction(&path, i)).map(|m| m.0)
                    } else {
                        None
                    }
                })
                .collect();
            for (point, centre) in path.iter_mut().zip(centres).skip(1) {
                point.position = centre.unwrap_or(point.position);
            }
        }
        let smooth = smoothed(&path);
        for i in 1..path.len() - 1 {
            path[i].position = smooth[i];
        }
        for i in 0..path.len() {
            let wall_mm =
                (path[i].radius_mm - section.half_voxel_mm()).max(0.5 * section.half_voxel_mm());
            let measured = if free[i] {
                section.measure(&path[i], direction(&path, i)).map(|m| m.1)
            } else {
                None
            };
            let slack = section.half_voxel_mm();
            path[i].radius_mm = measured.map_or(wall_mm, |radius| {
                radius.clamp(wall_mm - 0.5 * slack, wall_mm + 2.0 * slack)
            });
        }
        edge.inner = path[1..path.len() - 1].to_vec();
    }
    settle_joints(graph, &section);
}

/// A joint takes the radius of the widest vessel that ends there.
fn settle_joints(graph: &mut Graph, section: &Section) {
    let mut widest = vec![0.0_f64; graph.joints.len()];
    for edge in &graph.edges {
        for (end, beside) in [(edge.ends[0], edge.inner.first()), (edge.ends[1], edge.inner.last())]
        {
            let radius = beside
                .map_or(graph.joints[end].radius_mm - section.half_voxel_mm(), |point| {
                    point.radius_mm
                });
            widest[end] = widest[end].max(radius);
        }
    }
    for (joint, radius) in graph.joints.iter_mut().zip(widest) {
        joint.radius_mm = radius.max(0.5 * section.half_voxel_mm());
    }
}

/// Unit direction of a path at point `i`, or zero where it does not move.
fn direction(path: &[SkeletonPoint], i: usize) -> Vector3<f64> {
    let (from, to) = (i.saturating_sub(REACH), (i + REACH).min(path.len() - 1));
    (path[to].position - path[from].position).try_normalize(1e-9).unwrap_or_default()
}

/// Means over neighbouring points, fewer near the ends.
fn smoothed(path: &[SkeletonPoint]) -> Vec<Point3<f64>> {
    (0..path.len())
        .map(|i| {
            let reach = REACH.min(i).min(path.len() - 1 - i);
            let around = &path[i - reach..=i + reach];
            let sum =
                around.iter().fold(Vector3::zeros(), |sum, point| sum + point.position.coords);
            Point3::from(sum / around.len() as f64)
        })
        .collect()
}

struct Section<'a> {
    block: &'a Block,
    distance_mm2: &'a [f32],
}

impl Section<'_> {
    /// The distance transform runs between voxel centres, the wall half a voxel short of it.
    fn half_voxel_mm(&self) -> f64 {
        0.5 * self.block.spacing_mm.iter().product::<f64>().cbrt()
    }

    /// Centre and radius of the cross-section of the vessel at a point, at right angles to `direction`.
    fn measure(
        &self,
        point: &SkeletonPoint,
        direction: Vector3<f64>,
    ) -> Option<(Point3<f64>, f64)> {
        let Block { size, spacing_mm, cells, .. } = self.block;
        if direction == Vector3::zeros() || !(point.radius_mm > 0.0) {
            return None;
        }
        let thick = spacing_mm.iter().copied().fold(0.0, f64::max);
        let reach_mm = 1.5 * point.radius_mm + thick;
        let range = |axis: usize| {
            let centre = point.position[axis] / spacing_mm[axis];
            let reach = reach_mm / spacing_mm[axis];
            (
                (centre - reach).max(0.0).ceil() as usize,
                (centre + reach).min(size[axis] as f64 - 1.0).floor().max(0.0) as usize,
            )
        };
        let [xs, ys, zs] = [range(0), range(1), range(2)];
        let (mut weights, mut sum, mut square) = (0.0, Vector3::zeros(), 0.0);
        for z in zs.0..=zs.1 {
            for y in ys.0..=ys.1 {
                for x in xs.0..=xs.1 {
                    let at = (z * size[1] + y) * size[0] + x;
                    if cells[at] != FOREGROUND || self.distance_mm2[at] == 0.0 {
                        continue;
                    }
                    let place = Vector3::new(
                        x as f64 * spacing_mm[0],
                        y as f64 * spacing_mm[1],
                        z as f64 * spacing_mm[2],
                    );
                    let from = place - point.position.coords;
                    let along = from.dot(&direction);
                    let across = from - direction * along;
                    // A soft slab: a hard one would take whole layers of voxels in or out.
                    let weight = 1.0 - along.abs() / (1.5 * thick);
                    if weight <= 0.0 || across.norm_squared() > reach_mm * reach_mm {
                        continue;
                    }
                    weights += weight;
                    sum += across * weight;
                    square += across.norm_squared() * weight;
                }
            }
        }
        if weights < 2.0 {
            return None;
        }
        let shift = sum / weights;
        // What is further off than the distance transform can err is another vessel's pull.
        let shift = shift * (thick / shift.norm().max(thick));
        let radius = (2.0 * (square / weights - (sum / weights).norm_squared())).max(0.0).sqrt();
        Some((point.position + shift, radius))
    }
}
