//! What a device answers to a command.

use std::fmt;

use super::error::quoted;
use super::fields::hex;
use super::{Binary, DeviceError, DeviceWarning, Error, crc16};

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `OKAY`.
    Okay,
    /// `RESET`: the device has just started, or was reset.
    Reset,
    /// `ERRORxx`.
    Error(DeviceError),
    /// `WARNINGxx`: done, but.
    Warning(DeviceWarning),
    /// Any other text.
    Text(String),
    /// The answer to BX or BX2.
    Binary(Binary),
}

impl Reply {
    /// Of a line without its carriage return.
    ///
    /// # Errors
    /// If its CRC is missing or wrong.
    pub fn decode_line(line: &[u8]) -> Result<Self, Error> {
        let no_crc = || Error::NoCrc { line: quoted(line) };
        let (text, digits) = line.split_last_chunk::<4>().ok_or_else(no_crc)?;
        let came = hex(digits).ok_or_else(no_crc)? as u16;
        let expected = crc16(text);
        if came != expected {
            return Err(Error::Crc { what: "a reply of text", expected, came });
        }
        let code =
            |prefix: &str| text.strip_prefix(prefix.as_bytes()).filter(|code| code.len() == 2);
        Ok(match text {
            b"OKAY" => Self::Okay,
            b"RESET" => Self::Reset,
            _ => {
                let error =
                    code("ERROR").and_then(hex).map(|code| Self::Error(DeviceError(code as u8)));
                let warning = || {
                    code("WARNING")
                        .and_then(hex)
                        .map(|code| Self::Warning(DeviceWarning(code as u8)))
                };
                error.or_else(warning).unwrap_or_else(|| {
                    Self::Text(text.iter().map(|byte| char::from(*byte)).collect())
                })
            }
        })
    }

    /// The bytes of the answer.
    ///
    /// # Errors
    /// If a text holds what cannot be in a line, or a binary body is too long.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut line = match self {
            Self::Okay => b"OKAY".to_vec(),
            Self::Reset => b"RESET".to_vec(),
            Self::Error(DeviceError(code)) => format!("ERROR{code:02X}").into_bytes(),
            Self::Warning(DeviceWarning(code)) => format!("WARNING{code:02X}").into_bytes(),
            Self::Text(text) if text.bytes().all(is_text) => text.clone().into_bytes(),
            Self::Text(_) => {
                return Err(Error::unwritable("a reply of text", "it is not printable"));
            }
            Self::Binary(binary) => return binary.encode(),
        };
        line.extend(format!("{:04X}\r", crc16(&line)).bytes());
        Ok(line)
    }
}

/// Whether a byte may be in a reply of text.
pub(super) fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n')
}

/// The answer to APIREV, such as `G.003.001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ApiRevision {
    /// `G`: a tracker of the line of Polaris Spectra and Vega; `D`: Polaris; `E`: Aurora.
    pub family: char,
    /// The number before the second point.
    pub major: u16,
    /// The number behind it.
    pub minor: u16,
}

impl ApiRevision {
    /// Of the reply's text.
    ///
    /// # Errors
    /// If it is not a letter and two numbers.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let wrong = || {
            let came = quoted(text.as_bytes());
            Error::field("APIREV", "the revision", "such as G.003.001", came)
        };
        let parts: Vec<&str> = text.trim().split('.').collect();
        let [family, major, minor] = parts[..] else { return Err(wrong()) };
        let mut letters = family.chars();
        let (Some(family @ 'A'..='Z'), None) = (letters.next(), letters.next()) else {
            return Err(wrong());
        };
        let number = |part: &str| {
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten().ok_or_else(wrong)
        };
        let (major, minor) = (number(major)?, number(minor)?);
        Ok(Self { family, major, minor })
    }

    /// Whether devices of this revision know BX2.
    pub fn has_bx2(self) -> bool {
        self.family == 'G' && self.major >= 3
    }

    /// Whether devices of this revision know BX.
    pub fn has_bx(self) -> bool {
        self.family == 'G' || self.major >= 2
    }
}

impl fmt::Display for ApiRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}.{:03}", self.family, self.major, self.minor)
    }
}
