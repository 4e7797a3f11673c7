//! IMAGE as an 8-bit grey ultrasound image, rows from the probe down.
//!
//! **Numbers.** 8 bits without a sign are taken as they are. All others are mapped by a window, its lower limit to 0,
//! its upper one to 255, rounded, and what is beyond them to these. Integers without a window have the whole range of
//! their type as one; floating point has none, and is refused without. What is not a number becomes 0.
//!
//! **Colours.** Three components are red, green and blue, four have an opacity besides, which is ignored: grey is their
//! luma (ITU-R BT.601, as for recorded sequences), after the window. Any other count is refused.
//!
//! **Shape.** One plane. Of the three axes one must have a single voxel, mostly the last; some senders put it first.
//! Volumes and parts of images (subvolumes) are refused: a part would leave the rest of another time.

use formats::openigtlink::{Endian, Image, ScalarType};
use formats::plus_sequence::Orientation;
use messages::{Affine, Patient, UltrasoundImage};
use nalgebra::{Matrix3x4, Matrix4, Vector4};

/// How images are turned to grey and to their usual display.
#[derive(Clone, Copy, Debug)]
pub struct Conversion {
    /// How the ultrasound lies in the pixels that come.
    pub orientation: Orientation,
    /// The values that become black and white.
    pub window: Option<[f64; 2]>,
}

/// The two axes of an image, columns first, and the one that has a single voxel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plane {
    axes: [usize; 3],
    width: usize,
    height: usize,
}

fn plane(image: &Image) -> Result<Plane, String> {
    if !image.is_whole() {
        return Err(format!(
            "only a part of an image came ({:?} of {:?} voxels, from {:?} on), and whole images are taken: let the server send them whole",
            image.subvolume_size, image.size, image.subvolume_offset
        ));
    }
    let size = image.size.map(usize::from);
    if size.contains(&0) {
        return Err(format!("an image of {size:?} voxels has no pixels"));
    }
    let axes = match size {
        [_, _, 1] => [0, 1, 2],
        [1, _, _] => [1, 2, 0],
        [_, 1, _] => [0, 2, 1],
        _ => {
            return Err(format!(
                "a volume of {size:?} voxels came, and single planes are taken: name the device of the live images in `device`"
            ));
        }
    };
    Ok(Plane { axes, width: size[axes[0]], height: size[axes[1]] })
}

impl Conversion {
    /// The image, 8-bit grey in MF: rows from the probe down, columns towards the marked side.
    ///
    /// # Errors
    /// If it is nothing that can be shown so; says what it is and what to do.
    pub fn grey(&self, image: &Image) -> Result<UltrasoundImage, String> {
        let plane = plane(image)?;
        let components = usize::from(image.components);
        if !matches!(components, 1 | 3 | 4) {
            return Err(format!(
                "an image with {components} components came; 1 is grey, 3 is RGB and 4 is RGBA: let the server send one of these"
            ));
        }
        let numbers = self.bytes(image)?;
        let grey = match components {
            1 => numbers,
            _ => numbers.chunks_exact(components).map(luma).collect(),
        };
        let turned = self.orientation.to_mf(&grey, plane.width, plane.height, 1);
        let (width, height) = self.orientation.mf_size(plane.width, plane.height);
        let pixels = match turned {
            std::borrow::Cow::Owned(turned) => turned,
            std::borrow::Cow::Borrowed(_) => grey,
        };
        UltrasoundImage::new(width as u32, height as u32, pixels).map_err(|error| error.to_string())
    }

