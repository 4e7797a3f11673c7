//! A tree as tubes of triangles, for display.

use std::f64::consts::TAU;

use messages::Centrelines;
use nalgebra::{Unit, Vector3};

use crate::mesh::Mesh;

/// A closed tube of `sides` (at least 3) around each branch, as wide as the vessel, with flat ends.
///
/// The frame of the rings is carried along without twist (parallel transport).
pub fn tube_mesh(tree: &Centrelines, sides: u32) -> Mesh {
    let sides = sides.max(3);
    let mut mesh = Mesh::default();
    for branch in tree.branches() {
        let line = tree.polyline(branch);
        let mut across: Option<Unit<Vector3<f64>>> = None;
        let first = mesh.vertices_mm.len() as u32;
        let mut rings = 0;
        let mut along_mm = 0.0;
        let mut last = line.points()[0].position_mm;
        for point in line.points() {
            along_mm += (point.position_mm - last).norm();
            last = point.position_mm;
            let Some(tangent) = line.tangent(along_mm, 1.0) else { continue };
            let side = across
                .and_then(|side| {
                    Unit::try_new(side.into_inner() - tangent.scale(side.dot(&tangent)), 1e-6)
                })
                .unwrap_or_else(|| {
                    let axis = tangent.iamin();
                    Unit::new_normalize(tangent.cross(&Vector3::ith(axis, 1.0)))
                });
            across = Some(side);
            let other = tangent.cross(&side);
            for k in 0..sides {
                let (sin, cos) = (TAU * f64::from(k) / f64::from(sides)).sin_cos();
                mesh.vertices_mm
                    .push(point.position_mm + (side.scale(cos) + other * sin) * point.radius_mm);
            }
            rings += 1;
        }
        for ring in 1..rings {
            let (low, high) = (first + (ring - 1) * sides, first + ring * sides);
            for k in 0..sides {
                let next = (k + 1) % sides;
                mesh.triangles.push([low + k, low + next, high + next]);
                mesh.triangles.push([low + k, high + next, high + k]);
            }
        }
        if rings > 1 {
            let end = first + (rings - 1) * sides;
            for k in 1..sides - 1 {
                mesh.triangles.push([first, first + k + 1, first + k]);
                mesh.triangles.push([end, end + k, end + k + 1]);
            }
        }
    }
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;
    use messages::centrelines::{Branch, Node};
    use nalgebra::Point3;

    #[test]
    fn a_bent_tube_has_the_volume_of_its_length() {
        let nodes: Vec<Node> = (0..=60)
            .map(|i| {
                let angle = f64::from(i) * 0.03;
                Node {
                    position_mm: Point3::new(40.0 * angle.cos(), 40.0 * angle.sin(), 0.0),
                    radius_mm: 3.0,
                }
            })
            .collect();
        let branch = Branch { nodes: (0..=60).collect(), label: None };
        let tree = Centrelines::new(nodes, vec![branch]).unwrap();
        let truth = std::f64::consts::PI * 9.0 * tree.length_mm();
        let got = tube_mesh(&tree, 24).volume_mm3();
        assert!((got / truth - 1.0).abs() < 0.03, "{got} {truth}");
    }
}
