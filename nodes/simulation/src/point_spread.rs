//! Blurs echoes with the pulse along the beam and the beam's width across it.
//!
//! The pulse has one length at all depths; the beam is narrow near the surface and widens with
//! depth beyond the active aperture (T. L. Szabo, *Diagnostic Ultrasound Imaging*, 2014, ch. 6).

use crate::beam_grid::{BeamGrid, MARGIN};
use crate::scatterers::shared_oblique;

/// Full width at half maximum of the pulse.
const PULSE_MM: f64 = 0.75;
/// Full width at half maximum of the beam at the surface, and its growth per mm of depth.
const BEAM_MM: f64 = 1.0;
const BEAM_GROWTH: f64 = 0.014;
const SIGMA_PER_WIDTH: f64 = 0.424_66;

/// The filters of one beam grid.
#[derive(Clone, Debug)]
pub(crate) struct PointSpread {
    axial: Vec<f32>,
    /// One kernel for each sample.
    lateral: Vec<Vec<f32>>,
}

/// Half a symmetric Gaussian kernel (middle first) of a full width at half maximum of `width_mm` on
/// samples `step_mm` apart, at most [`MARGIN`] long, that keeps the mean power of the tissue's echoes.
fn kernel(width_mm: f64, step_mm: f64) -> Vec<f32> {
    let sigma = SIGMA_PER_WIDTH * width_mm / step_mm;
    let reach = ((2.6 * sigma).ceil() as usize).clamp(1, MARGIN);
    let weight = |step: f64| (-0.5 * (step / sigma).powi(2)).exp();
    let mut power = 0.0;
    let whole = -(reach as i32)..=reach as i32;
    for i in whole.clone() {
        for j in whole.clone() {
            let shared = shared_oblique(f64::from(i - j) * step_mm);
            power += weight(f64::from(i)) * weight(f64::from(j)) * shared;
        }
    }
    (0..=reach).map(|i| (weight(i as f64) / power.sqrt()) as f32).collect()
}

impl PointSpread {
    pub fn new(grid: &BeamGrid) -> Self {
        let axial = kernel(PULSE_MM, grid.sample_mm);
        let lateral = (0..grid.samples)
            .map(|sample| {
                let range = grid.range_mm(sample);
                let width = BEAM_MM + BEAM_GROWTH * range.max(0.0);
                kernel(width, grid.spacing_mm(range))
            })
            .collect();
        Self { axial, lateral }
    }

    /// Root of the power that the pulse filter gives to noise of unit power in each sample.
    pub fn noise_gain(&self) -> f32 {
        let side: f32 = self.axial[1..].iter().map(|w| w * w).sum();
        (self.axial[0] * self.axial[0] + 2.0 * side).sqrt()
    }

    /// Blurs one sample of all beams across the beams; beyond the ends there is silence.
    pub fn across(&self, sample: usize, echoes: &[f32], blurred: &mut [f32]) {
        blurred.fill(0.0);
        let beams = echoes.len();
        for (step, weight) in self.lateral[sample].iter().enumerate() {
            add(&mut blurred[step..], &echoes[..beams - step], *weight);
            if step > 0 {
                add(&mut blurred[..beams - step], &echoes[step..], *weight);
            }
        }
    }

    /// Blurs a whole grid along the beams; gives one row, `sample`, of the result.
    pub fn along(&self, sample: usize, echoes: &[f32], blurred: &mut [f32]) {
        blurred.fill(0.0);
        let beams = blurred.len();
        let samples = echoes.len() / beams;
        for (step, weight) in self.axial.iter().enumerate() {
            let above = sample.checked_sub(step).filter(|_| step > 0);
            let below = Some(sample + step).filter(|row| *row < samples);
            for row in [above, below].into_iter().flatten() {
                add(blurred, &echoes[row * beams..(row + 1) * beams], *weight);
            }
        }
    }
}

#[inline]
fn add(sum: &mut [f32], values: &[f32], weight: f32) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += weight * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan_geometry::ScanGeometry;

    /// Full width at half maximum in steps, between samples by linear interpolation.
    fn width(response: &[f32]) -> f64 {
        let peak = response.iter().copied().fold(0.0, f32::max);
        let half = f64::from(peak) / 2.0;
        let first = response.iter().position(|v| f64::from(*v) >= half).unwrap();
        let last = response.iter().rposition(|v| f64::from(*v) >= half).unwrap();
        let edge = |inside: usize, outside: usize| {
            let (i, o) = (f64::from(response[inside]), f64::from(response[outside]));
            (i - half) / (i - o)
        };
        (last - first) as f64 + edge(first, first - 1) + edge(last, last + 1)
    }

    #[test]
    fn a_point_is_as_wide_as_the_beam_and_as_long_as_the_pulse() {
        let grid = BeamGrid::new(&ScanGeometry::default(), 256, 0.3);
        let spread = PointSpread::new(&grid);
        let middle = grid.beams / 2;
        for (range, expected) in [(20.0, 1.28), (60.0, 1.84), (100.0, 2.4)] {
            let sample = (range / grid.sample_mm) as usize + MARGIN;
            let mut point = vec![0.0; grid.beams];
            point[middle] = 1.0;
            let mut blurred = vec![0.0; grid.beams];
            spread.across(sample, &point, &mut blurred);
            let mm = width(&blurred) * grid.spacing_mm(range);
            assert!((mm - expected).abs() < 0.15, "{mm} mm at {range} mm");
        }
        let mut column = vec![0.0; 61];
        column[30] = 1.0;
        let response: Vec<f32> = (0..61)
            .map(|sample| {
                let mut row = [0.0];
                spread.along(sample, &column, &mut row);
                row[0]
            })
            .collect();
        assert!((width(&response) * grid.sample_mm - PULSE_MM).abs() < 0.1);
    }

    #[test]
    fn the_ends_of_the_grid_are_no_edge_of_the_array() {
        let grid = BeamGrid::new(&ScanGeometry::default(), 64, 0.5);
        let spread = PointSpread::new(&grid);
        let mut blurred = vec![0.0; grid.beams];
        let mut point = vec![0.0; grid.beams];
        point[0] = 1.0;
        spread.across(grid.samples - 1, &point, &mut blurred);
        assert!(blurred[0] > blurred[1] && blurred[grid.beams - 1] == 0.0);
        let mut row = vec![0.0; grid.beams];
        let ones = vec![1.0; grid.beams * grid.samples];
        spread.along(0, &ones, &mut row);
        assert!(row.iter().all(|v| v.is_finite() && *v > 0.0));
    }
}
