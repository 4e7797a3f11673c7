//! A small tracker on a socket that does what a test tells it: it speaks the protocol, and nothing more.
#![allow(clippy::unwrap_used, dead_code, missing_docs, reason = "tests; not each of them uses all")]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use formats::ndi::*;

/// What is in a port of the tracker.
#[derive(Clone, Debug, Default)]
pub struct Plug {
    pub serial: u32,
    pub part_number: String,
    pub port: u8,
}

/// What the tracker sees of a handle.
#[derive(Clone, Copy, Debug)]
pub enum Sight {
    Seen(Placement),
    Missing(PortStatus),
    Disabled,
}

/// How the tracker is, and what it shall do.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
pub struct Script {
    pub revision: &'static str,
    pub plugs: Vec<Plug>,
    pub sights: BTreeMap<u8, Sight>,
    pub system: SystemStatus,
    /// So many answers give the same frame.
    pub repeats: u32,
    /// The next answers to questions for poses, damaged so.
    pub damage: Vec<fn(&mut Vec<u8>)>,
    /// Answers nothing.
    pub mute: bool,
    /// Closes the connection.
    pub hang_up: bool,
    /// As if it was switched off and on.
    pub forgets: bool,
    /// Part numbers whose definitions it does not take.
    pub refused: Vec<String>,
    /// What was loaded, by handle.
    pub loaded: BTreeMap<u8, Vec<u8>>,
    /// Names of all commands that came.
    pub heard: Vec<String>,
    handles: BTreeMap<u8, Handle>,
    initialized: bool,
    tracking: bool,
    asked: u32,
    pub frame: u32,
}

#[derive(Clone, Debug)]
struct Handle {
    plug: Option<Plug>,
    initialized: bool,
    enabled: bool,
}

/// The tracker; it ends with the test's process.
#[derive(Clone)]
pub struct Tracker {
    pub address: String,
    script: Arc<Mutex<Script>>,
}

pub const READY: PortStatus = PortStatus(0x31);

pub fn placement(x: f32) -> Placement {
    Placement { quaternion: [0.5, 0.5, -0.5, 0.5], position_mm: [x, -20.5, -1500.25], error: 0.25 }
}

impl Tracker {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp://{}", listener.local_addr().unwrap());
        let script = Script {
            revision: "G.002.004",
            plugs: vec![],
            sights: BTreeMap::new(),
            system: SystemStatus::default(),
            repeats: 1,
            damage: vec![],
            mute: false,
            hang_up: false,
            forgets: false,
            refused: vec![],
            loaded: BTreeMap::new(),
            heard: vec![],
            handles: BTreeMap::new(),
            initialized: false,
            tracking: false,
            asked: 0,
            frame: 100,
        };
        let tracker = Self { address, script: Arc::new(Mutex::new(script)) };
        let mine = tracker.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mine = mine.clone();
                std::thread::spawn(move || mine.serve(stream));
            }
        });
        tracker
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    fn serve(&self, mut stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        let mut decoder = CommandDecoder::new();
        let mut buffer = [0; 4096];
        loop {
            if std::mem::take(&mut self.script().hang_up) {
                return;
            }
            match stream.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => decoder.feed(&buffer[..count]),
                Err(_) => continue,
            }
            loop {
                let answer = match decoder.next_command() {
                    Ok(None) => break,
                    Ok(Some((command, _))) => self.script().answer(&command),
                    Err(error) => Some(Reply::Error(error.answer).encode().unwrap()),
                };
                if let Some(bytes) = answer
                    && stream.write_all(&bytes).is_err()
                {
                    return;
                }
            }
        }
    }
}

impl Script {
    fn answer(&mut self, command: &Command) -> Option<Vec<u8>> {
        self.heard.push(command.name().to_owned());
        if self.mute {
            return None;
        }
        if std::mem::take(&mut self.forgets) {
            self.initialized = false;
            self.tracking = false;
            self.handles.clear();
            self.loaded.clear();
        }
        let poses = matches!(command, Command::Bx(_) | Command::Bx2(_) | Command::Tx(_));
        let reply = self.reply(command).unwrap_or_else(Reply::Error);
        let mut bytes = reply.encode().unwrap();
        if poses && !self.damage.is_empty() {
            self.damage.remove(0)(&mut bytes);
        }
        Some(bytes)
    }

