//! What the tracking system says: the true poses in its own frame, with noise, or that a tool is hidden.

use std::time::Duration;

use messages::{Patient, Pose, Probe, Tool, Tracker, Transform};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use rand::RngExt;
use rand_distr::{Distribution, Normal};

use crate::occlusion::Occlusions;
use crate::probe_motion::ProbeMotion;
use crate::randomness::{Purpose, stream};
use crate::tool_shape::ToolKind;

/// Standard deviation of the position along each axis.
pub const POSITION_NOISE_MM: f64 = 0.2;
/// Standard deviation of the turn about each axis (0.1°).
pub const ROTATION_NOISE_RAD: f64 = 0.1 * std::f64::consts::PI / 180.0;

/// A tracking system that watches a probe and the patient's reference sensor, whose frame is
/// `Patient`; wholly determined by its seed.
#[derive(Clone, Debug)]
pub struct SimulatedTracker {
    seed: u64,
    tracker_from_patient: Transform<Tracker, Patient>,
    occlusions: Occlusions,
}

impl SimulatedTracker {
    /// The tracking system of a seed: about a metre away, seen under a seeded angle.
    pub fn new(seed: u64) -> Self {
        let mut rng = stream(seed, Purpose::TrackerSetup, 0);
        let mut around = |middle: f64, spread: f64| middle + spread * rng.random_range(-1.0..=1.0);
        let place =
            Translation3::new(around(110.0, 40.0), around(-60.0, 40.0), around(-1050.0, 80.0));
        let turn = UnitQuaternion::from_euler_angles(
            around(1.9, 0.2),
            around(0.3, 0.2),
            around(-2.5, 0.3),
        );
        Self {
            seed,
            tracker_from_patient: Transform::from_isometry(Isometry3::from_parts(place, turn)),
            occlusions: Occlusions::new(seed),
        }
    }

    /// Where the reference sensor truly is.
    pub fn tracker_from_patient(&self) -> Transform<Tracker, Patient> {
        self.tracker_from_patient
    }

    /// When the probe is hidden.
    pub fn occlusions(&self) -> Occlusions {
        self.occlusions
    }

    /// The reference sensor as measured in sample number `sample`; always seen.
    pub fn reference(&self, sample: u64) -> Pose<Tracker, Patient> {
        self.seen(self.tracker_from_patient, Purpose::ReferenceSample, sample)
    }

    /// The probe as measured in sample number `sample`, taken `elapsed` after the start.
    pub fn probe(
        &self,
        motion: &ProbeMotion,
        elapsed: Duration,
        sample: u64,
    ) -> Pose<Tracker, Probe> {
        if self.occlusions.hidden(elapsed) {
            return Pose::Hidden { reason: "line of sight blocked".to_owned() };
        }
        let truth = self.tracker_from_patient * motion.patient_from_probe(elapsed);
        self.seen(truth, Purpose::ProbeSample, sample)
    }

    /// A tool as measured in sample number `sample`, taken `elapsed` after the start, when it truly is
    /// at `patient_from_tool`. With `held_in_sight` it is not hidden now.
    pub fn tool(
        &self,
        kind: ToolKind,
        patient_from_tool: Transform<Patient, Tool>,
        held_in_sight: bool,
        elapsed: Duration,
        sample: u64,
    ) -> Pose<Tracker, Tool> {
        let occlusions = Occlusions::of(kind, self.seed).filter(|_| !held_in_sight);
        if occlusions.is_some_and(|occlusions| occlusions.hidden(elapsed)) {
            return Pose::Hidden { reason: "line of sight blocked".to_owned() };
        }
        let purpose = match kind {
            ToolKind::Probe => Purpose::ProbeSample,
            ToolKind::Reference => Purpose::ReferenceSample,
            ToolKind::SecondReference => Purpose::SecondReferenceSample,
            ToolKind::Organ => Purpose::OrganSample,
            ToolKind::Instrument => Purpose::InstrumentSample,
            ToolKind::Stylus => Purpose::StylusSample,
        };
        self.seen(self.tracker_from_patient * patient_from_tool, purpose, sample)
    }

