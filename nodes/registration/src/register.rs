//! The node `register`: finds how the preoperative map lies on the patient, and says how far to trust it.
//!
//! The first tree of vessels that is seen is registered without a guess; each later one from the last
//! pose, and without a guess again where that fails or nobody has accepted it yet. Nothing is fitted that cannot
//! be trusted: then the message says why, and carries no pose. What a person says and what was measured at touched
//! landmarks changes the state at once. Live images in which vessels lie beside those of the map degrade it within about
//! two seconds, and widen the bound of the error, until they lie on them again.

use messages::{
    Health, Instruction, LandmarkCheck, LandmarkTouch, Landmarks, Patient, Preoperative,
    Registration, RegistrationState, SegmentedImage, Stamped, VesselTree,
};
use runtime::{Context, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::assessment::Trust;
use crate::deformable::DeformableParameters;
use crate::global::{GlobalParameters, PoseLimits};
use crate::procedure::{self, Procedure};
use crate::standing::Rules;

/// Parameters of the node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Whether a registration that fits and is the only one that does is accepted at once. By default
    /// it stays unverified until a person accepts it or a touched landmark confirms it.
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
    /// The most that a touched landmark may lie from where the registration puts it, in millimetres: up to that
    /// the touch confirms the registration, beyond it degrades it, and beyond twice that it refuses it.
    #[serde(default = "max_check_error_mm")]
    #[schemars(default = "max_check_error_mm", range(min = 0.1, max = 50.0))]
    pub max_check_error_mm: f64,
    /// The most that a new pose may move the vessels against what a person or a landmark confirmed, in millimetres;
    /// what moves further is to be confirmed anew.
    #[serde(default = "max_move_mm")]
    #[schemars(default = "max_move_mm", range(min = 1.0, max = 200.0))]
    pub max_move_mm: f64,
    /// How far the organ may bend: the greatest standard deviation of its displacement against the rigid pose that is
    /// considered, in millimetres. A small one for what is stiff, or to see what bending does.
    #[serde(default = "max_bending_mm")]
    #[schemars(default = "max_bending_mm", range(min = 0.1, max = 50.0))]
    pub max_bending_mm: f64,
}

fn wanted_error_mm() -> f64 {
    Trust::default().wanted_error_mm
}
fn max_check_error_mm() -> f64 {
    6.0
}
fn max_move_mm() -> f64 {
    15.0
}

fn max_bending_mm() -> f64 {
    DeformableParameters::default().amplitudes_mm.into_iter().fold(0.0, f64::max)
}

inputs! {
    /// What the node hears: the trees, what a person says, landmarks of the preoperative image and where they were
    /// touched, the tree of a volume that was acquired during the operation, and the live images with their vessels.
    pub enum Input {
        preoperative => Preoperative(VesselTree<Preoperative>),
        intraoperative => Intraoperative(VesselTree<Patient>),
        optional instructions => Instructions(Instruction),
        optional landmarks => Landmarks(Landmarks<Preoperative>),
        optional touches => Touches(LandmarkTouch),
        optional anchor => Anchor(VesselTree<Patient>),
        optional images => Images(SegmentedImage),
    }
}
outputs! {
    /// What the node says; a check was acquired at the instant of touching.
    pub enum Output {
        registration => Registration(Registration),
        check => Check(LandmarkCheck),
    }
}

/// Why there is no registration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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
    /// Nothing follows from what came.
    #[error(transparent)]
    Procedure(#[from] procedure::Error),
}

/// The node.
pub struct Register(Procedure);

impl Node for Register {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        let Parameters { accept_automatically, max_rotation_deg, wanted_error_mm, .. } = parameters;
        let Parameters { max_check_error_mm, max_move_mm, max_bending_mm, .. } = parameters;
        let lengths = [
            ("wanted_error_mm", wanted_error_mm),
            ("max_check_error_mm", max_check_error_mm),
            ("max_move_mm", max_move_mm),
            ("max_bending_mm", max_bending_mm),
        ];
        for (name, came) in lengths {
            if !(came > 0.0) {
                return Err(Error::Range { name, expected: "above 0 mm", came });
            }
        }
        if let Some(came) = max_rotation_deg.filter(|degrees| !(*degrees > 0.0)) {
            let expected = "above 0 degrees";
            return Err(Error::Range { name: "max_rotation_deg", expected, came });
        }
        let limits = max_rotation_deg.map(|degrees| PoseLimits {
            target_from_source: nalgebra::Isometry3::identity(),
            max_rotation_rad: degrees.to_radians(),
            max_translation_mm: f64::INFINITY,
        });
        let parameters = crate::parameters::Parameters {
            global: GlobalParameters { limits, ..GlobalParameters::default() },
            deformable: DeformableParameters::default().up_to(max_bending_mm),
            trust: Trust { wanted_error_mm, ..Trust::default() },
            ..crate::parameters::Parameters::default()
        };
        let rules = Rules { accept_automatically, max_check_error_mm, max_move_mm };
        Ok(Self(Procedure::new(parameters, rules)))
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        let (acquired_at, is_new) = match input {
            Input::Preoperative(Stamped { acquired_at, value: tree, .. }) => {
                (self.0.map(tree.centrelines()?)?.unwrap_or(acquired_at), true)
            }
            Input::Intraoperative(Stamped { acquired_at, value: tree, .. }) => {
                (acquired_at, self.0.sweep(acquired_at, tree.centrelines()?)?)
            }
            Input::Anchor(Stamped { acquired_at, value: tree, .. }) => {
                self.0.anchor(acquired_at, tree.centrelines()?)?;
                (acquired_at, true)
            }
            Input::Images(Stamped { acquired_at, value, .. }) => {
                (acquired_at, self.0.image(acquired_at, &value))
            }
            Input::Instructions(Stamped { acquired_at, value, .. }) => {
                (acquired_at, self.0.obey(&value)?)
            }
            Input::Landmarks(Stamped { acquired_at, value, .. }) => {
                self.0.mark(value);
                (acquired_at, false)
            }
            Input::Touches(Stamped { acquired_at, value: touch, .. }) => {
                let check = self.0.check(&touch)?;
                context.publish(acquired_at, Output::Check(check));
                (acquired_at, true)
            }
        };
        if is_new {
            let registration = self.0.registration();
            context.report(health(&registration.state));
            context.publish(acquired_at, Output::Registration(registration));
        }
        Ok(())
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
