//! As what a surface is written.

use super::{Error, VtpData};
use crate::metaimage::excerpt;

/// As what a surface is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SurfaceKind {
    /// STL, binary: each triangle with its own corners, 50 bytes each.
    StlBinary,
    /// STL, as text.
    StlText,
    /// PLY, binary, little endian.
    PlyBinary,
    /// PLY, as text.
    PlyText,
    /// VTP, the XML file of VTK, and how it holds its numbers.
    Vtp(VtpData),
    /// Legacy VTK, version 4.2, binary.
    VtkBinary,
    /// Legacy VTK, version 4.2, as text.
    VtkText,
}

impl SurfaceKind {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::StlBinary,
        Self::StlText,
        Self::PlyBinary,
        Self::PlyText,
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
    /// If the ending is none of `.stl`, `.ply`, `.vtp` and `.vtk`.
    pub fn from_file_name(name: &str) -> Result<Self, Error> {
        match ending(name).as_str() {
            "stl" => Ok(Self::StlBinary),
            "ply" => Ok(Self::PlyBinary),
            "vtp" => Ok(Self::Vtp(VtpData::default())),
            "vtk" => Ok(Self::VtkBinary),
            _ => {
                let expected = "`.stl`, `.ply`, `.vtp` or `.vtk`";
                Err(Error::FileName { expected, came: excerpt(name) })
            }
        }
    }

    /// The same kind as text that people can read.
    #[must_use]
    pub fn as_text(self) -> Self {
        match self {
            Self::StlBinary | Self::StlText => Self::StlText,
            Self::PlyBinary | Self::PlyText => Self::PlyText,
            Self::Vtp(_) => Self::Vtp(VtpData::Text),
            Self::VtkBinary | Self::VtkText => Self::VtkText,
        }
    }
}

/// What follows the last dot of a name, in small letters.
pub(crate) fn ending(name: &str) -> String {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ending.to_ascii_lowercase()
}
