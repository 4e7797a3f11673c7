//! NRRD (`.nrrd`, and `.nhdr` with the voxels in a second file): volumes in a known anatomical space, read strictly
//! and written.
//!
//! A NRRD is a magic line, lines `field: value` and `key:=value`, a blank line, and the voxels, raw or as gzip, first
//! axis fastest (<https://teem.sourceforge.net/nrrd/format.html>). Only three-dimensional scalar volumes are read that
//! say where they lie: by `space`, `space directions` and `space origin`. RAS and LAS become LPS here, once.

mod fields;
mod geometry;
mod storage;
mod write;

use std::io;

use crate::metaimage::excerpt;
use crate::placed_volume::{Error, Limits, PlacedVolume, VoxelBytes, read_beside};
use crate::plus_sequence;
pub(crate) use fields::{Entry, Fields};
pub(crate) use geometry::{length, vectors};
pub(crate) use storage::{file_name, is_big_endian, is_gzip, scalar, type_name};
pub(crate) use write::write;

/// Whether bytes begin as a NRRD does.
pub fn is_nrrd(bytes: &[u8]) -> bool {
    bytes.starts_with(b"NRRD")
}

/// From the bytes of a file; `beside` reads the file of a name in the same folder, if the voxels are in one.
///
/// # Errors
/// If header or data are not well-formed, or it is no volume whose place in the body is known.
pub fn read(
    bytes: &[u8],
    limits: &Limits,
    beside: impl FnOnce(&str) -> io::Result<Vec<u8>>,
) -> Result<PlacedVolume, Error> {
    let fields = Fields::parse(bytes)?;
    if fields.lines.iter().any(|line| line.key.starts_with(plus_sequence::PREFIX)) {
        return Err(Error::Sequence);
    }
    let dims = dims(&fields)?;
    let scalar = storage::scalar(&fields)?;
    let lps_from_voxel = geometry::lps_from_voxel(&fields)?;
    let is_gzip = storage::is_gzip(&fields)?;
    let file = match fields.get("data file") {
        Some(name) => Some(read_beside(storage::file_name(name)?, beside)?),
        None => None,
    };
    let data = file.as_deref().unwrap_or(fields.rest);
    let mut data = lines_skipped(data, fields.count("line skip")?)?;
    let mut voxels = VoxelBytes {
        dims,
        scalar,
        is_big_endian: storage::is_big_endian(&fields, scalar)?,
        skip: 0,
    };
    match fields.get("byte skip") {
        // From the end of the file: only the voxels themselves are known to be there.
        Some("-1") if !is_gzip => {
            let declared =
                dims.iter().try_fold(scalar.bytes(), |bytes, &side| bytes.checked_mul(side));
            let start = declared.and_then(|bytes| data.len().checked_sub(bytes)).unwrap_or(0);
            data = &data[start..];
        }
        _ => voxels.skip = fields.count("byte skip")?,
    }
    let voxels = if is_gzip { voxels.inflate(data, limits)? } else { voxels.read(data, limits)? };
    Ok(PlacedVolume { dims, lps_from_voxel, voxels })
}

fn dims(fields: &Fields) -> Result<[usize; 3], Error> {
    let dimension = fields.need("dimension", "is this a NRRD?")?;
    let hint = "export one volume of scalars: a label map rather than overlapping segments, one channel, one time";
    if dimension != "3" {
        let what = format!("a NRRD of dimension {}", excerpt(dimension));
        return Err(Error::Unsupported { what, hint });
    }
    let kinds = fields.get("kinds").unwrap_or("");
    let is_of_space = |kind: &str| ["domain", "space", "???", "none"].contains(&kind);
    if !kinds.to_ascii_lowercase().split_ascii_whitespace().all(is_of_space) {
        let what = format!("a NRRD with axes of the kinds `{}`", excerpt(kinds));
        return Err(Error::Unsupported { what, hint });
    }
    let sizes = fields.need("sizes", "the number of voxels along each axis is needed")?;
    let parsed: Option<Vec<usize>> =
        sizes.split_ascii_whitespace().map(|word| word.parse().ok()).collect();
    match parsed.as_deref() {
        Some(&[x, y, z]) if x > 0 && y > 0 && z > 0 => Ok([x, y, z]),
        _ => Err(Error::wrong("sizes", "three whole numbers above 0", sizes)),
    }
}

fn lines_skipped(mut data: &[u8], lines: u64) -> Result<&[u8], Error> {
    for _ in 0..lines {
        let Some(end) = data.iter().position(|byte| *byte == b'\n') else {
            return Err(Error::wrong("line skip", "no more lines than the data have", lines));
        };
        data = &data[end + 1..];
    }
    Ok(data)
}
