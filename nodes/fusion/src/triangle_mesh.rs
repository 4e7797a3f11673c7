//! Triangles in a tree of boxes, so that the nearest one, or those that a plane cuts, are found fast.

use std::collections::HashMap;

use nalgebra::{Point3, Vector3};

use crate::triangle::Triangle;

/// The most triangles in a box that is not divided.
const LEAF: usize = 2;

/// A box around triangles: the next node of the list is its first half, `second` its other one.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    centre_mm: [f32; 3],
    half_mm: [f32; 3],
    /// Index of the node of the second half; in a leaf that of the first triangle.
    second: u32,
    /// Triangles in a leaf; 0 in others.
    triangles: u32,
}

impl Node {
    /// The middle of the box.
    pub fn centre(&self) -> Point3<f64> {
        wide(&self.centre_mm)
    }

    /// Half of its extent along each axis.
    pub fn half(&self) -> Vector3<f64> {
        wide(&self.half_mm).coords
    }

    /// The least distance of the box from a point.
    pub fn distance_mm(&self, point: &Point3<f64>) -> f64 {
        ((point - self.centre()).abs() - self.half()).sup(&Vector3::zeros()).norm()
    }
}

/// A mesh whose equal vertices are one, in the order of a tree of boxes.
#[derive(Clone, Debug)]
pub struct TriangleMesh {
    nodes: Vec<Node>,
    positions_mm: Vec<[f32; 3]>,
    corners: Vec<[u32; 3]>,
}

impl TriangleMesh {
    /// Takes vertices and triangles; vertices at the same place become one, and triangles that lose a
    /// corner by that, or that name a vertex that is not there, are left out.
    pub fn new(positions_mm: &[[f32; 3]], corners: &[[i32; 3]]) -> Self {
        let mut first_at = HashMap::with_capacity(positions_mm.len());
        let welded: Vec<u32> = (0_u32..)
            .zip(positions_mm)
            // Adding zero makes both zeros one.
            .map(|(index, place)| {
                *first_at.entry(place.map(|mm| (mm + 0.0).to_bits())).or_insert(index)
            })
            .collect();
        let corner = |index: i32| welded.get(usize::try_from(index).ok()?).copied();
        let mut corners: Vec<[u32; 3]> = corners
            .iter()
            .filter_map(|&[a, b, c]| Some([corner(a)?, corner(b)?, corner(c)?]))
            .filter(|[a, b, c]| a != b && b != c && c != a)
            .collect();
        let mut nodes = Vec::with_capacity(2 * corners.len() / LEAF + 1);
        divide(&mut nodes, positions_mm, &mut corners, 0);
        // Vertices in the order of their first use, so that neighbours lie side by side in memory.
        let mut renamed = vec![u32::MAX; positions_mm.len()];
        let mut used = Vec::with_capacity(first_at.len());
        for corner in corners.iter_mut().flatten() {
            let name = &mut renamed[*corner as usize];
            if *name == u32::MAX {
                *name = used.len() as u32;
                used.push(positions_mm[*corner as usize]);
            }
            *corner = *name;
        }
        Self { nodes, positions_mm: used, corners }
    }

    /// Whether there is no triangle.
    pub fn is_empty(&self) -> bool {
        self.corners.is_empty()
    }

    /// The vertices, millimetres.
    pub fn positions_mm(&self) -> &[[f32; 3]] {
        &self.positions_mm
    }

    /// The triangles: indices of vertices.
    pub fn corners(&self) -> &[[u32; 3]] {
        &self.corners
    }

    /// The places of the corners of a triangle.
    pub fn triangle(&self, triangle: usize) -> Triangle {
        self.corners[triangle].map(|corner| wide(&self.positions_mm[corner as usize]))
    }

    /// The triangle that is nearest by `distance_mm`, and its distance, if that is below `within_mm`;
    /// `bound_mm` is what no triangle in a box is nearer than. `distance_mm` is told what is of interest,
    /// and may answer anything above that for what is further.
    pub fn nearest(
        &self,
        within_mm: f64,
        bound_mm: impl Fn(&Node) -> f64,
        mut distance_mm: impl FnMut(usize, f64) -> f64,
    ) -> Option<(usize, f64)> {
        let mut best_mm = within_mm;
        let mut best = None;
        // Halving ends after as many steps as an index has bits.
        let mut waiting = [(0_usize, 0.0_f64); 33];
        let mut count = 0;
        let mut next = self.nodes.first().map(|root| (0, bound_mm(root)));
        while let Some((index, bound)) = next.take().or_else(|| {
            count = usize::checked_sub(count, 1)?;
            Some(waiting[count])
        }) {
            if bound >= best_mm {
                continue;
            }
            let node = &self.nodes[index];
            let second = node.second as usize;
            if node.triangles > 0 {
                for triangle in second..second + node.triangles as usize {
                    let distance = distance_mm(triangle, best_mm);
                    if distance < best_mm {
                        best_mm = distance;
                        best = Some((triangle, distance));
                    }
                }
                continue;
            }
            let mut near = (index + 1, bound_mm(&self.nodes[index + 1]));
            let mut far = (second, bound_mm(&self.nodes[second]));
            if far.1 < near.1 {
                std::mem::swap(&mut near, &mut far);
            }
            if far.1 < best_mm {
                waiting[count] = far;
                count += 1;
            }
            next = Some(near);
        }
        best
    }

