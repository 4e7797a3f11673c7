//! Where an emulated tracker is to be reached.

use std::path::PathBuf;
use std::str::FromStr;

use super::ServeError;

/// Where it is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `HOST:PORT`; port 0 for any that is free.
    Tcp(String),
    /// A serial line; at this path is a link to it.
    Terminal(PathBuf),
}

impl FromStr for Address {
    type Err = ServeError;

    /// Of `tcp://HOST:PORT`, or `HOST:PORT`, or `pty:PATH`.
    fn from_str(text: &str) -> Result<Self, ServeError> {
        let wrong = || ServeError::Address(text.to_owned());
        if let Some(path) = text.strip_prefix("pty:") {
            return if path.is_empty() { Err(wrong()) } else { Ok(Self::Terminal(path.into())) };
        }
        let address = text.strip_prefix("tcp://").unwrap_or(text);
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        if host.is_empty() || port.parse::<u16>().is_err() {
            return Err(wrong());
        }
        Ok(Self::Tcp(address.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_tcp_or_a_path() {
        let tcp = Address::Tcp("127.0.0.1:8765".to_owned());
        assert_eq!("tcp://127.0.0.1:8765".parse::<Address>().unwrap(), tcp);
        assert_eq!("127.0.0.1:8765".parse::<Address>().unwrap(), tcp);
        let line = Address::Terminal("/tmp/tracker".into());
        assert_eq!("pty:/tmp/tracker".parse::<Address>().unwrap(), line);
        for wrong in ["", "pty:", "127.0.0.1", ":8765", "127.0.0.1:99999", "/dev/ttyUSB0"] {
            let error = wrong.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains("expected an address such as"), "{error}");
        }
    }
}
