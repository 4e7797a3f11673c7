//! STATUS: how a device is; and CAPABILITY: which messages it takes.

use serde::{Deserialize, Serialize};

use super::fields::Fields;
use super::{Error, Text, json};

/// STATUS: a code, and words about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// 1 is OK; 2 to 19 are kinds of errors, see [`Status::meaning`].
    pub code: u16,
    /// A code of the device's own.
    pub subcode: i64,
    /// `OK`, `Warning`, `Error`, or anything.
    pub error_name: Text<20>,
    /// What there is to say, in English, often with a zero at its end.
    #[serde(with = "json::text")]
    pub message: Vec<u8>,
}

impl Status {
    /// Whether all is well.
    pub const fn is_ok(&self) -> bool {
        self.code == 1
    }

    /// What the code means; nothing if the protocol has no such code.
    pub fn meaning(&self) -> Option<&'static str> {
        const MEANINGS: [&str; 20] = [
            "invalid packet",
            "OK",
            "unknown error",
            "panic mode",
            "not found",
            "access denied",
            "busy",
            "time out or connection lost",
            "overflow or cannot be reached",
            "checksum error",
            "configuration error",
            "not enough resources",
            "illegal or unknown instruction",
            "device not ready",
            "manual mode: the device takes no commands",
            "device disabled",
            "device not present",
            "device version not known",
            "hardware failure",
            "exiting or shutting down",
        ];
        MEANINGS.get(usize::from(self.code)).copied()
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            code: fields.u16("the code")?,
            subcode: fields.u64("the subcode")? as i64,
            error_name: fields.text("the name of the error")?,
            message: fields.rest().to_vec(),
        })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.code.to_be_bytes());
        bytes.extend(self.subcode.to_be_bytes());
        bytes.extend(self.error_name.as_bytes());
        bytes.extend(&self.message);
    }
}

/// CAPABILITY: the types of messages that a program takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capability {
    /// Their names.
    pub types: Vec<Text<12>>,
}

impl Capability {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self { types: fields.each(|fields| fields.text("a type"))? })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        self.types.iter().for_each(|name| bytes.extend(name.as_bytes()));
    }
}
