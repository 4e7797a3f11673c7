//! The elements of a data set, as slices of the bytes that came: nothing is copied, and nothing recurses.
//!
//! The encoding is that of DICOM PS3.5, sections 7.1 (elements) and 7.5 (sequences). Heads of elements are decoded by
//! `dicom-encoding`; the walk is our own, because a file of nested sequences must not exhaust the stack, nor a declared
//! length the memory.

use dicom_core::header::{DataElementHeader, Length, SequenceItemHeader};
use dicom_core::{Tag, VR};
use dicom_encoding::decode::Decode;
use dicom_encoding::decode::explicit_be::ExplicitVRBigEndianDecoder;
use dicom_encoding::decode::explicit_le::ExplicitVRLittleEndianDecoder;
use dicom_encoding::decode::implicit_le::StandardImplicitVRLittleEndianDecoder;

use super::file_error::{Attribute, FileError};

const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);

/// How elements are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Types are known from the dictionary only.
    ImplicitLittle,
    /// Types are written, least significant byte first.
    ExplicitLittle,
    /// Types are written, most significant byte first.
    ExplicitBig,
}

impl Encoding {
    /// The number of two bytes.
    pub fn number(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::ExplicitBig => u16::from_be_bytes(bytes),
            Self::ImplicitLittle | Self::ExplicitLittle => u16::from_le_bytes(bytes),
        }
    }

    fn element_head(self, rest: &mut &[u8]) -> Result<DataElementHeader, FileError> {
        let head = match self {
            Self::ImplicitLittle => {
                StandardImplicitVRLittleEndianDecoder::default().decode_header(rest)
            }
            Self::ExplicitLittle => ExplicitVRLittleEndianDecoder::default().decode_header(rest),
            Self::ExplicitBig => ExplicitVRBigEndianDecoder::default().decode_header(rest),
        };
        // A slice fails in one way only: it ends.
        head.map(|(head, _)| head).map_err(|_| FileError::HeaderCutOff)
    }

    /// The head of an item of the sequence `tag`.
    pub fn item_head(self, tag: Tag, rest: &mut &[u8]) -> Result<SequenceItemHeader, FileError> {
        if rest.len() < 8 {
            return Err(FileError::HeaderCutOff);
        }
        let head = match self {
            Self::ImplicitLittle => {
                StandardImplicitVRLittleEndianDecoder::default().decode_item_header(rest)
            }
            Self::ExplicitLittle => {
                ExplicitVRLittleEndianDecoder::default().decode_item_header(rest)
            }
            Self::ExplicitBig => ExplicitVRBigEndianDecoder::default().decode_item_header(rest),
        };
        head.map_err(|_| FileError::damaged(tag, "an item of the sequence"))
    }
}

/// One element and its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// Which it is.
    pub tag: Tag,
    /// Its type; `UN` if it is not known.
    pub vr: VR,
    /// How its bytes are written.
    pub encoding: Encoding,
    /// Its bytes; of an undefined length, without the delimiter.
    pub value: &'a [u8],
    /// Whether its length was left open, as that of compressed pixels is.
    pub is_open: bool,
}

impl<'a> Element<'a> {
    /// Takes the next element from `rest`. `check` may refuse one by tag and declared length before its bytes are
    /// looked at.
    pub fn take(
        encoding: Encoding,
        rest: &mut &'a [u8],
        check: impl FnOnce(Tag, u64) -> Result<(), FileError>,
    ) -> Result<Self, FileError> {
        let head = encoding.element_head(rest)?;
        let (tag, vr) = (head.tag, head.vr);
        let is_open = head.len.is_undefined();
        // Within an element of unknown type and open length, types are implicit (PS3.5 section 6.2.2, note 2).
        let encoding = if is_open && vr == VR::UN { Encoding::ImplicitLittle } else { encoding };
        let (length, whole) = if is_open {
            let (length, whole) = skip(tag, rest, Open::Sequence(encoding))?;
            check(tag, length as u64)?;
            (length, whole)
        } else {
            check(tag, u64::from(head.len.0))?;
            let length = defined(tag, head.len, rest)?;
            (length, length)
        };
        let value = &rest[..length];
        *rest = &rest[whole..];
        Ok(Self { tag, vr, encoding, value, is_open })
    }

