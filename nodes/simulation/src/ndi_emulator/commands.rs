//! What each command does, and what the device refuses when.

use formats::ndi::{
    Binary, Command, DeviceError, HandleFilter, HandleRequest, PortHandle, PortHandles, PortInfo,
    PortLocation, PortStatus, Reply, ToolDescription,
};

use super::ports::Port;
use super::{Line, Moment, NdiEmulator};

/// A monitor asked for what only the master may do.
const NOT_PERMITTED: DeviceError = DeviceError(0x39);
/// TSTART's option that counts frames from zero.
const COUNT_FROM_ZERO: u8 = 0x80;

/// What state a command needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// None.
    Nothing,
    /// The device is initialised.
    Initialized,
    /// And does not track.
    Setup,
    /// And tracks.
    Tracking,
}

fn needs(command: &Command) -> Needs {
    match command {
        Command::RequestHandle(_) | Command::SearchHandles(_) | Command::HandleInfo { .. } => {
            Needs::Initialized
        }
        Command::WriteRom { .. }
        | Command::InitHandle(_)
        | Command::EnableHandle { .. }
        | Command::DisableHandle(_)
        | Command::FreeHandle(_)
        | Command::StartTracking(_) => Needs::Setup,
        Command::StopTracking | Command::Tx(_) | Command::Bx(_) | Command::Bx2(_) => {
            Needs::Tracking
        }
        _ => Needs::Nothing,
    }
}

/// Whether a command changes nothing.
fn only_looks(command: &Command) -> bool {
    matches!(
        command,
        Command::Get(_)
            | Command::GetInfo(_)
            | Command::Version(_)
            | Command::ApiRevision
            | Command::Echo(_)
            | Command::SearchHandles(_)
            | Command::HandleInfo { .. }
            | Command::Tx(_)
            | Command::Bx(_)
            | Command::Bx2(_)
            | Command::Features(_)
    )
}

impl NdiEmulator {
    /// The reply to a command.
    pub(super) fn answer(
        &mut self,
        line: &mut Line,
        now: Moment,
        master: bool,
        command: Command,
    ) -> Reply {
        if !master && !only_looks(&command) {
            return Reply::Error(NOT_PERMITTED);
        }
        let state = match needs(&command) {
            Needs::Nothing => Ok(()),
            _ if !self.initialized => Err(DeviceError::SYSTEM_NOT_INITIALIZED),
            Needs::Setup if self.tracking => Err(DeviceError::WRONG_MODE),
            Needs::Tracking if !self.tracking => Err(DeviceError::WRONG_MODE),
            _ => Ok(()),
        };
        state.and_then(|()| self.obey(line, now, command)).unwrap_or_else(Reply::Error)
    }

    fn obey(
        &mut self,
        line: &mut Line,
        now: Moment,
        command: Command,
    ) -> Result<Reply, DeviceError> {
        match command {
            Command::Reset => {
                self.reset();
                return Ok(Reply::Reset);
            }
            Command::Init => {
                self.initialized = true;
                self.tracking = false;
            }
            Command::Comm(_) => {}
            Command::Get(name) => return self.parameters.get(&name).map(Reply::Text),
            Command::GetInfo(name) => return self.parameters.info(&name).map(Reply::Text),
            Command::Set { name, value } => {
                if self.tracking {
                    return Err(DeviceError::WRONG_MODE);
                }
                self.parameters.set(&name, &value)?;
            }
            Command::Version(0..=8) => return Ok(Reply::Text(self.model.version())),
            Command::Version(_) => return Err(DeviceError::OUT_OF_RANGE),
            Command::ApiRevision => return Ok(Reply::Text(self.model.api_revision().to_owned())),
            Command::Beep(_) => return Ok(Reply::Text("1".to_owned())),
            Command::Echo(text) => return Ok(Reply::Text(text)),
            Command::RequestHandle(request) => {
                let handle = self.request(&request)?;
                return Ok(Reply::Text(format!("{handle:02X}")));
            }
            Command::SearchHandles(filter) => return Ok(Reply::Text(self.search(filter))),
            Command::HandleInfo { handle, options } => {
                let info = self.info(handle)?;
                let info = info.map(|info| only(info, options.0));
                let text = PortInfo::to_text(info.as_ref()).map_err(|_| DeviceError(0x1a))?;
                return Ok(Reply::Text(text));
            }
            Command::WriteRom { handle, address, block } => {
                self.ports.write(handle, address, &block)?;
            }
            Command::InitHandle(handle) => self.ports.initialize(handle)?,
            Command::EnableHandle { handle, .. } => {
                let port = self.ready(handle)?;
                port.enabled = true;
            }
            Command::DisableHandle(handle) => {
                let port = self.ready(handle)?;
                port.enabled = false;
            }
            Command::FreeHandle(handle) => {
                self.ports.port(handle)?;
                self.ports.handles.remove(&handle);
            }
            Command::StartTracking(options) => {
                self.tracking = true;
                if options.is_some_and(|options| options & COUNT_FROM_ZERO != 0) {
                    self.count_from(now);
                }
            }
            Command::StopTracking => self.tracking = false,
            Command::Tx(options) => return self.tx(now, options).map(Reply::Text),
            Command::Bx(options) => {
                return self.bx(now, options).map(|body| Reply::Binary(Binary::of(body)));
            }
            Command::Bx2(options) if self.model.has_bx2() => {
                let body = self.bx2(line, now, options)?;
                return Ok(Reply::Binary(Binary::of(body)));
            }
            Command::Features(_) => return Err(DeviceError::NO_FEATURE),
            Command::Bx2(_) | Command::Other { .. } => return Err(DeviceError::INVALID_COMMAND),
        }
        Ok(Reply::Okay)
    }

