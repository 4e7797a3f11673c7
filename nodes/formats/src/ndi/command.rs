//! What a host asks of a device.

use std::fmt::Write as _;

use super::error::quoted;
use super::fields::{Fields, hex};
use super::{
    Bx2Options, DeviceError, Error, HandleRequest, InfoOptions, ReplyOptions, SerialSettings, crc16,
};

/// How a command is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// `NAME:parameters` with a CRC.
    #[default]
    Checked,
    /// `NAME parameters`, without.
    Plain,
}

/// Which port handles are meant (PHSR).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HandleFilter {
    /// All that are allocated.
    #[default]
    All,
    /// Those to be freed: their tool is gone.
    Stale,
    /// Those to be initialised.
    Uninitialized,
    /// Those to be enabled.
    Unenabled,
    /// Those that are enabled.
    Enabled,
}

/// How a tool is tracked (PENA).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Hardly moves, such as a reference.
    Static,
    /// Moves.
    #[default]
    Dynamic,
    /// Has buttons and no markers.
    ButtonBox,
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// RESET: as if it were switched off and on.
    Reset,
    /// INIT: the device makes itself ready.
    Init,
    /// COMM: other settings of the serial line, right after the answer.
    Comm(SerialSettings),
    /// GET: values of user parameters; `*` at the end stands for all that begin so.
    Get(String),
    /// GETINFO: what there is to know of user parameters.
    GetInfo(String),
    /// SET: a value of a user parameter.
    Set {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// VER: version of the firmware; 4 is the whole system's, 0 the control's.
    Version(u8),
    /// APIREV: which revision of the protocol.
    ApiRevision,
    /// BEEP: so many beeps, 1 to 9.
    Beep(u8),
    /// ECHO: the text back.
    Echo(String),
    /// PHRQ: a port handle for a tool.
    RequestHandle(HandleRequest),
    /// PHSR: which port handles there are.
    SearchHandles(HandleFilter),
    /// PHINF: what is in a port.
    HandleInfo {
        /// The port handle.
        handle: u8,
        /// What of it.
        options: InfoOptions,
    },
    /// PVWR: a block of a tool definition.
    WriteRom {
        /// The port handle.
        handle: u8,
        /// Where in the definition.
        address: u16,
        /// 64 bytes.
        block: [u8; 64],
    },
    /// PINIT: the tool is made ready.
    InitHandle(u8),
    /// PENA: the tool is tracked from the next TSTART on.
    EnableHandle {
        /// The port handle.
        handle: u8,
        /// How.
        priority: Priority,
    },
    /// PDIS: the tool is not tracked any more.
    DisableHandle(u8),
    /// PHF: the handle is given back.
    FreeHandle(u8),
    /// TSTART: tracking begins; 80 hex also sets the frame number to zero.
    StartTracking(Option<u8>),
    /// TSTOP: tracking ends.
    StopTracking,
    /// TX: where the tools are, as text.
    Tx(ReplyOptions),
    /// BX: where the tools are, in bytes.
    Bx(ReplyOptions),
    /// BX2: what is new since the last BX2.
    Bx2(Bx2Options),
    /// SFLIST: a list of features.
    Features(u8),
    /// Any other.
    Other {
        /// Its name, of capital letters and digits.
        name: String,
        /// What follows it.
        parameters: String,
    },
}

/// Why a line is no command, and what a device answers to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{answer}; the line was `{line}`")]
pub struct CommandError {
    /// What a device answers.
    pub answer: DeviceError,
    /// What came, cut off.
    pub line: String,
}

impl CommandError {
    pub(super) fn new(answer: DeviceError, line: &[u8]) -> Self {
        Self { answer, line: quoted(line) }
    }
}

