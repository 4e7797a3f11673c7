//! As what a tree is written.

use super::{Error, VtpData};
use crate::metaimage::excerpt;
use crate::surface_file::ending;

/// As what a tree is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeKind {
    /// VTP, the XML file of VTK, and how it holds its numbers.
    Vtp(VtpData),
    /// Legacy VTK, version 4.2, binary.
    VtkBinary,
    /// Legacy VTK, version 4.2, as text.
    VtkText,
}

impl TreeKind {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Vtp(VtpData::Text),
        Self::Vtp(VtpData::Base64),
        Self::Vtp(VtpData::Base64Zlib),
        Self::Vtp(VtpData::Appended),
        Self::Vtp(VtpData::AppendedZlib),
        Self::VtkBinary,
        Self::VtkText,
    ];

    /// Of the ending of a file name, in letters of either size; binary or compressed where there is a choice.
    ///
    /// # Errors
    /// If the ending is neither `.vtp` nor `.vtk`.
    pub fn from_file_name(name: &str) -> Result<Self, Error> {
        match ending(name).as_str() {
            "vtp" => Ok(Self::Vtp(VtpData::default())),
            "vtk" => Ok(Self::VtkBinary),
            _ => Err(Error::FileName { expected: "`.vtp` or `.vtk`", came: excerpt(name) }),
        }
    }

    /// The same kind as text that people can read.
    #[must_use]
    pub fn as_text(self) -> Self {
        match self {
            Self::Vtp(_) => Self::Vtp(VtpData::Text),
            Self::VtkBinary | Self::VtkText => Self::VtkText,
        }
    }
}
