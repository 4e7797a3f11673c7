//! Whether a registration may guide, and what changes that: fits, the word of a person, and landmarks that were touched.

use messages::RegistrationState;

use crate::assessment::Doubt;

/// What may be accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Whether what fits and is the only one that does is accepted by itself.
    pub accept_automatically: bool,
    /// The most that a touched landmark may lie off.
    pub max_check_error_mm: f64,
    /// The most that what was accepted may move and stay accepted.
    pub max_move_mm: f64,
}

/// What happens to a registration.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening<'a> {
    /// A pose was found.
    Fitted {
        /// What speaks against relying on it.
        doubt: Option<Doubt>,
        /// How far it moves the vessels against the alignment before, if there was one.
        moved_mm: Option<f64>,
        /// Of the landmarks that were touched, the one that lies furthest off under it.
        worst: Option<Touch<'a>>,
    },
    /// No pose fits what is seen.
    NothingFits {
        /// Why.
        reason: String,
    },
    /// A person looked at it and accepts it.
    Accept,
    /// A person rejects it.
    Reject {
        /// Who.
        by: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// A landmark was touched.
    Touched(Touch<'a>),
    /// Something newer was seen that does not lie on it, and nothing was found instead: it is kept.
    Contested {
        /// What.
        reason: String,
        /// Whether only a person, a landmark or another beginning settles it; else the next fit does.
        lasting: bool,
    },
}

/// How far a touched landmark lies off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch<'a> {
    /// Its name.
    pub landmark: &'a str,
    /// Its distance from where the registration puts it.
    pub error_mm: f64,
}

/// What was told cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no registration to {what}; wait for one, or look at why there is none")]
pub struct NothingThere {
    /// What was to be done with it.
    pub what: &'static str,
}

/// The standing of a registration.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    state: RegistrationState,
    /// What speaks against the present alignment.
    doubt: Option<Doubt>,
    /// What spoke against it when a person or a landmark confirmed it nevertheless.
    tolerated: Option<Doubt>,
    /// Why a person rejected one; until somebody confirms another, none is accepted by itself.
    rejected: Option<String>,
    /// What speaks against it whatever fits, until somebody confirms it.
    contested: Option<String>,
    /// It began anew with a volume acquired meanwhile, and nobody has confirmed it since.
    began_anew: bool,
}

impl Standing {
    /// Nothing is known yet.
    pub fn none(reason: &str) -> Self {
        let state = RegistrationState::None { reason: reason.to_owned() };
        Self {
            state,
            doubt: None,
            tolerated: None,
            rejected: None,
            contested: None,
            began_anew: false,
        }
    }

    /// The body changed, and a volume shows how it is now: what was confirmed before no longer counts, but what a person
    /// rejected is remembered.
    pub fn begin_anew(&mut self) {
        let rejected = self.rejected.take();
        let reason = "a volume was acquired meanwhile, and is not registered yet";
        *self = Self { rejected, began_anew: true, ..Self::none(reason) };
    }

    /// The state as it is told.
    pub fn state(&self) -> &RegistrationState {
        &self.state
    }

    /// Whether it was confirmed, be it that it fits less well now.
    pub fn was_accepted(&self) -> bool {
        matches!(self.state, RegistrationState::Accepted | RegistrationState::Degraded { .. })
    }

