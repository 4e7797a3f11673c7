//! A straight piece of a tube with rounded ends, and how near two of them come.

use nalgebra::Point3;

use crate::anatomy::bounds::Bounds;

/// A straight piece of a tube with rounded ends, mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// Where the axis starts.
    pub start: Point3<f64>,
    /// Where the axis ends.
    pub end: Point3<f64>,
    /// Radius at the start.
    pub start_radius_mm: f64,
    /// Radius at the end.
    pub end_radius_mm: f64,
}

impl Segment {
    /// Signed distance from `point` to the wall, negative inside.
    ///
    /// Measured from the nearest point of the axis: exact for a constant radius; a taper of `k` mm
    /// per mm overstates distances outside by at most the factor `1 + k²/2`.
    #[inline]
    pub fn signed_distance_mm(&self, point: &Point3<f64>) -> f64 {
        let axis = self.end - self.start;
        let offset = point - self.start;
        let along = (offset.dot(&axis) / axis.norm_squared().max(1e-12)).clamp(0.0, 1.0);
        let radius = self.start_radius_mm + along * (self.end_radius_mm - self.start_radius_mm);
        (offset - axis * along).norm() - radius
    }

    /// The larger of the two radii.
    pub fn largest_radius_mm(&self) -> f64 {
        self.start_radius_mm.max(self.end_radius_mm)
    }

    /// The least box around the piece.
    pub fn bounds(&self) -> Bounds {
        Bounds::of_ball(&self.start, self.start_radius_mm)
            .with(&Bounds::of_ball(&self.end, self.end_radius_mm))
    }

    /// Distance between the walls of two pieces, negative where they overlap; each counts with its
    /// larger radius, so the true distance is never less.
    pub fn clearance_mm(&self, other: &Self) -> f64 {
        axis_distance_mm(&self.start, &self.end, &other.start, &other.end)
            - self.largest_radius_mm()
            - other.largest_radius_mm()
    }
}

/// Least distance between the line segments `a`–`b` and `c`–`d`, mm.
///
/// Minimises the quadratic of the two line parameters within the unit square, clamping one after
/// the other (C. Ericson, "Real-Time Collision Detection", 2005, section 5.1.9).
pub fn axis_distance_mm(a: &Point3<f64>, b: &Point3<f64>, c: &Point3<f64>, d: &Point3<f64>) -> f64 {
    let (first, second, between) = (b - a, d - c, a - c);
    let (ff, ss, fs) = (first.norm_squared(), second.norm_squared(), first.dot(&second));
    let (fb, sb) = (first.dot(&between), second.dot(&between));
    let clamp = |value: f64| value.clamp(0.0, 1.0);
    let determinant = ff * ss - fs * fs;
    let mut s =
        if determinant > 1e-12 * ff * ss { clamp((fs * sb - fb * ss) / determinant) } else { 0.0 };
    let mut t = if ss > 1e-12 { (fs * s + sb) / ss } else { 0.0 };
    if !(0.0..=1.0).contains(&t) || ss <= 1e-12 {
        t = clamp(t);
        s = if ff > 1e-12 { clamp((fs * t - fb) / ff) } else { 0.0 };
    }
    (between + first * s - second * t).norm()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point() -> impl Strategy<Value = Point3<f64>> {
        (-10.0..10.0, -10.0..10.0, -10.0..10.0).prop_map(|(x, y, z)| Point3::new(x, y, z))
    }

    proptest! {
        #[test]
        fn the_distance_of_two_axes_is_that_of_the_nearest_samples(
            a in point(), b in point(), c in point(), d in point()
        ) {
            let measured = axis_distance_mm(&a, &b, &c, &d);
            let mut sampled = f64::INFINITY;
            for i in 0..=60 {
                for j in 0..=60 {
                    let (s, t) = (f64::from(i) / 60.0, f64::from(j) / 60.0);
                    sampled = sampled.min((a + (b - a) * s - (c + (d - c) * t)).norm());
                }
            }
            prop_assert!(measured <= sampled + 1e-9);
            prop_assert!(sampled - measured < 0.6, "{} {}", sampled, measured);
        }
    }

    #[test]
    fn parallel_and_pointlike_axes() {
        let p = |x: f64, y: f64| Point3::new(x, y, 0.0);
        assert_eq!(axis_distance_mm(&p(0.0, 0.0), &p(9.0, 0.0), &p(4.0, 3.0), &p(20.0, 3.0)), 3.0);
        assert_eq!(axis_distance_mm(&p(0.0, 0.0), &p(0.0, 0.0), &p(3.0, 4.0), &p(3.0, 4.0)), 5.0);
        assert_eq!(axis_distance_mm(&p(0.0, 0.0), &p(9.0, 0.0), &p(12.0, 4.0), &p(12.0, 4.0)), 5.0);
    }

    #[test]
    fn a_tapering_piece_has_the_radius_of_the_place() {
        let end = Point3::new(20.0, 0.0, 0.0);
        let piece =
            Segment { start: Point3::origin(), end, start_radius_mm: 4.0, end_radius_mm: 2.0 };
        for (x, radius) in [(0.0, 4.0), (10.0, 3.0), (20.0, 2.0)] {
            assert_eq!(piece.signed_distance_mm(&Point3::new(x, 0.0, 0.0)), -radius);
        }
    }
}
