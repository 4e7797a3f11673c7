//! The files of the device `preoperative` as its messages.

use std::path::{Path, PathBuf};

use formats::dicom::PatientKey;
use formats::metaimage::Limits;
use formats::placed_volume::PlacedVolume;
use messages::{Affine, IntensityVolume, LabelVolume, Structure};
use nalgebra::Matrix4;
use runtime::SessionPatient;

use super::lattice::Order;
use super::table::Table;
use super::{Error, Output, Parameters, ScannerKind, surface};
use crate::files;

/// Where the voxels of all volumes lie.
struct Reference {
    path: PathBuf,
    dims: [usize; 3],
    lps_from_voxel: Matrix4<f64>,
}

/// Reads everything; in a session, images of its patient only.
pub fn outputs(
    parameters: Parameters,
    session: Option<&SessionPatient>,
) -> Result<Vec<Output>, Error> {
    let mut outputs = Vec::new();
    let mut reference = None;
    if let Some(path) = parameters.image {
        let volume = if path.is_dir() {
            series(&path, parameters.modality, session)?
        } else {
            volume(&path)?
        };
        let found = Reference::new(&path, &volume);
        let (size, frame_from_voxel) = found.message()?;
        let voxels = volume.into_intensities();
        let voxels = voxels.map_err(|source| Error::Volume { path, source })?.into();
        let modality = parameters.modality.into();
        outputs.push(Output::Image(IntensityVolume { size, frame_from_voxel, modality, voxels }));
        reference = Some(found);
    }
    let mut structures: Vec<Structure> = Vec::new();
    let mut labels = Vec::new();
    for file in parameters.labels {
        let volume = volume(&file.path)?;
        let reference = reference.get_or_insert_with(|| Reference::new(&file.path, &volume));
        let order = reference.order(&file.path, &volume)?;
        labels.resize(volume.len(), 0_u8);
        let path = file.path.clone();
        let values = volume.into_labels();
        let values = values.map_err(|source| Error::Volume { path: path.clone(), source })?;
        let table = Table::new(file, &values, &mut structures);
        let table = table.map_err(|flaw| Error::Table { path, flaw })?;
        order.for_each(|to, from| {
            let label = table.label(values[from]);
            if label != 0 {
                labels[to] = label;
            }
        });
    }
    if let Some(reference) = reference.as_ref().filter(|_| !labels.is_empty()) {
        let (size, frame_from_voxel) = reference.message()?;
        let labels = labels.into();
        let drawn = LabelVolume { size, frame_from_voxel, structures, model: None, labels };
        outputs.push(Output::Labels(drawn));
    }
    if !parameters.surfaces.is_empty() {
        outputs.push(Output::Surfaces(surface::surfaces(parameters.surfaces)?));
    }
    if outputs.is_empty() { Err(Error::Nothing) } else { Ok(outputs) }
}

/// The images of a folder, if they are of that kind of scanner, and of the session's patient.
fn series(
    path: &Path,
    expected: ScannerKind,
    session: Option<&SessionPatient>,
) -> Result<PlacedVolume, Error> {
    let secret = session.map_or_else(files::secret, |session| *session.secret());
    let series = files::only_series(path, &secret)?;
    let fits = expected.takes(series.modality);
    if !fits {
        return Err(Error::Modality { path: path.to_owned(), came: series.modality, expected });
    }
    if let Some(session) = session {
        let admitted = session.admit(series.patient.as_ref().map(PatientKey::as_bytes));
        admitted.map_err(|source| Error::NotAdmitted { path: path.to_owned(), source })?;
    }
    Ok(series.volume)
}

fn volume(path: &Path) -> Result<PlacedVolume, Error> {
    let open = |path: &Path| {
        std::fs::read(path).map_err(|source| Error::Open { path: path.to_owned(), source })
    };
    let beside = |name: &str| std::fs::read(path.with_file_name(name));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    PlacedVolume::read_named(&name, &open(path)?, &Limits::default(), beside)
        .map_err(|source| Error::Volume { path: path.to_owned(), source })
}

impl Reference {
    fn new(path: &Path, volume: &PlacedVolume) -> Self {
        let PlacedVolume { dims, lps_from_voxel, .. } = volume;
        Self { path: path.to_owned(), dims: *dims, lps_from_voxel: *lps_from_voxel }
    }

    /// Size and place, as messages say them.
    fn message<In>(&self) -> Result<([u32; 3], Affine<In, messages::Voxel>), Error> {
        let path = || self.path.clone();
        let size = self.dims.map(u32::try_from);
        let [Ok(x), Ok(y), Ok(z)] = size else {
            return Err(Error::Size { path: path(), dims: self.dims });
        };
        let map = Affine::from_matrix(&self.lps_from_voxel);
        Ok(([x, y, z], map.map_err(|source| Error::Axes { path: path(), source })?))
    }

    /// How the voxels of a volume are those of this one.
    fn order(&self, path: &Path, volume: &PlacedVolume) -> Result<Order, Error> {
        let (own, other) =
            ((self.dims, &self.lps_from_voxel), (volume.dims, &volume.lps_from_voxel));
        Order::between(own, other).map_err(|flaw| Error::Lattice {
            path: path.to_owned(),
            other: self.path.clone(),
            flaw,
        })
    }
}
