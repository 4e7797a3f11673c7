//! The numbers of a PLY, one after the other.

use super::header::{Encoding, Scalar};
use crate::surface_file::Error;

/// The bytes that are still to be read.
pub struct Numbers<'a> {
    encoding: Encoding,
    rest: &'a [u8],
}

impl<'a> Numbers<'a> {
    pub fn new(encoding: Encoding, rest: &'a [u8]) -> Self {
        Self { encoding, rest }
    }

    /// The next number; none at the end of the file. `name` is for the message of an error.
    pub fn next(&mut self, scalar: Scalar, name: &str) -> Result<Option<f64>, Error> {
        if self.encoding == Encoding::Text {
            return self.word(name);
        }
        Ok(match scalar {
            Scalar::I8 => self.bytes().map(|[byte]| f64::from(byte as i8)),
            Scalar::U8 => self.bytes().map(|[byte]| f64::from(byte)),
            Scalar::I16 => self.bytes().map(|two| f64::from(i16::from_le_bytes(two))),
            Scalar::U16 => self.bytes().map(|two| f64::from(u16::from_le_bytes(two))),
            Scalar::I32 => self.bytes().map(|four| f64::from(i32::from_le_bytes(four))),
            Scalar::U32 => self.bytes().map(|four| f64::from(u32::from_le_bytes(four))),
            Scalar::F32 => self.bytes().map(|four| f64::from(f32::from_le_bytes(four))),
            Scalar::F64 => self.bytes().map(f64::from_le_bytes),
        })
    }

    /// Checks that nothing is left.
    pub fn end(&self) -> Result<(), Error> {
        let rest = match self.encoding {
            Encoding::Text => self.rest.trim_ascii_start(),
            Encoding::Little | Encoding::Big => self.rest,
        };
        if rest.is_empty() {
            return Ok(());
        }
        Err(Error::Longer {
            what: "the PLY file".to_owned(),
            declared: "the elements of its header".to_owned(),
        })
    }

    fn word(&mut self, name: &str) -> Result<Option<f64>, Error> {
        let start = self.rest.trim_ascii_start();
        let end = start.iter().position(u8::is_ascii_whitespace).unwrap_or(start.len());
        let (word, rest) = start.split_at(end);
        self.rest = rest;
        if word.is_empty() {
            return Ok(None);
        }
        let number = str::from_utf8(word).ok().and_then(|word| word.parse().ok());
        match number {
            Some(number) => Ok(Some(number)),
            None => Err(Error::wrong(name, "a number", String::from_utf8_lossy(word))),
        }
    }

    /// The next bytes, least significant first.
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        let mut bytes = *bytes;
        if self.encoding == Encoding::Big {
            bytes.reverse();
        }
        Some(bytes)
    }
}
