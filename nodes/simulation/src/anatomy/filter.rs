//! Separable Gaussian blur of volumes and correlated noise.

use rand_chacha::ChaCha8Rng;

use crate::anatomy::grid::{Grid, in_bands};
use crate::randomness::{Purpose, normal, stream};

/// Blurs with a Gaussian of standard deviation `sigma_mm` along x, y, z; edges repeat.
pub(crate) fn blur(values: &mut [f32], grid: &Grid, sigma_mm: [f64; 3], threads: usize) {
    let spacing = grid.spacing_mm();
    let kernels = [0, 1, 2].map(|axis| kernel(sigma_mm[axis] / spacing[axis]));
    let [nx, ny, nz] = grid.size();
    in_bands(grid, values, threads, |_, band| {
        let mut line = Vec::new();
        for row in band.chunks_mut(nx) {
            convolve(row, &kernels[0], &mut line);
        }
        for slice in band.chunks_mut(nx * ny) {
            across(slice, nx, &kernels[1]);
        }
    });
    if kernels[2].len() > 1 {
        // Along z all slices are needed at once; a copy of the input lets bands stay apart.
        let source = values.to_vec();
        let kernel = &kernels[2];
        in_bands(grid, values, threads, |first, band| {
            for (offset, slice) in band.chunks_mut(nx * ny).enumerate() {
                slice.fill(0.0);
                for (tap, weight) in kernel.iter().enumerate() {
                    let z = (first + offset + tap).saturating_sub(kernel.len() / 2).min(nz - 1);
                    let other = &source[z * nx * ny..(z + 1) * nx * ny];
                    for (sum, value) in slice.iter_mut().zip(other) {
                        *sum += weight * value;
                    }
                }
            }
        });
    }
}

/// Weights of a Gaussian of `sigma` samples, summing to 1.
fn kernel(sigma: f64) -> Vec<f32> {
    if sigma < 0.15 {
        return vec![1.0];
    }
    let reach = (3.0 * sigma).ceil() as i32;
    let weights: Vec<f64> =
        (-reach..=reach).map(|i| (-0.5 * (f64::from(i) / sigma).powi(2)).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|w| (w / sum) as f32).collect()
}

fn convolve(row: &mut [f32], kernel: &[f32], padded: &mut Vec<f32>) {
    let (reach, last) = (kernel.len() / 2, row.len() - 1);
    if reach == 0 {
        return;
    }
    padded.clear();
    padded.extend(std::iter::repeat_n(row[0], reach));
    padded.extend_from_slice(row);
    padded.extend(std::iter::repeat_n(row[last], reach));
    for (index, value) in row.iter_mut().enumerate() {
        *value = padded[index..].iter().zip(kernel).map(|(v, w)| v * w).sum();
    }
}

/// Blurs a slice of rows of `nx` along y.
fn across(slice: &mut [f32], nx: usize, kernel: &[f32]) {
    if kernel.len() == 1 {
        return;
    }
    let (source, rows) = (slice.to_vec(), slice.len() / nx);
    for (y, row) in slice.chunks_mut(nx).enumerate() {
        row.fill(0.0);
        for (tap, weight) in kernel.iter().enumerate() {
            let other = (y + tap).saturating_sub(kernel.len() / 2).min(rows - 1) * nx;
            for (sum, value) in row.iter_mut().zip(&source[other..other + nx]) {
                *sum += weight * value;
            }
        }
    }
}

/// White noise of variance 1, slice by slice from a stream of its own.
pub(crate) fn white_noise(grid: &Grid, seed: u64, purpose: Purpose, threads: usize) -> Vec<f32> {
    let mut values = vec![0.0; grid.count()];
    let slice = grid.size()[0] * grid.size()[1];
    in_bands(grid, &mut values, threads, |first, band| {
        for (offset, part) in band.chunks_mut(slice).enumerate() {
            let mut rng: ChaCha8Rng = stream(seed, purpose, (first + offset) as u64);
            for value in part {
                *value = normal(&mut rng) as f32;
            }
        }
    });
    values
}

/// Noise of mean 0 and variance 1 with the grain of filtered back-projection: it lacks the lowest
/// and the highest frequencies within a slice (S. J. Riederer et al., "The noise power spectrum in
/// computed X-ray tomography", Phys. Med. Biol. 23, 1978).
pub(crate) fn grainy_noise(
    grid: &Grid,
    grain_mm: f64,
    seed: u64,
    purpose: Purpose,
    threads: usize,
) -> Vec<f32> {
    let mut fine = white_noise(grid, seed, purpose, threads);
    blur(&mut fine, grid, [grain_mm, grain_mm, 0.6 * grain_mm], threads);
    let mut coarse = fine.clone();
    blur(&mut coarse, grid, [1.6 * grain_mm, 1.6 * grain_mm, 0.0], threads);
    for (value, low) in fine.iter_mut().zip(&coarse) {
        *value -= low;
    }
    normalise(&mut fine);
    fine
}

/// Shifts and scales to mean 0 and variance 1.
pub(crate) fn normalise(values: &mut [f32]) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    let power = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / count;
    let scale = 1.0 / power.sqrt().max(1e-12);
    for value in values {
        *value = ((f64::from(*value) - mean) * scale) as f32;
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::Point3;

    use super::*;

    #[test]
    fn a_blurred_point_is_a_gaussian_and_threads_do_not_matter() {
        let grid = Grid::new([31, 29, 27], [1.0, 1.5, 2.0], Point3::origin()).unwrap();
        let mut point = vec![0.0; grid.count()];
        point[(13 * 29 + 14) * 31 + 15] = 1.0;
        let mut again = point.clone();
        blur(&mut point, &grid, [1.8; 3], 1);
        blur(&mut again, &grid, [1.8; 3], 3);
        assert_eq!(point, again);
        let moments = |axis: usize| {
            let mut second = 0.0;
            for (index, value) in point.iter().enumerate() {
                let at = [index % 31, index / 31 % 29, index / (31 * 29)][axis] as f64;
                second += f64::from(*value)
                    * ((at - [15.0, 14.0, 13.0][axis]) * grid.spacing_mm()[axis]).powi(2);
            }
            second.sqrt()
        };
        for axis in 0..3 {
            assert!((moments(axis) - 1.8).abs() < 0.06, "{axis}: {}", moments(axis));
        }
        assert!((point.iter().sum::<f32>() - 1.0).abs() < 1e-4);
    }

    #[test]
    fn grainy_noise_is_correlated_near_and_not_far() {
        let grid = Grid::new([80, 60, 20], [1.0; 3], Point3::origin()).unwrap();
        let noise = grainy_noise(&grid, 0.8, 5, Purpose::ComputedTomography, 2);
        let correlation = |step: usize| {
            noise.iter().zip(&noise[step..]).map(|(a, b)| f64::from(a * b)).sum::<f64>()
                / noise.len() as f64
        };
        assert!((correlation(0) - 1.0).abs() < 1e-3);
        assert!(correlation(1) > 0.2, "{}", correlation(1));
        assert!(correlation(2) < 0.1 && correlation(9).abs() < 0.05);
    }
}
