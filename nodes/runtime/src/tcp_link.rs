//! A connection to a server that is made again and again, read by a thread of its own.
//!
//! ```text
//! server ──> thread: read, stamp, Protocol::take ──> queue, the oldest go when it is full ──> next
//! ```
//! The thread never waits for whoever takes the items, so that a stamp says when the bytes arrived and not when
//! somebody had time for them. What the bytes mean is a [`Protocol`]'s business.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use messages::Timestamp;

use crate::clock::{self, SessionClock};

/// How much is read at a time.
const CHUNK: usize = 256 << 10;
/// How long a server may take to answer.
const CONNECT: Duration = Duration::from_secs(2);
/// How long until the next attempt.
const RETRY: Duration = Duration::from_millis(500);
/// How soon the thread notices that nobody wants it any more.
const LOOK: Duration = Duration::from_millis(50);
/// How long a server may take to take what is sent first.
const SEND: Duration = Duration::from_secs(2);

/// What makes items of the bytes of a connection.
pub trait Protocol: Send + 'static {
    /// What it makes.
    type Item: Send + 'static;

    /// A connection was made: what came before is forgotten. Returns what is sent first.
    fn connected(&mut self) -> Vec<u8>;

    /// Takes the bytes that arrived at an instant of the session's clock.
    ///
    /// # Errors
    /// If what follows can no longer be understood: the connection is closed and made anew.
    fn take(
        &mut self,
        bytes: &[u8],
        arrived_at: Timestamp,
        items: &mut Vec<Self::Item>,
    ) -> Result<(), String>;
}

/// What happened on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent<T> {
    /// Somebody answers.
    Up {
        /// Who.
        peer: SocketAddr,
    },
    /// Something came.
    Item(T),
    /// Nobody answers, or not any more.
    Down {
        /// A sentence for a person.
        reason: String,
    },
}

/// A connection that is made again and again, until it is dropped.
#[derive(Debug)]
pub struct TcpLink<T> {
    events: Receiver<LinkEvent<T>>,
    dropped: Arc<AtomicU64>,
    renewals: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl<T: Send + 'static> TcpLink<T> {
    /// Connects to `address`, `HOST:PORT` with or without `tcp://`, from now on. Up to `capacity` items wait; when more
    /// come, the oldest go.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn open<P: Protocol<Item = T>>(
        address: &str,
        clock: SessionClock,
        capacity: usize,
        protocol: P,
    ) -> std::io::Result<Self> {
        let (queue, events) = bounded(capacity.max(1));
        let dropped = Arc::new(AtomicU64::new(0));
        let renewals = Arc::new(AtomicU64::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let line = Line {
            address: host_and_port(address).to_owned(),
            clock,
            protocol,
            queue: Queue { sender: queue, oldest: events.clone(), dropped: Arc::clone(&dropped) },
            renewals: Arc::clone(&renewals),
            stop: Arc::clone(&stop),
        };
        std::thread::Builder::new().name("link".to_owned()).spawn(move || line.run())?;
        Ok(Self { events, dropped, renewals, stop })
    }

    /// What happened next, if it happens within `patience`.
    pub fn next(&self, patience: Duration) -> Option<LinkEvent<T>> {
        self.events.recv_timeout(patience).ok()
    }

    /// How many items went because nobody took them, since the last question.
    pub fn take_dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }

    /// Closes the connection, such as one that is silent, and connects anew.
    pub fn renew(&self) {
        self.renewals.fetch_add(1, Ordering::Relaxed);
    }
}

impl<T> Drop for TcpLink<T> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// An address as `HOST:PORT`.
pub fn host_and_port(address: &str) -> &str {
    address.strip_prefix("tcp://").unwrap_or(address)
}

struct Queue<T> {
    sender: Sender<LinkEvent<T>>,
    oldest: Receiver<LinkEvent<T>>,
    dropped: Arc<AtomicU64>,
}

