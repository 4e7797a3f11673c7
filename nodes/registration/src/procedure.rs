//! The registration of one operation: what was seen, touched and said, and what follows from it.

mod anchor;
mod images;

use messages::{
    Alignment, Centrelines, Fit, Instruction, InstructionKind, LandmarkCheck, LandmarkTouch,
    Landmarks, Point, Preoperative, Registration, Timestamp, Transform,
};

use crate::assessment::{Doubt, Verdict};
use crate::field::field;
use crate::parameters::{ParameterError, Parameters};
use crate::reference::{Outcome, Reference};
use crate::standing::{Happening, NothingThere, Rules, Standing};
use crate::touched::Touched;

use self::anchor::Anchor;
use self::images::Images;

/// What was found last.
struct Found {
    alignment: Alignment,
    /// Score of the second best pose by that of the best, in the last search without a guess.
    rival: Option<f64>,
    /// Length of the tree that was searched with.
    searched_mm: f64,
}

/// The registration of one operation.
pub struct Procedure {
    parameters: Parameters,
    rules: Rules,
    reference: Option<Reference>,
    /// The newest tree of the patient; a map that comes later is registered to it.
    seen: Option<(Timestamp, Centrelines)>,
    /// The volume that takes the place of what was swept before it.
    anchor: Option<Anchor>,
    found: Option<Found>,
    /// What was marked in the preoperative image.
    landmarks: Option<Landmarks<Preoperative>>,
    touched: Touched,
    images: Images,
    standing: Standing,
}

/// Why something changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A parameter is not usable.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// A person or a landmark speaks of a registration that is not there.
    #[error(transparent)]
    NothingThere(#[from] NothingThere),
    /// What was touched was not marked.
    #[error("no landmark is called `{landmark}`; the preoperative image has [{known}]")]
    NoSuchLandmark {
        /// Its name.
        landmark: String,
        /// Those that are marked.
        known: String,
    },
    /// The registration says nothing of the place.
    #[error("`{landmark}` was touched where nothing is registered; sweep over the vessels there")]
    OutsideRegistered {
        /// Its name.
        landmark: String,
    },
}

/// A tree that has grown by this factor is searched anew while nobody has accepted anything.
const GROWN: f64 = 1.15;
const NO_MAP: &str = "no tree of the preoperative image has come yet";
const NOTHING_SEEN: &str = "no vessels have been seen in the patient yet";

impl Procedure {
    /// Before anything has come.
    pub fn new(parameters: Parameters, rules: Rules) -> Self {
        Self {
            parameters,
            rules,
            reference: None,
            seen: None,
            anchor: None,
            found: None,
            landmarks: None,
            touched: Touched::default(),
            images: Images::default(),
            standing: Standing::none(NO_MAP),
        }
    }

    /// The registration as it stands.
    pub fn registration(&self) -> Registration {
        let state = self.images.doubt(self.standing.state().clone());
        let found = self.found.as_ref().filter(|_| state.is_aligned());
        let mut alignment = found.map(|found| found.alignment.clone());
        if let Some(alignment) = &mut alignment {
            widen(alignment, self.images.least_error_mm());
        }
        Registration { state, alignment }
    }

