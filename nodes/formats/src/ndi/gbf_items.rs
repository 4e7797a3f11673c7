//! What the components of BX2 hold: poses, markers, buttons and alerts.

use super::fields::{Fields, put_f32s};
use super::gbf::count;
use super::{Alert, AlertKind, Error, Placement, ToolStatus};

/// The pose of a tool, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tool6d {
    /// Its port handle.
    pub handle: u16,
    /// Its status; a pose is there unless it [`lacks_pose`](ToolStatus::lacks_pose).
    pub status: ToolStatus,
    /// Its pose.
    pub placement: Option<Placement>,
}

/// What is said of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MarkerState(pub u8);

impl MarkerState {
    /// Seen and used.
    pub const OK: Self = Self(0);
    /// Not seen; no place follows.
    pub const MISSING: Self = Self(1);

    /// What it says.
    pub fn sentence(self) -> &'static str {
        match self.0 {
            0 => "used",
            1 => "missing",
            2 => "not used: seen at too large an angle",
            3 => "not used: too far from where the tool definition has it",
            4 => "not used: out of volume",
            5 => "used, though out of volume",
            6 => "possibly a phantom of two other markers",
            7 => "not used: too bright; remove what shines into the tracker",
            8 => "not used: too bright, and out of volume",
            _ => "of a status that the tracker's public documents do not name",
        }
    }
}

/// One marker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Marker3d {
    /// What is said of it.
    pub state: MarkerState,
    /// Which of the tool's.
    pub index: u16,
    /// Where it is, in the tracker's frame, millimetres; nothing if it is missing.
    pub position_mm: Option<[f32; 3]>,
}

/// The markers of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool3d {
    /// Its port handle; FFFF for markers of no tool.
    pub handle: u16,
    /// Its markers.
    pub markers: Vec<Marker3d>,
}

/// The buttons of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buttons {
    /// Its port handle.
    pub handle: u16,
    /// Of each button, 1 if it is pressed.
    pub pressed: Vec<u8>,
}

impl Tool6d {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let handle = fields.u16("the handle of a pose")?;
        let status = ToolStatus(fields.u16("the status of a pose")?);
        let placement = if status.lacks_pose() { None } else { Some(Placement::read(fields)?) };
        Ok(Self { handle, status, placement })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        if self.status.lacks_pose() == self.placement.is_some() {
            let reason = "a tool has a pose although its status denies it, or lacks one";
            return Err(Error::unwritable("the answer to BX2", reason));
        }
        bytes.extend(self.handle.to_le_bytes());
        bytes.extend(self.status.0.to_le_bytes());
        if let Some(placement) = &self.placement {
            placement.write(bytes);
        }
        Ok(())
    }
}

impl Tool3d {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let handle = fields.u16("the handle of markers")?;
        let count = fields.u16("the count of markers")?;
        let mut markers = vec![];
        for _ in 0..count {
            let state = MarkerState(fields.u8("the status of a marker")?);
            fields.u8("a reserved byte")?;
            let index = fields.u16("the index of a marker")?;
            let is_there = state != MarkerState::MISSING;
            let position_mm = is_there.then(|| fields.f32s("a marker")).transpose()?;
            markers.push(Marker3d { state, index, position_mm });
        }
        Ok(Self { handle, markers })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.extend(self.handle.to_le_bytes());
        bytes.extend(count::<u16>(self.markers.len())?.to_le_bytes());
        for marker in &self.markers {
            bytes.extend([marker.state.0, 0]);
            bytes.extend(marker.index.to_le_bytes());
            match (&marker.position_mm, marker.state) {
                (None, MarkerState::MISSING) => {}
                (Some(position_mm), state) if state != MarkerState::MISSING => {
                    put_f32s(bytes, position_mm);
                }
                _ => {
                    let reason = "a marker has a place although it is missing, or lacks one";
                    return Err(Error::unwritable("the answer to BX2", reason));
                }
            }
        }
        Ok(())
    }
}

impl Buttons {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let handle = fields.u16("the handle of buttons")?;
        let count = fields.u16("the count of buttons")?;
        let pressed = fields.take(count.into(), "buttons")?.to_vec();
        Ok(Self { handle, pressed })
    }
}

pub(super) fn read_alert(fields: &mut Fields<'_>) -> Result<Alert, Error> {
    let kind = AlertKind::from_byte(fields.u8("the kind of an alert")?);
    fields.u8("a reserved byte")?;
    Ok(Alert { kind, code: fields.u16("the code of an alert")? })
}
