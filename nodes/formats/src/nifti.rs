//! NIfTI-1 in one file (`.nii`, `.nii.gz`): volumes that say where they lie, read strictly.
//!
//! A header of 348 bytes, extensions, and the voxels, first axis fastest (R. W. Cox et al., the header `nifti1.h`,
//! <https://nifti.nimh.nih.gov/nifti-1>). Its millimetres are RAS; they become LPS here, once.

mod geometry;
mod header;

use std::io::Read;

use flate2::bufread::MultiGzDecoder;

use crate::metaimage::ScalarType;
use crate::placed_volume::{Error, Limits, Pixels, PlacedVolume, VoxelBytes};
use header::{Header, LENGTH};

const GZIP: &[u8] = &[0x1f, 0x8b];

/// Whether bytes begin as a NIfTI-1 file does, or as gzip, in which nothing else is expected.
pub fn is_nifti(bytes: &[u8]) -> bool {
    bytes.starts_with(GZIP) || Header::size(bytes).is_some()
}

/// From the bytes of a file.
///
/// # Errors
/// If header or data are not well-formed, or it is no volume whose place in the body is known.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<PlacedVolume, Error> {
    let is_gzip = bytes.starts_with(GZIP);
    let mut start = Vec::new();
    if is_gzip {
        let mut inflated = MultiGzDecoder::new(bytes).take(LENGTH as u64);
        inflated
            .read_to_end(&mut start)
            .map_err(|error| Error::Corrupt { reason: error.to_string() })?;
    } else {
        start.extend_from_slice(&bytes[..bytes.len().min(LENGTH)]);
    }
    let header = Header::parse(&start)?;
    let dims = header.dims()?;
    let scalar = header.scalar()?;
    let lps_from_voxel = geometry::lps_from_voxel(&header, dims)?;
    let (slope, intercept) = header.scaling()?;
    let voxels = VoxelBytes {
        dims,
        scalar,
        is_big_endian: header.is_big_endian(),
        skip: header.voxels_start()?,
    };
    let voxels =
        if is_gzip { voxels.inflate(bytes, limits)? } else { voxels.read(bytes, limits)? };
    let voxels =
        if (slope, intercept) == (1.0, 0.0) { voxels } else { scaled(&voxels, slope, intercept) };
    Ok(PlacedVolume { dims, lps_from_voxel, voxels })
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
