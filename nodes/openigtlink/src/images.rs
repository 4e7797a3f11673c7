//! Images, volumes and labels as IMAGE.

use formats::openigtlink::{Endian, Image, ScalarType};
use messages::{Affine, Voxel};
use nalgebra::Matrix4;

use crate::coordinates::Coordinates;

/// The numbers of an image, and what they are.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<'a> {
    /// Their type.
    pub scalar: ScalarType,
    /// Their bytes, the lowest first, as they lie in memory.
    pub bytes: &'a [u8],
}

impl<'a> Numbers<'a> {
    /// Of 8 bits.
    pub fn bytes(bytes: &'a [u8]) -> Self {
        Self { scalar: ScalarType::Uint8, bytes }
    }

    /// Of 16 bits, with a sign.
    pub fn shorts(bytes: &'a [u8]) -> Self {
        Self { scalar: ScalarType::Int16, bytes }
    }
}

/// An IMAGE of numbers whose voxels are placed in a frame.
///
/// # Errors
/// If a side is longer than the protocol has room for; says so.
pub fn image(
    numbers: Numbers<'_>,
    size: [u32; 3],
    frame_from_voxel: &Matrix4<f64>,
    coordinates: Coordinates,
) -> Result<Image, String> {
    let sides = size.map(u16::try_from);
    let [Ok(x), Ok(y), Ok(z)] = sides else {
        return Err(format!(
            "it has {size:?} voxels, and OpenIGTLink has room for {} along each side",
            u16::MAX
        ));
    };
    let size = [x, y, z];
    let placed = coordinates.placed(frame_from_voxel);
    Ok(Image {
        version: 1,
        components: 1,
        scalar: numbers.scalar,
        // Arrays are little-endian on every supported machine.
        endian: Endian::Little,
        coordinates: coordinates.system(),
        size,
        matrix: Image::matrix_of(&placed, size),
        subvolume_offset: [0; 3],
        subvolume_size: size,
        pixels: numbers.bytes.to_vec(),
    })
}

/// A map as a 4×4 matrix.
pub fn matrix<To, From>(map: &Affine<To, From>) -> Matrix4<f64> {
    let mut matrix = Matrix4::identity();
    matrix.fixed_view_mut::<3, 4>(0, 0).copy_from(map.rows());
    matrix
}

/// Of an image that nobody has placed: a pixel is a millimetre, the first at the origin.
pub fn unplaced() -> Matrix4<f64> {
    Matrix4::identity()
}

/// A volume.
///
/// # Errors
/// As [`image`].
pub fn volume<In>(
    numbers: Numbers<'_>,
    size: [u32; 3],
    frame_from_voxel: &Affine<In, Voxel>,
    coordinates: Coordinates,
) -> Result<Image, String> {
    image(numbers, size, &matrix(frame_from_voxel), coordinates)
}

#[cfg(test)]
mod tests {
    use nalgebra::Vector4;

    use super::*;

    #[test]
    fn a_voxel_lies_where_it_lies_inside() {
        let inside = Matrix4::new(
            0.0, 0.5, 0.0, 10.0, 0.25, 0.0, 0.0, -20.0, 0.0, 0.0, 2.0, 30.0, 0.0, 0.0, 0.0, 1.0,
        );
        let voxels = [7_u8; 24];
        let at = Vector4::new(3.0, 1.0, 1.0, 1.0);
        for coordinates in [Coordinates::Ras, Coordinates::Lps] {
            let image = image(Numbers::bytes(&voxels), [4, 3, 2], &inside, coordinates).unwrap();
            assert!((image.lps_from_voxel() * at - inside * at).norm() < 1e-4, "{coordinates:?}");
        }
    }

    #[test]
    fn a_side_without_room_is_refused() {
        let error =
            image(Numbers::bytes(&[]), [70_000, 1, 1], &unplaced(), Coordinates::Ras).unwrap_err();
        assert!(error.contains("65535"), "{error}");
    }
}
