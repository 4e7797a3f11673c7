//! Whether a registration may guide at an instant, and what an error of a sensor means for a bound.

use std::time::Duration;

use messages::{Alignment, Guidance, Registration, RegistrationState, Timestamp};

/// A position whose root mean square error is one is wrong by no more than this in 95 of 100 cases, if
/// the error is normal and alike in all directions: the 95 % quantile of chi with three degrees of
/// freedom, by the root of three.
pub const BOUND_OF_RMS: f64 = 1.614;

/// An alignment that may be used.
#[derive(Clone, Debug)]
pub struct Trusted<'a> {
    /// Where things lie.
    pub alignment: &'a Alignment,
    /// Why it is not sure; none if it is.
    pub doubt: Option<String>,
}

impl Trusted<'_> {
    /// What it allows at best, if nothing else is in doubt.
    pub fn guidance(&self) -> Guidance {
        match &self.doubt {
            None => Guidance::Valid,
            Some(reason) => Guidance::Unverified { reason: reason.clone() },
        }
    }

    /// Adds a reason to doubt.
    pub fn doubt(&mut self, reason: String) {
        self.doubt = Some(match self.doubt.take() {
            None => reason,
            Some(earlier) => format!("{earlier}; {reason}"),
        });
    }
}

/// What a registration allows at an instant.
///
/// # Errors
/// Why nothing may be shown, as a sentence that stays the same while the reason does.
pub fn trusted(
    registration: Option<&Registration>,
    at: Timestamp,
    max_age: Duration,
) -> Result<Trusted<'_>, String> {
    let Some(Registration { state, alignment }) = registration else {
        return Err("no registration has come yet".into());
    };
    let doubt = match state {
        RegistrationState::None { reason } => {
            return Err(format!("there is no registration: {reason}"));
        }
        RegistrationState::Refused { reason } => {
            return Err(format!("the registration is refused: {reason}"));
        }
        RegistrationState::Unverified { reason } => {
            Some(format!("the registration is not verified: {reason}"))
        }
        RegistrationState::Degraded { reason } => {
            Some(format!("the registration is degraded: {reason}"))
        }
        RegistrationState::Accepted => None,
    };
    let Some(alignment) = alignment else {
        return Err("the registration carries no pose".into());
    };
    if at.since(alignment.data_acquired_at) > max_age {
        return Err(format!(
            "the registration was made from images older than the {} s allowed: sweep again",
            max_age.as_secs_f64()
        ));
    }
    Ok(Trusted { alignment, doubt })
}

/// The bound of errors that do not depend on each other: the root of the sum of their squares.
pub fn together(errors_mm: &[f64]) -> f64 {
    errors_mm.iter().map(|error| error * error).sum::<f64>().sqrt()
}
