//! Maps with scale, such as from pixels to millimetres.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Mul;

use nalgebra::{Matrix3x4, Matrix4, Point3, Vector3};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::frames::frame_name;
use crate::transform::{Point, Transform};

/// An affine map from coordinates in `From` to coordinates in `To`: rotation, scale and shear, then
/// a shift. `patient_from_image` maps pixels to millimetres.
pub struct Affine<To, From> {
    matrix: Matrix3x4<f64>,
    frames: PhantomData<fn(From) -> To>,
}

/// Why a matrix is no usable affine map.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NotAffine {
    /// An element is NaN or infinite.
    #[error("an affine map has finite elements, but one is NaN or infinite")]
    NotFinite,
    /// The last row is not `0 0 0 1`.
    #[error("the last row of an affine map is `0 0 0 1`; is the matrix transposed?")]
    LastRow,
    /// The map flattens space.
    #[error(
        "an affine map must be invertible, but its axes have lengths {0:.3e}, {1:.3e}, {2:.3e} and span no volume"
    )]
    Singular(f64, f64, f64),
}

impl<To, From> Affine<To, From> {
    /// From the upper three rows of the 4×4 matrix.
    ///
    /// # Errors
    /// If an element is not finite or the map cannot be inverted.
    pub fn from_rows(matrix: Matrix3x4<f64>) -> Result<Self, NotAffine> {
        if !matrix.iter().all(|value| value.is_finite()) {
            return Err(NotAffine::NotFinite);
        }
        let linear = matrix.fixed_view::<3, 3>(0, 0);
        let lengths = [0, 1, 2].map(|axis| linear.column(axis).norm());
        let volume = lengths[0] * lengths[1] * lengths[2];
        // Relative to the axes' lengths, so that micrometre pixels are as good as metres.
        if !(linear.determinant().abs() > 1e-9 * volume) {
            return Err(NotAffine::Singular(lengths[0], lengths[1], lengths[2]));
        }
        Ok(Self { matrix, frames: PhantomData })
    }

    /// From a 4×4 matrix (row `i`, column `j`).
    ///
    /// # Errors
    /// If an element is not finite, the last row is not `0 0 0 1`, or the map cannot be inverted.
    pub fn from_matrix(matrix: &Matrix4<f64>) -> Result<Self, NotAffine> {
        let last_row = matrix.fixed_view::<1, 4>(3, 0).into_owned();
        if !((last_row - nalgebra::RowVector4::new(0.0, 0.0, 0.0, 1.0)).amax() <= 1e-9) {
            return Err(NotAffine::LastRow);
        }
        Self::from_rows(matrix.fixed_view::<3, 4>(0, 0).into_owned())
    }

    /// The upper three rows of the 4×4 matrix.
    pub fn rows(&self) -> &Matrix3x4<f64> {
        &self.matrix
    }

    /// Where the origin of `From` lies in `To`.
    pub fn origin(&self) -> Vector3<f64> {
        self.matrix.column(3).into_owned()
    }

    /// The step in `To` for one unit along axis `axis` (0, 1 or 2) of `From`.
    pub fn axis(&self, axis: usize) -> Vector3<f64> {
        self.matrix.column(axis).into_owned()
    }

    /// The map back.
    #[must_use]
    pub fn inverse(&self) -> Affine<From, To> {
        let linear = self.matrix.fixed_view::<3, 3>(0, 0).into_owned();
        // Invertible by construction: `from_rows` refused the rest.
        let inverse = linear.try_inverse().unwrap_or_else(nalgebra::Matrix3::identity);
        let shift = -(inverse * self.origin());
        let mut matrix = Matrix3x4::zeros();
        matrix.fixed_view_mut::<3, 3>(0, 0).copy_from(&inverse);
        matrix.set_column(3, &shift);
        Affine { matrix, frames: PhantomData }
    }

    fn compose(left: &Matrix3x4<f64>, right: &Matrix3x4<f64>) -> Matrix3x4<f64> {
        let linear = left.fixed_view::<3, 3>(0, 0);
        let mut product = linear * right;
        let shift = product.column(3) + left.column(3);
        product.set_column(3, &shift);
        product
    }
}

impl<To, From> Clone for Affine<To, From> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<To, From> Copy for Affine<To, From> {}
impl<To, From> PartialEq for Affine<To, From> {
    fn eq(&self, other: &Self) -> bool {
        self.matrix == other.matrix
    }
}
impl<To, From> fmt::Debug for Affine<To, From> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = self.matrix.as_slice();
        write!(f, "{}_from_{} {numbers:?}", frame_name::<To>(), frame_name::<From>())
    }
}

impl<To, From> std::convert::From<Transform<To, From>> for Affine<To, From> {
    fn from(transform: Transform<To, From>) -> Self {
        let matrix = transform.isometry().to_homogeneous();
        Self { matrix: matrix.fixed_view::<3, 4>(0, 0).into_owned(), frames: PhantomData }
    }
}

impl<To, Via, From> Mul<Affine<Via, From>> for Affine<To, Via> {
    type Output = Affine<To, From>;
    fn mul(self, right: Affine<Via, From>) -> Affine<To, From> {
        Affine { matrix: Self::compose(&self.matrix, &right.matrix), frames: PhantomData }
    }
}

impl<To, Via, From> Mul<Affine<Via, From>> for Transform<To, Via> {
    type Output = Affine<To, From>;
    fn mul(self, right: Affine<Via, From>) -> Affine<To, From> {
        Affine::<To, Via>::from(self) * right
    }
}

impl<To, From> Mul<Point<From>> for Affine<To, From> {
    type Output = Point<To>;
    fn mul(self, point: Point<From>) -> Point<To> {
        let linear = self.matrix.fixed_view::<3, 3>(0, 0);
        Point::new(Point3::from(linear * point.xyz_mm.coords + self.matrix.column(3)))
    }
}

impl<To, From> Serialize for Affine<To, From> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows: [[f64; 4]; 3] =
            std::array::from_fn(|row| std::array::from_fn(|column| self.matrix[(row, column)]));
        rows.serialize(serializer)
    }
}

impl<'de, To, From> Deserialize<'de> for Affine<To, From> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = <[[f64; 4]; 3]>::deserialize(deserializer)?;
        Self::from_rows(Matrix3x4::from_fn(|row, column| rows[row][column]))
            .map_err(de::Error::custom)
    }
}
