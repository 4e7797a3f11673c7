//! Triangles as they are drawn: few enough, with normals, and only those that are known to lie somewhere.

use std::collections::HashMap;

use nalgebra::{Point3, Vector3};

/// A surface; its triangles' corners go counterclockwise, seen from outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    /// Vertices, millimetres.
    pub vertices_mm: Vec<Point3<f32>>,
    /// Indices of vertices.
    pub triangles: Vec<[u32; 3]>,
}

/// Each time that a grid was not coarse enough, it is so much coarser.
const COARSER: f32 = 1.25;

impl Mesh {
    /// A surface of `vertices × 3` millimetres and `triangles × 3` indices. A triangle that names a vertex
    /// that is not there is left out.
    pub fn new(vertices_mm: &[[f32; 3]], corners: &[[i32; 3]]) -> Self {
        let known = vertices_mm.len();
        let vertex = |corner: i32| u32::try_from(corner).ok().filter(|&at| (at as usize) < known);
        let triangles = corners
            .iter()
            .filter_map(|&[a, b, c]| Some([vertex(a)?, vertex(b)?, vertex(c)?]))
            .collect();
        Self { vertices_mm: vertices_mm.iter().copied().map(Point3::from).collect(), triangles }
    }

    /// The corners of a triangle.
    fn corners(&self, triangle: &[u32; 3]) -> [Point3<f32>; 3] {
        triangle.map(|corner| self.vertices_mm[corner as usize])
    }

    /// Twice the area of a triangle, along its normal.
    fn area(&self, triangle: &[u32; 3]) -> Vector3<f32> {
        let [a, b, c] = self.corners(triangle);
        (b - a).cross(&(c - a))
    }

    /// The surface with no more than about `most` vertices: those in one cell of a grid become one, their
    /// mean (Rossignac and Borrel, Multi-resolution 3D approximations for rendering complex scenes, 1993).
    pub fn coarsened(self, most: usize) -> Self {
        if self.vertices_mm.len() <= most.max(1) {
            return self;
        }
        let area: f32 =
            self.triangles.iter().map(|triangle| self.area(triangle).norm() / 2.0).sum();
        let mut cell_mm = (area / most.max(1) as f32).sqrt().max(1e-3);
        loop {
            let coarse = self.clustered(cell_mm);
            if coarse.vertices_mm.len() <= most.max(1) || !cell_mm.is_finite() {
                return coarse;
            }
            cell_mm *= COARSER;
        }
    }

    fn clustered(&self, cell_mm: f32) -> Self {
        let mut cells: HashMap<[i32; 3], u32> = HashMap::new();
        let mut sums: Vec<(Vector3<f32>, f32)> = Vec::new();
        let cell_of: Vec<u32> = self
            .vertices_mm
            .iter()
            .map(|vertex| {
                let cell = [vertex.x, vertex.y, vertex.z].map(|mm| (mm / cell_mm).floor() as i32);
                let number = *cells.entry(cell).or_insert_with(|| {
                    sums.push((Vector3::zeros(), 0.0));
                    (sums.len() - 1) as u32
                });
                let (sum, count) = &mut sums[number as usize];
                *sum += vertex.coords;
                *count += 1.0;
                number
            })
            .collect();
        let triangles = self
            .triangles
            .iter()
            .map(|triangle| triangle.map(|corner| cell_of[corner as usize]))
            // What has shrunk to a line or a point is not seen.
            .filter(|[a, b, c]| a != b && b != c && a != c)
            .collect();
        let vertices_mm = sums.iter().map(|(sum, count)| Point3::from(sum / *count)).collect();
        Self { vertices_mm, triangles }
    }

    /// The surface with its vertices at other places, without the triangles that have a corner at none.
    /// `places` has one for each vertex.
    pub fn moved(&self, places: &[Option<Point3<f32>>]) -> Self {
        let mut number = vec![u32::MAX; places.len()];
        let mut vertices_mm = Vec::new();
        for (place, number) in places.iter().zip(&mut number) {
            if let Some(place) = place {
                *number = vertices_mm.len() as u32;
                vertices_mm.push(*place);
            }
        }
        let of = |corner: u32| number.get(corner as usize).copied().unwrap_or(u32::MAX);
        let triangles = self
            .triangles
            .iter()
            .map(|triangle| triangle.map(of))
            .filter(|triangle| !triangle.contains(&u32::MAX))
            .collect();
        Self { vertices_mm, triangles }
    }

