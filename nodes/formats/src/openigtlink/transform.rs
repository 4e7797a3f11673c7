//! TRANSFORM, and POSITION or QTRANS: where something is, as a matrix or as a position and a quaternion.

use nalgebra::Matrix4;
use serde::{Deserialize, Serialize};

use super::fields::{Fields, put_f32s};
use super::{Error, json};

/// TRANSFORM: the upper three rows of a 4×4 matrix, which maps points of one frame to another, in mm.
///
/// Which frames is not said; by custom the device name is `FromToTo`, as in `ProbeToTracker`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    /// Column after column: the images of the x, y and z axes, then the translation in mm.
    #[serde(with = "json::numbers")]
    pub matrix: [f32; 12],
}

impl Transform {
    /// From a matrix; its last row is taken for 0 0 0 1, and its numbers become single precision.
    pub fn from_matrix(matrix: &Matrix4<f64>) -> Self {
        Self { matrix: columns_of(matrix) }
    }

    /// As a 4×4 matrix that maps column vectors in mm.
    pub fn to_matrix(&self) -> Matrix4<f64> {
        matrix_of(&self.matrix)
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self { matrix: fields.f32s("the matrix")? })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        put_f32s(bytes, &self.matrix);
    }
}

/// The matrix whose columns are given without their last row.
pub(super) fn matrix_of(columns: &[f32; 12]) -> Matrix4<f64> {
    let [xx, xy, xz, yx, yy, yz, zx, zy, zz, tx, ty, tz] = columns.map(f64::from);
    #[rustfmt::skip]
    let matrix = Matrix4::new(
        xx, yx, zx, tx,
        xy, yy, zy, ty,
        xz, yz, zz, tz,
        0.0, 0.0, 0.0, 1.0,
    );
    matrix
}

/// The columns of a matrix without its last row.
pub(super) fn columns_of(matrix: &Matrix4<f64>) -> [f32; 12] {
    std::array::from_fn(|at| matrix[(at % 3, at / 3)] as f32)
}

/// POSITION, also called QTRANS: a position and an orientation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Where it is, in mm.
    #[serde(with = "json::numbers")]
    pub position_mm: [f32; 3],
    /// How it is turned.
    pub orientation: Orientation,
}

/// The orientation of a [`Position`], of which a sender may leave out what the receiver knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// Left out.
    Omitted,
    /// The first three elements of a unit quaternion, x, y and z; the fourth, w ≥ 0, follows from them.
    Vector(#[serde(with = "json::numbers")] [f32; 3]),
    /// A quaternion: x, y, z and w.
    Quaternion(#[serde(with = "json::numbers")] [f32; 4]),
}

impl Position {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let position_mm = fields.f32s("the position")?;
        let orientation = match fields.left() {
            0 => Orientation::Omitted,
            12 => Orientation::Vector(fields.f32s("the quaternion")?),
            _ => Orientation::Quaternion(fields.f32s("the quaternion")?),
        };
        Ok(Self { position_mm, orientation })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        put_f32s(bytes, &self.position_mm);
        match &self.orientation {
            Orientation::Omitted => {}
            Orientation::Vector(vector) => put_f32s(bytes, vector),
            Orientation::Quaternion(quaternion) => put_f32s(bytes, quaternion),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_matrix() {
        let transform = Transform { matrix: std::array::from_fn(|at| at as f32 + 1.0) };
        let matrix = transform.to_matrix();
        assert_eq!(matrix.column(3).as_slice(), [10.0, 11.0, 12.0, 1.0]);
        assert_eq!(matrix[(1, 0)], 2.0);
        assert_eq!(Transform::from_matrix(&matrix), transform);
    }
}
