//! How far each instrument is from each structure, with an error, or why that is not known.

use serde::{Deserialize, Serialize};

use crate::frames::Patient;
use crate::guidance::Guidance;
use crate::message::Message;
use crate::structure::Structure;
use crate::transform::Point;

/// How far each tool is from each structure at the instant of one sample of the tracking system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distances {
    /// Whether they may guide. If they are blank, no tool has distances.
    pub guidance: Guidance,
    /// How old the last image was that the registration was made from; none without a registration.
    pub registration_age_ns: Option<u64>,
    /// What is watched, in the order of [`ToolDistances::structures`].
    pub structures: Vec<Structure>,
    /// One entry for each tool that the node is configured for, seen or not.
    pub tools: Vec<ToolDistances>,
}

/// One tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolDistances {
    /// Its name, as the tracking system calls it.
    pub name: String,
    /// Where it is.
    pub place: ToolPlace,
    /// One entry for each of [`Distances::structures`]; empty if the guidance is blank, the tool is
    /// hidden, or it lies outside of what was registered.
    pub structures: Vec<StructureDistance>,
}

/// Where a tool is, or why that is not known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", bound = "")]
pub enum ToolPlace {
    /// Seen.
    Seen {
        /// The tip.
        tip: Point<Patient>,
        /// The end of the shaft that is watched.
        shaft_end: Point<Patient>,
        /// What the error of the tip does not exceed in 95 of 100 cases, millimetres; the tracker's part
        /// of [`StructureDistance::error_mm`].
        error_mm: f64,
    },
    /// Not seen, or not usable.
    Hidden {
        /// A sentence for a person.
        reason: String,
    },
}

/// How far a tool is from one structure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StructureDistance {
    /// From the tip to the structure's surface, millimetres; negative inside.
    pub tip_mm: f64,
    /// From the nearest place of the shaft's surface, the tip included; negative inside.
    pub shaft_mm: f64,
    /// What the error of both does not exceed in 95 of 100 cases, millimetres: registration, tracking,
    /// and segmentation.
    pub error_mm: f64,
    /// What it means.
    pub alarm: Alarm,
}

/// What a distance means; each level is left at a greater distance than it is entered at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// Far enough.
    Clear,
    /// Near: look.
    Warning,
    /// Too near: stop.
    Danger,
}

impl Message for Distances {
    const SCHEMA: &'static str = "Distances";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &["patient"];

    fn attach(&mut self, arrays: Vec<crate::wire::Array>) -> Result<(), crate::wire::WireError> {
        crate::wire::exactly::<0>(Self::SCHEMA, arrays)?;
        let expected = self.structures.len();
        match self.tools.iter().find(|tool| ![0, expected].contains(&tool.structures.len())) {
            None => Ok(()),
            Some(tool) => Err(crate::wire::WireError::Arrays {
                schema: Self::SCHEMA,
                reason: format!(
                    "the tool `{}` has {} distances, but there are {expected} structures",
                    tool.name,
                    tool.structures.len()
                ),
            }),
        }
    }
}
