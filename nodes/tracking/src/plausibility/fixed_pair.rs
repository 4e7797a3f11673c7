//! Two sensors on one rigid body: if they move against each other, one has come off; if they lie apart otherwise than
//! calibrated, the magnetic field is distorted or one has come off.
//!
//! The pose of the second in the first, of each frame, is held against its mean over [`WARM_UP`] frames. Its noise:
//! `√2 σ` along and about each axis, and, as the first one's turning noise acts over their distance `d`, `σ_r d` across. What goes
//! beyond the tolerance is summed for each of the six axes ([`super::cusum`]) with the reference `k = 1`: a shift of
//! the tolerance and two deviations is found in about 20 frames. The mean of the warm-up is wrong by no more than
//! three of its own deviations, which the threshold allows for. The sums of one pair alarm once in 10⁶ hours.
//!
//! A warm-up whose spread is not that of the noise is no baseline: the pair is unsteady, and warms up anew.

use nalgebra::{Isometry3, Quaternion, Translation3, UnitQuaternion, Vector3};

use super::cusum::{Chart, Cusum};
use super::false_alarm::per_frame;

/// False alarms an hour, at most, of one pair.
pub const PER_HOUR: f64 = 1e-6;
/// Frames in which both sensors were seen, before the pair is watched.
pub const WARM_UP: usize = 400;
/// Half of the shift that is to be found soonest, in deviations.
const REFERENCE: f64 = 1.0;
/// So many deviations of its own the mean of the warm-up may be off.
const MEAN_OFF: f64 = 3.0;
/// One sum for each axis and direction, and two for the distance.
const SUMS: f64 = 14.0;
/// The mean square of noise over a warm-up: 1, and by its six deviations at most 1.25, with what the tolerance allows.
const STEADY: f64 = 1.25;

/// When a pair is no longer rigid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    noise_mm: f64,
    noise_rad: f64,
    tolerance_mm: f64,
    tolerance_rad: f64,
    distance_mm: Option<f64>,
    learned: Chart,
    calibrated: Chart,
}

impl Rule {
    /// For noise of standard deviation `noise_mm` along and `noise_rad` about each axis of each sensor, `rate_hz`
    /// frames a second; `distance_mm` is calibrated, if it is known.
    pub fn new(
        (noise_mm, noise_rad): (f64, f64),
        (tolerance_mm, tolerance_rad): (f64, f64),
        distance_mm: Option<f64>,
        rate_hz: f64,
    ) -> Self {
        let frames = SUMS / per_frame(rate_hz, PER_HOUR);
        let bias = MEAN_OFF / (WARM_UP as f64).sqrt();
        Self {
            noise_mm,
            noise_rad,
            tolerance_mm,
            tolerance_rad,
            distance_mm,
            learned: Chart::new(REFERENCE, bias, frames),
            calibrated: Chart::new(REFERENCE, 0.0, frames),
        }
    }

    /// The deviation of the relative position along each axis, for sensors so far apart, and of the relative turn.
    pub fn deviations(&self, distance_mm: f64) -> (f64, f64) {
        let across = self.noise_rad * distance_mm;
        let both = 2.0_f64.sqrt();
        ((both * self.noise_mm).hypot(across), both * self.noise_rad)
    }
}

/// What is wrong with a pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loose {
    /// The sensors have moved against each other, since the warm-up, by so much.
    Moved {
        /// How far.
        by_mm: f64,
        /// How much they turned.
        by_rad: f64,
    },
    /// They lie apart otherwise than calibrated.
    Apart {
        /// How far they seem to be apart.
        seen_mm: f64,
        /// How far they are.
        calibrated_mm: f64,
    },
    /// They did not keep still against each other during the warm-up.
    Unsteady,
}

/// Watches one pair.
#[derive(Clone, Debug, Default)]
pub struct FixedPair {
    learned: Learned,
    axes: [Cusum; 6],
    distance: Cusum,
    /// What is shown to a person: the mean of the last frames.
    smoothed: Option<Vector6>,
    smoothed_mm: Option<f64>,
}

type Vector6 = nalgebra::Vector6<f64>;

/// Each new frame's share in what is shown.
const SHARE: f64 = 0.1;

#[derive(Clone, Debug)]
enum Learned {
    /// Still warming up; since the last baseline was refused if `unsteady`.
    Not { seen: Vec<Isometry3<f64>>, unsteady: bool },
    /// Where the second is in the first.
    Baseline(Isometry3<f64>),
}

