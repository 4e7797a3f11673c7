//! Bytes to a message, borrowing the arrays.

use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use twox_hash::XxHash3_64;

use super::checksum::BLOCK;
use super::envelope::{ArrayDescription, Envelope, Kind};
use super::{ALIGNMENT, WireError};
use crate::bulk::{Bulk, Element};
use crate::message::Message;
use crate::time::Stamped;

/// One array that came with a message.
#[derive(Clone, Debug)]
pub struct Array {
    /// What it is, as the sender says.
    pub description: ArrayDescription,
    /// Its elements; shares the memory of the message.
    pub bytes: Bytes,
}

impl Array {
    /// The elements, if they are of type `T` and the shape is `shape`.
    ///
    /// # Errors
    /// If name, type or shape differ: says what was expected and what came.
    pub fn expect<T: Element>(
        self,
        schema: &'static str,
        name: &str,
        shape: &[u64],
    ) -> Result<Bulk<T>, WireError> {
        let came = &self.description;
        if came.name != name || came.element != T::NAME || came.shape != shape {
            return Err(WireError::Arrays {
                schema,
                reason: format!(
                    "expected `{name}` of {} {shape:?}, but `{}` of {} {:?} came",
                    T::NAME,
                    came.name,
                    came.element,
                    came.shape
                ),
            });
        }
        Bulk::from_bytes(self.bytes).map_err(|length| WireError::Arrays {
            schema,
            reason: format!("{length} bytes are no whole number of {}", T::NAME),
        })
    }
}

/// Bytes that came, with the envelope read.
#[derive(Clone, Debug)]
pub struct Received {
    bytes: Bytes,
    envelope: Envelope,
    value_at: usize,
}

impl Received {
    /// Reads the envelope; the rest is read when it is asked for.
    ///
    /// # Errors
    /// If the bytes do not start with an envelope.
    pub fn parse(bytes: Bytes) -> Result<Self, WireError> {
        let mut rest: &[u8] = &bytes;
        let envelope: Envelope = cbor(&mut rest, "envelope", bytes.len())?;
        let value_at = bytes.len() - rest.len();
        Ok(Self { envelope, value_at, bytes })
    }

    /// Who sent what, when.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// All bytes, as they came.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The value as `T`, its arrays sharing the memory of the message.
    ///
    /// # Errors
    /// If it is another message, in other frames, or damaged.
    pub fn decode<T: Message>(&self) -> Result<Stamped<T>, WireError> {
        let envelope = &self.envelope;
        if envelope.kind != Kind::Message {
            return Err(WireError::NoValue(envelope.kind));
        }
        if envelope.schema != T::SCHEMA || envelope.version != T::VERSION {
            return Err(WireError::Schema {
                expected: T::SCHEMA,
                expected_version: T::VERSION,
                came: envelope.schema.clone(),
                came_version: envelope.version,
            });
        }
        if !envelope.frames.iter().map(String::as_str).eq(T::FRAMES.iter().copied()) {
            return Err(WireError::Frames {
                schema: T::SCHEMA,
                expected: T::FRAMES.join(", "),
                came: envelope.frames.join(", "),
            });
        }
        let (mut value, at) = self.value::<T>()?;
        let (ranges, _) = self.array_ranges(at)?;
        let arrays = ranges
            .into_iter()
            .zip(&envelope.arrays)
            .map(|(range, description)| Array {
                description: description.clone(),
                bytes: self.bytes.slice(range),
            })
            .collect();
        value.attach(arrays)?;
        Ok(Stamped { acquired_at: envelope.acquired_at, sequence: envelope.sequence, value })
    }

    /// The value's header as any serde type, such as a JSON value, whatever the schema.
    ///
    /// # Errors
    /// If the header does not fit `T`.
    pub fn header<T: DeserializeOwned>(&self) -> Result<T, WireError> {
        Ok(self.value::<T>()?.0)
    }

    /// The arrays, whatever the schema.
    ///
    /// # Errors
    /// If the bytes do not hold what the envelope says.
    pub fn arrays(&self) -> Result<Vec<Array>, WireError> {
        let (_, at) = self.value::<IgnoredAny>()?;
        let (ranges, _) = self.array_ranges(at)?;
        Ok(ranges
            .into_iter()
            .zip(&self.envelope.arrays)
            .map(|(range, description)| Array {
                description: description.clone(),
                bytes: self.bytes.slice(range),
            })
            .collect())
    }

