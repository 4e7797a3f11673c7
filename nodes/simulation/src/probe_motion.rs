//! The hand that guides the probe: a freehand sweep, smooth, with a tremor.

use std::f64::consts::{FRAC_PI_2, TAU};
use std::time::Duration;

use messages::{Patient, Probe, Transform};
use nalgebra::{Isometry3, Point3, Translation3, UnitQuaternion, Vector3};
use rand::RngExt;

use crate::anatomy::Anatomy;
use crate::anatomy::motion::ProbePressure;
use crate::randomness::{Purpose, stream};
use crate::scan_geometry::{Face, probe_from_face};
use crate::skin_course::{Contact, SkinCourse};

/// From one end of the sweep to the other and back.
const SWEEP_PERIOD_S: f64 = 40.0;
/// Half the length of the sweep, along the body.
const SWEEP_MM: f64 = 38.0;
/// How deep the middle of the probe is pressed in.
const PRESS_MM: f64 = 4.0;
/// Slow movements of the hand: amplitude and frequency of a sum of three sinusoids.
const DRIFT_MM: [f64; 3] = [7.0, 0.5, 2.0];
const DRIFT_RAD: [f64; 3] = [0.16, 0.12, 0.10];
const DRIFT_HZ: f64 = 0.11;
/// Physiological tremor: 8 to 12 Hz (R. J. Elble, W. C. Koller, *Tremor*, 1990).
const TREMOR_MM: f64 = 0.05;
const TREMOR_RAD: f64 = 0.000_7;
const TREMOR_HZ: f64 = 9.0;

/// One sinusoid.
#[derive(Clone, Copy, Debug)]
struct Wave {
    amplitude: f64,
    hertz: f64,
    phase: f64,
}

impl Wave {
    fn at(&self, seconds: f64) -> f64 {
        self.amplitude * (TAU * self.hertz * seconds + self.phase).sin()
    }
}

/// The course of one sweep, wholly determined by its seed.
#[derive(Clone, Debug)]
pub struct ProbeMotion {
    /// Waves of x, y, z (mm) and of the turns about them (rad).
    waves: [Vec<Wave>; 6],
    /// Over a curved skin; none over the flat skin of the block.
    course: Option<SkinCourse>,
}

