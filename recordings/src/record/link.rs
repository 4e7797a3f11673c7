//! A link of the hash chain: written before its hash is known, completed on the way to the disk.

use std::collections::BTreeMap;

use mcap::records::Metadata;

use crate::format;

/// What the first link takes as the hash before it.
pub const NO_HASH: blake3::Hash = blake3::Hash::from_bytes([0; 32]);

/// Digits of a hash.
pub const DIGITS: usize = 64;

/// A hasher of what a link covers: the hash before it, then the bytes since the link before.
pub fn hasher(previous: &blake3::Hash) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    hasher.update(previous.as_bytes());
    hasher
}

/// The record of link `number`, which covers the bytes `from` to `to`; its hashes are zeros.
pub fn record(number: u64, from: u64, to: u64, notes: Option<String>) -> Metadata {
    let zeros = "0".repeat(DIGITS);
    let mut metadata = BTreeMap::from([
        ("number".to_owned(), number.to_string()),
        ("from".to_owned(), from.to_string()),
        ("to".to_owned(), to.to_string()),
        ("previous".to_owned(), zeros.clone()),
        ("blake3".to_owned(), zeros),
    ]);
    if let Some(notes) = notes {
        metadata.insert("notes".to_owned(), notes);
    }
    Metadata { name: format::LINK.to_owned(), metadata }
}

/// Where in the bytes of a link's record the digits of its hash and of the hash before it lie.
pub fn places(record: &[u8]) -> Option<[usize; 2]> {
    // Keys are in alphabetical order: nothing that could look like the first key comes before it, nor
    // anything that could look like `previous` behind that.
    let after = |at: usize, key: &str| {
        let at = at + key.len() + 4;
        (record.get(at..at + DIGITS)? == "0".repeat(DIGITS).as_bytes()).then_some(at)
    };
    let first = record.windows(6).position(|window| window == b"blake3")?;
    let last = record.windows(8).rposition(|window| window == b"previous")?;
    Some([after(first, "blake3")?, after(last, "previous")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_found_whatever_the_notes_say() {
        let notes = format!("blake3 previous blake3{}", "0".repeat(200));
        let link = record(3, 10, 2000, Some(notes));
        let mut bytes = Vec::new();
        for (key, value) in &link.metadata {
            bytes.extend((key.len() as u32).to_le_bytes());
            bytes.extend(key.as_bytes());
            bytes.extend((value.len() as u32).to_le_bytes());
            bytes.extend(value.as_bytes());
        }
        let [hash, previous] = places(&bytes).unwrap();
        assert_eq!(hash, 4 + 6 + 4);
        assert_eq!(&bytes[previous - 12..previous - 4], b"previous");
        assert_eq!(
            &bytes[previous + DIGITS..],
            [2, 0, 0, 0, b't', b'o', 4, 0, 0, 0, b'2', b'0', b'0', b'0']
        );
    }
}
