//! Checks the hash chain: nothing between two links was changed, removed, added or moved.

use mcap::records::Metadata;

use crate::record::NO_HASH;

/// The chain while a file is read from its start.
#[derive(Clone, Debug)]
pub struct Chain {
    /// How many links there were.
    pub links: u64,
    /// The hash of the last one; tells two recordings apart.
    pub last: blake3::Hash,
    /// Where the last one starts: up to there it covers.
    covered_to: usize,
    /// Where the last link's record ends.
    pub ends_at: usize,
}

impl Chain {
    /// Nothing is read yet.
    pub fn new() -> Self {
        Self { links: 0, last: NO_HASH, covered_to: 0, ends_at: 0 }
    }

    /// Takes the link at `at`; with `hashing` the bytes it covers are hashed and compared.
    ///
    /// # Errors
    /// Says what was changed. The links behind it are checked against what it says, so that damage in
    /// one place does not hide that the rest is whole.
    pub fn link(
        &mut self,
        bytes: &[u8],
        at: usize,
        end: usize,
        link: &Metadata,
        hashing: bool,
    ) -> Result<(), String> {
        let field = |name: &str| link.metadata.get(name).map_or("", String::as_str);
        let hash = |name: &str| {
            let hash = blake3::Hash::from_hex(field(name)).unwrap_or(NO_HASH);
            // Only as a recorder writes it: otherwise a bent bit could make a capital unseen.
            if hash.to_hex().as_str() == field(name) { hash } else { NO_HASH }
        };
        let number = |name: &str| {
            let number = field(name).parse().unwrap_or(u64::MAX);
            if number.to_string() == field(name) { number } else { u64::MAX }
        };
        let (from, previous) = (self.covered_to, self.last);
        let said = hash("blake3");
        let expected = (self.links, from as u64, at as u64);
        let came = (number("number"), number("from"), number("to"));
        self.links = came.0.wrapping_add(1);
        self.last = said;
        self.covered_to = at;
        self.ends_at = end;
        if came != expected || hash("previous") != previous || field("previous").is_empty() {
            return Err(format!(
                "link {} of the chain says that it covers bytes {} to {}, but link {} should cover {from} to {at}: chunks were removed, added or moved",
                came.0, came.1, came.2, expected.0
            ));
        }
        if hashing {
            let mut hasher = crate::record::hasher(&previous);
            hasher.update(&bytes[from..at]);
            if hasher.finalize() != said {
                return Err(format!(
                    "bytes {from} to {at} are not what was written: their hash differs from link {}",
                    came.0
                ));
            }
        }
        Ok(())
    }
}
