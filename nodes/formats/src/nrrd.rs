//! NRRD (`.nrrd`, and `.nhdr` with the voxels in a second file): volumes in a known anatomical space, read strictly.
//!
//! A NRRD is a magic line, lines `field: value` and `key:=value`, a blank line, and the voxels, raw or as gzip, first
//! axis fastest (<https://teem.sourceforge.net/nrrd/format.html>). Only three-dimensional scalar volumes are read that
//! say where they lie: by `space`, `space directions` and `space origin`. RAS and LAS become LPS here, once.

mod fields;
mod geometry;

use std::io;

use crate::metaimage::ScalarType;
use crate::placed_volume::{Error, Limits, PlacedVolume, VoxelBytes, read_beside};
use fields::Fields;

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
    let dims = dims(&fields)?;
    let scalar = scalar(&fields)?;
    let lps_from_voxel = geometry::lps_from_voxel(&fields)?;
    let is_gzip = match fields.need("encoding", "write `encoding: raw` or `encoding: gzip`")? {
        "raw" => false,
        "gzip" | "gz" => true,
        other => {
            return Err(Error::Unsupported {
                what: format!("the encoding `{}`", crate::metaimage::excerpt(other)),
                hint: "write the volume again with `encoding: raw` or `encoding: gzip`",
            });
        }
    };
    let file = match fields.get("data file") {
        Some(name) => Some(read_beside(file_name(name)?, beside)?),
        None => None,
    };
    let data = file.as_deref().unwrap_or(fields.rest);
    let mut data = lines_skipped(data, fields.count("line skip")?)?;
    let mut voxels =
        VoxelBytes { dims, scalar, is_big_endian: is_big_endian(&fields, scalar)?, skip: 0 };
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
    if dimension != "3" {
        return Err(Error::Unsupported {
            what: format!("a NRRD of dimension {}", crate::metaimage::excerpt(dimension)),
            hint: "export one volume of scalars: a label map rather than overlapping segments, one channel, one time",
        });
    }
    let sizes = fields.need("sizes", "the number of voxels along each axis is needed")?;
    let parsed: Option<Vec<usize>> =
        sizes.split_ascii_whitespace().map(|word| word.parse().ok()).collect();
    match parsed.as_deref() {
        Some(&[x, y, z]) if x > 0 && y > 0 && z > 0 => Ok([x, y, z]),
        _ => Err(Error::wrong("sizes", "three whole numbers above 0", sizes)),
    }
}

fn scalar(fields: &Fields) -> Result<ScalarType, Error> {
    let name = fields.need("type", "write the type of the voxels, such as `type: short`")?;
    let words: Vec<&str> = name.split_ascii_whitespace().collect();
    Ok(match words.join(" ").as_str() {
        "signed char" | "int8" | "int8_t" => ScalarType::I8,
        "uchar" | "unsigned char" | "uint8" | "uint8_t" => ScalarType::U8,
        "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => {
            ScalarType::I16
        }
        "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => {
            ScalarType::U16
        }
        "int" | "signed int" | "int32" | "int32_t" => ScalarType::I32,
        "uint" | "unsigned int" | "uint32" | "uint32_t" => ScalarType::U32,
        "longlong"
        | "long long"
        | "long long int"
        | "signed long long"
        | "signed long long int"
        | "int64"
        | "int64_t" => ScalarType::I64,
        "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => {
            ScalarType::U64
        }
        "float" => ScalarType::F32,
        "double" => ScalarType::F64,
        _ => return Err(Error::wrong("type", "a number type such as `short` or `uchar`", name)),
    })
}

fn is_big_endian(fields: &Fields, scalar: ScalarType) -> Result<bool, Error> {
    match fields.get("endian") {
        Some("little") => Ok(false),
        Some("big") => Ok(true),
        Some(other) => Err(Error::wrong("endian", "`little` or `big`", other)),
        None if scalar.bytes() == 1 => Ok(false),
        None => Err(Error::Missing {
            field: "endian",
            hint: "numbers of several bytes cannot be read without; write `endian: little` or `endian: big`",
        }),
    }
}

/// A file in the folder of the header: one from outside must not make a caller open files anywhere else.
fn file_name(name: &str) -> Result<&str, Error> {
    if name.starts_with("LIST") || name.contains('%') {
        return Err(Error::Unsupported {
            what: format!("a volume in several files (`{}`)", crate::metaimage::excerpt(name)),
            hint: "write the volume again into one file",
        });
    }
    let leaves = name.is_empty()
        || name.starts_with(['/', '\\'])
        || name.contains(':')
        || name.split(['/', '\\']).any(|part| part == "..");
    if leaves {
        return Err(Error::wrong("data file", "a file in the folder of the header", name));
    }
    Ok(name)
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
