//! True poses to measured ones, under the faults that are in force.

use std::cell::Cell;
use std::convert::Infallible;
use std::time::Duration;

use nalgebra::{Isometry3, Point3, Translation3, UnitQuaternion, Vector3};
use rand::RngExt;

use super::fault::InForce;
use super::field::Field;
use super::kind::FaultKind;
use super::line_of_sight::Obstacle;
use super::script::FaultScript;
use crate::hand::ease;
use crate::randomness::{Purpose, normal, stream_of};

/// How a tracker sees a tool; poses are in the tracker's frame, mm.
#[derive(Clone, Debug, PartialEq)]
pub enum Sight {
    /// Seen, with the markers of those asked for that are not.
    Seen {
        /// Where it seems to be.
        pose: Isometry3<f64>,
        /// Which of its markers are hidden, in the order in which they were given.
        hidden_markers: Vec<bool>,
    },
    /// Seen, but outside of the measurement volume.
    OutOfVolume {
        /// Where it seems to be.
        pose: Isometry3<f64>,
    },
    /// Not seen.
    Hidden(Hidden),
}

/// Why a tool is not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Hidden {
    /// Too little of it was found.
    #[error("missing")]
    Missing,
    /// Something stands in the way.
    #[error("line of sight blocked")]
    Blocked,
    /// Its cable is not in its port.
    #[error("unplugged")]
    Unplugged,
}

/// A pose takes this many markers.
const LEAST_MARKERS: usize = 3;

impl Sight {
    /// Wholly seen, at `pose`.
    pub fn whole(pose: Isometry3<f64>) -> Self {
        Self::Seen { pose, hidden_markers: Vec::new() }
    }
}

impl FaultScript {
    /// What the tracker makes of the tool called `tool` in the sample taken `at` after the start.
    ///
    /// `truth` says how it is at an instant, since some faults show an earlier one. `markers` are where its markers are,
    /// in the tool's frame, mm: it is seen as long as three of them are; without any, while its origin is.
    ///
    /// # Errors
    /// Those of `truth`.
    pub fn measure<E>(
        &self,
        tool: &str,
        at: Duration,
        markers: &[Point3<f64>],
        truth: impl Fn(Duration) -> Result<Sight, E>,
    ) -> Result<Sight, E> {
        let hiding: Vec<_> = self.of(tool, at).collect();
        let frozen = |now: &&InForce| matches!(now.fault.fault, FaultKind::Frozen { .. });
        // Values stand still from the moment when they froze, whatever else goes wrong with them later.
        let shown = hiding.iter().find(frozen).map_or(at, |now| now.begin);
        let shaping: Vec<_> = self.of(tool, shown).collect();

        let true_sight = truth(self.seen_at(tool, &shaping, shown))?;
        let (true_pose, out) = match &true_sight {
            Sight::Hidden(_) => return Ok(true_sight),
            Sight::Seen { pose, .. } => (*pose, false),
            Sight::OutOfVolume { pose } => (*pose, true),
        };
        let pose = self.shaped(tool, &shaping, shown, true_pose);
        let (mut hidden_markers, mut out) = (vec![false; markers.len()], out);
        if let Sight::Seen { hidden_markers: already, .. } = &true_sight {
            for (marker, already) in hidden_markers.iter_mut().zip(already) {
                *marker |= already;
            }
        }
        for now in &hiding {
            match &now.fault.fault {
                FaultKind::Unplugged => return Ok(Sight::Hidden(Hidden::Unplugged)),
                FaultKind::Dropout { share } => {
                    let mut rng = self.stream(Purpose::FaultDropout, now, tool, at);
                    if rng.random_range(0.0..1.0) < *share {
                        return Ok(Sight::Hidden(Hidden::Missing));
                    }
                }
                FaultKind::OutOfVolume => out = true,
                FaultKind::Occlusion { .. } => {
                    let Some(obstacle) = obstacle(now, at) else { continue };
                    if markers.is_empty() && obstacle.blocks(&true_pose.translation.vector.into()) {
                        return Ok(Sight::Hidden(Hidden::Blocked));
                    }
                    for (hidden, marker) in hidden_markers.iter_mut().zip(markers) {
                        *hidden |= obstacle.blocks(&(true_pose * marker));
                    }
                }
                _ => {}
            }
        }
        let left = hidden_markers.iter().filter(|hidden| !**hidden).count();
        if left < LEAST_MARKERS.min(markers.len()) {
            return Ok(Sight::Hidden(Hidden::Blocked));
        }
        Ok(if out { Sight::OutOfVolume { pose } } else { Sight::Seen { pose, hidden_markers } })
    }

