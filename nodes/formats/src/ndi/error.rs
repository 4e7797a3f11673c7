//! What can be wrong with bytes of the Combined API, in words for the person who connects a tracker.

/// Why bytes are no reply, or a value cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Bytes that belong to no reply.
    #[error(
        "{count} bytes came that begin no reply of an NDI device: noise on the line, another baud rate, or bytes were lost; look at the cable and at the address"
    )]
    Garbage {
        /// How many were skipped.
        count: usize,
    },
    /// A reply was changed on its way.
    #[error(
        "{what} has the CRC {came:04X}, but {expected:04X} was expected: it was damaged on its way; look at the cable between the tracker and this computer"
    )]
    Crc {
        /// Which part.
        what: &'static str,
        /// That of the bytes.
        expected: u16,
        /// What is written behind them.
        came: u16,
    },
    /// A line of text that has no CRC.
    #[error(
        "the reply `{line}` ends without the four digits of its CRC: bytes were lost, or this is no NDI device"
    )]
    NoCrc {
        /// What came, cut off.
        line: String,
    },
    /// More bytes than any reply has.
    #[error(
        "a reply of more than {limit} bytes came: bytes were lost before, or this is no NDI device"
    )]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// A field is not what it should be.
    #[error(
        "{reply}: {field} should be {expected}, but is {came}; the device may speak another version of the protocol"
    )]
    Field {
        /// Of which reply.
        reply: &'static str,
        /// Which field.
        field: &'static str,
        /// What it should be.
        expected: String,
        /// What it is.
        came: String,
    },
    /// A value that has no form on the wire.
    #[error("{what} cannot be written: {reason}")]
    Unwritable {
        /// What should be written.
        what: &'static str,
        /// Why it cannot be.
        reason: String,
    },
}

impl Error {
    pub(super) fn field(
        reply: &'static str,
        field: &'static str,
        expected: impl ToString,
        came: impl ToString,
    ) -> Self {
        Self::Field { reply, field, expected: expected.to_string(), came: came.to_string() }
    }

    pub(super) fn unwritable(what: &'static str, reason: impl ToString) -> Self {
        Self::Unwritable { what, reason: reason.to_string() }
    }
}

/// Text of the line, for a message: without control characters, and no longer than a person reads.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let mut text: String =
        bytes.iter().take(40).map(|byte| byte.escape_ascii().to_string()).collect();
    if bytes.len() > 40 {
        text.push('…');
    }
    text
}
