//! A recording's bytes, mapped rather than read.

use std::fs::File;
use std::io;
use std::path::Path;

use bytes::Bytes;

/// The bytes of the file as they are now; what is appended later is not seen.
///
/// # Errors
/// If it cannot be opened or mapped.
pub fn map(path: &Path) -> io::Result<Bytes> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    if file.metadata()?.len() == 0 {
        return Ok(Bytes::new());
    }
    #[allow(
        unsafe_code,
        reason = "recordings only grow; who cuts one while it is read ends the reading process"
    )]
    let map = unsafe { memmap2::Mmap::map(&file) }?;
    Ok(Bytes::from_owner(map))
}
