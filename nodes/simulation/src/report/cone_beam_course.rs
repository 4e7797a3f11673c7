//! How long it takes from a cone-beam image to the registration made from it, and what it gains.

use std::time::Duration;

use messages::{Registration, RegistrationState, Score, Timestamp};

use super::histogram::Histogram;
use super::score;

/// The course of a cone-beam image through the procedure, and the registration's errors before and after it.
///
/// Times count from when this node took the image, which it gets whole, to when it took what was made of it; on the
/// simulated clock no time passes between them, and there are no such figures.
#[derive(Clone, Debug, Default)]
pub struct ConeBeamCourse {
    packed_after: Duration,
    /// When the image was acquired and when it was taken.
    image: Option<(Timestamp, Timestamp)>,
    labels: Option<Duration>,
    tree: Option<Duration>,
    registration: Option<Duration>,
    /// How long after the packs the registration was first said to be degraded.
    noticed: Option<Duration>,
    /// Errors at the targets before the packs were laid, before the image was registered, and after.
    errors: [Histogram; 3],
}

impl ConeBeamCourse {
    /// Of a procedure in which packs are laid so long after its start.
    pub fn new(packed_after: Duration) -> Self {
        Self { packed_after, ..Self::default() }
    }

    /// The image, acquired at an instant and taken `now`; the first one counts.
    pub fn image(&mut self, acquired_at: Timestamp, now: Timestamp) {
        self.image.get_or_insert((acquired_at, now));
    }

    /// Labels of an image.
    pub fn labelled(&mut self, acquired_at: Timestamp, now: Timestamp) {
        self.labels = self.labels.or(self.since(acquired_at, now));
    }

    /// The tree of an image.
    pub fn traced(&mut self, acquired_at: Timestamp, now: Timestamp) {
        self.tree = self.tree.or(self.since(acquired_at, now));
    }

    /// Any registration of an instant, in a procedure that began at `start`; the first that was made from the image counts.
    pub fn registered(
        &mut self,
        at: Timestamp,
        registration: &Registration,
        start: Timestamp,
        now: Timestamp,
    ) {
        let packed_at = start + self.packed_after;
        let is_degraded = matches!(registration.state, RegistrationState::Degraded { .. });
        if is_degraded && at >= packed_at && self.registration.is_none() {
            self.noticed.get_or_insert(at.since(packed_at));
        }
        if let Some(alignment) = &registration.alignment {
            self.registration = self.registration.or(self.since(alignment.data_acquired_at, now));
        }
    }

    fn since(&self, acquired_at: Timestamp, now: Timestamp) -> Option<Duration> {
        let (_, taken) = self.image.filter(|(image, _)| *image == acquired_at)?;
        Some(now.since(taken))
    }

    /// The errors of an instant in a procedure that began at `start`.
    pub fn measured(&mut self, at: Timestamp, errors: &Histogram, start: Timestamp) {
        let registered_at =
            self.image.zip(self.registration).map(|((_, taken), took)| taken + took);
        let phase = if registered_at.is_some_and(|registered_at| at >= registered_at) {
            2
        } else {
            usize::from(at.since(start) >= self.packed_after)
        };
        self.errors[phase].add_all(errors);
    }

    /// The figures, once an image has come.
    pub fn scores(&self) -> Vec<Score> {
        if self.image.is_none() {
            return Vec::new();
        }
        let steps =
            [("labels", self.labels), ("tree", self.tree), ("registration", self.registration)];
        let mut scores = Vec::new();
        for (to, took) in steps {
            let took_ms = took.filter(|took| !took.is_zero()).map(|took| 1e3 * took.as_secs_f64());
            let measure = format!("time from cone beam to {to}");
            scores.push(score(measure, took_ms, "ms", u64::from(took_ms.is_some())));
        }
        let noticed_s = self.noticed.map(|noticed| noticed.as_secs_f64());
        let count = u64::from(noticed_s.is_some());
        scores.push(score("packing noticed in live images after", noticed_s, "s", count));
        let phases = ["before packing", "before the cone beam", "after the cone beam"];
        for (phase, errors) in phases.into_iter().zip(&self.errors) {
            for (name, part) in [("median", 0.5), ("p95", 0.95)] {
                let measure = format!("registration error {phase}, {name}");
                scores.push(score(measure, errors.quantile(part), "mm", errors.count()));
            }
        }
        scores
    }
}
