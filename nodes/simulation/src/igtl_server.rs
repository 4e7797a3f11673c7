//! Serves tracked ultrasound to OpenIGTLink clients, as PLUS does: threads, sockets and the clock about the messages of
//! [`tracked_ultrasound`](crate::tracked_ultrasound).

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use messages::Timestamp;
use runtime::clock::SessionClock;

use crate::faults::Connection;
use crate::powered_port::PoweredPort;
use crate::tracked_ultrasound::TrackedUltrasound;

/// How long a thread waits at most before it looks whether it is to end.
const PATIENCE: Duration = Duration::from_millis(10);
/// A client that takes nothing for so long is gone.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);
/// Frames that wait for a slow client; it misses the newer ones.
const QUEUE: usize = 8;
/// Before the procedure the first frame is sent in this interval.
const IDLE: Duration = Duration::from_millis(200);

/// Tracked ultrasound that is being served; ends when dropped.
pub struct IgtlServer {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    served_at: SocketAddr,
}

struct Shared {
    ultrasound: TrackedUltrasound,
    clock: SessionClock,
    started_at: Mutex<Option<Timestamp>>,
    clients: Mutex<Vec<Sender<Arc<Vec<u8>>>>>,
    stop: AtomicBool,
    told: Box<dyn Fn(&str) + Send + Sync>,
}

impl IgtlServer {
    /// Serves at `HOST:PORT` until dropped; port 0 for any that is free. `told` hears what happens.
    ///
    /// # Errors
    /// If the address is taken or there is no such.
    pub fn serve(
        ultrasound: TrackedUltrasound,
        clock: SessionClock,
        address: &str,
        told: impl Fn(&str) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let port = Arc::new(PoweredPort::open(address)?);
        let served_at = port.address();
        let shared = Arc::new(Shared {
            ultrasound,
            clock,
            started_at: Mutex::new(None),
            clients: Mutex::default(),
            stop: AtomicBool::new(false),
            told: Box::new(told),
        });
        let (accepting, making) = (Arc::clone(&shared), Arc::clone(&shared));
        let threads = vec![
            std::thread::spawn(move || accept(&accepting, &port)),
            std::thread::spawn(move || making.make()),
        ];
        Ok(Self { shared, threads, served_at })
    }

    /// Where it is.
    pub fn served_at(&self) -> SocketAddr {
        self.served_at
    }

    /// The procedure has started.
    pub fn start(&self, started_at: Timestamp) {
        *lock(&self.shared.started_at) = Some(started_at);
    }

    /// How long the procedure has run.
    pub fn procedure_time(&self) -> Duration {
        self.shared.procedure()
    }
}

impl Drop for IgtlServer {
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

    fn procedure(&self) -> Duration {
        let started_at = *lock(&self.started_at);
        started_at.map_or(Duration::ZERO, |started_at| self.clock.now().since(started_at))
    }

    /// Makes frame after frame when it is due; where the machine is too slow, frames are left out.
    fn make(&self) {
        let mut next = 0;
        while !self.stopped() {
            let started_at = *lock(&self.started_at);
            let begun = started_at.unwrap_or_else(|| self.clock.now());
            let since = self.procedure();
            let number = if started_at.is_none() {
                std::thread::sleep(IDLE);
                0
            } else {
                let newest = (since.as_secs_f64() * self.ultrasound.rate_hz()).floor() as u64;
                let leaves = self.ultrasound.leaves(next);
                if leaves > since {
                    std::thread::sleep(PATIENCE.min(leaves.saturating_sub(since)));
                    continue;
                }
                // What was held up is sent all the same.
                let is_held_up = !self.ultrasound.faults().longest_delay(since).is_zero();
                if is_held_up { next } else { newest.max(next) }
            };
            if started_at.is_some() {
                next = number + 1;
            }
            if self.ultrasound.faults().connection(since) != Connection::Up
                || lock(&self.clients).is_empty()
            {
                continue;
            }
            match self.ultrasound.frame(number, u64::try_from(begun.0).unwrap_or(0)) {
                Ok(bytes) => self.send(&Arc::new(bytes)),
                Err(error) => (self.told)(&format!("frame {number} cannot be made: {error}")),
            }
        }
    }

    fn send(&self, bytes: &Arc<Vec<u8>>) {
        lock(&self.clients).retain(|client| match client.try_send(Arc::clone(bytes)) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                (self.told)("a client is too slow and misses a frame");
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        });
    }
}

/// Takes connections while there is power.
fn accept(shared: &Arc<Shared>, port: &Arc<PoweredPort>) {
    let mut serving: Vec<JoinHandle<()>> = Vec::new();
    while !shared.stopped() {
        // Before it is asked, so that no failure is missed.
        let since = shared.procedure();
        let has_power =
            || shared.ultrasound.faults().connection(shared.procedure()) != Connection::Off;
        let Some((stream, peer)) = port.accept(has_power) else {
            std::thread::sleep(PATIENCE / 2);
            continue;
        };
        serving.retain(|thread| !thread.is_finished());
        let (sender, receiver) = bounded(QUEUE);
        lock(&shared.clients).push(sender);
        let (shared, port) = (Arc::clone(shared), Arc::clone(port));
        serving.push(std::thread::spawn(move || {
            (shared.told)(&format!("{peer} is connected"));
            let end = converse(&shared, stream, since, &receiver, &port);
            (shared.told)(&format!("{peer} is disconnected: {end}"));
        }));
    }
    for thread in serving {
        let _ = thread.join();
    }
}

/// Sends to one client until it leaves, or the power fails after `seen_to`; says why it ended. What it says is taken and not
/// answered.
fn converse(
    shared: &Shared,
    mut stream: TcpStream,
    mut seen_to: Duration,
    frames: &Receiver<Arc<Vec<u8>>>,
    port: &PoweredPort,
) -> String {
    let prepared = stream
        .set_nonblocking(false)
        .and_then(|()| stream.set_nodelay(true))
        .and_then(|()| stream.set_read_timeout(Some(Duration::from_millis(1))))
        .and_then(|()| stream.set_write_timeout(Some(WRITE_PATIENCE)));
    if let Err(error) = prepared {
        return error.to_string();
    }
    let mut heard = [0; 4096];
    while !shared.stopped() {
        let to = shared.procedure() + Duration::from_nanos(1);
        if shared.ultrasound.faults().lost_power(seen_to, to) {
            port.close();
            return "the power failed".to_owned();
        }
        seen_to = to;
        match frames.recv_timeout(PATIENCE) {
            Ok(bytes) => {
                if let Err(error) = stream.write_all(&bytes) {
                    return error.to_string();
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return "the emulator ends".to_owned(),
        }
        match stream.read(&mut heard) {
            Ok(0) => return "it left".to_owned(),
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) => {}
            Err(error) => return error.to_string(),
        }
    }
    "the emulator ends".to_owned()
}

/// A thread that panicked has said so; its device goes on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
