//! NIfTI written: `sform` and `qform` in RAS millimetres, little-endian.

use super::geometry::{apart_mm, describe, lps_from_voxel, voxel_mm};
use super::header::{DATATYPES, Header, Version};
use crate::placed_volume::{Error, PlacedVolume, is_sheared};

/// Header and voxels in one file; with NIfTI-1 the place is rounded to 32-bit numbers.
///
/// # Errors
/// If NIfTI-1 has no numbers for the sizes, or for the place to a hundredth of a voxel.
pub fn write(volume: &PlacedVolume, version: Version, gzip: bool) -> Result<Vec<u8>, Error> {
    let mut bytes = bytes(&header(volume, version)?);
    bytes.extend_from_slice(&volume.voxels.to_little_endian());
    Ok(if gzip {
        crate::gzip::pack(&bytes).map_err(|error| Error::Corrupt { reason: error.to_string() })?
    } else {
        bytes
    })
}

fn header(volume: &PlacedVolume, version: Version) -> Result<Header, Error> {
    let [x, y, z] = volume.dims.map(|side| side as i64);
    let hint = "write the volume as NRRD, MetaImage or NIfTI-2";
    if version == Version::One && volume.dims.iter().any(|&side| side > i16::MAX as usize) {
        let what = format!("a volume of {x}×{y}×{z} voxels in NIfTI-1, whose sides end at 32767,");
        return Err(Error::Unsupported { what, hint });
    }
    let scalar = volume.voxels.scalar();
    let code = DATATYPES.iter().find(|(other, _)| *other == scalar).map_or(0, |(_, code)| *code);
    let mut header = Header {
        version,
        is_big_endian: false,
        is_pair: false,
        dim: [3, x, y, z, 1, 1, 1, 1],
        datatype: code,
        bitpix: 8 * scalar.bytes() as i16,
        pixdim: [1.0; 8],
        vox_offset: (version.length() + 4) as f64,
        slope: 1.0,
        intercept: 0.0,
        qform_code: 1,
        sform_code: 1,
        quaternion: [0.0; 3],
        offset: [0.0; 3],
        rows: [[0.0; 4]; 3],
        units: 2,
    };
    describe(&volume.lps_from_voxel, &mut header);
    if version == Version::One {
        for number in header.numbers() {
            *number = f64::from(*number as f32);
        }
    }
    let told = |header: &Header| lps_from_voxel(header, volume.dims);
    // A rotation cannot say what is sheared, and of half a turn 32-bit numbers say too little.
    let alone = |qform_code, sform_code| Header { qform_code, sform_code, ..header.clone() };
    let sform = told(&alone(0, 1))?;
    let step_mm = voxel_mm(&sform);
    let is_told_by_qform = told(&alone(1, 0))
        .is_ok_and(|qform| apart_mm(&sform, &qform, volume.dims) <= step_mm / 10.0);
    if is_sheared(&volume.lps_from_voxel) || !is_told_by_qform {
        header.qform_code = 0;
    }
    let moved_mm = apart_mm(&sform, &volume.lps_from_voxel, volume.dims);
    if moved_mm <= step_mm / 100.0 {
        return Ok(header);
    }
    let what =
        format!("a place that the 32-bit numbers of NIfTI-1 would move by {moved_mm:.2e} mm");
    Err(Error::Unsupported { what, hint })
}

impl Header {
    /// All numbers that NIfTI-1 has as 32-bit floating-point numbers and that say where the volume lies.
    fn numbers(&mut self) -> impl Iterator<Item = &mut f64> {
        let form = self.quaternion.iter_mut().chain(&mut self.offset);
        self.pixdim.iter_mut().chain(form).chain(self.rows.as_flattened_mut())
    }
}

/// The header, and four bytes that say that no extension follows.
fn bytes(header: &Header) -> Vec<u8> {
    let mut bytes = vec![0; header.version.length() + 4];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &(header.version.length() as u32).to_le_bytes());
    match header.version {
        Version::One => {
            // By convention, for readers of Analyze.
            put(38, b"r");
            for (k, side) in header.dim.iter().enumerate() {
                put(40 + 2 * k, &(*side as i16).to_le_bytes());
            }
            put(70, &header.datatype.to_le_bytes());
            put(72, &header.bitpix.to_le_bytes());
            put(123, &[header.units as u8]);
            put(252, &(header.qform_code as i16).to_le_bytes());
            put(254, &(header.sform_code as i16).to_le_bytes());
            let mut floats = |at: usize, values: &[f64]| {
                for (k, value) in values.iter().enumerate() {
                    put(at + 4 * k, &(*value as f32).to_le_bytes());
                }
            };
            floats(76, &header.pixdim);
            floats(108, &[header.vox_offset, header.slope, header.intercept]);
            floats(256, &header.quaternion);
            floats(268, &header.offset);
            floats(280, header.rows.as_flattened());
            put(344, b"n+1\0");
        }
        Version::Two => {
            put(4, b"n+2\0\r\n\x1a\n");
            put(12, &header.datatype.to_le_bytes());
            put(14, &header.bitpix.to_le_bytes());
            for (k, side) in header.dim.iter().enumerate() {
                put(16 + 8 * k, &side.to_le_bytes());
            }
            put(168, &(header.vox_offset as i64).to_le_bytes());
            put(344, &header.qform_code.to_le_bytes());
            put(348, &header.sform_code.to_le_bytes());
            put(500, &header.units.to_le_bytes());
            let mut doubles = |at: usize, values: &[f64]| {
                for (k, value) in values.iter().enumerate() {
                    put(at + 8 * k, &value.to_le_bytes());
                }
            };
            doubles(104, &header.pixdim);
            doubles(176, &[header.slope, header.intercept]);
            doubles(352, &header.quaternion);
            doubles(376, &header.offset);
            doubles(400, header.rows.as_flattened());
        }
    }
    bytes
}