    /// The normal of each vertex: the mean of its triangles', weighted by their areas.
    pub fn normals(&self) -> Vec<[f32; 3]> {
        let mut sums = vec![Vector3::zeros(); self.vertices_mm.len()];
        for triangle in &self.triangles {
            let area = self.area(triangle);
            for &corner in triangle {
                sums[corner as usize] += area;
            }
        }
        // A vertex of no triangle is not seen, whatever its normal.
        sums.iter().map(|sum| sum.try_normalize(0.0).unwrap_or_else(Vector3::z).into()).collect()
    }

    /// About how many bytes it is as Rerun stores it, normals included.
    pub fn bytes(&self) -> usize {
        24 * self.vertices_mm.len() + 12 * self.triangles.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sphere of `rings × 2 rings` squares, each two triangles.
    fn sphere(radius_mm: f32, rings: usize) -> Mesh {
        let columns = 2 * rings;
        let mut vertices = Vec::new();
        for ring in 0..=rings {
            for column in 0..columns {
                let down = std::f32::consts::PI * ring as f32 / rings as f32;
                let around = std::f32::consts::TAU * column as f32 / columns as f32;
                let across = down.sin() * radius_mm;
                vertices.push([
                    across * around.cos(),
                    across * around.sin(),
                    radius_mm * down.cos(),
                ]);
            }
        }
        let mut corners = Vec::new();
        for ring in 0..rings {
            for column in 0..columns {
                let at = |down: usize, right: usize| {
                    ((ring + down) * columns + (column + right) % columns) as i32
                };
                corners.push([at(0, 0), at(1, 0), at(1, 1)]);
                corners.push([at(0, 0), at(1, 1), at(0, 1)]);
            }
        }
        Mesh::new(&vertices, &corners)
    }

    #[test]
    fn a_coarse_surface_has_few_vertices_and_lies_where_the_fine_one_does() {
        let coarse = sphere(50.0, 100).coarsened(1000);
        assert!((200..=1000).contains(&coarse.vertices_mm.len()), "{}", coarse.vertices_mm.len());
        for vertex in &coarse.vertices_mm {
            assert!((vertex.coords.norm() - 50.0).abs() < 2.0, "{vertex}");
        }
        // It is still closed all around: its area is nearly that of the sphere.
        let area: f32 = coarse.triangles.iter().map(|t| coarse.area(t).norm() / 2.0).sum();
        let whole = 4.0 * std::f32::consts::PI * 2500.0;
        assert!((area / whole - 1.0).abs() < 0.06, "{}", area / whole);
    }

    #[test]
    fn a_surface_of_few_vertices_stays_as_it_is() {
        let fine = sphere(5.0, 4);
        assert_eq!(fine.clone().coarsened(1000), fine);
        assert!(sphere(5.0, 20).coarsened(0).vertices_mm.len() <= 1);
    }

    #[test]
    fn normals_look_outwards() {
        let sphere = sphere(50.0, 40);
        for (vertex, normal) in sphere.vertices_mm.iter().zip(sphere.normals()) {
            let cosine = vertex.coords.normalize().dot(&Vector3::from(normal));
            assert!(cosine > 0.99, "{cosine} at {vertex}");
        }
    }

    #[test]
    fn triangles_with_a_corner_nowhere_are_left_out() {
        let square = Mesh::new(
            &[[0.0; 3], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]],
            &[[0, 1, 2], [0, 2, 3]],
        );
        let shift = |keep: &dyn Fn(usize) -> bool| -> Vec<Option<Point3<f32>>> {
            let moved = |vertex: &Point3<f32>| vertex + Vector3::new(10.0, 0.0, 0.0);
            let places = square.vertices_mm.iter().map(moved).enumerate();
            places.map(|(at, place)| keep(at).then_some(place)).collect()
        };
        let all = square.moved(&shift(&|_| true));
        assert_eq!(
            (all.triangles.clone(), all.vertices_mm[2]),
            (square.triangles.clone(), [11.0, 1.0, 0.0].into())
        );
        let part = square.moved(&shift(&|vertex| vertex != 1));
        assert_eq!(part.triangles, [[0, 1, 2]]);
        assert_eq!(part.vertices_mm.len(), 3);
        assert!(square.moved(&shift(&|_| false)).triangles.is_empty());
    }

    #[test]
    fn a_triangle_of_vertices_that_are_not_there_is_none() {
        let mesh = Mesh::new(&[[0.0; 3]; 3], &[[0, 1, 2], [0, 1, 3], [-1, 1, 2]]);
        assert_eq!(mesh.triangles, [[0, 1, 2]]);
    }
}
