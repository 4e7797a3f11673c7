//! The journal of a recording: in which order a replayed node takes its inputs.

use std::collections::VecDeque;
use std::path::Path;

use messages::wire::Received;
use messages::{JournalEntry, Taken, Timestamp};

use super::HostError;
use crate::assignment::{Assignment, Mode};
use crate::inbox::Order;

/// In which order the node of this assignment takes its inputs.
///
/// # Errors
/// If there is a journal to follow and it cannot be read.
pub fn order(assignment: &Assignment) -> Result<Order, HostError> {
    Ok(match &assignment.mode {
        Mode::Live => Order::Arrival,
        Mode::Simulated => Order::Time { told: Timestamp(i64::MIN) },
        Mode::Replay { journal } => {
            let entries = read_journal(journal)?;
            let recorded = entries.iter().find_map(|entry| match &entry.taken {
                Taken::Started { parameters } => {
                    serde_json::from_str::<serde_json::Value>(parameters).ok()
                }
                _ => None,
            });
            let follow_parameters =
                recorded.is_none_or(|recorded| recorded == assignment.parameters);
            Order::Journal { entries, missing: 0, follow_parameters }
        }
    })
}

/// Wire messages, each after its length.
fn read_journal(path: &Path) -> Result<VecDeque<JournalEntry>, HostError> {
    let error = |reason: String| HostError::Journal { path: path.to_owned(), reason };
    let bytes =
        bytes::Bytes::from(std::fs::read(path).map_err(|source| error(source.to_string()))?);
    let mut entries = VecDeque::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes
            .get(at..at + 4)
            .map(|head| u32::from_le_bytes(std::array::from_fn(|i| head[i])) as usize);
        let end = length.map(|length| at + 4 + length).filter(|&end| end <= bytes.len());
        let end =
            end.ok_or_else(|| error(format!("it ends in the middle of the entry at byte {at}")))?;
        let entry = Received::parse(bytes.slice(at + 4..end))
            .and_then(|received| received.decode::<JournalEntry>());
        entries.push_back(entry.map_err(|source| error(source.to_string()))?.value);
        at = end;
    }
    Ok(entries)
}
