//! The sum of squared distances to planes, as a function of place.

use nalgebra::{Matrix3, Point3, Vector3};

/// The squared distances to some planes, each times the area it stands for: `xᵀAx - 2bᵀx + c`, with `x` from the first
/// plane's triangle, so that places far from the origin lose no digits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quadric {
    a: Matrix3<f64>,
    b: Vector3<f64>,
    c: f64,
    origin: Option<Point3<f64>>,
}

impl Quadric {
    /// Of the plane of a triangle; of nothing if it has no area.
    pub fn of_triangle(corners: &[Point3<f64>; 3]) -> Self {
        let [first, second, third] = corners;
        let normal = (second - first).cross(&(third - first));
        let twice_area = normal.norm();
        if !(twice_area > 0.0) {
            return Self::default();
        }
        let unit = normal / twice_area;
        Self {
            a: unit * unit.transpose() * (twice_area / 2.0),
            b: Vector3::zeros(),
            c: 0.0,
            origin: Some(*first),
        }
    }

    /// Adds the planes of another one.
    pub fn add(&mut self, other: &Self) {
        let Some(theirs) = other.origin else { return };
        let Some(origin) = self.origin else {
            *self = *other;
            return;
        };
        // With x = y - s: (y-s)ᵀA(y-s) - 2bᵀ(y-s) + c.
        let shift = theirs - origin;
        let moved = other.a * shift;
        self.a += other.a;
        self.b += other.b + moved;
        self.c += other.c + shift.dot(&moved) + 2.0 * other.b.dot(&shift);
    }

    /// The value at a place, mm⁴.
    pub fn at(&self, place: &Point3<f64>) -> f64 {
        let Some(origin) = self.origin else { return 0.0 };
        let x = place - origin;
        x.dot(&(self.a * x)) - 2.0 * self.b.dot(&x) + self.c
    }

    /// Where the value is least, if the planes meet in one place.
    pub fn lowest(&self) -> Option<Point3<f64>> {
        let size = self.a.trace() / 3.0;
        // Nearly parallel planes meet far away.
        if !(self.a.determinant() > 1e-6 * size.powi(3)) {
            return None;
        }
        Some(self.origin? + self.a.try_inverse()? * self.b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_planes_meet_in_their_corner() {
        let at = |x: f64, y: f64, z: f64| Point3::new(x + 300.0, y - 200.0, z + 1000.0);
        let corner = at(0.0, 0.0, 0.0);
        let (x, y, z) = (at(2.0, 0.0, 0.0), at(0.0, 2.0, 0.0), at(0.0, 0.0, 2.0));
        let mut quadric = Quadric::of_triangle(&[x, y, corner]);
        quadric.add(&Quadric::of_triangle(&[y, z, corner]));
        quadric.add(&Quadric::of_triangle(&[corner, z, x]));
        assert!((quadric.lowest().unwrap() - corner).norm() < 1e-9);
        assert!(quadric.at(&corner).abs() < 1e-9);
        // Each triangle has an area of 2: 2 (1² + 2² + 3²).
        assert!((quadric.at(&at(1.0, 2.0, 3.0)) - 28.0).abs() < 1e-9);
    }

    #[test]
    fn one_plane_has_no_lowest_place() {
        let flat = [Point3::origin(), Point3::new(1.0, 0.0, 0.0), Point3::new(0.0, 1.0, 0.0)];
        assert_eq!(Quadric::of_triangle(&flat).lowest(), None);
        assert_eq!(Quadric::of_triangle(&[flat[0]; 3]).at(&flat[1]), 0.0);
    }
}
