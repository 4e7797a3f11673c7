//! Fields one after the other, big-endian, from the bytes of a message and back.

use super::{Error, Text};

/// What is still to be read of a message or a part of it.
pub(super) struct Fields<'a> {
    /// Type of the message, for errors.
    pub message: &'a str,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn new(message: &'a str, bytes: &'a [u8]) -> Self {
        Self { message, rest: bytes }
    }

    /// Bytes that nobody has taken yet.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// What is left, without taking it.
    pub fn peek(&self) -> &'a [u8] {
        self.rest
    }

    /// The next bytes; nothing is allocated for what is not there.
    pub fn take(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], Error> {
        let Some((bytes, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.wrong(field, format_args!("{count} bytes"), self.too_few()));
        };
        self.rest = rest;
        Ok(bytes)
    }

    /// So many numbers of so many bytes.
    pub fn take_each(
        &mut self,
        count: u64,
        size: u64,
        field: &'static str,
    ) -> Result<&'a [u8], Error> {
        let whole = count.checked_mul(size).filter(|bytes| *bytes <= self.left() as u64);
        let Some(whole) = whole else {
            let expected = format!("{count} times {size} bytes");
            return Err(self.wrong(field, expected, self.too_few()));
        };
        self.take(whole as usize, field)
    }

    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Error> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(self.wrong(field, format_args!("{N} bytes"), self.too_few()));
        };
        self.rest = rest;
        Ok(*bytes)
    }

    pub fn text<const N: usize>(&mut self, field: &'static str) -> Result<Text<N>, Error> {
        self.array(field).map(Text::from_bytes)
    }

    pub fn u8(&mut self, field: &'static str) -> Result<u8, Error> {
        self.array(field).map(u8::from_be_bytes)
    }

    pub fn u16(&mut self, field: &'static str) -> Result<u16, Error> {
        self.array(field).map(u16::from_be_bytes)
    }

    pub fn u32(&mut self, field: &'static str) -> Result<u32, Error> {
        self.array(field).map(u32::from_be_bytes)
    }

    pub fn u64(&mut self, field: &'static str) -> Result<u64, Error> {
        self.array(field).map(u64::from_be_bytes)
    }

    pub fn f32(&mut self, field: &'static str) -> Result<f32, Error> {
        self.array(field).map(f32::from_be_bytes)
    }

    pub fn f64(&mut self, field: &'static str) -> Result<f64, Error> {
        self.array(field).map(f64::from_be_bytes)
    }

    pub fn u16s<const N: usize>(&mut self, field: &'static str) -> Result<[u16; N], Error> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.u16(field)?;
        }
        Ok(numbers)
    }

    pub fn f32s<const N: usize>(&mut self, field: &'static str) -> Result<[f32; N], Error> {
        let mut numbers = [0.0; N];
        for number in &mut numbers {
            *number = self.f32(field)?;
        }
        Ok(numbers)
    }

    /// The bytes before the next zero, which is taken too.
    pub fn until_zero(&mut self, field: &'static str) -> Result<&'a [u8], Error> {
        let Some(end) = self.rest.iter().position(|byte| *byte == 0) else {
            return Err(self.wrong(field, "followed by a zero", self.too_few()));
        };
        let (bytes, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        Ok(bytes)
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Elements of one kind until the end.
    pub fn each<T>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut elements = Vec::new();
        while self.left() > 0 {
            elements.push(element(self)?);
        }
        Ok(elements)
    }

    /// That nothing is left.
    pub fn end(&self, field: &'static str) -> Result<(), Error> {
        if self.left() == 0 {
            return Ok(());
        }
        Err(self.wrong(field, "the last", format_args!("followed by {} bytes", self.left())))
    }

    /// A field that is not what it should be.
    pub fn wrong(
        &self,
        field: &'static str,
        expected: impl ToString,
        came: impl ToString,
    ) -> Error {
        Error::field(self.message, field, expected, came)
    }

    fn too_few(&self) -> String {
        format!("cut off after {}", self.left())
    }
}

/// Adds numbers, big-endian.
pub(super) fn put_f32s(bytes: &mut Vec<u8>, numbers: &[f32]) {
    bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
}

/// Adds numbers, big-endian.
pub(super) fn put_u16s(bytes: &mut Vec<u8>, numbers: &[u16]) {
    bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
}

/// Numbers of big-endian bytes; what is left over is left out.
pub(super) fn f32s(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|four| f32::from_be_bytes(*four)).collect()
}

/// Numbers of big-endian bytes; what is left over is left out.
pub(super) fn u32s(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|four| u32::from_be_bytes(*four)).collect()
}

/// A count as the protocol has it, if there is room for it.
pub(super) fn count<T: TryFrom<usize>>(field: &'static str, came: usize) -> Result<T, Error> {
    T::try_from(came).map_err(|_| {
        let bits = 8 * size_of::<T>() as u32;
        Error::TooLong { field, came: came as u64, limit: u64::MAX >> (64 - bits.min(64)) }
    })
}
