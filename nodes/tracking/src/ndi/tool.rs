//! A tool as it is wanted, and what the tracker has of it.

use formats::ndi::PortInfo;

/// What a tool is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A definition that is uploaded.
    Rom {
        /// Where it is from.
        label: String,
        /// The file.
        bytes: Vec<u8>,
    },
    /// What it says of itself when it is plugged in; all that are given must fit.
    Wired {
        /// Its serial number.
        serial: Option<u32>,
        /// Its part number.
        part_number: Option<String>,
        /// The number of the port.
        port: Option<u8>,
        /// Which sensor of a tool with two.
        channel: Option<u8>,
    },
}

/// A tool as it is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolPlan {
    /// Its name in the graph.
    pub name: String,
    /// What it is known by.
    pub identity: Identity,
    /// Whether it hardly moves.
    pub is_static: bool,
}

impl Identity {
    /// Whether what is in a port is this tool.
    pub fn fits(&self, info: &PortInfo) -> bool {
        let Self::Wired { serial, part_number, port, channel } = self else { return false };
        let says = |wanted: bool, fits: bool| !wanted || fits;
        let place = info.location.as_ref();
        says(serial.is_some(), info.tool.as_ref().map(|tool| tool.serial) == *serial)
            && says(part_number.is_some(), info.part_number == *part_number)
            && says(port.is_some(), place.and_then(|place| place.port.trim().parse().ok()) == *port)
            && says(channel.is_some(), place.map(|place| place.channel) == *channel)
    }

    /// How a person finds the tool.
    pub fn said(&self) -> String {
        match self {
            Self::Rom { label, .. } => format!("definition {label}"),
            Self::Wired { serial, part_number, port, channel } => {
                let mut said = vec![];
                said.extend(serial.map(|serial| format!("serial number {serial:08X}")));
                said.extend(part_number.as_ref().map(|number| format!("part number {number}")));
                said.extend(port.map(|port| format!("port {port}")));
                said.extend(channel.map(|channel| format!("channel {channel}")));
                said.join(", ")
            }
        }
    }
}

/// What is in a port, for a person.
pub fn said_of(info: &PortInfo) -> String {
    let mut said = vec![];
    if let Some(place) = &info.location {
        said.push(format!("port {} channel {}", place.port, place.channel));
    }
    if let Some(tool) = &info.tool {
        said.push(format!("{} serial number {:08X}", tool.manufacturer, tool.serial));
    }
    if let Some(number) = info.part_number.as_ref().filter(|number| !number.is_empty()) {
        said.push(format!("part number {number}"));
    }
    said.join(", ")
}
