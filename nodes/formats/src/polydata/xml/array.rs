//! One array of a VTK file: numbers as text, or bytes of numbers, perhaps compressed.

use flate2::{Decompress, FlushDecompress, Status};
use roxmltree::Node;

use super::base64::Bytes;
use super::container::Container;
use crate::polydata::Error;
use crate::polydata::number::Number;

/// An array that is still to be read.
pub struct Array<'a> {
    name: String,
    number: Number,
    source: Source<'a>,
    container: &'a Container<'a>,
}

enum Source<'a> {
    Text(&'a str),
    /// Whether they are base64.
    Bytes(&'a [u8], bool),
    /// Bytes from here to the end of the appended data, and whether they are base64.
    Appended(&'a [u8], bool),
}

impl<'a> Array<'a> {
    /// The array of a `DataArray` or `Array`.
    pub fn new(node: Node<'a, '_>, container: &'a Container<'a>) -> Result<Self, Error> {
        let name = node.attribute("Name").unwrap_or("Points");
        let name = crate::metaimage::excerpt(name);
        let number = match node.attribute("type").unwrap_or_default() {
            // Letters.
            "String" => Number::U8,
            other => Number::of_xml(other).ok_or_else(|| {
                let expected = "a type of numbers such as `Float32` or `Int64`";
                Error::wrong(format!("type of {name}"), expected, other)
            })?,
        };
        // Notes on the array may be elements before or after its numbers.
        let texts = node.children().filter(Node::is_text).filter_map(|text| text.text());
        let text = texts.max_by_key(|text| text.len()).unwrap_or_default();
        let source = match node.attribute("format") {
            Some("ascii") | None => Source::Text(text),
            Some("binary") => Source::Bytes(text.as_bytes(), true),
            Some("appended") => {
                let (bytes, is_base64) = container.appended.ok_or_else(|| Error::Missing {
                    what: "appended data, where its arrays should lie".to_owned(),
                    hint: "the file was cut off, or saved wrongly: save it again",
                })?;
                let offset = node.attribute("offset").unwrap_or_default();
                let rest = offset.parse::<usize>().ok().and_then(|offset| bytes.get(offset..));
                let rest = rest.ok_or_else(|| {
                    let most = format!("a byte of the appended {}", bytes.len());
                    Error::wrong(format!("offset of {name}"), most, offset)
                })?;
                Source::Appended(rest, is_base64)
            }
            Some(other) => {
                let expected = "`ascii`, `binary` or `appended`";
                return Err(Error::wrong(format!("format of {name}"), expected, other));
            }
        };
        Ok(Self { name, number, source, container })
    }

    /// So many numbers with a fraction.
    pub fn floats(&self, count: usize) -> Result<Vec<f64>, Error> {
        if self.number.is_whole() {
            return Err(self.wrong("Float32 or Float64", &format!("{:?}", self.number)));
        }
        self.values(count)
    }

    /// So many numbers of any type.
    pub fn values(&self, count: usize) -> Result<Vec<f64>, Error> {
        if let Source::Text(text) = self.source {
            return self.words(text, Some(count), count);
        }
        Ok(self.number.floats(&self.bytes(Some(count), count)?, self.container.is_big_endian))
    }

    /// So many whole numbers, or as many as there are; never more than `most`.
    pub fn whole(&self, count: Option<usize>, most: usize) -> Result<Vec<i64>, Error> {
        if !self.number.is_whole() {
            return Err(self.wrong("Int32 or Int64", &format!("{:?}", self.number)));
        }
        if let Source::Text(text) = self.source {
            return self.words(text, count, most);
        }
        Ok(self.number.whole(&self.bytes(count, most)?, self.container.is_big_endian))
    }

    fn words<T: std::str::FromStr>(
        &self,
        text: &str,
        count: Option<usize>,
        most: usize,
    ) -> Result<Vec<T>, Error> {
        let mut values = Vec::new();
        for word in text.split_ascii_whitespace() {
            if values.len() >= count.unwrap_or(most) {
                return Err(self.longer(count.unwrap_or(most)));
            }
            values.push(word.parse().map_err(|_| self.wrong("numbers", word))?);
        }
        match count {
            Some(count) if values.len() < count => Err(self.early(count)),
            _ => Ok(values),
        }
    }

    /// The bytes of the numbers, of which there should be `count`.
    fn bytes(&self, count: Option<usize>, most: usize) -> Result<Vec<u8>, Error> {
        let (bytes, is_base64, is_appended) = match self.source {
            Source::Text(_) => return Ok(Vec::new()),
            Source::Bytes(bytes, is_base64) => (bytes, is_base64, false),
            Source::Appended(bytes, is_base64) => (bytes, is_base64, true),
        };
        let mut source = Bytes::new(bytes, is_base64);
        let wanted = count.unwrap_or(most).saturating_mul(self.number.bytes());
        let early = || self.early(count.unwrap_or(most));
        let data = if self.container.is_compressed {
            self.inflate(&mut source, wanted)?
        } else {
            let size = self.sizes(&mut source, 1)?[0];
            if size > wanted as u64 {
                return Err(self.longer(count.unwrap_or(most)));
            }
            source.take(size as usize, &self.name)?.ok_or_else(early)?
        };
        if is_appended {
            self.container.take(bytes.len() - source.rest())?;
        }
        if count.is_some() && data.len() < wanted || !data.len().is_multiple_of(self.number.bytes())
        {
            return Err(early());
        }
        Ok(data)
    }

    /// All blocks, which have at most `wanted` bytes together.
    fn inflate(&self, source: &mut Bytes<'_>, wanted: usize) -> Result<Vec<u8>, Error> {
        let head = self.sizes(source, 3)?;
        let (blocks, block, last) = (head[0], head[1], head[2]);
        let damaged = |reason: String| Error::Corrupt { what: self.what(), reason };
        let blocks = usize::try_from(blocks).unwrap_or(usize::MAX);
        let compressed = self.sizes(source, blocks)?;
        let mut data = Vec::new();
        for (index, &size) in compressed.iter().enumerate() {
            // The last block is as large as the others where no other size is given.
            let is_last = index + 1 == blocks && last != 0;
            let full = if is_last { last } else { block };
            if full > (wanted - data.len()) as u64 {
                return Err(damaged(format!(
                    "its blocks have more than the declared {wanted} bytes"
                )));
            }
            // Deflate makes nothing more than 1032 times smaller.
            if full / 1100 > size {
                return Err(damaged(format!("{size} bytes cannot hold a block of {full}")));
            }
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let packed = source.take(size, &self.name)?;
            let packed = packed.ok_or_else(|| damaged("the last block was cut off".to_owned()))?;
            let full = full as usize;
            let mut plain = Vec::with_capacity(full);
            let mut state = Decompress::new(true);
            let status = state.decompress_vec(&packed, &mut plain, FlushDecompress::Finish);
            let status = status.map_err(|error| damaged(error.to_string()))?;
            if status != Status::StreamEnd || plain.len() != full {
                return Err(damaged(format!("a block does not have the declared {full} bytes")));
            }
            data.append(&mut plain);
        }
        Ok(data)
    }

    fn sizes(&self, source: &mut Bytes<'_>, count: usize) -> Result<Vec<u64>, Error> {
        let Container { has_long_sizes, is_big_endian, .. } = *self.container;
        let bytes = count.saturating_mul(if has_long_sizes { 8 } else { 4 });
        let bytes = source.take(bytes, &self.name)?;
        let bytes = bytes.ok_or_else(|| Error::Corrupt {
            what: self.what(),
            reason: "it ends within its sizes".to_owned(),
        })?;
        let number = if has_long_sizes { Number::U64 } else { Number::U32 };
        // A size that does not fit is too large for any file.
        let size = |size: i64| u64::try_from(size).unwrap_or(u64::MAX);
        Ok(number.whole(&bytes, is_big_endian).into_iter().map(size).collect())
    }

    fn what(&self) -> String {
        format!("the array `{}`", self.name)
    }

    fn wrong(&self, expected: &str, came: &str) -> Error {
        Error::wrong(&*self.name, expected, came)
    }

    fn early(&self, count: usize) -> Error {
        Error::EndsEarly { what: self.what(), declared: format!("{count} numbers") }
    }

    fn longer(&self, count: usize) -> Error {
        Error::Longer { what: self.what(), declared: format!("{count} numbers") }
    }
}

/// Whether a type of an array is one of numbers.
pub fn is_number(name: &str) -> bool {
    Number::of_xml(name).is_some()
}
