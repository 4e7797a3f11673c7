//! What kind of port a host asks for (PHRQ).

use super::Error;

/// Which port: 14 characters, each of them `*` where any will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HandleRequest([u8; 14]);

impl HandleRequest {
    /// Any port for a tool without a cable, whose definition will be uploaded.
    pub const WIRELESS: Self = Self(*b"*********1****");
    /// Any port for a tool with a cable.
    pub const WIRED: Self = Self(*b"*********0****");

    /// The wired port of this number, 1 to 99.
    ///
    /// # Errors
    /// If there can be no such port.
    pub fn wired_port(number: u8) -> Result<Self, Error> {
        if !(1..=99).contains(&number) {
            return Err(Error::unwritable(
                "a port number",
                format_args!("{number} is not in 1…99"),
            ));
        }
        let mut request = Self::WIRED.0;
        request[10] = b'0' + number / 10;
        request[11] = b'0' + number % 10;
        Ok(Self(request))
    }

    /// Of its 14 characters.
    ///
    /// # Errors
    /// If they are fewer or more, or not printable.
    pub fn from_text(text: &[u8]) -> Result<Self, Error> {
        match <[u8; 14]>::try_from(text) {
            Ok(text) if text.iter().all(|byte| matches!(byte, b'!'..=b'~')) => Ok(Self(text)),
            _ => Err(Error::field(
                "PHRQ",
                "the kind of port",
                "14 printable characters",
                super::error::quoted(text),
            )),
        }
    }

    /// Its 14 characters.
    pub fn text(&self) -> &[u8; 14] {
        &self.0
    }

    /// The serial number of the device, 8 characters.
    pub fn device(&self) -> Option<&[u8]> {
        self.0[..8].iter().any(|byte| *byte != b'*').then_some(&self.0[..8])
    }

    /// Whether a tool without a cable is meant; nothing if either will do.
    pub fn is_wireless(&self) -> Option<bool> {
        match self.0[9] {
            b'*' => None,
            kind => Some(kind == b'1'),
        }
    }

    /// The number of the port, if one is meant.
    pub fn port(&self) -> Option<u8> {
        std::str::from_utf8(&self.0[10..12]).ok()?.parse().ok()
    }
}
