//! Memory that other processes read without a copy.

use std::sync::{Mutex, OnceLock};

use messages::wire::ALIGNMENT;
use zenoh::Wait as _;
use zenoh::shm::{
    AllocAlignment, GarbageCollect, PosixShmProviderBackend, ShmProvider, ShmProviderBuilder,
    ZShmMut,
};

/// Smaller messages go through the socket: that costs less than sharing them.
pub const WORTH_IT: usize = 4096;

/// A pool, made when it is first asked for a buffer.
pub struct SharedMemory {
    bytes: usize,
    provider: OnceLock<Option<Mutex<ShmProvider<PosixShmProviderBackend>>>>,
}

impl SharedMemory {
    /// A pool of `bytes`; none if 0.
    pub fn new(bytes: usize) -> Self {
        Self { bytes, provider: OnceLock::new() }
    }

    /// A buffer aligned to 64 bytes. None if the pool is full of messages that somebody still reads:
    /// waiting for them would let a stalled reader stop its publisher.
    pub fn allocate(&self, length: usize) -> Option<ZShmMut> {
        if length > self.bytes {
            return None;
        }
        let provider = self.provider.get_or_init(|| {
            // All buffers of a pool have the pool's alignment.
            let bytes = self.bytes.next_multiple_of(ALIGNMENT);
            let alignment = AllocAlignment::new(ALIGNMENT.ilog2() as u8).unwrap_or_default();
            match ShmProviderBuilder::default_backend((bytes, alignment)).wait() {
                Ok(provider) => Some(Mutex::new(provider)),
                Err(error) => {
                    crate::log::warn(&format!(
                        "no shared memory ({error}): arrays go through sockets, which is slower; is /dev/shm full, or less memory allowed to be locked than the pool of {} MiB (see `ulimit -l`)?",
                        bytes >> 20
                    ));
                    None
                }
            }
        });
        let provider = provider.as_ref()?.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // What nobody reads any more is taken first: its pages are mapped and warm. Left to the policy,
        // that would happen only once the whole pool had been walked through.
        provider.garbage_collect();
        provider.alloc(length).with_policy::<GarbageCollect>().wait().ok()
    }
}

/// Removes what killed processes left in `/dev/shm`.
pub fn remove_orphans() {
    zenoh::shm::cleanup_orphaned_shm_segments();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_has_the_length_asked_for_and_lies_aligned() {
        let pool = SharedMemory::new(8 << 20);
        for length in [4096, 5001, 307_201] {
            let buffer = pool.allocate(length).unwrap();
            assert_eq!(buffer.len(), length);
            assert_eq!(buffer.as_ptr() as usize % ALIGNMENT, 0);
        }
    }

    #[test]
    fn a_full_pool_gives_nothing_and_does_not_wait() {
        let pool = SharedMemory::new(1 << 20);
        let held: Vec<_> = std::iter::from_fn(|| pool.allocate(200_000)).take(100).collect();
        assert!((1..=5).contains(&held.len()), "{} buffers", held.len());
        drop(held);
        assert!(pool.allocate(200_000).is_some(), "what was given back is used again");
        assert!(pool.allocate(2 << 20).is_none(), "more than the pool");
    }
}
