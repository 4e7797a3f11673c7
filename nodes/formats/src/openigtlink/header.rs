//! The header that every message begins with, and what header version 2 has besides.

use serde::{Deserialize, Serialize};

use super::fields::{Fields, count};
use super::{Error, RtpPacket, Text, Timestamp, json};

/// Bytes of a header.
pub const HEADER_SIZE: usize = 58;

/// Bytes of the extended header that have a meaning.
const EXTENDED_SIZE: usize = 12;

/// The first 58 bytes of a message. Nothing in them is guarded by a checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// 1; or 2 or 3, where the body begins with an [`ExtendedHeader`].
    pub version: u16,
    /// Type of the message.
    pub type_name: Text<12>,
    /// Name of the device, or of what the message is about.
    pub device: Text<20>,
    /// When it was acquired.
    pub timestamp: Timestamp,
    /// Bytes that follow.
    pub body_size: u64,
    /// [`crc64`](super::crc64) of these.
    pub crc: u64,
}

/// Whether headers of this version are known.
pub(super) const fn is_version(version: u16) -> bool {
    matches!(version, 1..=3)
}

impl Header {
    /// From its bytes.
    ///
    /// # Errors
    /// If they begin with no version of a header.
    pub fn decode(bytes: &[u8; HEADER_SIZE]) -> Result<Self, Error> {
        Self::begin(bytes)
    }

    /// From the beginning of a message.
    pub(super) fn begin(bytes: &[u8]) -> Result<Self, Error> {
        if let Some((version, _)) = bytes.split_first_chunk() {
            let came = u16::from_be_bytes(*version);
            if RtpPacket::is_rtp(bytes) {
                return Err(Error::Rtp);
            }
            if !is_version(came) {
                return Err(Error::Version { came });
            }
        }
        let Some(bytes) = bytes.get(..HEADER_SIZE) else {
            let (expected, came) = (HEADER_SIZE as u64, bytes.len() as u64);
            return Err(Error::Truncated {
                what: "the header of a message".to_owned(),
                expected,
                came,
            });
        };
        let mut fields = Fields::new("the header", bytes);
        Ok(Self {
            version: fields.u16("the version")?,
            type_name: fields.text("the type")?,
            device: fields.text("the device name")?,
            timestamp: Timestamp::from_bits(fields.u64("the timestamp")?),
            body_size: fields.u64("the size of the body")?,
            crc: fields.u64("the CRC")?,
        })
    }

    /// Adds its bytes.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.version.to_be_bytes());
        bytes.extend(self.type_name.as_bytes());
        bytes.extend(self.device.as_bytes());
        bytes.extend(self.timestamp.to_bits().to_be_bytes());
        bytes.extend(self.body_size.to_be_bytes());
        bytes.extend(self.crc.to_be_bytes());
    }
}

/// What messages of header version 2 and 3 have besides: a number, and pairs of key and value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendedHeader {
    /// Number of the message, by which an answer names the question.
    pub message_id: u32,
    /// Pairs of key and value; nothing if even their count is left out.
    pub metadata: Option<Vec<MetadataEntry>>,
    /// Bytes of the extended header that a later version of the protocol may have.
    #[serde(default, with = "json::base64", skip_serializing_if = "Vec::is_empty")]
    pub later: Vec<u8>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataEntry {
    /// The key.
    #[serde(with = "json::text")]
    pub key: Vec<u8>,
    /// Character set of the value, as in [`StringMessage::encoding`](super::StringMessage::encoding).
    pub encoding: u16,
    /// The value.
    #[serde(with = "json::text")]
    pub value: Vec<u8>,
}

impl MetadataEntry {
    /// Of two texts.
    pub fn new(key: &str, value: &str) -> Self {
        let encoding = if value.is_ascii() { super::US_ASCII } else { super::UTF_8 };
        Self { key: key.as_bytes().to_vec(), encoding, value: value.as_bytes().to_vec() }
    }
}

impl ExtendedHeader {
    /// The extended header of a body, and the content between it and the metadata.
    pub(super) fn read<'a>(message: &'a str, body: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let mut fields = Fields::new(message, body);
        let size = usize::from(fields.u16("the size of the extended header")?);
        let index_size = usize::from(fields.u16("the size of the metadata header")?);
        let values_size = fields.u32("the size of the metadata")? as usize;
        let message_id = fields.u32("the message id")?;
        let Some(later) = size.checked_sub(EXTENDED_SIZE) else {
            return Err(fields.wrong("the size of the extended header", "at least 12", size));
        };
        let later = fields.take(later, "the extended header")?.to_vec();
        let Some(content) = fields.left().checked_sub(index_size.saturating_add(values_size))
        else {
            let expected = format!("at most {} bytes", fields.left());
            let came = format!("{index_size} and {values_size} bytes");
            return Err(fields.wrong("the metadata", expected, came));
        };
        let content = fields.take(content, "the content")?;
        let index = fields.take(index_size, "the metadata header")?;
        let values = fields.rest();
        let metadata = if index.is_empty() && values.is_empty() {
            None
        } else {
            Some(read_metadata(message, index, values)?)
        };
        Ok((Self { message_id, metadata, later }, content))
    }

    /// Adds the extended header, content, and metadata.
    pub(super) fn write(&self, content: &[u8], bytes: &mut Vec<u8>) -> Result<(), Error> {
        let mut index: Vec<u8> = vec![];
        let mut values: Vec<u8> = vec![];
        if let Some(metadata) = &self.metadata {
            index.extend(count::<u16>("the list of metadata", metadata.len())?.to_be_bytes());
            for entry in metadata {
                index.extend(count::<u16>("a key of the metadata", entry.key.len())?.to_be_bytes());
                index.extend(entry.encoding.to_be_bytes());
                index.extend(
                    count::<u32>("a value of the metadata", entry.value.len())?.to_be_bytes(),
                );
                values.extend(&entry.key);
                values.extend(&entry.value);
            }
        }
        let size = EXTENDED_SIZE + self.later.len();
        bytes.extend(count::<u16>("the extended header", size)?.to_be_bytes());
        bytes.extend(count::<u16>("the list of metadata", index.len())?.to_be_bytes());
        bytes.extend(count::<u32>("the metadata", values.len())?.to_be_bytes());
        bytes.extend(self.message_id.to_be_bytes());
        bytes.extend(&self.later);
        bytes.extend(content);
        bytes.extend(index);
        bytes.extend(values);
        Ok(())
    }
}

fn read_metadata(message: &str, index: &[u8], values: &[u8]) -> Result<Vec<MetadataEntry>, Error> {
    let mut index = Fields::new(message, index);
    let mut values = Fields::new(message, values);
    let count = index.u16("the count of metadata")?;
    let mut entries = vec![];
    for _ in 0..count {
        let key = index.u16("the size of a key")?;
        let encoding = index.u16("the encoding of a value")?;
        let value = index.u32("the size of a value")?;
        entries.push(MetadataEntry {
            key: values.take(key.into(), "a key of the metadata")?.to_vec(),
            encoding,
            value: values.take_each(value.into(), 1, "a value of the metadata")?.to_vec(),
        });
    }
    index.end("the metadata header")?;
    values.end("the last value of the metadata")?;
    Ok(entries)
}
