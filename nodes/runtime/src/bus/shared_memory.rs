//! Memory that other processes read without a copy.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use messages::wire::ALIGNMENT;
use zenoh::Wait as _;
use zenoh::shm::{
    AllocAlignment, GarbageCollect, PosixShmProviderBackend, ShmProvider, ShmProviderBuilder,
    ZShmMut,
};

use crate::clock;

/// Smaller messages go through the socket: that costs less than sharing them.
pub const WORTH_IT: usize = 4096;

/// A pool, made when it is first asked for a buffer.
pub struct SharedMemory {
    bytes: usize,
    pool: Mutex<Pool>,
}

type Provider = ShmProvider<PosixShmProviderBackend>;

enum Pool {
    Unmade,
    Made(Made),
    /// It could not be made.
    None,
}

struct Made {
    provider: Provider,
    /// The files by which other processes find it.
    files: Vec<PathBuf>,
    /// And those in which Zenoh keeps account of all buffers of this process.
    account: Vec<PathBuf>,
    looked_at: Duration,
    /// Pools that were removed: buffers of theirs may still be out.
    removed: Vec<Provider>,
}

/// How often it is looked whether other processes can still find the pool.
const LOOK: Duration = Duration::from_secs(1);
/// A pool that was removed is made anew so often, before it is given up.
const TRIES: usize = 8;
/// Smaller segments serve other ends than messages.
const SMALLEST: u64 = 1 << 16;

/// The files of this process's account, once made. Whoever makes a pool holds it: what a pool's files are shows in
/// what came while it was made, and two made at once would take each other's for their own.
static ACCOUNT: Mutex<Option<Vec<PathBuf>>> = Mutex::new(None);

impl SharedMemory {
    /// A pool of `bytes`; none if 0.
    pub fn new(bytes: usize) -> Self {
        Self { bytes, pool: Mutex::new(Pool::Unmade) }
    }

    /// A buffer aligned to 64 bytes. None if the pool is full of messages that somebody still reads:
    /// waiting for them would let a stalled reader stop its publisher.
    pub fn allocate(&self, length: usize) -> Option<ZShmMut> {
        if length > self.bytes {
            return None;
        }
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::monotonic();
        let removed = match &mut *pool {
            Pool::None => return None,
            Pool::Unmade => Some((None, Vec::new())),
            Pool::Made(made) if now.saturating_sub(made.looked_at) < LOOK || made.is_there() => {
                if now.saturating_sub(made.looked_at) >= LOOK {
                    made.looked_at = now;
                }
                None
            }
            Pool::Made(_) => match std::mem::replace(&mut *pool, Pool::None) {
                Pool::Made(Made { provider, account, mut removed, .. }) => {
                    removed.push(provider);
                    Some((Some(account), removed))
                }
                _ => None,
            },
        };
        if let Some((account, removed)) = removed {
            *pool = self.make(account, removed);
        }
        let Pool::Made(Made { provider, .. }) = &*pool else { return None };
        // What nobody reads any more is taken first: its pages are mapped and warm. Left to the policy,
        // that would happen only once the whole pool had been walked through.
        provider.garbage_collect();
        provider.alloc(length).with_policy::<GarbageCollect>().wait().ok()
    }

    /// Makes a pool.
    ///
    /// Whoever uses Zenoh removes, when it starts and when it ends, all segments that nobody has locked, and a
    /// segment is not locked for the instant between its making and its locking. A pool that was removed then
    /// works here and can be opened by nobody else: all messages in it would be lost. It is made anew.
    fn make(&self, account: Option<Vec<PathBuf>>, mut removed: Vec<Provider>) -> Pool {
        let mut made = ACCOUNT.lock().unwrap_or_else(PoisonError::into_inner);
        let account = account.unwrap_or_else(|| made.get_or_insert_with(make_account).clone());
        let bytes = self.bytes.next_multiple_of(ALIGNMENT);
        let mut error = "other processes remove it as soon as it is made".to_owned();
        let tries = if account.iter().all(|file| file.exists()) { TRIES } else { 0 };
        for _ in 0..tries {
            let before = segments();
            let provider = match provider(bytes) {
                Ok(provider) => provider,
                Err(refused) => {
                    error = refused;
                    break;
                }
            };
            let mut files = segments();
            files.retain(|file| !before.contains(file));
            if files.iter().all(|file| file.exists()) {
                // Who tidies up may have seen it unlocked and remove it yet: with the next message it is looked at again.
                let looked_at = Duration::ZERO;
                return Pool::Made(Made { provider, files, account, looked_at, removed });
            }
            removed.push(provider);
        }
        crate::log::warn(&format!(
            "no shared memory ({error}): arrays go through sockets, which is slower; is /dev/shm full, or less memory allowed to be locked than the pool of {} MiB (see `ulimit -l`)?",
            bytes >> 20
        ));
        Pool::None
    }
}

impl Made {
    /// Whether other processes can find it.
    fn is_there(&self) -> bool {
        self.files.iter().chain(&self.account).all(|file| file.exists())
    }
}

