//! What people ask about a volume.

use nalgebra::Matrix3;

use super::direction::AxisDirection;
use crate::metaimage::{Pixels, ScalarType};
use crate::nrrd::type_name;
use crate::placed_volume::PlacedVolume;

/// What a volume is, where it lies, and which numbers it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct VolumeSummary {
    /// The kind of file, such as `NIfTI-1, gzip`.
    pub format: String,
    /// Voxels along x, y and z.
    pub dims: [usize; 3],
    /// Distance of neighbouring voxel centres along each axis, in millimetres.
    pub spacing_mm: [f64; 3],
    /// Centre of the first voxel, in millimetres, LPS.
    pub origin_mm: [f64; 3],
    /// Which way each axis runs.
    pub axes: [AxisDirection; 3],
    /// Whether the three axes are a left hand's: then the voxels are the mirror image of what they show.
    pub is_mirrored: bool,
    /// The number type.
    pub scalar: ScalarType,
    /// Its name for people, such as `int16` or `float`.
    pub scalar_name: &'static str,
    /// The least and the largest finite number; `None` if there is none.
    pub range: Option<[f64; 2]>,
    /// Voxels that are NaN or infinite.
    pub not_finite: usize,
}

impl VolumeSummary {
    /// Of a volume with as many voxels as its size says.
    pub fn of(volume: &PlacedVolume, format: impl Into<String>) -> Self {
        let map = &volume.lps_from_voxel;
        let axes: Matrix3<f64> = map.fixed_view::<3, 3>(0, 0).into_owned();
        let (range, not_finite) = range(&volume.voxels);
        let scalar = volume.voxels.scalar();
        Self {
            format: format.into(),
            dims: volume.dims,
            spacing_mm: [0, 1, 2].map(|axis| axes.column(axis).norm()),
            origin_mm: [0, 1, 2].map(|row| map[(row, 3)]),
            axes: [0, 1, 2].map(|axis| AxisDirection::of(&axes.column(axis).into_owned())),
            is_mirrored: axes.determinant() < 0.0,
            scalar,
            scalar_name: type_name(scalar),
            range,
            not_finite,
        }
    }

    /// How far the volume reaches along each of its axes, outer faces included, in millimetres.
    pub fn extent_mm(&self) -> [f64; 3] {
        [0, 1, 2].map(|axis| self.dims[axis] as f64 * self.spacing_mm[axis])
    }

    /// Which way the axes run, such as `x to left, y to back, z to head`.
    pub fn direction(&self) -> String {
        let [x, y, z] = self.axes;
        format!("x {x}, y {y}, z {z}")
    }
}

/// The least and the largest of the finite numbers, and how many are not finite.
pub(super) fn range(pixels: &Pixels) -> (Option<[f64; 2]>, usize) {
    macro_rules! whole {
        ($values:expr) => {{
            let (least, largest) = ($values.iter().min(), $values.iter().max());
            (least.zip(largest).map(|(least, largest)| [*least as f64, *largest as f64]), 0)
        }};
    }
    match pixels {
        Pixels::I8(values) => whole!(values),
        Pixels::U8(values) => whole!(values),
        Pixels::I16(values) => whole!(values),
        Pixels::U16(values) => whole!(values),
        Pixels::I32(values) => whole!(values),
        Pixels::U32(values) => whole!(values),
        Pixels::I64(values) => whole!(values),
        Pixels::U64(values) => whole!(values),
        Pixels::F32(values) => finite(values.iter().map(|value| f64::from(*value))),
        Pixels::F64(values) => finite(values.iter().copied()),
    }
}

fn finite(values: impl Iterator<Item = f64>) -> (Option<[f64; 2]>, usize) {
    let (mut range, mut not_finite) = (None, 0);
    for value in values {
        if value.is_finite() {
            let [least, largest] = range.unwrap_or([value; 2]);
            range = Some([value.min(least), value.max(largest)]);
        } else {
            not_finite += 1;
        }
    }
    (range, not_finite)
}