impl Command {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Reset => "RESET",
            Self::Init => "INIT",
            Self::Comm(_) => "COMM",
            Self::Get(_) => "GET",
            Self::GetInfo(_) => "GETINFO",
            Self::Set { .. } => "SET",
            Self::Version(_) => "VER",
            Self::ApiRevision => "APIREV",
            Self::Beep(_) => "BEEP",
            Self::Echo(_) => "ECHO",
            Self::RequestHandle(_) => "PHRQ",
            Self::SearchHandles(_) => "PHSR",
            Self::HandleInfo { .. } => "PHINF",
            Self::WriteRom { .. } => "PVWR",
            Self::InitHandle(_) => "PINIT",
            Self::EnableHandle { .. } => "PENA",
            Self::DisableHandle(_) => "PDIS",
            Self::FreeHandle(_) => "PHF",
            Self::StartTracking(_) => "TSTART",
            Self::StopTracking => "TSTOP",
            Self::Tx(_) => "TX",
            Self::Bx(_) => "BX",
            Self::Bx2(_) => "BX2",
            Self::Features(_) => "SFLIST",
            Self::Other { name, .. } => name,
        }
    }

    fn parameters(&self) -> String {
        match self {
            Self::Reset => "0".to_owned(),
            Self::Init | Self::ApiRevision | Self::StopTracking | Self::StartTracking(None) => {
                String::new()
            }
            Self::Comm(settings) => ascii(&settings.text()),
            Self::Get(text) | Self::GetInfo(text) | Self::Echo(text) => text.clone(),
            Self::Set { name, value } => format!("{name}={value}"),
            Self::Version(number) | Self::Beep(number) => number.to_string(),
            Self::RequestHandle(request) => ascii(request.text()),
            Self::SearchHandles(filter) => format!("{:02X}", *filter as u8),
            Self::HandleInfo { handle, options } => format!("{handle:02X}{:04X}", options.0),
            Self::WriteRom { handle, address, block } => {
                let mut text = format!("{handle:02X}{address:04X}");
                for byte in block {
                    let _ = write!(text, "{byte:02X}");
                }
                text
            }
            Self::InitHandle(handle) | Self::DisableHandle(handle) | Self::FreeHandle(handle) => {
                format!("{handle:02X}")
            }
            Self::EnableHandle { handle, priority } => {
                let priority = match priority {
                    Priority::Static => 'S',
                    Priority::Dynamic => 'D',
                    Priority::ButtonBox => 'B',
                };
                format!("{handle:02X}{priority}")
            }
            Self::StartTracking(Some(options)) => format!("{options:02X}"),
            Self::Tx(options) | Self::Bx(options) => format!("{:04X}", options.0),
            Self::Bx2(options) => options.to_string(),
            Self::Features(list) => format!("{list:02X}"),
            Self::Other { parameters, .. } => parameters.clone(),
        }
    }

    /// The line, with the carriage return at its end.
    ///
    /// # Errors
    /// If it holds what cannot be in a line.
    pub fn encode(&self, form: Form) -> Result<Vec<u8>, Error> {
        let (name, parameters) = (self.name(), self.parameters());
        if name.is_empty() || !name.bytes().all(is_of_name) {
            return Err(Error::unwritable(
                "a command",
                "its name is not of capital letters and digits",
            ));
        }
        if !parameters.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(Error::unwritable("a command", "its parameters are not printable"));
        }
        if matches!(self, Self::Version(10..) | Self::Beep(0 | 10..)) {
            return Err(Error::unwritable("a command", "its number is not of one digit"));
        }
        let mut line = name.as_bytes().to_vec();
        match form {
            Form::Checked => {
                line.push(b':');
                line.extend(parameters.bytes());
                line.extend(format!("{:04X}", crc16(&line)).bytes());
            }
            Form::Plain => {
                line.push(b' ');
                line.extend(parameters.bytes());
            }
        }
        line.push(b'\r');
        Ok(line)
    }

    /// Of a line without its carriage return.
    ///
    /// # Errors
    /// If it is damaged, or its parameters are not those of its name. An unknown name is [`Command::Other`].
    pub fn decode(line: &[u8]) -> Result<(Self, Form), CommandError> {
        let wrong = |answer| CommandError::new(answer, line);
        if !line.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(wrong(DeviceError::INVALID_COMMAND));
        }
        let end = line.iter().position(|byte| !is_of_name(*byte)).unwrap_or(line.len());
        let (name, rest) = line.split_at(end);
        if name.is_empty() {
            return Err(wrong(DeviceError::INVALID_COMMAND));
        }
        let (form, parameters) = match rest {
            [] => (Form::Plain, rest),
            [b' ', parameters @ ..] => (Form::Plain, parameters),
            [b':', checked @ ..] => {
                let Some(at) = checked.len().checked_sub(4) else {
                    return Err(wrong(DeviceError::TOO_SHORT));
                };
                let (parameters, crc) = checked.split_at(at);
                if hex(crc) != Some(u32::from(crc16(&line[..line.len() - 4]))) {
                    return Err(wrong(DeviceError::BAD_CRC));
                }
                (Form::Checked, parameters)
            }
            _ => return Err(wrong(DeviceError::INVALID_COMMAND)),
        };
        let command = Self::of(&ascii(name), parameters).map_err(wrong)?;
        Ok((command, form))
    }

    fn of(name: &str, parameters: &[u8]) -> Result<Self, DeviceError> {
        let text = || ascii(parameters);
        let mut fields = Fields::new("a command", parameters);
        let mut number = |digits| fields.hex(digits, "").map_err(|_| DeviceError::PARAMETERS);
        let command = match name {
            // An answer has no parameters to look at, and older firmware takes none.
            "RESET" => return Ok(Self::Reset),
            "INIT" => Self::Init,
            "APIREV" => Self::ApiRevision,
            "TSTOP" => Self::StopTracking,
            "COMM" => {
                let settings = SerialSettings::from_text(parameters);
                return settings.map(Self::Comm).map_err(|_| DeviceError::BAD_COMM);
            }
            "GET" => return Ok(Self::Get(text())),
            "GETINFO" => return Ok(Self::GetInfo(text())),
            "ECHO" => return Ok(Self::Echo(text())),
            "SET" => {
                let text = text();
                let (name, value) = text.split_once('=').ok_or(DeviceError::PARAMETERS)?;
                return Ok(Self::Set { name: name.to_owned(), value: value.to_owned() });
            }
            "VER" => Self::Version(number(1)? as u8),
            "BEEP" => match number(1)? {
                count @ 1..=9 => Self::Beep(count as u8),
                _ => return Err(DeviceError::OUT_OF_RANGE),
            },
            "PHRQ" => {
                let request = HandleRequest::from_text(parameters);
                return request.map(Self::RequestHandle).map_err(|_| DeviceError::PARAMETERS);
            }
            "PHSR" if parameters.is_empty() => Self::SearchHandles(HandleFilter::All),
            "PHSR" => Self::SearchHandles(match number(2)? {
                0 => HandleFilter::All,
                1 => HandleFilter::Stale,
                2 => HandleFilter::Uninitialized,
                3 => HandleFilter::Unenabled,
                4 => HandleFilter::Enabled,
                _ => return Err(DeviceError::OUT_OF_RANGE),
            }),
            "PHINF" => {
                let handle = number(2)? as u8;
                let all = parameters.len() > 2;
                let options = if all { InfoOptions(number(4)? as u16) } else { InfoOptions::BASIC };
                Self::HandleInfo { handle, options }
            }
            "PVWR" => {
                let (handle, address) = (number(2)? as u8, number(4)? as u16);
                let mut block = [0; 64];
                for byte in &mut block {
                    *byte = number(2)? as u8;
                }
                Self::WriteRom { handle, address, block }
            }
            "PINIT" => Self::InitHandle(number(2)? as u8),
            "PDIS" => Self::DisableHandle(number(2)? as u8),
            "PHF" => Self::FreeHandle(number(2)? as u8),
            "PENA" => {
                let handle = number(2)? as u8;
                let priority = match &parameters[2..] {
                    b"S" => Priority::Static,
                    b"D" => Priority::Dynamic,
                    b"B" => Priority::ButtonBox,
                    _ => return Err(DeviceError::INVALID_PRIORITY),
                };
                return Ok(Self::EnableHandle { handle, priority });
            }
            "TSTART" if parameters.is_empty() => Self::StartTracking(None),
            "TSTART" => Self::StartTracking(Some(number(2)? as u8)),
            "TX" if parameters.is_empty() => Self::Tx(ReplyOptions::POSES),
            "BX" if parameters.is_empty() => Self::Bx(ReplyOptions::POSES),
            "TX" => Self::Tx(ReplyOptions(number(4)? as u16)),
            "BX" => Self::Bx(ReplyOptions(number(4)? as u16)),
            "BX2" => {
                let options = Bx2Options::from_text(&text());
                return options.map(Self::Bx2).map_err(|_| DeviceError::PARAMETERS);
            }
            "SFLIST" => Self::Features(number(2)? as u8),
            _ => return Ok(Self::Other { name: name.to_owned(), parameters: text() }),
        };
        fields.end().map_err(|_| DeviceError::PARAMETERS)?;
        Ok(command)
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn ascii(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}
