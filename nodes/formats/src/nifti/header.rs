//! The header of NIfTI-1 (348 bytes) and NIfTI-2 (540 bytes): what it says about the voxels, checked.

use super::numbers::Numbers;
use crate::metaimage::ScalarType;
use crate::placed_volume::Error;

/// Bytes of the longer header.
pub const LONGEST: usize = 540;

/// Which of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 16-bit sizes and 32-bit numbers.
    One,
    /// 64-bit sizes and numbers.
    Two,
}

impl Version {
    /// Bytes of the header.
    pub fn length(self) -> usize {
        match self {
            Self::One => 348,
            Self::Two => LONGEST,
        }
    }

    /// The version and the byte order of a file, by the length that it gives its header.
    pub fn of(bytes: &[u8]) -> Option<(Self, bool)> {
        let first = bytes.first_chunk::<4>()?;
        let sizes = [(u32::from_le_bytes(*first), false), (u32::from_be_bytes(*first), true)];
        sizes.into_iter().find_map(|(size, is_big_endian)| match size {
            348 => Some((Self::One, is_big_endian)),
            540 => Some((Self::Two, is_big_endian)),
            _ => None,
        })
    }

    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "NIfTI-1",
            Self::Two => "NIfTI-2",
        }
    }
}

/// What a header says.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Which format it is.
    pub version: Version,
    /// Whether numbers are stored most significant byte first.
    pub is_big_endian: bool,
    /// Whether the voxels are in a second file.
    pub is_pair: bool,
    /// The number of dimensions, and the size along each.
    pub dim: [i64; 8],
    /// The code of the number type.
    pub datatype: i16,
    /// Its bits.
    pub bitpix: i16,
    /// The side of the third axis of the `qform`, and the steps along each axis.
    pub pixdim: [f64; 8],
    /// Where the voxels begin.
    pub vox_offset: f64,
    /// What stored numbers are multiplied with; 0 if they are not scaled.
    pub slope: f64,
    /// What is added then.
    pub intercept: f64,
    /// What the `qform` means; 0 if there is none.
    pub qform_code: i32,
    /// What the `sform` means; 0 if there is none.
    pub sform_code: i32,
    /// Three parts of the unit quaternion of the `qform`.
    pub quaternion: [f64; 3],
    /// Where the `qform` puts the first voxel.
    pub offset: [f64; 3],
    /// The rows of the `sform`.
    pub rows: [[f64; 4]; 3],
    /// The units of length and time.
    pub units: i32,
}

