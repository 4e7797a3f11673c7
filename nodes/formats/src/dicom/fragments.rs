//! Which fragments of encapsulated pixels are which frame (DICOM PS3.5 section A.4).

use std::borrow::Cow;

use dicom_dictionary_std::tags;

use super::elements::Element;
use super::file_error::FileError;

/// The compressed bytes of each frame.
pub struct Fragments<'a> {
    parts: Vec<&'a [u8]>,
    /// Where the parts of each frame begin; as many as there are frames.
    starts: Vec<usize>,
}

impl<'a> Fragments<'a> {
    /// Sorts the fragments of `count` frames.
    pub fn of(element: Element<'a>, count: usize) -> Result<Self, FileError> {
        if !element.is_open {
            let expected = "fragments, as compressed pixels have";
            return Err(FileError::damaged(tags::PIXEL_DATA, expected));
        }
        let mut items = element.items();
        let mut table: &[u8] = &[];
        let mut parts = Vec::new();
        let mut is_first = true;
        while let Some((item, is_open)) = items.next()? {
            if is_open {
                return Err(FileError::damaged(tags::PIXEL_DATA, "a fragment with a length"));
            }
            if is_first {
                table = item;
            } else {
                parts.push(item);
            }
            is_first = false;
        }
        let starts = starts(&parts, table, count)?;
        Ok(Self { parts, starts })
    }

    /// The bytes of a frame, from 0.
    pub fn frame(&self, frame: usize) -> Cow<'a, [u8]> {
        let from = self.starts[frame];
        let to = self.starts.get(frame + 1).copied().unwrap_or(self.parts.len());
        match self.parts[from..to] {
            [one] => Cow::Borrowed(one),
            ref several => Cow::Owned(several.concat()),
        }
    }
}

/// At which part each frame begins.
fn starts(parts: &[&[u8]], table: &[u8], count: usize) -> Result<Vec<usize>, FileError> {
    if parts.len() < count {
        let (declared, came) = (count as u64, parts.len() as u64);
        return Err(FileError::Unsupported {
            what: format!("a file of {declared} frames with {came} compressed fragments"),
            hint: "the file was cut off, or is damaged; get it again",
        });
    }
    if count == 1 {
        return Ok(vec![0]);
    }
    if parts.len() == count {
        return Ok((0..count).collect());
    }
    let offsets: Vec<u64> = table
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| u64::from(u32::from_le_bytes(*bytes)))
        .collect();
    // Offsets count from the head of the first fragment, and each head has eight bytes.
    let mut at = 0;
    let places = parts.iter().map(|part| {
        let place = at;
        at += 8 + part.len() as u64;
        place
    });
    let mut wanted = offsets.iter().peekable();
    let mut starts = Vec::new();
    for (index, place) in places.enumerate() {
        if wanted.next_if(|offset| **offset == place).is_some() {
            starts.push(index);
        }
    }
    if starts.len() == count && starts[0] == 0 && wanted.next().is_none() {
        return Ok(starts);
    }
    Err(FileError::Unsupported {
        what: format!(
            "{count} frames in {} fragments without an offset table that fits",
            parts.len()
        ),
        hint: "convert the file, for example with `gdcmconv --raw in.dcm out.dcm`",
    })
}
