//! A volume and where it lies in the body, read from and written to a file of any kind that is known.

mod error;
mod kind;
mod values;
mod voxel_bytes;
mod write;

use std::io;

use nalgebra::{Matrix3, Matrix4};

pub use crate::metaimage::{Limits, Pixels};
pub use error::Error;
pub use kind::VolumeKind;
pub(crate) use voxel_bytes::VoxelBytes;
pub use write::Written;

use crate::matrix_text::maps_both_ways;
use crate::{metaimage, nifti, nrrd, plus_sequence};

/// Voxels of one number each on a regular grid.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedVolume {
    /// Voxels along x, y and z.
    pub dims: [usize; 3],
    /// Maps the indices of voxel centres to millimetres, LPS. Its axes span space; they may be oblique or mirrored.
    pub lps_from_voxel: Matrix4<f64>,
    /// `x + dims[0] * (y + dims[1] * z)`.
    pub voxels: Pixels,
}

impl PlacedVolume {
    /// From the bytes of a NRRD, NIfTI or MetaImage file; which it is shows in its first bytes. `beside` reads the file
    /// of a name in the same folder, for headers whose voxels are in other files; the name never leaves the folder.
    ///
    /// # Errors
    /// If the bytes are none of the three, or not well-formed.
    pub fn read(
        bytes: &[u8],
        limits: &Limits,
        beside: impl FnMut(&str) -> io::Result<Vec<u8>>,
    ) -> Result<Self, Error> {
        Self::read_as(bytes, limits, None, beside)
    }

    /// The same for a file called `name`, which matters for NIfTI in two files: its `.hdr` does not say how the file
    /// with the voxels is called.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_named(
        name: &str,
        bytes: &[u8],
        limits: &Limits,
        beside: impl FnMut(&str) -> io::Result<Vec<u8>>,
    ) -> Result<Self, Error> {
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        Self::read_as(bytes, limits, Some(file), beside)
    }

    fn read_as(
        bytes: &[u8],
        limits: &Limits,
        name: Option<&str>,
        beside: impl FnMut(&str) -> io::Result<Vec<u8>>,
    ) -> Result<Self, Error> {
        if nrrd::is_nrrd(bytes) {
            return nrrd::read(bytes, limits, beside);
        }
        if nifti::is_nifti(bytes) {
            return nifti::read(bytes, limits, name, beside);
        }
        if !is_metaimage(bytes) {
            return Err(Error::UnknownKind);
        }
        let (header, _) = metaimage::Header::parse(bytes)?;
        if header.other.iter().any(|line| line.key.starts_with(plus_sequence::PREFIX)) {
            return Err(Error::Sequence);
        }
        let image = metaimage::Image::read_with(bytes, limits, beside)?;
        Self::try_from(metaimage::Volume::try_from(image)?)
    }

    /// How many voxels there are.
    pub fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.dims.contains(&0)
    }
}

impl TryFrom<metaimage::Volume> for PlacedVolume {
    type Error = Error;

    fn try_from(volume: metaimage::Volume) -> Result<Self, Error> {
        let lps_from_voxel = checked(volume.world_from_voxel())?;
        if volume.dims.contains(&0) {
            return Err(Error::wrong("DimSize", "at least one voxel along each axis", "0"));
        }
        Ok(Self { dims: volume.dims, lps_from_voxel, voxels: volume.voxels })
    }
}

/// Whether bytes begin as a MetaImage does.
pub(crate) fn is_metaimage(bytes: &[u8]) -> bool {
    let start = bytes[..bytes.len().min(4096)].trim_ascii_start();
    [&b"ObjectType"[..], b"NDims", b"Comment"].iter().any(|key| start.starts_with(key))
}

/// Reads the second file of a volume.
pub(crate) fn read_beside(
    name: &str,
    beside: impl FnOnce(&str) -> io::Result<Vec<u8>>,
) -> Result<Vec<u8>, Error> {
    beside(name).map_err(|source| Error::Beside { name: name.to_owned(), source })
}

/// Whether three axes span space, so that each place has one index.
pub(crate) fn spans_space(axes: &Matrix3<f64>) -> bool {
    let lengths: f64 = (0..3).map(|axis| axes.column(axis).norm()).product();
    // Relative to the lengths, so that micrometre voxels are as good as metres.
    axes.iter().all(|value| value.is_finite()) && axes.determinant().abs() > 1e-6 * lengths
}

/// The angle between two axes that is farthest from 90°, in degrees.
pub(crate) fn farthest_angle_deg(axes: &Matrix3<f64>) -> f64 {
    let cosine = |a: usize, b: usize| {
        let (a, b) = (axes.column(a), axes.column(b));
        a.dot(&b) / (a.norm() * b.norm())
    };
    let cosines = [cosine(0, 1), cosine(1, 2), cosine(0, 2)];
    let worst = cosines
        .into_iter()
        .fold(0.0, |worst: f64, next| if next.abs() > worst.abs() { next } else { worst });
    worst.clamp(-1.0, 1.0).acos().to_degrees()
}

/// Whether the axes of a map are not at right angles, by more than what directions of few digits are off.
pub(crate) fn is_sheared(map: &Matrix4<f64>) -> bool {
    (farthest_angle_deg(&map.fixed_view::<3, 3>(0, 0).into_owned()) - 90.0).abs() > 0.006
}

/// A map that can be computed with in both directions.
pub(crate) fn checked(lps_from_voxel: Matrix4<f64>) -> Result<Matrix4<f64>, Error> {
    // What cannot be written must not be read.
    let axes = lps_from_voxel.fixed_view::<3, 3>(0, 0).into_owned();
    if spans_space(&axes) && maps_both_ways(&lps_from_voxel) {
        return Ok(lps_from_voxel);
    }
    let came: Vec<String> =
        lps_from_voxel.iter().take(15).map(|value| format!("{value:e}")).collect();
    let expected = "millimetres, neither so large nor so small that they cannot be computed with";
    Err(Error::wrong("the place of the volume", expected, came.join(" ")))
}

/// The map from voxels to millimetres in LPS, of one whose first two axes point along `signs` times left and back.
pub(crate) fn to_lps(axes: &Matrix3<f64>, origin: [f64; 3], signs: [f64; 3]) -> Matrix4<f64> {
    let mut map = Matrix4::identity();
    for row in 0..3 {
        for column in 0..3 {
            // Adding zero keeps -0 out of what people read.
            map[(row, column)] = signs[row] * axes[(row, column)] + 0.0;
        }
        map[(row, 3)] = signs[row] * origin[row] + 0.0;
    }
    map
}