impl Header {
    /// The header at the start of a file.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let (version, is_big_endian) = Version::of(bytes).ok_or(Error::UnknownKind)?;
        if bytes.len() < version.length() {
            return Err(Error::HeaderCutOff { came: bytes.len() });
        }
        let (magic, one, pair): (_, &[u8], &[u8]) = match version {
            Version::One => (&bytes[344..348], b"n+1\0", b"ni1\0"),
            Version::Two => (&bytes[4..12], b"n+2\0\r\n\x1a\n", b"ni2\0\r\n\x1a\n"),
        };
        if magic != one && magic != pair {
            let expected = format!("`{}` of {}", one[..3].escape_ascii(), version.name());
            return Err(Error::wrong("magic", expected, magic.escape_ascii()));
        }
        let numbers = Numbers::new(bytes, is_big_endian);
        let is_pair = magic == pair;
        Ok(match version {
            Version::One => Self::one(&numbers, is_big_endian, is_pair),
            Version::Two => Self::two(&numbers, is_big_endian, is_pair),
        })
    }

    /// The places are those of `nifti1.h`.
    fn one(numbers: &Numbers, is_big_endian: bool, is_pair: bool) -> Self {
        let floats = |at: usize| move |k: usize| numbers.float(at + 4 * k);
        Self {
            version: Version::One,
            is_big_endian,
            is_pair,
            dim: std::array::from_fn(|k| i64::from(numbers.short(40 + 2 * k))),
            datatype: numbers.short(70),
            bitpix: numbers.short(72),
            pixdim: std::array::from_fn(floats(76)),
            vox_offset: numbers.float(108),
            slope: numbers.float(112),
            intercept: numbers.float(116),
            qform_code: i32::from(numbers.short(252)),
            sform_code: i32::from(numbers.short(254)),
            quaternion: std::array::from_fn(floats(256)),
            offset: std::array::from_fn(floats(268)),
            rows: [280, 296, 312].map(|at| std::array::from_fn(floats(at))),
            units: i32::from(numbers.byte(123)),
        }
    }

    /// The places are those of `nifti2.h`.
    fn two(numbers: &Numbers, is_big_endian: bool, is_pair: bool) -> Self {
        let doubles = |at: usize| move |k: usize| numbers.double(at + 8 * k);
        Self {
            version: Version::Two,
            is_big_endian,
            is_pair,
            dim: std::array::from_fn(|k| numbers.long(16 + 8 * k)),
            datatype: numbers.short(12),
            bitpix: numbers.short(14),
            pixdim: std::array::from_fn(doubles(104)),
            vox_offset: numbers.long(168) as f64,
            slope: numbers.double(176),
            intercept: numbers.double(184),
            qform_code: numbers.int(344),
            sform_code: numbers.int(348),
            quaternion: std::array::from_fn(doubles(352)),
            offset: std::array::from_fn(doubles(376)),
            rows: [400, 432, 464].map(|at| std::array::from_fn(doubles(at))),
            units: numbers.int(500),
        }
    }

    /// Millimetres of a unit of length.
    pub fn unit_mm(&self) -> Result<f64, Error> {
        match self.units & 0b111 {
            // Many writers leave it out and mean millimetres.
            0 | 2 => Ok(1.0),
            1 => Ok(1e3),
            3 => Ok(1e-3),
            other => Err(Error::wrong("xyzt_units", "metres, millimetres or micrometres", other)),
        }
    }

    /// Voxels along x, y and z.
    pub fn dims(&self) -> Result<[usize; 3], Error> {
        let count = self.dim[0];
        if !(1..=7).contains(&count) {
            return Err(Error::wrong("dim[0]", "a number of dimensions from 1 to 7", count));
        }
        let used = &self.dim[1..=count as usize];
        if used.iter().any(|&side| side < 1) {
            return Err(Error::wrong("dim", "numbers of voxels above 0", format!("{used:?}")));
        }
        if count < 3 || used[3..].iter().any(|&side| side > 1) {
            return Err(Error::Unsupported {
                what: format!("an image of {used:?} voxels"),
                hint: "export one volume of three dimensions: one time, one channel",
            });
        }
        Ok([used[0] as usize, used[1] as usize, used[2] as usize])
    }

    /// The number type.
    pub fn scalar(&self) -> Result<ScalarType, Error> {
        let Some((scalar, _)) = DATATYPES.into_iter().find(|(_, code)| *code == self.datatype)
        else {
            return Err(Error::Unsupported {
                what: format!("datatype {} of {}", self.datatype, self.version.name()),
                hint: "save the volume with whole or floating-point numbers: no colours, bits or complex numbers",
            });
        };
        let expected = 8 * scalar.bytes();
        if i64::from(self.bitpix) != expected as i64 {
            let expected = format!("{expected}, the bits of its datatype");
            return Err(Error::wrong("bitpix", expected, self.bitpix));
        }
        Ok(scalar)
    }

    /// Slope and intercept that make the meant number of a stored one.
    pub fn scaling(&self) -> Result<(f64, f64), Error> {
        let (slope, intercept) = (self.slope, self.intercept);
        if slope == 0.0 {
            // By the definition: not scaled.
            return Ok((1.0, 0.0));
        }
        if !slope.is_finite() || !intercept.is_finite() {
            let came = format!("{slope} and {intercept}");
            return Err(Error::wrong("scl_slope and scl_inter", "finite numbers", came));
        }
        Ok((slope, intercept))
    }

    /// The byte at which the voxels begin.
    pub fn voxels_start(&self) -> Result<u64, Error> {
        // In one file four bytes about extensions follow the header.
        let least = if self.is_pair { 0 } else { self.version.length() + 4 };
        let start = self.vox_offset;
        if (least as f64..=1e9).contains(&start) && start.fract() == 0.0 {
            return Ok(start as u64);
        }
        Err(Error::wrong("vox_offset", format!("a whole number of at least {least}"), start))
    }
}

/// The codes of number types.
pub const DATATYPES: [(ScalarType, i16); 10] = [
    (ScalarType::U8, 2),
    (ScalarType::I16, 4),
    (ScalarType::I32, 8),
    (ScalarType::F32, 16),
    (ScalarType::F64, 64),
    (ScalarType::I8, 256),
    (ScalarType::U16, 512),
    (ScalarType::U32, 768),
    (ScalarType::I64, 1024),
    (ScalarType::U64, 1280),
];
