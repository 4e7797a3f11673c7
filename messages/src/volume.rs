//! A grey-value volume in the patient's frame.

use serde::{Deserialize, Serialize};

use crate::affine::Affine;
use crate::bulk::Bulk;
use crate::frames::{Patient, Voxel};
use crate::message::Message;
use crate::wire::{Array, ArrayRef, WireError};

/// A volume of 8-bit grey values, and where images contributed to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Voxels along x (fastest), y and z.
    pub size: [u32; 3],
    /// Maps voxel indices to millimetres in the patient reference frame.
    pub patient_from_voxel: Affine<Patient, Voxel>,
    /// How many images it was made from.
    pub images: u64,
    /// `z × y × x` grey values; 0 where nothing was seen, unless such holes were filled from around.
    #[serde(skip)]
    pub voxels: Bulk<u8>,
    /// `z × y × x`: 1 where at least one image contributed, else 0.
    #[serde(skip)]
    pub seen: Bulk<u8>,
}

impl Volume {
    fn shape(&self) -> [u64; 3] {
        let [x, y, z] = self.size;
        [z.into(), y.into(), x.into()]
    }
}

impl Message for Volume {
    const SCHEMA: &'static str = "Volume";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &["patient", "voxel"];
    const KEPT: usize = 2;

    fn arrays(&self) -> Vec<ArrayRef<'_>> {
        let shape = self.shape();
        vec![
            ArrayRef::new("voxels", &self.voxels, &shape),
            ArrayRef::new("seen", &self.seen, &shape),
        ]
    }

    fn attach(&mut self, arrays: Vec<Array>) -> Result<(), WireError> {
        let [voxels, seen] = crate::wire::exactly(Self::SCHEMA, arrays)?;
        let shape = self.shape();
        self.voxels = voxels.expect(Self::SCHEMA, "voxels", &shape)?;
        self.seen = seen.expect(Self::SCHEMA, "seen", &shape)?;
        Ok(())
    }
}
