//! Where the tracker sees a tool.

use nalgebra::{Isometry3, Quaternion, Translation3, UnitQuaternion};

use super::Error;
use super::fields::{Fields, put_f32s};

/// Where a tool is, as the device says it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Placement {
    /// Rotation from the tool's to the tracker's frame: (w, x, y, z).
    pub quaternion: [f32; 4],
    /// The tool's origin in the tracker's frame, millimetres.
    pub position_mm: [f32; 3],
    /// Root mean square error of the fit in millimetres (optical), or an indicator between 0 and 9.9 (electromagnetic).
    pub error: f32,
}

/// Numbers that are no place.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Unsound {
    /// Not finite, or farther away than any tracker sees.
    #[error("the position ({0}, {1}, {2}) mm is none that a tracker can see")]
    Position(f32, f32, f32),
    /// Not of length one.
    #[error("the quaternion's length is {0:.4} instead of 1")]
    Quaternion(f64),
}

/// NDI's trackers see a few metres; a place beyond 100 m is a number that stands for "none".
const FARTHEST_MM: f32 = 1e5;

impl Placement {
    /// Maps the tool's coordinates to the tracker's, millimetres.
    ///
    /// The quaternion may be off from length 1 by what four printed digits round away, with room to spare (1 %).
    ///
    /// # Errors
    /// If the numbers are no rigid motion.
    pub fn isometry(&self) -> Result<Isometry3<f64>, Unsound> {
        let [x, y, z] = self.position_mm;
        if !self.position_mm.iter().all(|number| number.abs() < FARTHEST_MM) {
            return Err(Unsound::Position(x, y, z));
        }
        let [w, i, j, k] = self.quaternion.map(f64::from);
        let quaternion = Quaternion::new(w, i, j, k);
        let length = quaternion.norm();
        if !((length - 1.0).abs() <= 0.01) {
            return Err(Unsound::Quaternion(length));
        }
        let translation = Translation3::new(f64::from(x), f64::from(y), f64::from(z));
        Ok(Isometry3::from_parts(translation, UnitQuaternion::from_quaternion(quaternion)))
    }

    /// Of a rigid motion in millimetres, and its error.
    pub fn of(tracker_from_tool: &Isometry3<f64>, error: f32) -> Self {
        let rotation = tracker_from_tool.rotation;
        let position = tracker_from_tool.translation.vector;
        Self {
            quaternion: [rotation.w, rotation.i, rotation.j, rotation.k].map(|part| part as f32),
            position_mm: [position.x, position.y, position.z].map(|part| part as f32),
            error,
        }
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            quaternion: fields.f32s("the quaternion")?,
            position_mm: fields.f32s("the position")?,
            error: fields.f32("the error")?,
        })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        put_f32s(bytes, &self.quaternion);
        put_f32s(bytes, &self.position_mm);
        put_f32s(bytes, &[self.error]);
    }
}