    /// The items of a sequence, each as its bytes.
    pub fn items(self) -> Items<'a> {
        let is_unknown = self.vr == VR::UN && !self.is_open;
        let encoding = if is_unknown { Encoding::ImplicitLittle } else { self.encoding };
        Items { tag: self.tag, encoding, rest: self.value }
    }
}

/// The items of a sequence, one after the other.
pub struct Items<'a> {
    tag: Tag,
    /// How they are written.
    pub encoding: Encoding,
    rest: &'a [u8],
}

impl<'a> Items<'a> {
    /// The bytes of the next item, and whether its length was left open.
    pub fn next(&mut self) -> Result<Option<(&'a [u8], bool)>, FileError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let SequenceItemHeader::Item { len } = self.encoding.item_head(self.tag, &mut self.rest)?
        else {
            // A sequence of defined length may still carry a delimiter.
            self.rest = &[];
            return Ok(None);
        };
        let (length, whole) = if len.is_undefined() {
            skip(self.tag, self.rest, Open::Item(self.encoding))?
        } else {
            let length = defined(self.tag, len, self.rest)?;
            (length, length)
        };
        let item = &self.rest[..length];
        self.rest = &self.rest[whole..];
        Ok(Some((item, len.is_undefined())))
    }
}

/// A defined length, if so many bytes are there.
fn defined(tag: Tag, length: Length, rest: &[u8]) -> Result<usize, FileError> {
    let (declared, came) = (u64::from(length.0), rest.len() as u64);
    if declared > came {
        return Err(FileError::CutOff { attribute: Attribute(tag), declared, came });
    }
    Ok(declared as usize)
}

/// What has begun and not yet ended.
#[derive(Clone, Copy)]
enum Open {
    Sequence(Encoding),
    Item(Encoding),
}

/// The length up to the mark that ends `first`, without and with the mark. The stack of what is open grows by one entry
/// for at least eight bytes that came.
fn skip(tag: Tag, bytes: &[u8], first: Open) -> Result<(usize, usize), FileError> {
    let mut rest = bytes;
    let mut open = vec![first];
    while let Some(&innermost) = open.last() {
        let before = bytes.len() - rest.len();
        let length = match innermost {
            Open::Sequence(encoding) => match encoding.item_head(tag, &mut rest)? {
                SequenceItemHeader::Item { len } if len.is_undefined() => {
                    open.push(Open::Item(encoding));
                    continue;
                }
                SequenceItemHeader::Item { len } => len,
                SequenceItemHeader::SequenceDelimiter => {
                    open.pop();
                    if open.is_empty() {
                        return Ok((before, bytes.len() - rest.len()));
                    }
                    continue;
                }
                SequenceItemHeader::ItemDelimiter => {
                    return Err(FileError::damaged(tag, "an item of the sequence"));
                }
            },
            Open::Item(encoding) => {
                let head = encoding.element_head(&mut rest)?;
                if head.tag == ITEM_END {
                    open.pop();
                    if open.is_empty() {
                        return Ok((before, bytes.len() - rest.len()));
                    }
                    continue;
                }
                if head.tag == ITEM {
                    return Err(FileError::damaged(tag, "an element of the item"));
                }
                if head.len.is_undefined() {
                    let is_unknown = head.vr == VR::UN;
                    open.push(Open::Sequence(if is_unknown {
                        Encoding::ImplicitLittle
                    } else {
                        encoding
                    }));
                    continue;
                }
                head.len
            }
        };
        let length = defined(tag, length, rest)?;
        rest = &rest[length..];
    }
    Err(FileError::HeaderCutOff)
}