impl ProbeMotion {
    /// The sweep of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = stream(seed, Purpose::Motion, 0);
        let waves = std::array::from_fn(|axis| {
            let (drift, tremor) = if axis < 3 {
                (DRIFT_MM[axis], TREMOR_MM)
            } else {
                (DRIFT_RAD[axis - 3], TREMOR_RAD)
            };
            let mut wave = |amplitude: f64, hertz: f64| Wave {
                amplitude,
                hertz: hertz * rng.random_range(0.8..1.25),
                phase: rng.random_range(0.0..TAU),
            };
            vec![
                wave(0.6 * drift, 0.5 * DRIFT_HZ),
                wave(0.3 * drift, DRIFT_HZ),
                wave(0.1 * drift, 2.2 * DRIFT_HZ),
                wave(tremor, TREMOR_HZ),
            ]
        });
        Self { waves, course: None }
    }

    /// The sweep over an anatomy, of the same seed: under the right ribs over the liver, or along the
    /// right iliac vessels.
    pub fn over(anatomy: &Anatomy) -> Self {
        Self { course: Some(SkinCourse::over(anatomy)), ..Self::new(anatomy.seed()) }
    }

    fn value(&self, axis: usize, seconds: f64) -> f64 {
        self.waves[axis].iter().map(|wave| wave.at(seconds)).sum::<f64>()
    }

    /// The turn of the hand against its course.
    fn turn(&self, seconds: f64) -> UnitQuaternion<f64> {
        let value = |axis: usize| self.value(axis, seconds);
        UnitQuaternion::from_euler_angles(value(3), value(4), value(5))
    }

    /// Where on a curved skin the hand presses, and how far from there it is pressed in, mm.
    fn contact(&self, course: &SkinCourse, seconds: f64) -> (Contact, f64) {
        let part = 0.5 + 0.5 * (TAU * seconds / SWEEP_PERIOD_S - FRAC_PI_2).sin();
        let contact = course.contact(part, self.value(0, seconds), self.value(2, seconds));
        (contact, course.press_mm() + self.value(1, seconds))
    }

    /// Where the middle of the transducer's surface truly is at a time since the start.
    pub fn patient_from_face(&self, elapsed: Duration) -> Transform<Patient, Face> {
        let seconds = elapsed.as_secs_f64();
        if let Some(course) = &self.course {
            let (contact, press_mm) = self.contact(course, seconds);
            let place = contact.skin + contact.inwards * press_mm;
            return Transform::from_isometry(Isometry3::from_parts(
                Translation3::from(place.coords),
                contact.turn * self.turn(seconds),
            ));
        }
        let value = |axis: usize| self.value(axis, seconds);
        let sweep = SWEEP_MM * (TAU * seconds / SWEEP_PERIOD_S - FRAC_PI_2).sin();
        Transform::from_isometry(Isometry3::from_parts(
            Translation3::new(value(0), PRESS_MM + value(1), sweep + value(2)),
            self.turn(seconds),
        ))
    }

    /// How the probe dents the tissue at a time since the start; over the block, which does not give
    /// way, by nothing.
    pub fn pressure(&self, elapsed: Duration) -> ProbePressure {
        let (contact, into, depth_mm) = match &self.course {
            Some(course) => {
                let (contact, press_mm) = self.contact(course, elapsed.as_secs_f64());
                (contact.skin, contact.inwards, press_mm)
            }
            None => (Point3::origin(), Vector3::y(), 0.0),
        };
        ProbePressure { contact, into, depth_mm, breadth_mm: 20.0, fade_mm: 45.0 }
    }

    /// Where the probe's sensor truly is at a time since the start.
    pub fn patient_from_probe(&self, elapsed: Duration) -> Transform<Patient, Probe> {
        self.patient_from_face(elapsed) * probe_from_face().inverse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_probe_never_jumps(seed in any::<u64>(), milliseconds in 0u64..600_000) {
            let motion = ProbeMotion::new(seed);
            let at = |ms| *motion.patient_from_face(Duration::from_millis(ms)).isometry();
            let (before, after) = (at(milliseconds), at(milliseconds + 5));
            let speed = (after.translation.vector - before.translation.vector).norm() / 0.005;
            let turning = before.rotation.angle_to(&after.rotation) / 0.005;
            prop_assert!(speed < 25.0, "{} mm/s", speed);
            prop_assert!(turning < 0.4, "{} rad/s", turning);
        }

        #[test]
        fn the_probe_stays_on_the_skin(seed in any::<u64>(), seconds in 0u64..600) {
            let pose = ProbeMotion::new(seed).patient_from_face(Duration::from_secs(seconds));
            let place = pose.isometry().translation.vector;
            prop_assert!((2.0..6.0).contains(&place.y));
            prop_assert!(place.x.abs() < 9.0 && place.z.abs() < 42.0);
            let beam = pose.isometry().rotation * nalgebra::Vector3::y();
            prop_assert!(beam.y > 0.9, "the probe looks away: {}", beam);
        }
    }

    #[test]
    fn a_sweep_passes_over_the_liver_and_repeats_for_its_seed() {
        let at =
            |seed, s| *ProbeMotion::new(seed).patient_from_probe(Duration::from_secs(s)).isometry();
        let z = |s| {
            ProbeMotion::new(3).patient_from_face(Duration::from_secs(s)).isometry().translation.z
        };
        assert!(z(0) < -30.0 && z(20) > 30.0 && z(40) < -30.0);
        assert_eq!(at(3, 7), at(3, 7));
        assert_ne!(at(3, 7), at(4, 7));
    }
}
