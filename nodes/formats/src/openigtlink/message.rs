//! A whole message: header, content and metadata.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    Content, Error, ExtendedHeader, HEADER_SIZE, Header, MetadataEntry, Query, Text, Timestamp,
    crc64,
};

/// Key of the metadata under which a device name stands that is longer than the header has room for.
pub const DEVICE_NAME_KEY: &str = "IGTL_DEVICE_NAME";

/// A message.
///
/// As JSON it is an object with `version`, `type`, `device`, `timestamp`, perhaps `extended_header`, `content`, which
/// says what is in it, and `fields`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Version of the header: 1; or 2 or 3, with an extended header.
    pub version: u16,
    /// Its type, such as `IMAGE` or `GET_IMAGE`.
    #[serde(rename = "type")]
    pub type_name: Text<12>,
    /// Name of the device, or of what the message is about, as the header has it; see [`Message::device_name`].
    pub device: Text<20>,
    /// When it was acquired.
    pub timestamp: Timestamp,
    /// What versions 2 and 3 have besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_header: Option<ExtendedHeader>,
    /// What it holds.
    #[serde(flatten)]
    pub content: Content,
}

impl Message {
    /// Of header version 1, or of 2 if the name of the device is longer than version 1 has room for.
    ///
    /// # Errors
    /// If the type has more than 12 bytes.
    pub fn new(
        type_name: &str,
        device: &str,
        timestamp: Timestamp,
        content: Content,
    ) -> Result<Self, Error> {
        let mut message = Self {
            version: 1,
            type_name: Text::new(type_name, "the type of a message")?,
            device: Text::truncated(device),
            timestamp,
            extended_header: None,
            content,
        };
        if device.len() > message.device.as_bytes().len() {
            message.set_metadata(DEVICE_NAME_KEY, device);
        }
        Ok(message)
    }

    /// The name of the device: from the metadata if it is there, else from the header.
    pub fn device_name(&self) -> Cow<'_, str> {
        let long = self.metadata().iter().find(|entry| entry.key == DEVICE_NAME_KEY.as_bytes());
        match long {
            Some(entry) if !entry.value.is_empty() => String::from_utf8_lossy(&entry.value),
            _ => self.device.to_str(),
        }
    }

    /// Pairs of key and value; none in version 1.
    pub fn metadata(&self) -> &[MetadataEntry] {
        let metadata = self.extended_header.as_ref().and_then(|header| header.metadata.as_deref());
        metadata.unwrap_or_default()
    }

    /// Gives a key a value, in place of the one that it had; a message of version 1 becomes one of version 2.
    pub fn set_metadata(&mut self, key: &str, value: &str) {
        self.version = self.version.max(2);
        let header = self.extended_header.get_or_insert_default();
        let metadata = header.metadata.get_or_insert_default();
        let entry = MetadataEntry::new(key, value);
        match metadata.iter_mut().find(|other| other.key == entry.key) {
            Some(other) => *other = entry,
            None => metadata.push(entry),
        }
    }

    /// What the type asks for or answers, if it does, and the type without that.
    pub fn query(&self) -> (Option<Query>, String) {
        let name = self.type_name.to_str();
        let (query, rest) = Query::split(&name);
        (query, rest.to_owned())
    }

    /// The message that bytes begin with, and how many bytes it has.
    ///
    /// # Errors
    /// If they begin with no message, with one that is cut off, or with one that is damaged.
    pub fn decode(bytes: &[u8]) -> Result<(Self, usize), Error> {
        let header = Header::begin(bytes)?;
        let rest = &bytes[HEADER_SIZE..];
        let body = usize::try_from(header.body_size).ok().and_then(|size| rest.get(..size));
        let Some(body) = body else {
            return Err(Error::Truncated {
                what: format!("the body of {}", header.type_name),
                expected: header.body_size,
                came: rest.len() as u64,
            });
        };
        Ok((Self::of(&header, body)?, HEADER_SIZE + body.len()))
    }

    /// All messages of a file, one after the other.
    pub fn decode_all(bytes: &[u8]) -> Messages<'_> {
        Messages { bytes, position: 0, is_stopped: false }
    }

    /// Of a header and the body that follows it.
    ///
    /// # Errors
    /// If the body is damaged, or is not as the type wants it.
    pub fn of(header: &Header, body: &[u8]) -> Result<Self, Error> {
        let message = header.type_name.to_string();
        if body.len() as u64 != header.body_size {
            let what = format!("the body of {message}");
            return Err(Error::Truncated {
                what,
                expected: header.body_size,
                came: body.len() as u64,
            });
        }
        let came = crc64(body);
        if came != header.crc {
            return Err(Error::Crc { message, expected: header.crc, came });
        }
        let (extended_header, content) = if header.version == 1 {
            (None, body)
        } else {
            let (extended, content) = ExtendedHeader::read(&message, body)?;
            (Some(extended), content)
        };
        Ok(Self {
            version: header.version,
            type_name: header.type_name,
            device: header.device,
            timestamp: header.timestamp,
            extended_header,
            content: Content::decode(&header.type_name, content)?,
        })
    }

    /// The bytes of the message; what was decoded gives the bytes that came.
    ///
    /// # Errors
    /// If the content does not go with the type, or the protocol has no room for it.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        // The header comes last, as it counts and sums up the body that follows it.
        let mut bytes = vec![0; HEADER_SIZE];
        match (self.version, &self.extended_header) {
            (1, None) => self.content.write(&self.type_name, &mut bytes)?,
            (2 | 3, Some(extended)) => {
                let mut content = vec![];
                self.content.write(&self.type_name, &mut content)?;
                extended.write(&content, &mut bytes)?;
            }
            (version, extended) => {
                let has = if extended.is_some() { "an" } else { "no" };
                let reason = format!(
                    "header version 1 has no extended header, 2 and 3 have one; this is {version} with {has} extended header"
                );
                return Err(Error::unwritable(&self.type_name.to_string(), reason));
            }
        }
        let body = &bytes[HEADER_SIZE..];
        let header = Header {
            version: self.version,
            type_name: self.type_name,
            device: self.device,
            timestamp: self.timestamp,
            body_size: body.len() as u64,
            crc: crc64(body),
        };
        let mut head = Vec::with_capacity(HEADER_SIZE);
        header.encode(&mut head);
        bytes[..HEADER_SIZE].copy_from_slice(&head);
        Ok(bytes)
    }
}

/// The messages of a file; after an error there are no more.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    bytes: &'a [u8],
    position: usize,
    is_stopped: bool,
}

impl Messages<'_> {
    /// Bytes before the next message, or before the one that is wrong.
    pub fn position(&self) -> usize {
        self.position
    }
}

impl Iterator for Messages<'_> {
    type Item = Result<Message, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.position..).filter(|rest| !rest.is_empty())?;
        if self.is_stopped {
            return None;
        }
        let decoded = Message::decode(rest);
        match &decoded {
            Ok((_, size)) => self.position += size,
            Err(_) => self.is_stopped = true,
        }
        Some(decoded.map(|(message, _)| message))
    }
}
