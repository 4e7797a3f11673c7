//! The port of an emulated device: open while it has power.

use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::{Mutex, PoisonError};

/// A port that opens and closes with the power.
pub struct PoweredPort {
    address: SocketAddr,
    listener: Mutex<Option<TcpListener>>,
}

impl PoweredPort {
    /// At `HOST:PORT`; port 0 for any that is free.
    ///
    /// # Errors
    /// If the address is taken or there is no such.
    pub fn open(address: &str) -> std::io::Result<Self> {
        let listener = listen(address)?;
        let address = listener.local_addr()?;
        Ok(Self { address, listener: Mutex::new(Some(listener)) })
    }

    /// Where it is, power or not.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection that waits; none without power.
    pub fn accept(&self, has_power: impl FnOnce() -> bool) -> Option<(TcpStream, SocketAddr)> {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked within the lock: who has closed it knows more than this thread did before.
        if !has_power() {
            *listener = None;
        } else if listener.is_none() {
            // Somebody else may have taken the port meanwhile; it is tried again.
            *listener = listen(self.address).ok();
        }
        listener.as_ref()?.accept().ok()
    }

    /// Nobody connects any more: to be called before a connection breaks that has lost its power, since whoever was
    /// connected may try again at once.
    pub fn close(&self) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn listen(address: impl ToSocketAddrs) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_cut_off_finds_nobody_until_the_power_is_back() {
        let port = PoweredPort::open("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(port.address()).unwrap();
        let served = std::iter::repeat_with(|| port.accept(|| true)).flatten().next().unwrap();
        assert_eq!(served.1, client.local_addr().unwrap());
        port.close();
        assert!(TcpStream::connect(port.address()).is_err());
        assert!(port.accept(|| false).is_none());
        assert!(TcpStream::connect(port.address()).is_err());
        assert!(port.accept(|| true).is_none());
        assert!(TcpStream::connect(port.address()).is_ok());
    }
}
