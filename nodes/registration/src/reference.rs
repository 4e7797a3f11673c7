//! A preoperative tree, and how another is registered to it from beginning to end.

use messages::Centrelines;
use messages::centrelines::Sample;
use nalgebra::{Isometry3, Point3};

use crate::assessment::{self, Assessment, Refusal, Verdict};
use crate::deformable::Deformation;
use crate::error_bound;
use crate::global::{self, FINE_REACH_MM, every};
use crate::measure::{Fitted, figures};
use crate::parameters::{ParameterError, Parameters};
use crate::rigid::{self, RigidFit};
use crate::score::overlap;
use crate::straightness::straight_fraction;
use crate::target::{SAMPLE_MM, TANGENT_SPAN_MM, Target};

/// Samples used for refining and for bending; more only take time.
const RIGID_SAMPLES: usize = 300;
const BENT_SAMPLES: usize = 150;

/// A preoperative tree, prepared.
#[derive(Clone, Debug)]
pub struct Reference {
    tree: Centrelines,
    target: Target,
    straight_fraction: f64,
}

/// A registration that was not refused.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The rigid part, with its covariance.
    pub rigid: RigidFit,
    /// Rigid and bent.
    pub deformation: Deformation,
}

impl Registration {
    /// Where a point of the source lies in the target, bent.
    pub fn apply(&self, source: &Point3<f64>) -> Point3<f64> {
        self.deformation.apply(source)
    }

    /// The error in millimetres of [`Registration::apply`] at a point of the source, not exceeded in 95 of 100 cases.
    ///
    /// It holds if the pose is right, and if the organ deforms about as smoothly as the parameters allow for. It grows
    /// away from the data.
    pub fn predict_error_mm(&self, source: &Point3<f64>) -> f64 {
        let place = self.deformation.target_from_source() * source;
        INFLATION * error_bound::bound_95(&self.deformation.covariance_mm2(&place))
    }
}

/// The covariance knows nothing of wrong matches and of a stiffness that is itself estimated; this makes up for it.
const INFLATION: f64 = 1.3;

/// Taken for the rival where no other pose was found at all: that few poses were tried does not make one stand alone.
const NO_OTHER: f64 = 0.5;

/// What came of a registration.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The registration, unless it was refused.
    pub registration: Option<Registration>,
    /// What can be said of it.
    pub assessment: Assessment,
}

impl Reference {
    /// Prepares a preoperative tree (in its own frame, LPS millimetres).
    pub fn new(tree: Centrelines) -> Self {
        let target = Target::new(&tree);
        let straight_fraction = straight_fraction(&target.samples);
        Self { tree, target, straight_fraction }
    }

    /// The tree.
    pub fn tree(&self) -> &Centrelines {
        &self.tree
    }

    /// The tree, prepared for finding what lies near a point.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Registers a tree without a guess; limits of the pose, where known, are in the parameters.
    ///
    /// # Errors
    /// If a parameter is not usable. A source that cannot be registered is no error but refused.
    pub fn register(
        &self,
        source: &Centrelines,
        parameters: &Parameters,
    ) -> Result<Outcome, ParameterError> {
        parameters.check()?;
        let samples = source.samples(SAMPLE_MM, TANGENT_SPAN_MM);
        let before = assessment::before(source, &samples, &self.tree, &parameters.trust);
        if self.is_hopeless(&before, parameters) {
            return Ok(Outcome { registration: None, assessment: before });
        }
        let found = global::search(source, &samples, &self.tree, &self.target, &parameters.global);
        let Some(best) = found.first() else { return Ok(refused(before, Refusal::NoPose)) };
        let rival = found.get(1).map_or(NO_OTHER, |other| other.score / best.score.max(1e-9));
        Ok(self.finish(
            source,
            &samples,
            &best.fit.target_from_source,
            Some(rival),
            before,
            parameters,
        ))
    }

    /// Registers a tree that lies about where `start` puts it, such as the last registration.
    ///
    /// `rival` is that of the global search in which the start was found; without it the verdict is at most unverified.
    ///
    /// # Errors
    /// If a parameter is not usable.
    pub fn update(
        &self,
        source: &Centrelines,
        start: &Isometry3<f64>,
        rival: Option<f64>,
        parameters: &Parameters,
    ) -> Result<Outcome, ParameterError> {
        parameters.check()?;
        let samples = source.samples(SAMPLE_MM, TANGENT_SPAN_MM);
        let before = assessment::before(source, &samples, &self.tree, &parameters.trust);
        if self.is_hopeless(&before, parameters) {
            return Ok(Outcome { registration: None, assessment: before });
        }
        Ok(self.finish(source, &samples, start, rival, before, parameters))
    }

    /// Whether a fit need not be tried. Vessels of the pelvis are nearly as straight as wires; whether they are vessels is
    /// seen by whether they lie on those of a tree that is not itself made of lines.
    fn is_hopeless(&self, before: &Assessment, parameters: &Parameters) -> bool {
        let may_be_vessels =
            straight(before).is_some() && self.straight_fraction <= parameters.trust.most_straight;
        matches!(before.verdict, Verdict::Refused(_)) && !may_be_vessels
    }

    fn finish(
        &self,
        source: &Centrelines,
        samples: &[Sample],
        start: &Isometry3<f64>,
        rival: Option<f64>,
        mut assessment: Assessment,
        parameters: &Parameters,
    ) -> Outcome {
        let Some(rigid) =
            rigid::refine(&every(samples, RIGID_SAMPLES), &self.target, start, &parameters.rigid)
        else {
            return refused(assessment, Refusal::NoPose);
        };
        let few = every(samples, BENT_SAMPLES);
        let fitted =
            Deformation::fit(&few, &self.target, &rigid.target_from_source, &parameters.deformable);
        let Ok(deformation) = fitted else { return refused(assessment, Refusal::NoPose) };
        let rigid_score = overlap(samples, &self.target, &rigid.target_from_source, FINE_REACH_MM);
        let registration = Registration { rigid, deformation };
        let central_error_mm = registration.predict_error_mm(&rigid::centroid(samples));
        let fitted = Fitted {
            source_tree: source,
            source: &few,
            target_tree: &self.tree,
            target: &self.target,
            deformation: &registration.deformation,
        };
        let figures = figures(&fitted, rigid_score, rival, central_error_mm);
        let verdict = figures.verdict(&parameters.trust);
        assessment.verdict = match straight(&assessment) {
            None => verdict,
            Some(refusal) => verdict.of_straight(refusal, figures.score, &parameters.trust),
        };
        assessment.fit = Some(figures);
        let registration =
            (!matches!(assessment.verdict, Verdict::Refused(_))).then_some(registration);
        Outcome { registration, assessment }
    }
}

/// The refusal of what lies on straight lines, if that is what was said before the fit.
fn straight(assessment: &Assessment) -> Option<Refusal> {
    match assessment.verdict {
        Verdict::Refused(refusal @ Refusal::StraightLines { .. }) => Some(refusal),
        _ => None,
    }
}

fn refused(mut assessment: Assessment, reason: Refusal) -> Outcome {
    assessment.verdict = Verdict::Refused(straight(&assessment).unwrap_or(reason));
    Outcome { registration: None, assessment }
}
