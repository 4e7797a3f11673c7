//! IMAGE: an image or a volume, or a box of one, with its place in the body.

use nalgebra::Matrix4;
use serde::{Deserialize, Serialize};

use super::fields::{Fields, put_f32s, put_u16s};
use super::transform::{columns_of, matrix_of};
use super::{CoordinateSystem, Endian, Error, ScalarType, json};

/// IMAGE: an image or a volume, of which a box came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// Version of this kind of message; 1 or 2, with no difference.
    pub version: u16,
    /// Numbers of each voxel, side by side: 1 for grey values, 3 for RGB.
    pub components: u8,
    /// Type of the numbers.
    pub scalar: ScalarType,
    /// Byte order of the numbers.
    pub endian: Endian,
    /// The space in which the image is placed.
    pub coordinates: CoordinateSystem,
    /// Voxels of the whole image along i, j and k.
    pub size: [u16; 3],
    /// As it came, column after column: what one step along i, j and k is in mm, and where the **centre** of the whole
    /// image lies in mm. See [`Image::space_from_voxel`].
    #[serde(with = "json::numbers")]
    pub matrix: [f32; 12],
    /// The voxel at which the box begins.
    pub subvolume_offset: [u16; 3],
    /// Voxels of the box along i, j and k.
    pub subvolume_size: [u16; 3],
    /// The numbers of the box, in their byte order: components fastest, then i, j and k.
    #[serde(with = "json::base64")]
    pub pixels: Vec<u8>,
}

impl Image {
    /// Whether the box is the whole image.
    pub fn is_whole(&self) -> bool {
        self.subvolume_offset == [0; 3] && self.subvolume_size == self.size
    }

    /// Millimetres from one voxel to the next along i, j and k.
    pub fn spacing_mm(&self) -> [f64; 3] {
        let matrix = matrix_of(&self.matrix);
        std::array::from_fn(|axis| matrix.fixed_view::<3, 1>(0, axis).norm())
    }

    /// Maps indices of voxels, (0, 0, 0) the centre of the first one, to mm in the image's own space, RAS or LPS.
    ///
    /// The centre of the image is that of the voxels: (n − 1) / 2 steps from the centre of the first.
    pub fn space_from_voxel(&self) -> Matrix4<f64> {
        first_from_centre(&matrix_of(&self.matrix), self.size, -0.5)
    }

    /// Maps indices of voxels to mm in LPS, whatever the space of the image is.
    pub fn lps_from_voxel(&self) -> Matrix4<f64> {
        self.coordinates.turned(&self.space_from_voxel())
    }

    /// What [`Image::matrix`] is for a map of [`Image::space_from_voxel`] and a size; in single precision.
    pub fn matrix_of(space_from_voxel: &Matrix4<f64>, size: [u16; 3]) -> [f32; 12] {
        columns_of(&first_from_centre(space_from_voxel, size, 0.5))
    }

    /// Bytes that the pixels have by the other fields.
    pub fn pixel_bytes(&self) -> u64 {
        let voxels: u64 = self.subvolume_size.iter().map(|side| u64::from(*side)).product();
        voxels * u64::from(self.components) * self.scalar.bytes() as u64
    }