    fn request(&mut self, request: &HandleRequest) -> Result<u8, DeviceError> {
        match (self.model.is_wired(), request.is_wireless()) {
            (false, Some(false)) | (true, Some(true)) => Err(DeviceError(0x2f)),
            (false, _) => self.ports.request_wireless(),
            (true, _) => self.ports.request_wired(request.port()),
        }
    }

    fn search(&self, filter: HandleFilter) -> String {
        let wanted = |port: &Port| match filter {
            HandleFilter::All => true,
            HandleFilter::Stale => port.wired.is_some() && !port.plugged,
            HandleFilter::Uninitialized => port.occupied() && !port.initialized,
            HandleFilter::Unenabled => port.occupied() && port.initialized && !port.enabled,
            HandleFilter::Enabled => port.enabled,
        };
        let found = self.ports.handles.iter().filter(|(_, port)| wanted(port));
        let found =
            found.map(|(handle, port)| PortHandle { handle: *handle, status: port.status() });
        PortHandles(found.collect()).to_text()
    }

    fn ready(&mut self, handle: u8) -> Result<&mut Port, DeviceError> {
        let port = self.ports.port(handle)?;
        if !port.occupied() {
            return Err(DeviceError::NO_TOOL);
        }
        if port.initialized { Ok(port) } else { Err(DeviceError::NOT_INITIALIZED) }
    }

    /// All that there is to say of a port; nothing if it is empty.
    fn info(&self, handle: u8) -> Result<Option<PortInfo>, DeviceError> {
        let port = self.ports.handles.get(&handle).ok_or(DeviceError::INVALID_HANDLE)?;
        if !port.occupied() {
            return Ok(None);
        }
        let rom = port.definition.as_ref();
        let name = self.ports.tool(port).map(|(_, tool)| tool);
        let (serial, part_number) = match (rom, name) {
            (Some(rom), _) => (rom.serial, rom.part_number.clone()),
            (None, Some(tool)) if port.wired.is_some() => {
                let number = tool.part_number.clone().unwrap_or_else(|| tool.name.to_uppercase());
                (0x3400_0000 | u32::from(handle), number.chars().take(20).collect())
            }
            (None, _) => (0, String::new()),
        };
        Ok(Some(PortInfo {
            tool: Some(ToolDescription {
                tool_type: rom.map_or_else(
                    || "02000000".to_owned(),
                    |rom| format!("{:02X}{:02X}0000", rom.main_type, rom.sub_type),
                ),
                manufacturer: rom.map_or_else(|| "NDI".to_owned(), |rom| rom.manufacturer.clone()),
                revision: rom
                    .map_or_else(|| "0".to_owned(), |rom| format!("{:03}", rom.revision % 1000)),
                serial,
                status: PortStatus(port.status().0 & 0xff),
            }),
            current_test: Some(0),
            part_number: Some(part_number),
            accessories: Some(0),
            marker_type: Some(rom.map_or(0, |rom| rom.marker_type)),
            location: Some(PortLocation {
                device: self.model.serial_number().to_owned(),
                system: u8::from(self.model.is_wired()),
                is_wireless: port.wired.is_none(),
                port: port
                    .wired
                    .map_or_else(|| format!("{handle:02X}"), |number| format!("{number:02}")),
                channel: 0,
            }),
            gpio: Some(0),
        }))
    }
}

/// The parts of the information that were asked for.
fn only(info: PortInfo, options: u16) -> PortInfo {
    let has = |bit: u16| options & bit != 0;
    PortInfo {
        tool: info.tool.filter(|_| has(0x01)),
        current_test: info.current_test.filter(|_| has(0x02)),
        part_number: info.part_number.filter(|_| has(0x04)),
        accessories: info.accessories.filter(|_| has(0x08)),
        marker_type: info.marker_type.filter(|_| has(0x10)),
        location: info.location.filter(|_| has(0x20)),
        gpio: info.gpio.filter(|_| has(0x40)),
    }
}
