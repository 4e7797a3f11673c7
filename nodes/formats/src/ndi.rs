//! The Combined API of NDI's trackers (Polaris, Vega, Aurora): what a host and a device say to each other, in bytes and back.
//!
//! A host sends a [`Command`], a line of text; the device answers each with one [`Reply`], which is text or, to BX and
//! BX2, binary. All have a CRC-16, but for commands in [`Form::Plain`] and the long binary replies ([`Binary::Long`]).
//!
//! | module's part | what it holds |
//! | --- | --- |
//! | [`Command`], [`HandleRequest`], [`SerialSettings`], [`Bx2Options`] | what a host asks |
//! | [`Reply`], [`DeviceError`], [`DeviceWarning`] | what a device answers, and what its numbers mean |
//! | [`PortHandles`], [`PortInfo`] | which handles there are, and what is in each |
//! | [`Tx`], [`Bx`], [`Gbf`] | where the tools are: as text, as bytes, and as the components of BX2 |
//! | [`PortStatus`], [`ToolStatus`], [`SystemStatus`], [`Alert`] | status words as sentences: what happened, what to look at |
//! | [`Rom`] | tool definition files (`.rom`) |
//! | [`ReplyDecoder`], [`CommandDecoder`] | the two streams, from pieces of any size, going on after damage |
//!
//! After the protocol as NDI's own sample programs and the open client library `ndicapi` of the PLUS toolkit speak it.
//! Numbers are as on the wire: millimetres, in the tracker's frame; quaternions are (w, x, y, z).
//!
//! **Damage**: a reply or a command whose CRC does not fit is an error and never a value. Bytes that belong to nothing are
//! skipped and counted.

mod alert;
mod binary;
mod bx;
mod bx2_options;
mod command;
mod command_stream;
mod crc;
mod device_error;
mod error;
mod fields;
mod gbf;
mod gbf_items;
mod handle_request;
mod placement;
mod port_handles;
mod port_info;
mod reply;
mod reply_stream;
mod rom;
mod serial_settings;
mod status;
mod tool_status;
mod tx;

pub use alert::{Alert, AlertKind};
pub use binary::Binary;
pub use bx::{Bx, BxHandle, BxMarker, BxState, MarkerUse, ReplyOptions};
pub use bx2_options::{Bx2Options, Markers3d};
pub use command::{Command, CommandError, Form, HandleFilter, Priority};
pub use command_stream::{COMMAND_LIMIT, CommandDecoder};
pub use crc::crc16;
pub use device_error::{DeviceError, DeviceWarning};
pub use error::Error;
pub use gbf::{Component, Frame, FrameType, Gbf};
pub use gbf_items::{Buttons, Marker3d, MarkerState, Tool3d, Tool6d};
pub use handle_request::HandleRequest;
pub use placement::{Placement, Unsound};
pub use port_handles::{PortHandle, PortHandles};
pub use port_info::{InfoOptions, PortInfo, PortLocation, ToolDescription};
pub use reply::{ApiRevision, Reply};
pub use reply_stream::{REPLY_LIMIT, ReplyDecoder};
pub use rom::{BLOCK, Rom, RomError, RomMarker};
pub use serial_settings::{Parity, SerialSettings};
pub use status::{PortStatus, SystemStatus, ToolInformation};
pub use tool_status::ToolStatus;
pub use tx::{Tx, TxHandle, TxState};
