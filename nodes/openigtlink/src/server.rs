//! Clients and their threads.
//!
//! ```text
//! give ──> backlog ──> thread: translate, shelve, hand out ──> backlog of each client ──> its writing thread ──> socket
//!                                                  socket ──> its reading thread ──> conversation ──> backlog
//! ```
//! Whoever gives never waits, and a client that takes nothing holds up nobody: its backlog has room for so many small
//! messages and the newest of each large one, and what has no room is counted and told. A client that takes nothing for
//! [`STUCK`] is sent away.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use formats::openigtlink::{Content, Message, Timestamp};
use messages::wire::Received;
use runtime::{Topic, clock, log};

use crate::backlog::{Backlog, Dropped, Waits};
use crate::client::Client;
use crate::parcel::Parcel;
use crate::shelf::Shelf;
use crate::translation::{Outgoing, Translation};
use crate::words;

/// So many messages wait to be translated.
const WAITING: usize = 4096;
/// A client may take so long for what is sent to it.
pub const STUCK: Duration = Duration::from_secs(5);
/// How soon a thread notices that all is over.
pub const LOOK: Duration = Duration::from_millis(100);
/// What was dropped is told so often.
const TELL: Duration = Duration::from_secs(10);

/// What the server may do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens.
    pub address: String,
    /// So many clients at a time.
    pub most_clients: usize,
    /// The nodes whose parameters clients may change.
    pub may_set: Vec<String>,
    /// The program that changes them, and the session.
    pub vesalius: PathBuf,
    /// The session that it changes them in.
    pub session: String,
}

/// What all threads share.
pub struct Shared {
    /// What the server may do.
    pub settings: Settings,
    /// What `GET_` gives.
    pub shelf: Mutex<Shelf>,
    backlog: Mutex<Backlog<(Topic, Received)>>,
    filled: Condvar,
    clients: Mutex<BTreeMap<u64, Arc<Client>>>,
    is_over: AtomicBool,
}

/// A mutex whose holder panicked is still the only one there is.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Whether the server is closed.
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// A client has gone.
    pub fn leave(&self, number: u64) {
        lock(&self.clients).remove(&number);
    }
}

/// A server that listens until it is closed.
pub struct Server {
    shared: Arc<Shared>,
    local: SocketAddr,
    told_at: Duration,
}

/// Why it cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be used.
    #[error(
        "cannot listen on {address} for OpenIGTLink clients: {source}; is another server running there, and is it an address of this machine?"
    )]
    Listen {
        /// The address.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// Its own status cannot be written.
    #[error("the OpenIGTLink server cannot say what it is: {0}")]
    Greeting(formats::openigtlink::Error),
    /// A thread cannot be started.
    #[error("a thread of the OpenIGTLink server cannot be started: {0}")]
    Thread(std::io::Error),
}

