//! Where in the image plane a piece of tube can be seen.

use nalgebra::Point3;

use crate::anatomy::segment::Segment;

/// Middle of the circle in the plane that holds a piece of vessel and `margin_mm` around it, and the
/// circle's radius.
pub(crate) fn footprint(segment: &Segment, margin_mm: f64) -> (Point3<f64>, f64) {
    let middle = nalgebra::center(&segment.start, &segment.end);
    let half = (segment.end - segment.start).norm() / 2.0;
    (middle, half + segment.largest_radius_mm() + margin_mm)
}

#[cfg(test)]
mod tests {
    use messages::Transform;
    use nalgebra::{Isometry3, Point3, Translation3, UnitQuaternion};
    use proptest::prelude::*;

    use super::*;
    use crate::family::Family;
    use crate::insonified::Insonified;
    use crate::patient::SimulatedPatient;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn no_piece_that_is_near_a_point_of_the_plane_is_left_out(
            seed in 0u64..4, tilt in -0.6..0.6, turn in -3.0..3.0, x in -70.0..70.0, y in 20.0..110.0, z in -50.0..50.0,
        ) {
            let patient = SimulatedPatient::new(seed, Family::Slender);
            let pose = Isometry3::from_parts(
                Translation3::new(0.0, 3.0, z),
                UnitQuaternion::from_euler_angles(tilt, turn, 0.0),
            );
            let near = patient.tubes_near_plane(&Transform::from_isometry(pose), 3.0);
            let point = Point3::new(x, y, 0.0);
            let truth = patient.signed_distance_mm(messages::Point::new(pose * point));
            let (mut fast, mut held) = (f64::INFINITY, true);
            for (_, segment) in &near {
                let distance = segment.signed_distance_mm(&point);
                let (middle, radius) = footprint(segment, 3.0);
                held &= distance > 3.0 || (point - middle).norm() <= radius + 1e-9;
                fast = fast.min(distance);
            }
            prop_assert!(held);
            prop_assert!((fast - truth).abs() < 1e-9 || truth > 3.0);
        }
    }
}
