//! What is around the data set: preamble, file meta information (DICOM PS3.10 section 7.1), deflation.

use std::borrow::Cow;
use std::io::Read;

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use flate2::bufread::DeflateDecoder;

use super::dataset::Dataset;
use super::elements::{Element, Encoding};
use super::file_error::FileError;
use super::transfer_syntax::TransferSyntax;
use crate::metaimage::Limits;

/// More than this has no file meta information.
const MOST_META: usize = 1 << 20;

/// How the identifiers of transfer syntaxes with compressed pixels begin.
const COMPRESSED: &str = "1.2.840.10008.1.2.4.";

/// Whether bytes begin as a DICOM file does: `DICM` after a preamble of 128 bytes or, as old files have it, the data
/// set at once.
pub fn is_dicom(bytes: &[u8]) -> bool {
    bytes.get(128..132) == Some(b"DICM") || bare_encoding(bytes).is_some()
}

/// How a data set without a preamble is written: one that begins with the group of the file (2) or of the image (8).
fn bare_encoding(bytes: &[u8]) -> Option<Encoding> {
    let head = bytes.first_chunk::<8>()?;
    let [group, group_high, element, element_high, vr @ .., _, _] = *head;
    if !matches!(group, 2 | 8) || group_high != 0 || element_high != 0 || element > 0x70 {
        return None;
    }
    if VR::from_binary(vr).is_some() {
        return Some(Encoding::ExplicitLittle);
    }
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    let is_plausible = length <= 256 && length % 2 == 0 && bytes.len() >= 8 + length as usize;
    (is_plausible && group == 8).then_some(Encoding::ImplicitLittle)
}

/// The data set of a file and how it is written.
pub struct Container<'a> {
    /// The bytes of the data set, inflated if they were deflated.
    pub bytes: Cow<'a, [u8]>,
    /// How they are written.
    pub syntax: TransferSyntax,
    /// Why its pixels cannot be read, although its data set can.
    pub refused: Option<FileError>,
    /// Whether it is the table of contents of a medium rather than an image.
    pub is_directory: bool,
}

impl<'a> Container<'a> {
    /// Opens a file.
    pub fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, FileError> {
        let mut rest = match bytes.get(128..132) {
            Some(b"DICM") => &bytes[132..],
            _ => bytes,
        };
        let bare = bare_encoding(rest);
        if rest.len() == bytes.len() && bare.is_none() {
            return Err(FileError::NotDicom);
        }
        let (mut syntax, mut refused, mut is_directory) = (None, None, false);
        let meta = rest;
        while rest.starts_with(&[2, 0]) {
            let element = Element::take(Encoding::ExplicitLittle, &mut rest, |_, _| Ok(()))?;
            if meta.len() - rest.len() > MOST_META {
                return Err(FileError::HeaderTooLong { limit: format!("{MOST_META} bytes") });
            }
            let text = String::from_utf8_lossy(element.value);
            let text = text.trim_matches([' ', '\0']);
            if element.tag == tags::TRANSFER_SYNTAX_UID {
                syntax = Some(match TransferSyntax::from_uid(text) {
                    // All that compress pixels write elements in one way (PS3.5 section A.4).
                    Err(error) if text.starts_with(COMPRESSED) => {
                        refused = Some(error);
                        TransferSyntax::native(Encoding::ExplicitLittle)
                    }
                    known => known?,
                });
            }
            if element.tag == tags::MEDIA_STORAGE_SOP_CLASS_UID {
                is_directory = text == uids::MEDIA_STORAGE_DIRECTORY_STORAGE;
            }
        }
        let syntax = match (syntax, bare_encoding(rest)) {
            (Some(syntax), _) => syntax,
            (None, Some(encoding)) => TransferSyntax::native(encoding),
            (None, None) => {
                let hint = "nobody knows how the file is written: export it anew";
                return Err(FileError::missing(tags::TRANSFER_SYNTAX_UID, hint));
            }
        };
        Ok(Self { refused, is_directory, ..Self::bare(rest, syntax, limits)? })
    }

    /// A data set with nothing around it, as it comes over a network.
    pub fn bare(
        bytes: &'a [u8],
        syntax: TransferSyntax,
        limits: &Limits,
    ) -> Result<Self, FileError> {
        let bytes = if syntax.is_deflated {
            Cow::Owned(inflated(bytes, syntax.encoding, limits)?)
        } else {
            Cow::Borrowed(bytes)
        };
        Ok(Self { bytes, syntax, refused: None, is_directory: false })
    }
}

/// Inflates a data set step by step, so that it grows only while what came so far is a well-formed beginning of one
/// within the limits: a small file cannot unfold to much.
fn inflated(compressed: &[u8], encoding: Encoding, limits: &Limits) -> Result<Vec<u8>, FileError> {
    let mut decoder = DeflateDecoder::new(compressed);
    let mut bytes = Vec::new();
    let mut step = 1 << 20;
    loop {
        let came = decoder.by_ref().take(step).read_to_end(&mut bytes).map_err(|_| {
            FileError::damaged(tags::TRANSFER_SYNTAX_UID, "a data set that can be inflated")
        })?;
        let is_whole = (came as u64) < step;
        match Dataset::of_file(&bytes, encoding, limits) {
            Err(FileError::CutOff { .. } | FileError::HeaderCutOff) if !is_whole => step *= 4,
            Err(error) => return Err(error),
            Ok(dataset) if is_whole || dataset.get(tags::PIXEL_DATA)?.is_some() => break,
            Ok(_) => step *= 4,
        }
    }
    Ok(bytes)
}