    /// The numbers by the window, still side by side.
    fn bytes(&self, image: &Image) -> Result<Vec<u8>, String> {
        let window = match (self.window, image.scalar) {
            (None | Some([0.0, 255.0]), ScalarType::Uint8) => return Ok(image.pixels.clone()),
            (Some(window), _) => window,
            (None, scalar) => whole_range(scalar).ok_or_else(|| {
                format!(
                    "the image's numbers are {scalar:?}, of which none is black or white by itself: give both in `window`"
                )
            })?,
        };
        let big = image.endian == Endian::Big;
        macro_rules! numbers {
            ($type:ty) => {{
                let (chunks, _) = image.pixels.as_chunks::<{ size_of::<$type>() }>();
                let number = |bytes: &[u8; size_of::<$type>()]| {
                    if big {
                        <$type>::from_be_bytes(*bytes)
                    } else {
                        <$type>::from_le_bytes(*bytes)
                    }
                };
                chunks.iter().map(|bytes| grey_of(number(bytes) as f64, window)).collect()
            }};
        }
        Ok(match image.scalar {
            ScalarType::Uint8 => numbers!(u8),
            ScalarType::Int8 => numbers!(i8),
            ScalarType::Uint16 => numbers!(u16),
            ScalarType::Int16 => numbers!(i16),
            ScalarType::Uint32 => numbers!(u32),
            ScalarType::Int32 => numbers!(i32),
            ScalarType::Float32 => numbers!(f32),
            ScalarType::Float64 => numbers!(f64),
            ScalarType::Complex => {
                return Err("complex numbers are no image: let the server send their amount".into());
            }
        })
    }

    /// Where the pixels of [`grey`](Self::grey) lie, by the image's matrix: in mm, the centre of the first at (0, 0).
    /// The numbers are taken as they are, whether the image says RAS or LPS; `anatomical` turns them into LPS.
    ///
    /// # Errors
    /// If the matrix places the image nowhere.
    pub fn place(
        &self,
        image: &Image,
        anatomical: bool,
    ) -> Result<Affine<Patient, messages::Image>, String> {
        let Plane { axes, width, height } = plane(image)?;
        let map = if anatomical { image.lps_from_voxel() } else { image.space_from_voxel() };
        let at = |x: f64, y: f64, z: f64| self.point(&map, axes, [width, height], [x, y, z]);
        let origin = at(0.0, 0.0, 0.0);
        let columns = [at(1.0, 0.0, 0.0), at(0.0, 1.0, 0.0), at(0.0, 0.0, 1.0)];
        let mut rows = Matrix3x4::zeros();
        for (axis, column) in columns.iter().enumerate() {
            rows.set_column(axis, &(column - origin).xyz());
        }
        rows.set_column(3, &origin.xyz());
        Affine::from_rows(rows)
            .map_err(|error| format!("the image's matrix places it nowhere: {error}"))
    }

    /// Where a place in the turned image lies.
    fn point(
        &self,
        map: &Matrix4<f64>,
        axes: [usize; 3],
        [width, height]: [usize; 2],
        [x, y, z]: [f64; 3],
    ) -> Vector4<f64> {
        let Orientation { unmarked, near, depth_first, .. } = self.orientation;
        let (sides, depths) = if depth_first { (height, width) } else { (width, height) };
        let side = if unmarked { sides as f64 - 1.0 - x } else { x };
        let depth = if near { depths as f64 - 1.0 - y } else { y };
        let (column, row) = if depth_first { (depth, side) } else { (side, depth) };
        let mut voxel = Vector4::new(0.0, 0.0, 0.0, 1.0);
        (voxel[axes[0]], voxel[axes[1]], voxel[axes[2]]) = (column, row, z);
        map * voxel
    }
}

/// The window of a type that has a smallest and a largest value.
fn whole_range(scalar: ScalarType) -> Option<[f64; 2]> {
    Some(match scalar {
        ScalarType::Int8 => [f64::from(i8::MIN), f64::from(i8::MAX)],
        ScalarType::Uint8 => [0.0, f64::from(u8::MAX)],
        ScalarType::Int16 => [f64::from(i16::MIN), f64::from(i16::MAX)],
        ScalarType::Uint16 => [0.0, f64::from(u16::MAX)],
        ScalarType::Int32 => [f64::from(i32::MIN), f64::from(i32::MAX)],
        ScalarType::Uint32 => [0.0, f64::from(u32::MAX)],
        ScalarType::Float32 | ScalarType::Float64 | ScalarType::Complex => return None,
    })
}