impl Default for Learned {
    fn default() -> Self {
        Self::Not { seen: Vec::new(), unsteady: false }
    }
}

impl FixedPair {
    /// Takes the poses of both sensors at one instant, if both are seen; says what is wrong, for as long as it is.
    pub fn see(
        &mut self,
        rule: &Rule,
        first: &Isometry3<f64>,
        second: &Isometry3<f64>,
    ) -> Option<Loose> {
        let apart = self.see_distance(rule, first, second);
        let relation = first.inv_mul(second);
        let loose = match &mut self.learned {
            Learned::Not { seen, unsteady } => {
                seen.push(relation);
                let was_unsteady = *unsteady;
                if seen.len() == WARM_UP {
                    self.learned = match baseline(rule, seen) {
                        Some(baseline) => Learned::Baseline(baseline),
                        None => Learned::Not { seen: Vec::new(), unsteady: true },
                    };
                }
                was_unsteady.then_some(Loose::Unsteady)
            }
            Learned::Baseline(baseline) => {
                let baseline = *baseline;
                self.see_relation(rule, &baseline, &relation)
            }
        };
        apart.or(loose)
    }

    fn see_distance(
        &mut self,
        rule: &Rule,
        first: &Isometry3<f64>,
        second: &Isometry3<f64>,
    ) -> Option<Loose> {
        let calibrated_mm = rule.distance_mm?;
        let distance_mm = (first.translation.vector - second.translation.vector).norm();
        let smoothed_mm = self.smoothed_mm.get_or_insert(distance_mm);
        *smoothed_mm += SHARE * (distance_mm - *smoothed_mm);
        let seen_mm = *smoothed_mm;
        let value = beyond(distance_mm - calibrated_mm, rule.tolerance_mm);
        let deviation = 2.0_f64.sqrt() * rule.noise_mm;
        self.distance
            .see(&rule.calibrated, value / deviation)
            .then_some(Loose::Apart { seen_mm, calibrated_mm })
    }

    fn see_relation(
        &mut self,
        rule: &Rule,
        baseline: &Isometry3<f64>,
        relation: &Isometry3<f64>,
    ) -> Option<Loose> {
        let off = residual(baseline, relation);
        let smoothed = self.smoothed.get_or_insert(off);
        *smoothed += SHARE * (off - *smoothed);
        let (along, about) =
            (smoothed.fixed_rows::<3>(0).norm(), smoothed.fixed_rows::<3>(3).norm());
        let (deviation_mm, deviation_rad) = rule.deviations(baseline.translation.vector.norm());
        let mut moved = false;
        for (axis, sum) in self.axes.iter_mut().enumerate() {
            let (tolerance, deviation) = if axis < 3 {
                (rule.tolerance_mm, deviation_mm)
            } else {
                (rule.tolerance_rad, deviation_rad)
            };
            moved |= sum.see(&rule.learned, beyond(off[axis], tolerance) / deviation);
        }
        moved.then_some(Loose::Moved { by_mm: along, by_rad: about })
    }
}

/// What of a value lies beyond the tolerance. Within it the value counts as none: then the reference alone brings a
/// sum back to zero, and false alarms are rarer than without a tolerance.
fn beyond(value: f64, tolerance: f64) -> f64 {
    (value.abs() - tolerance).max(0.0).copysign(value)
}

/// By how much `relation` differs from `baseline`: along and about the axes of the first sensor.
fn residual(baseline: &Isometry3<f64>, relation: &Isometry3<f64>) -> Vector6 {
    let along = relation.translation.vector - baseline.translation.vector;
    let about = (relation.rotation * baseline.rotation.inverse()).scaled_axis();
    Vector6::new(along.x, along.y, along.z, about.x, about.y, about.z)
}

