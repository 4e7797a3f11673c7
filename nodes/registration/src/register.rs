//! The node `register`: finds how the preoperative map lies on the patient, and says how far to trust it.
//!
//! The first tree of vessels that is seen is registered without a guess; each later one from the last
//! pose, and without a guess again where that fails. Nothing is fitted that cannot be trusted: then the
//! message says why, and carries no pose.

use messages::{
    Alignment, Centrelines, Fit, Health, Patient, Preoperative, Registration, RegistrationState,
    Stamped, Timestamp, Transform, VesselTree,
};
use runtime::{Context, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::assessment::{Trust, Verdict};
use crate::field::field;
use crate::global::{GlobalParameters, PoseLimits};
use crate::parameters::ParameterError;
use crate::reference::{Outcome, Reference};

/// Parameters of the node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Whether a registration that fits and is the only one that does is accepted at once. By default
    /// it stays unverified.
    #[serde(default)]
    pub accept_automatically: bool,
    /// The most that the patient is turned against the preoperative image, in degrees, if that is known.
    #[serde(default)]
    #[schemars(range(min = 1.0, max = 180.0))]
    pub max_rotation_deg: Option<f64>,
    /// The 95 % bound of the error in the midst of the data that is good enough, in millimetres.
    #[serde(default = "wanted_error_mm")]
    #[schemars(default = "wanted_error_mm", range(min = 0.1, max = 50.0))]
    pub wanted_error_mm: f64,
}

fn wanted_error_mm() -> f64 {
    Trust::default().wanted_error_mm
}

inputs! {
    /// What the node hears.
    pub enum Input {
        preoperative => Preoperative(VesselTree<Preoperative>),
        intraoperative => Intraoperative(VesselTree<Patient>),
    }
}
outputs! {
    /// What the node says.
    pub enum Output { registration => Registration(Registration) }
}

/// Why there is no registration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A parameter is out of range.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// A parameter is out of range.
    #[error("`{name}` should be {expected}, but it is {came}")]
    Range {
        /// Which.
        name: &'static str,
        /// What would do.
        expected: &'static str,
        /// What came.
        came: f64,
    },
    /// A tree's arrays do not fit each other.
    #[error(transparent)]
    Tree(#[from] messages::wire::WireError),
}

/// What was found last.
struct Found {
    alignment: Alignment,
    /// Score of the second best pose by that of the best, in the last search without a guess.
    rival: Option<f64>,
    accepted: bool,
}

/// The node.
pub struct Register {
    parameters: crate::parameters::Parameters,
    accept_automatically: bool,
    max_rotation_rad: Option<f64>,
    reference: Option<Reference>,
    found: Option<Found>,
}

impl Node for Register {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        let Parameters { accept_automatically, max_rotation_deg, wanted_error_mm } = parameters;
        if !(wanted_error_mm > 0.0) {
            let expected = "above 0 mm";
            return Err(Error::Range { name: "wanted_error_mm", expected, came: wanted_error_mm });
        }
        if let Some(came) = max_rotation_deg.filter(|degrees| !(*degrees > 0.0)) {
            let expected = "above 0 degrees";
            return Err(Error::Range { name: "max_rotation_deg", expected, came });
        }
        Ok(Self {
            parameters: crate::parameters::Parameters {
                trust: Trust { wanted_error_mm, ..Trust::default() },
                ..crate::parameters::Parameters::default()
            },
            accept_automatically,
            max_rotation_rad: max_rotation_deg.map(f64::to_radians),
            reference: None,
            found: None,
        })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        match input {
            Input::Preoperative(Stamped { acquired_at, value: tree, .. }) => {
                self.reference = Some(Reference::new(tree.centrelines()?));
                self.found = None;
                let reason = "no vessels have been seen in the patient yet".to_owned();
                let state = RegistrationState::None { reason };
                let registration = Registration { state, alignment: None };
                context.publish(acquired_at, Output::Registration(registration));
                Ok(())
            }
            Input::Intraoperative(Stamped { acquired_at, value: tree, .. }) => {
                let registration = self.register(acquired_at, &tree.centrelines()?)?;
                context.report(health(&registration.state));
                context.publish(acquired_at, Output::Registration(registration));
                Ok(())
            }
        }
    }
}

fn health(state: &RegistrationState) -> Health {
    match state {
        RegistrationState::Refused { reason } | RegistrationState::Degraded { reason } => {
            Health::Degraded { reason: reason.clone() }
        }
        _ => Health::Healthy,
    }
}

impl Register {
    fn register(
        &mut self,
        acquired_at: Timestamp,
        source: &Centrelines,
    ) -> Result<Registration, Error> {
        let Some(reference) = &self.reference else {
            let reason = "no tree of the preoperative image has come yet".to_owned();
            return Ok(Registration { state: RegistrationState::None { reason }, alignment: None });
        };
        let mut parameters = self.parameters.clone();
        parameters.global = GlobalParameters {
            limits: self.max_rotation_rad.map(|max_rotation_rad| PoseLimits {
                target_from_source: nalgebra::Isometry3::identity(),
                max_rotation_rad,
                max_translation_mm: f64::INFINITY,
            }),
            ..parameters.global
        };
        let near = match &self.found {
            Some(Found { alignment, rival, .. }) => {
                let start = alignment.preoperative_from_patient.isometry();
                Some(reference.update(source, start, *rival, &parameters)?)
            }
            None => None,
        };
        let outcome = match near {
            Some(near) if near.registration.is_some() => near,
            _ => reference.register(source, &parameters)?,
        };
        Ok(self.conclude(acquired_at, source, &outcome))
    }

    fn conclude(
        &mut self,
        acquired_at: Timestamp,
        source: &Centrelines,
        outcome: &Outcome,
    ) -> Registration {
        let reason = match &outcome.assessment.verdict {
            Verdict::Accepted => "it fits, and nobody has confirmed it".to_owned(),
            Verdict::Unverified(doubt) => doubt.to_string(),
            Verdict::Refused(refusal) => refusal.to_string(),
        };
        let fitted = outcome.registration.as_ref().zip(outcome.assessment.fit.as_ref());
        let aligned = fitted.and_then(|(registration, figures)| {
            let alignment = Alignment {
                preoperative_from_patient: Transform::from_isometry(
                    *registration.deformation.target_from_source(),
                ),
                field: field(registration, source)?,
                fit: Fit {
                    explained: figures.score,
                    residual_mm: figures.rms_mm,
                    rival: figures.rival,
                },
                data_acquired_at: acquired_at,
            };
            Some((alignment, figures.rival))
        });
        let was_accepted = self.found.as_ref().is_some_and(|found| found.accepted);
        let Some((alignment, rival)) = aligned else {
            // What was accepted stays, with its age; what was only found is given up.
            self.found = self.found.take().filter(|found| found.accepted);
            let alignment = self.found.as_ref().map(|found| found.alignment.clone());
            let state = if alignment.is_some() {
                RegistrationState::Degraded { reason }
            } else {
                RegistrationState::Refused { reason }
            };
            return Registration { state, alignment };
        };
        let sure = outcome.assessment.verdict == Verdict::Accepted;
        let accepted = was_accepted || (sure && self.accept_automatically);
        let state = match (accepted, sure) {
            (true, true) => RegistrationState::Accepted,
            (true, false) => RegistrationState::Degraded { reason },
            (false, _) => RegistrationState::Unverified { reason },
        };
        self.found = Some(Found { alignment: alignment.clone(), rival, accepted });
        Registration { state, alignment: Some(alignment) }
    }
}
