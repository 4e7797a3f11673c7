//! A regular grid of voxels and where it lies in millimetres.

use nalgebra::{Matrix3x4, Point3, Vector3};

/// Size, spacing and place of a volume.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    size: [usize; 3],
    mm_from_voxel: Matrix3x4<f64>,
    spacing_mm: [f64; 3],
}

/// Why a volume cannot be worked on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GridError {
    /// No voxels, or more than memory can address.
    #[error("a volume has 1 to 2³¹ voxels, but its size is {size:?}; crop or resample it")]
    Size {
        /// Voxels along x, y and z.
        size: [u32; 3],
    },
    /// The axes are not at right angles, or not finite.
    #[error(
        "expected voxel axes at right angles with lengths above 0, but the lengths are {spacing_mm:?} mm and the largest cosine between two is {cosine:.4}; resample the volume to a grid without shear"
    )]
    Axes {
        /// Lengths of the voxel axes.
        spacing_mm: [f64; 3],
        /// Largest cosine between two of them.
        cosine: f64,
    },
    /// An array of another length than the grid.
    #[error(
        "the grid has {expected} voxels, but `{array}` has {got}; give one value for each voxel, x fastest"
    )]
    Length {
        /// Which array.
        array: &'static str,
        /// Voxels of the grid.
        expected: usize,
        /// Values in the array.
        got: usize,
    },
}

impl Grid {
    /// A grid of `size` voxels (x, y, z); `mm_from_voxel` maps the indices of voxel centres to millimetres.
    ///
    /// # Errors
    /// If there are no voxels or too many, or the axes are no orthogonal triple of finite length (mirroring is allowed).
    pub fn new(size: [u32; 3], mm_from_voxel: Matrix3x4<f64>) -> Result<Self, GridError> {
        let voxels = size.iter().try_fold(1_u64, |product, &side| product.checked_mul(side.into()));
        if !voxels.is_some_and(|voxels| (1..=1 << 31).contains(&voxels)) {
            return Err(GridError::Size { size });
        }
        let axes = [0, 1, 2].map(|axis| mm_from_voxel.column(axis).into_owned());
        let spacing_mm = axes.map(|axis| axis.norm());
        let cosine = [(0, 1), (0, 2), (1, 2)]
            .map(|(a, b)| (axes[a].dot(&axes[b]) / (spacing_mm[a] * spacing_mm[b])).abs())
            .into_iter()
            .fold(0.0, |largest: f64, cosine| if cosine <= largest { largest } else { cosine });
        let finite = mm_from_voxel.iter().all(|value| value.is_finite());
        if !finite || !(cosine < 1e-3) || !spacing_mm.iter().all(|&side| side > 1e-6) {
            return Err(GridError::Axes { spacing_mm, cosine });
        }
        Ok(Self { size: size.map(|side| side as usize), mm_from_voxel, spacing_mm })
    }

    /// An axis-parallel grid whose first voxel centre lies at the origin.
    ///
    /// # Errors
    /// As [`Grid::new`].
    pub fn with_spacing(size: [u32; 3], spacing_mm: [f64; 3]) -> Result<Self, GridError> {
        let mut matrix = Matrix3x4::zeros();
        for axis in 0..3 {
            matrix[(axis, axis)] = spacing_mm[axis];
        }
        Self::new(size, matrix)
    }

    /// Voxels along x, y and z.
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// Voxels in all.
    pub fn voxels(&self) -> usize {
        self.size.iter().product()
    }

    /// Lengths of the voxel axes in millimetres.
    pub fn spacing_mm(&self) -> [f64; 3] {
        self.spacing_mm
    }

    /// Whether the map from voxels to millimetres turns a right hand into a left one.
    pub fn is_mirrored(&self) -> bool {
        self.mm_from_voxel.fixed_view::<3, 3>(0, 0).determinant() < 0.0
    }

    /// Where a (fractional) index lies in millimetres.
    pub fn to_mm(&self, index: [f64; 3]) -> Point3<f64> {
        let linear = self.mm_from_voxel.fixed_view::<3, 3>(0, 0);
        Point3::from(linear * Vector3::from(index) + self.mm_from_voxel.column(3))
    }

    /// Checks that an array has one value for each voxel.
    ///
    /// # Errors
    /// If it has more or fewer.
    pub fn check(&self, array: &'static str, values: &[u8]) -> Result<(), GridError> {
        if values.len() == self.voxels() {
            return Ok(());
        }
        Err(GridError::Length { array, expected: self.voxels(), got: values.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_grid_is_refused() {
        assert!(matches!(Grid::with_spacing([4, 0, 4], [1.0; 3]), Err(GridError::Size { .. })));
        assert!(matches!(
            Grid::with_spacing([4, 4, 4], [1.0, 0.0, 1.0]),
            Err(GridError::Axes { .. })
        ));
        let mut sheared = Matrix3x4::identity();
        sheared[(0, 1)] = 0.2;
        assert!(matches!(Grid::new([4, 4, 4], sheared), Err(GridError::Axes { .. })));
        let grid = Grid::with_spacing([4, 4, 4], [1.0; 3]).unwrap();
        assert!(grid.check("mask", &[0; 63]).is_err());
    }
}
