//! A named part of the body that is segmented, watched and shown.

use serde::{Deserialize, Serialize};

/// A named part of the body.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Structure {
    /// Its name, such as `portal_vein`.
    pub name: String,
    /// What it is.
    pub kind: StructureKind,
}

/// What a structure is: decides its colour, its safety margin, and what it may be registered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StructureKind {
    /// The organ that is operated on, or one beside it.
    Organ,
    /// An artery.
    Artery,
    /// A vein, the portal vein included.
    Vein,
    /// A vessel of which it is not known whether it is an artery or a vein, as in B-mode ultrasound.
    Vessel,
    /// A bile duct.
    BileDuct,
    /// A ureter.
    Ureter,
    /// A nerve.
    Nerve,
    /// A tumour.
    Tumour,
    /// A lymph node.
    LymphNode,
    /// A bone.
    Bone,
    /// Anything else.
    Other,
}

impl StructureKind {
    /// Whether blood flows in it.
    pub fn is_vessel(self) -> bool {
        matches!(self, Self::Artery | Self::Vein | Self::Vessel)
    }
}
