//! What can be wrong with a volume, in words for the person who has the file.

use crate::metaimage::{self, excerpt};

/// Why a volume cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is of no kind that is known.
    #[error(
        "this is no NRRD, NIfTI or MetaImage file: it begins like none of them; convert it, for example with 3D Slicer"
    )]
    UnknownKind,
    /// Images over time.
    #[error(
        "this is a sequence of images over time and no volume; play it as a sequence, or reconstruct a volume from it first"
    )]
    Sequence,
    /// A NIfTI header whose voxels are in another file of unknown name.
    #[error(
        "this NIfTI volume is in two files: the voxels are in the `.img` that has the name of this `.hdr`; read it by its name (`PlacedVolume::read_named`), or save it as one file, `.nii` or `.nii.gz`"
    )]
    Pair,
    /// The name of a file does not say what kind of volume it is.
    #[error(
        "`{name}` does not end as a volume that can be written: name it .mha or .mhd (MetaImage), .nrrd or .nhdr (NRRD), .nii or .nii.gz (NIfTI-1)"
    )]
    UnknownEnding {
        /// The name.
        name: String,
    },
    /// Axes that are not at right angles, in a format that has only rotations.
    #[error(
        "the axes of the volume meet at {angle_deg:.2}° and not at right angles, which {format} cannot say; write it as NRRD or NIfTI, or resample it"
    )]
    Sheared {
        /// The angle farthest from 90°, in degrees.
        angle_deg: f64,
        /// The format.
        format: &'static str,
    },
    /// A MetaImage is wrong.
    #[error(transparent)]
    MetaImage(#[from] metaimage::Error),
    /// A line of a header is not what it should be.
    #[error("line {line} of the header should read `field: value`, but is `{came}`")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// The beginning of the line.
        came: String,
    },
    /// A field comes twice.
    #[error("`{}` in line {line} was said before; remove the wrong one of the two", excerpt(field))]
    Duplicate {
        /// The field.
        field: String,
        /// Line number, from 1.
        line: usize,
    },
    /// A field that the voxels cannot be understood without.
    #[error("the header has no `{field}`; {hint}")]
    Missing {
        /// The field.
        field: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A value that makes no sense.
    #[error("`{field}` should be {expected}, but is `{came}`")]
    Value {
        /// The field.
        field: String,
        /// What was expected.
        expected: String,
        /// The beginning of what came.
        came: String,
    },
    /// Something that the format allows and this reader does not.
    #[error("{what} is not supported; {hint}")]
    Unsupported {
        /// What the file wants.
        what: String,
        /// What to do instead.
        hint: &'static str,
    },
    /// The header stops in its midst.
    #[error("the file ends within its header, after {came} bytes: it was cut off")]
    HeaderCutOff {
        /// Bytes that were there.
        came: usize,
    },
    /// The header is longer than any volume's.
    #[error("the header is longer than {limit} bytes: this is no volume, or the file is damaged")]
    HeaderTooLong {
        /// The limit.
        limit: usize,
    },
    /// The second file cannot be read.
    #[error(
        "the voxels are in the file `{}` beside the header, which cannot be read: {source}",
        excerpt(name)
    )]
    Beside {
        /// Its name.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// The declared size is beyond the limit.
    #[error(
        "the header declares {declared} bytes of voxels, more than the limit of {limit}; crop or resample the volume"
    )]
    TooLarge {
        /// Declared bytes; saturates.
        declared: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Fewer voxels than declared.
    #[error(
        "the header declares {declared} bytes of voxels, but the data end after {came}: the file was cut off"
    )]
    DataEndEarly {
        /// Declared bytes.
        declared: u64,
        /// Bytes that were there.
        came: u64,
    },
    /// More voxels than declared.
    #[error(
        "more bytes follow after the declared {declared} bytes of voxels: size or type does not fit the data"
    )]
    DataLonger {
        /// Declared bytes.
        declared: u64,
    },
    /// The compressed data are broken.
    #[error("the compressed voxels are damaged ({reason}); get the file again from its source")]
    Corrupt {
        /// What the decompression says.
        reason: String,
    },
    /// A voxel that is no such number.
    #[error("voxel {index:?} should be {expected}, but is {came}; {hint}")]
    Voxel {
        /// Its index along x, y and z.
        index: [usize; 3],
        /// What was expected.
        expected: &'static str,
        /// What it is.
        came: f64,
        /// What to do.
        hint: &'static str,
    },
}

impl Error {
    pub(crate) fn wrong(field: &str, expected: impl Into<String>, came: impl ToString) -> Self {
        Self::Value {
            field: field.to_owned(),
            expected: expected.into(),
            came: excerpt(&came.to_string()),
        }
    }
}
