//! The node `register`: finds how the preoperative map lies on the patient, and says how far to trust it.
//!
//! The first tree of vessels that is seen is registered without a guess; each later one from the last
//! pose, and without a guess again where that fails or nobody has accepted it yet. Nothing is fitted that cannot
//! be trusted: then the message says why, and carries no pose. What a person says and what was measured at touched
//! landmarks changes the state at once.

use messages::{
    Alignment, Centrelines, Fit, Health, Instruction, InstructionKind, LandmarkCheck, Patient,
    Point, Preoperative, Registration, RegistrationState, Stamped, Timestamp, Transform,
    VesselTree,
};
use runtime::{Context, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::assessment::{Doubt, Trust, Verdict};
use crate::field::field;
use crate::global::{GlobalParameters, PoseLimits};
use crate::parameters::ParameterError;
use crate::reference::{Outcome, Reference};
use crate::standing::{Happening, NothingThere, Rules, Standing};
use crate::touched::Touched;

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

inputs! {
    /// What the node hears: the trees, what a person says, what was measured at landmarks, and the tree of a volume
    /// that was acquired during the operation.
    pub enum Input {
        preoperative => Preoperative(VesselTree<Preoperative>),
        intraoperative => Intraoperative(VesselTree<Patient>),
        optional instructions => Instructions(Instruction),
        optional checks => Checks(LandmarkCheck),
        optional anchor => Anchor(VesselTree<Patient>),
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
    /// A person or a landmark speaks of a registration that is not there.
    #[error(transparent)]
    NothingThere(#[from] NothingThere),
}

/// What was found last.
struct Found {
    alignment: Alignment,
    /// Score of the second best pose by that of the best, in the last search without a guess.
    rival: Option<f64>,
    /// Length of the tree that was searched with.
    searched_mm: f64,
}

/// The node.
pub struct Register {
    parameters: crate::parameters::Parameters,
    rules: Rules,
    reference: Option<Reference>,
    /// The newest tree of the patient; a map that comes later is registered to it.
    seen: Option<(Timestamp, Centrelines)>,
    /// When the volume was acquired that replaces what was swept before it.
    anchored_at: Option<Timestamp>,
    found: Option<Found>,
    touched: Touched,
    standing: Standing,
}

/// A tree that has grown by this factor is searched anew while nobody has accepted anything.
const GROWN: f64 = 1.15;

impl Node for Register {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        let Parameters { accept_automatically, max_rotation_deg, wanted_error_mm, .. } = parameters;
        let Parameters { max_check_error_mm, max_move_mm, .. } = parameters;
        let lengths = [
            ("wanted_error_mm", wanted_error_mm),
            ("max_check_error_mm", max_check_error_mm),
            ("max_move_mm", max_move_mm),
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
        Ok(Self {
            parameters: crate::parameters::Parameters {
                global: GlobalParameters { limits, ..GlobalParameters::default() },
                trust: Trust { wanted_error_mm, ..Trust::default() },
                ..crate::parameters::Parameters::default()
            },
            rules: Rules { accept_automatically, max_check_error_mm, max_move_mm },
            reference: None,
            seen: None,
            anchored_at: None,
            found: None,
            touched: Touched::default(),
            standing: Standing::none(NO_MAP),
        })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        let acquired_at = match input {
            Input::Preoperative(Stamped { acquired_at, value: tree, .. }) => {
                self.reference = Some(Reference::new(tree.centrelines()?));
                self.found = None;
                self.touched.forget();
                self.standing = Standing::none(NOTHING_SEEN);
                match self.seen.take() {
                    Some((seen_at, tree)) => {
                        self.see(seen_at, tree)?;
                        seen_at
                    }
                    None => acquired_at,
                }
            }
            Input::Intraoperative(Stamped { acquired_at, value: tree, .. }) => {
                // A sweep from before the volume shows the body as it was then.
                if self.anchored_at.is_some_and(|anchored_at| acquired_at < anchored_at) {
                    return Ok(());
                }
                self.see(acquired_at, tree.centrelines()?)?;
                acquired_at
            }
            Input::Anchor(Stamped { acquired_at, value: tree, .. }) => {
                let tree = tree.centrelines()?;
                self.anchored_at = Some(acquired_at);
                self.touched.forget();
                if let Some(found) = &mut self.found {
                    found.searched_mm = 0.0;
                }
                self.see(acquired_at, tree)?;
                acquired_at
            }
            Input::Instructions(Stamped { acquired_at, value, .. }) => {
                if !self.obey(&value)? {
                    return Ok(());
                }
                acquired_at
            }
            Input::Checks(Stamped { acquired_at, value: check, .. }) => {
                self.check(&check)?;
                acquired_at
            }
        };
        let state = self.standing.state().clone();
        context.report(health(&state));
        let found = self.found.as_ref().filter(|_| state.is_aligned());
        let alignment = found.map(|found| found.alignment.clone());
        context.publish(acquired_at, Output::Registration(Registration { state, alignment }));
        Ok(())
    }
}

const NO_MAP: &str = "no tree of the preoperative image has come yet";
const NOTHING_SEEN: &str = "no vessels have been seen in the patient yet";

fn health(state: &RegistrationState) -> Health {
    match state {
        RegistrationState::Refused { reason } | RegistrationState::Degraded { reason } => {
            Health::Degraded { reason: reason.clone() }
        }
        _ => Health::Healthy,
    }
}

impl Register {
    /// Registers what is seen now.
    fn see(&mut self, acquired_at: Timestamp, tree: Centrelines) -> Result<(), Error> {
        if let Some(reference) = &self.reference {
            let (outcome, searched_mm) = self.fit(reference, &tree)?;
            self.conclude(acquired_at, &tree, &outcome, searched_mm)?;
        }
        self.seen = Some((acquired_at, tree));
        Ok(())
    }

    /// The better of the pose near the last one and the one that is found without a guess, where that is searched
    /// for; and the length of the tree that was searched with last.
    fn fit(&self, reference: &Reference, source: &Centrelines) -> Result<(Outcome, f64), Error> {
        let length_mm = source.length_mm();
        let mut near = None;
        if let Some(found) = &self.found {
            let Found { alignment, rival, searched_mm } = found;
            let start = alignment.preoperative_from_patient.isometry();
            let outcome = reference.update(source, start, *rival, &self.parameters)?;
            let searched = *searched_mm > 0.0
                && (self.standing.was_accepted() || length_mm < GROWN * searched_mm);
            if searched && outcome.registration.is_some() {
                return Ok((outcome, *searched_mm));
            }
            near = Some(outcome);
        }
        let anew = reference.register(source, &self.parameters)?;
        let score = |outcome: &Outcome| {
            let figures = outcome.registration.as_ref().and(outcome.assessment.fit.as_ref());
            figures.map_or(0.0, |figures| figures.score)
        };
        let best = match near {
            // The figures of the search hold for the pose it found.
            Some(near) if score(&near) > score(&anew) + BETTER => near,
            _ => anew,
        };
        Ok((best, length_mm))
    }

    fn conclude(
        &mut self,
        acquired_at: Timestamp,
        source: &Centrelines,
        outcome: &Outcome,
        searched_mm: f64,
    ) -> Result<(), Error> {
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
        let doubt = match &outcome.assessment.verdict {
            Verdict::Accepted => None,
            Verdict::Unverified(doubt) => Some(*doubt),
            Verdict::Refused(_) => Some(Doubt::NotSearched),
        };
        let happening = match &aligned {
            Some((alignment, _)) => Happening::Fitted {
                doubt,
                moved_mm: self
                    .found
                    .as_ref()
                    .map(|found| moved_mm(source, &found.alignment, alignment)),
                worst: self.touched.worst(alignment),
            },
            None => Happening::NothingFits {
                reason: match &outcome.assessment.verdict {
                    Verdict::Refused(refusal) => refusal.to_string(),
                    _ => "the tree has no places to say where they lie".to_owned(),
                },
            },
        };
        self.standing.after(happening, self.rules)?;
        if let Some((alignment, rival)) = aligned {
            self.found = Some(Found { alignment, rival, searched_mm });
            self.be_honest();
        }
        self.forget_what_is_refused();
        Ok(())
    }

    /// Whether the instruction concerns the registration.
    fn obey(&mut self, instruction: &Instruction) -> Result<bool, Error> {
        let Instruction { by, kind } = instruction;
        match kind {
            InstructionKind::AcceptRegistration => {
                self.standing.after(Happening::Accept, self.rules)?;
                self.touched.overrule();
            }
            InstructionKind::RejectRegistration { reason } => {
                self.standing.after(Happening::Reject { by, reason }, self.rules)?;
                self.forget_what_is_refused();
            }
            InstructionKind::TouchLandmark { .. } => return Ok(false),
        }
        Ok(true)
    }

    fn check(&mut self, check: &LandmarkCheck) -> Result<(), Error> {
        let Some(found) = &self.found else { return Err(NothingThere { what: "check" }.into()) };
        self.touched.add(check);
        if let Some(touch) = self.touched.newest(&found.alignment) {
            self.standing.after(Happening::Touched(touch), self.rules)?;
        }
        self.be_honest();
        self.forget_what_is_refused();
        Ok(())
    }

    /// No bound of the error is below what was measured.
    fn be_honest(&mut self) {
        let Some(Found { alignment, .. }) = &mut self.found else { return };
        let least_mm = self.touched.largest_mm(alignment) as f32;
        let bounds = alignment.field.error_mm.as_slice();
        if bounds.iter().any(|mm| *mm < least_mm) {
            alignment.field.error_mm =
                bounds.iter().map(|mm| mm.max(least_mm)).collect::<Vec<_>>().into();
        }
    }

    /// The next tree is searched from nothing.
    fn forget_what_is_refused(&mut self) {
        if !self.standing.state().is_aligned() {
            self.found = None;
        }
    }
}

/// By how much more a pose must explain to be preferred to one that was found without a guess.
const BETTER: f64 = 0.03;
/// Places that tell how far the vessels moved.
const PLACES: usize = 100;

/// How far the places of a tree move from one alignment to another, on average over those that both reach; endlessly
/// where there are none.
fn moved_mm(source: &Centrelines, before: &Alignment, after: &Alignment) -> f64 {
    let nodes = source.nodes();
    let (mut sum, mut count) = (0.0, 0);
    for node in nodes.iter().step_by(nodes.len().div_ceil(PLACES).max(1)) {
        let place = Point::new(node.position_mm);
        let ends = before.preoperative(place).zip(after.preoperative(place));
        if let Some((a, b)) = ends {
            sum += (a.point.xyz_mm - b.point.xyz_mm).norm();
            count += 1;
        }
    }
    if count > 0 { sum / f64::from(count) } else { f64::INFINITY }
}
