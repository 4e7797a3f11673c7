//! What is in a port (the answer to PHINF).

use super::fields::{Fields, put_text};
use super::{Error, PortStatus};

/// Which parts of the information are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InfoOptions(pub u16);

impl InfoOptions {
    /// The tool's description and the port's status.
    pub const BASIC: Self = Self(0x0001);
    /// The current test of its markers.
    pub const CURRENT_TEST: Self = Self(0x0002);
    /// Its part number.
    pub const PART_NUMBER: Self = Self(0x0004);
    /// Its switches and lights.
    pub const ACCESSORIES: Self = Self(0x0008);
    /// The kind of its markers.
    pub const MARKER_TYPE: Self = Self(0x0010);
    /// Where it is plugged in.
    pub const LOCATION: Self = Self(0x0020);
    /// The state of its input and output lines.
    pub const GPIO: Self = Self(0x0040);
    /// All that this codec knows.
    pub const KNOWN: u16 = 0x007f;
    /// Description, part number and location.
    pub const IDENTITY: Self = Self(0x0025);

    fn has(self, part: Self) -> bool {
        self.0 & part.0 != 0
    }
}

/// What a tool says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolDescription {
    /// Its type, 8 hexadecimal digits; the first two are the main type: 01 reference, 02 pointer, 0B catheter …
    pub tool_type: String,
    /// Who made it, 12 characters at most.
    pub manufacturer: String,
    /// Its revision, 3 characters at most.
    pub revision: String,
    /// Its serial number, 8 hexadecimal digits, as [`Rom::serial`](super::Rom::serial) has it.
    pub serial: u32,
    /// The status of its port, 8 bits.
    pub status: PortStatus,
}

/// Where a tool is plugged in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortLocation {
    /// Serial number of the device, 8 characters at most.
    pub device: String,
    /// The kind of system: 0 Polaris, 1 Aurora.
    pub system: u8,
    /// Whether it has no cable.
    pub is_wireless: bool,
    /// Name of the port, two characters: `01` … for wired tools, `0A` … for wireless ones.
    pub port: String,
    /// Channel, for a tool with two sensors.
    pub channel: u8,
}

/// What is in a port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortInfo {
    /// Option 0001.
    pub tool: Option<ToolDescription>,
    /// Option 0002.
    pub current_test: Option<u32>,
    /// Option 0004, 20 characters at most.
    pub part_number: Option<String>,
    /// Option 0008.
    pub accessories: Option<u8>,
    /// Option 0010.
    pub marker_type: Option<u8>,
    /// Option 0020.
    pub location: Option<PortLocation>,
    /// Option 0040.
    pub gpio: Option<u8>,
}

const UNOCCUPIED: &str = "UNOCCUPIED";

impl PortInfo {
    /// Of the text of a reply to PHINF with these options; nothing if the port is unoccupied.
    ///
    /// # Errors
    /// If it is not what the options ask for.
    pub fn from_text(text: &str, options: InfoOptions) -> Result<Option<Self>, Error> {
        if text == UNOCCUPIED {
            return Ok(None);
        }
        let mut fields = Fields::new("PHINF", text.as_bytes());
        if options.0 & !InfoOptions::KNOWN != 0 {
            return Err(fields.wrong(
                "the options",
                "0001 to 007F",
                format_args!("{:04X}", options.0),
            ));
        }
        let mut info = Self::default();
        if options.has(InfoOptions::BASIC) {
            info.tool = Some(ToolDescription {
                tool_type: fields.text(8, "the tool's type")?,
                manufacturer: fields.text(12, "the tool's manufacturer")?,
                revision: fields.text(3, "the tool's revision")?,
                serial: fields.hex(8, "the tool's serial number")?,
                status: PortStatus(fields.hex(2, "the port's status")?),
            });
        }
        if options.has(InfoOptions::CURRENT_TEST) {
            info.current_test = Some(fields.hex(8, "the current test")?);
        }
        if options.has(InfoOptions::PART_NUMBER) {
            info.part_number = Some(fields.text(20, "the part number")?);
        }
        if options.has(InfoOptions::ACCESSORIES) {
            info.accessories = Some(fields.hex(2, "the accessories")? as u8);
        }
        if options.has(InfoOptions::MARKER_TYPE) {
            info.marker_type = Some(fields.hex(2, "the type of the markers")? as u8);
        }
        if options.has(InfoOptions::LOCATION) {
            info.location = Some(PortLocation {
                device: fields.text(8, "the device")?,
                system: fields.hex(1, "the kind of system")? as u8,
                is_wireless: fields.hex(1, "the kind of tool")? != 0,
                port: fields.text(2, "the port")?,
                channel: fields.hex(2, "the channel")? as u8,
            });
        }
        if options.has(InfoOptions::GPIO) {
            info.gpio = Some(fields.hex(2, "the input and output lines")? as u8);
        }
        fields.end()?;
        Ok(Some(info))
    }

    /// The text of a reply to PHINF, with the parts that are there; `None` is an unoccupied port.
    ///
    /// # Errors
    /// If a text in it is too long or not printable.
    pub fn to_text(info: Option<&Self>) -> Result<String, Error> {
        let Some(info) = info else { return Ok(UNOCCUPIED.to_owned()) };
        let mut text = vec![];
        if let Some(tool) = &info.tool {
            put_text(&mut text, &tool.tool_type, 8, "the type of a tool")?;
            put_text(&mut text, &tool.manufacturer, 12, "the manufacturer of a tool")?;
            put_text(&mut text, &tool.revision, 3, "the revision of a tool")?;
            text.extend(format!("{:08X}{:02X}", tool.serial, tool.status.0 & 0xff).bytes());
        }
        if let Some(test) = info.current_test {
            text.extend(format!("{test:08X}").bytes());
        }
        if let Some(part_number) = &info.part_number {
            put_text(&mut text, part_number, 20, "the part number of a tool")?;
        }
        for byte in [info.accessories, info.marker_type].into_iter().flatten() {
            text.extend(format!("{byte:02X}").bytes());
        }
        if let Some(location) = &info.location {
            put_text(&mut text, &location.device, 8, "the serial number of a device")?;
            let kinds = format!("{:X}{}", location.system & 15, u8::from(location.is_wireless));
            text.extend(kinds.bytes());
            put_text(&mut text, &location.port, 2, "the name of a port")?;
            text.extend(format!("{:02X}", location.channel).bytes());
        }
        if let Some(gpio) = info.gpio {
            text.extend(format!("{gpio:02X}").bytes());
        }
        String::from_utf8(text).map_err(|error| Error::unwritable("the text of PHINF", error))
    }
}
