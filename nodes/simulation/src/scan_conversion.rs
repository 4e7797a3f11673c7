//! Turns the grid of beams into an image: each pixel is interpolated between its four neighbours.

use ndarray::Array2;

use crate::beam_grid::BeamGrid;
use crate::scan_geometry::ScanGeometry;

/// Where one pixel of the sector takes its value from.
#[derive(Clone, Copy, Debug)]
struct Tap {
    pixel: u32,
    /// Index of the upper left of the four samples.
    corner: u32,
    beam_part: f32,
    sample_part: f32,
}

/// The table of one geometry.
#[derive(Clone, Debug)]
pub(crate) struct ScanConversion {
    taps: Vec<Tap>,
    beams: usize,
    shape: (usize, usize),
}

impl ScanConversion {
    pub fn new(geometry: &ScanGeometry, grid: &BeamGrid) -> Self {
        let mut taps = Vec::new();
        for row in 0..geometry.height_px {
            for column in 0..geometry.width_px {
                let (x, y) = geometry.face_from_pixel(column as f64, row as f64);
                if !geometry.in_sector(x, y) {
                    continue;
                }
                let (beam, sample) = grid.locate(x, y);
                taps.push(Tap {
                    pixel: (row * geometry.width_px + column) as u32,
                    corner: (sample as usize * grid.beams + beam as usize) as u32,
                    beam_part: beam.fract() as f32,
                    sample_part: sample.fract() as f32,
                });
            }
        }
        Self { taps, beams: grid.beams, shape: (geometry.height_px, geometry.width_px) }
    }

    /// The image (rows × columns) of grey values on the beam grid; black outside the sector.
    pub fn convert(&self, grey: &[f32]) -> Array2<u8> {
        let mut image = vec![0u8; self.shape.0 * self.shape.1];
        for tap in &self.taps {
            let corner = tap.corner as usize;
            let upper = &grey[corner..corner + 2];
            let lower = &grey[corner + self.beams..corner + self.beams + 2];
            let above = upper[0] + tap.beam_part * (upper[1] - upper[0]);
            let below = lower[0] + tap.beam_part * (lower[1] - lower[0]);
            image[tap.pixel as usize] = (above + tap.sample_part * (below - above) + 0.5) as u8;
        }
        let (rows, columns) = self.shape;
        Array2::from_shape_fn((rows, columns), |(row, column)| image[row * columns + column])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan_geometry::ProbeShape;

    #[test]
    fn a_ramp_in_depth_and_across_is_shown_where_it_lies() {
        let linear = ProbeShape::Linear { width_mm: 50.0 };
        for geometry in
            [ScanGeometry::default(), ScanGeometry { shape: linear, ..ScanGeometry::default() }]
        {
            let grid = BeamGrid::new(&geometry, 192, 0.3);
            let conversion = ScanConversion::new(&geometry, &grid);
            for across in [false, true] {
                let value = |beam: f64, sample: f64| if across { beam } else { sample * 0.5 };
                let grey: Vec<_> = (0..grid.samples * grid.beams)
                    .map(|i| value((i % grid.beams) as f64, (i / grid.beams) as f64) as f32)
                    .collect();
                let image = conversion.convert(&grey);
                for ((row, column), shown) in image.indexed_iter() {
                    let (x, y) = geometry.face_from_pixel(column as f64, row as f64);
                    let (beam, sample) = grid.locate(x, y);
                    let expected =
                        if geometry.in_sector(x, y) { value(beam, sample).round() } else { 0.0 };
                    assert!((f64::from(*shown) - expected).abs() <= 1.0);
                }
            }
        }
    }
}
