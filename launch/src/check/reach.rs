//! What a device is reached by: a place on the network, or a serial line.

use std::fmt;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A device on the same network answers much sooner.
const PATIENCE: Duration = Duration::from_millis(500);
/// The port of a tracker that names none.
const TRACKER_PORT: u16 = 8765;
/// How the address of a tracker is written.
const TRACKER_ADDRESS: &str = "write tcp://HOST:8765, or serial:///dev/ttyUSB0?baud=115200";

/// What a device is reached by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// `HOST:PORT`.
    Network(String),
    /// The device file of a serial line.
    Line(PathBuf),
}

/// How an address of a format is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted(pub &'static str);

impl Reach {
    /// Of a parameter's text; none if its format is not that of something to connect to.
    pub fn of(format: &str, text: &str) -> Option<Result<Self, Wanted>> {
        let is_of_tracker = match format {
            "address" => false,
            "tracker-address" => true,
            _ => return None,
        };
        if is_of_tracker && let Some(line) = text.strip_prefix("serial://") {
            let path = line.split_once('?').map_or(line, |(path, _)| path);
            return Some(if path.starts_with('/') {
                Ok(Self::Line(path.into()))
            } else {
                Err(Wanted("write the device file in full, such as serial:///dev/ttyUSB0"))
            });
        }
        let place = text.strip_prefix("tcp://").unwrap_or(text);
        let port = place.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>()));
        Some(match port {
            // A tracker's address says which of both kinds it is.
            _ if is_of_tracker && text == place => Err(Wanted(TRACKER_ADDRESS)),
            Some((host, Ok(_))) if !host.is_empty() => Ok(Self::Network(place.to_owned())),
            None if is_of_tracker && !place.is_empty() => {
                Ok(Self::Network(format!("{place}:{TRACKER_PORT}")))
            }
            _ if is_of_tracker => Err(Wanted(TRACKER_ADDRESS)),
            _ => Err(Wanted("write HOST:PORT, such as 127.0.0.1:8765")),
        })
    }

    /// Whether somebody answers there.
    ///
    /// # Errors
    /// Why not, in a few words.
    pub fn answers(&self) -> Result<(), String> {
        match self {
            Self::Network(address) => knock(address),
            Self::Line(path) => is_there(path),
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(address) => f.write_str(address),
            Self::Line(path) => write!(f, "{}", path.display()),
        }
    }
}

fn is_there(path: &Path) -> Result<(), String> {
    match std::fs::metadata(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err("there is no such line".to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

fn knock(address: &str) -> Result<(), String> {
    let mut last = "the name is not known".to_owned();
    for address in address.to_socket_addrs().map_err(|_| last.clone())? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => return Ok(()),
            Err(error) => last = said(&error),
        }
    }
    Err(last)
}

fn said(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "refused".to_owned(),
        std::io::ErrorKind::TimedOut => format!("no answer in {} ms", PATIENCE.as_millis()),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_its_addresses() {
        let network = |place: &str| Some(Ok(Reach::Network(place.to_owned())));
        assert_eq!(Reach::of("address", "127.0.0.1:1"), network("127.0.0.1:1"));
        assert_eq!(Reach::of("tracker-address", "tcp://10.0.0.5"), network("10.0.0.5:8765"));
        assert_eq!(Reach::of("tracker-address", "tcp://a:9"), network("a:9"));
        let line = Some(Ok(Reach::Line("/dev/ttyUSB0".into())));
        assert_eq!(Reach::of("tracker-address", "serial:///dev/ttyUSB0?baud=9600"), line);
        for (format, text) in [
            ("address", "127.0.0.1"),
            ("address", "serial:///dev/ttyUSB0"),
            ("tracker-address", "serial://ttyUSB0"),
            ("tracker-address", "tcp://:1"),
            ("tracker-address", "10.0.0.5:8765"),
            ("tracker-address", "tcp://a:port"),
        ] {
            assert!(matches!(Reach::of(format, text), Some(Err(_))), "{text}");
        }
        assert_eq!(Reach::of("listen-address", "127.0.0.1:1"), None);
    }

    #[test]
    fn a_line_that_is_not_there_is_said() {
        let said = |path: &str| Reach::Line(path.into()).answers();
        assert_eq!(said("/dev/null"), Ok(()));
        assert_eq!(said("/dev/no_such_line"), Err("there is no such line".to_owned()));
    }
}
