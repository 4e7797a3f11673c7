//! Triangles in millimetres.

use nalgebra::{Point3, Vector3};

/// Triangles in millimetres. Seen from outside, their corners go round counter-clockwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    /// Corners.
    pub vertices_mm: Vec<Point3<f64>>,
    /// Indices of three corners each.
    pub triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// The enclosed volume in cubic millimetres; negative if the triangles face inwards.
    pub fn volume_mm3(&self) -> f64 {
        // Relative to a corner of the mesh: far from the origin the terms would cancel.
        let Some(origin) = self.vertices_mm.first() else { return 0.0 };
        let corner = |i: u32| self.vertices_mm[i as usize] - origin;
        let tetrahedra =
            self.triangles.iter().map(|&[a, b, c]| corner(a).dot(&corner(b).cross(&corner(c))));
        tetrahedra.sum::<f64>() / 6.0
    }

    /// The corners of a triangle.
    pub fn corners(&self, triangle: [u32; 3]) -> [Point3<f64>; 3] {
        triangle.map(|corner| self.vertices_mm[corner as usize])
    }
}

/// How far a point is from a triangle, millimetres.
///
/// The regions of the triangle's corners, edges and face are told apart as by C. Ericson, "Real-Time Collision
/// Detection" (2005), section 5.1.5.
pub fn distance_to_triangle_mm(point: &Point3<f64>, [a, b, c]: &[Point3<f64>; 3]) -> f64 {
    let (ab, ac, ap): (Vector3<f64>, Vector3<f64>, Vector3<f64>) = (b - a, c - a, point - a);
    let (d1, d2) = (ab.dot(&ap), ac.dot(&ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return ap.norm();
    }
    let bp = point - b;
    let (d3, d4) = (ab.dot(&bp), ac.dot(&bp));
    if d3 >= 0.0 && d4 <= d3 {
        return bp.norm();
    }
    let cp = point - c;
    let (d5, d6) = (ab.dot(&cp), ac.dot(&cp));
    if d6 >= 0.0 && d5 <= d6 {
        return cp.norm();
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return (ap - ab * (d1 / (d1 - d3))).norm();
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return (ap - ac * (d2 / (d2 - d6))).norm();
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        let along = (d4 - d3) / ((d4 - d3) + (d5 - d6));
        return (bp - (c - b) * along).norm();
    }
    let whole = va + vb + vc;
    (ap - ab * (vb / whole) - ac * (vc / whole)).norm()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_part_of_a_triangle_is_a_corner_an_edge_or_the_face() {
        let triangle =
            [Point3::new(0.0, 0.0, 0.0), Point3::new(4.0, 0.0, 0.0), Point3::new(0.0, 4.0, 0.0)];
        let off =
            |x: f64, y: f64, z: f64| distance_to_triangle_mm(&Point3::new(x, y, z), &triangle);
        assert!((off(1.0, 1.0, -2.0) - 2.0).abs() < 1e-12, "face");
        assert!((off(-3.0, -4.0, 0.0) - 5.0).abs() < 1e-12, "first corner");
        assert!((off(7.0, -4.0, 0.0) - 5.0).abs() < 1e-12, "second corner");
        assert!((off(-4.0, 7.0, 0.0) - 5.0).abs() < 1e-12, "third corner");
        assert!((off(2.0, -3.0, 4.0) - 5.0).abs() < 1e-12, "lower edge");
        assert!((off(-3.0, 2.0, 4.0) - 5.0).abs() < 1e-12, "left edge");
        assert!((off(4.0, 4.0, 0.0) - 8.0_f64.sqrt()).abs() < 1e-12, "slanted edge");
    }

    #[test]
    fn a_tetrahedron_has_its_volume_wherever_it_lies() {
        let at = |x: f64, y: f64, z: f64| Point3::new(x + 1e5, y - 1e5, z);
        let mesh = Mesh {
            vertices_mm: vec![
                at(0.0, 0.0, 0.0),
                at(3.0, 0.0, 0.0),
                at(0.0, 3.0, 0.0),
                at(0.0, 0.0, 2.0),
            ],
            triangles: vec![[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]],
        };
        assert!((mesh.volume_mm3() - 3.0).abs() < 1e-9);
        assert_eq!(Mesh::default().volume_mm3(), 0.0);
    }
}
