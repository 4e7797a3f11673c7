//! The segments of shared memory that this process reads from, mapped only while they are in use.
//!
//! Zenoh maps a segment when the first message in it comes, and keeps it until the session ends. A
//! publisher that was restarted a hundred times would leave a hundred pools in the memory of each of
//! its readers, locked there. Here a segment that nothing was read from for a while is unmapped, and
//! mapped again if something comes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use zenoh::shm::{
    ChunkID, PosixShmClient, ProtocolID, SegmentID, ShmClient, ShmClientStorage, ShmSegment,
    WithProtocolID,
};

use crate::clock;

/// A segment that nothing was read from for so long is unmapped.
const IDLE: Duration = Duration::from_secs(10);

/// Maps segments as Zenoh's own client does, and unmaps what is idle.
#[derive(Debug)]
struct Client {
    inner: PosixShmClient,
    mapped: Arc<Mapped>,
}

/// All segments that were read from.
#[derive(Debug, Default)]
struct Mapped {
    segments: Mutex<Vec<Weak<Segment>>>,
    swept: Mutex<Duration>,
}

/// One segment of another process.
#[derive(Debug)]
struct Segment {
    id: SegmentID,
    inner: RwLock<Option<Arc<dyn ShmSegment>>>,
    used: Mutex<Duration>,
    all: Arc<Mapped>,
}

/// What a session reads shared memory with.
pub fn clients() -> Arc<ShmClientStorage> {
    let client = Client { inner: PosixShmClient, mapped: Arc::default() };
    Arc::new(ShmClientStorage::builder().with_client(Arc::new(client)).build())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl WithProtocolID for Client {
    fn id(&self) -> ProtocolID {
        self.inner.id()
    }
}

impl ShmClient for Client {
    fn attach(&self, id: SegmentID) -> zenoh::Result<Arc<dyn ShmSegment>> {
        let segment = Arc::new(Segment {
            id,
            inner: RwLock::new(Some(self.inner.attach(id)?)),
            used: Mutex::new(clock::monotonic()),
            all: Arc::clone(&self.mapped),
        });
        lock(&self.mapped.segments).push(Arc::downgrade(&segment));
        Ok(segment)
    }
}

impl ShmSegment for Segment {
    fn map(&self, chunk: ChunkID) -> zenoh::Result<*mut u8> {
        let now = clock::monotonic();
        *lock(&self.used) = now;
        self.all.sweep(now);
        if let Some(inner) = &*self.inner.read().unwrap_or_else(PoisonError::into_inner) {
            return inner.map(chunk);
        }
        let again = PosixShmClient.attach(self.id)?;
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been faster, and what it mapped may be read from already.
        inner.get_or_insert(again).map(chunk)
    }
}

impl Mapped {
    /// Unmaps what is idle; looks at most once a second.
    fn sweep(&self, now: Duration) {
        {
            let mut swept = lock(&self.swept);
            if now.saturating_sub(*swept) < Duration::from_secs(1) {
                return;
            }
            *swept = now;
        }
        let segments: Vec<_> = lock(&self.segments).iter().filter_map(Weak::upgrade).collect();
        for segment in &segments {
            segment.unmap_if_idle(now);
        }
    }
}

impl Segment {
    fn unmap_if_idle(self: &Arc<Self>, now: Duration) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        // Whoever reads from it holds it, from before it asks where the chunk lies: Zenoh's list of
        // segments and the sweep are the only two left if nobody does.
        let unread = Arc::strong_count(self) <= 2;
        if unread && now.saturating_sub(*lock(&self.used)) >= IDLE {
            *inner = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A segment of one byte.
    #[derive(Debug)]
    struct OneByte(Mutex<u8>);

    impl ShmSegment for OneByte {
        fn map(&self, _: ChunkID) -> zenoh::Result<*mut u8> {
            Ok(std::ptr::from_mut(&mut *lock(&self.0)))
        }
    }

    /// A segment as Zenoh holds it, last used at the first second.
    fn segment(all: &Arc<Mapped>) -> Arc<dyn ShmSegment> {
        let segment = Arc::new(Segment {
            id: SegmentID::MAX,
            inner: RwLock::new(Some(Arc::new(OneByte(Mutex::new(7))))),
            used: Mutex::new(Duration::from_secs(1)),
            all: Arc::clone(all),
        });
        lock(&all.segments).push(Arc::downgrade(&segment));
        segment
    }

    fn is_mapped(all: &Mapped) -> bool {
        let segment = lock(&all.segments)[0].upgrade().unwrap();
        let inner = segment.inner.read().unwrap();
        inner.is_some()
    }

    #[test]
    fn what_nobody_reads_is_unmapped_after_a_while() {
        let all = Arc::default();
        let _zenoh = segment(&all);
        all.sweep(Duration::from_secs(8));
        assert!(is_mapped(&all));
        all.sweep(Duration::from_secs(12));
        assert!(!is_mapped(&all));
    }

    #[test]
    fn what_somebody_reads_stays() {
        let all = Arc::default();
        let zenoh = segment(&all);
        let reader = Arc::clone(&zenoh);
        all.sweep(Duration::from_secs(100));
        assert!(is_mapped(&all));
        drop(reader);
        all.sweep(Duration::from_secs(102));
        assert!(!is_mapped(&all));
    }

    #[test]
    fn what_is_gone_for_good_is_an_error_and_not_a_pointer_to_nowhere() {
        let all = Arc::default();
        let zenoh = segment(&all);
        assert!(zenoh.map(0).is_ok());
        all.sweep(Duration::MAX);
        assert!(!is_mapped(&all));
        // No publisher has such a segment.
        assert!(zenoh.map(0).is_err());
    }
}
