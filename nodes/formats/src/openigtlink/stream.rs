//! Messages out of the bytes of a connection, as they come.

use super::{Error, HEADER_SIZE, Header, Message};

/// The largest body that is taken unless another limit is given: 1 GiB.
pub const BODY_LIMIT: u64 = 1 << 30;

/// Takes the bytes of a connection in pieces of any size and gives its messages.
///
/// **After an error.** OpenIGTLink has no mark by which the next message could be found:
/// - A damaged body (CRC), or a content that is not as its type wants it, costs this message alone. Its header said
///   where the next begins, and reading goes on there.
/// - A header of no known version, or of a body beyond the limit, ends the stream: every later call gives the same
///   error, and nothing more is kept. Close the connection.
/// - A header damaged elsewhere is not seen at once, for nothing guards it: a wrong size shows in the CRC, or in the
///   next header; a wrong type is as one that nobody knows; a wrong name or time is taken as it is.
///
/// In use is what came and was not yet taken: memory grows as bytes come, and not as headers promise.
#[derive(Debug)]
pub struct Decoder {
    bytes: Vec<u8>,
    /// How many of them have been taken.
    taken: usize,
    /// Bytes of the connection before these.
    before: u64,
    limit: u64,
    stopped: Option<Error>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::with_limit(BODY_LIMIT)
    }
}

impl Decoder {
    /// For a new connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// For a new connection, with a limit for bodies in bytes.
    pub fn with_limit(limit: u64) -> Self {
        Self { bytes: vec![], taken: 0, before: 0, limit, stopped: None }
    }

    /// Takes the next bytes of the connection. Take all messages that are whole before the next call.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.stopped.is_some() {
            return;
        }
        self.before += self.taken as u64;
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message; nothing until it is whole.
    ///
    /// # Errors
    /// If what came is no message; [`Decoder`] says what can be read afterwards.
    pub fn next_message(&mut self) -> Result<Option<Message>, Error> {
        if let Some(error) = &self.stopped {
            return Err(error.clone());
        }
        let rest = &self.bytes[self.taken..];
        let header = match Header::begin(rest).and_then(|header| self.within_limit(header)) {
            Ok(header) => header,
            Err(Error::Truncated { .. }) => return Ok(None),
            Err(error) => {
                self.bytes = vec![];
                self.taken = 0;
                self.stopped = Some(error.clone());
                return Err(error);
            }
        };
        // Beyond the limit of this machine nothing can have come.
        let size = usize::try_from(header.body_size).unwrap_or(usize::MAX);
        let Some(body) = rest[HEADER_SIZE..].get(..size) else { return Ok(None) };
        let message = Message::of(&header, body);
        self.taken += HEADER_SIZE + size;
        message.map(Some)
    }

    /// Whether an error ended the stream, so that nothing more can be read of this connection.
    pub fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// That the connection may end here.
    ///
    /// # Errors
    /// If a message has begun and is not whole, or reading stopped before.
    pub fn finish(&self) -> Result<(), Error> {
        if let Some(error) = &self.stopped {
            return Err(error.clone());
        }
        let rest = &self.bytes[self.taken..];
        if rest.is_empty() { Ok(()) } else { Message::decode(rest).map(|_| ()) }
    }

    /// Bytes of the connection before the next message.
    pub fn position(&self) -> u64 {
        self.before + self.taken as u64
    }

    fn within_limit(&self, header: Header) -> Result<Header, Error> {
        if header.body_size <= self.limit {
            return Ok(header);
        }
        Err(Error::TooLarge {
            message: header.type_name.to_string(),
            declared: header.body_size,
            limit: self.limit,
        })
    }
}