/// The mean of a warm-up; none if it spreads more than noise and tolerance.
fn baseline(rule: &Rule, seen: &[Isometry3<f64>]) -> Option<Isometry3<f64>> {
    let first = seen.first()?;
    let count = seen.len() as f64;
    let place = seen.iter().map(|one| one.translation.vector).sum::<Vector3<f64>>() / count;
    // A rotation and its negative quaternion are the same.
    let sum = seen.iter().fold(Quaternion::identity() * 0.0, |sum, one| {
        let same_side = one.rotation.coords.dot(&first.rotation.coords) >= 0.0;
        let quaternion = one.rotation.into_inner();
        sum + if same_side { quaternion } else { -quaternion }
    });
    let mean =
        Isometry3::from_parts(Translation3::from(place), UnitQuaternion::try_new(sum, 1e-9)?);
    let (deviation_mm, deviation_rad) = rule.deviations(place.norm());
    let squares = seen.iter().fold((0.0, 0.0), |(along, about), one| {
        let off = residual(&mean, one);
        (
            along + off.fixed_rows::<3>(0).norm_squared(),
            about + off.fixed_rows::<3>(3).norm_squared(),
        )
    });
    let most = |deviation: f64, tolerance: f64| {
        3.0 * count * (STEADY * deviation * deviation + tolerance * tolerance)
    };
    (squares.0 <= most(deviation_mm, rule.tolerance_mm)
        && squares.1 <= most(deviation_rad, rule.tolerance_rad))
    .then_some(mean)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    const NOISE: (f64, f64) = (0.2, 0.001_745);

    fn noisy(rng: &mut ChaCha8Rng, pose: &Isometry3<f64>) -> Isometry3<f64> {
        let mut draw = |by: f64| {
            Vector3::from_fn(|_, _| by * Distribution::<f64>::sample(&StandardNormal, rng))
        };
        let (shift, turn) = (draw(NOISE.0), draw(NOISE.1));
        Isometry3::from_parts(
            Translation3::from(pose.translation.vector + shift),
            pose.rotation * UnitQuaternion::from_scaled_axis(turn),
        )
    }

    fn second() -> Isometry3<f64> {
        Isometry3::new(Vector3::new(60.0, 10.0, -5.0), Vector3::new(0.3, -0.2, 1.0))
    }

    /// The body turns and wanders; from frame 1000 on the second sensor is off by `fault`.
    fn found(
        rule: &Rule,
        seed: u64,
        fault: &Isometry3<f64>,
        frames: usize,
    ) -> Option<(usize, Loose)> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut pair = FixedPair::default();
        (0..frames).find_map(|frame| {
            let time = frame as f64 * 0.01;
            let body = Isometry3::new(
                Vector3::new(40.0 * time.sin(), 3.0 * time, -900.0),
                Vector3::new(0.4 * (0.7 * time).sin(), 0.0, 0.2 * time.cos()),
            );
            let second = if frame < 1000 { second() } else { second() * fault };
            let (first, second) = (noisy(&mut rng, &body), noisy(&mut rng, &(body * second)));
            pair.see(rule, &first, &second).map(|loose| (frame, loose))
        })
    }

    #[test]
    fn a_rigid_body_is_let_alone_however_it_moves() {
        let rule = Rule::new(NOISE, (0.0, 0.0), Some(second().translation.vector.norm()), 100.0);
        assert_eq!(found(&rule, 1, &Isometry3::identity(), 60_000), None);
    }

    #[test]
    fn a_shift_or_a_turn_is_found_within_a_second() {
        let rule = Rule::new(NOISE, (0.5, 0.01), None, 100.0);
        for (seed, fault) in [
            (2, Isometry3::translation(2.0, 0.0, 0.0)),
            (3, Isometry3::rotation(Vector3::new(0.0, 0.03, 0.0))),
        ] {
            let (frame, loose) = found(&rule, seed, &fault, 2000).unwrap();
            assert!((1000..1100).contains(&frame), "{frame}");
            assert!(matches!(loose, Loose::Moved { .. }), "{loose:?}");
        }
        let within = Isometry3::translation(0.4, 0.0, 0.0);
        assert_eq!(found(&rule, 4, &within, 20_000), None);
    }

    #[test]
    fn a_distance_that_is_not_the_calibrated_one_needs_no_warm_up() {
        let calibrated = second().translation.vector.norm() + 1.5;
        let rule = Rule::new(NOISE, (0.5, 0.01), Some(calibrated), 100.0);
        let (frame, loose) = found(&rule, 5, &Isometry3::identity(), 2000).unwrap();
        assert!(frame < 50, "{frame}");
        assert!(matches!(loose, Loose::Apart { .. }), "{loose:?}");
    }

    #[test]
    fn a_body_that_is_none_has_no_baseline() {
        let rule = Rule::new(NOISE, (0.5, 0.01), None, 100.0);
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let mut pair = FixedPair::default();
        let found = (0..1000).find_map(|frame| {
            let sways = Isometry3::translation(5.0 * (frame as f64 * 0.02).sin(), 0.0, 0.0);
            let (first, second) = (noisy(&mut rng, &sways), noisy(&mut rng, &second()));
            pair.see(&rule, &first, &second).map(|loose| (frame, loose))
        });
        assert_eq!(found, Some((WARM_UP, Loose::Unsteady)));
    }
}
