//! Tools on a smooth course through a box, wholly determined by a seed.

use std::time::Duration;

use nalgebra::{Isometry3, Point3, Translation3, UnitQuaternion, Vector3};

use super::{MovingTool, Trajectory};
use crate::faults::Sight;
use crate::randomness::{Purpose, jitter, stream_of};
use crate::spline::interpolate;

/// A new knot of the course each time.
const KNOT_S: f64 = 2.0;
/// How far the direction turns at most about each axis.
const TURN_RAD: f64 = 0.6;

/// Tools that wander about the middle of the measurement volume.
#[derive(Clone, Debug)]
pub struct SmoothRandom {
    tools: Vec<MovingTool>,
    seed: u64,
    centre_mm: Point3<f64>,
    /// Knots lie within this distance from the middle, along each axis.
    reach_mm: f64,
}

impl SmoothRandom {
    /// Tools with these names, each on a course of its own.
    pub fn new(seed: u64, names: &[String], centre_mm: Point3<f64>, reach_mm: f64) -> Self {
        let tools = names.iter().map(MovingTool::named).collect();
        Self { tools, seed, centre_mm, reach_mm }
    }

    /// Place and rotation vector at knot number `knot`.
    fn knot(&self, tool: usize, knot: u64) -> [Point3<f64>; 2] {
        let mut rng = stream_of(self.seed, Purpose::Trajectory, tool as u64, knot);
        let place = self.centre_mm + jitter(self.reach_mm, &mut rng);
        [place, Point3::from(jitter(TURN_RAD, &mut rng))]
    }
}

impl Trajectory for SmoothRandom {
    fn tools(&self) -> &[MovingTool] {
        &self.tools
    }

    fn sight(&self, tool: usize, at: Duration) -> Sight {
        let way = at.as_secs_f64() / KNOT_S;
        let (first, part) = (way.floor() as u64, way.fract());
        let [a, b, c, d] = [0, 1, 2, 3].map(|step| self.knot(tool, first + step));
        let [place, turn]: [Point3<f64>; 2] =
            std::array::from_fn(|i| interpolate(a[i], b[i], c[i], d[i], part));
        let turn: Vector3<f64> = turn.coords;
        Sight::whole(Isometry3::from_parts(
            Translation3::from(place.coords),
            UnitQuaternion::from_scaled_axis(turn),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn courses_are_smooth_stay_near_repeat_and_differ() {
        let names = ["a".to_owned(), "b".to_owned()];
        let course = |seed| SmoothRandom::new(seed, &names, Point3::new(0.0, 0.0, -1500.0), 150.0);
        let place = |seed, tool, at_ms| {
            let Sight::Seen { pose, .. } = course(seed).sight(tool, Duration::from_millis(at_ms))
            else {
                panic!()
            };
            pose.translation.vector
        };
        assert_eq!(place(3, 0, 1234), place(3, 0, 1234));
        assert_ne!(place(3, 0, 1234), place(3, 1, 1234));
        assert_ne!(place(3, 0, 1234), place(4, 0, 1234));
        for step in 0..4000 {
            let (now, next) = (place(3, 0, step * 5), place(3, 0, step * 5 + 5));
            assert!((now - next).norm() < 5.0, "a jump of {} mm", (now - next).norm());
            let off = now - Vector3::new(0.0, 0.0, -1500.0);
            assert!(off.amax() < 150.0 * 1.5, "{off}");
        }
    }
}
