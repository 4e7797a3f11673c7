//! The nearest place of one triangle to a point and to a segment.
//!
//! After C. Ericson, "Real-Time Collision Detection", 2005, chapter 5. All hold for triangles without
//! area too: they are as good as their edges.

use nalgebra::{Point3, Vector3};

/// The corners of a triangle, millimetres.
pub type Triangle = [Point3<f64>; 3];

/// What of a triangle a place lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Within it.
    Face,
    /// Within the edge from this corner to the next.
    Edge(usize),
    /// On this corner.
    Corner(usize),
}

/// The nearest place of a triangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// The place.
    pub place: Point3<f64>,
    /// What it lies on.
    pub feature: Feature,
    /// The square of its distance, square millimetres.
    pub squared_mm2: f64,
}

/// A segment from which many distances are asked; a point is one that ends where it starts.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    from: Point3<f64>,
    along: Vector3<f64>,
    /// One by the square of its length; zero for a point.
    inverse_mm2: f64,
}

impl Segment {
    /// The segment between two places.
    pub fn new([from, to]: &[Point3<f64>; 2]) -> Self {
        let along = to - from;
        let length = along.norm_squared();
        Self { from: *from, along, inverse_mm2: if length > 0.0 { 1.0 / length } else { 0.0 } }
    }

    /// From its place that is nearest to a point, to that point.
    #[inline]
    fn apart(&self, point: &Point3<f64>) -> Vector3<f64> {
        let apart = point - self.from;
        apart - self.along * (apart.dot(&self.along) * self.inverse_mm2).clamp(0.0, 1.0)
    }

    /// What no place of a box is nearer than, from its middle and half of its extent: beyond the plane
    /// through the nearest place to the middle, at a right angle to the way there, there is no segment.
    #[inline]
    pub fn bound_of_box_mm(&self, centre: &Point3<f64>, half: &Vector3<f64>) -> f64 {
        let apart = self.apart(centre);
        let distance = apart.norm();
        // Not above zero where the middle lies on the segment.
        distance - if distance > 0.0 { apart.abs().dot(half) / distance } else { 0.0 }
    }

    /// What no place of a triangle is nearer than, as for a box.
    #[inline]
    pub fn bound_of_triangle_mm(&self, triangle: &Triangle) -> f64 {
        let [first, second, third] = triangle;
        let centre = first + ((second - first) + (third - first)) / 3.0;
        let apart = self.apart(&centre);
        let distance = apart.norm();
        if distance > 0.0 {
            let nearest = |corner: &Point3<f64>| apart.dot(&(corner - centre));
            let least = nearest(first).min(nearest(second)).min(nearest(third));
            distance + least / distance
        } else {
            0.0
        }
    }
}

/// The nearest place of a triangle to a point.
pub fn nearest_to_point(point: &Point3<f64>, triangle: &Triangle) -> Nearest {
    if let Some(height) = height_above(point, triangle) {
        let place = point - height;
        return Nearest { place, feature: Feature::Face, squared_mm2: height.norm_squared() };
    }
    let [first, second, third] = [0, 1, 2].map(|edge| {
        let (from, to) = (triangle[edge], triangle[(edge + 1) % 3]);
        let along = to - from;
        let fraction = clamped((point - from).dot(&along), along.norm_squared());
        let place = from + along * fraction;
        let feature = match fraction {
            0.0 => Feature::Corner(edge),
            1.0 => Feature::Corner((edge + 1) % 3),
            _ => Feature::Edge(edge),
        };
        Nearest { place, feature, squared_mm2: (point - place).norm_squared() }
    });
    let nearer = |a: Nearest, b: Nearest| if b.squared_mm2 < a.squared_mm2 { b } else { a };
    nearer(nearer(first, second), third)
}

/// The square of the least distance of a triangle from the segment between two points, and where on
/// the segment that is: 0 at its first point, 1 at its second.
pub fn nearest_to_segment(segment: &[Point3<f64>; 2], triangle: &Triangle) -> (f64, f64) {
    let [from, to] = segment;
    let normal = (triangle[1] - triangle[0]).cross(&(triangle[2] - triangle[0]));
    let heights = [from, to].map(|end| normal.dot(&(end - triangle[0])));
    if heights[0] * heights[1] <= 0.0 && heights[0] != heights[1] {
        let fraction = heights[0] / (heights[0] - heights[1]);
        if is_above(&(from + (to - from) * fraction), triangle, &normal) {
            return (0.0, fraction);
        }
    }
    let mut nearest = (f64::INFINITY, 0.0);
    for (end, fraction) in [(from, 0.0), (to, 1.0)] {
        if let Some(height) = height_above(end, triangle) {
            nearest = nearer(nearest, (height.norm_squared(), fraction));
        }
    }
    for edge in 0..3 {
        let other = [triangle[edge], triangle[(edge + 1) % 3]];
        nearest = nearer(nearest, segment_to_segment(segment, &other));
    }
    nearest
}

fn nearer(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    if b.0 < a.0 { b } else { a }
}

/// From the triangle's plane to a point that lies straight above or below the triangle; none for others.
#[inline]
fn height_above(point: &Point3<f64>, triangle: &Triangle) -> Option<Vector3<f64>> {
    let normal = (triangle[1] - triangle[0]).cross(&(triangle[2] - triangle[0]));
    is_above(point, triangle, &normal)
        .then(|| normal * (normal.dot(&(point - triangle[0])) / normal.norm_squared()))
}

