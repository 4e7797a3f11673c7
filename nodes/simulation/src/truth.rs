//! What the image should have shown: the vessels in the very same plane, and how well others agree.

use messages::{Patient, Probe, Transform};
use nalgebra::Point3;
use ndarray::{Array2, ArrayView2};

use crate::image_plane::footprint;
use crate::insonified::Insonified;
use crate::scan_geometry::{ScanGeometry, probe_from_face};

/// 1 for pixels of the sector whose centre lies inside a vessel, else 0; `height_px` × `width_px`.
pub fn vessel_mask(
    patient: &impl Insonified,
    geometry: &ScanGeometry,
    patient_from_probe: &Transform<Patient, Probe>,
) -> Array2<u8> {
    let mut mask = Array2::zeros((geometry.height_px, geometry.width_px));
    let patient_from_face = *patient_from_probe * probe_from_face();
    let pixel = geometry.pixel_mm();
    let (left, top) = geometry.face_from_pixel(0.0, 0.0);
    for (kind, segment) in patient.tubes_near_plane(&patient_from_face, 0.0) {
        if !kind.is_vessel() {
            continue;
        }
        let (middle, radius) = footprint(&segment, 0.0);
        let pixels = |middle: f64, first: f64, count: usize| {
            let low = ((middle - radius - first) / pixel).floor().max(0.0) as usize;
            let high = ((middle + radius - first) / pixel).ceil() + 1.0;
            low.min(count)..(high.max(0.0) as usize).clamp(low.min(count), count)
        };
        for row in pixels(middle.y, top, geometry.height_px) {
            for column in pixels(middle.x, left, geometry.width_px) {
                let (x, y) = geometry.face_from_pixel(column as f64, row as f64);
                let inside = segment.signed_distance_mm(&Point3::new(x, y, 0.0)) < 0.0;
                if inside && geometry.in_sector(x, y) {
                    mask[(row, column)] = 1;
                }
            }
        }
    }
    mask
}

/// Dice coefficient of two masks of equal shape, 0 to 1; two empty masks agree fully.
///
/// Non-zero is set (L. R. Dice, "Measures of the amount of ecologic association between species",
/// Ecology 26, 1945). Nothing if the shapes differ.
pub fn dice(a: ArrayView2<u8>, b: ArrayView2<u8>) -> Option<f64> {
    if a.dim() != b.dim() {
        return None;
    }
    let (mut both, mut sum) = (0u64, 0u64);
    for (a, b) in a.iter().zip(&b) {
        both += u64::from(*a != 0 && *b != 0);
        sum += u64::from(*a != 0) + u64::from(*b != 0);
    }
    Some(if sum == 0 { 1.0 } else { 2.0 * both as f64 / sum as f64 })
}

#[cfg(test)]
mod tests {
    use messages::Point;
    use nalgebra::{Isometry3, Translation3, UnitQuaternion};
    use ndarray::array;

    use super::*;
    use crate::family::Family;
    use crate::patient::SimulatedPatient;
    use crate::scan_geometry::ProbeShape;
    use crate::vessel::{Vessel, VesselKind};

    #[test]
    fn a_straight_tube_through_the_plane_is_an_ellipse() {
        let radius = 6.0;
        for (tilt, linear) in [(0.0, false), (0.0, true), (0.7, false)] {
            let axis = nalgebra::Vector3::new(f64::sin(tilt), 0.0, f64::cos(tilt));
            let middle = Point3::new(5.0, 48.0, 0.0);
            let line = [middle - axis * 60.0, middle + axis * 60.0];
            let vessel = Vessel::new(VesselKind::Portal, 0, None, &line, (radius, radius));
            let patient = SimulatedPatient::phantom(1, vec![vessel]);
            let mut geometry = ScanGeometry::default();
            if linear {
                geometry.shape = ProbeShape::Linear { width_mm: 60.0 };
            }
            let patient_from_probe =
                Transform::from_isometry(probe_from_face().isometry().inverse());
            let mask = vessel_mask(&patient, &geometry, &patient_from_probe);
            let expected = Array2::from_shape_fn(mask.dim(), |(row, column)| {
                let (x, y) = geometry.face_from_pixel(column as f64, row as f64);
                let (dx, dy) = ((x - middle.x) * tilt.cos(), y - middle.y);
                u8::from(dx * dx + dy * dy < radius * radius)
            });
            assert_eq!(mask, expected);
            let area =
                mask.iter().map(|m| f64::from(*m)).sum::<f64>() * geometry.pixel_mm().powi(2);
            let truth = std::f64::consts::PI * radius * radius / tilt.cos();
            assert!((area / truth - 1.0).abs() < 0.02, "{area} mm², expected {truth}");
        }
    }

    #[test]
    fn the_mask_says_the_same_as_the_patient_at_every_pixel() {
        let geometry = ScanGeometry::default();
        for seed in 0..3 {
            let patient = SimulatedPatient::new(seed, Family::Wide);
            let pose = Transform::from_isometry(Isometry3::from_parts(
                Translation3::new(-70.0, 20.0, -15.0 + 20.0 * seed as f64),
                UnitQuaternion::from_euler_angles(-1.5, 0.4, 0.1),
            ));
            let mask = vessel_mask(&patient, &geometry, &pose);
            let patient_from_image = pose * geometry.probe_from_image();
            for ((row, column), value) in mask.indexed_iter() {
                let pixel = Point::new(Point3::new(column as f64, row as f64, 0.0));
                let distance = patient.signed_distance_mm(patient_from_image * pixel);
                let (x, y) = geometry.face_from_pixel(column as f64, row as f64);
                let expected = distance < 0.0 && geometry.in_sector(x, y);
                assert!(distance.abs() < 1e-9 || (*value == 1) == expected);
            }
        }
    }

    #[test]
    fn dice_of_known_masks() {
        let a = array![[1u8, 1, 0], [0, 0, 0]];
        let b = array![[0u8, 255, 1], [0, 0, 0]];
        assert_eq!(dice(a.view(), a.view()), Some(1.0));
        assert_eq!(dice(a.view(), b.view()), Some(0.5));
        assert_eq!(dice(a.view(), Array2::zeros((2, 3)).view()), Some(0.0));
        assert_eq!(dice(Array2::zeros((2, 3)).view(), Array2::zeros((2, 3)).view()), Some(1.0));
        assert_eq!(dice(a.view(), Array2::zeros((3, 2)).view()), None);
    }
}
