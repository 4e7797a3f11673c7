//! Decompression of one zlib stream that cannot be made to write more than it is asked for.

use std::io::BufRead;

use flate2::{Decompress, FlushDecompress, Status};

use super::error::Error;

/// The state of a zlib stream; the compressed bytes are pulled from a source as needed.
///
/// `flate2`'s own readers report a stream that was cut off as its regular end; this one does not.
pub(crate) struct Inflate {
    state: Decompress,
    /// Compressed bytes that may still be taken, if their number is declared.
    left: Option<u64>,
    ended: bool,
}

impl Inflate {
    pub(crate) fn new(compressed_bytes: Option<u64>) -> Self {
        Self { state: Decompress::new(true), left: compressed_bytes, ended: false }
    }

    /// Whether the stream has come to its end and its checksum was right.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Declared compressed bytes that the stream did not need.
    pub(crate) fn left(&self) -> u64 {
        self.left.unwrap_or(0)
    }

    /// Writes to the start of `out`; 0 only at the end of the stream.
    pub(crate) fn read(
        &mut self,
        source: &mut impl BufRead,
        out: &mut [u8],
    ) -> Result<usize, Error> {
        while !self.ended && !out.is_empty() {
            let available = source.fill_buf()?;
            let allowed = usize::try_from(self.left.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
            let input = &available[..available.len().min(allowed)];
            let (consumed, written) = (self.state.total_in(), self.state.total_out());
            let status = self
                .state
                .decompress(input, out, FlushDecompress::None)
                .map_err(|error| Error::Corrupt { at: consumed, reason: error.to_string() })?;
            let took = self.state.total_in() - consumed;
            let wrote = (self.state.total_out() - written) as usize;
            let starved = input.is_empty();
            source.consume(took as usize);
            self.left = self.left.map(|left| left - took);
            self.ended = matches!(status, Status::StreamEnd);
            if wrote > 0 {
                return Ok(wrote);
            }
            if !self.ended && took == 0 {
                return Err(if starved {
                    Error::StreamEndsEarly { came: self.state.total_in() }
                } else {
                    Error::Corrupt { at: consumed, reason: "no progress".to_owned() }
                });
            }
        }
        Ok(0)
    }
}
