//! Bytes as gzip.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// One gzip member without name and time, so that the same bytes become the same.
pub(crate) fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}
