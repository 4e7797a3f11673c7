//! Families of vessel trees, so that what is trained on and what is shown differ in kind, not only in seed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A family of patients with vessels of one style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Thin, nearly straight vessels that branch three times into equal daughters.
    Slender,
    /// Thick vessels that branch twice at wide angles.
    Wide,
    /// Winding vessels of middling width that branch unequally.
    Winding,
}

impl Family {
    /// The families that networks are trained on.
    pub const TRAINING: [Self; 2] = [Self::Slender, Self::Wide];
    /// The family that is shown and measured on; never trained on.
    pub const DEMONSTRATION: Self = Self::Winding;

    pub(crate) fn style(self) -> Style {
        match self {
            Self::Slender => Style {
                root_radius_mm: (4.2, 5.6),
                branchings: 3,
                length_mm: (26.0, 44.0),
                spread: 0.85,
                winding: 0.03,
                larger_share: (0.50, 0.62),
                hepatic_veins: 3,
            },
            Self::Wide => Style {
                root_radius_mm: (6.4, 8.0),
                branchings: 2,
                length_mm: (34.0, 56.0),
                spread: 1.35,
                winding: 0.05,
                larger_share: (0.52, 0.70),
                hepatic_veins: 2,
            },
            Self::Winding => Style {
                root_radius_mm: (5.2, 6.8),
                branchings: 3,
                length_mm: (30.0, 48.0),
                spread: 1.1,
                winding: 0.10,
                larger_share: (0.60, 0.80),
                hepatic_veins: 2,
            },
        }
    }
}

/// The numbers behind a family; pairs are ranges.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Radius where a tree enters the liver.
    pub root_radius_mm: (f64, f64),
    /// How many times in a row a vessel branches.
    pub branchings: u8,
    /// Length of a vessel between branchings.
    pub length_mm: (f64, f64),
    /// Factor on the branching angles of least work.
    pub spread: f64,
    /// Sideways deviation of the centreline as a part of the length.
    pub winding: f64,
    /// Share of the cubed radius that goes to the larger daughter.
    pub larger_share: (f64, f64),
    /// Number of hepatic veins beside the one portal vein.
    pub hepatic_veins: usize,
}
