//! Where the tools are, as text (the answer to TX).

use super::fields::{Fields, put_decimal};
use super::{Error, Placement, PortStatus, ReplyOptions, SystemStatus};

/// What TX says of one handle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TxState {
    /// Seen. Rounded on the wire to four digits of the quaternion, 0.01 mm, and 0.0001 of the error.
    Seen(Placement),
    /// Not seen.
    Missing,
    /// Not enabled, or none of a tool that can be tracked.
    Disabled,
    /// No tool.
    Unoccupied,
}

/// One handle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TxHandle {
    /// Its number.
    pub handle: u8,
    /// What is seen.
    pub state: TxState,
    /// Its status; all zero where it is disabled or unoccupied.
    pub status: PortStatus,
    /// In which frame; zero where it is disabled or unoccupied.
    pub frame: u32,
}

/// All enabled handles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tx {
    /// Each of them, 255 at most.
    pub handles: Vec<TxHandle>,
    /// The status of the whole system.
    pub system: SystemStatus,
}

impl Tx {
    /// The options that this codec has for TX: poses, also those out of volume.
    pub const OPTIONS: ReplyOptions = ReplyOptions(0x0801);

    /// Of the text of a reply.
    ///
    /// # Errors
    /// If it is not the answer to TX with [`OPTIONS`](Self::OPTIONS) or fewer.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let mut fields = Fields::new("TX", text.as_bytes());
        let count = fields.hex(2, "the count of handles")?;
        let mut handles = vec![];
        for _ in 0..count {
            let handle = fields.hex(2, "a handle")? as u8;
            let state = if fields.word("MISSING") {
                TxState::Missing
            } else if fields.word("DISABLED") {
                TxState::Disabled
            } else if fields.word("UNOCCUPIED") {
                TxState::Unoccupied
            } else {
                TxState::Seen(read_placement(&mut fields)?)
            };
            let (mut status, mut frame) = (PortStatus::default(), 0);
            // Devices differ in whether a disabled handle has a status.
            let is_off = matches!(state, TxState::Disabled | TxState::Unoccupied);
            let ended = is_off && fields.word("\n");
            if !ended {
                status = PortStatus(fields.hex(8, "the status of a handle")?);
                frame = fields.hex(8, "the frame")?;
                if !fields.word("\n") {
                    return Err(fields.wrong("the end of a handle", "a line feed", "another byte"));
                }
            }
            handles.push(TxHandle { handle, state, status, frame });
        }
        let system = SystemStatus(fields.hex(4, "the status of the system")? as u16);
        fields.end()?;
        Ok(Self { handles, system })
    }

    /// The text of a reply.
    ///
    /// # Errors
    /// If a number has no room in it, or there are more than 255 handles.
    pub fn to_text(&self) -> Result<String, Error> {
        let Ok(count) = u8::try_from(self.handles.len()) else {
            return Err(Error::unwritable("the answer to TX", "it has more than 255 handles"));
        };
        let mut text = format!("{count:02X}").into_bytes();
        for TxHandle { handle, state, status, frame } in &self.handles {
            text.extend(format!("{handle:02X}").bytes());
            match state {
                TxState::Seen(placement) => write_placement(placement, &mut text)?,
                TxState::Missing => text.extend(b"MISSING"),
                TxState::Disabled => text.extend(b"DISABLED"),
                TxState::Unoccupied => text.extend(b"UNOCCUPIED"),
            }
            if matches!(state, TxState::Seen(_) | TxState::Missing) {
                text.extend(format!("{:08X}{frame:08X}", status.0).bytes());
            }
            text.push(b'\n');
        }
        text.extend(format!("{:04X}", self.system.0).bytes());
        String::from_utf8(text).map_err(|error| Error::unwritable("the answer to TX", error))
    }
}

fn read_placement(fields: &mut Fields<'_>) -> Result<Placement, Error> {
    let mut placement = Placement::default();
    for part in &mut placement.quaternion {
        *part = fields.decimal(5, 1e4, "the quaternion")?;
    }
    for part in &mut placement.position_mm {
        *part = fields.decimal(6, 1e2, "the position")?;
    }
    placement.error = fields.decimal(5, 1e4, "the error")?;
    Ok(placement)
}

fn write_placement(placement: &Placement, text: &mut Vec<u8>) -> Result<(), Error> {
    for part in placement.quaternion {
        put_decimal(text, part, 5, 1e4)?;
    }
    for part in placement.position_mm {
        put_decimal(text, part, 6, 1e2)?;
    }
    put_decimal(text, placement.error, 5, 1e4)
}
