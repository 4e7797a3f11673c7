//! Replies out of the bytes of a connection, as they come.

use super::binary::Front;
use super::reply::is_text;
use super::{Binary, Error, Reply};

/// The largest reply that is taken unless another limit is given: 256 KiB.
pub const REPLY_LIMIT: usize = 256 << 10;

/// Takes the bytes of a connection in pieces of any size and gives its replies.
///
/// **After damage** it goes on: a reply whose CRC is wrong costs itself alone, bytes that belong to nothing are skipped
/// up to the next that may begin a reply, and each time an error says so. Memory is bounded by the limit.
#[derive(Debug)]
pub struct ReplyDecoder {
    bytes: Vec<u8>,
    /// How many of them have been taken.
    taken: usize,
    /// How many behind those are known to be text without an end.
    scanned: usize,
    limit: usize,
}

impl Default for ReplyDecoder {
    fn default() -> Self {
        Self::with_limit(REPLY_LIMIT)
    }
}

impl ReplyDecoder {
    /// For a new connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// For a new connection, with a limit for replies in bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self { bytes: vec![], taken: 0, scanned: 0, limit }
    }

    /// Takes the next bytes of the connection. Take all replies before the next call.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Forgets what has come: nothing before now is part of a reply.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.taken = 0;
        self.scanned = 0;
    }

    /// Bytes that have come and belong to no reply yet.
    pub fn pending(&self) -> usize {
        self.bytes.len() - self.taken
    }

    /// The next reply; nothing until it is whole.
    ///
    /// # Errors
    /// If bytes are damaged; the next call goes on behind them.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, Error> {
        let rest = &self.bytes[self.taken..];
        let Some(first) = rest.first() else { return Ok(None) };
        match Binary::front(rest, self.limit) {
            Front::Partial => Ok(None),
            Front::Whole(binary, length) => {
                self.take(length);
                Ok(Some(Reply::Binary(binary)))
            }
            Front::Damaged(error, skipped) => {
                self.take(skipped);
                Err(error)
            }
            Front::None if is_text(*first) => self.next_line(),
            Front::None => {
                // The first byte begins nothing, whatever follows it.
                let next =
                    rest[1..].iter().position(|byte| is_text(*byte) || Binary::may_begin(*byte));
                let count = next.map_or(rest.len(), |at| at + 1);
                self.take(count);
                Err(Error::Garbage { count })
            }
        }
    }

    fn next_line(&mut self) -> Result<Option<Reply>, Error> {
        let rest = &self.bytes[self.taken..];
        let end = rest[self.scanned..].iter().position(|byte| !is_text(*byte));
        let Some(end) = end.map(|end| end + self.scanned) else {
            if rest.len() > self.limit {
                let limit = self.limit;
                self.take(rest.len());
                return Err(Error::TooLong { limit });
            }
            self.scanned = rest.len();
            return Ok(None);
        };
        if rest[end] != b'\r' {
            self.take(end);
            return Err(Error::Garbage { count: end });
        }
        let reply = Reply::decode_line(&rest[..end]);
        self.take(end + 1);
        reply.map(Some)
    }

    fn take(&mut self, count: usize) {
        self.taken += count;
        self.scanned = 0;
    }
}
