//! What a file of a volume, a sequence or a video holds, in the numbers and words that people ask for first.

mod direction;
mod sequence;
mod video;
mod volume;

use std::io;

pub use direction::{AxisDirection, Side};
pub use sequence::{ImageSummary, SequenceSummary, ToolSummary};
pub use video::VideoSummary;
pub use volume::VolumeSummary;

use crate::metaimage::{self, Limits};
use crate::placed_volume::PlacedVolume;
use crate::{nifti, nrrd, placed_volume, plus_sequence};

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Summary {
    /// A volume with its place in the body.
    Volume(VolumeSummary),
    /// Images or poses over time.
    Sequence(SequenceSummary),
}

/// Why nothing can be said about a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no volume that can be read.
    #[error(transparent)]
    Volume(#[from] placed_volume::Error),
    /// It is no sequence that can be read.
    #[error(transparent)]
    Sequence(#[from] plus_sequence::Error),
}

impl Summary {
    /// Of the file called `name` with these bytes, all of which are read; `beside` reads the file of a name in the same
    /// folder, for headers whose voxels or pixels are in other files.
    ///
    /// # Errors
    /// If it is neither, or not well-formed.
    pub fn read(
        name: &str,
        bytes: &[u8],
        limits: &Limits,
        mut beside: impl FnMut(&str) -> io::Result<Vec<u8>>,
    ) -> Result<Self, Error> {
        match PlacedVolume::read_named(name, bytes, limits, &mut beside) {
            Ok(volume) => Ok(Self::Volume(VolumeSummary::of(&volume, format(bytes)?))),
            Err(placed_volume::Error::Sequence) => {
                let format = format(bytes)?;
                Ok(Self::Sequence(SequenceSummary::read(bytes, format, limits, beside)?))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What people call a file that begins like this, such as `NIfTI-1, gzip`.
fn format(bytes: &[u8]) -> Result<String, placed_volume::Error> {
    if nrrd::is_nrrd(bytes) {
        let fields = nrrd::Fields::parse_any(bytes, bytes.len())?;
        return Ok(if nrrd::is_gzip(&fields)? { "NRRD, gzip" } else { "NRRD" }.to_owned());
    }
    if nifti::is_nifti(bytes) {
        return nifti::name(bytes);
    }
    let (header, _) = metaimage::Header::parse(bytes)?;
    Ok(if header.compressed { "MetaImage, zlib" } else { "MetaImage" }.to_owned())
}
