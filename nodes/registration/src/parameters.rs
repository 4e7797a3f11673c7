//! Everything that steers a registration.

use crate::assessment::Trust;
use crate::deformable::DeformableParameters;
use crate::global::GlobalParameters;
use crate::rigid::RigidParameters;

/// Everything that steers a registration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    /// The search without a guess.
    pub global: GlobalParameters,
    /// The rigid refinement.
    pub rigid: RigidParameters,
    /// The bending.
    pub deformable: DeformableParameters,
    /// The bounds between verdicts.
    pub trust: Trust,
}

/// Why parameters cannot be worked with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParameterError {
    /// A scale of the rigid refinement is not above 0.
    #[error(
        "expected scales above 0 mm for the rigid refinement, but got {rigid:?}; 8 mm at first and 3 mm at last serve"
    )]
    Rigid {
        /// What was given.
        rigid: RigidParameters,
    },
    /// The bending has nothing to choose from.
    #[error(
        "expected at least one amplitude, length and noise for the bending, all numbers above 0, but got {deformable:?}; the defaults serve most organs"
    )]
    Deformable {
        /// What was given.
        deformable: Box<DeformableParameters>,
    },
}

impl Parameters {
    /// Checks that a registration can work with them.
    ///
    /// # Errors
    /// If a number that must be above 0 is not; says which, and what would do.
    pub fn check(&self) -> Result<(), ParameterError> {
        let RigidParameters { first_scale_mm, last_scale_mm, .. } = self.rigid;
        if !(first_scale_mm > 0.0 && last_scale_mm > 0.0) {
            return Err(ParameterError::Rigid { rigid: self.rigid });
        }
        if !self.deformable.are_usable() {
            return Err(ParameterError::Deformable {
                deformable: Box::new(self.deformable.clone()),
            });
        }
        Ok(())
    }
}