impl<T> Queue<T> {
    fn push(&self, mut event: LinkEvent<T>) {
        while let Err(TrySendError::Full(back)) = self.sender.try_send(event) {
            // Of whether somebody answers, what counts is what happened last, and that stays.
            if let Ok(LinkEvent::Item(_)) = self.oldest.try_recv() {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
            event = back;
        }
    }
}

struct Line<P: Protocol> {
    address: String,
    clock: SessionClock,
    protocol: P,
    queue: Queue<P::Item>,
    renewals: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl<P: Protocol> Line<P> {
    fn run(mut self) {
        let mut said = None;
        while !self.is_stopped() {
            let reason = match connect(&self.address) {
                Ok((stream, peer)) => {
                    said = None;
                    self.queue.push(LinkEvent::Up { peer });
                    let reason = self.read(stream);
                    format!("{}: {reason}", self.address)
                }
                Err(reason) => reason,
            };
            if self.is_stopped() {
                return;
            }
            // Every attempt fails in the same way: once is enough.
            if said.as_ref() != Some(&reason) {
                self.queue.push(LinkEvent::Down { reason: reason.clone() });
                said = Some(reason);
            }
            let since = clock::monotonic();
            while !self.is_stopped() && clock::monotonic().saturating_sub(since) < RETRY {
                std::thread::sleep(LOOK);
            }
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Reads until there is a reason not to.
    fn read(&mut self, mut stream: TcpStream) -> String {
        let renewals = self.renewals.load(Ordering::Relaxed);
        let first = self.protocol.connected();
        let prepared = stream
            .set_read_timeout(Some(LOOK))
            .and_then(|()| stream.set_write_timeout(Some(SEND)))
            .and_then(|()| stream.write_all(&first));
        if let Err(error) = prepared {
            return format!("the connection failed at its start: {error}");
        }
        let mut bytes = vec![0; CHUNK];
        let mut items = Vec::new();
        loop {
            if self.is_stopped() {
                return "closed".to_owned();
            }
            if self.renewals.load(Ordering::Relaxed) != renewals {
                return "the connection was silent, and is made anew".to_owned();
            }
            let length = match stream.read(&mut bytes) {
                Ok(0) => return "the server closed the connection".to_owned(),
                Ok(length) => length,
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {
                        continue;
                    }
                    _ => return format!("the connection was lost: {error}"),
                },
            };
            let arrived_at = self.clock.now();
            let taken = self.protocol.take(&bytes[..length], arrived_at, &mut items);
            items.drain(..).for_each(|item| self.queue.push(LinkEvent::Item(item)));
            if let Err(reason) = taken {
                return reason;
            }
        }
    }
}

/// Connects once.
///
/// # Errors
/// Says why nobody answers.
pub fn connect(address: &str) -> Result<(TcpStream, SocketAddr), String> {
    let address = host_and_port(address);
    let known = address
        .to_socket_addrs()
        .map_err(|error| format!("{address} is no address that is known: {error}"))?;
    let mut last = format!("{address} is no address that is known");
    for peer in known {
        match TcpStream::connect_timeout(&peer, CONNECT) {
            Ok(stream) => {
                // Answers are short, and nothing is gained by waiting for more.
                let _ = stream.set_nodelay(true);
                return Ok((stream, peer));
            }
            Err(error) => last = format!("nobody answers at {address}: {}", said(&error)),
        }
    }
    Err(last)
}

/// Connects once, sends `first`, and gives what comes in a time to `take`, for an examination; returns who answered.
///
/// # Errors
/// If nobody answers, the connection is lost, or `take` has heard enough and says why.
pub fn listen(
    address: &str,
    first: &[u8],
    clock: SessionClock,
    time: Duration,
    mut take: impl FnMut(&[u8], Timestamp) -> Result<(), String>,
) -> Result<SocketAddr, String> {
    let (mut stream, peer) = connect(address)?;
    let failed =
        |error: std::io::Error| format!("{peer} answers, but the connection failed: {error}");
    stream.set_read_timeout(Some(LOOK)).map_err(failed)?;
    stream.set_write_timeout(Some(SEND)).map_err(failed)?;
    stream.write_all(first).map_err(failed)?;
    let mut bytes = vec![0; CHUNK];
    let since = clock::monotonic();
    while clock::monotonic().saturating_sub(since) < time {
        match stream.read(&mut bytes) {
            Ok(0) => return Err(format!("{peer} answers, but closed the connection")),
            Ok(length) => take(&bytes[..length], clock.now())?,
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                _ => return Err(failed(error)),
            },
        }
    }
    Ok(peer)
}

fn said(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "refused; is the server started?".to_owned(),
        ErrorKind::TimedOut => format!("no answer in {} s", CONNECT.as_secs()),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// Each byte is an item; `!` cannot be understood.
    struct Letters;

    impl Protocol for Letters {
        type Item = u8;
        fn connected(&mut self) -> Vec<u8> {
            b"hello".to_vec()
        }
        fn take(&mut self, bytes: &[u8], _: Timestamp, items: &mut Vec<u8>) -> Result<(), String> {
            for &byte in bytes {
                if byte == b'!' {
                    return Err("nonsense came".to_owned());
                }
                items.push(byte);
            }
            Ok(())
        }
    }

    fn greeted(listener: &TcpListener) -> TcpStream {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).unwrap();
        assert_eq!(&hello, b"hello");
        stream
    }

