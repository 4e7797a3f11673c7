//! Image and label volumes of the anatomy as messages in the frame of an image.

use messages::{Affine, Frame, IntensityVolume, LabelVolume, Modality, Patient, Transform, Voxel};
use nalgebra::Matrix3x4;

use crate::anatomy::grid::Grid;
use crate::anatomy::labels::LabelVolume as Labels;
use crate::anatomy::structure::StructureKind;

impl From<StructureKind> for messages::StructureKind {
    fn from(kind: StructureKind) -> Self {
        use StructureKind as Kind;
        match kind {
            Kind::Spleen | Kind::Liver | Kind::Kidney | Kind::Bladder | Kind::Gallbladder => {
                Self::Organ
            }
            Kind::Muscle | Kind::Gas | Kind::Cavity => Self::Other,
            Kind::Bone => Self::Bone,
            Kind::Tumour => Self::Tumour,
            Kind::LymphNode => Self::LymphNode,
            Kind::Nerve => Self::Nerve,
            Kind::Ureter => Self::Ureter,
            Kind::Vein | Kind::HepaticVein | Kind::PortalVein => Self::Vein,
            Kind::Artery => Self::Artery,
        }
    }
}

/// Voxel indices of `grid` to millimetres in the frame `In`.
fn frame_from_voxel<In>(
    grid: &Grid,
    frame_from_patient: Transform<In, Patient>,
) -> Affine<In, Voxel> {
    let ([dx, dy, dz], o) = (grid.spacing_mm(), grid.origin());
    let rows = Matrix3x4::new(dx, 0.0, 0.0, o.x, 0.0, dy, 0.0, o.y, 0.0, 0.0, dz, o.z);
    // A grid has finite spacings above zero, so this is a usable map.
    let patient_from_voxel = Affine::<Patient, Voxel>::from_rows(rows)
        .unwrap_or_else(|_| Affine::from(Transform::identity()));
    frame_from_patient * patient_from_voxel
}

fn size(grid: &Grid) -> [u32; 3] {
    grid.size().map(|count| count as u32)
}

/// The values of `grid` (x fastest, then y, then z) as an image in the frame `In`, which lies turned
/// and shifted against the frame `Patient`, so the lattice may be oblique to it.
///
/// `values` must have one value for each voxel, as the functions of [`images`](super::images) give
/// them; a consumer refuses the message otherwise.
pub fn intensity_volume<In: Frame>(
    grid: &Grid,
    modality: Modality,
    values: Vec<i16>,
    frame_from_patient: Transform<In, Patient>,
) -> IntensityVolume<In> {
    IntensityVolume {
        size: size(grid),
        frame_from_voxel: frame_from_voxel(grid, frame_from_patient),
        modality,
        voxels: values.into(),
    }
}

/// The labels as a message in the frame `In`; label 1 is the first structure of the anatomy.
pub fn label_volume<In: Frame>(
    labels: Labels,
    frame_from_patient: Transform<In, Patient>,
) -> LabelVolume<In> {
    let structure = |label: crate::anatomy::labels::Label| messages::Structure {
        name: label.name,
        kind: label.kind.into(),
    };
    LabelVolume {
        size: size(&labels.grid),
        frame_from_voxel: frame_from_voxel(&labels.grid, frame_from_patient),
        structures: labels.table.into_iter().map(structure).collect(),
        model: None,
        labels: labels.values.into(),
    }
}
