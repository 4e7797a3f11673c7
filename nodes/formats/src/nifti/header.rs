//! The 348 bytes of a NIfTI-1 header.

use crate::metaimage::ScalarType;
use crate::placed_volume::Error;

/// Bytes of the header.
pub const LENGTH: usize = 348;

/// A header whose size and magic are right.
pub struct Header<'a> {
    bytes: &'a [u8; LENGTH],
    is_big_endian: bool,
}

impl<'a> Header<'a> {
    /// The length that bytes claim for their header, if it is that of NIfTI-1 or NIfTI-2, and the byte order.
    pub fn size(bytes: &[u8]) -> Option<(u32, bool)> {
        let first = bytes.first_chunk::<4>()?;
        let sizes = [(u32::from_le_bytes(*first), false), (u32::from_be_bytes(*first), true)];
        sizes.into_iter().find(|(size, _)| matches!(size, 348 | 540))
    }

    /// The header at the start of a file.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((size, is_big_endian)) = Self::size(bytes) else { return Err(Error::UnknownKind) };
        if size == 540 {
            return Err(Error::Unsupported {
                what: "NIfTI-2".to_owned(),
                hint: "save the volume as NIfTI-1 or NRRD",
            });
        }
        let Some(bytes) = bytes.first_chunk::<LENGTH>() else {
            return Err(Error::HeaderCutOff { came: bytes.len() });
        };
        match &bytes[344..] {
            b"n+1\0" => Ok(Self { bytes, is_big_endian }),
            b"ni1\0" => Err(Error::Unsupported {
                what: "a NIfTI volume in two files (`.hdr` and `.img`)".to_owned(),
                hint: "save it as one file, `.nii` or `.nii.gz`",
            }),
            other => Err(Error::wrong("magic", "`n+1` of NIfTI-1", String::from_utf8_lossy(other))),
        }
    }

    /// Whether numbers are stored most significant byte first.
    pub fn is_big_endian(&self) -> bool {
        self.is_big_endian
    }

    fn four(&self, at: usize) -> [u8; 4] {
        let mut four = [0; 4];
        four.copy_from_slice(&self.bytes[at..at + 4]);
        if self.is_big_endian {
            four.reverse();
        }
        four
    }

    /// The 16-bit number at a byte.
    pub fn short(&self, at: usize) -> i16 {
        let two = [self.bytes[at], self.bytes[at + 1]];
        if self.is_big_endian { i16::from_be_bytes(two) } else { i16::from_le_bytes(two) }
    }

    /// The floating-point number at a byte.
    pub fn float(&self, at: usize) -> f64 {
        f64::from(f32::from_le_bytes(self.four(at)))
    }

    /// Millimetres of a unit of length.
    pub fn unit_mm(&self) -> Result<f64, Error> {
        match self.bytes[123] & 0b111 {
            // Many writers leave it out and mean millimetres.
            0 | 2 => Ok(1.0),
            1 => Ok(1e3),
            3 => Ok(1e-3),
            other => Err(Error::wrong("xyzt_units", "metres, millimetres or micrometres", other)),
        }
    }

    /// Voxels along x, y and z.
    pub fn dims(&self) -> Result<[usize; 3], Error> {
        let dims: [i16; 8] = std::array::from_fn(|k| self.short(40 + 2 * k));
        let count = dims[0];
        if !(1..=7).contains(&count) {
            return Err(Error::wrong("dim[0]", "a number of dimensions from 1 to 7", count));
        }
        let used = &dims[1..=count as usize];
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
        let scalar = match self.short(70) {
            2 => ScalarType::U8,
            4 => ScalarType::I16,
            8 => ScalarType::I32,
            16 => ScalarType::F32,
            64 => ScalarType::F64,
            256 => ScalarType::I8,
            512 => ScalarType::U16,
            768 => ScalarType::U32,
            1024 => ScalarType::I64,
            1280 => ScalarType::U64,
            other => {
                return Err(Error::Unsupported {
                    what: format!("datatype {other} of NIfTI-1"),
                    hint: "save the volume with whole or floating-point numbers: no colours, bits or complex numbers",
                });
            }
        };
        let (bits, expected) = (self.short(72), 8 * scalar.bytes());
        if i64::from(bits) != expected as i64 {
            let expected = format!("{expected}, the bits of its datatype");
            return Err(Error::wrong("bitpix", expected, bits));
        }
        Ok(scalar)
    }

    /// Slope and intercept that make the meant number of a stored one.
    pub fn scaling(&self) -> Result<(f64, f64), Error> {
        let (slope, intercept) = (self.float(112), self.float(116));
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
        let start = self.float(108);
        if (352.0..=1e9).contains(&start) && start.fract() == 0.0 {
            return Ok(start as u64);
        }
        Err(Error::wrong("vox_offset", "a whole number of at least 352", start))
    }
}
