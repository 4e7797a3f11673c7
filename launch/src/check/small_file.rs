//! Reads a file that should be small, whole.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::problem::file_reason;

/// The bytes of a small file.
///
/// # Errors
/// If it cannot be read, or has more than `most` bytes.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
        .map_err(|error| file_reason(&error))?;
    if bytes.len() as u64 > most {
        return Err(format!("it has more than {most} bytes; is it the right file?"));
    }
    Ok(bytes)
}
