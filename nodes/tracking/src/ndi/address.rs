//! Where the tracker is: `tcp://HOST:PORT` or `serial:///dev/ttyUSB0?baud=115200`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use formats::ndi::SerialSettings;

/// Where the tracker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// On the network.
    Tcp {
        /// Name or number of the host.
        host: String,
        /// Port; NDI's trackers have 8765.
        port: u16,
    },
    /// On a serial line.
    Serial {
        /// The line's device file.
        path: PathBuf,
        /// Settings after the start; a tracker begins with 9600 baud.
        settings: SerialSettings,
    },
}

/// A text that is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{came}` is no address of a tracker ({why}): write `tcp://HOST:8765`, or `serial:///dev/ttyUSB0?baud=115200`"
)]
pub struct WrongAddress {
    came: String,
    why: String,
}

impl FromStr for Address {
    type Err = WrongAddress;

    fn from_str(text: &str) -> Result<Self, WrongAddress> {
        let wrong = |why: &str| WrongAddress { came: text.to_owned(), why: why.to_owned() };
        if let Some(rest) = text.strip_prefix("tcp://") {
            let (host, port) = rest.rsplit_once(':').unwrap_or((rest, "8765"));
            let port = port.parse().ok().filter(|port| *port != 0);
            let port = port.ok_or_else(|| wrong("the port is no number"))?;
            let host = host.trim_start_matches('[').trim_end_matches(']');
            if host.is_empty() || host.contains('/') {
                return Err(wrong("the host is missing"));
            }
            return Ok(Self::Tcp { host: host.to_owned(), port });
        }
        let rest = text.strip_prefix("serial://").ok_or_else(|| wrong("it begins otherwise"))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        if !path.starts_with('/') {
            return Err(wrong("the device file should begin with /"));
        }
        let mut baud = 115_200;
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("baud", number)) => {
                    baud = number.parse().map_err(|_| wrong("baud is no number"))?;
                }
                _ => return Err(wrong("behind `?` there is only baud=…")),
            }
        }
        let settings =
            SerialSettings::with_baud(baud).map_err(|error| wrong(&error.to_string()))?;
        Ok(Self::Serial { path: PathBuf::from(path), settings })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Self::Serial { path, settings } => {
                write!(f, "serial://{}?baud={}", path.display(), settings.baud())
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_their_faults() {
        for text in ["tcp://10.0.0.5:8765", "serial:///dev/ttyUSB0?baud=921600"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert_eq!("tcp://p9".parse::<Address>().unwrap().to_string(), "tcp://p9:8765");
        let default = "serial:///dev/ttyS1".parse::<Address>().unwrap();
        assert_eq!(default.to_string(), "serial:///dev/ttyS1?baud=115200");
        let said = |text: &str| text.parse::<Address>().unwrap_err().to_string();
        assert!(said("10.0.0.5:8765").contains("tcp://HOST:8765"));
        assert!(said("tcp://:8765").contains("host is missing"));
        assert!(said("tcp://p9:0").contains("port"));
        assert!(said("serial://ttyUSB0").contains("begin with /"));
        assert!(said("serial:///dev/ttyUSB0?baud=300").contains("115200"));
        assert!(said("serial:///dev/ttyUSB0?parity=odd").contains("baud="));
    }
}
