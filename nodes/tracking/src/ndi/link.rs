//! The line to the tracker: a socket or a serial line, read without blocking.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use formats::ndi::SerialSettings;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::address::Address;
use super::serial;

/// The line.
#[derive(Debug)]
pub enum Link {
    /// On the network.
    Tcp(TcpStream),
    /// A serial line.
    Serial(File),
}

/// How long a connection may take, and what was written may wait.
const PATIENCE: Duration = Duration::from_secs(2);

impl Link {
    /// Opens it; takes `PATIENCE` at most for each number that a host's name stands for.
    ///
    /// # Errors
    /// If there is nobody.
    pub fn open(address: &Address) -> Result<Self> {
        match address {
            Address::Tcp { host, port } => {
                let mut last = Error::new(ErrorKind::NotFound, "the name of the host is not known");
                for number in (host.as_str(), *port).to_socket_addrs()? {
                    match TcpStream::connect_timeout(&number, PATIENCE) {
                        Ok(stream) => {
                            stream.set_nodelay(true)?;
                            stream.set_nonblocking(true)?;
                            return Ok(Self::Tcp(stream));
                        }
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
            Address::Serial { path, .. } => {
                let flags = rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::NONBLOCK;
                let flags = flags.bits().cast_signed();
                let file =
                    OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
                serial::set(&file, SerialSettings::AFTER_RESET)?;
                Ok(Self::Serial(file))
            }
        }
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Serial(file) => file.as_fd(),
        }
    }

    fn wait(&self, flags: PollFlags, patience: Duration) -> Result<bool> {
        let timeout = Timespec::try_from(patience).ok();
        let mut fds = [PollFd::from_borrowed_fd(self.fd(), flags)];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(count) => Ok(count > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Bytes that are there or come within `patience`; none if none do.
    ///
    /// # Errors
    /// If the line is gone.
    pub fn read(&mut self, buffer: &mut [u8], patience: Duration) -> Result<usize> {
        if !self.wait(PollFlags::IN, patience)? {
            return Ok(0);
        }
        let read = match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Serial(file) => file.read(buffer),
        };
        match read {
            Ok(0) => Err(Error::new(ErrorKind::UnexpectedEof, "the tracker closed the connection")),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                Ok(0)
            }
            read => read,
        }
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// If the line is gone or takes nothing any more.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let written = match self {
                Self::Tcp(stream) => stream.write(bytes),
                Self::Serial(file) => file.write(bytes),
            };
            match written {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !self.wait(PollFlags::OUT, Duration::from_millis(100))? {
                        let text = "the line takes no more bytes: the tracker does not read them";
                        return Err(Error::new(ErrorKind::TimedOut, text));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Resets the tracker with a serial break, and speaks as it does afterwards.
    ///
    /// # Errors
    /// If the line is gone.
    pub fn reset(&mut self) -> Result<()> {
        match self {
            Self::Tcp(_) => Ok(()),
            Self::Serial(file) => {
                serial::set(file, SerialSettings::AFTER_RESET)?;
                serial::send_break(file)
            }
        }
    }

    /// Sets the serial line so.
    ///
    /// # Errors
    /// If it cannot be set so.
    pub fn set(&mut self, settings: SerialSettings) -> Result<()> {
        match self {
            Self::Tcp(_) => Ok(()),
            Self::Serial(file) => serial::set(file, settings),
        }
    }
}
