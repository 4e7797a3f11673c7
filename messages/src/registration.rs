//! How the preoperative map lies on the patient now, and how far that can be trusted.

use serde::{Deserialize, Serialize};

use crate::displacement_field::{Displaced, DisplacementField};
use crate::frames::{Patient, Preoperative};
use crate::message::Message;
use crate::time::Timestamp;
use crate::transform::{Point, Transform};
use crate::wire::{Array, ArrayRef, WireError};

/// How the preoperative map lies on the patient now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// Whether it may guide.
    pub state: RegistrationState,
    /// Where things lie; only in the states that say so.
    pub alignment: Option<Alignment>,
}

/// Whether a registration may guide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationState {
    /// There is none yet, for this reason.
    None {
        /// A sentence for a person.
        reason: String,
    },
    /// Found, but nobody and nothing has confirmed it.
    Unverified {
        /// What should be checked.
        reason: String,
    },
    /// Found, and confirmed by whoever the node asks.
    Accepted,
    /// It was accepted, and fits what is seen now less well than it should.
    Degraded {
        /// What no longer fits.
        reason: String,
    },
    /// What is seen is not registered: no pose can be trusted.
    Refused {
        /// Why, and what to try.
        reason: String,
    },
}

impl RegistrationState {
    /// Whether there is an alignment.
    pub fn is_aligned(&self) -> bool {
        matches!(self, Self::Unverified { .. } | Self::Accepted | Self::Degraded { .. })
    }
}

/// Where things lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alignment {
    /// The rigid part.
    pub preoperative_from_patient: Transform<Preoperative, Patient>,
    /// What bends it, and the error.
    pub field: DisplacementField,
    /// How well the vessels fit.
    pub fit: Fit,
    /// When the images were acquired that it was made from: the last of them.
    pub data_acquired_at: Timestamp,
}

/// How well the vessels of two trees fit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Share of what is seen now that lies on the preoperative tree, 0 to 1.
    pub explained: f64,
    /// Median distance of what lies on it from the centreline, millimetres.
    pub residual_mm: f64,
    /// Score of the second best pose by that of the best, 0 to 1; none if only poses near the last one
    /// were tried.
    pub rival: Option<f64>,
}

impl Alignment {
    /// Where a point of the patient lies in the preoperative image; none outside what was registered.
    pub fn preoperative(&self, point: Point<Patient>) -> Option<Displaced> {
        self.field.apply(self.preoperative_from_patient * point)
    }

    /// Where a point of the preoperative image lies in the patient; none outside what was registered.
    pub fn patient(&self, point: Point<Preoperative>) -> Option<Point<Patient>> {
        Some(self.preoperative_from_patient.inverse() * self.field.invert(point)?)
    }
}

impl Message for Registration {
    const SCHEMA: &'static str = "Registration";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &["preoperative", "patient"];
    const KEPT: usize = 16;

    fn arrays(&self) -> Vec<ArrayRef<'_>> {
        self.alignment.iter().flat_map(|alignment| alignment.field.arrays()).collect()
    }

    fn attach(&mut self, arrays: Vec<Array>) -> Result<(), WireError> {
        let wrong =
            |reason: &str| WireError::Arrays { schema: Self::SCHEMA, reason: reason.to_owned() };
        match &mut self.alignment {
            Some(alignment) if self.state.is_aligned() => {
                let arrays = crate::wire::exactly(Self::SCHEMA, arrays)?;
                alignment.field.attach(Self::SCHEMA, arrays)
            }
            None if !self.state.is_aligned() => {
                crate::wire::exactly::<0>(Self::SCHEMA, arrays).map(drop)
            }
            Some(_) => Err(wrong("this state carries no alignment, but one came")),
            None => Err(wrong("this state carries an alignment, but none came")),
        }
    }
}
