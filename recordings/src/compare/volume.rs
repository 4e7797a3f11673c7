//! Volumes: grey values, what was seen, and where they lie.

use messages::Volume;
use nalgebra::Point3;

use super::difference::Difference;
use super::image::greys;
use super::label::dice;
use super::placement::maps;

/// Compares two volumes voxel by voxel.
pub fn volumes(a: &Volume, b: &Volume, difference: &mut Difference) {
    if a.size != b.size {
        difference.other(format!("a volume of {:?} against one of {:?} voxels", a.size, b.size));
        return;
    }
    let end = a.size.map(|size| f64::from(size) - 0.5);
    let corners: Vec<Point3<f64>> = (0..8)
        .map(|corner| {
            Point3::from(
                [0, 1, 2].map(|axis| if corner >> axis & 1 == 1 { end[axis] } else { -0.5 }),
            )
        })
        .collect();
    maps(&a.patient_from_voxel, &b.patient_from_voxel, &corners, difference);
    if a.images != b.images {
        difference.other(format!("made from {} images against {}", a.images, b.images));
    }
    greys(a.voxels.as_slice(), b.voxels.as_slice(), difference);
    if a.seen != b.seen {
        difference.dice(dice(a.seen.as_slice(), b.seen.as_slice(), 1).unwrap_or(1.0));
    }
}
