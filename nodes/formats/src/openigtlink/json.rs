//! How values look as JSON, so that nothing is lost: numbers that are none, names that are no UTF-8, and bytes.
//!
//! - A number is a JSON number where every reader gets the same bits of it. Else it is its decimals in quotes, `"inf"`,
//!   `"-inf"`, `"NaN"`, or `"NaN:7fc00001"` with the bits of a NaN that is not the usual one.
//! - Text is a string, or `{"base64": "…"}` where it is no UTF-8 or something stands behind its end.
//! - Bytes are a string of base64.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Text;
use crate::polydata::xml::base64 as letters;

/// A number of a message.
pub(super) trait Number: Copy {
    /// Whether readers get the same bits from its decimals.
    fn is_safe(self) -> bool;
    fn write<S: Serializer>(self, serializer: S) -> Result<S::Ok, S::Error>;
    fn from_f64(number: f64) -> Self;
    fn text(self) -> String;
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! number {
    ($number:ident, $bits:ident, $write:ident, $width:literal, $is_safe:expr) => {
        impl Number for $number {
            fn is_safe(self) -> bool {
                let is_safe: fn(Self) -> bool = $is_safe;
                self == 0.0 || self.is_finite() && is_safe(self)
            }

            fn write<S: Serializer>(self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.$write(self)
            }

            fn from_f64(number: f64) -> Self {
                number as Self
            }

            fn text(self) -> String {
                if self.is_nan() && self.to_bits() != Self::NAN.to_bits() {
                    return format!(concat!("NaN:{:0", $width, "x}"), self.to_bits());
                }
                format!("{self:?}")
            }

            fn parse(text: &str) -> Option<Self> {
                let Some(bits) = text.strip_prefix("NaN:") else { return text.parse().ok() };
                let number = Self::from_bits($bits::from_str_radix(bits, 16).ok()?);
                number.is_nan().then_some(number)
            }
        }
    };
}

// Some readers are off by a bit or two of 64; that must not matter for the 32.
number!(f32, u32, serialize_f32, "8", |number| {
    let Ok(read) = format!("{number:?}").parse::<f64>() else { return false };
    let off = |bits: i64| f64::from_bits(read.to_bits().wrapping_add_signed(bits)) as f32;
    [-4, 0, 4].into_iter().all(|bits| off(bits).to_bits() == number.to_bits())
});

// Decimals up to 2⁵³ and powers of ten up to 22 are exact in 64 bits, and so is their product (W. Clinger 1990,
// "How to read floating point numbers accurately"): simple readers get them right.
number!(f64, u64, serialize_f64, "16", |number| {
    let decimals = format!("{number:e}");
    let digits = decimals.split('e').next().unwrap_or_default();
    let digits = digits.bytes().filter(u8::is_ascii_digit).count();
    digits <= 15 && (1e-7..1e14).contains(&number.abs())
});

/// A number as it is written.
struct Written<N>(N);

impl<N: Number> Serialize for Written<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_safe() {
            self.0.write(serializer)
        } else {
            serializer.serialize_str(&self.0.text())
        }
    }
}

impl<'de, N: Number> Deserialize<'de> for Written<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<N>(PhantomData<N>);
        impl<N: Number> Visitor<'_> for Reader<N> {
            type Value = N;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or its text such as \"NaN\" or \"inf\"")
            }

            fn visit_f64<E>(self, number: f64) -> Result<N, E> {
                Ok(N::from_f64(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<N, E> {
                Ok(N::from_f64(number as f64))
            }

            fn visit_i64<E>(self, number: i64) -> Result<N, E> {
                Ok(N::from_f64(number as f64))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<N, E> {
                N::parse(text).ok_or_else(|| E::custom(format!("`{text}` is no number")))
            }
        }
        deserializer.deserialize_any(Reader(PhantomData)).map(Self)
    }
}

/// One number: `#[serde(with = "json::number")]`.
pub(super) mod number {
    use super::{Deserialize, Deserializer, Number, Serialize, Serializer, Written};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub fn serialize<N: Number, S: Serializer>(
        number: &N,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Written(*number).serialize(serializer)
    }

    pub fn deserialize<'de, N: Number, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<N, D::Error> {
        Written::deserialize(deserializer).map(|written| written.0)
    }
}

/// A list of numbers, or an array of them.
pub(super) trait List: AsRef<[Self::Number]> + TryFrom<Vec<Self::Number>> {
    type Number: Number;
}

impl<N: Number> List for Vec<N> {
    type Number = N;
}

impl<N: Number, const COUNT: usize> List for [N; COUNT] {
    type Number = N;
}

/// Some numbers: `#[serde(with = "json::numbers")]`.
pub(super) mod numbers {
    use super::{Deserialize, Deserializer, List, Serializer, Written};
    use serde::de::Error as _;

    pub fn serialize<L: List, S: Serializer>(list: &L, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.as_ref().iter().map(|number| Written(*number)))
    }

    pub fn deserialize<'de, L: List, D: Deserializer<'de>>(deserializer: D) -> Result<L, D::Error> {
        let numbers: Vec<Written<L::Number>> = Vec::deserialize(deserializer)?;
        let came = numbers.len();
        let numbers: Vec<L::Number> = numbers.into_iter().map(|written| written.0).collect();
        L::try_from(numbers)
            .map_err(|_| D::Error::custom(format!("{came} is not the right count of numbers")))
    }
}

