//! Memory for copies of messages that is used again: fresh memory costs as much as the copy.

use std::sync::Arc;

use bytes::Bytes;
use crossbeam::queue::ArrayQueue;

/// Smaller messages are not worth it, larger ones too rare to keep memory for them.
const KEPT: std::ops::RangeInclusive<usize> = 64 << 10..=8 << 20;
/// So many buffers are kept.
const COUNT: usize = 32;

type Pool = ArrayQueue<Vec<u8>>;

/// A pool of buffers.
#[derive(Debug)]
pub struct Buffers(Arc<Pool>);

/// A buffer that goes back when nobody needs it any more.
struct Lent {
    bytes: Vec<u8>,
    pool: Arc<Pool>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // A full pool needs no more.
        let _ = self.pool.push(std::mem::take(&mut self.bytes));
    }
}

impl Buffers {
    /// An empty pool.
    pub fn new() -> Self {
        Self(Arc::new(ArrayQueue::new(COUNT)))
    }

    /// A copy of `bytes`.
    pub fn copy(&self, bytes: &[u8]) -> Bytes {
        if !KEPT.contains(&bytes.len()) {
            return Bytes::copy_from_slice(bytes);
        }
        let mut buffer = self.0.pop().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(bytes);
        Bytes::from_owner(Lent { bytes: buffer, pool: Arc::clone(&self.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_only_when_nobody_reads_it() {
        let buffers = Buffers::new();
        let (a, b) = (vec![1; 100_000], vec![2; 70_000]);
        let first = buffers.copy(&a);
        let part = first.slice(10..20);
        let place = first.as_ptr();
        drop(first);
        let second = buffers.copy(&b);
        assert_ne!(second.as_ptr(), place);
        assert_eq!(part, vec![1; 10]);
        drop(part);
        let third = buffers.copy(&b);
        assert_eq!(third.as_ptr(), place);
        assert_eq!((&third[..], &second[..]), (&b[..], &b[..]));
    }

    #[test]
    fn small_and_huge_messages_leave_nothing_behind() {
        let buffers = Buffers::new();
        for length in [10, 9 << 20] {
            assert_eq!(buffers.copy(&vec![3; length]).len(), length);
        }
        assert!(buffers.0.is_empty());
    }
}