    /// The standing after something happened.
    ///
    /// | from | fits | fits, in doubt | nothing fits | accept | reject | landmark near | off | far off | contested |
    /// | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
    /// | none | unverified¹ | unverified | refused | – | – | – | – | – | refused |
    /// | unverified | unverified¹ | unverified | refused | accepted | refused | accepted | refused | refused | unverified |
    /// | accepted | accepted²⁴ | degraded²³ | degraded | accepted | refused | accepted | degraded | refused | degraded |
    /// | degraded | accepted²⁴ | degraded²³ | degraded | accepted | refused | accepted | degraded | refused | degraded |
    /// | refused | unverified¹ | unverified | refused | – | refused | – | – | – | refused |
    ///
    /// ¹ accepted if that is to happen by itself and none was rejected before; ² unverified if it moved too far from what
    /// was accepted; ³ accepted if the same doubt was there when it was confirmed; ⁴ degraded while it is contested for
    /// good. A fit under which a landmark that was touched lies off goes as the landmark says. “Off” is more than
    /// `max_check_error_mm`, “far off” more than twice that.
    ///
    /// # Errors
    /// Where the table has a dash: nothing changes.
    pub fn after(&mut self, happening: Happening, rules: Rules) -> Result<(), NothingThere> {
        let was_accepted = self.was_accepted();
        match happening {
            Happening::Fitted { doubt, moved_mm, worst } => {
                self.doubt = doubt;
                self.state = match worst.and_then(|touch| self.contradicted(touch, rules)) {
                    Some(contradicted) => contradicted,
                    None => self.fitted(was_accepted, moved_mm, rules),
                };
            }
            Happening::NothingFits { reason } if was_accepted => {
                self.state = RegistrationState::Degraded { reason };
            }
            Happening::NothingFits { reason } => self.state = RegistrationState::Refused { reason },
            Happening::Accept if self.state.is_aligned() => self.confirm(),
            Happening::Accept => return Err(NothingThere { what: "accept" }),
            Happening::Reject { .. } if matches!(self.state, RegistrationState::None { .. }) => {
                return Err(NothingThere { what: "reject" });
            }
            Happening::Reject { by, reason } => {
                let reason = format!("{by} rejected it: {reason}");
                self.rejected = Some(reason.clone());
                self.state = RegistrationState::Refused { reason };
            }
            Happening::Touched(_) if !self.state.is_aligned() => {
                return Err(NothingThere { what: "check" });
            }
            Happening::Touched(touch) => match self.contradicted(touch, rules) {
                Some(state) => self.state = state,
                None => self.confirm(),
            },
            Happening::Contested { reason, lasting } => {
                if lasting && self.state.is_aligned() {
                    self.contested = Some(reason.clone());
                }
                self.state = match self.state {
                    RegistrationState::Unverified { .. } => {
                        RegistrationState::Unverified { reason }
                    }
                    _ if was_accepted => RegistrationState::Degraded { reason },
                    _ => RegistrationState::Refused { reason },
                };
            }
        }
        if !self.was_accepted() {
            self.tolerated = None;
        }
        if !self.state.is_aligned() {
            // What it spoke against is gone.
            self.contested = None;
        }
        Ok(())
    }

    fn confirm(&mut self) {
        self.state = RegistrationState::Accepted;
        self.tolerated = self.doubt;
        self.rejected = None;
        self.contested = None;
        self.began_anew = false;
    }

    fn fitted(&self, was_accepted: bool, moved_mm: Option<f64>, rules: Rules) -> RegistrationState {
        let nothing_against =
            self.doubt.is_none() && self.rejected.is_none() && self.contested.is_none();
        if rules.accept_automatically && nothing_against {
            return RegistrationState::Accepted;
        }
        let jumped = moved_mm.filter(|&mm| was_accepted && mm > rules.max_move_mm);
        if let Some(mm) = jumped {
            let reason = format!(
                "it moved the vessels by {mm:.0} mm against what had been accepted; confirm it anew"
            );
            return RegistrationState::Unverified { reason };
        }
        if let Some(reason) = self.contested.clone() {
            return if was_accepted {
                RegistrationState::Degraded { reason }
            } else {
                RegistrationState::Unverified { reason }
            };
        }
        let kind = |doubt: &Option<Doubt>| doubt.as_ref().map(std::mem::discriminant);
        match (&self.doubt, &self.rejected) {
            (None, _) if was_accepted => RegistrationState::Accepted,
            (doubt, _) if was_accepted && kind(doubt) == kind(&self.tolerated) => {
                RegistrationState::Accepted
            }
            (Some(doubt), _) if was_accepted => {
                RegistrationState::Degraded { reason: doubt.to_string() }
            }
            (Some(doubt), _) => RegistrationState::Unverified { reason: doubt.to_string() },
            (None, Some(rejected)) => {
                let reason = format!("it fits, but of the one before it was said that {rejected}");
                RegistrationState::Unverified { reason }
            }
            (None, None) => {
                let reason = if self.began_anew {
                    "it fits the volume acquired meanwhile, and nobody has confirmed it since"
                } else {
                    "it fits, and nobody has confirmed it"
                };
                RegistrationState::Unverified { reason: reason.to_owned() }
            }
        }
    }

    /// What follows from a landmark that lies off; nothing from one that does not.
    fn contradicted(&self, touch: Touch, rules: Rules) -> Option<RegistrationState> {
        let Touch { landmark, error_mm } = touch;
        let Rules { max_check_error_mm: most_mm, .. } = rules;
        // Also false for what is no number.
        if error_mm <= most_mm {
            return None;
        }
        let reason = format!(
            "the landmark `{landmark}` was touched {error_mm:.1} mm from where the registration puts it, {most_mm:.1} mm are allowed"
        );
        Some(if self.was_accepted() && error_mm <= 2.0 * most_mm {
            RegistrationState::Degraded { reason }
        } else {
            let reason = format!("{reason}; sweep over more of the vessels there");
            RegistrationState::Refused { reason }
        })
    }
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;
