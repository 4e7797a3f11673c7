//! Signed implicit functions that organs are composed of: ellipsoids, smooth unions and cuts.

use nalgebra::{Point3, UnitQuaternion, Vector3};
use rand_chacha::ChaCha8Rng;

use crate::anatomy::bounds::Bounds;
use crate::randomness::{jitter, within};

/// An ellipsoid, mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ellipsoid {
    pub centre: Point3<f64>,
    pub semi_axes_mm: Vector3<f64>,
    /// Turns the frame's axes into those of the ellipsoid.
    pub turn: UnitQuaternion<f64>,
}

impl Ellipsoid {
    pub fn new(centre: [f64; 3], semi_axes_mm: [f64; 3]) -> Self {
        Self {
            centre: centre.into(),
            semi_axes_mm: semi_axes_mm.into(),
            turn: UnitQuaternion::identity(),
        }
    }

    pub fn turned(self, turn: UnitQuaternion<f64>) -> Self {
        Self { turn, ..self }
    }

    /// Negative inside; near the surface a distance to first order.
    pub fn value(&self, point: &Point3<f64>) -> f64 {
        let local = self.turn.inverse_transform_vector(&(point - self.centre));
        let scaled = local.component_div(&self.semi_axes_mm);
        let radius = scaled.norm();
        let slope = scaled.component_div(&self.semi_axes_mm).norm();
        if slope < 1e-9 { -self.semi_axes_mm.min() } else { radius * (radius - 1.0) / slope }
    }

    /// The least box that holds it.
    pub fn bounds(&self) -> Bounds {
        let turn = self.turn.to_rotation_matrix();
        let half = Vector3::from_fn(|axis, _| {
            turn.matrix().row(axis).transpose().component_mul(&self.semi_axes_mm).norm()
        });
        Bounds { low: self.centre - half, high: self.centre + half }
    }
}

/// The lesser of two values with a rounded seam of width `k` mm (I. Quilez, "Smooth minimum", 2013).
pub(crate) fn smooth_union(a: f64, b: f64, k: f64) -> f64 {
    let h = (k - (a - b).abs()).max(0.0) / k;
    a.min(b) - h * h * k * 0.25
}

/// `a` without `cut`, with a rounded edge of width `k` mm.
pub(crate) fn smooth_cut(a: f64, cut: f64, k: f64) -> f64 {
    -smooth_union(-a, cut, k)
}

/// A smooth random function of place: a few waves of random direction.
#[derive(Clone, Debug)]
pub(crate) struct Waves {
    waves: Vec<(Vector3<f64>, f64, f64)>,
}

impl Waves {
    /// Waves of the given range of lengths (mm) whose amplitudes sum to `amplitude`.
    pub fn new(count: usize, length_mm: (f64, f64), amplitude: f64, rng: &mut ChaCha8Rng) -> Self {
        let mut wave = || {
            let direction = jitter(1.0, rng).try_normalize(1e-6).unwrap_or_else(Vector3::x);
            let vector = direction * (std::f64::consts::TAU / within(length_mm, rng));
            (vector, within((0.0, std::f64::consts::TAU), rng), amplitude / count as f64)
        };
        Self { waves: (0..count).map(|_| wave()).collect() }
    }

    pub fn value(&self, point: &Point3<f64>) -> f64 {
        self.waves.iter().map(|(k, phase, a)| a * (k.dot(&point.coords) + phase).sin()).sum()
    }
}
