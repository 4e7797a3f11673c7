//! A volume with its place in space, as one MetaImage.

use nalgebra::{Matrix3, Matrix4, Vector3};

use super::data_file::DataFile;
use super::element::{Pixels, ScalarType};
use super::error::Error;
use super::header::Header;
use super::image::{Image, write};
use super::pixel_reader::Limits;
use crate::matrix_text::maps_both_ways;

/// Voxels of one number each on a regular grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    /// Voxels along x, y and z.
    pub dims: [usize; 3],
    /// Distance of neighbouring voxel centres, in millimetres.
    pub spacing_mm: Vector3<f64>,
    /// Centre of the first voxel, in millimetres, LPS.
    pub origin_mm: Vector3<f64>,
    /// Column `i` is the direction of axis `i`.
    pub direction: Matrix3<f64>,
    /// `x + dims[0] * (y + dims[1] * z)`.
    pub voxels: Pixels,
}

impl Volume {
    /// Maps voxel indices to millimetres.
    pub fn world_from_voxel(&self) -> Matrix4<f64> {
        let mut matrix = Matrix4::identity();
        let linear = self.direction * Matrix3::from_diagonal(&self.spacing_mm);
        matrix.fixed_view_mut::<3, 3>(0, 0).copy_from(&linear);
        matrix.fixed_view_mut::<3, 1>(0, 3).copy_from(&self.origin_mm);
        matrix
    }

    /// From the bytes of a `.mha` file.
    ///
    /// # Errors
    /// If the file is no well-formed MetaImage of three dimensions and one channel.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        Self::try_from(Image::read(bytes, limits)?)
    }

    /// The bytes of a `.mha` file.
    ///
    /// # Errors
    /// If the number of voxels does not fit the size, or the geometry makes no sense.
    pub fn write(&self, compressed: bool) -> Result<Vec<u8>, Error> {
        let (dims, scalar) = (self.dims, self.voxels.scalar());
        let header = header(dims, scalar, self.spacing_mm, self.origin_mm, self.direction);
        write(&header, &self.voxels, compressed)
    }
}

/// The header of a volume.
pub(crate) fn header(
    dims: [usize; 3],
    scalar: ScalarType,
    spacing_mm: Vector3<f64>,
    origin_mm: Vector3<f64>,
    direction: Matrix3<f64>,
) -> Header {
    Header {
        dims: dims.to_vec(),
        scalar: Some(scalar),
        channels: 1,
        spacing_mm: spacing_mm.as_slice().to_vec(),
        offset_mm: origin_mm.as_slice().to_vec(),
        // A MetaImage writes the direction of one axis after the other: column by column.
        transform_matrix: direction.as_slice().to_vec(),
        big_endian: false,
        compressed: false,
        compressed_bytes: None,
        data_file: DataFile::Local,
        skip_bytes: 0,
        is_data_last: false,
        other: vec![super::Field {
            key: "AnatomicalOrientation".to_owned(),
            value: "RAI".to_owned(),
            line: 0,
        }],
    }
}

/// Spacing, origin and direction of a map from voxels to millimetres.
pub(crate) fn split(world_from_voxel: &Matrix4<f64>) -> (Vector3<f64>, Vector3<f64>, Matrix3<f64>) {
    let axes = world_from_voxel.fixed_view::<3, 3>(0, 0);
    let spacing_mm = Vector3::from_fn(|axis, _| axes.column(axis).norm());
    let direction = Matrix3::from_fn(|row, axis| axes[(row, axis)] / spacing_mm[axis] + 0.0);
    (spacing_mm, world_from_voxel.fixed_view::<3, 1>(0, 3).into_owned(), direction)
}

impl TryFrom<Image> for Volume {
    type Error = Error;

    fn try_from(Image { header, pixels }: Image) -> Result<Self, Error> {
        let [x, y, z] = header.dims[..] else {
            return Err(Error::Unsupported {
                what: format!("an image of {} dimensions as a volume", header.dims.len()),
                hint: "give an image with NDims = 3: one volume, no single slice and no series",
            });
        };
        if header.channels != 1 {
            return Err(Error::Unsupported {
                what: format!("a volume of {} channels", header.channels),
                hint: "export one channel, or gray (ElementNumberOfChannels = 1)",
            });
        }
        let volume = Self {
            dims: [x, y, z],
            spacing_mm: Vector3::from_column_slice(&header.spacing_mm),
            origin_mm: Vector3::from_column_slice(&header.offset_mm),
            direction: Matrix3::from_column_slice(&header.transform_matrix),
            voxels: pixels,
        };
        if maps_both_ways(&volume.world_from_voxel()) {
            return Ok(volume);
        }
        Err(Error::Unsupported {
            what: format!(
                "a volume with ElementSpacing = {:e} {:e} {:e} and this Offset and TransformMatrix",
                header.spacing_mm[0], header.spacing_mm[1], header.spacing_mm[2]
            ),
            hint: "numbers so large or so small cannot be computed with; write millimetres",
        })
    }
}
