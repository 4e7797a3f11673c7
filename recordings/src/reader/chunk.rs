//! The records inside one chunk, after its checksum was checked.

use mcap::sans_io::{LinearReadEvent, LinearReader, LinearReaderOptions};

/// No chunk is larger than this when unpacked.
const LARGEST: usize = 4 << 30;

/// Calls `each` with the opcode and the body of every record in the chunk; `chunk` is the chunk's
/// whole record, opcode and length included.
///
/// # Errors
/// Says what is wrong if the chunk cannot be unpacked or is not what was written; then `each` was
/// not called.
pub fn records(chunk: &[u8], mut each: impl FnMut(u8, &[u8])) -> Result<(), String> {
    // LZ4 packs at most 255 bytes into one: whoever says more lies.
    let largest = chunk.len().saturating_mul(256).saturating_add(1 << 16).min(LARGEST);
    let options = LinearReaderOptions::default()
        .with_skip_start_magic(true)
        .with_skip_end_magic(true)
        .with_validate_chunk_crcs(true)
        .with_prevalidate_chunk_crcs(true)
        .with_record_length_limit(largest);
    let mut reader = LinearReader::new_with_options(options);
    let mut rest = chunk;
    while let Some(event) = reader.next_event() {
        match event.map_err(|error| explain(&error))? {
            LinearReadEvent::ReadRequest(wanted) => {
                let (given, later) = rest.split_at(wanted.min(rest.len()));
                reader.insert(given.len()).copy_from_slice(given);
                reader.notify_read(given.len());
                rest = later;
            }
            LinearReadEvent::Record { data, opcode } => each(opcode, data),
        }
    }
    Ok(())
}

/// An error of the `mcap` crate with its cause.
pub fn explain(error: &mcap::McapError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
