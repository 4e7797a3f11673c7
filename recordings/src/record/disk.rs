//! The way to the disk: one thread hashes segments and completes their links, one hands them to the
//! operating system.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crossbeam::channel::{Receiver, Sender, bounded};
use messages::{Flushed, FlushedStream};

use super::link;

/// A segment on its way to the disk.
#[derive(Debug, Default)]
pub struct Sealed {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where its link starts, and where the digits of its hash and of the one before lie; none for the
    /// summary, which follows the last link.
    pub link: Option<(usize, [usize; 2])>,
    /// Up to where every stream is safe once it is written.
    pub streams: Vec<FlushedStream>,
}

/// So many segments wait for the disk.
const WAITING: usize = 2;

#[derive(Debug, Default)]
struct Progress {
    segments: u64,
    written: u64,
    flushed: Option<Flushed>,
    error: Option<io::Error>,
    failed: bool,
}

#[derive(Debug, Default)]
struct Shared {
    progress: Mutex<Progress>,
    changed: Condvar,
}

impl Shared {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way to the disk.
#[derive(Debug)]
pub struct Disk {
    segments: Option<Sender<Sealed>>,
    reused: Receiver<Vec<u8>>,
    sent: u64,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// The disk does not take any more.
#[derive(Debug)]
pub struct Failed {
    /// Bytes that are safe.
    pub written: u64,
    /// Why.
    pub error: io::Error,
}

impl Disk {
    /// Writes to `file`, which is empty.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn new(file: File) -> io::Result<Self> {
        let (segments, sealed) = bounded(WAITING);
        let (hashed, ready) = bounded(WAITING);
        let (giving, reused) = bounded(2 * WAITING + 2);
        let shared = Arc::new(Shared::default());
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let hashing = thread("hash").spawn(move || hash(&sealed, &hashed))?;
        let writing = {
            let shared = Arc::clone(&shared);
            thread("disk").spawn(move || write(file, &ready, &giving, &shared))?
        };
        let threads = vec![hashing, writing];
        Ok(Self { segments: Some(segments), reused, sent: 0, shared, threads })
    }

    /// Memory for a segment that is not needed any more.
    pub fn reused(&self) -> Vec<u8> {
        self.reused.try_recv().unwrap_or_default()
    }

    /// Sends a segment, waiting while too many are on their way.
    ///
    /// # Errors
    /// If an earlier one could not be written.
    pub fn send(&mut self, sealed: Sealed) -> Result<(), Failed> {
        let sent = self.segments.as_ref().is_some_and(|segments| segments.send(sealed).is_ok());
        self.sent += 1;
        if sent { self.check() } else { Err(self.failure()) }
    }

    /// # Errors
    /// If a segment could not be written.
    pub fn check(&self) -> Result<(), Failed> {
        if self.shared.progress().failed { Err(self.failure()) } else { Ok(()) }
    }

    fn failure(&self) -> Failed {
        let mut progress = self.shared.progress();
        let gone =
            || io::Error::other("the thread that writes is gone; its last words are in the log");
        Failed { written: progress.written, error: progress.error.take().unwrap_or_else(gone) }
    }

    /// Waits until every segment is handed to the operating system.
    ///
    /// # Errors
    /// If one could not be written.
    pub fn settle(&self) -> Result<(), Failed> {
        let waits = |progress: &mut Progress| !progress.failed && progress.segments < self.sent;
        let waited = self.shared.changed.wait_while(self.shared.progress(), waits);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.check()
    }

    /// Bytes handed to the operating system.
    pub fn written(&self) -> u64 {
        self.shared.progress().written
    }

    /// Up to where every stream is safe, if that changed since it was asked last.
    pub fn take_flushed(&self) -> Option<Flushed> {
        self.shared.progress().flushed.take()
    }

    /// Waits until the disk has everything, and closes the file.
    ///
    /// # Errors
    /// If something could not be written.
    pub fn close(&mut self) -> Result<(), Failed> {
        self.segments = None;
        for thread in self.threads.drain(..) {
            // A panic leaves segments unwritten, which is found below.
            let _ = thread.join();
        }
        self.check()?;
        if self.shared.progress().segments < self.sent { Err(self.failure()) } else { Ok(()) }
    }
}

/// Completes links until nothing more comes, or nobody takes what is complete.
fn hash(sealed: &Receiver<Sealed>, hashed: &Sender<Sealed>) {
    let mut previous = link::NO_HASH;
    let mut hasher = link::hasher(&previous);
    while let Ok(mut segment) = sealed.recv() {
        if let Some((covered, [hash_at, previous_at])) = segment.link {
            hasher.update(&segment.bytes[..covered]);
            let hash = hasher.finalize();
            for (at, hash) in [(hash_at, hash), (previous_at, previous)] {
                let at = covered + at;
                segment.bytes[at..at + link::DIGITS].copy_from_slice(hash.to_hex().as_bytes());
            }
            hasher = link::hasher(&hash);
            hasher.update(&segment.bytes[covered..]);
            previous = hash;
        }
        if hashed.send(segment).is_err() {
            return;
        }
    }
}

/// Writes until nothing more comes, or the disk takes no more.
fn write(mut file: File, ready: &Receiver<Sealed>, reused: &Sender<Vec<u8>>, shared: &Shared) {
    let failed = |error: io::Error, file: &File| {
        let mut progress = shared.progress();
        // Half a segment does not stay behind; if this fails too, readers leave it out.
        let _ = file.set_len(progress.written);
        progress.error = Some(error);
        progress.failed = true;
        shared.changed.notify_all();
    };
    while let Ok(segment) = ready.recv() {
        if let Err(error) = file.write_all(&segment.bytes) {
            return failed(error, &file);
        }
        {
            let mut progress = shared.progress();
            progress.segments += 1;
            progress.written += segment.bytes.len() as u64;
            let bytes = progress.written;
            progress.flushed = Some(Flushed { bytes, streams: segment.streams });
            shared.changed.notify_all();
        }
        // Whoever wrote the segment may need no more memory.
        let _ = reused.try_send(segment.bytes);
    }
    if let Err(error) = file.sync_all() {
        failed(error, &file);
    }
}