    fn handle(&mut self, handle: u8) -> Result<&mut Handle, DeviceError> {
        self.handles.get_mut(&handle).ok_or(DeviceError::INVALID_HANDLE)
    }

    fn reply(&mut self, command: &Command) -> Result<Reply, DeviceError> {
        if *command == Command::Init {
            if self.tracking {
                return Err(DeviceError::WRONG_MODE);
            }
            self.initialized = true;
            return Ok(Reply::Okay);
        }
        if !self.initialized {
            return Err(DeviceError::SYSTEM_NOT_INITIALIZED);
        }
        Ok(match command {
            Command::Version(_) => {
                Reply::Text("Scripted Tracker\nFreeze Tag:Test 001\n".to_owned())
            }
            Command::ApiRevision => Reply::Text(self.revision.to_owned()),
            Command::SearchHandles(filter) => self.search(*filter),
            Command::HandleInfo { handle, options } => self.info(*handle, *options)?,
            Command::RequestHandle(_) => {
                let handle = self.free_number();
                self.handles
                    .insert(handle, Handle { plug: None, initialized: false, enabled: false });
                self.loaded.insert(handle, vec![0; 2048]);
                Reply::Text(format!("{handle:02X}"))
            }
            Command::WriteRom { handle, address, block } => {
                let memory =
                    self.loaded.get_mut(handle).ok_or(DeviceError::HANDLE_NOT_ALLOCATED)?;
                memory[usize::from(*address)..][..64].copy_from_slice(block);
                Reply::Okay
            }
            Command::InitHandle(handle) => {
                if let Some(memory) = self.loaded.get(handle) {
                    let rom = Rom::read(memory).map_err(|_| DeviceError::BAD_ROM)?;
                    if self.refused.contains(&rom.part_number) {
                        return Err(DeviceError::ROM_NOT_SUPPORTED);
                    }
                }
                self.handle(*handle)?.initialized = true;
                Reply::Okay
            }
            Command::EnableHandle { handle, .. } => {
                self.handle(*handle)?.enabled = true;
                Reply::Okay
            }
            Command::FreeHandle(handle) => {
                self.loaded.remove(handle);
                self.handles.remove(handle).ok_or(DeviceError::INVALID_HANDLE)?;
                Reply::Okay
            }
            Command::StartTracking(_) => {
                self.tracking = true;
                Reply::Okay
            }
            Command::StopTracking => {
                self.tracking = false;
                self.system = SystemStatus::default();
                Reply::Okay
            }
            Command::Bx(_) | Command::Bx2(_) | Command::Tx(_) if !self.tracking => {
                return Err(DeviceError::WRONG_MODE);
            }
            Command::Bx(_) | Command::Bx2(_) | Command::Tx(_) => self.poses(command),
            _ => return Err(DeviceError::INVALID_COMMAND),
        })
    }

    fn free_number(&self) -> u8 {
        (1..=255).find(|handle| !self.handles.contains_key(handle)).unwrap()
    }

    fn search(&mut self, filter: HandleFilter) -> Reply {
        for plug in self.plugs.clone() {
            let is_there =
                |handle: &Handle| handle.plug.as_ref().is_some_and(|other| other.port == plug.port);
            if !self.handles.values().any(is_there) {
                let handle = self.free_number();
                self.handles.insert(
                    handle,
                    Handle { plug: Some(plug), initialized: false, enabled: false },
                );
            }
        }
        let wanted = |handle: &Handle| match filter {
            HandleFilter::All => true,
            HandleFilter::Stale => false,
            HandleFilter::Uninitialized => !handle.initialized,
            HandleFilter::Unenabled => handle.initialized && !handle.enabled,
            HandleFilter::Enabled => handle.enabled,
        };
        let found = self.handles.iter().filter(|(_, handle)| wanted(handle));
        let found = found.map(|(handle, _)| PortHandle { handle: *handle, status: READY });
        Reply::Text(PortHandles(found.collect()).to_text())
    }

