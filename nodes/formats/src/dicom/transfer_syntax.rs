//! How data set and pixels are written (DICOM PS3.5 chapter 10 and annex A).

use dicom_dictionary_std::uids;

use super::elements::Encoding;
use super::file_error::FileError;

/// How pixels are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As they are.
    None,
    /// In runs of equal bytes.
    RunLengths,
    /// JPEG, lossless or not.
    Jpeg,
    /// JPEG 2000, lossless or not.
    Jpeg2000,
}

/// What is known of a transfer syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferSyntax {
    /// How elements are written.
    pub encoding: Encoding,
    /// How pixels are written.
    pub compression: Compression,
    /// Whether the whole data set is deflated.
    pub is_deflated: bool,
    /// Whether pixels lose by it: `None` if both may be.
    pub is_lossy: Option<bool>,
}

impl TransferSyntax {
    /// Pixels and elements as they are.
    pub fn native(encoding: Encoding) -> Self {
        Self { encoding, compression: Compression::None, is_deflated: false, is_lossy: Some(false) }
    }

    fn compressed(compression: Compression, is_lossy: Option<bool>) -> Self {
        Self { compression, is_lossy, ..Self::native(Encoding::ExplicitLittle) }
    }

    /// By its unique identifier.
    pub fn from_uid(uid: &str) -> Result<Self, FileError> {
        Ok(match uid {
            uids::IMPLICIT_VR_LITTLE_ENDIAN => Self::native(Encoding::ImplicitLittle),
            uids::EXPLICIT_VR_LITTLE_ENDIAN => Self::native(Encoding::ExplicitLittle),
            EXPLICIT_BIG => Self::native(Encoding::ExplicitBig),
            uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN => {
                Self { is_deflated: true, ..Self::native(Encoding::ExplicitLittle) }
            }
            uids::RLE_LOSSLESS => Self::compressed(Compression::RunLengths, Some(false)),
            uids::JPEG_BASELINE8_BIT | uids::JPEG_EXTENDED12_BIT => {
                Self::compressed(Compression::Jpeg, Some(true))
            }
            uids::JPEG_LOSSLESS | uids::JPEG_LOSSLESS_SV1 => {
                Self::compressed(Compression::Jpeg, Some(false))
            }
            uids::JPEG2000_LOSSLESS => Self::compressed(Compression::Jpeg2000, Some(false)),
            uids::JPEG2000 => Self::compressed(Compression::Jpeg2000, None),
            _ => {
                let (name, hint) = unsupported(uid);
                let uid = crate::metaimage::excerpt(uid);
                return Err(FileError::TransferSyntax { name, uid, hint });
            }
        })
    }
}

/// The unique identifiers of all transfer syntaxes that are read, with their names.
pub const READ: &[(&str, &str)] = &[
    (uids::EXPLICIT_VR_LITTLE_ENDIAN, "explicit little endian"),
    (uids::IMPLICIT_VR_LITTLE_ENDIAN, "implicit little endian"),
    (uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, "deflated"),
    (EXPLICIT_BIG, "explicit big endian"),
    (uids::RLE_LOSSLESS, "RLE"),
    (uids::JPEG_LOSSLESS_SV1, "JPEG lossless, first-order"),
    (uids::JPEG_LOSSLESS, "JPEG lossless"),
    (uids::JPEG2000_LOSSLESS, "JPEG 2000 lossless"),
    (uids::JPEG2000, "JPEG 2000"),
    (uids::JPEG_BASELINE8_BIT, "JPEG baseline"),
    (uids::JPEG_EXTENDED12_BIT, "JPEG extended"),
];

/// Retired, yet still in archives.
const EXPLICIT_BIG: &str = "1.2.840.10008.1.2.2";

/// What a transfer syntax that is not read is called, and how to convert it.
fn unsupported(uid: &str) -> (&'static str, &'static str) {
    let raw = "convert the file first, for example with `gdcmconv --raw in.dcm out.dcm`";
    match uid {
        uids::JPEGLS_LOSSLESS | uids::JPEGLS_NEAR_LOSSLESS => (
            "JPEG-LS",
            "convert the file first, for example with dcmtk's `dcmdjpls in.dcm out.dcm` or `gdcmconv --raw in.dcm out.dcm`",
        ),
        _ if uid.starts_with("1.2.840.10008.1.2.4.20") => (
            "High-Throughput JPEG 2000",
            "export the series uncompressed, or convert it with a tool that knows OpenJPH",
        ),
        _ if uid.starts_with("1.2.840.10008.1.2.4.11") => {
            ("JPEG XL", "export the series uncompressed")
        }
        _ if uid.starts_with("1.2.840.10008.1.2.4.10") => {
            ("MPEG or HEVC", "this is a video: give the slices of a CT or MR series")
        }
        _ if uid.starts_with("1.2.840.10008.1.2.4.9") => {
            ("of JPEG 2000 in parts or by network", raw)
        }
        _ if uid.starts_with("1.2.840.10008.1.2.4.") => (
            "a retired JPEG",
            "convert the file first, for example with dcmtk's `dcmdjpeg in.dcm out.dcm` or `gdcmconv --raw in.dcm out.dcm`",
        ),
        _ => ("of that identifier", raw),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_are_named_are_read() {
        for (uid, name) in READ {
            assert!(TransferSyntax::from_uid(uid).is_ok(), "{name}");
        }
    }
}
