//! A door: the socket through which a command of a person reaches a device of a running session.
//!
//! Whoever knocks sends one line of JSON and gets one back: `{"Ok":null}` once what was asked for is done, else
//! `{"Err":"why not"}`. The socket lies in the session's folder of sockets, which only its user can enter.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How many may stand at the door; more are sent away.
const WAITING: usize = 16;
/// Whoever knocks says at once what for.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longer than anything that a person says.
const LONGEST: u64 = 64 << 10;

/// Why nobody can come in.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The socket cannot be made.
    #[error("cannot open the door {path}: {source}; is its folder there and writable?")]
    Open {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Nobody opens.
    #[error("nobody opens {path}: {source}; does its process live?")]
    Closed {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What is asked for cannot be written.
    #[error("cannot be written as JSON: {0}")]
    Unwritable(#[from] serde_json::Error),
    /// No answer came, or none that can be read.
    #[error("no answer came within {} s: {reason}; whether it was taken is not known", .patience.as_secs_f64())]
    NoAnswer {
        /// How long was waited.
        patience: Duration,
        /// What came instead.
        reason: String,
    },
}

/// An open door; closed when it is dropped.
#[derive(Debug)]
pub struct Door {
    path: PathBuf,
    knocking: Receiver<Request>,
}

impl Door {
    /// Opens the door at `path`; what a predecessor left there goes.
    ///
    /// # Errors
    /// If the socket cannot be made.
    pub fn open(path: &Path) -> Result<Self, DoorError> {
        // A process that was killed leaves its socket behind, and what is not there need not go.
        let _ = std::fs::remove_file(path);
        let open = |source| DoorError::Open { path: path.to_owned(), source };
        let listener = UnixListener::bind(path).map_err(open)?;
        let (sender, knocking) = bounded(WAITING);
        std::thread::Builder::new()
            .name("door".to_owned())
            .spawn(move || let_in(&listener, &sender))
            .map_err(open)?;
        Ok(Self { path: path.to_owned(), knocking })
    }

    /// The next request, if one comes within `patience`.
    pub fn wait(&self, patience: Duration) -> Option<Request> {
        self.knocking.recv_timeout(patience).ok()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // The folder of sockets goes at the end in any case.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Hears each of them in a thread of its own, so that one who says nothing keeps nobody waiting.
fn let_in(listener: &UnixListener, to: &Sender<Request>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            // No file descriptor is free: others may give some back.
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        let to = to.clone();
        // Without a thread for it, whoever knocks finds the connection closed.
        let _ =
            std::thread::Builder::new().name("guest".to_owned()).spawn(move || hear(stream, &to));
    }
}

fn hear(stream: UnixStream, to: &Sender<Request>) {
    let mut text = String::new();
    let read = stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
        .and_then(|()| BufReader::new(&stream).take(LONGEST).read_line(&mut text));
    match read {
        Ok(1..) if text.ends_with('\n') => {}
        Ok(0) => return,
        _ => return answer(&stream, &Err("one line of JSON was expected".to_owned())),
    }
    if let Err(TrySendError::Full(request) | TrySendError::Disconnected(request)) =
        to.try_send(Request { text, stream })
    {
        request.answer(Err("too much is asked for at once".to_owned()));
    }
}

fn answer(mut stream: &UnixStream, answer: &Result<(), String>) {
    let mut json = serde_json::to_vec(answer).unwrap_or_default();
    json.push(b'\n');
    // Whoever asked may have gone.
    let _ = stream.write_all(&json);
}

/// What somebody asks for, to be answered; dropped without an answer, whoever asked learns that there is none.
#[derive(Debug)]
pub struct Request {
    text: String,
    stream: UnixStream,
}

impl Request {
    /// What is asked for.
    ///
    /// # Errors
    /// If it is something else than a `T` as JSON; says what is wrong.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_str(&self.text).map_err(|error| format!("it cannot be read: {error}"))
    }

    /// Says that it is done, or why not.
    pub fn answer(self, done: Result<(), String>) {
        answer(&self.stream, &done);
    }
}

/// Knocks at the door `path` with a request and waits for the answer, no longer than `patience`.
///
/// # Errors
/// If nobody opens or answers.
pub fn knock(
    path: &Path,
    request: &impl Serialize,
    patience: Duration,
) -> Result<Result<(), String>, DoorError> {
    let closed = |source| DoorError::Closed { path: path.to_owned(), source };
    let mut json = serde_json::to_vec(request)?;
    json.push(b'\n');
    let mut stream = UnixStream::connect(path).map_err(closed)?;
    stream
        .set_read_timeout(Some(patience))
        .and_then(|()| stream.write_all(&json))
        .map_err(closed)?;
    let mut text = String::new();
    let none = |reason: String| DoorError::NoAnswer { patience, reason };
    BufReader::new(&stream)
        .take(LONGEST)
        .read_line(&mut text)
        .map_err(|error| none(error.to_string()))?;
    if text.is_empty() {
        return Err(none("the connection was closed".to_owned()));
    }
    serde_json::from_str(&text).map_err(|error| none(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("door-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_request_is_heard_and_answered() {
        let folder = folder("answered");
        let path = folder.join("console.door");
        let door = Door::open(&path).unwrap();
        for answer in [Ok(()), Err("not now".to_owned())] {
            let knocking = {
                let path = path.clone();
                std::thread::spawn(move || knock(&path, &("touch", 7), SOON))
            };
            let request = door.wait(SOON).unwrap();
            assert_eq!(request.read::<(String, u8)>(), Ok(("touch".to_owned(), 7)));
            assert!(request.read::<u8>().unwrap_err().contains("cannot be read"));
            request.answer(answer.clone());
            assert_eq!(knocking.join().unwrap().unwrap(), answer);
        }
        drop(door);
        assert!(!path.exists());
        assert!(matches!(knock(&path, &1, SOON), Err(DoorError::Closed { .. })));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn one_who_says_nothing_or_nonsense_keeps_nobody_waiting() {
        let folder = folder("nonsense");
        let path = folder.join("console.door");
        let door = Door::open(&path).unwrap();
        let _silent = UnixStream::connect(&path).unwrap();
        let mut endless = UnixStream::connect(&path).unwrap();
        // It is sent away before it has said all.
        let _ = endless.write_all(&vec![b'x'; 2 * LONGEST as usize]);
        let knocking = {
            let path = path.clone();
            std::thread::spawn(move || knock(&path, &"hello", SOON))
        };
        let request = door.wait(SOON).unwrap();
        assert_eq!(request.read::<String>(), Ok("hello".to_owned()));
        drop(request);
        let error = knocking.join().unwrap().unwrap_err().to_string();
        assert!(error.contains("the connection was closed"), "{error}");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_socket_that_was_left_behind_is_no_hindrance() {
        let folder = folder("left");
        let path = folder.join("console.door");
        std::mem::forget(Door::open(&path).unwrap());
        let door = Door::open(&path).unwrap();
        let knocking = std::thread::spawn(move || knock(&path, &1, SOON));
        door.wait(SOON).unwrap().answer(Ok(()));
        assert!(knocking.join().unwrap().unwrap().is_ok());
        drop(door);
        std::fs::remove_dir_all(folder).unwrap();
        assert!(Door::open(Path::new("/nonexistent/x")).is_err());
    }
}
