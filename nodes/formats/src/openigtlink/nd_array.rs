//! NDARRAY: numbers in any count of dimensions.

use serde::{Deserialize, Serialize};

use super::fields::{Fields, count, put_u16s};
use super::{Error, ScalarType, json};

/// NDARRAY: an array as C has it, the last index fastest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NdArray {
    /// Type of its numbers.
    pub scalar: ScalarType,
    /// Its size along each dimension, the slowest first.
    pub size: Vec<u16>,
    /// Its numbers, big-endian.
    #[serde(with = "json::base64")]
    pub data: Vec<u8>,
}

impl NdArray {
    /// The numbers in double precision; complex ones as real and imaginary part in turn.
    pub fn numbers(&self) -> Vec<f64> {
        let bytes = &self.data[..];
        match self.scalar {
            ScalarType::Int8 => bytes.iter().map(|byte| (*byte as i8).into()).collect(),
            ScalarType::Uint8 => bytes.iter().map(|byte| (*byte).into()).collect(),
            ScalarType::Int16 => each(bytes, |two| i16::from_be_bytes(two).into()),
            ScalarType::Uint16 => each(bytes, |two| u16::from_be_bytes(two).into()),
            ScalarType::Int32 => each(bytes, |four| i32::from_be_bytes(four).into()),
            ScalarType::Uint32 => each(bytes, |four| u32::from_be_bytes(four).into()),
            ScalarType::Float32 => each(bytes, |four| f32::from_be_bytes(four).into()),
            ScalarType::Float64 | ScalarType::Complex => each(bytes, f64::from_be_bytes),
        }
    }

    /// Bytes that the size asks for; nothing if that is beyond any message.
    fn bytes(scalar: ScalarType, size: &[u16]) -> Option<u64> {
        let numbers = size.iter().try_fold(1_u64, |all, side| all.checked_mul((*side).into()));
        // The order of the dimensions must not decide whether an empty array is too large.
        let numbers = if size.contains(&0) { Some(0) } else { numbers };
        numbers?.checked_mul(scalar.bytes() as u64)
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let scalar = ScalarType::read(fields, "the scalar type")?;
        let dimensions = fields.u8("the count of dimensions")?;
        let size = fields.take_each(dimensions.into(), 2, "the size")?;
        let size: Vec<u16> =
            size.as_chunks().0.iter().map(|two| u16::from_be_bytes(*two)).collect();
        let bytes = Self::bytes(scalar, &size);
        if bytes != Some(fields.left() as u64) {
            let expected = match bytes {
                Some(bytes) => format!("{bytes} bytes, as its size {size:?} says"),
                None => format!("what its size {size:?} says, which no message can hold"),
            };
            return Err(fields.wrong(
                "the data",
                expected,
                format_args!("{} bytes", fields.left()),
            ));
        }
        Ok(Self { scalar, size, data: fields.rest().to_vec() })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        if Self::bytes(self.scalar, &self.size) != Some(self.data.len() as u64) {
            let came =
                format_args!("{} bytes for the size {:?}", self.data.len(), self.size).to_string();
            return Err(Error::unwritable("NDARRAY", format!("its data are {came}")));
        }
        bytes.push(self.scalar.code());
        bytes.push(count("the list of dimensions", self.size.len())?);
        put_u16s(bytes, &self.size);
        bytes.extend(&self.data);
        Ok(())
    }
}

fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    bytes.as_chunks().0.iter().map(|bytes| number(*bytes)).collect()
}
