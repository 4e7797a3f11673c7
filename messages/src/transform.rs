//! Rigid motions and points that know their frames.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Mul;

use nalgebra::{Isometry3, Matrix4, Point3, Quaternion, Rotation3, Translation3, UnitQuaternion};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::frames::frame_name;

/// A rigid motion: maps coordinates in `From` to coordinates in `To`, both in millimetres.
///
/// Name a value after both frames, so that neighbours meet: `tracker_from_probe * probe_from_tip`.
///
/// Frames that do not meet do not compile:
/// ```compile_fail
/// use messages::{Image, Patient, Probe, Tracker, Transform};
/// fn wrong(a: Transform<Tracker, Probe>, b: Transform<Patient, Image>) { let _ = a * b; }
/// ```
/// and those that meet do:
/// ```
/// use messages::{Patient, Probe, Tracker, Transform};
/// fn right(a: Transform<Patient, Tracker>, b: Transform<Tracker, Probe>) -> Transform<Patient, Probe> { a * b }
/// ```
pub struct Transform<To, From> {
    isometry: Isometry3<f64>,
    frames: PhantomData<fn(From) -> To>,
}

impl<To, From> Transform<To, From> {
    /// From a rigid motion in millimetres.
    pub fn from_isometry(isometry: Isometry3<f64>) -> Self {
        Self { isometry, frames: PhantomData }
    }

    /// The motion that changes nothing.
    pub fn identity() -> Self {
        Self::from_isometry(Isometry3::identity())
    }

    /// The rigid motion of a 4×4 matrix (row `i`, column `j`), in millimetres.
    ///
    /// Printed matrices carry few digits, so the rotation may be off by up to `1e-3` in each
    /// element; the nearest rotation is taken.
    ///
    /// # Errors
    /// If an element is not finite, the last row is not `0 0 0 1`, or the upper left 3×3 is no
    /// rotation (scaled, sheared or mirrored: then it is an [`Affine`](crate::Affine)).
    pub fn from_matrix(matrix: &Matrix4<f64>) -> Result<Self, NotRigid> {
        if !matrix.iter().all(|value| value.is_finite()) {
            return Err(NotRigid::NotFinite);
        }
        let last_row = matrix.fixed_view::<1, 4>(3, 0).into_owned();
        if (last_row - nalgebra::RowVector4::new(0.0, 0.0, 0.0, 1.0)).amax() > 1e-9 {
            return Err(NotRigid::LastRow);
        }
        let rotation = matrix.fixed_view::<3, 3>(0, 0).into_owned();
        let deviation = (rotation * rotation.transpose() - nalgebra::Matrix3::identity()).amax();
        let determinant = rotation.determinant();
        if deviation > 2e-3 || determinant < 0.0 {
            return Err(NotRigid::NotARotation { deviation, determinant });
        }
        let nearest = Rotation3::from_matrix_eps(&rotation, 1e-14, 100, Rotation3::identity());
        let translation = Translation3::new(matrix[(0, 3)], matrix[(1, 3)], matrix[(2, 3)]);
        Ok(Self::from_isometry(Isometry3::from_parts(
            translation,
            UnitQuaternion::from_rotation_matrix(&nearest),
        )))
    }

    /// The rigid motion in millimetres.
    pub fn isometry(&self) -> &Isometry3<f64> {
        &self.isometry
    }

    /// The motion back.
    #[must_use]
    pub fn inverse(&self) -> Transform<From, To> {
        Transform::from_isometry(self.isometry.inverse())
    }

    /// Says that the frame `From` is called `Other`; the numbers stay.
    ///
    /// For the one place where a name on the wire becomes a type.
    pub fn rename_from<Other>(self) -> Transform<To, Other> {
        Transform::from_isometry(self.isometry)
    }
}

/// Why a matrix is no rigid motion.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NotRigid {
    /// An element is NaN or infinite.
    #[error("a rigid transform has finite elements, but one is NaN or infinite")]
    NotFinite,
    /// The last row is not `0 0 0 1`.
    #[error("the last row of a rigid transform is `0 0 0 1`; is the matrix transposed?")]
    LastRow,
    /// The upper left part is no rotation.
    #[error(
        "expected a rotation, but R·Rᵀ deviates from the identity by {deviation:.4} and the determinant is {determinant:.4}; \
         a map with scale or mirroring belongs into an affine calibration"
    )]
    NotARotation {
        /// Largest element of `R·Rᵀ − 1`.
        deviation: f64,
        /// Determinant of the upper left 3×3.
        determinant: f64,
    },
}