    fn is_inside(&self) -> bool {
        let sides = self.subvolume_offset.iter().zip(&self.subvolume_size);
        sides.zip(&self.size).all(|((start, length), side)| {
            u32::from(*start) + u32::from(*length) <= u32::from(*side)
        })
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let mut image = Self {
            version: fields.u16("the version")?,
            components: fields.u8("the count of components")?,
            scalar: ScalarType::read(fields, "the scalar type")?,
            endian: Endian::read(fields, "the byte order")?,
            coordinates: CoordinateSystem::read(fields, "the coordinate system")?,
            size: fields.u16s("the size")?,
            matrix: fields.f32s("the matrix")?,
            subvolume_offset: fields.u16s("the offset of the subvolume")?,
            subvolume_size: fields.u16s("the size of the subvolume")?,
            pixels: vec![],
        };
        if !image.is_inside() {
            let came =
                format_args!("{:?} from {:?} on", image.subvolume_size, image.subvolume_offset);
            let expected = format!("inside an image of {:?} voxels", image.size);
            return Err(fields.wrong("the subvolume", expected, came));
        }
        let came = fields.left();
        if image.pixel_bytes() != came as u64 {
            let expected = format!(
                "{} bytes for {:?} voxels of {} × {:?}",
                image.pixel_bytes(),
                image.subvolume_size,
                image.components,
                image.scalar
            );
            return Err(fields.wrong("the list of pixels", expected, format_args!("{came} bytes")));
        }
        image.pixels = fields.rest().to_vec();
        Ok(image)
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        if !self.is_inside() {
            return Err(Error::unwritable("IMAGE", "its subvolume is not inside the image"));
        }
        if self.pixel_bytes() != self.pixels.len() as u64 {
            let reason = format!(
                "its pixels should be {} bytes, but are {}",
                self.pixel_bytes(),
                self.pixels.len()
            );
            return Err(Error::unwritable("IMAGE", reason));
        }
        bytes.extend(self.version.to_be_bytes());
        bytes.extend([
            self.components,
            self.scalar.code(),
            self.endian.code(),
            self.coordinates.code(),
        ]);
        put_u16s(bytes, &self.size);
        put_f32s(bytes, &self.matrix);
        put_u16s(bytes, &self.subvolume_offset);
        put_u16s(bytes, &self.subvolume_size);
        bytes.extend(&self.pixels);
        Ok(())
    }
}

/// The matrix with its translation moved by so many times (n − 1) steps along each axis.
fn first_from_centre(matrix: &Matrix4<f64>, size: [u16; 3], share: f64) -> Matrix4<f64> {
    let steps = size.map(|side| share * (f64::from(side) - 1.0));
    let mut moved = *matrix;
    for row in 0..3 {
        moved[(row, 3)] += (0..3).map(|axis| matrix[(row, axis)] * steps[axis]).sum::<f64>();
    }
    moved
}

impl CoordinateSystem {
    /// A map into this space as one into LPS; a map into LPS as one into this space.
    pub fn turned(self, map: &Matrix4<f64>) -> Matrix4<f64> {
        let mut turned = *map;
        if self == Self::Ras {
            turned.row_mut(0).neg_mut();
            turned.row_mut(1).neg_mut();
        }
        turned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(size: [u16; 3], coordinates: CoordinateSystem) -> Image {
        Image {
            version: 1,
            components: 1,
            scalar: ScalarType::Uint8,
            endian: Endian::Little,
            coordinates,
            size,
            matrix: [0.0, 2.0, 0.0, -0.5, 0.0, 0.0, 0.0, 0.0, 4.0, 10.0, 20.0, 30.0],
            subvolume_offset: [0; 3],
            subvolume_size: size,
            pixels: vec![],
        }
    }

    #[test]
    fn the_place_is_that_of_the_centre() {
        let image = image([5, 3, 2], CoordinateSystem::Lps);
        let map = image.space_from_voxel();
        let centre = map * nalgebra::Vector4::new(2.0, 1.0, 0.5, 1.0);
        assert_eq!(centre.as_slice(), [10.0, 20.0, 30.0, 1.0]);
        assert_eq!(map.column(3).as_slice(), [10.5, 16.0, 28.0, 1.0]);
        assert_eq!(image.spacing_mm(), [2.0, 0.5, 4.0]);
        assert_eq!(Image::matrix_of(&map, image.size), image.matrix);
        assert_eq!(image.lps_from_voxel(), map);
    }

    #[test]
    fn ras_is_turned() {
        let map = image([5, 3, 2], CoordinateSystem::Ras).lps_from_voxel();
        assert_eq!(map.column(3).as_slice(), [-10.5, -16.0, 28.0, 1.0]);
        assert_eq!(map.column(0).as_slice(), [0.0, -2.0, 0.0, 0.0]);
    }
}
