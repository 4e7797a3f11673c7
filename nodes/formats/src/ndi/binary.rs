//! Binary replies: their start, length and checks, around the bytes of BX or BX2.

use super::{Error, crc16};

/// The start of a reply whose header and body have a CRC each; little-endian on the wire.
const START: [u8; 2] = [0xc4, 0xa5];
/// The start of a reply of any length, without a CRC.
const LONG_START: [u8; 2] = [0xc8, 0xa5];

/// The body of a binary reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binary {
    /// Start sequence A5C4: up to 65 535 bytes, guarded by a CRC.
    Checked(Vec<u8>),
    /// Start sequence A5C8: any length, **not guarded**: only TCP's own checks stand behind these bytes.
    Long(Vec<u8>),
}

/// What stands at the front of some bytes.
pub(super) enum Front {
    /// More bytes are needed.
    Partial,
    /// A reply of so many bytes.
    Whole(Binary, usize),
    /// Damaged; so many bytes are to be skipped.
    Damaged(Error, usize),
    /// No binary reply.
    None,
}

impl Binary {
    /// The body.
    pub fn body(&self) -> &[u8] {
        match self {
            Self::Checked(body) | Self::Long(body) => body,
        }
    }

    /// The body for a reply of this size: guarded by a CRC where it has room.
    pub fn of(body: Vec<u8>) -> Self {
        if u16::try_from(body.len()).is_ok() { Self::Checked(body) } else { Self::Long(body) }
    }

    /// The bytes of the whole reply.
    ///
    /// # Errors
    /// If the body has more bytes than its length field can say.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let too_long = |_| Error::unwritable("a binary reply", "its body is too long");
        let mut bytes;
        match self {
            Self::Checked(body) => {
                let length = u16::try_from(body.len()).map_err(too_long)?;
                bytes = Vec::with_capacity(body.len() + 8);
                bytes.extend(START);
                bytes.extend(length.to_le_bytes());
                bytes.extend(crc16(&bytes).to_le_bytes());
                bytes.extend(body);
                bytes.extend(crc16(body).to_le_bytes());
            }
            Self::Long(body) => {
                let length = u32::try_from(body.len()).map_err(too_long)?;
                bytes = Vec::with_capacity(body.len() + 6);
                bytes.extend(LONG_START);
                bytes.extend(length.to_le_bytes());
                bytes.extend(body);
            }
        }
        Ok(bytes)
    }

    /// Looks at the front of bytes; `limit` is for the body.
    pub(super) fn front(bytes: &[u8], limit: usize) -> Front {
        let Some(start) = bytes.first_chunk::<2>() else {
            return match bytes.first() {
                Some(first) if *first == START[0] || *first == LONG_START[0] => Front::Partial,
                _ => Front::None,
            };
        };
        if *start != START && *start != LONG_START {
            return Front::None;
        }
        let Some(header) = bytes.first_chunk::<6>() else { return Front::Partial };
        if *start == LONG_START {
            let length = u32::from_le_bytes([header[2], header[3], header[4], header[5]]);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length > limit {
                return Front::Damaged(Error::TooLong { limit }, 2);
            }
            return match bytes.get(6..6 + length) {
                Some(body) => Front::Whole(Self::Long(body.to_vec()), 6 + length),
                None => Front::Partial,
            };
        }
        let came = u16::from_le_bytes([header[4], header[5]]);
        let expected = crc16(&header[..4]);
        if came != expected {
            let what = "the header of a binary reply";
            return Front::Damaged(Error::Crc { what, expected, came }, 2);
        }
        let length = usize::from(u16::from_le_bytes([header[2], header[3]]));
        let Some(rest) = bytes.get(6..8 + length) else { return Front::Partial };
        let (body, crc) = rest.split_at(length);
        let came = u16::from_le_bytes([crc[0], crc[1]]);
        let expected = crc16(body);
        if came != expected {
            let what = "the body of a binary reply";
            return Front::Damaged(Error::Crc { what, expected, came }, 8 + length);
        }
        Front::Whole(Self::Checked(body.to_vec()), 8 + length)
    }

    /// Whether this byte may be the first of a binary reply.
    pub(super) fn may_begin(byte: u8) -> bool {
        byte == START[0] || byte == LONG_START[0]
    }
}
