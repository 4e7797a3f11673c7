//! The grid of beams and depths on which echoes are computed before they are shown as an image.
//!
//! Values on the grid are stored depth by depth: index = sample × beams + beam. The grid is a few
//! beams and samples larger than the sector on every side, so that the filters meet no edge in it.

use std::ops::Range;

use nalgebra::{Point2, Vector2};

use crate::scan_geometry::{ProbeShape, ScanGeometry};

/// Beams and samples added on each side.
pub(crate) const MARGIN: usize = 10;

/// Beams across the sector and samples along it.
#[derive(Clone, Debug)]
pub struct BeamGrid {
    shape: ProbeShape,
    /// Angle (convex, rad) or distance (linear, mm) between neighbouring beams.
    pitch: f64,
    /// Distance between samples along a beam.
    pub sample_mm: f64,
    /// Number of beams, margins included.
    pub beams: usize,
    /// Number of samples, margins included.
    pub samples: usize,
}

impl BeamGrid {
    /// A grid over a sector with about `beams` beams and samples of at most `sample_mm`.
    pub fn new(geometry: &ScanGeometry, beams: usize, sample_mm: f64) -> Self {
        let across = match geometry.shape {
            ProbeShape::Linear { width_mm } => width_mm,
            ProbeShape::Convex { opening_rad, .. } => opening_rad,
        };
        let steps = (geometry.depth_mm / sample_mm).ceil().max(1.0);
        Self {
            shape: geometry.shape,
            pitch: across / (beams as f64 - 1.0),
            sample_mm: geometry.depth_mm / steps,
            beams: beams + 2 * MARGIN,
            samples: steps as usize + 1 + 2 * MARGIN,
        }
    }

    /// Range along the beam of a sample, mm; negative in the margin above the surface.
    pub fn range_mm(&self, sample: usize) -> f64 {
        (sample as f64 - MARGIN as f64) * self.sample_mm
    }

    /// Distance between neighbouring beams at a range, mm.
    pub fn spacing_mm(&self, range_mm: f64) -> f64 {
        match self.shape {
            ProbeShape::Linear { .. } => self.pitch,
            ProbeShape::Convex { radius_mm, .. } => (radius_mm + range_mm) * self.pitch,
        }
    }

    /// Where a beam leaves the surface and its direction, in x and y of the face.
    pub fn beam(&self, beam: usize) -> (Point2<f64>, Vector2<f64>) {
        let across = (beam as f64 - (self.beams as f64 - 1.0) / 2.0) * self.pitch;
        match self.shape {
            ProbeShape::Linear { .. } => (Point2::new(across, 0.0), Vector2::y()),
            ProbeShape::Convex { radius_mm, .. } => {
                let direction = Vector2::new(across.sin(), across.cos());
                (Point2::from(direction * radius_mm - Vector2::new(0.0, radius_mm)), direction)
            }
        }
    }

    /// Fractional beam and sample of a point of the face.
    pub fn locate(&self, x: f64, y: f64) -> (f64, f64) {
        let (across, range) = match self.shape {
            ProbeShape::Linear { .. } => (x, y),
            ProbeShape::Convex { radius_mm, .. } => {
                (x.atan2(y + radius_mm), x.hypot(y + radius_mm) - radius_mm)
            }
        };
        let beam = across / self.pitch + (self.beams as f64 - 1.0) / 2.0;
        (beam, range / self.sample_mm + MARGIN as f64)
    }

    /// Beams and samples that may come within `radius_mm` of a point of the face.
    pub fn window(&self, x: f64, y: f64, radius_mm: f64) -> (Range<usize>, Range<usize>) {
        let (beam, sample) = self.locate(x, y);
        let across = match self.shape {
            ProbeShape::Linear { .. } => radius_mm,
            ProbeShape::Convex { radius_mm: surface, .. } => {
                let sine = radius_mm / x.hypot(y + surface);
                if sine < 1.0 { sine.asin() } else { std::f64::consts::PI }
            }
        };
        let clip = |middle: f64, half: f64, count: usize| {
            let low = (middle - half).ceil().max(0.0) as usize;
            let high = ((middle + half).floor() + 1.0).max(0.0) as usize;
            low.min(count)..high.min(count).max(low.min(count))
        };
        (
            clip(beam, across / self.pitch, self.beams),
            clip(sample, radius_mm / self.sample_mm, self.samples),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn grids() -> [BeamGrid; 2] {
        let linear = ScanGeometry {
            shape: ProbeShape::Linear { width_mm: 40.0 },
            ..ScanGeometry::default()
        };
        [BeamGrid::new(&ScanGeometry::default(), 192, 0.3), BeamGrid::new(&linear, 128, 0.3)]
    }

    proptest! {
        #[test]
        fn locating_a_sample_gives_its_indices(beam in 0usize..140, sample in 0usize..360) {
            for grid in grids() {
                let (origin, direction) = grid.beam(beam);
                let place = origin + direction * grid.range_mm(sample);
                let (b, s) = grid.locate(place.x, place.y);
                prop_assert!((b - beam as f64).abs() < 1e-6 && (s - sample as f64).abs() < 1e-6);
            }
        }

        #[test]
        fn the_window_holds_every_sample_within_the_radius(
            x in -60.0..60.0, y in -10.0..120.0, radius in 0.5..12.0, beam in 0usize..140, sample in 0usize..360,
        ) {
            for grid in grids() {
                let (origin, direction) = grid.beam(beam);
                let place = origin + direction * grid.range_mm(sample);
                if (place - Point2::new(x, y)).norm() < radius - 1e-6 {
                    let (beams, samples) = grid.window(x, y, radius);
                    prop_assert!(beams.contains(&beam) && samples.contains(&sample));
                }
            }
        }
    }

    #[test]
    fn neighbouring_beams_are_as_far_apart_as_stated() {
        for grid in grids() {
            for sample in [MARGIN, 150, 300] {
                let at = |beam| {
                    let (origin, direction) = grid.beam(beam);
                    origin + direction * grid.range_mm(sample)
                };
                let chord = (at(60) - at(61)).norm();
                assert!((chord - grid.spacing_mm(grid.range_mm(sample))).abs() < 1e-3);
            }
        }
    }
}