    /// Calls `found` with each triangle all of whose boxes `reaches` says yes to.
    pub fn visit(&self, reaches: impl Fn(&Node) -> bool, mut found: impl FnMut(usize)) {
        let mut index = 0;
        let mut waiting = Vec::new();
        while let Some(node) = self.nodes.get(index) {
            if reaches(node) {
                if node.triangles == 0 {
                    waiting.push(node.second as usize);
                    index += 1;
                    continue;
                }
                (node.second..node.second + node.triangles).for_each(|t| found(t as usize));
            }
            let Some(other) = waiting.pop() else { return };
            index = other;
        }
    }
}

/// Appends the tree of `triangles`, the first of which is the `first` of all, halving them across the
/// longest side of the box of their middles.
fn divide(
    nodes: &mut Vec<Node>,
    positions_mm: &[[f32; 3]],
    triangles: &mut [[u32; 3]],
    first: usize,
) {
    let place = |corner: u32| Vector3::from(positions_mm[corner as usize]);
    let bounds = |places: &mut dyn Iterator<Item = Vector3<f32>>| {
        let start = (Vector3::repeat(f32::INFINITY), Vector3::repeat(f32::NEG_INFINITY));
        places.fold(start, |(low, high), place| (low.inf(&place), high.sup(&place)))
    };
    if triangles.is_empty() {
        return;
    }
    let (low, high) = bounds(&mut triangles.iter().flatten().map(|&corner| place(corner)));
    let centre = (low + high) / 2.0;
    // Rounded up, so that no triangle sticks out.
    let half = (high - centre).sup(&(centre - low)) * 1.000_001 + Vector3::repeat(1e-6);
    let index = nodes.len();
    nodes.push(Node {
        centre_mm: centre.into(),
        half_mm: half.into(),
        second: first as u32,
        triangles: triangles.len() as u32,
    });
    if triangles.len() <= LEAF {
        return;
    }
    let middle = |[a, b, c]: &[u32; 3]| place(*a) + place(*b) + place(*c);
    let (low, high) = bounds(&mut triangles.iter().map(middle));
    let axis = (high - low).imax();
    let half = triangles.len() / 2;
    triangles.select_nth_unstable_by(half, |a, b| middle(a)[axis].total_cmp(&middle(b)[axis]));
    let (one, other) = triangles.split_at_mut(half);
    divide(nodes, positions_mm, one, first);
    nodes[index].second = nodes.len() as u32;
    nodes[index].triangles = 0;
    divide(nodes, positions_mm, other, first + half);
}

fn wide(place: &[f32; 3]) -> Point3<f64> {
    Point3::from(place.map(f64::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_vertices_become_one_and_what_collapses_is_left_out() {
        let positions = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-0.0, 0.0, 0.0]];
        let mesh = TriangleMesh::new(&positions, &[[0, 1, 2], [3, 1, 2], [0, 3, 1], [0, 1, 7]]);
        assert_eq!((mesh.positions_mm().len(), mesh.corners().len()), (3, 2));
        let mesh = TriangleMesh::new(&[], &[]);
        assert!(mesh.is_empty());
        assert_eq!(mesh.nearest(f64::INFINITY, |_| 0.0, |_, _| 0.0), None);
        mesh.visit(|_| true, |_| panic!("there is none"));
    }

    #[test]
    fn each_triangle_is_visited_once_and_lies_in_all_its_boxes() {
        let positions: Vec<[f32; 3]> = (0..300)
            .map(|i| [(i * 7 % 31) as f32, (i * 11 % 37) as f32, (i % 13) as f32])
            .collect();
        let corners: Vec<[i32; 3]> = (0..298).map(|i| [i, i + 1, i + 2]).collect();
        let mesh = TriangleMesh::new(&positions, &corners);
        let mut seen = vec![0; mesh.corners().len()];
        mesh.visit(|_| true, |triangle| seen[triangle] += 1);
        assert!(seen.iter().all(|&count| count == 1));
        for triangle in 0..seen.len() {
            let corner = mesh.triangle(triangle)[0];
            let mut found = false;
            mesh.visit(|node| node.distance_mm(&corner) == 0.0, |other| found |= other == triangle);
            assert!(found, "{triangle}");
        }
    }
}