fn provider(bytes: usize) -> Result<Provider, String> {
    // All buffers of a pool have the pool's alignment.
    let alignment = AllocAlignment::new(ALIGNMENT.ilog2() as u8).unwrap_or_default();
    let provider = ShmProviderBuilder::default_backend((bytes, alignment)).wait();
    provider.map_err(|error| error.to_string())
}

/// Has Zenoh make the segments in which it keeps account of buffers, which come with the first buffer of a process,
/// and answers their files.
fn make_account() -> Vec<PathBuf> {
    let before = segments();
    // Smaller than what is looked for.
    let first = provider(WORTH_IT).map(|provider| provider.alloc(ALIGNMENT).wait());
    let mut files = segments();
    drop(first);
    files.retain(|file| !before.contains(file));
    files
}

/// The files of the segments that this process holds, those that were removed included.
fn segments() -> Vec<PathBuf> {
    let held = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    held.filter_map(|entry| {
        let name = std::fs::read_link(entry.path()).ok()?;
        let name = name.to_str()?;
        let name = PathBuf::from(name.strip_suffix(" (deleted)").unwrap_or(name));
        let is_large = std::fs::metadata(entry.path()).ok()?.len() >= SMALLEST;
        (name.extension().is_some_and(|extension| extension == "zenoh") && is_large).then_some(name)
    })
    .collect()
}

/// Removes what killed processes left in `/dev/shm`.
pub fn remove_orphans() {
    zenoh::shm::cleanup_orphaned_shm_segments();
}

#[cfg(test)]
mod tests {
    use std::sync::MutexGuard;

    use super::*;

    /// One test at a time: one of them tidies up in the whole process, which would take the others' pools away.
    /// The account is made before, since it cannot be made anew.
    fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        ACCOUNT.lock().unwrap().get_or_insert_with(make_account);
        alone
    }

    impl SharedMemory {
        fn made<T>(&self, with: impl FnOnce(&mut Made) -> T) -> T {
            let mut pool = self.pool.lock().unwrap();
            let Pool::Made(made) = &mut *pool else { panic!("there is no pool") };
            with(made)
        }

        fn is_there(&self) -> bool {
            self.made(|made| made.is_there())
        }

        /// As if a second had passed.
        fn look_again(&self) {
            self.made(|made| made.looked_at = Duration::ZERO);
        }
    }

    #[test]
    fn a_buffer_has_the_length_asked_for_and_lies_aligned() {
        let _alone = alone();
        let pool = SharedMemory::new(8 << 20);
        for length in [4096, 5001, 307_201] {
            let buffer = pool.allocate(length).unwrap();
            assert_eq!(buffer.len(), length);
            assert_eq!(buffer.as_ptr() as usize % ALIGNMENT, 0);
        }
    }

    /// Any process that uses Zenoh does so when it starts and when it ends.
    #[test]
    fn a_pool_can_be_read_whoever_tidies_up_while_it_is_made() {
        let _alone = alone();
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let others: Vec<_> = (0..2)
            .map(|_| {
                let stop = std::sync::Arc::clone(&stop);
                std::thread::spawn(move || {
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        remove_orphans();
                    }
                })
            })
            .collect();
        for _ in 0..400 {
            let pool = SharedMemory::new(1 << 20);
            let _buffer = pool.allocate(5000).unwrap();
            std::thread::sleep(Duration::from_millis(2));
            let _buffer = pool.allocate(5000).unwrap();
            assert!(pool.is_there());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for other in others {
            other.join().unwrap();
        }
    }

    #[test]
    fn a_pool_that_was_removed_is_made_anew_and_its_buffers_stay() {
        let _alone = alone();
        let pool = SharedMemory::new(1 << 20);
        let mut before = pool.allocate(5000).unwrap();
        before[..].fill(7);
        let files = pool.made(|made| made.files.clone());
        assert!(!files.is_empty());
        for file in &files {
            std::fs::remove_file(file).unwrap();
        }
        assert!(!pool.is_there());
        pool.look_again();
        let after = pool.allocate(5000).unwrap();
        assert!(pool.is_there() && pool.made(|made| made.files.clone()) != files);
        assert!(before[..].iter().all(|byte| *byte == 7));
        drop((before, after));
    }

    #[test]
    fn without_an_account_of_buffers_there_is_no_pool() {
        let _alone = alone();
        let pool = SharedMemory::new(1 << 20);
        assert!(pool.allocate(5000).is_some());
        pool.made(|made| made.account.push("/dev/shm/none.zenoh".into()));
        pool.look_again();
        assert!(pool.allocate(5000).is_none());
    }

    #[test]
    fn a_full_pool_gives_nothing_and_does_not_wait() {
        let _alone = alone();
        let pool = SharedMemory::new(1 << 20);
        let held: Vec<_> = std::iter::from_fn(|| pool.allocate(200_000)).take(100).collect();
        assert!((1..=5).contains(&held.len()), "{} buffers", held.len());
        drop(held);
        assert!(pool.allocate(200_000).is_some(), "what was given back is used again");
        assert!(pool.allocate(2 << 20).is_none(), "more than the pool");
    }
}
