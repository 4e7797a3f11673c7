//! Smooth displacements of the tissue: breathing, packing and the pressure of a probe.
//!
//! Each kind says by how much neighbouring points may part; as long as the sum stays below one,
//! points neither meet nor pass each other and every place has exactly one origin.

use std::f64::consts::{PI, TAU};

use nalgebra::{Point3, Vector3};

/// Breathing: the organs under the diaphragm move down and back up, and a little forwards.
///
/// Amplitude 10 to 20 mm and 3 to 5 s at rest, with more time spent at the end of expiration (A. E.
/// Lujan et al., "A method for incorporating organ motion due to breathing into 3D dose calculations",
/// Med. Phys. 26, 1999); the way down differs from the way up (Y. Seppenwoolde et al., "Precise and
/// real-time measurement of 3D tumor motion in lung due to breathing and heartbeat", Int. J. Radiat.
/// Oncol. 53, 2002).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breathing {
    /// Way towards the feet at the end of inspiration where motion is fullest, mm.
    pub amplitude_mm: f64,
    /// Length of a breath, s.
    pub period_s: f64,
    /// Sideways opening of the loop as a part of the amplitude.
    pub hysteresis: f64,
    /// Where motion is fullest.
    pub centre: Point3<f64>,
    /// Distance at which it has fallen to 61 %, mm.
    pub reach_mm: f64,
}

impl Breathing {
    /// How deep the breath is at `time_s`, 0 at the end of expiration to 1.
    pub fn depth(&self, time_s: f64) -> f64 {
        1.0 - (PI * time_s / self.period_s).cos().powi(4)
    }

    fn displacement_mm(&self, point: &Point3<f64>, time_s: f64) -> Vector3<f64> {
        let depth = self.depth(time_s);
        let loop_part = self.hysteresis * (TAU * time_s / self.period_s).sin();
        let way = Vector3::new(0.0, -0.25 * depth + loop_part, -depth) * self.amplitude_mm;
        way * bell((point - self.centre).norm(), self.reach_mm)
    }

    fn steepness(&self) -> f64 {
        let length = self.amplitude_mm * 1.0_f64.hypot(0.25 + self.hysteresis.abs());
        length * bell_slope(self.reach_mm)
    }
}

/// Packing or retraction: tissue is pushed aside around a place, and stays so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Packing {
    /// Where the push is strongest.
    pub centre: Point3<f64>,
    /// The push there, mm.
    pub push_mm: Vector3<f64>,
    /// Distance at which it has fallen to 61 %, mm.
    pub reach_mm: f64,
}

impl Packing {
    fn displacement_mm(&self, point: &Point3<f64>) -> Vector3<f64> {
        self.push_mm * bell((point - self.centre).norm(), self.reach_mm)
    }

    fn steepness(&self) -> f64 {
        self.push_mm.norm() * bell_slope(self.reach_mm)
    }
}

/// Pressure of a probe: the tissue under its face gives way along the beam, less with depth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbePressure {
    /// Middle of the probe's face on the organ or skin.
    pub contact: Point3<f64>,
    /// Unit vector from the probe into the tissue.
    pub into: Vector3<f64>,
    /// How far the face is pressed in, mm.
    pub depth_mm: f64,
    /// Half the breadth of the dent, mm.
    pub breadth_mm: f64,
    /// Depth at which the push has fallen to 37 %, mm.
    pub fade_mm: f64,
}

impl ProbePressure {
    fn displacement_mm(&self, point: &Point3<f64>) -> Vector3<f64> {
        let offset = point - self.contact;
        let depth = offset.dot(&self.into);
        let aside = (offset - self.into * depth).norm();
        // Beyond the face, outside the tissue, the push stays what it is at the face.
        let fade = if depth > 0.0 { (-depth / self.fade_mm).exp() } else { 1.0 };
        self.into * (self.depth_mm * fade * bell(aside, self.breadth_mm))
    }

    fn steepness(&self) -> f64 {
        self.depth_mm.abs() * (1.0 / self.fade_mm).hypot(bell_slope(self.breadth_mm))
    }
}

/// One cause of displacement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Motion {
    /// Periodic in time.
    Breathing(Breathing),
    /// Static.
    Packing(Packing),
    /// Static while the probe rests.
    ProbePressure(ProbePressure),
}

impl Motion {
    /// Where a point at rest is moved to at `time_s`, as a displacement, mm.
    pub fn displacement_mm(&self, point: &Point3<f64>, time_s: f64) -> Vector3<f64> {
        match self {
            Self::Breathing(breathing) => breathing.displacement_mm(point, time_s),
            Self::Packing(packing) => packing.displacement_mm(point),
            Self::ProbePressure(pressure) => pressure.displacement_mm(point),
        }
    }

    /// The most by which any point is displaced, mm.
    pub fn farthest_mm(&self) -> f64 {
        match self {
            Self::Breathing(b) => b.amplitude_mm.abs() * 1.0_f64.hypot(0.25 + b.hysteresis.abs()),
            Self::Packing(packing) => packing.push_mm.norm(),
            Self::ProbePressure(pressure) => pressure.depth_mm.abs(),
        }
    }

    /// The most by which displacements of two points differ, per mm between them; not a number when
    /// a parameter is not usable.
    pub fn steepness(&self) -> f64 {
        match self {
            Self::Breathing(b) if b.period_s > 0.0 => b.steepness(),
            Self::Packing(packing) => packing.steepness(),
            Self::ProbePressure(p) if (p.into.norm() - 1.0).abs() < 1e-6 && p.fade_mm > 0.0 => {
                p.steepness()
            }
            Self::Breathing(_) | Self::ProbePressure(_) => f64::NAN,
        }
    }
}

fn bell(distance: f64, reach: f64) -> f64 {
    (-0.5 * (distance / reach).powi(2)).exp()
}

/// The steepest slope of the bell, at the distance `reach`.
fn bell_slope(reach: f64) -> f64 {
    if reach > 0.0 { (-0.5_f64).exp() / reach } else { f64::NAN }
}
