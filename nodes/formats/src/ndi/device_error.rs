//! Errors and warnings that a device answers, as sentences: what happened, and what to look at.

use std::fmt;

/// The code of `ERRORxx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceError(pub u8);

/// The code of `WARNINGxx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceWarning(pub u8);

impl DeviceError {
    /// No such command.
    pub const INVALID_COMMAND: Self = Self(0x01);
    /// A command longer than any.
    pub const TOO_LONG: Self = Self(0x02);
    /// A command that is cut off.
    pub const TOO_SHORT: Self = Self(0x03);
    /// The CRC of the command is wrong.
    pub const BAD_CRC: Self = Self(0x04);
    /// The device needed too long for the command.
    pub const TIMEOUT: Self = Self(0x05);
    /// The serial line cannot be set so.
    pub const BAD_COMM: Self = Self(0x06);
    /// Another number of parameters, or others.
    pub const PARAMETERS: Self = Self(0x07);
    /// No such port handle.
    pub const INVALID_HANDLE: Self = Self(0x08);
    /// No such priority.
    pub const INVALID_PRIORITY: Self = Self(0x09);
    /// Not while tracking, or only while tracking.
    pub const WRONG_MODE: Self = Self(0x0c);
    /// No tool in this port.
    pub const NO_TOOL: Self = Self(0x0d);
    /// The tool was not initialised.
    pub const NOT_INITIALIZED: Self = Self(0x0e);
    /// The tool was not enabled.
    pub const NOT_ENABLED: Self = Self(0x0f);
    /// INIT is missing.
    pub const SYSTEM_NOT_INITIALIZED: Self = Self(0x10);
    /// Tracking cannot start.
    pub const START_FAILED: Self = Self(0x12);
    /// The tool cannot be initialised.
    pub const PINIT_FAILED: Self = Self(0x13);
    /// A parameter out of its range.
    pub const OUT_OF_RANGE: Self = Self(0x23);
    /// All handles are given away.
    pub const NO_HANDLES_LEFT: Self = Self(0x2d);
    /// The handle was not requested.
    pub const HANDLE_NOT_ALLOCATED: Self = Self(0x2b);
    /// The tool was taken out.
    pub const HANDLE_UNOCCUPIED: Self = Self(0x2c);
    /// No such feature.
    pub const NO_FEATURE: Self = Self(0x33);
    /// No such user parameter.
    pub const NO_PARAMETER: Self = Self(0x34);
    /// A value of another kind.
    pub const BAD_VALUE: Self = Self(0x35);
    /// The tool definition is damaged.
    pub const BAD_ROM: Self = Self(0x40);
    /// The tool definition wants what this device cannot do.
    pub const ROM_NOT_SUPPORTED: Self = Self(0x41);