/// A number that is none becomes 0.
fn grey_of(number: f64, [black, white]: [f64; 2]) -> u8 {
    ((number - black) / (white - black) * 255.0).round() as u8
}

/// ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B, rounded.
fn luma(colour: &[u8]) -> u8 {
    let weighted: u32 =
        colour.iter().zip([299, 587, 114]).map(|(part, weight)| u32::from(*part) * weight).sum();
    ((weighted + 500) / 1000) as u8
}

#[cfg(test)]
mod tests {
    use formats::openigtlink::CoordinateSystem;
    use nalgebra::Point3;

    use super::*;

    fn image(size: [u16; 3], components: u8, scalar: ScalarType, pixels: Vec<u8>) -> Image {
        Image {
            version: 1,
            components,
            scalar,
            endian: Endian::Little,
            coordinates: CoordinateSystem::Ras,
            size,
            matrix: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
            subvolume_offset: [0; 3],
            subvolume_size: size,
            pixels,
        }
    }

    fn conversion(orientation: &str, window: Option<[f64; 2]>) -> Conversion {
        Conversion { orientation: orientation.parse().unwrap(), window }
    }

    #[test]
    fn every_type_and_byte_order_is_mapped_by_its_range_or_its_window() {
        let mf = conversion("MF", None);
        let wide = conversion("MF", Some([-1.0, 1.0]));
        macro_rules! check {
            ($conversion:expr, $scalar:ident, $($number:expr => $grey:expr),*) => {
                for big in [false, true] {
                    let pixels: Vec<u8> = [$($number),*].iter().flat_map(|number| {
                        if big { number.to_be_bytes() } else { number.to_le_bytes() }
                    }).collect();
                    let expected = [$($grey),*];
                    let mut image = image([expected.len() as u16, 1, 1], 1, ScalarType::$scalar, pixels);
                    image.endian = if big { Endian::Big } else { Endian::Little };
                    let grey = $conversion.grey(&image).unwrap();
                    assert_eq!(grey.pixels.as_slice(), &expected, "{:?} {big}", ScalarType::$scalar);
                }
            };
        }
        check!(mf, Uint8, 0_u8 => 0, 100_u8 => 100, 255_u8 => 255);
        check!(mf, Int8, -128_i8 => 0, 0_i8 => 128, 127_i8 => 255);
        check!(mf, Uint16, 0_u16 => 0, 32_768_u16 => 128, 65_535_u16 => 255);
        check!(mf, Int16, i16::MIN => 0, 0_i16 => 128, i16::MAX => 255);
        check!(mf, Uint32, 0_u32 => 0, u32::MAX => 255);
        check!(mf, Int32, i32::MIN => 0, 0_i32 => 128, i32::MAX => 255);
        check!(wide, Float32, -1.0_f32 => 0, 0.5_f32 => 191, 7.0_f32 => 255, f32::NAN => 0);
        check!(wide, Float64, -9.0_f64 => 0, 0.0_f64 => 128, 1.0_f64 => 255);
        check!(conversion("MF", Some([0.0, 1000.0])), Uint16, 0_u16 => 0, 500_u16 => 128, 4000_u16 => 255);
    }

    #[test]
    fn colours_become_their_luma() {
        let rgb = image([2, 1, 1], 3, ScalarType::Uint8, vec![255, 0, 0, 10, 20, 30]);
        let grey = conversion("MF", None).grey(&rgb).unwrap();
        assert_eq!(grey.pixels.as_slice(), &[76, 18]);
        let rgba = image([1, 1, 1], 4, ScalarType::Uint8, vec![10, 20, 30, 0]);
        assert_eq!(conversion("MF", None).grey(&rgba).unwrap().pixels.as_slice(), &[18]);
    }

