//! NIfTI-1 and NIfTI-2 (`.nii`, `.nii.gz`, and pairs `.hdr` and `.img`): volumes that say where they lie, read
//! strictly and written.
//!
//! A header of 348 or 540 bytes, extensions, and the voxels, first axis fastest (R. W. Cox et al., the headers
//! `nifti1.h` and `nifti2.h`, <https://nifti.nimh.nih.gov>). Its millimetres are RAS; they become LPS here, once.

mod geometry;
mod header;
mod numbers;
mod write;

use std::io::{self, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;

use crate::metaimage::ScalarType;
use crate::placed_volume::{Error, Limits, Pixels, PlacedVolume, VoxelBytes, read_beside};
use header::{Header, LONGEST};

pub(crate) use header::Version;
pub(crate) use write::write;

const GZIP: &[u8] = &[0x1f, 0x8b];

/// Whether bytes begin as a NIfTI file does, or as gzip, in which nothing else is expected.
pub fn is_nifti(bytes: &[u8]) -> bool {
    bytes.starts_with(GZIP) || Version::of(bytes).is_some()
}

/// What people call a file that begins like this.
pub(crate) fn name(bytes: &[u8]) -> Result<String, Error> {
    let header = Header::parse(&start(bytes)?)?;
    let files = if header.is_pair { " in two files" } else { "" };
    let gzip = if bytes.starts_with(GZIP) { ", gzip" } else { "" };
    Ok(format!("{}{files}{gzip}", header.version.name()))
}

/// From the bytes of a file called `name`; `beside` reads the file of a name in the same folder, for a pair.
///
/// # Errors
/// If header or data are not well-formed, or it is no volume whose place in the body is known.
pub fn read(
    bytes: &[u8],
    limits: &Limits,
    name: Option<&str>,
    beside: impl FnMut(&str) -> io::Result<Vec<u8>>,
) -> Result<PlacedVolume, Error> {
    let header = Header::parse(&start(bytes)?)?;
    let dims = header.dims()?;
    let scalar = header.scalar()?;
    let lps_from_voxel = geometry::lps_from_voxel(&header, dims)?;
    let (slope, intercept) = header.scaling()?;
    let voxels = VoxelBytes {
        dims,
        scalar,
        is_big_endian: header.is_big_endian,
        skip: header.voxels_start()?,
    };
    let voxels = if header.is_pair {
        let (image, is_gzip) = image_file(name, beside)?;
        if is_gzip { voxels.inflate(&image, limits)? } else { voxels.read(&image[..], limits)? }
    } else if bytes.starts_with(GZIP) {
        voxels.inflate(bytes, limits)?
    } else {
        voxels.read(bytes, limits)?
    };
    let voxels =
        if (slope, intercept) == (1.0, 0.0) { voxels } else { scaled(&voxels, slope, intercept) };
    Ok(PlacedVolume { dims, lps_from_voxel, voxels })
}

/// The bytes that the header may have.
fn start(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    if !bytes.starts_with(GZIP) {
        return Ok(bytes[..bytes.len().min(LONGEST)].to_vec());
    }
    let mut start = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(LONGEST as u64).read_to_end(&mut start);
    match read {
        // Whether enough came shows in the header; the voxels say where the file was cut off.
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
            Err(Error::Corrupt { reason: error.to_string() })
        }
        _ => Ok(start),
    }
}

/// The file with the voxels of a pair, and whether it is gzip: it has the name of the header but for the ending.
fn image_file(
    name: Option<&str>,
    mut beside: impl FnMut(&str) -> io::Result<Vec<u8>>,
) -> Result<(Vec<u8>, bool), Error> {
    let Some(name) = name else { return Err(Error::Pair) };
    let lower = name.to_ascii_lowercase();
    let Some(ending) = [".hdr", ".hdr.gz"].into_iter().find(|ending| lower.ends_with(ending))
    else {
        let expected = "a name that ends in `.hdr` or `.hdr.gz`, because its voxels are in an `.img` of the same name";
        return Err(Error::wrong("the file's name", expected, name));
    };
    let stem = &name[..name.len() - ending.len()];
    let (raw, gzip) = (format!("{stem}.img"), format!("{stem}.img.gz"));
    match beside(&raw) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        read => return Ok((read_beside(&raw, |_| read)?, false)),
    }
    match beside(&gzip) {
        Err(source) if source.kind() == ErrorKind::NotFound => {
            Err(Error::Beside { name: raw, source })
        }
        read => Ok((read_beside(&gzip, |_| read)?, true)),
    }
}

/// The numbers that are meant.
fn scaled(voxels: &Pixels, slope: f64, intercept: f64) -> Pixels {
    let values = voxels.to_little_endian();
    let width = voxels.scalar().bytes();
    let number = |bytes: &[u8]| {
        let mut eight = [0; 8];
        eight[..width].copy_from_slice(bytes);
        let whole = u64::from_le_bytes(eight);
        match voxels.scalar() {
            ScalarType::I8 => whole as u8 as i8 as f64,
            ScalarType::I16 => whole as u16 as i16 as f64,
            ScalarType::I32 => whole as u32 as i32 as f64,
            ScalarType::I64 => whole as i64 as f64,
            ScalarType::F32 => f32::from_bits(whole as u32) as f64,
            ScalarType::F64 => f64::from_bits(whole),
            ScalarType::U8 | ScalarType::U16 | ScalarType::U32 | ScalarType::U64 => whole as f64,
        }
    };
    let meant = values.chunks_exact(width).map(|bytes| (number(bytes) * slope + intercept) as f32);
    Pixels::F32(meant.collect())
}