/// Bytes: `#[serde(with = "json::base64")]`.
pub(super) mod base64 {
    use super::{Deserialize, Deserializer, Serializer, from_letters, to_letters};
    use serde::de::Error as _;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_letters(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        from_letters(&text).ok_or_else(|| D::Error::custom("a string of bytes is no base64"))
    }
}

/// Text of any length: `#[serde(with = "json::text")]`.
pub(super) mod text {
    use super::{Deserializer, Serializer, TextOrBytes, serialize_text};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serialize_text(std::str::from_utf8(bytes).ok(), bytes, serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_any(TextOrBytes).map(|(bytes, _)| bytes)
    }
}

impl<const N: usize> Serialize for Text<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_text(self.plain(), self.as_bytes(), serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Text<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (mut bytes, is_plain) = deserializer.deserialize_any(TextOrBytes)?;
        let came = bytes.len();
        if is_plain && came < N {
            bytes.resize(N, 0);
        }
        let whole = bytes.try_into().map_err(|_| {
            let what = if is_plain { "at most" } else { "base64 of" };
            D::Error::custom(format!("a name should be {what} {N} bytes, but is {came}"))
        })?;
        Ok(Self::from_bytes(whole))
    }
}

fn serialize_text<S: Serializer>(
    plain: Option<&str>,
    bytes: &[u8],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match plain {
        Some(text) => serializer.serialize_str(text),
        None => serializer.collect_map([("base64", to_letters(bytes))]),
    }
}

/// Reads bytes, and whether they were a string.
struct TextOrBytes;

impl<'de> Visitor<'de> for TextOrBytes {
    type Value = (Vec<u8>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or an object with `base64`")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok((text.as_bytes().to_vec(), true))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some((key, text)) = map.next_entry::<String, String>()? else {
            return Err(A::Error::missing_field("base64"));
        };
        if key != "base64" || map.next_key::<String>()?.is_some() {
            return Err(A::Error::custom("an object in place of text has `base64` alone"));
        }
        let bytes = from_letters(&text).ok_or_else(|| A::Error::custom("this is no base64"))?;
        Ok((bytes, false))
    }
}

fn to_letters(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    letters::encode(bytes, &mut text);
    text.into_iter().map(char::from).collect()
}

fn from_letters(text: &str) -> Option<Vec<u8>> {
    let (groups, rest) = text.as_bytes().as_chunks::<4>();
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for (index, group) in groups.iter().enumerate() {
        let is_last = index + 1 == groups.len();
        if !letters::decode(*group, &mut bytes) || group[3] == b'=' && !is_last {
            return None;
        }
    }
    rest.is_empty().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back<N: Number>(number: N) -> N {
        let text = serde_json::to_string(&Written(number)).unwrap();
        serde_json::from_str::<Written<N>>(&text).unwrap().0
    }

    #[test]
    fn odd_numbers_come_back() {
        for bits in [
            0,
            1,
            1 << 31,
            0x7f80_0000,
            0xff80_0000,
            0x7fc0_0000,
            0xffc0_0000,
            0x7f80_0001,
            0x3dcc_cccd,
            0x0080_0000,
        ] {
            assert_eq!(back(f32::from_bits(bits)).to_bits(), bits, "{bits:x}");
        }
        for number in [
            0.1,
            1.0 / 3.0,
            1e308,
            5e-324,
            -0.0,
            0.1 + 0.2,
            123_456_789.125,
            f64::INFINITY,
            -f64::NAN,
        ] {
            assert_eq!(back(number).to_bits(), number.to_bits(), "{number}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_number_comes_back(single: u32, double: u64) {
            proptest::prop_assert_eq!(back(f32::from_bits(single)).to_bits(), single);
            proptest::prop_assert_eq!(back(f64::from_bits(double)).to_bits(), double);
        }
    }

    #[test]
    fn common_numbers_are_numbers() {
        assert_eq!(serde_json::to_string(&Written(0.1_f32)).unwrap(), "0.1");
        assert_eq!(serde_json::to_string(&Written(-12.5_f64)).unwrap(), "-12.5");
        assert_eq!(serde_json::to_string(&Written(0.1 + 0.2)).unwrap(), "\"0.30000000000000004\"");
    }

    #[test]
    fn names_that_are_no_text() {
        for bytes in [*b"name", *b"na\0\0", *b"n\0me", *b"n\xffe\0"] {
            let name = Text::from_bytes(bytes);
            let text = serde_json::to_string(&name).unwrap();
            assert_eq!(serde_json::from_str::<Text<4>>(&text).unwrap(), name, "{text}");
        }
        for wrong in [
            "\"names\"",
            "{\"base64\":\"bmFt\"}",
            "{}",
            "{\"base64\":\"bmFtZQ\"}",
            "{\"x\":\"bmFtZQ==\"}",
        ] {
            assert!(serde_json::from_str::<Text<4>>(wrong).is_err(), "{wrong}");
        }
    }
}
