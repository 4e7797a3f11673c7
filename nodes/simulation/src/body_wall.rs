//! The layers between skin and liver: skin, fat, muscle and the liver's capsule, gently wavy.

use std::f64::consts::TAU;

use nalgebra::{Point3, Vector3};
use rand::RngExt;

use crate::randomness::{Purpose, stream};

/// One layer, from its upper surface down to the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer {
    /// Mean depth of the upper surface under the skin.
    depth_mm: f64,
    /// Amplitude of scattering relative to liver.
    pub scatter: f32,
    /// Amplitude of the mirror-like echo of the upper surface, relative to the scattering of liver.
    pub mirror: f32,
    /// Strength of the layer's inner streaks (fibres), 0 to 1.
    pub streaks: f32,
}

/// The layers of one patient.
#[derive(Clone, Debug)]
pub(crate) struct BodyWall {
    layers: Vec<Layer>,
    /// Wave vectors (rad/mm), phases and amplitudes of the surfaces.
    waves: Vec<(Vector3<f64>, f64, f64)>,
}

impl BodyWall {
    pub fn new(seed: u64) -> Self {
        let mut rng = stream(seed, Purpose::BodyWall, 0);
        let fat = rng.random_range(4.0..8.0);
        let muscle = rng.random_range(5.0..9.0);
        let layer =
            |depth_mm, scatter, mirror, streaks| Layer { depth_mm, scatter, mirror, streaks };
        let layers = vec![
            layer(0.0, 1.6, 2.0, 0.0),
            layer(2.0, 0.75, 1.2, 1.0),
            layer(2.0 + fat, 0.5, 3.5, 1.0),
            layer(2.0 + fat + muscle, 1.2, 3.0, 0.6),
            layer(4.5 + fat + muscle, 1.0, 5.0, 0.0),
        ];
        let waves = (0..3)
            .map(|_| {
                let (turn, length) = (rng.random_range(0.0..TAU), rng.random_range(45.0..110.0));
                let wave = Vector3::new(turn.cos(), 0.0, turn.sin()) * (TAU / length);
                (wave, rng.random_range(0.0..TAU), rng.random_range(0.4..0.9))
            })
            .collect();
        Self { layers, waves }
    }

    /// The layers from the skin downwards; the last one is the liver.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Depth of the upper surface of layer `index` at a place, mm; deeper surfaces are wavier.
    fn depth_mm(&self, index: usize, place: &Point3<f64>) -> f64 {
        let depth = self.layers[index].depth_mm;
        let sum: f64 = self
            .waves
            .iter()
            .map(|(wave, phase, amplitude)| amplitude * (wave.dot(&place.coords) + phase).sin())
            .sum();
        depth + sum * (depth / 12.0).min(1.0)
    }

    /// How far along a beam each layer begins, mm; infinite if the beam runs along the skin.
    pub fn crossings_mm(&self, origin: &Point3<f64>, direction: &Vector3<f64>) -> Vec<f64> {
        (0..self.layers.len())
            .map(|index| {
                if direction.y < 0.2 {
                    return f64::INFINITY;
                }
                // The surfaces are flat enough that a few steps of fixed-point iteration settle.
                (0..4).fold(0.0, |range, _| {
                    let place = origin + direction * range;
                    range + (self.depth_mm(index, &place) - place.y) / direction.y
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beam_crosses_each_layer_at_its_surface_and_in_order() {
        let wall = BodyWall::new(11);
        for tilt in [-0.4, 0.0, 0.3] {
            let origin = Point3::new(12.0, -1.0, -30.0);
            let direction = Vector3::new(f64::sin(tilt), f64::cos(tilt), 0.0);
            let crossings = wall.crossings_mm(&origin, &direction);
            assert!(crossings.is_sorted(), "{crossings:?}");
            for (index, range) in crossings.iter().enumerate() {
                let place = origin + direction * *range;
                assert!((place.y - wall.depth_mm(index, &place)).abs() < 0.01);
            }
        }
    }

    #[test]
    fn a_beam_along_the_skin_reaches_no_layer() {
        let wall = BodyWall::new(11);
        let crossings = wall.crossings_mm(&Point3::origin(), &Vector3::x());
        assert!(crossings.iter().all(|range| range.is_infinite()));
    }
}
