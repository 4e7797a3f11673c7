//! Values of all kinds drawn from bytes.

use formats::openigtlink::*;

/// Gives values of all kinds from bytes, again and again from the start.
pub struct Source<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Source<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| {
            self.at += 1;
            self.bytes.get((self.at - 1) % self.bytes.len().max(1)).copied().unwrap_or(0)
        })
    }

    pub fn byte(&mut self) -> u8 {
        self.bytes::<1>()[0]
    }

    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.bytes())
    }

    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.bytes())
    }

    pub fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.bytes())
    }

    pub fn f32s<const N: usize>(&mut self) -> [f32; N] {
        std::array::from_fn(|_| f32::from_bits(self.u32()))
    }

    pub fn text<const N: usize>(&mut self) -> Text<N> {
        Text::from_bytes(self.bytes())
    }

    pub fn below(&mut self, count: u8) -> usize {
        (self.byte() % count).into()
    }

    pub fn list(&mut self, most: u8) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.byte()).collect()
    }

    /// Without zeros.
    pub fn name(&mut self) -> Vec<u8> {
        self.list(9).into_iter().map(|byte| byte.max(1)).collect()
    }

    pub fn each<T>(&mut self, most: u8, mut element: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| element(self)).collect()
    }

    pub fn scalar(&mut self) -> ScalarType {
        use ScalarType::*;
        [Int8, Uint8, Int16, Uint16, Int32, Uint32, Float32, Float64, Complex][self.below(9)]
    }
}
