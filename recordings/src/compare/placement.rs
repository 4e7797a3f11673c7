//! Where images lie: how far their corners are apart, and the angle between their axes.

use messages::{Affine, Placement, Point};
use nalgebra::Point3;

use super::difference::Difference;
use super::pose::errors;
use super::spread::Unit;

/// Compares the places of two images of `[width, height]` pixels.
pub fn placements(a: &Placement, b: &Placement, size: [u32; 2], difference: &mut Difference) {
    match (a, b) {
        (
            Placement::Placed { patient_from_image: a, error_mm: error_a, pose_gap_ns: gap_a },
            Placement::Placed { patient_from_image: b, error_mm: error_b, pose_gap_ns: gap_b },
        ) => {
            let [width, height] = size.map(f64::from);
            let corners = [(0.0, 0.0), (width, 0.0), (0.0, height), (width, height)]
                .map(|(x, y)| Point3::new(x - 0.5, y - 0.5, 0.0));
            let farthest_mm = maps(a, b, &corners, difference);
            difference.figure("farthest corner of the image", Unit::Mm, farthest_mm);
            if error_a != error_b {
                errors(*error_a, *error_b, difference);
            }
            if gap_a != gap_b {
                difference.ms(gap_a.abs_diff(*gap_b) as f64 * 1e-6);
            }
        }
        (Placement::Unplaced { reason: a }, Placement::Unplaced { reason: b }) => {
            if a != b {
                difference.other(format!("not placed: {a} against {b}"));
            }
        }
        (Placement::Placed { .. }, Placement::Unplaced { reason }) => {
            difference.other(format!("only the second is not placed: {reason}"));
        }
        (Placement::Unplaced { reason }, Placement::Placed { .. }) => {
            difference.other(format!("only the first is not placed: {reason}"));
        }
    }
}

/// The largest distance of a corner, which it returns in millimetres, and the largest angle between the
/// axes, under two maps.
pub fn maps<To, From>(
    a: &Affine<To, From>,
    b: &Affine<To, From>,
    corners: &[Point3<f64>],
    difference: &mut Difference,
) -> f64 {
    let mut farthest_mm = 0.0_f64;
    if a == b {
        return farthest_mm;
    }
    for &corner in corners {
        let corner: Point<From> = Point::new(corner);
        let mm = ((*a * corner).xyz_mm - (*b * corner).xyz_mm).norm();
        farthest_mm = farthest_mm.max(mm);
        difference.mm(mm);
    }
    for axis in 0..3 {
        let (a, b) = (a.axis(axis), b.axis(axis));
        difference.degrees(a.cross(&b).norm().atan2(a.dot(&b)).to_degrees());
    }
    farthest_mm
}

#[cfg(test)]
mod tests {
    use messages::{Image, Patient};
    use nalgebra::Matrix3x4;

    use super::*;

    fn shifted(by_mm: f64) -> Affine<Patient, Image> {
        let rows = Matrix3x4::new(0.2, 0.0, 0.0, by_mm, 0.0, 0.2, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0);
        Affine::from_rows(rows).unwrap()
    }

    fn placed(by_mm: f64) -> Placement {
        Placement::Placed {
            patient_from_image: shifted(by_mm),
            error_mm: Some(0.4),
            pose_gap_ns: 0,
        }
    }

    #[test]
    fn a_shift_is_a_distance_and_no_angle() {
        let mut difference = Difference::default();
        placements(&placed(0.0), &placed(0.25), [640, 480], &mut difference);
        assert!((difference.mm.unwrap() - 0.25).abs() < 1e-12);
        assert_eq!(difference.degrees, Some(0.0));
        assert_eq!(difference.others, 0);
    }

    #[test]
    fn a_turn_is_an_angle_and_moves_the_far_corner() {
        let angle = 0.01f64;
        let turned = nalgebra::Isometry3::rotation(nalgebra::Vector3::z() * angle);
        let turned = messages::Transform::<Patient, Patient>::from_isometry(turned);
        let (a, b) = (shifted(0.0), turned * shifted(0.0));
        let mut difference = Difference::default();
        maps(&a, &b, &[Point3::new(1000.0, 0.0, 0.0)], &mut difference);
        assert!((difference.degrees.unwrap() - angle.to_degrees()).abs() < 1e-9);
        let chord = 2.0 * (angle / 2.0).sin() * 200.0;
        assert!((difference.mm.unwrap() - chord).abs() < 1e-9);
    }

    #[test]
    fn an_image_that_lost_its_place_is_told() {
        let mut difference = Difference::default();
        let lost = Placement::Unplaced { reason: "probe hidden".to_owned() };
        placements(&placed(0.0), &lost, [1, 1], &mut difference);
        assert_eq!(difference.other, ["only the second is not placed: probe hidden"]);
    }
}
