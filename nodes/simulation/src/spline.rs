//! Smooth curves through control points, for the centrelines of vessels.

use nalgebra::Point3;

/// Samples the Catmull–Rom spline through `knots[1..n - 1]` at steps of at most `step_mm`; the first
/// and the last knot only set the tangents at the ends (E. Catmull, R. Rom, "A class of local
/// interpolating splines", 1974).
///
/// Returns the sampled points, both ends included, or nothing for fewer than four knots.
pub(crate) fn catmull_rom(knots: &[Point3<f64>], step_mm: f64) -> Vec<Point3<f64>> {
    let mut points = Vec::new();
    for four in knots.windows(4) {
        let [before, start, end, after] = [four[0], four[1], four[2], four[3]];
        let steps = ((end - start).norm() / step_mm).ceil().max(1.0) as usize;
        for step in 0..steps {
            points.push(interpolate(before, start, end, after, step as f64 / steps as f64));
        }
    }
    if knots.len() >= 4 {
        points.push(knots[knots.len() - 2]);
    }
    points
}

/// The point at the part `t`, 0 to 1, of the way between `start` and `end`.
pub(crate) fn interpolate(
    before: Point3<f64>,
    start: Point3<f64>,
    end: Point3<f64>,
    after: Point3<f64>,
    t: f64,
) -> Point3<f64> {
    let [a, b, c, d] = [before.coords, start.coords, end.coords, after.coords];
    let linear = (c - a) * t;
    let square = (a * 2.0 - b * 5.0 + c * 4.0 - d) * (t * t);
    let cube = (b * 3.0 - a - c * 3.0 + d) * (t * t * t);
    Point3::from(b + (linear + square + cube) * 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_through_its_knots_without_corners() {
        let knots = [
            [0.0, 0.0, 0.0],
            [10.0, 1.0, 0.0],
            [20.0, -4.0, 3.0],
            [30.0, 2.0, 9.0],
            [40.0, 0.0, 0.0],
        ]
        .map(Point3::from);
        let points = catmull_rom(&knots, 0.5);
        assert_eq!(points[0], knots[1]);
        assert_eq!(points[points.len() - 1], knots[3]);
        assert!(points.iter().any(|point| (point - knots[2]).norm() < 1e-12));
        for three in points.windows(3) {
            let (first, second) = (three[1] - three[0], three[2] - three[1]);
            assert!(first.norm() < 0.8);
            assert!(first.angle(&second) < 0.15, "a corner of {} rad", first.angle(&second));
        }
    }

    #[test]
    fn equal_steps_on_a_line_stay_on_it() {
        let knots: Vec<_> = (0..5).map(|i| Point3::new(f64::from(i) * 7.0, 0.0, 0.0)).collect();
        for (i, point) in catmull_rom(&knots, 1.0).iter().enumerate() {
            assert!((point - Point3::new(7.0 + i as f64, 0.0, 0.0)).norm() < 1e-12);
        }
    }

    #[test]
    fn too_few_knots_give_no_curve() {
        assert!(catmull_rom(&[Point3::origin(); 3], 1.0).is_empty());
    }
}
