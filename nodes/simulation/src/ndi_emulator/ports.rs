//! Port handles, the tools in them, and how far each is made ready.

use std::collections::BTreeMap;
use std::time::Duration;

use formats::ndi::{DeviceError, PortStatus, Rom, RomError, SystemStatus};
use nalgebra::Point3;

use super::model::Model;
use crate::faults::{FaultKind, FaultScript};
use crate::trajectory::MovingTool;

/// Bytes that a tool definition may take.
const ROM_BYTES: usize = 2048;

/// One port handle.
#[derive(Clone, Debug, Default)]
pub(super) struct Port {
    /// The wired port that it stands for, from 1; none for tools without a cable.
    pub wired: Option<u8>,
    /// What was uploaded.
    pub rom: Vec<u8>,
    /// The definition, once it is initialised.
    pub definition: Option<Rom>,
    /// Which tool of the trajectory it is.
    pub tool: Option<usize>,
    pub plugged: bool,
    pub initialized: bool,
    pub enabled: bool,
}

impl Port {
    /// A tool without a cable is there as soon as something of its definition is.
    pub fn occupied(&self) -> bool {
        if self.wired.is_some() { self.plugged } else { !self.rom.is_empty() }
    }

    pub fn status(&self) -> PortStatus {
        let mut status = PortStatus::default();
        for (set, bit) in [
            (self.occupied(), PortStatus::OCCUPIED),
            (self.initialized, PortStatus::INITIALIZED),
            (self.enabled, PortStatus::ENABLED),
        ] {
            if set {
                status = status.with(bit);
            }
        }
        status
    }

    /// Where its markers are, in the tool's frame, mm; none for an electromagnetic sensor.
    pub fn markers(&self) -> Vec<Point3<f64>> {
        let markers = self.definition.iter().flat_map(|rom| &rom.markers);
        markers.map(|marker| Point3::from(marker.position_mm.map(f64::from))).collect()
    }
}

/// All port handles, by their numbers.
#[derive(Clone, Debug)]
pub(super) struct Ports {
    pub handles: BTreeMap<u8, Port>,
    tools: Vec<MovingTool>,
    most: usize,
    /// Plugs that were put in or pulled since a host looked.
    pub news: SystemStatus,
    has_plugs: bool,
}

/// Handles of wired tools are given by the device itself, from this one on.
const FIRST_WIRED: u8 = 0x0a;

impl Ports {
    /// After switching on: what has a cable is plugged in and has a handle.
    pub fn of(model: Model, tools: &[MovingTool]) -> Self {
        let mut handles = BTreeMap::new();
        if model.is_wired() {
            for (index, _) in tools.iter().enumerate().take(model.handles()) {
                let index = index as u8;
                let (wired, tool) = (Some(index + 1), Some(usize::from(index)));
                let port = Port { wired, tool, plugged: true, ..Port::default() };
                handles.insert(FIRST_WIRED + index, port);
            }
        }
        let most = model.handles();
        Self {
            handles,
            tools: tools.to_vec(),
            most,
            has_plugs: model.is_wired(),
            news: SystemStatus::default(),
        }
    }

    /// The tool of the trajectory that a port is.
    pub fn tool(&self, port: &Port) -> Option<(usize, &MovingTool)> {
        let index = port.tool?;
        Some((index, self.tools.get(index)?))
    }

    pub fn port(&mut self, handle: u8) -> Result<&mut Port, DeviceError> {
        self.handles.get_mut(&handle).ok_or(DeviceError::INVALID_HANDLE)
    }

    /// A handle for a tool without a cable.
    pub fn request_wireless(&mut self) -> Result<u8, DeviceError> {
        if self.handles.len() >= self.most {
            return Err(DeviceError::NO_HANDLES_LEFT);
        }
        let free = (1..=u8::MAX).find(|handle| !self.handles.contains_key(handle));
        let handle = free.ok_or(DeviceError::NO_HANDLES_LEFT)?;
        self.handles.insert(handle, Port::default());
        Ok(handle)
    }

    /// A handle for a tool in the wired port of a number, or in any that has none.
    pub fn request_wired(&mut self, number: Option<u8>) -> Result<u8, DeviceError> {
        let taken = |number: u8| self.handles.values().any(|port| port.wired == Some(number));
        let there = 1..=self.tools.len().min(self.most) as u8;
        let number = match number {
            Some(number) if !there.contains(&number) => return Err(DeviceError(0x2f)),
            Some(number) if taken(number) => return Err(DeviceError(0x30)),
            Some(number) => number,
            None => there
                .into_iter()
                .find(|number| !taken(*number))
                .ok_or(DeviceError::NO_HANDLES_LEFT)?,
        };
        let tool = Some(usize::from(number) - 1);
        let port = Port { wired: Some(number), tool, plugged: true, ..Port::default() };
        self.handles.insert(FIRST_WIRED + number - 1, port);
        Ok(FIRST_WIRED + number - 1)
    }