impl Server {
    /// Listens from now on.
    ///
    /// # Errors
    /// If it cannot.
    pub fn open(settings: Settings, mut translation: Translation) -> Result<Self, ServerError> {
        let address = runtime::tcp_link::host_and_port(&settings.address).to_owned();
        let failed = |source| ServerError::Listen { address: address.clone(), source };
        let listener = TcpListener::bind(&address).map_err(failed)?;
        let local = listener.local_addr().map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        if !local.ip().is_loopback() {
            log::warn(&format!(
                "OpenIGTLink has neither passwords nor encryption: whoever reaches {local} gets all that is sent"
            ));
        }
        let shared = Arc::new(Shared {
            settings,
            shelf: Mutex::default(),
            backlog: Mutex::new(Backlog::new(WAITING)),
            filled: Condvar::new(),
            clients: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        lock(&shared.shelf).put(&Arc::new(greeting(&shared.settings.session)?));
        let start = |name: &str, work: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(work)
                .map_err(ServerError::Thread)
        };
        let to = Arc::clone(&shared);
        start("translate", Box::new(move || hand_out(&to, &mut translation)))?;
        let to = Arc::clone(&shared);
        start("accept", Box::new(move || accept(&to, &listener)))?;
        Ok(Self { shared, local, told_at: clock::monotonic() })
    }

    /// Where it listens.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// How many clients there are.
    pub fn clients(&self) -> usize {
        lock(&self.shared.clients).len()
    }

    /// Gives a message to all clients; never waits.
    pub fn give(&self, topic: Topic, received: Received) {
        let envelope = received.envelope();
        let waits = if envelope.arrays.is_empty() {
            Waits::InOrder
        } else {
            Waits::Newest(envelope.stream.clone())
        };
        lock(&self.shared.backlog).push((topic, received), waits);
        self.shared.filled.notify_one();
    }

    /// Tells now and then what was dropped; since the last time.
    pub fn tell(&mut self) {
        let now = clock::monotonic();
        if now.saturating_sub(self.told_at) < TELL {
            return;
        }
        self.told_at = now;
        let own = lock(&self.shared.backlog).take_dropped();
        say("the translation", own);
        for client in lock(&self.shared.clients).values() {
            say(&format!("the client {}", client.peer()), client.take_dropped());
        }
    }
}

/// What the server says of itself, to whoever asks for a STATUS.
fn greeting(session: &str) -> Result<Parcel, ServerError> {
    let content = Content::Status(words::good(&format!("serves session {session}")));
    let message = Message::new("STATUS", "Vesalius", Timestamp::default(), content);
    Ok(Parcel::new(message.map_err(ServerError::Greeting)?, ""))
}

/// Says what was dropped, if something was.
pub fn say(who: &str, dropped: Dropped) {
    if dropped != Dropped::default() {
        log::warn(&format!(
            "{who} lags: {} small messages were dropped, and {} images or shapes gave way to newer ones; the recording has them",
            dropped.in_order, dropped.superseded
        ));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        self.shared.filled.notify_all();
        lock(&self.shared.clients).values().for_each(|client| client.close());
    }
}

/// Translates what was given, and hands it out.
fn hand_out(shared: &Shared, translation: &mut Translation) {
    while !shared.is_over() {
        let waiting = lock(&shared.backlog);
        let waited = shared
            .filled
            .wait_timeout_while(waiting, LOOK, |backlog| backlog.is_empty() && !shared.is_over());
        let next = waited.unwrap_or_else(PoisonError::into_inner).0.pop();
        let Some((topic, received)) = next else { continue };
        let outgoing = match translation.translate(topic, &received) {
            Ok(outgoing) => outgoing,
            Err(reason) => {
                log::error(&reason);
                continue;
            }
        };
        for one in outgoing {
            match one {
                Outgoing::Send { message, stream } => {
                    let parcel = Arc::new(Parcel::new(*message, &stream));
                    lock(&shared.shelf).put(&parcel);
                    let clients: Vec<_> = lock(&shared.clients).values().cloned().collect();
                    for client in clients {
                        client.give(&parcel);
                    }
                }
                Outgoing::Withdraw { kind, device } => {
                    let is_it = |parcel: &Parcel| parcel.key() == (kind.to_owned(), device.clone());
                    lock(&shared.shelf).withdraw(is_it);
                    let clients: Vec<_> = lock(&shared.clients).values().cloned().collect();
                    for client in clients {
                        client.withdraw(is_it);
                    }
                }
            }
        }
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    let mut number = 0;
    while !shared.is_over() {
        let Ok((stream, peer)) = listener.accept() else {
            // Nobody knocks, or no file descriptor is free: others may give some back.
            std::thread::sleep(LOOK / 4);
            continue;
        };
        number += 1;
        if let Err(reason) = welcome(shared, stream, peer, number) {
            log::warn(&format!("the client {peer} is sent away: {reason}"));
        }
    }
}

fn welcome(
    shared: &Arc<Shared>,
    stream: TcpStream,
    peer: SocketAddr,
    number: u64,
) -> Result<(), String> {
    let most = shared.settings.most_clients;
    if lock(&shared.clients).len() >= most {
        return Err(format!("{most} are here already; raise `most_clients`"));
    }
    let client = Arc::new(Client::new(stream, peer, number).map_err(|error| error.to_string())?);
    {
        // Nothing is handed out between what stands and what comes.
        let mut clients = lock(&shared.clients);
        lock(&shared.shelf).standing().for_each(|parcel| client.give(parcel));
        clients.insert(number, Arc::clone(&client));
    }
    log::info(&format!("the client {peer} has come"));
    Client::start(&client, shared).map_err(|error| {
        shared.leave(number);
        error.to_string()
    })
}
