//! Memory that other processes read without a copy.

use std::sync::{Mutex, OnceLock};

use zenoh::Wait as _;
use zenoh::shm::{
    AllocAlignment, GarbageCollect, PosixShmProviderBackend, ShmProvider, ShmProviderBuilder,
    ZShmMut,
};

/// Smaller messages go through the socket: that costs less than sharing them.
pub const WORTH_IT: usize = 4096;

/// A pool, made when the first array is published.
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
            match ShmProviderBuilder::default_backend(self.bytes).wait() {
                Ok(provider) => Some(Mutex::new(provider)),
                Err(error) => {
                    crate::log::warn(&format!(
                        "no shared memory ({error}): arrays go through sockets, which is slower; is /dev/shm full?"
                    ));
                    None
                }
            }
        });
        let provider = provider.as_ref()?.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let alignment = AllocAlignment::new(6).ok()?;
        provider.alloc((length, alignment)).with_policy::<GarbageCollect>().wait().ok()
    }
}

/// Removes what killed processes left in `/dev/shm`.
pub fn remove_orphans() {
    zenoh::shm::cleanup_orphaned_shm_segments();
}
