//! LPS inside, RAS for 3D Slicer: the one place where axes are turned.
//!
//! 3D Slicer takes every matrix and every point that comes over OpenIGTLink to be in RAS. All frames are turned, also
//! those of the tracker and of the tools: with `D = diag(−1, −1, 1)` a point `p` becomes `D p`, a map from pixels `M`
//! becomes `D M`, and a motion between two frames becomes `D M D`. So whatever is chained fits together: `PatientToTracker`
//! from the left of a point in `Patient` gives the point in `Tracker`, both turned. 3D Slicer turns models that it reads
//! from files in LPS in the same way.

use formats::openigtlink::CoordinateSystem;
use nalgebra::{Matrix4, Vector4};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which axes clients get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Coordinates {
    /// As 3D Slicer takes them.
    #[default]
    Ras,
    /// As they are inside.
    Lps,
}

impl Coordinates {
    /// As an IMAGE says it.
    pub fn system(self) -> CoordinateSystem {
        match self {
            Self::Ras => CoordinateSystem::Ras,
            Self::Lps => CoordinateSystem::Lps,
        }
    }

    fn turn(self) -> Matrix4<f64> {
        match self {
            Self::Ras => Matrix4::from_diagonal(&Vector4::new(-1.0, -1.0, 1.0, 1.0)),
            Self::Lps => Matrix4::identity(),
        }
    }

    /// A map of pixels or voxels, which have no axes of their own, into a frame.
    pub fn placed(self, frame_from_voxel: &Matrix4<f64>) -> Matrix4<f64> {
        self.turn() * frame_from_voxel
    }

    /// A motion from one frame to another.
    pub fn motion(self, to_from_from: &Matrix4<f64>) -> Matrix4<f64> {
        self.turn() * to_from_from * self.turn()
    }

    /// Points, x, y and z in turn.
    pub fn points(self, points_mm: &[f32]) -> Vec<f32> {
        let is_turned = self == Self::Ras;
        let turned = |(at, mm): (usize, &f32)| if is_turned && at % 3 < 2 { -mm } else { *mm };
        points_mm.iter().enumerate().map(turned).collect()
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{Isometry3, Vector3};

    use super::*;

    #[test]
    fn what_is_chained_fits_together() {
        let tracker_from_patient =
            Isometry3::new(Vector3::new(1.0, 2.0, 3.0), Vector3::new(0.3, -0.2, 0.5))
                .to_homogeneous();
        let patient_from_voxel = Matrix4::new_nonuniform_scaling(&Vector3::new(0.5, 0.6, 0.7))
            .append_translation(&Vector3::new(-7.0, 8.0, 9.0));
        let voxel = Vector4::new(10.0, 20.0, 30.0, 1.0);
        for coordinates in [Coordinates::Ras, Coordinates::Lps] {
            let inside = tracker_from_patient * patient_from_voxel * voxel;
            let outside = coordinates.motion(&tracker_from_patient)
                * coordinates.placed(&patient_from_voxel)
                * voxel;
            let point: Vec<f32> = inside.iter().take(3).map(|mm| *mm as f32).collect();
            let expected = coordinates.points(&point);
            for (mm, expected) in outside.iter().zip(expected) {
                assert!((mm - f64::from(expected)).abs() < 1e-5, "{coordinates:?}");
            }
        }
        assert_eq!(Coordinates::Ras.points(&[1.0, 2.0, 3.0]), [-1.0, -2.0, 3.0]);
        assert_eq!(Coordinates::Lps.points(&[1.0, 2.0, 3.0]), [1.0, 2.0, 3.0]);
    }
}