    #[test]
    fn what_is_no_plane_of_grey_is_refused_with_what_to_do() {
        let mf = conversion("MF", None);
        let refused = |image: &Image, says: &str| {
            let error = mf.grey(image).unwrap_err();
            assert!(error.contains(says), "{error}");
        };
        refused(&image([2, 2, 2], 1, ScalarType::Uint8, vec![0; 8]), "a volume of");
        refused(&image([2, 1, 1], 2, ScalarType::Uint8, vec![0; 4]), "2 components");
        refused(&image([1, 1, 1], 1, ScalarType::Float32, vec![0; 4]), "`window`");
        refused(&image([1, 0, 1], 1, ScalarType::Uint8, vec![]), "no pixels");
        let mut part = image([2, 2, 1], 1, ScalarType::Uint8, vec![0; 2]);
        part.subvolume_size = [2, 1, 1];
        refused(&part, "only a part");
    }

    #[test]
    fn the_axis_of_one_voxel_may_be_any() {
        for size in [[3, 2, 1], [1, 3, 2], [3, 1, 2]] {
            let image = image(size, 1, ScalarType::Uint8, vec![1, 2, 3, 4, 5, 6]);
            let grey = conversion("MF", None).grey(&image).unwrap();
            assert_eq!((grey.width_px, grey.height_px), (3, 2), "{size:?}");
            assert_eq!(grey.pixels.as_slice(), &[1, 2, 3, 4, 5, 6]);
        }
    }

    /// Wherever the ultrasound lies in the pixels, a pixel of the turned image has the value and the place of the one it
    /// came from.
    #[test]
    fn pixels_keep_their_places_when_they_are_turned() {
        let (width, height) = (4_u16, 3_u16);
        let pixels: Vec<u8> = (0..12).collect();
        for orientation in ["MF", "MN", "UF", "UN", "FM", "NM", "FU", "NU"] {
            let mut image = image([width, height, 1], 1, ScalarType::Uint8, pixels.clone());
            image.matrix = [0.0, 0.5, 0.0, 0.25, 0.0, 0.0, 0.0, 0.0, 1.0, 10.0, -20.0, 30.0];
            let conversion = conversion(orientation, None);
            let grey = conversion.grey(&image).unwrap();
            let map = conversion.place(&image, false).unwrap();
            for y in 0..grey.height_px {
                for x in 0..grey.width_px {
                    let value = grey.pixels.as_slice()[(y * grey.width_px + x) as usize];
                    let (i, j) = (f64::from(value % 4), f64::from(value / 4));
                    let expected = [10.0 + 0.25 * (j - 1.0), -20.0 + 0.5 * (i - 1.5), 30.0];
                    let pixel = messages::Point::new(Point3::new(f64::from(x), f64::from(y), 0.0));
                    let came = (map * pixel).xyz_mm;
                    let off = (came.coords - nalgebra::Vector3::from(expected)).norm();
                    assert!(off < 1e-6, "{orientation} {x} {y}: {came}");
                }
            }
        }
    }

    #[test]
    fn the_matrix_is_taken_as_it_is_or_as_anatomical() {
        let mut image = image([1, 1, 1], 1, ScalarType::Uint8, vec![0]);
        image.matrix[9..].copy_from_slice(&[1.0, 2.0, 3.0]);
        let mf = conversion("MF", None);
        assert_eq!(mf.place(&image, false).unwrap().origin().as_slice(), [1.0, 2.0, 3.0]);
        assert_eq!(mf.place(&image, true).unwrap().origin().as_slice(), [-1.0, -2.0, 3.0]);
        image.coordinates = CoordinateSystem::Lps;
        assert_eq!(mf.place(&image, true).unwrap().origin().as_slice(), [1.0, 2.0, 3.0]);
        image.matrix = [0.0; 12];
        assert!(mf.place(&image, true).unwrap_err().contains("nowhere"));
    }
}
