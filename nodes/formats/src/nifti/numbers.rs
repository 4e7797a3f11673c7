//! Numbers at places of a header, in either byte order.

/// The bytes of a header.
pub struct Numbers<'a> {
    bytes: &'a [u8],
    is_big_endian: bool,
}

impl<'a> Numbers<'a> {
    /// Bytes that hold all places that will be asked for.
    pub fn new(bytes: &'a [u8], is_big_endian: bool) -> Self {
        Self { bytes, is_big_endian }
    }

    fn take<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut little = [0; N];
        little.copy_from_slice(&self.bytes[at..at + N]);
        if self.is_big_endian {
            little.reverse();
        }
        little
    }

    /// The 8-bit number at a byte.
    pub fn byte(&self, at: usize) -> u8 {
        self.bytes[at]
    }

    /// The 16-bit number at a byte.
    pub fn short(&self, at: usize) -> i16 {
        i16::from_le_bytes(self.take(at))
    }

    /// The 32-bit number at a byte.
    pub fn int(&self, at: usize) -> i32 {
        i32::from_le_bytes(self.take(at))
    }

    /// The 64-bit number at a byte.
    pub fn long(&self, at: usize) -> i64 {
        i64::from_le_bytes(self.take(at))
    }

    /// The 32-bit floating-point number at a byte.
    pub fn float(&self, at: usize) -> f64 {
        f64::from(f32::from_le_bytes(self.take(at)))
    }

    /// The 64-bit floating-point number at a byte.
    pub fn double(&self, at: usize) -> f64 {
        f64::from_le_bytes(self.take(at))
    }
}
