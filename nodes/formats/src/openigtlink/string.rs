//! STRING: some text; and COMMAND: text that asks a program to do something.

use serde::{Deserialize, Serialize};

use super::fields::{Fields, count};
use super::{Error, Text, json};

/// US-ASCII, as the IANA numbers character sets (`MIBenum`); what strings have by default.
pub const US_ASCII: u16 = 3;
/// UTF-8, as the IANA numbers character sets (`MIBenum`).
pub const UTF_8: u16 = 106;

/// STRING: some text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StringMessage {
    /// Its character set, by the number of the IANA (`MIBenum`), such as [`US_ASCII`].
    pub encoding: u16,
    /// The text, at most 65535 bytes.
    #[serde(with = "json::text")]
    pub text: Vec<u8>,
}

impl StringMessage {
    /// From text.
    pub fn new(text: &str) -> Self {
        let encoding = if text.is_ascii() { US_ASCII } else { UTF_8 };
        Self { encoding, text: text.as_bytes().to_vec() }
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let encoding = fields.u16("the encoding")?;
        let length = fields.u16("the length")?;
        Ok(Self { encoding, text: fields.take(length.into(), "the text")?.to_vec() })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.extend(self.encoding.to_be_bytes());
        bytes.extend(count::<u16>("the text", self.text.len())?.to_be_bytes());
        bytes.extend(&self.text);
        Ok(())
    }
}

/// COMMAND, and `RTS_COMMAND`, its answer: a name, and mostly XML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Which command it is; the answer has the same.
    pub id: u32,
    /// What it is called.
    pub name: Text<128>,
    /// Character set of the text, as in [`StringMessage::encoding`].
    pub encoding: u16,
    /// The text.
    #[serde(with = "json::text")]
    pub text: Vec<u8>,
}

impl Command {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let id = fields.u32("the id")?;
        let name = fields.text("the name")?;
        let encoding = fields.u16("the encoding")?;
        let length = fields.u32("the length")?;
        let text = fields.take_each(length.into(), 1, "the text")?.to_vec();
        Ok(Self { id, name, encoding, text })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.extend(self.id.to_be_bytes());
        bytes.extend(self.name.as_bytes());
        bytes.extend(self.encoding.to_be_bytes());
        bytes.extend(count::<u32>("the text", self.text.len())?.to_be_bytes());
        bytes.extend(&self.text);
        Ok(())
    }
}
