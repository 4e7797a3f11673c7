//! A VTK file around its arrays: byte order, compression, and the data appended to the XML.

use std::borrow::Cow;
use std::cell::Cell;

use roxmltree::Node;

use crate::polydata::Error;

/// What all arrays of a file share.
pub struct Container<'a> {
    pub is_big_endian: bool,
    /// Whether sizes have 8 bytes, not 4.
    pub has_long_sizes: bool,
    pub is_compressed: bool,
    /// The appended bytes, and whether they are base64.
    pub appended: Option<(&'a [u8], bool)>,
    /// How many of the appended bytes were read, counted as often as an array lies there.
    taken: Cell<usize>,
}

/// The XML without the data appended to it, which need not be text, and these data.
pub fn split(bytes: &[u8]) -> Result<(Cow<'_, str>, &[u8]), Error> {
    const TAG: &[u8] = b"<AppendedData";
    let text = |bytes| {
        str::from_utf8(bytes).map_err(|error| Error::Corrupt {
            what: "its XML".to_owned(),
            reason: format!("byte {} is no UTF-8 text", error.valid_up_to()),
        })
    };
    let Some(at) = bytes.windows(TAG.len()).position(|window| window == TAG) else {
        return Ok((Cow::Borrowed(text(bytes)?), &[]));
    };
    let Some(end) = bytes[at..].iter().position(|byte| *byte == b'>') else {
        return Ok((Cow::Borrowed(text(bytes)?), &[]));
    };
    let (xml, data) = bytes.split_at(at + end + 1);
    let data = data.trim_ascii_start();
    let closing = if xml.ends_with(b"/>") { "" } else { "</AppendedData>" };
    let xml = format!("{}{closing}</VTKFile>", text(xml)?);
    // The data begin after an underscore.
    Ok((Cow::Owned(xml), data.strip_prefix(b"_").unwrap_or_default()))
}

impl<'a> Container<'a> {
    /// Of the root element, and of what is appended after it.
    pub fn new(root: Node<'_, '_>, appended: &'a [u8]) -> Result<Self, Error> {
        let is_big_endian = match root.attribute("byte_order") {
            Some("LittleEndian") | None => false,
            Some("BigEndian") => true,
            Some(other) => {
                return Err(Error::wrong("byte_order", "`LittleEndian` or `BigEndian`", other));
            }
        };
        let has_long_sizes = match root.attribute("header_type") {
            Some("UInt32") | None => false,
            Some("UInt64") => true,
            Some(other) => return Err(Error::wrong("header_type", "`UInt32` or `UInt64`", other)),
        };
        let is_compressed = match root.attribute("compressor") {
            None | Some("") => false,
            Some("vtkZLibDataCompressor") => true,
            Some(other) => {
                return Err(Error::Unsupported {
                    what: format!("the compressor `{}`", crate::metaimage::excerpt(other)),
                    hint: "save it with zlib, or without compression",
                });
            }
        };
        let node = root.children().find(|node| node.has_tag_name("AppendedData"));
        let appended = match node.map(|node| node.attribute("encoding").unwrap_or("base64")) {
            None => None,
            Some("raw") => Some((appended, false)),
            Some("base64") => Some((appended, true)),
            Some(other) => {
                return Err(Error::wrong("encoding of AppendedData", "`raw` or `base64`", other));
            }
        };
        let taken = Cell::new(0);
        Ok(Self { is_big_endian, has_long_sizes, is_compressed, appended, taken })
    }

    /// Counts appended bytes that an array takes. Some arrays may share theirs, but a small file must not unfold into
    /// a large surface because all its arrays lie in the same place.
    pub fn take(&self, bytes: usize) -> Result<(), Error> {
        let most = 4 * self.appended.map_or(0, |(bytes, _)| bytes.len());
        self.taken.set(self.taken.get().saturating_add(bytes));
        if self.taken.get() <= most {
            return Ok(());
        }
        Err(Error::TooLarge {
            what: "bytes of arrays that lie in the same appended data",
            most,
            came: self.taken.get() as u64,
        })
    }
}