    #[test]
    fn it_connects_again_after_a_close_after_nonsense_and_when_asked() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp://{}", listener.local_addr().unwrap());
        let link = TcpLink::open(&address, SessionClock::new(), 100, Letters).unwrap();
        let up = |event| matches!(event, Some(LinkEvent::Up { .. }));
        let down = |event, says: &str| match event {
            Some(LinkEvent::Down { reason }) => assert!(reason.contains(says), "{reason}"),
            other => panic!("{other:?}"),
        };
        greeted(&listener).write_all(b"a").unwrap();
        assert!(up(link.next(LONG)));
        assert_eq!(link.next(LONG), Some(LinkEvent::Item(b'a')));
        down(link.next(LONG), "closed the connection");
        let mut stream = greeted(&listener);
        stream.write_all(b"b!c").unwrap();
        assert!(up(link.next(LONG)));
        assert_eq!(link.next(LONG), Some(LinkEvent::Item(b'b')));
        down(link.next(LONG), "nonsense came");
        let _stream = greeted(&listener);
        assert!(up(link.next(LONG)));
        link.renew();
        down(link.next(LONG), "silent");
        let _stream = greeted(&listener);
        assert!(up(link.next(LONG)));
    }

    #[test]
    fn when_nobody_takes_them_the_oldest_go_and_are_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let link = TcpLink::open(&address, SessionClock::new(), 4, Letters).unwrap();
        let mut stream = greeted(&listener);
        stream.write_all(b"abcdefgh").unwrap();
        drop(stream);
        let mut rest = Vec::new();
        let mut dropped = 0;
        loop {
            std::thread::sleep(Duration::from_millis(100));
            dropped += link.take_dropped();
            match link.next(LONG) {
                Some(LinkEvent::Item(item)) => rest.push(item),
                Some(LinkEvent::Down { .. }) => break,
                Some(LinkEvent::Up { .. }) => {}
                None => panic!("nothing more"),
            }
        }
        dropped += link.take_dropped();
        assert_eq!(dropped as usize + rest.len(), 8);
        assert_eq!(rest.last(), Some(&b'h'));
        assert!(rest.len() <= 4);
    }

    #[test]
    fn nobody_at_the_address_is_said_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let link = TcpLink::open(&address, SessionClock::new(), 4, Letters).unwrap();
        let Some(LinkEvent::Down { reason }) = link.next(LONG) else { panic!("not down") };
        assert!(reason.contains("nobody answers at") && reason.contains("started"), "{reason}");
        assert_eq!(link.next(RETRY * 3), None);
    }
}