    /// What happened, and what to look at.
    pub fn sentence(self) -> &'static str {
        match self.0 {
            0x01 => {
                "the device knows no such command: its firmware is too old or is of another kind; look at its version"
            }
            0x02 => {
                "the command was too long for the device: bytes were added on the way; look at the cable"
            }
            0x03 => {
                "the command was too short: bytes were lost on the way; look at the cable and the baud rate"
            }
            0x04 => {
                "the command came with a wrong CRC: it was damaged on the way; look at the cable and the baud rate"
            }
            0x05 => {
                "the device took too long for the command and gave up; try again, then switch it off and on"
            }
            0x06 => {
                "the device cannot use these settings of the serial line; take another baud rate"
            }
            0x07 => {
                "the command has the wrong number of parameters for this firmware; look at the device's version"
            }
            0x08 => {
                "there is no such port handle: the device was reset or the tool was freed; initialise it anew"
            }
            0x09 => "the tracking priority should be S, D or B",
            0x0a => "the tool has no such light",
            0x0b => "the light should be blank, flashing or solid",
            0x0c => {
                "the command is not allowed in this mode (tracking or not): another program may be connected to the device as well; close it"
            }
            0x0d => "no tool is plugged into this port; plug it in until it clicks",
            0x0e => {
                "the tool in this port was not initialised; its plug may have been pulled meanwhile"
            }
            0x0f => "the tool in this port is not enabled for tracking",
            0x10 => "the device was not initialised: it was reset or switched off and on meanwhile",
            0x11 => "tracking cannot be stopped; switch the device off and on",
            0x12 => {
                "tracking cannot be started: look at the device's lights and alerts, and whether too many tools are enabled"
            }
            0x13 => {
                "the tool cannot be initialised: look at its plug and cable, or at its tool definition file"
            }
            0x14 => {
                "the characterisation of the position sensor or field generator is invalid: the device needs service"
            }
            0x15 => {
                "the device cannot be initialised: look at the cables between sensor, control unit and field generator, then switch it off and on"
            }
            0x16 => "diagnostics cannot be started",
            0x17 => "diagnostics cannot be stopped",
            0x18 => {
                "infrared light or magnetic disturbance in the room cannot be measured; remove lamps or metal near the device"
            }
            0x19 => "the firmware's version cannot be read: the device needs service",
            0x1a => {
                "an internal error of the device; switch it off and on, and if it comes again it needs service"
            }
            0x1b => "the device cannot prepare for diagnostics of infrared light",
            0x1c => "the markers' firing signature cannot be set",
            0x1d => "the memories in the tool cannot be searched; look at the tool's plug",
            0x1e => "the memory in the tool cannot be read: look at the tool's plug and cable",
            0x1f => "the memory in the tool cannot be written: look at the tool's plug and cable",
            0x20 => "the memory in the tool cannot be selected: look at the tool's plug",
            0x21 => "the current test of the tool failed: look at its plug and cable",
            0x22 => {
                "the selected volume has no parameters for the wavelength of an enabled tool: choose another volume or another tool"
            }
            0x23 => "a parameter of the command is out of range",
            0x24 => {
                "the device has no parameters for this measurement volume; choose another volume"
            }
            0x25 => "the features of the device cannot be determined",
            0x28 => {
                "too many tools are enabled, or of a kind that this device cannot track: use fewer tools or another set"
            }
            0x29 => "the firmware of the main processor is damaged: the device needs service",
            0x2a => "the device has no memory left: free tools, or switch it off and on",
            0x2b => "this port handle was not requested: the device was reset meanwhile",
            0x2c => "the tool of this port handle was unplugged; plug it in again",
            0x2d => {
                "all port handles are given away: free tools that are not used, or switch the device off and on"
            }
            0x2e => {
                "parts of the system have firmware that does not go together: update the firmware of all of them"
            }
            0x2f => "there is no such port: look at the port's number",
            0x30 => "this port has a handle already",
            0x32 => "the device in this port cannot do that",
            0x33 => "this device lacks the feature",
            0x34 => {
                "there is no such parameter on this device: look at its name and at the firmware's version"
            }
            0x35 => "the parameter wants a value of another kind",
            0x36 => "the parameter's value is out of its range",
            0x37 => "the parameter has no such index",
            0x38 => "the parameter has another size",
            0x39 => {
                "not permitted: the parameter is read-only, or another program holds the device as its master; close it"
            }
            0x3b => "there is no such file on the device",
            0x3c => "a file on the device cannot be written",
            0x3d => "a file on the device cannot be read",
            0x40 => {
                "the tool definition file is damaged or of another format: its checksum is wrong; take the original file"
            }
            0x41 => {
                "this device cannot track such a tool: it has too many or too few markers, faces or groups; look at the tool definition file"
            }
            0x42 => "a part of the system is not connected: look at the cable to the control unit",
            0xf1 => {
                "too much infrared light in the room: turn off or cover lamps, and keep sunlight out"
            }
            0xf4 => "the device's flash memory cannot be erased: it needs service",
            0xf5 => "the device's flash memory cannot be written: it needs service",
            0xf6 => "the device's flash memory cannot be read: it needs service",
            _ => {
                "the device answered with an error that its public documents do not name; look it up in its manual"
            }
        }
    }
}

impl DeviceWarning {
    /// What happened, and what to look at.
    pub fn sentence(self) -> &'static str {
        match self.0 {
            0x01 => "the hardware may be faulty: look at the device's alerts; it may need service",
            0x02 => {
                "the tool's markers do not have distances of their own, so that its pose may be ambiguous: look at the tool definition file"
            }
            0x03 => {
                "the tool looks like another one that is loaded, so that the two may be mistaken for each other: use another set of tools"
            }
            0x04 => {
                "the tool looks like another one that is loaded, and its markers do not have distances of their own: use another tool"
            }
            0x05 => {
                "the tool definition file says no wavelength of the markers, so the device takes its default"
            }
            0x06 => {
                "the device was initialised, but reports a fault or an alert: look at its lights"
            }
            _ => {
                "the device answered with a warning that its public documents do not name; look it up in its manual"
            }
        }
    }
}

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ERROR{:02X}: {}", self.0, self.sentence())
    }
}

impl std::error::Error for DeviceError {}

impl fmt::Display for DeviceWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WARNING{:02X}: {}", self.0, self.sentence())
    }
}