impl<To, From> Clone for Transform<To, From> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<To, From> Copy for Transform<To, From> {}
impl<To, From> PartialEq for Transform<To, From> {
    fn eq(&self, other: &Self) -> bool {
        self.isometry == other.isometry
    }
}
impl<To, From> fmt::Debug for Transform<To, From> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = &self.isometry;
        write!(f, "{}_from_{} {numbers:?}", frame_name::<To>(), frame_name::<From>())
    }
}

impl<To, Via, From> Mul<Transform<Via, From>> for Transform<To, Via> {
    type Output = Transform<To, From>;
    fn mul(self, via_from_from: Transform<Via, From>) -> Transform<To, From> {
        Transform::from_isometry(self.isometry * via_from_from.isometry)
    }
}

impl<To, From> Mul<Point<From>> for Transform<To, From> {
    type Output = Point<To>;
    fn mul(self, point: Point<From>) -> Point<To> {
        Point::new(self.isometry * point.xyz_mm)
    }
}

/// A rigid motion on the wire: quaternion `x y z w` and translation in millimetres.
#[derive(Serialize, Deserialize)]
struct Parts {
    rotation_xyzw: [f64; 4],
    translation_mm: [f64; 3],
}

impl<To, From> Serialize for Transform<To, From> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let translation = &self.isometry.translation;
        Parts {
            rotation_xyzw: self.isometry.rotation.coords.into(),
            translation_mm: [translation.x, translation.y, translation.z],
        }
        .serialize(serializer)
    }
}

impl<'de, To, From> Deserialize<'de> for Transform<To, From> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Parts { rotation_xyzw: [x, y, z, w], translation_mm: [tx, ty, tz] } =
            Parts::deserialize(deserializer)?;
        let quaternion = Quaternion::new(w, x, y, z);
        let finite = [x, y, z, w, tx, ty, tz].iter().all(|value| value.is_finite());
        if !finite || (quaternion.norm() - 1.0).abs() > 1e-6 {
            return Err(de::Error::custom(format!(
                "expected a unit quaternion and a finite translation, but got rotation [{x}, {y}, {z}, {w}] and translation [{tx}, {ty}, {tz}]"
            )));
        }
        // The bits of the quaternion stay as they came, so that a replay compares equal.
        Ok(Self::from_isometry(Isometry3::from_parts(
            Translation3::new(tx, ty, tz),
            UnitQuaternion::new_unchecked(quaternion),
        )))
    }
}

/// A point whose coordinates are in the frame `In` (millimetres; pixels in `Image`, indices in `Voxel`).
pub struct Point<In> {
    /// The coordinates.
    pub xyz_mm: Point3<f64>,
    frame: PhantomData<fn() -> In>,
}

impl<In> Point<In> {
    /// A point from its coordinates.
    pub fn new(xyz_mm: Point3<f64>) -> Self {
        Self { xyz_mm, frame: PhantomData }
    }
}
impl<In> Serialize for Point<In> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.xyz_mm.x, self.xyz_mm.y, self.xyz_mm.z].serialize(serializer)
    }
}
impl<'de, In> Deserialize<'de> for Point<In> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let xyz = <[f64; 3]>::deserialize(deserializer)?;
        if xyz.iter().all(|value| value.is_finite()) {
            Ok(Self::new(Point3::from(xyz)))
        } else {
            Err(de::Error::custom(format!("expected a finite point, but got {xyz:?}")))
        }
    }
}
impl<In> Clone for Point<In> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<In> Copy for Point<In> {}
impl<In> PartialEq for Point<In> {
    fn eq(&self, other: &Self) -> bool {
        self.xyz_mm == other.xyz_mm
    }
}
impl<In> fmt::Debug for Point<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.xyz_mm, frame_name::<In>())
    }
}
