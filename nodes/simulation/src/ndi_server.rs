//! Serves an emulated tracker to real hosts, on TCP or on a pseudo-terminal: threads, sockets and the clock about the
//! state machine of [`ndi_emulator`](crate::ndi_emulator).
//!
//! | file | idea |
//! | --- | --- |
//! | `address` | where it is to be reached |
//! | `tcp` | connections: one master, and monitors where the tracker has them |
//! | `pseudo_terminal` | a serial line |
//! | `tool` | the command `vesalius emulate-ndi` |

mod address;
mod pseudo_terminal;
mod tcp;
pub mod tool;

pub use address::Address;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use messages::Timestamp;
use runtime::clock::SessionClock;

use crate::faults::Connection;
use crate::ndi_emulator::{Line, Moment, NdiEmulator};

/// How long a thread waits at most before it looks whether it is to end.
const PATIENCE: Duration = Duration::from_millis(10);

/// Why a tracker cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No address.
    #[error(
        "expected an address such as `tcp://127.0.0.1:8765` or `pty:/tmp/tracker`, but `{0}` came"
    )]
    Address(String),
    /// The port is taken, say.
    #[error("cannot listen at {address}: {source}; is another program there? Choose another port")]
    Listen {
        /// Where.
        address: String,
        /// Why not.
        source: std::io::Error,
    },
    /// No pseudo-terminal.
    #[error("cannot make a pseudo-terminal at {path}: {source}")]
    Terminal {
        /// The link to it.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
}

/// A tracker that is being served; ends when dropped.
pub struct NdiServer {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    served_at: String,
}

/// What all threads have to do with.
struct Shared {
    emulator: Mutex<NdiEmulator>,
    clock: SessionClock,
    opened_at: Timestamp,
    started_at: Mutex<Option<Timestamp>>,
    stop: AtomicBool,
    /// Says what happens, for a person.
    told: Box<dyn Fn(&str) + Send + Sync>,
}

impl NdiServer {
    /// Serves at an address until dropped; `told` hears what happens.
    ///
    /// # Errors
    /// If the address is taken or there is no such.
    pub fn serve(
        emulator: NdiEmulator,
        clock: SessionClock,
        address: &Address,
        told: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, ServeError> {
        let shared = Arc::new(Shared {
            emulator: Mutex::new(emulator),
            clock,
            opened_at: clock.now(),
            started_at: Mutex::new(None),
            stop: AtomicBool::new(false),
            told: Box::new(told),
        });
        let (served_at, serving) = match address {
            Address::Tcp(address) => tcp::serve(Arc::clone(&shared), address)?,
            Address::Terminal(path) => pseudo_terminal::serve(Arc::clone(&shared), path)?,
        };
        Ok(Self { shared, threads: vec![serving], served_at })
    }

    /// Where it is: `HOST:PORT`, or the path of the serial line.
    pub fn served_at(&self) -> &str {
        &self.served_at
    }

    /// The procedure has started: courses and faults run from then on. Faults before `from` have been.
    pub fn start(&mut self, started_at: Timestamp) {
        *lock(&self.shared.started_at) = Some(started_at);
    }

    /// Kills this process when the faults say so, `from` after the start or later.
    pub fn watch_for_kills(&mut self, from: Duration) {
        let shared = Arc::clone(&self.shared);
        self.threads.push(std::thread::spawn(move || shared.watch_for_kills(from)));
    }

    /// How long the procedure has run.
    pub fn procedure_time(&self) -> Duration {
        self.shared.now().procedure
    }
}

impl Drop for NdiServer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn now(&self) -> Moment {
        let now = self.clock.now();
        let started_at = *lock(&self.started_at);
        Moment {
            up: now.since(self.opened_at),
            procedure: started_at.map_or(Duration::ZERO, |started_at| now.since(started_at)),
        }
    }

    /// What the line does now, and whether the power has failed since `from`.
    fn line_since(&self, from: Duration) -> (Connection, bool, Duration) {
        let now = self.now().procedure;
        let emulator = lock(&self.emulator);
        let faults = emulator.faults();
        let to = now + Duration::from_nanos(1);
        (faults.connection(now), faults.lost_power(from, to), to)
    }

    fn hear(&self, line: &mut Line, master: bool, bytes: &[u8]) -> Vec<u8> {
        let mut emulator = lock(&self.emulator);
        // Asked within the lock, so that time never runs backwards for the device.
        let now = self.now();
        emulator.hear(line, now, master, bytes)
    }

    fn watch_for_kills(&self, mut from: Duration) {
        while !self.stopped() {
            let to = self.now().procedure;
            if to > from {
                if lock(&self.emulator).faults().killed(from, to) {
                    let _ = rustix::process::kill_process(
                        rustix::process::getpid(),
                        rustix::process::Signal::KILL,
                    );
                }
                from = to;
            }
            std::thread::sleep(PATIENCE);
        }
    }
}

/// A thread that panicked has said so; its device goes on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