    /// The instant that is shown `at` after the start of a stream without poses, such as of images; none if nothing is.
    pub fn instant_shown(&self, stream: &str, at: Duration) -> Option<Duration> {
        let shown = Cell::new(at);
        let sight = self.measure(stream, at, &[], |at| {
            shown.set(at);
            Ok::<_, Infallible>(Sight::whole(Isometry3::identity()))
        });
        let hidden = matches!(sight, Ok(Sight::Hidden(_)));
        (!hidden).then(|| shown.get())
    }

    fn of<'a>(&'a self, tool: &str, at: Duration) -> impl Iterator<Item = InForce<'a>> {
        self.in_force(at).filter(move |now| now.concerns(tool))
    }

    /// Random numbers for one tool in the sample of one instant.
    fn stream(
        &self,
        purpose: Purpose,
        now: &InForce,
        tool: &str,
        at: Duration,
    ) -> rand_chacha::ChaCha8Rng {
        let part = u64::from(now.line) << 32 | u64::from(name_hash(tool));
        let sample = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        stream_of(self.seed(), purpose, part, sample)
    }

    /// The instant that a sample shows. What holds up all the device sends shows nothing else than what it says.
    fn seen_at(&self, tool: &str, shaping: &[InForce], at: Duration) -> Duration {
        let of_tools = shaping.iter().filter(|now| !now.fault.tools.is_empty());
        let late_ms = of_tools.map(|now| match now.fault.fault {
            FaultKind::Latency { by_ms } => by_ms,
            FaultKind::Jitter { up_to_ms } => {
                let mut rng = self.stream(Purpose::FaultJitter, now, tool, at);
                up_to_ms * rng.random_range(0.0..1.0)
            }
            _ => 0.0,
        });
        at.saturating_sub(Duration::from_secs_f64(late_ms.sum::<f64>() * 1e-3))
    }

    /// The pose with all that bends and shifts it: the sensor first, then the field, then the device's numbers.
    fn shaped(
        &self,
        tool: &str,
        shaping: &[InForce],
        at: Duration,
        truth: Isometry3<f64>,
    ) -> Isometry3<f64> {
        let mut pose = truth;
        for now in shaping {
            if let FaultKind::Detachment { slip_mm, slip_deg, within_s } = &now.fault.fault {
                let since_s = at.saturating_sub(now.begin).as_secs_f64();
                let part = if *within_s > 0.0 { ease(since_s / within_s) } else { 1.0 };
                let shift = Translation3::from(Vector3::from(*slip_mm) * part);
                pose *= Isometry3::from_parts(shift, turn(slip_deg, part));
            }
        }
        for now in shaping {
            if let FaultKind::FieldDistortion { reference_mm, error_mm, error_deg, power } =
                now.fault.fault
            {
                let field = Field::new(self.seed(), now.line, reference_mm, power);
                pose = field.bend(&pose, error_mm, error_deg.to_radians());
            }
        }
        for now in shaping {
            match &now.fault.fault {
                FaultKind::Bias { shift_mm, turn_deg } => {
                    let shift = Translation3::from(Vector3::from(*shift_mm));
                    let rotation = pose.rotation * turn(turn_deg, 1.0);
                    pose = Isometry3::from_parts(shift * pose.translation, rotation);
                }
                FaultKind::Noise { position_mm, rotation_deg } => {
                    let mut rng = self.stream(Purpose::FaultNoise, now, tool, at);
                    let shift = Vector3::from_fn(|_, _| position_mm * normal(&mut rng));
                    let axis = [0; 3].map(|_| rotation_deg * normal(&mut rng));
                    let rotation = pose.rotation * turn(&axis, 1.0);
                    pose = Isometry3::from_parts(
                        Translation3::from(shift) * pose.translation,
                        rotation,
                    );
                }
                _ => {}
            }
        }
        pose
    }
}

/// The turn of a rotation vector in degrees, or of a part of it.
fn turn(degrees: &[f64; 3], part: f64) -> UnitQuaternion<f64> {
    UnitQuaternion::from_scaled_axis(Vector3::from(degrees.map(f64::to_radians)) * part)
}

/// Where the obstacle of an occlusion is.
fn obstacle(now: &InForce, at: Duration) -> Option<Obstacle> {
    let FaultKind::Occlusion { centre_mm, radius_mm, moves_mm_per_s, cameras_apart_mm } =
        now.fault.fault
    else {
        return None;
    };
    let since_s = at.saturating_sub(now.begin).as_secs_f64();
    let centre = Point3::from(centre_mm) + Vector3::from(moves_mm_per_s) * since_s;
    Some(Obstacle { centre, radius_mm, cameras_apart_mm })
}

/// Tells tools apart (FNV-1a, 32 bits).
fn name_hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
