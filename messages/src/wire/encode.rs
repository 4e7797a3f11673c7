//! A message to bytes, written straight into the memory it is sent from.

use super::checksum::{BLOCK, copy_with_checksums};
use super::envelope::{ArrayDescription, Envelope, Kind, Origin, Validity};
use super::{ALIGNMENT, WireError};
use crate::bulk::{Bulk, Element};
use crate::message::Message;
use crate::time::Timestamp;

/// One array of a message, to be sent.
#[derive(Clone, Debug)]
pub struct ArrayRef<'a> {
    /// What it holds, such as `pixels`.
    pub name: &'static str,
    /// Element type as NumPy calls it.
    pub element: &'static str,
    /// Slowest axis first.
    pub shape: Vec<u64>,
    /// The elements.
    pub bytes: &'a [u8],
}

impl<'a> ArrayRef<'a> {
    /// An array of `elements` with the slowest axis first.
    pub fn new<T: Element>(name: &'static str, elements: &'a Bulk<T>, shape: &[u64]) -> Self {
        Self { name, element: T::NAME, shape: shape.to_vec(), bytes: elements.as_bytes() }
    }
}

/// A message whose header is written and whose arrays wait to be copied into place.
#[derive(Debug)]
pub struct Encoded<'a> {
    head: Vec<u8>,
    arrays: Vec<ArrayRef<'a>>,
    length: usize,
}

const PADDING_HEAD: usize = 2;
const ARRAY_HEAD: usize = 9;

fn padding_before_array(position: usize) -> usize {
    (ALIGNMENT - (position + PADDING_HEAD + ARRAY_HEAD) % ALIGNMENT) % ALIGNMENT
}

fn checksum_bytes(array: &[u8]) -> usize {
    8 * array.len().div_ceil(BLOCK)
}

fn cbor<T: serde::Serialize>(
    value: &T,
    head: &mut Vec<u8>,
    part: &'static str,
) -> Result<(), WireError> {
    ciborium::into_writer(value, &mut *head).map_err(|error| WireError::Cbor {
        part,
        length: head.len(),
        reason: error.to_string(),
    })
}

/// Writes the header of a value that was acquired at `acquired_at`.
///
/// # Errors
/// If serde cannot write the value.
pub fn message<'a, T: Message>(
    origin: &Origin,
    sequence: u64,
    acquired_at: Timestamp,
    published_at: Timestamp,
    validity: &Validity,
    value: &'a T,
) -> Result<Encoded<'a>, WireError> {
    let arrays = value.arrays();
    let envelope = Envelope {
        session: origin.session.clone(),
        stream: origin.stream.clone(),
        incarnation: origin.incarnation,
        kind: Kind::Message,
        schema: T::SCHEMA.to_owned(),
        version: T::VERSION,
        frames: T::FRAMES.iter().map(|&frame| frame.to_owned()).collect(),
        sequence,
        acquired_at,
        published_at,
        validity: validity.clone(),
        arrays: arrays
            .iter()
            .map(|array| ArrayDescription {
                name: array.name.to_owned(),
                element: array.element.to_owned(),
                shape: array.shape.clone(),
            })
            .collect(),
    };
    let mut head = Vec::with_capacity(512);
    cbor(&envelope, &mut head, "envelope")?;
    cbor(value, &mut head, "value")?;
    let mut length = head.len();
    for array in &arrays {
        length += PADDING_HEAD + padding_before_array(length) + ARRAY_HEAD + array.bytes.len();
    }
    if !arrays.is_empty() {
        length += ARRAY_HEAD;
        length +=
            arrays.iter().map(|array| ARRAY_HEAD + checksum_bytes(array.bytes)).sum::<usize>();
    }
    Ok(Encoded { head, arrays, length })
}

/// Writes a blank, a mark or an end, with `reason` (for blanks) or without. Its times are when it became
/// so, and when it was handed to the bus.
///
/// # Errors
/// If serde cannot write it, which does not happen for these.
pub fn control(
    origin: &Origin,
    schema: crate::message::Schema,
    kind: Kind,
    sequence: u64,
    (acquired_at, published_at): (Timestamp, Timestamp),
    reason: Option<&str>,
) -> Result<Vec<u8>, WireError> {
    let validity = match reason {
        Some(reason) => Validity::Stale { reason: reason.to_owned() },
        None => Validity::Valid,
    };
    let envelope = Envelope {
        session: origin.session.clone(),
        stream: origin.stream.clone(),
        incarnation: origin.incarnation,
        kind,
        schema: schema.name.to_owned(),
        version: schema.version,
        frames: schema.frames.iter().map(|&frame| frame.to_owned()).collect(),
        sequence,
        acquired_at,
        published_at,
        validity,
        arrays: Vec::new(),
    };
    let mut bytes = Vec::with_capacity(256);
    cbor(&envelope, &mut bytes, "envelope")?;
    cbor(&(), &mut bytes, "value")?;
    Ok(bytes)
}

impl Encoded<'_> {
    /// The number of bytes of the whole message.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Never: a message has an envelope.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether arrays follow the header, so that shared memory is worth it.
    pub fn has_arrays(&self) -> bool {
        !self.arrays.is_empty()
    }

    /// Copies everything into `target`, which is exactly [`len`](Self::len) bytes, and takes the
    /// arrays' checksums on the way.
    ///
    /// # Errors
    /// If `target` has another length.
    pub fn write_into(&self, target: &mut [u8]) -> Result<(), WireError> {
        if target.len() != self.length {
            return Err(WireError::Damaged {
                at: 0,
                length: target.len(),
                reason: format!("the message takes exactly {} bytes", self.length),
            });
        }
        let mut position = 0;
        put(target, &mut position, &self.head);
        let mut checksums = Vec::with_capacity(self.arrays.len());
        for array in &self.arrays {
            let padding = padding_before_array(position);
            put(target, &mut position, &[0x58, padding as u8]);
            target[position..position + padding].fill(0);
            position += padding;
            put_head(target, &mut position, 0x5b, array.bytes.len());
            let end = position + array.bytes.len();
            checksums.push(copy_with_checksums(array.bytes, &mut target[position..end]));
            position = end;
        }
        if !self.arrays.is_empty() {
            put_head(target, &mut position, 0x9b, checksums.len());
            for blocks in &checksums {
                put_head(target, &mut position, 0x5b, 8 * blocks.len());
                for block in blocks {
                    put(target, &mut position, &block.to_le_bytes());
                }
            }
        }
        debug_assert_eq!(position, self.length);
        Ok(())
    }

    /// The whole message in memory of its own.
    ///
    /// # Errors
    /// Never for a message made by [`message`].
    pub fn to_vec(&self) -> Result<Vec<u8>, WireError> {
        if self.arrays.is_empty() {
            return Ok(self.head.clone());
        }
        let mut bytes = vec![0; self.length];
        self.write_into(&mut bytes)?;
        Ok(bytes)
    }
}

fn put(target: &mut [u8], position: &mut usize, bytes: &[u8]) {
    target[*position..*position + bytes.len()].copy_from_slice(bytes);
    *position += bytes.len();
}

/// A CBOR head with an eight-byte length, whatever the length, so that the layout is known before.
fn put_head(target: &mut [u8], position: &mut usize, kind: u8, length: usize) {
    put(target, position, &[kind]);
    put(target, position, &(length as u64).to_be_bytes());
}