    fn info(&mut self, handle: u8, options: InfoOptions) -> Result<Reply, DeviceError> {
        let plug = self.handle(handle)?.plug.clone();
        let is_wireless = plug.is_none();
        let plug = plug.unwrap_or_default();
        let location = PortLocation {
            device: "SCRIPTED".to_owned(),
            system: 0,
            is_wireless,
            port: format!("{:02}", plug.port),
            channel: 0,
        };
        let tool = ToolDescription {
            tool_type: "02000000".to_owned(),
            manufacturer: "Sample".to_owned(),
            revision: "001".to_owned(),
            serial: plug.serial,
            status: READY,
        };
        let has = |part: InfoOptions| options.0 & part.0 != 0;
        let info = PortInfo {
            tool: has(InfoOptions::BASIC).then_some(tool),
            part_number: has(InfoOptions::PART_NUMBER).then_some(plug.part_number),
            location: has(InfoOptions::LOCATION).then_some(location),
            ..PortInfo::default()
        };
        Ok(Reply::Text(PortInfo::to_text(Some(&info)).unwrap()))
    }

    fn poses(&mut self, command: &Command) -> Reply {
        self.asked += 1;
        let is_new = self.asked.is_multiple_of(self.repeats);
        self.frame += u32::from(is_new);
        let frame = self.frame;
        let enabled = self.handles.iter().filter(|(_, handle)| handle.enabled);
        let sights: Vec<(u8, Sight)> = enabled
            .map(|(handle, _)| {
                (*handle, self.sights.get(handle).copied().unwrap_or(Sight::Disabled))
            })
            .collect();
        match command {
            Command::Bx(options) => {
                let handles = sights.iter().map(|(handle, sight)| match sight {
                    Sight::Seen(placement) => {
                        BxHandle::new(*handle, BxState::Seen(*placement), READY, frame)
                    }
                    Sight::Missing(status) => {
                        BxHandle::new(*handle, BxState::Missing, *status, frame)
                    }
                    Sight::Disabled => {
                        BxHandle::new(*handle, BxState::Disabled, PortStatus::default(), 0)
                    }
                });
                let bx = Bx { handles: handles.collect(), strays: vec![], system: self.system };
                Reply::Binary(Binary::of(bx.to_body(*options).unwrap()))
            }
            Command::Tx(_) => {
                let handles = sights.iter().map(|(handle, sight)| {
                    let (state, status, frame) = match sight {
                        Sight::Seen(placement) => (TxState::Seen(*placement), READY, frame),
                        Sight::Missing(status) => (TxState::Missing, *status, frame),
                        Sight::Disabled => (TxState::Disabled, PortStatus::default(), 0),
                    };
                    TxHandle { handle: *handle, state, status, frame }
                });
                let tx = Tx { handles: handles.collect(), system: self.system };
                Reply::Text(tx.to_text().unwrap())
            }
            _ => {
                let tools = sights.iter().map(|(handle, sight)| {
                    let (status, placement) = match sight {
                        Sight::Seen(placement) => (ToolStatus::ENABLED, Some(*placement)),
                        Sight::Missing(status) if status.has(PortStatus::OUT_OF_VOLUME) => {
                            (ToolStatus::OUT_OF_VOLUME.without_pose(), None)
                        }
                        Sight::Missing(_) => (ToolStatus::MISSING.without_pose(), None),
                        Sight::Disabled => (ToolStatus::NOT_ENABLED.without_pose(), None),
                    };
                    Tool6d { handle: u16::from(*handle), status, placement }
                });
                let frame = Frame {
                    frame_type: FrameType::Passive,
                    sequence_index: 0,
                    status: ToolStatus::ENABLED,
                    number: frame,
                    seconds: 0,
                    nanoseconds: 0,
                    data: Gbf::new(vec![Component::Poses(tools.collect())]),
                };
                // Only what is new.
                let frames = if is_new { vec![Component::Frames(vec![frame])] } else { vec![] };
                Reply::Binary(Binary::of(Gbf::new(frames).to_body().unwrap()))
            }
        }
    }
}

/// A definition file of a tool with this part number.
pub fn rom(part_number: &str) -> Vec<u8> {
    let marker = |x, y| RomMarker { position_mm: [x, y, 0.0], normal: [0.0; 3], face: 1, group: 1 };
    Rom {
        main_type: 2,
        sub_type: 1,
        revision: 1,
        serial: 0x3480_1403,
        max_angle_deg: 90,
        min_markers: 3,
        max_marker_error_mm: 0.5,
        min_spread_mm: [0.0; 3],
        markers: vec![marker(0.0, 0.0), marker(0.0, 50.0), marker(25.0, 100.0)],
        manufacturer: "Sample".to_owned(),
        part_number: part_number.to_owned(),
        algorithm: 0x80,
        marker_type: 41,
        face_normals: [[0.0; 3]; 8],
    }
    .to_bytes()
    .unwrap()
}
