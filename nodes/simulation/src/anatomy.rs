//! Abdomen and pelvis of simulated patients: what lies where, how it moves, how CT and MR show it.
//!
//! Everything is a pure function of region, seed and family. Frame `Patient`: millimetres, LPS (x to
//! the patient's left, y to the back, z to the head); the foremost line of the skin is x = 0, y = 0,
//! and z = 0 lies at mid-height of the liver or at the promontory.
//!
//! | module | idea |
//! | --- | --- |
//! | [`mod@abdomen`], [`mod@pelvis`], [`family`] | the anatomies, and how they differ in kind |
//! | [`structure`], [`body_wall`] | named parts, what lies at a place, the nearest surface |
//! | [`tube_tree`], [`segment`], [`distance_field`], [`bounds`] | the two kinds of shape and their distances |
//! | [`grid`], [`labels`] | lattices and label volumes |
//! | [`images`], [`warped`] | CT, MR and cone-beam CT, the last also of the deformed anatomy |
//! | [`volumes`] | both as messages |
//! | [`training_volume`] | scans of many kinds with their truth |
//! | [`motion`], [`deformation`] | breathing, packing, probe pressure |
//! | [`resection`] | the patient without what was cut out |

pub mod abdomen;
mod abdominal_surroundings;
pub mod body_wall;
pub mod bounds;
mod cells;
mod centrelines;
mod composite;
pub mod deformation;
pub mod distance_field;
pub mod family;
mod filter;
pub mod grid;
mod growing_tree;
mod growth;
mod hepatic_artery;
pub mod images;
pub(crate) mod implicit;
pub mod labels;
mod liver_shape;
pub mod motion;
mod named_veins;
mod pelvic_courses;
pub mod pelvis;
pub mod resection;
pub mod segment;
pub(crate) mod segment_index;
pub mod structure;
pub mod training_volume;
pub mod tube_tree;
mod tumours;
pub mod volumes;
pub mod warped;

use messages::{Patient, Point};
use nalgebra::Point3;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::abdomen::{AbdomenSettings, AnatomyError, abdomen};
use self::body_wall::BodyWall;
use self::bounds::Bounds;
use self::cells::Cells;
use self::family::Family;
use self::pelvis::pelvis;
use self::structure::{Structure, StructureKind, Tissue};

/// The part of the body that is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// The liver and what surrounds it.
    Abdomen,
    /// The iliac vessels, ureters, nerves and lymph nodes.
    Pelvis,
}

/// Why structures do not form an anatomy.
#[derive(Debug, Error, PartialEq)]
pub enum InvalidAnatomy {
    /// Label volumes count structures in a byte.
    #[error("{0} structures; expected at most 255: merge some into one tube tree")]
    TooMany(usize),
    /// Two structures share a name.
    #[error("two structures are named '{0}'; expected unique names: number them")]
    Name(String),
}

/// The nearest surface of some kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// Index into [`Anatomy::structures`].
    pub structure: usize,
    /// Signed distance to its surface, negative inside, mm.
    pub signed_distance_mm: f64,
}

/// The anatomy of a simulated patient, wholly determined by region, seed and family.
#[derive(Clone, Debug)]
pub struct Anatomy {
    region: Region,
    family: Family,
    seed: u64,
    body_wall: BodyWall,
    structures: Vec<Structure>,
    boxes: Vec<Bounds>,
    cells: Cells,
}

impl Anatomy {
    /// The anatomy of a region, a seed and a family, with the usual settings.
    ///
    /// # Errors
    /// When a structure could not be made, which no seed is known to cause.
    pub fn new(region: Region, seed: u64, family: Family) -> Result<Self, AnatomyError> {
        match region {
            Region::Abdomen => abdomen(seed, family, &AbdomenSettings::default()),
            Region::Pelvis => pelvis(seed, family),
        }
    }

    /// An anatomy made of given structures; they are put in the order in which they cover each other.
    ///
    /// # Errors
    /// When there are more than 255 structures or two share a name.
    pub fn assemble(
        region: Region,
        family: Family,
        seed: u64,
        body_wall: BodyWall,
        mut structures: Vec<Structure>,
    ) -> Result<Self, InvalidAnatomy> {
        if structures.len() > 255 {
            return Err(InvalidAnatomy::TooMany(structures.len()));
        }
        structures.sort_by_key(|structure| structure.kind);
        for (index, structure) in structures.iter().enumerate() {
            if structures[..index].iter().any(|s| s.name == structure.name) {
                return Err(InvalidAnatomy::Name(structure.name.clone()));
            }
        }
        let cells = Cells::new(&structures);
        let boxes = structures.iter().map(Structure::bounds).collect();
        Ok(Self { region, family, seed, body_wall, structures, boxes, cells })
    }

    /// Which part of the body it is.
    pub fn region(&self) -> Region {
        self.region
    }

    /// The family.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Skin, fat and muscle around everything.
    pub fn body_wall(&self) -> &BodyWall {
        &self.body_wall
    }

    /// All structures; where two overlap, the later one is what is there.
    pub fn structures(&self) -> &[Structure] {
        &self.structures
    }

    /// The structure of a name.
    pub fn structure(&self, name: &str) -> Option<&Structure> {
        self.structures.iter().find(|s| s.name == name)
    }

    /// A box that holds all structures.
    pub fn bounds(&self) -> Bounds {
        self.boxes.iter().fold(Bounds::empty(), |all, b| all.with(b))
    }

    /// Index of the structure that `point` lies in.
    #[inline]
    pub fn structure_at(&self, point: Point<Patient>) -> Option<usize> {
        self.cells.structure_at(&self.structures, &point.xyz_mm)
    }

    /// What lies at `point`.
    #[inline]
    pub fn tissue_at(&self, point: Point<Patient>) -> Tissue {
        match self.structure_at(point) {
            Some(index) => Tissue::Structure(self.structures[index].kind),
            None => self.body_wall.tissue_at(&point.xyz_mm),
        }
    }

    /// Signed distance to the surface of structure `structure`, negative inside, mm; nothing when
    /// there is no such structure.
    pub fn signed_distance_mm(&self, structure: usize, point: Point<Patient>) -> Option<f64> {
        Some(self.structures.get(structure)?.signed_distance_mm(&point.xyz_mm))
    }

    /// The nearest surface among the structures whose kind `wanted` accepts; nothing when there is
    /// none.
    pub fn nearest(
        &self,
        point: Point<Patient>,
        wanted: impl Fn(StructureKind) -> bool,
    ) -> Option<Nearest> {
        let place: &Point3<f64> = &point.xyz_mm;
        let mut nearest: Option<Nearest> = None;
        for (index, structure) in self.structures.iter().enumerate() {
            let known = nearest.map_or(f64::INFINITY, |n| n.signed_distance_mm);
            // Outside a box the distance to it saves most of the work.
            if !wanted(structure.kind) || self.boxes[index].distance_mm(place) > known.max(0.0) {
                continue;
            }
            let distance = structure.signed_distance_mm(place);
            if distance < known {
                nearest = Some(Nearest { structure: index, signed_distance_mm: distance });
            }
        }
        nearest
    }
}
