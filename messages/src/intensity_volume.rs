//! A volume as a scanner gives it: computed tomography, magnetic resonance or cone-beam images.

use serde::{Deserialize, Serialize};

use crate::affine::Affine;
use crate::bulk::Bulk;
use crate::frames::{Frame, Voxel};
use crate::message::Message;
use crate::wire::{Array, ArrayRef, WireError};

/// A volume of intensities whose millimetres are in the frame `In`: `Preoperative` for an image from
/// before the procedure, `Patient` for one that was made during it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct IntensityVolume<In> {
    /// Voxels along x (fastest), y and z.
    pub size: [u32; 3],
    /// Maps voxel indices to millimetres, LPS.
    pub frame_from_voxel: Affine<In, Voxel>,
    /// What the numbers mean.
    pub modality: Modality,
    /// `z × y × x` intensities: Hounsfield units for CT and cone-beam CT, arbitrary units for MR.
    #[serde(skip)]
    pub voxels: Bulk<i16>,
}

/// Which kind of scanner made a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Computed tomography.
    Ct,
    /// Magnetic resonance.
    Mr,
    /// Cone-beam computed tomography.
    ConeBeamCt,
}

impl<In> IntensityVolume<In> {
    fn shape(&self) -> [u64; 3] {
        let [x, y, z] = self.size;
        [z.into(), y.into(), x.into()]
    }
}

impl<In: Frame> Message for IntensityVolume<In> {
    const SCHEMA: &'static str = "IntensityVolume";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[In::NAME, Voxel::NAME];
    const KEPT: usize = 2;

    fn arrays(&self) -> Vec<ArrayRef<'_>> {
        vec![ArrayRef::new("voxels", &self.voxels, &self.shape())]
    }

    fn attach(&mut self, arrays: Vec<Array>) -> Result<(), WireError> {
        let [voxels] = crate::wire::exactly(Self::SCHEMA, arrays)?;
        self.voxels = voxels.expect(Self::SCHEMA, "voxels", &self.shape())?;
        Ok(())
    }
}
