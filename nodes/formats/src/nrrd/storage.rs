//! How a NRRD stores its numbers: their type, byte order and compression, and the file they are in.

use super::fields::Fields;
use crate::metaimage::{ScalarType, excerpt};
use crate::placed_volume::Error;

/// The number type.
pub(crate) fn scalar(fields: &Fields) -> Result<ScalarType, Error> {
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

/// The name of a number type.
pub(crate) fn type_name(scalar: ScalarType) -> &'static str {
    match scalar {
        ScalarType::I8 => "int8",
        ScalarType::U8 => "uint8",
        ScalarType::I16 => "int16",
        ScalarType::U16 => "uint16",
        ScalarType::I32 => "int32",
        ScalarType::U32 => "uint32",
        ScalarType::I64 => "int64",
        ScalarType::U64 => "uint64",
        ScalarType::F32 => "float",
        ScalarType::F64 => "double",
    }
}

/// Whether the numbers are stored most significant byte first.
pub(crate) fn is_big_endian(fields: &Fields, scalar: ScalarType) -> Result<bool, Error> {
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

/// Whether the numbers are gzip.
pub(crate) fn is_gzip(fields: &Fields) -> Result<bool, Error> {
    match fields.need("encoding", "write `encoding: raw` or `encoding: gzip`")? {
        "raw" => Ok(false),
        "gzip" | "gz" => Ok(true),
        other => Err(Error::Unsupported {
            what: format!("the encoding `{}`", excerpt(other)),
            hint: "write the file again with `encoding: raw` or `encoding: gzip`",
        }),
    }
}

/// A file in the folder of the header: one from outside must not make a caller open files anywhere else.
pub(crate) fn file_name(name: &str) -> Result<&str, Error> {
    if name == "LIST" || name.starts_with("LIST ") || name.contains('%') {
        return Err(Error::Unsupported {
            what: format!("a volume in several files (`{}`)", excerpt(name)),
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
