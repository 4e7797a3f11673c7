//! The number types that pixels are made of, and arrays of them.

use std::borrow::Cow;
use std::fmt;

/// A number type of MetaImage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarType {
    /// `MET_CHAR`, and `MET_ASCII_CHAR`
    I8,
    /// `MET_UCHAR`
    U8,
    /// `MET_SHORT`
    I16,
    /// `MET_USHORT`
    U16,
    /// `MET_INT`, and `MET_LONG`, which has 4 bytes in a file
    I32,
    /// `MET_UINT`, and `MET_ULONG`, which has 4 bytes in a file
    U32,
    /// `MET_LONG_LONG`
    I64,
    /// `MET_ULONG_LONG`
    U64,
    /// `MET_FLOAT`
    F32,
    /// `MET_DOUBLE`
    F64,
}

impl ScalarType {
    /// By its name in a header; `MET_UCHAR_ARRAY` and the like mean the same as `MET_UCHAR`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.strip_suffix("_ARRAY").unwrap_or(name) {
            "MET_CHAR" | "MET_ASCII_CHAR" => Self::I8,
            "MET_UCHAR" => Self::U8,
            "MET_SHORT" => Self::I16,
            "MET_USHORT" => Self::U16,
            "MET_INT" | "MET_LONG" => Self::I32,
            "MET_UINT" | "MET_ULONG" => Self::U32,
            "MET_LONG_LONG" => Self::I64,
            "MET_ULONG_LONG" => Self::U64,
            "MET_FLOAT" => Self::F32,
            "MET_DOUBLE" => Self::F64,
            _ => return None,
        })
    }

    /// The name in a header.
    pub fn name(self) -> &'static str {
        match self {
            Self::I8 => "MET_CHAR",
            Self::U8 => "MET_UCHAR",
            Self::I16 => "MET_SHORT",
            Self::U16 => "MET_USHORT",
            Self::I32 => "MET_INT",
            Self::U32 => "MET_UINT",
            Self::I64 => "MET_LONG_LONG",
            Self::U64 => "MET_ULONG_LONG",
            Self::F32 => "MET_FLOAT",
            Self::F64 => "MET_DOUBLE",
        }
    }

    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }
}

impl fmt::Display for ScalarType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! pixels {
    ($($variant:ident = $type:ty),*) => {
        /// Pixels or voxels, first axis fastest, channels interleaved.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Pixels {$(
            #[doc = concat!("Elements of type `", stringify!($type), "`.")]
            $variant(Vec<$type>),
        )*}

        impl Pixels {
            /// The number type.
            pub fn scalar(&self) -> ScalarType {
                match self {$( Self::$variant(_) => ScalarType::$variant, )*}
            }

            /// How many numbers.
            pub fn len(&self) -> usize {
                match self {$( Self::$variant(values) => values.len(), )*}
            }

            /// From bytes in native order; bytes of an incomplete number at the end are dropped.
            pub(crate) fn from_native(scalar: ScalarType, bytes: Vec<u8>) -> Self {
                if scalar == ScalarType::U8 {
                    return Self::U8(bytes);
                }
                match scalar {$(
                    ScalarType::$variant => Self::$variant(
                        bytes
                            .as_chunks::<{ size_of::<$type>() }>()
                            .0
                            .iter()
                            .map(|number| <$type>::from_ne_bytes(*number))
                            .collect(),
                    ),
                )*}
            }

            /// The bytes in little-endian order; 8-bit numbers are not copied.
            pub(crate) fn to_little_endian(&self) -> Cow<'_, [u8]> {
                if let Self::U8(bytes) = self {
                    return Cow::Borrowed(bytes);
                }
                match self {$(
                    Self::$variant(values) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
                )*}
            }
        }

        $(impl From<Vec<$type>> for Pixels {
            fn from(values: Vec<$type>) -> Self {
                Self::$variant(values)
            }
        })*
    };
}
pixels!(
    I8 = i8,
    U8 = u8,
    I16 = i16,
    U16 = u16,
    I32 = i32,
    U32 = u32,
    I64 = i64,
    U64 = u64,
    F32 = f32,
    F64 = f64
);

impl Pixels {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Turns numbers of `width` bytes from file order into native order.
pub(crate) fn to_native_order(bytes: &mut [u8], width: usize, big_endian: bool) {
    if width > 1 && big_endian != cfg!(target_endian = "big") {
        bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        use ScalarType::{F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        for scalar in [I8, U8, I16, U16, I32, U32, I64, U64, F32, F64] {
            assert_eq!(ScalarType::from_name(scalar.name()), Some(scalar));
            assert_eq!(Pixels::from_native(scalar, vec![0; 16]).len(), 16 / scalar.bytes());
            assert_eq!(Pixels::from_native(scalar, vec![0; 16]).scalar(), scalar);
        }
        assert_eq!(ScalarType::from_name("MET_LONG"), Some(I32));
        assert_eq!(ScalarType::from_name("MET_UCHAR_ARRAY"), Some(U8));
        assert_eq!(ScalarType::from_name("MET_OTHER"), None);
        assert_eq!(ScalarType::from_name("met_uchar"), None);
    }

    #[test]
    fn both_byte_orders_mean_the_same_numbers() {
        let mut big = vec![0x12, 0x34, 0xff, 0xfe];
        to_native_order(&mut big, 2, true);
        assert_eq!(Pixels::from_native(ScalarType::I16, big), Pixels::I16(vec![0x1234, -2]));
        let mut little = vec![0x34, 0x12, 0xfe, 0xff];
        to_native_order(&mut little, 2, false);
        assert_eq!(Pixels::from_native(ScalarType::I16, little), Pixels::I16(vec![0x1234, -2]));
        assert_eq!(*Pixels::F32(vec![1.0]).to_little_endian(), [0, 0, 0x80, 0x3f]);
    }
}