#[inline]
fn is_above(point: &Point3<f64>, triangle: &Triangle, normal: &Vector3<f64>) -> bool {
    // Below this the direction of the normal is rounding: coordinates are thousandths and more.
    normal.norm_squared() > 1e-18
        && (0..3).all(|edge| {
            let (from, to) = (triangle[edge], triangle[(edge + 1) % 3]);
            normal.dot(&(to - from).cross(&(point - from))) >= 0.0
        })
}

/// The square of the least distance of two segments, and where on the first.
#[inline]
fn segment_to_segment(first: &[Point3<f64>; 2], second: &[Point3<f64>; 2]) -> (f64, f64) {
    let (along_first, along_second) = (first[1] - first[0], second[1] - second[0]);
    let apart = first[0] - second[0];
    let (a, e) = (along_first.norm_squared(), along_second.norm_squared());
    let (b, c, f) =
        (along_first.dot(&along_second), along_first.dot(&apart), along_second.dot(&apart));
    // Parallel ones are equally near over a stretch, of which any place will do.
    let unbounded = clamped(b * f - c * e, a * e - b * b);
    let on_second = clamped(b * unbounded + f, e);
    // The best place on the first for that on the second, which the bounds may have moved.
    let on_first = clamped(b * on_second - c, a);
    let between = (first[0] + along_first * on_first) - (second[0] + along_second * on_second);
    (between.norm_squared(), on_first)
}

/// A fraction between 0 and 1; 0 where the denominator vanishes.
#[inline]
fn clamped(numerator: f64, denominator: f64) -> f64 {
    if denominator > 0.0 { (numerator / denominator).clamp(0.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRIANGLE: [[f64; 3]; 3] = [[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [0.0, 3.0, 0.0]];

    fn triangle() -> Triangle {
        TRIANGLE.map(Point3::from)
    }

    #[test]
    fn each_feature_is_found() {
        for (point, place, feature) in [
            ([1.0, 1.0, 2.0], [1.0, 1.0, 0.0], Feature::Face),
            ([2.0, -1.0, 1.0], [2.0, 0.0, 0.0], Feature::Edge(0)),
            ([-2.0, 1.0, 0.0], [0.0, 1.0, 0.0], Feature::Edge(2)),
            ([-1.0, -1.0, 5.0], [0.0, 0.0, 0.0], Feature::Corner(0)),
            ([9.0, -1.0, 0.0], [4.0, 0.0, 0.0], Feature::Corner(1)),
        ] {
            let found = nearest_to_point(&Point3::from(point), &triangle());
            assert_eq!((found.place, found.feature), (Point3::from(place), feature));
        }
    }

    #[test]
    fn a_triangle_without_area_is_a_line() {
        let line = [[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [2.0, 0.0, 0.0]].map(Point3::from);
        let found = nearest_to_point(&Point3::new(1.0, 3.0, 4.0), &line);
        assert_eq!(found.squared_mm2, 25.0);
        let segment = [Point3::new(3.0, -1.0, 2.0), Point3::new(3.0, 1.0, 2.0)];
        assert_eq!(nearest_to_segment(&segment, &line), (4.0, 0.5));
        let point = [Point3::origin(); 3];
        assert_eq!(nearest_to_point(&Point3::new(0.0, 2.0, 0.0), &point).squared_mm2, 4.0);
    }

    #[test]
    fn a_segment_through_the_triangle_touches_it_where_it_passes() {
        let through = [Point3::new(1.0, 1.0, 3.0), Point3::new(1.0, 1.0, -1.0)];
        assert_eq!(nearest_to_segment(&through, &triangle()), (0.0, 0.75));
    }

    fn place() -> impl Strategy<Value = Point3<f64>> {
        [-6.0..6.0, -6.0..6.0, -6.0..6.0_f64].prop_map(Point3::from)
    }

    proptest! {
        /// Nothing on a fine lattice over both is nearer, and what is found is attained.
        #[test]
        fn no_place_is_nearer(from in place(), to in place(), corners in [place(), place(), place()]) {
            let (squared, fraction) = nearest_to_segment(&[from, to], &corners);
            let segment = Segment::new(&[from, to]);
            prop_assert!(segment.bound_of_triangle_mm(&corners) < squared.sqrt() + 1e-9);
            let low = corners[0].inf(&corners[1]).inf(&corners[2]);
            let high = corners[0].sup(&corners[1]).sup(&corners[2]);
            let half = (high - low) / 2.0;
            let bound = segment.bound_of_box_mm(&(low + half), &half);
            prop_assert!(bound < squared.sqrt() + 1e-9);
            let on_segment = from + (to - from) * fraction;
            let attained = nearest_to_point(&on_segment, &corners).squared_mm2;
            prop_assert!((attained - squared).abs() < 1e-9, "{attained} {squared}");
            for step in 0..=20 {
                let other = from + (to - from) * (f64::from(step) / 20.0);
                let nearest = nearest_to_point(&other, &corners);
                prop_assert!(nearest.squared_mm2 > squared - 1e-9);
                for (u, v) in (0..=10).flat_map(|u| (0..=10 - u).map(move |v| (u, v))) {
                    let place = corners[0]
                        + (corners[1] - corners[0]) * (f64::from(u) / 10.0)
                        + (corners[2] - corners[0]) * (f64::from(v) / 10.0);
                    prop_assert!((other - place).norm_squared() > nearest.squared_mm2 - 1e-9);
                }
            }
        }
    }
}