    fn seen<Tool>(
        &self,
        truth: Transform<Tracker, Tool>,
        purpose: Purpose,
        sample: u64,
    ) -> Pose<Tracker, Tool> {
        let mut rng = stream(self.seed, purpose, sample);
        let mut noise = |deviation: f64| {
            let drawn = Normal::new(0.0, deviation);
            Vector3::from_fn(|_, _| drawn.as_ref().map_or(0.0, |normal| normal.sample(&mut rng)))
        };
        let shift = Translation3::from(noise(POSITION_NOISE_MM));
        let turn = UnitQuaternion::from_scaled_axis(noise(ROTATION_NOISE_RAD));
        let truth = truth.isometry();
        // The turn is about the tool itself, so that it does not move the tool.
        let measured = Isometry3::from_parts(shift * truth.translation, truth.rotation * turn);
        Pose::Visible {
            to_from_tool: Transform::from_isometry(measured),
            error_mm: Some(POSITION_NOISE_MM * 3.0_f64.sqrt()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transform<From>(pose: Pose<Tracker, From>) -> Option<Isometry3<f64>> {
        match pose {
            Pose::Visible { to_from_tool, .. } => Some(*to_from_tool.isometry()),
            Pose::Hidden { .. } => None,
        }
    }

    #[test]
    fn noise_has_the_stated_deviation_and_no_bias() {
        let tracker = SimulatedTracker::new(77);
        let truth = *tracker.tracker_from_patient().isometry();
        let count = 4000;
        let (mut mean, mut square, mut turned) = (Vector3::zeros(), Vector3::zeros(), 0.0);
        for sample in 0..count {
            let measured = transform(tracker.reference(sample)).unwrap();
            let error = measured.translation.vector - truth.translation.vector;
            mean += error / count as f64;
            square += error.component_mul(&error) / count as f64;
            turned += truth.rotation.angle_to(&measured.rotation).powi(2) / count as f64;
        }
        assert!(mean.amax() < 0.012, "{mean}");
        assert!(
            square.iter().all(|s| (s.sqrt() / POSITION_NOISE_MM - 1.0).abs() < 0.06),
            "{square}"
        );
        let expected = ROTATION_NOISE_RAD * 3.0_f64.sqrt();
        assert!((turned.sqrt() / expected - 1.0).abs() < 0.05, "{}", turned.sqrt());
    }

    #[test]
    fn the_probe_relative_to_the_reference_is_where_the_motion_says() {
        let (tracker, motion) = (SimulatedTracker::new(2), ProbeMotion::new(2));
        let (mut seen, mut hidden) = (0, 0);
        for sample in 0..2000u64 {
            let elapsed = Duration::from_millis(sample * 10);
            let Some(probe) = transform(tracker.probe(&motion, elapsed, sample)) else {
                assert!(tracker.occlusions().hidden(elapsed));
                hidden += 1;
                continue;
            };
            seen += 1;
            let reference = transform(tracker.reference(sample)).unwrap();
            let measured = reference.inverse() * probe;
            let truth = motion.patient_from_probe(elapsed);
            let error = measured.translation.vector - truth.isometry().translation.vector;
            // The reference's turn of about 0.17° acts over the 100 mm to the probe.
            assert!(error.norm() < 2.5, "{}", error.norm());
        }
        assert!(seen > 1500 && hidden > 100, "{seen} seen, {hidden} hidden");
    }

    #[test]
    fn samples_repeat_and_do_not_share_their_noise() {
        let (tracker, motion) = (SimulatedTracker::new(9), ProbeMotion::new(9));
        let at = |sample| tracker.probe(&motion, Duration::ZERO, sample);
        assert_eq!(at(4), at(4));
        assert_ne!(at(4), at(5));
        assert_ne!(SimulatedTracker::new(9).reference(1), SimulatedTracker::new(10).reference(1));
        assert_eq!(SimulatedTracker::new(9).reference(1), tracker.reference(1));
    }
}
