//! TDATA and QTDATA: where tools are, as matrices or as positions and quaternions; `STT_TDATA` asks for them.

use serde::{Deserialize, Serialize};

use super::fields::{Fields, put_f32s};
use super::{Error, Text, json};

/// TDATA: the poses of the tools that are seen at one instant. A tool that is not seen is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackingData {
    /// The tools.
    pub tools: Vec<TrackedTool>,
}

/// A tool of a [`TrackingData`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackedTool {
    /// Its name.
    pub name: Text<20>,
    /// What it is: 1 a tracker, 2 an instrument of 6, 3 of 3, 4 of 5 degrees of freedom.
    pub kind: u8,
    /// A byte without a meaning.
    pub reserved: u8,
    /// Its pose, as that of a [`Transform`](super::Transform): column after column, the translation in mm last.
    #[serde(with = "json::numbers")]
    pub matrix: [f32; 12],
}

impl TrackingData {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let tools = fields.each(|fields| {
            Ok(TrackedTool {
                name: fields.text("the name of a tool")?,
                kind: fields.u8("the kind of a tool")?,
                reserved: fields.u8("the reserved byte of a tool")?,
                matrix: fields.f32s("the matrix of a tool")?,
            })
        })?;
        Ok(Self { tools })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        for tool in &self.tools {
            bytes.extend(tool.name.as_bytes());
            bytes.extend([tool.kind, tool.reserved]);
            put_f32s(bytes, &tool.matrix);
        }
    }
}

/// QTDATA: as [`TrackingData`], with quaternions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuaternionTrackingData {
    /// The tools.
    pub tools: Vec<QuaternionTool>,
}

/// A tool of a [`QuaternionTrackingData`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuaternionTool {
    /// Its name.
    pub name: Text<20>,
    /// What it is, as in [`TrackedTool::kind`].
    pub kind: u8,
    /// A byte without a meaning.
    pub reserved: u8,
    /// Where it is, in mm.
    #[serde(with = "json::numbers")]
    pub position_mm: [f32; 3],
    /// How it is turned: x, y, z and w.
    #[serde(with = "json::numbers")]
    pub quaternion: [f32; 4],
}

impl QuaternionTrackingData {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let tools = fields.each(|fields| {
            Ok(QuaternionTool {
                name: fields.text("the name of a tool")?,
                kind: fields.u8("the kind of a tool")?,
                reserved: fields.u8("the reserved byte of a tool")?,
                position_mm: fields.f32s("the position of a tool")?,
                quaternion: fields.f32s("the quaternion of a tool")?,
            })
        })?;
        Ok(Self { tools })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        for tool in &self.tools {
            bytes.extend(tool.name.as_bytes());
            bytes.extend([tool.kind, tool.reserved]);
            put_f32s(bytes, &tool.position_mm);
            put_f32s(bytes, &tool.quaternion);
        }
    }
}

/// `STT_TDATA` and `STT_QTDATA`: asks for tools from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartTracking {
    /// Least time between two messages, in ms; 0 is as often as there are.
    pub interval_ms: i32,
    /// Coordinate system in which they are wanted; empty for the usual one.
    pub coordinate_system: Text<32>,
}

impl StartTracking {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            interval_ms: fields.u32("the interval")? as i32,
            coordinate_system: fields.text("the coordinate system")?,
        })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.interval_ms.to_be_bytes());
        bytes.extend(self.coordinate_system.as_bytes());
    }
}
