//! What can be wrong with OpenIGTLink bytes, in words for the person who connects two programs.

/// Why bytes are no OpenIGTLink message, or a message cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes end too early.
    #[error(
        "{what} should be {expected} bytes, but only {came} came: the connection or the file was cut off"
    )]
    Truncated {
        /// What ends too early.
        what: String,
        /// Bytes that it should have.
        expected: u64,
        /// Bytes that came.
        came: u64,
    },
    /// No header begins here.
    #[error(
        "an OpenIGTLink header begins with its version, 1 to 3, but {came} came: this is another protocol, or bytes were lost before; close the connection and open it anew"
    )]
    Version {
        /// What stands where the version should.
        came: u16,
    },
    /// A packet for UDP among the messages.
    #[error(
        "this is an RTP packet around a part of an OpenIGTLink message, and not the message: take it with `RtpPacket`, or let the sender use TCP"
    )]
    Rtp,
    /// A body beyond the limit.
    #[error(
        "the header of {message} declares a body of {declared} bytes, more than the limit of {limit}: bytes were lost before, or the limit is too low for such images"
    )]
    TooLarge {
        /// Its type.
        message: String,
        /// Declared bytes.
        declared: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The body was changed on its way.
    #[error(
        "the body of {message} has the CRC {came:016x}, but its header says {expected:016x}: it was damaged on its way, or its sender computes no CRC"
    )]
    Crc {
        /// Its type.
        message: String,
        /// What the header says.
        expected: u64,
        /// That of the body.
        came: u64,
    },
    /// A field is not what it should be.
    #[error(
        "{message}: {field} should be {expected}, but is {came}; its sender may be of another version"
    )]
    Field {
        /// Type of the message.
        message: String,
        /// The field.
        field: &'static str,
        /// What was expected.
        expected: String,
        /// What came.
        came: String,
    },
    /// More than the protocol has room for.
    #[error("{field} is {came} long, but OpenIGTLink has room for {limit}; shorten it")]
    TooLong {
        /// What is too long.
        field: &'static str,
        /// How long it is, in bytes or in elements.
        came: u64,
        /// How long it may be.
        limit: u64,
    },
    /// A message whose type says something else than what it holds.
    #[error("a message of the type {message} cannot hold {content}; give it the type {expected}")]
    Mismatch {
        /// Its type.
        message: String,
        /// What it holds.
        content: &'static str,
        /// A type that goes with it.
        expected: &'static str,
    },
    /// A message that cannot be written as it is.
    #[error("{message} cannot be written: {reason}")]
    Unwritable {
        /// Its type.
        message: String,
        /// Why not, and what to do.
        reason: String,
    },
}

impl Error {
    /// A field of a message that is not what it should be.
    pub(super) fn field(
        message: &str,
        field: &'static str,
        expected: impl ToString,
        came: impl ToString,
    ) -> Self {
        Self::Field {
            message: message.to_owned(),
            field,
            expected: expected.to_string(),
            came: came.to_string(),
        }
    }

    /// A message that cannot be written.
    pub(super) fn unwritable(message: &str, reason: impl Into<String>) -> Self {
        Self::Unwritable { message: message.to_owned(), reason: reason.into() }
    }
}