    /// A preoperative tree; what was found before belongs to another. Answers when the newest tree of the patient was
    /// acquired, if one has come: it is registered at once.
    ///
    /// # Errors
    /// If a parameter is not usable.
    pub fn map(&mut self, tree: Centrelines) -> Result<Option<Timestamp>, Error> {
        self.reference = Some(Reference::new(tree));
        self.found = None;
        self.touched.forget();
        self.images.forget();
        if let Some(anchor) = &mut self.anchor {
            anchor.alignment = None;
        }
        self.standing = Standing::none(NOTHING_SEEN);
        let Some((seen_at, tree)) = self.seen.take() else { return Ok(None) };
        self.see(seen_at, tree)?;
        Ok(Some(seen_at))
    }

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
        let aligned = alignment(acquired_at, source, outcome);
        let happening = match &aligned {
            Some(alignment) => Happening::Fitted {
                doubt: doubt(outcome),
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
        if let Some(alignment) = aligned {
            let rival = alignment.fit.rival;
            self.found = Some(Found { alignment, rival, searched_mm });
            self.images.look_again();
            self.be_honest();
        }
        self.forget_what_is_refused();
        Ok(())
    }

    /// What a person says. Answers whether it concerns the registration.
    ///
    /// # Errors
    /// If there is nothing to accept or to reject.
    pub fn obey(&mut self, instruction: &Instruction) -> Result<bool, Error> {
        let Instruction { by, kind } = instruction;
        match kind {
            InstructionKind::AcceptRegistration => {
                self.standing.after(Happening::Accept, self.rules)?;
                self.touched.overrule();
                self.images.overrule();
            }
            InstructionKind::RejectRegistration { reason } => {
                self.standing.after(Happening::Reject { by, reason }, self.rules)?;
                self.forget_what_is_refused();
            }
            InstructionKind::TouchLandmark { .. } => return Ok(false),
        }
        Ok(true)
    }

    /// What was marked in the preoperative image.
    pub fn mark(&mut self, landmarks: Landmarks<Preoperative>) {
        self.landmarks = Some(landmarks);
    }

    /// How far a landmark that was touched lies from where the registration puts it.
    ///
    /// # Errors
    /// If there is nothing to check, no such landmark, or nothing is registered where it was touched: nothing changes.
    pub fn check(&mut self, touch: &LandmarkTouch) -> Result<LandmarkCheck, Error> {
        let Some(found) = &self.found else { return Err(NothingThere { what: "check" }.into()) };
        let LandmarkTouch { landmark, tool, touched, .. } = touch;
        let known = self.landmarks.as_ref().map(|all| &all.landmarks[..]).unwrap_or_default();
        let Some(mark) = known.iter().find(|mark| mark.name == *landmark) else {
            let known = known.iter().map(|mark| mark.name.as_str()).collect::<Vec<_>>();
            let landmark = landmark.clone();
            return Err(Error::NoSuchLandmark { landmark, known: known.join(", ") });
        };
        let Some(there) = found.alignment.preoperative(*touched) else {
            return Err(Error::OutsideRegistered { landmark: landmark.clone() });
        };
        let check = LandmarkCheck {
            landmark: landmark.clone(),
            tool: tool.clone(),
            planned: mark.position,
            touched: *touched,
            measured_mm: (there.point.xyz_mm - mark.position.xyz_mm).norm(),
            predicted_mm: there.error_mm,
        };
        self.touched.add(&check);
        if let Some(touch) = self.touched.newest(&found.alignment) {
            self.standing.after(Happening::Touched(touch), self.rules)?;
        }
        self.be_honest();
        self.forget_what_is_refused();
        Ok(check)
    }

    /// No bound of the error is below what was measured.
    fn be_honest(&mut self) {
        let Some(Found { alignment, .. }) = &mut self.found else { return };
        let least_mm = self.touched.largest_mm(alignment);
        widen(alignment, least_mm);
    }

    /// The next tree is searched from nothing.
    fn forget_what_is_refused(&mut self) {
        if !self.standing.state().is_aligned() {
            self.found = None;
            self.images.forget();
        }
    }
}

/// The alignment of an outcome, if it has one.
fn alignment(acquired_at: Timestamp, source: &Centrelines, outcome: &Outcome) -> Option<Alignment> {
    let registration = outcome.registration.as_ref()?;
    let figures = outcome.assessment.fit.as_ref()?;
    let isometry = *registration.deformation.target_from_source();
    Some(Alignment {
        preoperative_from_patient: Transform::from_isometry(isometry),
        field: field(registration, source)?,
        fit: Fit { explained: figures.score, residual_mm: figures.rms_mm, rival: figures.rival },
        data_acquired_at: acquired_at,
    })
}

/// Lets no bound of the error lie below `least_mm`.
fn widen(alignment: &mut Alignment, least_mm: f64) {
    let least_mm = least_mm as f32;
    let bounds = alignment.field.error_mm.as_slice();
    if bounds.iter().any(|mm| *mm < least_mm) {
        alignment.field.error_mm =
            bounds.iter().map(|mm| mm.max(least_mm)).collect::<Vec<_>>().into();
    }
}

/// What speaks against relying on an outcome.
fn doubt(outcome: &Outcome) -> Option<Doubt> {
    match &outcome.assessment.verdict {
        Verdict::Accepted => None,
        Verdict::Unverified(doubt) => Some(*doubt),
        Verdict::Refused(_) => Some(Doubt::NotSearched),
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
