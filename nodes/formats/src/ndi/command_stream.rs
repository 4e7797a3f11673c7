//! Commands out of the bytes of a connection, as they come: the device's side.

use super::{Command, CommandError, DeviceError, Form};

/// The longest command that is taken: no device takes more.
pub const COMMAND_LIMIT: usize = 2048;

/// Takes the bytes of a connection in pieces of any size and gives its commands.
///
/// Each line is a command or an error that says what a device answers; a line that is too long is skipped up to its end.
/// A serial break is no byte: whoever reads the line tells the device of it, and [`clear`](Self::clear)s this.
#[derive(Debug, Default)]
pub struct CommandDecoder {
    bytes: Vec<u8>,
    taken: usize,
    scanned: usize,
    /// Within a line that is too long.
    skipping: bool,
}

impl CommandDecoder {
    /// For a new connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the connection. Take all commands before the next call.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Forgets what has come.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// The next command; nothing until it is whole.
    ///
    /// # Errors
    /// If the line is no command; the next call goes on behind it.
    pub fn next_command(&mut self) -> Result<Option<(Command, Form)>, CommandError> {
        loop {
            let rest = &self.bytes[self.taken..];
            let end = rest[self.scanned..].iter().position(|byte| *byte == b'\r');
            let Some(end) = end.map(|end| end + self.scanned) else {
                self.scanned = rest.len();
                if rest.len() > COMMAND_LIMIT {
                    let error = CommandError::new(DeviceError::TOO_LONG, rest);
                    let first = !self.skipping;
                    self.skipping = true;
                    self.take(rest.len());
                    if first {
                        return Err(error);
                    }
                }
                return Ok(None);
            };
            let line = &self.bytes[self.taken..self.taken + end];
            if self.skipping {
                self.skipping = false;
                self.take(end + 1);
                continue;
            }
            let command = if line.len() > COMMAND_LIMIT {
                Err(CommandError::new(DeviceError::TOO_LONG, line))
            } else {
                Command::decode(line)
            };
            self.take(end + 1);
            return command.map(Some);
        }
    }

    fn take(&mut self, count: usize) {
        self.taken += count;
        self.scanned = 0;
    }
}
