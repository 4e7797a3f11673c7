//! Types of numbers, byte orders and coordinate systems of images and arrays, with their codes on the wire.

use serde::{Deserialize, Serialize};

use super::Error;
use super::fields::Fields;

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// The code on the wire.
            pub const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)* }
            }

            /// From the code on the wire; nothing if the protocol has no such code.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            /// The next field of a message.
            pub(super) fn read(fields: &mut Fields<'_>, field: &'static str) -> Result<Self, Error> {
                let code = fields.u8(field)?;
                Self::from_code(code).ok_or_else(|| fields.wrong(field, $expected, code))
            }
        }
    };
}

coded! {
    /// Type of a number.
    ScalarType, "a scalar type (2 to 7, 10, 11 or 13)",
    /// 8 bits, signed.
    Int8 = 2,
    /// 8 bits.
    Uint8 = 3,
    /// 16 bits, signed.
    Int16 = 4,
    /// 16 bits.
    Uint16 = 5,
    /// 32 bits, signed.
    Int32 = 6,
    /// 32 bits.
    Uint32 = 7,
    /// 32 bits, floating point.
    Float32 = 10,
    /// 64 bits, floating point.
    Float64 = 11,
    /// Two times 64 bits, floating point: real and imaginary part. Of arrays, not of images.
    Complex = 13,
}

impl ScalarType {
    /// Bytes of one number.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Int8 | Self::Uint8 => 1,
            Self::Int16 | Self::Uint16 => 2,
            Self::Int32 | Self::Uint32 | Self::Float32 => 4,
            Self::Float64 => 8,
            Self::Complex => 16,
        }
    }
}

coded! {
    /// Byte order of pixels; all else is big-endian.
    Endian, "a byte order (1 big, 2 little)",
    /// The highest byte first.
    Big = 1,
    /// The lowest byte first.
    Little = 2,
}

coded! {
    /// How the axes of the space lie in which an image is placed.
    CoordinateSystem, "a coordinate system (1 RAS, 2 LPS)",
    /// To the patient's right, front and head: x and y are those of LPS with the other sign.
    Ras = 1,
    /// To the patient's left, back and head, as DICOM has it.
    Lps = 2,
}
