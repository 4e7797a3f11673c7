//! POINT: fiducials and landmarks; and TRAJ: planned ways of a needle.

use serde::{Deserialize, Serialize};

use super::fields::{Fields, put_f32s};
use super::{Error, Text, json};

/// POINT: fiducials, landmarks and other points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Points {
    /// The points.
    pub points: Vec<Point>,
}

/// A point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Its name.
    pub name: Text<64>,
    /// What kind of point it is: `Fiducial`, `Landmark`, …
    pub group: Text<32>,
    /// Red, green, blue and opacity.
    pub rgba: [u8; 4],
    /// Where it is, in mm.
    #[serde(with = "json::numbers")]
    pub position_mm: [f32; 3],
    /// How large it is drawn, in mm; may be 0.
    #[serde(with = "json::number")]
    pub diameter_mm: f32,
    /// Name of the image in which it lies.
    pub owner: Text<20>,
}

impl Points {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let points = fields.each(|fields| {
            Ok(Point {
                name: fields.text("the name of a point")?,
                group: fields.text("the group of a point")?,
                rgba: fields.array("the colour of a point")?,
                position_mm: fields.f32s("the position of a point")?,
                diameter_mm: fields.f32("the diameter of a point")?,
                owner: fields.text("the owner of a point")?,
            })
        })?;
        Ok(Self { points })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        for point in &self.points {
            bytes.extend(point.name.as_bytes());
            bytes.extend(point.group.as_bytes());
            bytes.extend(point.rgba);
            put_f32s(bytes, &point.position_mm);
            put_f32s(bytes, &[point.diameter_mm]);
            bytes.extend(point.owner.as_bytes());
        }
    }
}

/// TRAJ: planned ways.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trajectories {
    /// The ways.
    pub trajectories: Vec<Trajectory>,
}

/// A planned way of a needle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trajectory {
    /// Its name.
    pub name: Text<64>,
    /// What kind of way it is: `Trajectory`, …
    pub group: Text<32>,
    /// Which ends are meant: 1 the entry alone, 2 the target alone, 3 both.
    pub kind: u8,
    /// A byte without a meaning.
    pub reserved: u8,
    /// Red, green, blue and opacity.
    pub rgba: [u8; 4],
    /// Where it begins, in mm.
    #[serde(with = "json::numbers")]
    pub entry_mm: [f32; 3],
    /// Where it ends, in mm.
    #[serde(with = "json::numbers")]
    pub target_mm: [f32; 3],
    /// How thick it is, in mm; may be 0.
    #[serde(with = "json::number")]
    pub diameter_mm: f32,
    /// Name of the image in which it lies.
    pub owner: Text<20>,
}

impl Trajectories {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let trajectories = fields.each(|fields| {
            Ok(Trajectory {
                name: fields.text("the name of a trajectory")?,
                group: fields.text("the group of a trajectory")?,
                kind: fields.u8("the kind of a trajectory")?,
                reserved: fields.u8("the reserved byte of a trajectory")?,
                rgba: fields.array("the colour of a trajectory")?,
                entry_mm: fields.f32s("the entry of a trajectory")?,
                target_mm: fields.f32s("the target of a trajectory")?,
                diameter_mm: fields.f32("the diameter of a trajectory")?,
                owner: fields.text("the owner of a trajectory")?,
            })
        })?;
        Ok(Self { trajectories })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        for way in &self.trajectories {
            bytes.extend(way.name.as_bytes());
            bytes.extend(way.group.as_bytes());
            bytes.extend([way.kind, way.reserved]);
            bytes.extend(way.rgba);
            put_f32s(bytes, &way.entry_mm);
            put_f32s(bytes, &way.target_mm);
            put_f32s(bytes, &[way.diameter_mm]);
            bytes.extend(way.owner.as_bytes());
        }
    }
}
