//! The device `preoperative`: the volume image from before the procedure, what was drawn in it, and surfaces, from files.

mod lattice;
mod read;
mod surface;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use formats::{placed_volume, surface_file};
use messages::{
    IntensityVolume, LabelVolume, Modality, Preoperative as PreoperativeFrame, Surfaces,
};
use runtime::{Device, DeviceSession, NotAdmitted, Reading, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

pub use surface::{Space, SurfaceFile};
pub use table::{Kind, LabelFile, LabelledStructure};

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The image: NRRD, NIfTI, MetaImage, or a folder of the DICOM files of one series. Of who the patient is nothing goes
    /// farther than this device, but a hash: a session refuses images of another patient than those it took first.
    #[serde(default)]
    #[schemars(extend("format" = "input-file-or-folder"))]
    pub image: Option<PathBuf>,
    /// The kind of scanner that made the image.
    #[serde(default)]
    pub modality: ScannerKind,
    /// Label maps and masks. All lie on the voxels of the image, or on those of the first of them if there is no
    /// image; where several name a voxel the later one counts.
    #[serde(default)]
    pub labels: Vec<LabelFile>,
    /// Surfaces of structures, in the millimetres of the image: they are not resampled, and need no image.
    #[serde(default)]
    pub surfaces: Vec<SurfaceFile>,
}

/// Which kind of scanner made the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScannerKind {
    /// Computed tomography, Hounsfield units.
    #[default]
    Ct,
    /// Magnetic resonance, arbitrary units.
    Mr,
    /// Cone-beam computed tomography, Hounsfield units.
    ConeBeamCt,
}

impl ScannerKind {
    /// Whether images of a modality may be of such a scanner.
    pub(crate) fn takes(self, modality: formats::dicom::Modality) -> bool {
        use formats::dicom::Modality as Kind;
        match self {
            // Cone-beam CT comes as CT, or as angiography.
            Self::Ct => modality == Kind::Ct,
            Self::Mr => modality == Kind::Mr,
            Self::ConeBeamCt => modality != Kind::Mr,
        }
    }
}

impl From<ScannerKind> for Modality {
    fn from(kind: ScannerKind) -> Self {
        match kind {
            ScannerKind::Ct => Self::Ct,
            ScannerKind::Mr => Self::Mr,
            ScannerKind::ConeBeamCt => Self::ConeBeamCt,
        }
    }
}

outputs! {
    /// The image, the labels and the surfaces, each published once if there is a file for it.
    pub enum Output {
        image => Image(IntensityVolume<PreoperativeFrame>),
        labels => Labels(LabelVolume<PreoperativeFrame>),
        surfaces => Surfaces(Surfaces<PreoperativeFrame>),
    }
}

/// Why there is no preoperative map.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No file was named.
    #[error("`image`, `labels` or `surfaces` must name a file; give at least one")]
    Nothing,
    /// A file cannot be opened.
    #[error("cannot read {path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is damaged, or no volume that can be used.
    #[error("{path}: {source}")]
    Volume {
        /// The file.
        path: PathBuf,
        /// Why.
        source: placed_volume::Error,
    },
    /// The images of a folder make no volume.
    #[error(transparent)]
    Folder(#[from] crate::files::Error),
    /// A folder of DICOM holds images of another kind of scanner.
    #[error(
        "the images in {path} are of modality {came}, but `modality` is {expected:?}: name another folder, or the right modality"
    )]
    Modality {
        /// The folder.
        path: PathBuf,
        /// What the files say.
        came: formats::dicom::Modality,
        /// What the parameter says.
        expected: ScannerKind,
    },
    /// The images of a folder are not admitted to the session.
    #[error("the images in {path} are not admitted: {source}")]
    NotAdmitted {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: NotAdmitted,
    },
    /// A label file does not lie on the voxels of the image.
    #[error("{path} does not lie on the voxels of {other}: {flaw}")]
    Lattice {
        /// The file.
        path: PathBuf,
        /// The image, or the first label file.
        other: PathBuf,
        /// In which way.
        flaw: lattice::Flaw,
    },
    /// The table of a label file does not fit what is in it.
    #[error("{path}: {flaw}")]
    Table {
        /// The file.
        path: PathBuf,
        /// In which way.
        flaw: table::Flaw,
    },
    /// A file is damaged, or no surface that can be used.
    #[error("{path}: {source}")]
    Surface {
        /// The file.
        path: PathBuf,
        /// Why.
        source: surface_file::Error,
    },
    /// A surface does not go with the others.
    #[error("{path}: {flaw}")]
    Named {
        /// The file.
        path: PathBuf,
        /// In which way.
        flaw: surface::Flaw,
    },
    /// The surfaces are no message.
    #[error("the surfaces cannot be sent: {0}")]
    Message(#[from] messages::wire::WireError),
    /// The volume is too large for a message.
    #[error("{path} has {dims:?} voxels, more than a message can name; crop or resample it")]
    Size {
        /// The file.
        path: PathBuf,
        /// Voxels along x, y and z.
        dims: [usize; 3],
    },
    /// The axes of a volume do not span space.
    #[error("{path}: {source}")]
    Axes {
        /// The file.
        path: PathBuf,
        /// Why.
        source: messages::affine::NotAffine,
    },
}

/// The device.
pub struct Preoperative {
    outputs: Vec<Output>,
    due: Duration,
}

impl Device for Preoperative {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(parameters: Parameters) -> Result<Self, Error> {
        Ok(Self { outputs: read::outputs(parameters, None)?, due: Duration::ZERO })
    }

    fn open_in(parameters: Parameters, session: &DeviceSession) -> Result<Self, Error> {
        let outputs = read::outputs(parameters, Some(session.patient()))?;
        Ok(Self { outputs, due: Duration::ZERO })
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        if self.outputs.is_empty() {
            return Ok(Reading::End);
        }
        let outputs = std::mem::take(&mut self.outputs);
        Ok(Reading::Scheduled { since_start: self.due, outputs })
    }

    /// After a restart the volumes are published again: what the process had kept for late consumers ended with it.
    fn seek(&mut self, since_start: Duration) {
        self.due = since_start;
    }
}
