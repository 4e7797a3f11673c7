//! A volume acquired during the operation: the registration begins anew from it, and sweeps are held against it.
//!
//! It shows more of the vessels than a sweep, all at one instant. So what was confirmed before it no longer counts,
//! and a sweep made after it takes its place only once that is as sure; until then the sweep can only tell that the
//! organ has moved again. A volume that cannot be registered changes no place, but speaks against what is there.

use messages::{Centrelines, Timestamp};
use nalgebra::Point3;

use super::{Error, Procedure, alignment, doubt, moved_mm};
use crate::assessment::{Doubt, Refusal, Verdict};
use crate::reference::Outcome;
use crate::standing::Happening;

/// A bound of the error that is larger by up to this factor is as good.
const AS_SURE: f64 = 1.1;

/// The volume from which the registration began anew.
pub(super) struct Anchor {
    acquired_at: Timestamp,
    /// Of its alignment, while that is in force.
    pub(super) alignment: Option<Sure>,
}

/// How sure the alignment of a volume is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sure {
    /// The midst of its vessels, in the patient.
    midst_mm: Point3<f64>,
    /// The 95 % bound of the error there.
    error_mm: f64,
    doubt: Option<Doubt>,
}

/// What a sweep made after a volume says about it.
enum Held {
    /// It is as sure, even in the midst of the volume, and takes its place.
    AsSure(Box<Outcome>),
    /// Too little is seen to say anything.
    Silent,
    /// It lies on it, up to this much on average.
    LiesOnIt { off_mm: f64 },
    /// It does not.
    Elsewhere { reason: String },
}

impl Procedure {
    /// A tree of the patient that was swept. Answers whether it counts: one from before the volume that was acquired
    /// meanwhile shows the body as it was then, and one that shows little says nothing against the volume.
    ///
    /// # Errors
    /// If a parameter is not usable.
    pub fn sweep(&mut self, acquired_at: Timestamp, tree: Centrelines) -> Result<bool, Error> {
        let Some(anchor) = &self.anchor else {
            self.see(acquired_at, tree)?;
            return Ok(true);
        };
        if acquired_at < anchor.acquired_at {
            return Ok(false);
        }
        let Some(sure) = anchor.alignment.filter(|_| self.found.is_some()) else {
            self.see(acquired_at, tree)?;
            return Ok(true);
        };
        let happening = match self.held(&tree, sure)? {
            Held::AsSure(outcome) => {
                if let Some(anchor) = &mut self.anchor {
                    anchor.alignment = None;
                }
                let searched_mm = self.found.as_ref().map_or(0.0, |found| found.searched_mm);
                self.conclude(acquired_at, &tree, &outcome, searched_mm)?;
                self.seen = Some((acquired_at, tree));
                return Ok(true);
            }
            Held::Silent => return Ok(false),
            Held::Elsewhere { reason } => Happening::Contested { reason, lasting: false },
            Held::LiesOnIt { off_mm } => Happening::Fitted {
                doubt: sure.doubt,
                moved_mm: Some(off_mm),
                worst: self.found.as_ref().and_then(|found| self.touched.worst(&found.alignment)),
            },
        };
        self.standing.after(happening, self.rules)?;
        self.forget_what_is_refused();
        Ok(true)
    }

    fn held(&self, tree: &Centrelines, sure: Sure) -> Result<Held, Error> {
        let (Some(reference), Some(found)) = (&self.reference, &self.found) else {
            return Ok(Held::Silent);
        };
        let start = found.alignment.preoperative_from_patient.isometry();
        let outcome = reference.update(tree, start, found.rival, &self.parameters)?;
        let error_mm = outcome.registration.as_ref().map(|it| it.predict_error_mm(&sure.midst_mm));
        let as_sure = error_mm.is_some_and(|mm| mm <= AS_SURE * sure.error_mm);
        Ok(match &outcome.assessment.verdict {
            Verdict::Accepted if as_sure => Held::AsSure(Box::new(outcome)),
            Verdict::Refused(refusal @ Refusal::PoorFit { .. }) => Held::Elsewhere {
                reason: format!("what was swept since the volume does not lie on it: {refusal}"),
            },
            Verdict::Refused(_) => Held::Silent,
            Verdict::Accepted | Verdict::Unverified(_) => {
                // When it was acquired is of no matter: the alignment is only compared.
                let at = found.alignment.data_acquired_at;
                let Some(other) = alignment(at, tree, &outcome) else { return Ok(Held::Silent) };
                let off_mm = moved_mm(tree, &found.alignment, &other);
                let most_mm = self.rules.max_move_mm;
                if off_mm <= most_mm {
                    Held::LiesOnIt { off_mm }
                } else if off_mm.is_finite() {
                    let reason = format!(
                        "what was swept since the volume lies {off_mm:.0} mm off it, {most_mm:.0} mm are allowed"
                    );
                    Held::Elsewhere { reason }
                } else {
                    Held::Silent
                }
            }
        })
    }

    /// The tree of a volume that was acquired meanwhile. If it is registered, everything begins anew from it; else what
    /// there is stays, and is contested.
    ///
    /// # Errors
    /// If a parameter is not usable.
    pub fn anchor(&mut self, acquired_at: Timestamp, tree: Centrelines) -> Result<(), Error> {
        let Some(reference) = &self.reference else {
            self.anchor = Some(Anchor { acquired_at, alignment: None });
            self.touched.forget();
            self.seen = Some((acquired_at, tree));
            return Ok(());
        };
        if let Some(found) = &mut self.found {
            // The organ may lie anywhere now: poses are searched without a guess as well.
            found.searched_mm = 0.0;
        }
        let (outcome, searched_mm) = self.fit(reference, &tree)?;
        if let Verdict::Refused(refusal) = &outcome.assessment.verdict {
            let reason = format!("the volume acquired meanwhile cannot be registered: {refusal}");
            self.standing.after(Happening::Contested { reason, lasting: true }, self.rules)?;
            self.forget_what_is_refused();
            return Ok(());
        }
        self.touched.forget();
        self.images.forget();
        self.standing.begin_anew();
        self.conclude(acquired_at, &tree, &outcome, searched_mm)?;
        let midst_mm = midst(&tree);
        let sure = outcome.registration.as_ref().map(|registration| Sure {
            midst_mm,
            error_mm: registration.predict_error_mm(&midst_mm),
            doubt: doubt(&outcome),
        });
        let alignment = sure.filter(|_| self.found.is_some());
        self.anchor = Some(Anchor { acquired_at, alignment });
        self.seen = Some((acquired_at, tree));
        Ok(())
    }
}

/// The centroid of a tree's nodes.
fn midst(tree: &Centrelines) -> Point3<f64> {
    let count = tree.nodes().len().max(1) as f64;
    let sum: nalgebra::Vector3<f64> = tree.nodes().iter().map(|node| node.position_mm.coords).sum();
    Point3::from(sum / count)
}
