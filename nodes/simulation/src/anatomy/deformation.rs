//! The patient as deformed at a time: where each point goes, where each place comes from.

use messages::{Patient, Point};
use nalgebra::Point3;
use thiserror::Error;

use crate::anatomy::Anatomy;
use crate::anatomy::motion::Motion;
use crate::anatomy::structure::{Structure, Tissue};
use crate::anatomy::tube_tree::{InvalidTubes, TubeTree};

/// Neighbouring points may part by at most this much per mm.
const STEEPEST: f64 = 0.85;

/// Why motions do not form a deformation.
#[derive(Debug, Error, PartialEq)]
#[error(
    "the motions together stretch the tissue by {steepness} mm per mm; expected at most 0.85: choose smaller amplitudes or a wider reach"
)]
pub struct TooSteep {
    /// Sum of the bounds of all motions.
    pub steepness: f64,
}

/// A smooth, invertible displacement of all space over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deformation {
    motions: Vec<Motion>,
}

impl Deformation {
    /// The sum of `motions`.
    ///
    /// # Errors
    /// When the motions might fold space: their bounds sum to more than 0.85, or one has a parameter
    /// that is not usable.
    pub fn new(motions: Vec<Motion>) -> Result<Self, TooSteep> {
        let steepness = motions.iter().map(Motion::steepness).sum::<f64>();
        if motions.is_empty() || steepness <= STEEPEST {
            Ok(Self { motions })
        } else {
            Err(TooSteep { steepness })
        }
    }

    /// Where a point at rest is at `time_s`.
    pub fn displace(&self, point: &Point3<f64>, time_s: f64) -> Point3<f64> {
        self.motions.iter().fold(*point, |moved, m| moved + m.displacement_mm(point, time_s))
    }

    /// No point is displaced by more than this, mm.
    pub fn farthest_mm(&self) -> f64 {
        self.motions.iter().map(Motion::farthest_mm).sum()
    }

    /// Which point at rest is at `place` at `time_s`, to 10⁻⁶ mm.
    ///
    /// Fixed-point iteration; it contracts by 0.85 or better at each step.
    pub fn origin_of(&self, place: &Point3<f64>, time_s: f64) -> Point3<f64> {
        let mut origin = *place;
        for _ in 0..140 {
            let next = origin + (place - self.displace(&origin, time_s));
            let step = (next - origin).norm();
            origin = next;
            if step < 1e-7 {
                break;
            }
        }
        origin
    }
}

/// A patient at a moment.
#[derive(Clone, Copy, Debug)]
pub struct DeformedAnatomy<'a> {
    /// At rest.
    pub anatomy: &'a Anatomy,
    /// What moves it.
    pub deformation: &'a Deformation,
    /// The moment, s.
    pub time_s: f64,
}

impl DeformedAnatomy<'_> {
    /// What lies at `point` at the moment.
    pub fn tissue_at(&self, point: Point<Patient>) -> Tissue {
        let origin = self.deformation.origin_of(&point.xyz_mm, self.time_s);
        self.anatomy.tissue_at(Point::new(origin))
    }

    /// Signed distance to a structure as it is now, mm: exact to first order in the local stretch,
    /// with the right sign everywhere. [`DeformedAnatomy::tubes`] gives tubes that are measured anew.
    pub fn signed_distance_mm(&self, structure: &Structure, point: Point<Patient>) -> f64 {
        let origin = self.deformation.origin_of(&point.xyz_mm, self.time_s);
        let at_rest = structure.signed_distance_mm(&origin);
        let step = 0.1;
        let moved = |axis: usize| {
            let mut place = point.xyz_mm;
            place[axis] += step;
            let there = self.deformation.origin_of(&place, self.time_s);
            (structure.signed_distance_mm(&there) - at_rest) / step
        };
        let slope = nalgebra::Vector3::new(moved(0), moved(1), moved(2)).norm();
        if slope > 0.2 { at_rest / slope } else { at_rest }
    }

    /// The tubes of a structure with their centrelines where they are now; radii stay. Nothing for a
    /// solid structure.
    ///
    /// # Errors
    /// When a moved coordinate is not finite.
    pub fn tubes(&self, structure: &Structure) -> Option<Result<TubeTree, InvalidTubes>> {
        let tubes = structure.as_tubes()?;
        Some(tubes.moved(|p| self.deformation.displace(p, self.time_s)))
    }
}