    /// Takes 64 bytes of a definition.
    pub fn write(&mut self, handle: u8, address: u16, block: &[u8; 64]) -> Result<(), DeviceError> {
        let port = self.port(handle)?;
        let (begin, end) = (usize::from(address), usize::from(address) + block.len());
        if end > ROM_BYTES || begin % block.len() != 0 {
            return Err(DeviceError::OUT_OF_RANGE);
        }
        if port.rom.len() < end {
            port.rom.resize(end, 0);
        }
        port.rom[begin..end].copy_from_slice(block);
        (port.initialized, port.enabled) = (false, false);
        Ok(())
    }

    /// Makes the tool in a port ready.
    pub fn initialize(&mut self, handle: u8) -> Result<(), DeviceError> {
        let port = self.port(handle)?;
        if !port.occupied() {
            return Err(DeviceError::NO_TOOL);
        }
        if !port.rom.is_empty() {
            let rom = Rom::read(&port.rom).map_err(|error| match error {
                RomError::Field { .. } => DeviceError::ROM_NOT_SUPPORTED,
                _ => DeviceError::BAD_ROM,
            })?;
            port.definition = Some(rom);
        }
        port.initialized = true;
        if port.wired.is_none() {
            self.recognize(handle);
        }
        Ok(())
    }

    /// Finds the tool of the trajectory that a definition is of: that with its part number, else the first that asks for no
    /// part number and that no other handle has.
    fn recognize(&mut self, handle: u8) {
        let Some(rom) = self.handles.get(&handle).and_then(|port| port.definition.as_ref()) else {
            return;
        };
        let part_number = rom.part_number.trim();
        let taken = |tool| {
            self.handles.iter().any(|(other, port)| *other != handle && port.tool == Some(tool))
        };
        let by_number =
            self.tools.iter().position(|tool| tool.part_number.as_deref() == Some(part_number));
        let already = self.handles.get(&handle).and_then(|port| port.tool);
        let any = || {
            let mut tools = self.tools.iter().enumerate();
            tools.find(|(tool, moving)| moving.part_number.is_none() && !taken(*tool))
        };
        let tool = by_number.or(already).or_else(|| any().map(|(tool, _)| tool));
        if let Some(port) = self.handles.get_mut(&handle) {
            port.tool = tool;
        }
    }

    /// Pulls plugs and puts them in again, as the faults say from `from` to `now`.
    pub fn plug(&mut self, faults: &FaultScript, from: Duration, now: Duration) {
        let unplugs = |what: &FaultKind| *what == FaultKind::Unplugged;
        for port in self.handles.values_mut().filter(|port| port.wired.is_some()) {
            let Some(tool) = port.tool.and_then(|tool| self.tools.get(tool)) else { continue };
            let pulled = faults.changes(from, now + Duration::from_nanos(1)).iter().any(|change| {
                change.begins
                    && unplugs(&change.what.fault.fault)
                    && change.what.concerns(&tool.name)
            });
            let out = faults
                .in_force(now)
                .any(|now| unplugs(&now.fault.fault) && now.concerns(&tool.name));
            if pulled || out {
                (port.initialized, port.enabled) = (false, false);
            }
            if (pulled || out) && port.plugged {
                self.news = self.news.with(SystemStatus::PORT_UNOCCUPIED);
            }
            if !out && (pulled || !port.plugged) {
                self.news = self.news.with(SystemStatus::PORT_OCCUPIED);
            }
            port.plugged = !out;
        }
        self.plug_in_again(faults, from, now);
    }

    /// A pulled tool whose handle was freed gets a new one when it is plugged in.
    fn plug_in_again(&mut self, faults: &FaultScript, from: Duration, now: Duration) {
        for change in faults.changes(from, now + Duration::from_nanos(1)) {
            let fault = &change.what;
            if !self.has_plugs || change.begins || fault.fault.fault != FaultKind::Unplugged {
                continue;
            }
            let numbers = (1..=self.most.min(self.tools.len()) as u8).collect::<Vec<_>>();
            for number in numbers {
                let index = usize::from(number) - 1;
                let has_handle = self.handles.values().any(|port| port.wired == Some(number));
                if !has_handle && fault.concerns(&self.tools[index].name) {
                    let (wired, tool) = (Some(number), Some(index));
                    let port = Port { wired, tool, plugged: true, ..Port::default() };
                    self.handles.insert(FIRST_WIRED + number - 1, port);
                    self.news = self.news.with(SystemStatus::PORT_OCCUPIED);
                }
            }
        }
    }
}
