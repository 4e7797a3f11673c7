//! The port on which senders connect, and a thread for each association, of which there are not more than so many.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use runtime::log;

use super::association::{Shared, serve, turn_away};

/// How often it is looked whether somebody connects.
const GLANCE: Duration = Duration::from_millis(10);

/// Listens until it is dropped; then every association has ended.
pub struct Listener {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens at an address, for at most so many associations at a time.
    ///
    /// # Errors
    /// If it cannot be listened at.
    pub fn open(address: &str, most: usize, shared: Shared) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(shared);
        let own = Arc::clone(&shared);
        let name = "dicom listener".to_owned();
        let thread =
            std::thread::Builder::new().name(name).spawn(move || listen(&listener, most, &own))?;
        Ok(Self { shared, address, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the associations share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Whether it still listens.
    pub fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Counts an association for as long as it lives.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn listen(listener: &TcpListener, most: usize, shared: &Arc<Shared>) {
    let open = Arc::new(AtomicUsize::new(0));
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    let mut number = 0;
    while !shared.is_over.load(Ordering::Relaxed) {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Who connects may have gone again; what else fails may be over in a moment.
                if !matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::ConnectionAborted
                ) {
                    log::warn(&format!("a connection cannot be accepted: {error}"));
                    std::thread::sleep(Duration::from_secs(1));
                }
                std::thread::sleep(GLANCE);
                continue;
            }
        };
        threads.retain(|thread| !thread.is_finished());
        if open.load(Ordering::Acquire) >= most {
            shared.reception.say(format!(
                "an association is refused: {most} are open, and `max_associations` allows no more; let senders close theirs, or raise it"
            ));
            turn_away(stream);
            continue;
        }
        open.fetch_add(1, Ordering::AcqRel);
        let counted = Counted(Arc::clone(&open));
        number += 1;
        let own = Arc::clone(shared);
        let name = format!("dicom association {number}");
        let serving = std::thread::Builder::new().name(name).spawn(move || {
            let _counted = counted;
            // Accepted sockets may inherit what the listening one does.
            if stream.set_nonblocking(false).is_ok() {
                serve(stream, number, &own);
            }
        });
        match serving {
            Ok(thread) => threads.push(thread),
            Err(error) => log::warn(&format!("an association cannot be served: {error}")),
        }
    }
    for thread in threads {
        let _ = thread.join();
    }
}
