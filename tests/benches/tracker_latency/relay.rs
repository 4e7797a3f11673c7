//! Stands between a tracker and its driver, and notes when each answer is handed on.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustix::time::{ClockId, clock_gettime};

/// The relay; it ends with the process.
pub struct Relay {
    /// Where drivers find it.
    pub served_at: String,
    /// Where it looks for the tracker.
    pub tracker: String,
    handed_on: Arc<Mutex<Vec<i64>>>,
}

impl Relay {
    /// To a tracker at a port that is free now.
    pub fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let served_at = listener.local_addr().unwrap().to_string();
        let handed_on = Arc::new(Mutex::new(Vec::with_capacity(1 << 16)));
        let noted = Arc::clone(&handed_on);
        std::thread::spawn(move || {
            for driver in listener.incoming().flatten() {
                // Before the tracker is there, the driver is turned away, and comes again.
                let Ok(tracker) = TcpStream::connect(free) else { continue };
                let noted = Arc::clone(&noted);
                let (to, from) = (tracker.try_clone().unwrap(), driver.try_clone().unwrap());
                std::thread::spawn(move || pass_on(from, to, || {}));
                let note = move || noted.lock().unwrap().push(monotonic_ns());
                std::thread::spawn(move || pass_on(tracker, driver, note));
            }
        });
        Self { served_at, tracker: free.to_string(), handed_on }
    }

    /// When answers were handed on, on the monotonic clock, ns.
    pub fn handed_on(&self) -> Vec<i64> {
        self.handed_on.lock().unwrap().clone()
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, note: impl Fn()) {
    to.set_nodelay(true).unwrap();
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count) = from.read(&mut buffer) {
        if count == 0 {
            break;
        }
        note();
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

fn monotonic_ns() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}
