//! How far a registration puts targets from where they truly are.

use std::collections::{BTreeMap, VecDeque};

use messages::{
    Landmarks, Patient, Point, Preoperative, Registration, RegistrationState, Score, Timestamp,
};

use super::histogram::Histogram;
use super::{score, share};

/// Registrations that wait for the truth of their time.
const KEPT: usize = 16;

/// The errors of all registrations at the targets, while they are in force.
#[derive(Clone, Debug, Default)]
pub struct RegistrationError {
    planned: BTreeMap<String, Point<Preoperative>>,
    registrations: VecDeque<(Timestamp, Registration)>,
    /// The newest truth: measured when the next one comes, so that the registration made from the
    /// images of its time has arrived by then.
    waiting: Option<(Timestamp, Landmarks<Patient>)>,
    first_accepted: Option<Timestamp>,
    inside: Histogram,
    everywhere: Histogram,
    last: Histogram,
    within: u64,
}

impl RegistrationError {
    /// Where the targets lie in the preoperative image.
    pub fn planned(&mut self, targets: Landmarks<Preoperative>) {
        self.planned =
            targets.landmarks.into_iter().map(|mark| (mark.name, mark.position)).collect();
    }

    /// A registration of an instant.
    pub fn registered(&mut self, at: Timestamp, registration: Registration) {
        if registration.state == RegistrationState::Accepted {
            self.first_accepted.get_or_insert(at);
        }
        if self.registrations.len() == KEPT {
            self.registrations.pop_front();
        }
        self.registrations.push_back((at, registration));
    }

    /// Where the targets truly are at an instant. Answers the instant before it that could be measured now, and the
    /// errors then of the targets where something was registered.
    pub fn truly(
        &mut self,
        at: Timestamp,
        targets: Landmarks<Patient>,
    ) -> Option<(Timestamp, &Histogram)> {
        let measured = self.measure();
        self.waiting = Some((at, targets));
        measured.map(|at| (at, &self.last))
    }

    /// Measures what still waits; nothing more comes. Answers as [`truly`](Self::truly).
    pub fn finish(&mut self) -> Option<(Timestamp, &Histogram)> {
        let measured = self.measure();
        measured.map(|at| (at, &self.last))
    }

    fn measure(&mut self) -> Option<Timestamp> {
        let (at, targets) = self.waiting.take()?;
        let before = self.registrations.iter().rev().find(|(made, _)| *made <= at);
        let alignment = before.and_then(|(_, made)| made.alignment.as_ref())?;
        let mut last = Histogram::default();
        for target in &targets.landmarks {
            let Some(planned) = self.planned.get(&target.name) else { continue };
            let apart = |there: Point<Preoperative>| (there.xyz_mm - planned.xyz_mm).norm();
            if let Some(displaced) = alignment.preoperative(target.position) {
                let error_mm = apart(displaced.point);
                self.inside.add(error_mm);
                self.everywhere.add(error_mm);
                last.add(error_mm);
                self.within += u64::from(error_mm <= displaced.error_mm);
            } else {
                // Where nothing was registered, the rigid part is the best guess that there is.
                self.everywhere.add(apart(alignment.preoperative_from_patient * target.position));
            }
        }
        self.last = last;
        Some(at)
    }

    /// The figures; times count from `start`.
    pub fn scores(&self, start: Timestamp) -> Vec<Score> {
        let accepted_s = self.first_accepted.map(|at| at.since(start).as_secs_f64());
        let error = |of: &str, part: f64, histogram: &Histogram| {
            let measure = format!("registration error, {of}");
            score(measure, histogram.quantile(part), "mm", histogram.count())
        };
        vec![
            score("registration first accepted", accepted_s, "s", u64::from(accepted_s.is_some())),
            error("median", 0.5, &self.inside),
            error("p95", 0.95, &self.inside),
            error("median at the end", 0.5, &self.last),
            error("p95 at the end", 0.95, &self.last),
            error("median of all targets", 0.5, &self.everywhere),
            error("p95 of all targets", 0.95, &self.everywhere),
            share("registration error within its bound", self.within, self.inside.count()),
        ]
    }
}
