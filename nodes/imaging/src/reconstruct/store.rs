//! The voxels of a volume, whatever each of them remembers.

use std::fmt::Debug;

use messages::{Affine, Image, Patient};

use super::bricks::{Bricks, OverBudget};
use super::cell::{Cell, Importance, Latest, Maximum, Mean};
use super::lattice::{FRACTION_BITS, Lattice};
use super::mask::Mask;
use super::paste::{self, Picture};
use super::plus_cell::{PlusImportance, PlusLatest, PlusMaximum, PlusMean};
use super::settings::{Arithmetic, Compounding, Distribution, Settings};
use super::{Refused, read};

/// An image to paste.
pub(super) struct Placed<'a> {
    pub(super) picture: Picture<'a>,
    pub(super) mask: &'a Mask,
    pub(super) patient_from_image: &'a Affine<Patient, Image>,
}

/// Voxels.
pub(super) trait Store: Debug + Send {
    /// Pastes an image, or refuses it and changes nothing.
    fn insert(
        &mut self,
        image: &Placed,
        lattice: &Lattice,
        settings: &Settings,
    ) -> Result<(), Refused>;
    /// Bytes that the voxels take.
    fn bytes(&self) -> u64;
    /// First voxel and size of the smallest box around all voxels that have a value.
    fn bounds(&self) -> Option<([i32; 3], [u32; 3])>;
    /// Grey values of a box, and how many pixels made them, in 1/256.
    fn region(&self, first: [i32; 3], size: [u32; 3]) -> (Vec<u8>, Vec<u16>);
}

/// No voxels yet, of the kind that the settings need.
pub(super) fn empty(settings: &Settings) -> Box<dyn Store> {
    fn of<C: Cell + Debug + 'static>(settings: &Settings) -> Box<dyn Store> {
        Box::new(Bricks::<C>::new(settings.threads))
    }
    match (settings.arithmetic, settings.compounding) {
        (Arithmetic::Exact, Compounding::Mean) => of::<Mean>(settings),
        (Arithmetic::Exact, Compounding::Latest) => of::<Latest>(settings),
        (Arithmetic::Exact, Compounding::Maximum) => of::<Maximum>(settings),
        (Arithmetic::Exact, Compounding::Importance) => of::<Importance>(settings),
        (Arithmetic::Plus, Compounding::Mean) => of::<PlusMean>(settings),
        (Arithmetic::Plus, Compounding::Latest) => of::<PlusLatest>(settings),
        (Arithmetic::Plus, Compounding::Maximum) => of::<PlusMaximum>(settings),
        (Arithmetic::Plus, Compounding::Importance) => of::<PlusImportance>(settings),
    }
}

impl<C: Cell + Debug> Store for Bricks<C> {
    fn insert(
        &mut self,
        image: &Placed,
        lattice: &Lattice,
        settings: &Settings,
    ) -> Result<(), Refused> {
        let Settings { distribution, memory_bytes: budget_bytes, .. } = *settings;
        let half = match distribution {
            Distribution::Nearest => 1 << (FRACTION_BITS - 1),
            Distribution::Linear => C::HALF,
        };
        let walk = lattice.walk(image.patient_from_image, image.mask.size(), half)?;
        let missing = walk.bricks(image.mask, distribution, self, budget_bytes);
        self.allocate(missing, budget_bytes).map_err(|OverBudget { needed_bytes }| {
            Refused::OverBudget { needed_bytes, budget_bytes }
        })?;
        paste::image(self, image.picture, &walk, image.mask, distribution);
        Ok(())
    }

    fn bytes(&self) -> u64 {
        Self::bytes(self)
    }

    fn bounds(&self) -> Option<([i32; 3], [u32; 3])> {
        read::bounds(self)
    }

    fn region(&self, first: [i32; 3], size: [u32; 3]) -> (Vec<u8>, Vec<u16>) {
        read::region(self, first, size)
    }
}
