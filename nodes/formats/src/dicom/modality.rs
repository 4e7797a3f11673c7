//! What kind of machine made an image (DICOM PS3.3 section C.7.3.1.1.1).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of image; only those that become volumes have a name of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Modality {
    /// Computed tomography: values are Hounsfield units, unless it is a map made from it.
    Ct,
    /// Magnetic resonance: values have no unit.
    Mr,
    /// Positron emission tomography.
    Pt,
    /// Any other.
    Other,
}

impl Modality {
    /// By its term in a file.
    pub fn from_term(term: &str) -> Self {
        match term {
            "CT" => Self::Ct,
            "MR" => Self::Mr,
            "PT" => Self::Pt,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Modality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ct => "CT",
            Self::Mr => "MR",
            Self::Pt => "PT",
            Self::Other => "another modality",
        })
    }
}
