//! What can be wrong within one file, in words for the person who has it; no word quotes who the patient is.

use std::fmt;

use dicom_core::Tag;
use dicom_core::dictionary::DataDictionary;
use dicom_dictionary_std::StandardDataDictionary;

/// An attribute as people look it up: its keyword and its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute(pub(super) Tag);

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match StandardDataDictionary.by_tag(self.0) {
            Some(entry) => write!(f, "`{}` {}", entry.alias, self.0),
            None => write!(f, "the element {}", self.0),
        }
    }
}

/// Why one file cannot be read as images with a place in the body.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FileError {
    /// The file is of another kind.
    #[error("this is no DICOM file: it begins like none; hand over only the files of the series")]
    NotDicom,
    /// The data set breaks the rules of its encoding.
    #[error("the data set is damaged at {attribute}: {expected} was expected; get the file again")]
    Damaged {
        /// Where.
        attribute: Attribute,
        /// What should be there.
        expected: &'static str,
    },
    /// The file ends too early.
    #[error(
        "{attribute} declares {declared} bytes, but only {came} follow: the file was cut off; get it again"
    )]
    CutOff {
        /// Where.
        attribute: Attribute,
        /// Declared bytes.
        declared: u64,
        /// Bytes that were there.
        came: u64,
    },
    /// The file ends within the head of an element.
    #[error("the file ends in the midst of an element: it was cut off; get it again")]
    HeaderCutOff,
    /// What comes before the pixels is longer than any image's.
    #[error(
        "what comes before the pixels is longer than the limit ({limit}): this is no image, or the file is damaged"
    )]
    HeaderTooLong {
        /// The limit, with its unit.
        limit: String,
    },
    /// An attribute that the image cannot be understood without.
    #[error("there is no {attribute}; {hint}")]
    Missing {
        /// The attribute.
        attribute: Attribute,
        /// What to do.
        hint: &'static str,
    },
    /// An attribute comes twice.
    #[error("{attribute} comes twice: the file is damaged; get it again")]
    Twice {
        /// The attribute.
        attribute: Attribute,
    },
    /// A value that makes no sense.
    #[error("{attribute} should be {expected}, but is `{came}`")]
    Value {
        /// The attribute.
        attribute: Attribute,
        /// What was expected.
        expected: String,
        /// The beginning of what came.
        came: String,
    },
    /// Something that DICOM allows and this reader does not.
    #[error("{what} is not supported; {hint}")]
    Unsupported {
        /// What the file wants.
        what: String,
        /// What to do instead.
        hint: &'static str,
    },
    /// The pixels are compressed in a way that is not read, or the transfer syntax is not known.
    #[error("the transfer syntax {name} ({uid}) is not supported; {hint}")]
    TransferSyntax {
        /// What it is called.
        name: &'static str,
        /// Its unique identifier.
        uid: String,
        /// How to convert the file.
        hint: &'static str,
    },
    /// The declared size is beyond the limit.
    #[error(
        "the pixels so far take {declared} bytes, more than the limit of {limit}; read fewer images"
    )]
    TooLarge {
        /// Declared bytes of this file and those before; saturates.
        declared: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The number of bytes does not fit the size of the images.
    #[error("the pixels should have {expected} bytes, but have {came}: the file is damaged")]
    PixelCount {
        /// Bytes that the size asks for.
        expected: u64,
        /// Bytes that are there.
        came: u64,
    },
    /// Compressed pixels are broken.
    #[error("frame {frame}: the {kind} pixels are damaged ({reason}); get the file again")]
    Compressed {
        /// Which frame, from 1.
        frame: usize,
        /// The compression.
        kind: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl FileError {
    pub(super) fn wrong(tag: Tag, expected: impl Into<String>, came: impl ToString) -> Self {
        Self::Value {
            attribute: Attribute(tag),
            expected: expected.into(),
            came: crate::metaimage::excerpt(&came.to_string()),
        }
    }

    pub(super) fn missing(tag: Tag, hint: &'static str) -> Self {
        Self::Missing { attribute: Attribute(tag), hint }
    }

    pub(super) fn damaged(tag: Tag, expected: &'static str) -> Self {
        Self::Damaged { attribute: Attribute(tag), expected }
    }
}
