//! Checks what follows the data of a file: summary, footer, magic.

use mcap::records::op;
use mcap::sans_io::{LinearReadEvent, LinearReader, LinearReaderOptions};

use super::chunk;

/// Checks what follows the data, its end included; `ours` says that a recorder of ours wrote it.
///
/// # Errors
/// Says what is wrong.
pub fn check(tail: &[u8], ours: bool) -> Result<(), String> {
    let options = LinearReaderOptions::default()
        .with_skip_start_magic(true)
        .with_validate_summary_section_crc(true)
        .with_check_finishes_after_end_magic(true)
        .with_record_length_limit(tail.len());
    let mut reader = LinearReader::new_with_options(options);
    let mut rest = tail;
    let (mut data_end, mut footer) = (None, None);
    while let Some(event) = reader.next_event() {
        match event.map_err(|error| chunk::explain(&error))? {
            LinearReadEvent::ReadRequest(wanted) => {
                let (given, later) = rest.split_at(wanted.min(rest.len()));
                reader.insert(given.len()).copy_from_slice(given);
                reader.notify_read(given.len());
                rest = later;
            }
            LinearReadEvent::Record { data, opcode: op::DATA_END } => {
                data_end = Some(data.to_vec());
            }
            LinearReadEvent::Record { data, opcode: op::FOOTER } => footer = Some(data.to_vec()),
            LinearReadEvent::Record { .. } => {}
        }
    }
    let footer = footer.ok_or("it has no footer")?;
    // We write no checksum of the data, because the chain is stronger, and one of the summary.
    if ours
        && (data_end.is_none_or(|data| data != [0; 4])
            || footer.len() != 20
            || footer[16..] == [0; 4])
    {
        return Err("its checksums are not as a recorder writes them".to_owned());
    }
    Ok(())
}
