//! Arrays of pixels and voxels that travel beside the header, neither copied nor parsed.

use std::fmt;
use std::marker::PhantomData;

use bytemuck::Pod;
use bytes::Bytes;

/// A number that arrays are made of; little-endian on the wire, as on every supported machine.
pub trait Element: Pod + Send + Sync {
    /// The name on the wire, as NumPy calls it.
    const NAME: &'static str;
}

macro_rules! elements {
    ($($type:ty = $name:literal),*) => {$(impl Element for $type { const NAME: &'static str = $name; })*};
}
elements!(
    u8 = "uint8",
    i16 = "int16",
    u16 = "uint16",
    i32 = "int32",
    f32 = "float32",
    f64 = "float64"
);

/// A contiguous array, cheap to clone; on arrival it borrows the bytes that came (shared memory
/// included) as long as they lie aligned.
#[derive(Clone)]
pub struct Bulk<T> {
    bytes: Bytes,
    element: PhantomData<T>,
}

impl<T: Element> Bulk<T> {
    /// Takes bytes; they are copied only if they are not aligned for `T`.
    ///
    /// # Errors
    /// Returns the number of bytes if it is no multiple of the size of `T`.
    pub fn from_bytes(bytes: Bytes) -> Result<Self, usize> {
        if !bytes.len().is_multiple_of(size_of::<T>()) {
            return Err(bytes.len());
        }
        if bytemuck::try_cast_slice::<u8, T>(&bytes).is_ok() {
            return Ok(Self { bytes, element: PhantomData });
        }
        Ok(Self::from(bytemuck::pod_collect_to_vec::<u8, T>(&bytes)))
    }

    /// The elements.
    pub fn as_slice(&self) -> &[T] {
        // Length and alignment were checked when the value was made.
        bytemuck::try_cast_slice(&self.bytes).unwrap_or(&[])
    }

    /// The elements as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

struct Owner<T>(Vec<T>);
impl<T: Element> AsRef<[u8]> for Owner<T> {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

impl<T: Element> From<Vec<T>> for Bulk<T> {
    fn from(elements: Vec<T>) -> Self {
        Self { bytes: Bytes::from_owner(Owner(elements)), element: PhantomData }
    }
}

impl<T> Default for Bulk<T> {
    fn default() -> Self {
        Self { bytes: Bytes::new(), element: PhantomData }
    }
}

impl<T> PartialEq for Bulk<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T: Element> fmt::Debug for Bulk<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.as_slice().len(), T::NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misaligned_bytes_are_copied_and_right() {
        let all = Bytes::from(vec![0u8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0]);
        for start in 1..3 {
            let bulk = Bulk::<f32>::from_bytes(all.slice(start..start + 8)).unwrap();
            assert_eq!(bulk.as_slice().len(), 2);
            assert_eq!(bulk.as_bytes(), &all[start..start + 8]);
        }
        assert_eq!(Bulk::<f32>::from_bytes(all.slice(1..9)).unwrap().as_slice(), &[1.0, 2.0]);
    }

    #[test]
    fn half_an_element_is_refused() {
        assert_eq!(Bulk::<f32>::from_bytes(Bytes::from_static(&[0; 7])), Err(7));
    }
}
