//! Which structure each voxel of a volume belongs to.

use serde::{Deserialize, Serialize};

use crate::affine::Affine;
use crate::bulk::Bulk;
use crate::frames::{Frame, Voxel};
use crate::message::Message;
use crate::segmented_image::ModelIdentity;
use crate::structure::Structure;
use crate::wire::{Array, ArrayRef, WireError};

/// A label for each voxel of a volume whose millimetres are in the frame `In`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct LabelVolume<In> {
    /// Voxels along x (fastest), y and z.
    pub size: [u32; 3],
    /// Maps voxel indices to millimetres, LPS.
    pub frame_from_voxel: Affine<In, Voxel>,
    /// What label 1, 2, … means; 0 is none of them.
    pub structures: Vec<Structure>,
    /// What made the labels; none for those drawn by hand and for known truth.
    pub model: Option<ModelIdentity>,
    /// `z × y × x` labels.
    #[serde(skip)]
    pub labels: Bulk<u8>,
}

impl<In> LabelVolume<In> {
    fn shape(&self) -> [u64; 3] {
        let [x, y, z] = self.size;
        [z.into(), y.into(), x.into()]
    }
}

impl<In: Frame> Message for LabelVolume<In> {
    const SCHEMA: &'static str = "LabelVolume";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[In::NAME, Voxel::NAME];
    const KEPT: usize = 2;

    fn arrays(&self) -> Vec<ArrayRef<'_>> {
        vec![ArrayRef::new("labels", &self.labels, &self.shape())]
    }

    fn attach(&mut self, arrays: Vec<Array>) -> Result<(), WireError> {
        let [labels] = crate::wire::exactly(Self::SCHEMA, arrays)?;
        self.labels = labels.expect(Self::SCHEMA, "labels", &self.shape())?;
        let known = self.structures.len();
        if let Some(label) =
            self.labels.as_slice().iter().find(|&&label| usize::from(label) > known)
        {
            return Err(WireError::Arrays {
                schema: Self::SCHEMA,
                reason: format!("label {label} came, but there are {known} structures"),
            });
        }
        Ok(())
    }
}
