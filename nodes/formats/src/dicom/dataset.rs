//! The elements of one data set or item, and their values as text and numbers.

use std::borrow::Cow;

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::elements::{Element, Encoding, Items};
use super::file_error::{Attribute, FileError};
use crate::metaimage::Limits;

/// The most elements of one data set: some hundreds are usual.
const MOST_ELEMENTS: usize = 1 << 16;

/// The elements of a data set, or of an item of a sequence, without those inside of its sequences.
pub struct Dataset<'a> {
    elements: Vec<Element<'a>>,
}

impl<'a> Dataset<'a> {
    /// The data set of a file, up to its pixels: what follows them says nothing about the image.
    pub fn of_file(
        bytes: &'a [u8],
        encoding: Encoding,
        limits: &Limits,
    ) -> Result<Self, FileError> {
        let mut rest = bytes;
        let check = |tag: Tag, before: usize, length: u64| {
            if tag == tags::PIXEL_DATA {
                let limit = limits.pixel_bytes;
                return if length > limit {
                    Err(FileError::TooLarge { declared: length, limit })
                } else {
                    Ok(())
                };
            }
            if (before as u64).saturating_add(length) > limits.header_bytes {
                let limit = format!("{} bytes", limits.header_bytes);
                return Err(FileError::HeaderTooLong { limit });
            }
            Ok(())
        };
        let mut elements = Vec::new();
        while !rest.is_empty() {
            let before = bytes.len() - rest.len();
            let element =
                Element::take(encoding, &mut rest, |tag, length| check(tag, before, length))?;
            push(&mut elements, element)?;
            if element.tag == tags::PIXEL_DATA {
                break;
            }
        }
        Ok(Self { elements })
    }

    fn of_item(item: &'a [u8], encoding: Encoding) -> Result<Self, FileError> {
        let mut elements = Vec::new();
        let mut rest = item;
        while !rest.is_empty() {
            push(&mut elements, Element::take(encoding, &mut rest, |_, _| Ok(()))?)?;
        }
        Ok(Self { elements })
    }

    /// An element that is there and has a value.
    pub fn get(&self, tag: Tag) -> Result<Option<Element<'a>>, FileError> {
        let mut same = self.elements.iter().filter(|element| element.tag == tag);
        let found = same.next().copied();
        if same.next().is_some() {
            return Err(FileError::Twice { attribute: Attribute(tag) });
        }
        Ok(found.filter(|element| !element.value.is_empty()))
    }

    /// The bytes of a text, without what pads it.
    pub fn trimmed(&self, tag: Tag) -> Result<Option<&'a [u8]>, FileError> {
        let is_padding = |byte: &u8| matches!(byte, b' ' | 0);
        Ok(self.get(tag)?.and_then(|element| {
            let from = element.value.iter().position(|byte| !is_padding(byte))?;
            let to = element.value.iter().rposition(|byte| !is_padding(byte))?;
            Some(&element.value[from..=to])
        }))
    }

    /// A text, without what pads it.
    pub fn text(&self, tag: Tag) -> Result<Option<Cow<'a, str>>, FileError> {
        Ok(self.trimmed(tag)?.map(String::from_utf8_lossy))
    }

    /// Decimal numbers (`DS`), as many as are asked for, all finite.
    pub fn decimals<const N: usize>(&self, tag: Tag) -> Result<Option<[f64; N]>, FileError> {
        let Some(text) = self.text(tag)? else { return Ok(None) };
        let numbers: Option<Vec<f64>> = text
            .split('\\')
            .take(N + 1)
            .map(|number| {
                number.trim_ascii().parse().ok().filter(|number: &f64| number.is_finite())
            })
            .collect();
        if let Some(Ok(numbers)) = numbers.map(<[f64; N]>::try_from) {
            return Ok(Some(numbers));
        }
        let expected = match N {
            1 => "a finite number".to_owned(),
            _ => format!("{N} finite numbers separated by `\\`"),
        };
        Err(FileError::wrong(tag, expected, text))
    }

    /// One decimal number.
    pub fn decimal(&self, tag: Tag) -> Result<Option<f64>, FileError> {
        Ok(self.decimals::<1>(tag)?.map(|[number]| number))
    }

    /// A whole number as text (`IS`).
    pub fn integer(&self, tag: Tag) -> Result<Option<i32>, FileError> {
        let Some(text) = self.text(tag)? else { return Ok(None) };
        let number = text.parse().map_err(|_| FileError::wrong(tag, "a whole number", &text))?;
        Ok(Some(number))
    }

    /// Two bytes as a number (`US`, or the bits of `SS`).
    pub fn short(&self, tag: Tag) -> Result<Option<u16>, FileError> {
        let Some(element) = self.get(tag)? else { return Ok(None) };
        match <[u8; 2]>::try_from(element.value) {
            Ok(bytes) => Ok(Some(element.encoding.number(bytes))),
            Err(_) => {
                Err(FileError::wrong(tag, "2 bytes", format!("{} bytes", element.value.len())))
            }
        }
    }

    /// Two bytes as a number that must be there.
    pub fn need_short(&self, tag: Tag) -> Result<u16, FileError> {
        let hint = "the pixels cannot be understood without it: export the series anew";
        self.short(tag)?.ok_or(FileError::missing(tag, hint))
    }

    /// The items of a sequence, one data set after the other.
    pub fn sequence(&self, tag: Tag) -> Result<Option<ItemDatasets<'a>>, FileError> {
        Ok(self.get(tag)?.map(|element| ItemDatasets(element.items())))
    }

    /// The first item of a sequence.
    pub fn first_item(&self, tag: Tag) -> Result<Option<Dataset<'a>>, FileError> {
        self.sequence(tag)?.and_then(|mut items| items.next()).transpose()
    }
}

fn push<'a>(elements: &mut Vec<Element<'a>>, element: Element<'a>) -> Result<(), FileError> {
    if elements.len() == MOST_ELEMENTS {
        return Err(FileError::HeaderTooLong { limit: format!("{MOST_ELEMENTS} elements") });
    }
    elements.push(element);
    Ok(())
}

/// The items of a sequence as data sets.
pub struct ItemDatasets<'a>(Items<'a>);

impl<'a> Iterator for ItemDatasets<'a> {
    type Item = Result<Dataset<'a>, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.0.next().transpose()?;
        Some(item.and_then(|(item, _)| Dataset::of_item(item, self.0.encoding)))
    }
}