    /// Checks every byte that is not the value's: the layout, and each array against its checksums.
    ///
    /// # Errors
    /// If the layout is damaged or an array is not what was sent.
    pub fn verify(&self) -> Result<(), WireError> {
        let (_, at) = self.value::<IgnoredAny>()?;
        let (ranges, end) = self.array_ranges(at)?;
        if ranges.is_empty() {
            return self.expect_end(end);
        }
        let mut position = end;
        let count = self.head(&mut position, 0x9b, "the checksums")?;
        if count != ranges.len() {
            return Err(
                self.damaged(end, format!("{} arrays, but {count} checksums", ranges.len()))
            );
        }
        for (range, description) in ranges.into_iter().zip(&self.envelope.arrays) {
            let length = self.head(&mut position, 0x5b, "a checksum")?;
            let expected = self.take(&mut position, length)?;
            let blocks = self.bytes[range].chunks(BLOCK);
            if length != 8 * blocks.len() {
                return Err(self.damaged(
                    position,
                    format!("{} blocks, but {length} bytes of checksums", blocks.len()),
                ));
            }
            for (block, (bytes, expected)) in
                blocks.zip(self.bytes[expected].chunks_exact(8)).enumerate()
            {
                let expected = u64::from_le_bytes(std::array::from_fn(|i| expected[i]));
                let came = XxHash3_64::oneshot(bytes);
                if came != expected {
                    return Err(WireError::Checksum {
                        array: description.name.clone(),
                        block,
                        expected,
                        came,
                    });
                }
            }
        }
        self.expect_end(position)
    }

    fn value<T: DeserializeOwned>(&self) -> Result<(T, usize), WireError> {
        let mut rest = &self.bytes[self.value_at..];
        let value = cbor(&mut rest, "value", self.bytes.len())?;
        Ok((value, self.bytes.len() - rest.len()))
    }

    fn array_ranges(&self, mut position: usize) -> Result<(Vec<Range<usize>>, usize), WireError> {
        let mut ranges = Vec::with_capacity(self.envelope.arrays.len().min(16));
        for description in &self.envelope.arrays {
            let padding = self.take(&mut position, 2)?;
            let (kind, padding) =
                (self.bytes[padding.start], usize::from(self.bytes[padding.start + 1]));
            if kind != 0x58 || padding >= ALIGNMENT {
                return Err(self.damaged(position, "expected padding before an array".to_owned()));
            }
            self.take(&mut position, padding)?;
            let length = self.head(&mut position, 0x5b, "an array")?;
            let range = self.take(&mut position, length)?;
            let size = element_size(&description.element).ok_or_else(|| {
                self.damaged(range.start, format!("`{}` is no element type", description.element))
            })?;
            let elements =
                description.shape.iter().try_fold(1u64, |product, &axis| product.checked_mul(axis));
            if elements.and_then(|count| count.checked_mul(size)) != Some(length as u64) {
                return Err(self.damaged(
                    range.start,
                    format!(
                        "`{}` of {} {:?} does not take {length} bytes",
                        description.name, description.element, description.shape
                    ),
                ));
            }
            ranges.push(range);
        }
        Ok((ranges, position))
    }

    fn head(&self, position: &mut usize, kind: u8, what: &str) -> Result<usize, WireError> {
        let at = *position;
        let range = self.take(position, 9)?;
        let head = &self.bytes[range];
        if head[0] != kind {
            return Err(self.damaged(at, format!("expected {what}")));
        }
        let length = u64::from_be_bytes(std::array::from_fn(|i| head[i + 1]));
        usize::try_from(length).map_err(|_| self.damaged(at, format!("{what} of {length} bytes")))
    }

    fn take(&self, position: &mut usize, length: usize) -> Result<Range<usize>, WireError> {
        let start = *position;
        let end = start.checked_add(length).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or_else(|| {
            self.damaged(
                start,
                format!(
                    "{length} bytes should follow, but it ends after {}",
                    self.bytes.len() - start
                ),
            )
        })?;
        *position = end;
        Ok(start..end)
    }

    fn expect_end(&self, position: usize) -> Result<(), WireError> {
        if position == self.bytes.len() {
            Ok(())
        } else {
            Err(self.damaged(position, format!("{} bytes too many", self.bytes.len() - position)))
        }
    }

    fn damaged(&self, at: usize, reason: String) -> WireError {
        WireError::Damaged { at, length: self.bytes.len(), reason }
    }
}

fn element_size(element: &str) -> Option<u64> {
    match element {
        "uint8" | "int8" => Some(1),
        "int16" | "uint16" => Some(2),
        "int32" | "uint32" | "float32" => Some(4),
        "int64" | "uint64" | "float64" => Some(8),
        _ => None,
    }
}

fn cbor<T: for<'de> Deserialize<'de>>(
    rest: &mut &[u8],
    part: &'static str,
    length: usize,
) -> Result<T, WireError> {
    // Nested no deeper than any message of ours, so that hostile bytes cannot exhaust the stack.
    ciborium::de::from_reader_with_recursion_limit(rest, 64).map_err(|error| WireError::Cbor {
        part,
        length,
        reason: error.to_string(),
    })
}

/// Exactly `N` arrays.
///
/// # Errors
/// If another number came.
pub fn exactly<const N: usize>(
    schema: &'static str,
    arrays: Vec<Array>,
) -> Result<[Array; N], WireError> {
    let came = arrays.len();
    arrays.try_into().map_err(|_| WireError::Arrays {
        schema,
        reason: format!("expected {N} arrays, but {came} came"),
    })
}
