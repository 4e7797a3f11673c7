//! One client: what waits for it, and its two threads.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use formats::openigtlink::{Decoder, Message};
use runtime::{clock, log};

use crate::backlog::{Backlog, Dropped, Waits};
use crate::command;
use crate::conversation::{Answer, Conversation};
use crate::parcel::Parcel;
use crate::server::{LOOK, STUCK, Shared, lock, say};

/// So many small messages wait for a client: poses of some seconds.
const WAITING: usize = 1024;
/// So many answers; who asks more without listening is sent away.
const ANSWERS: usize = 64;
/// The largest request, bytes; what clients send beyond it is none.
const LARGEST: u64 = 1 << 20;
/// How much is read at a time.
const CHUNK: usize = 16 << 10;

/// A client.
#[derive(Debug)]
pub struct Client {
    peer: SocketAddr,
    number: u64,
    stream: TcpStream,
    waiting: Mutex<Waiting>,
    filled: Condvar,
    conversation: Mutex<Conversation>,
    is_closed: AtomicBool,
}

#[derive(Debug)]
struct Waiting {
    answers: Vec<Arc<Parcel>>,
    backlog: Backlog<Arc<Parcel>>,
}

impl Client {
    /// Of a connection.
    ///
    /// # Errors
    /// If the system refuses its settings.
    pub fn new(stream: TcpStream, peer: SocketAddr, number: u64) -> std::io::Result<Self> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK))?;
        stream.set_write_timeout(Some(STUCK))?;
        Ok(Self {
            peer,
            number,
            stream,
            waiting: Mutex::new(Waiting { answers: Vec::new(), backlog: Backlog::new(WAITING) }),
            filled: Condvar::new(),
            conversation: Mutex::new(Conversation::new()),
            is_closed: AtomicBool::new(false),
        })
    }

    /// Who it is.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// What was dropped since the last question.
    pub fn take_dropped(&self) -> Dropped {
        lock(&self.waiting).backlog.take_dropped()
    }

    /// Gives it a message, if it wants it.
    pub fn give(&self, parcel: &Arc<Parcel>) {
        if lock(&self.conversation).wants(parcel, clock::monotonic()) {
            lock(&self.waiting).backlog.push(Arc::clone(parcel), parcel.waits());
            self.filled.notify_one();
        }
    }

    /// Takes back what waits and is no longer so.
    pub fn withdraw(&self, is_withdrawn: impl Fn(&Parcel) -> bool) {
        lock(&self.waiting).backlog.withdraw(|parcel| is_withdrawn(parcel));
    }

    /// Sends it away.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
        // It may be gone already.
        let _ = self.stream.shutdown(Shutdown::Both);
        self.filled.notify_all();
    }

    /// Starts its threads.
    ///
    /// # Errors
    /// If there are none to be had.
    pub fn start(client: &Arc<Self>, shared: &Arc<Shared>) -> std::io::Result<()> {
        let (reading, about) = (Arc::clone(client), Arc::clone(shared));
        std::thread::Builder::new().name("hear".to_owned()).spawn(move || {
            let reason = reading.hear(&about);
            // Its place is free before anybody can see that it is gone.
            about.leave(reading.number);
            reading.close();
            say(&format!("the client {}", reading.peer), reading.take_dropped());
            if !about.is_over() {
                log::info(&format!("the client {} has gone: {reason}", reading.peer));
            }
        })?;
        let (writing, about) = (Arc::clone(client), Arc::clone(shared));
        std::thread::Builder::new().name("tell".to_owned()).spawn(move || {
            if let Err(reason) = writing.tell(&about) {
                log::warn(&format!("the client {} is sent away: {reason}", writing.peer));
            }
            writing.close();
        })?;
        Ok(())
    }

    fn is_closed(&self, shared: &Shared) -> bool {
        self.is_closed.load(Ordering::Relaxed) || shared.is_over()
    }

    /// Hears until there is a reason not to.
    fn hear(&self, shared: &Shared) -> String {
        let mut decoder = Decoder::with_limit(LARGEST);
        let mut bytes = vec![0; CHUNK];
        let mut ignored = false;
        while !self.is_closed(shared) {
            let length = match (&self.stream).read(&mut bytes) {
                Ok(0) => return "it closed the connection".to_owned(),
                Ok(length) => length,
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {
                        continue;
                    }
                    _ => return format!("the connection was lost: {error}"),
                },
            };
            decoder.feed(&bytes[..length]);
            loop {
                match decoder.next_message() {
                    Ok(None) => break,
                    Ok(Some(request)) => {
                        if !self.answer(&request, shared, &mut ignored) {
                            return "it asks for more than it listens to".to_owned();
                        }
                    }
                    Err(error) if decoder.is_stopped() => return error.to_string(),
                    Err(error) => log::warn(&format!("from the client {}: {error}", self.peer)),
                }
            }
        }
        "it was sent away".to_owned()
    }

    /// Answers a request; false if there is no room for the answers.
    fn answer(&self, request: &Message, shared: &Shared, ignored: &mut bool) -> bool {
        let answers = {
            let shelf = lock(&shared.shelf);
            lock(&self.conversation).hear(request, &shelf)
        };
        answers.into_iter().all(|answer| match answer {
            Answer::Parcel(parcel) => match parcel.waits() {
                // The newest is what it asked for; and twice the same is of no use.
                waits @ Waits::Newest(_) => {
                    lock(&self.waiting).backlog.push(parcel, waits);
                    self.filled.notify_one();
                    true
                }
                Waits::InOrder => self.reply(parcel),
            },
            Answer::Message(message) => self.reply(Arc::new(Parcel::new(message, ""))),
            Answer::Command { command, request } => {
                let settings = &shared.settings;
                let done = command::settings(&command, &settings.may_set).and_then(|all| {
                    command::carry_out(&all, &settings.vesalius, &settings.session)
                });
                let name = command.name.to_str();
                match &done {
                    Ok(said) => log::info(&format!("the client {}: {name}: {said}", self.peer)),
                    Err(why) => {
                        log::warn(&format!("the client {}: {name} refused: {why}", self.peer));
                    }
                }
                self.reply(Arc::new(Parcel::new(command::reply(&request, &command, &done), "")))
            }
            Answer::Ignored { kind } => {
                if !std::mem::replace(ignored, true) {
                    log::info(&format!(
                        "the client {} sends {kind}, which this server does not take",
                        self.peer
                    ));
                }
                true
            }
        })
    }

    fn reply(&self, parcel: Arc<Parcel>) -> bool {
        let mut waiting = lock(&self.waiting);
        let has_room = waiting.answers.len() < ANSWERS;
        if has_room {
            waiting.answers.push(parcel);
            self.filled.notify_one();
        }
        has_room
    }

    /// Sends what waits, until there is a reason not to.
    fn tell(&self, shared: &Shared) -> Result<(), String> {
        while !self.is_closed(shared) {
            let waiting = lock(&self.waiting);
            let waited = self.filled.wait_timeout_while(waiting, LOOK, |waiting| {
                waiting.answers.is_empty()
                    && waiting.backlog.is_empty()
                    && !self.is_closed.load(Ordering::Relaxed)
            });
            let mut waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
            let next = if waiting.answers.is_empty() {
                waiting.backlog.pop()
            } else {
                Some(waiting.answers.remove(0))
            };
            drop(waiting);
            let Some(parcel) = next else { continue };
            let bytes = match parcel.bytes() {
                Ok(bytes) => bytes,
                Err(reason) => {
                    log::error(&format!(
                        "{} of {} is not sent: {reason}",
                        parcel.key().0,
                        parcel.stream()
                    ));
                    continue;
                }
            };
            match (&self.stream).write_all(bytes) {
                Ok(()) => {}
                // The other thread says that it has gone.
                Err(_) if self.is_closed(shared) => return Ok(()),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                        return Err(format!("it took nothing for {} s", STUCK.as_secs()));
                    }
                    ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => return Ok(()),
                    _ => return Err(error.to_string()),
                },
            }
        }
        Ok(())
    }
}
