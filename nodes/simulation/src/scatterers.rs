//! The scatterers of the tissue: a field of random complex echoes fixed in the patient.
//!
//! Space is cut into small cubes; each has a complex amplitude that is a hash of its place and the
//! patient's seed. The same tissue therefore gives the same speckle when it is seen again, and
//! other speckle once the plane has moved by about the thickness of the slice.

use messages::{Patient, Transform};
use nalgebra::{Rotation3, Vector3};

use crate::beam_grid::BeamGrid;
use crate::randomness::lattice_hash;
use crate::scan_geometry::Face;

/// Edge of the cubes.
pub(crate) const CELL_MM: f64 = 0.45;
/// The thickness of the slice is made of so many planes, so far apart.
const PLANES: usize = 11;
const PLANE_MM: f64 = 0.2;
/// Standard deviation of the slice's weight across it.
const SLICE_SIGMA_MM: f64 = 0.55;
/// Fixed point: 16 bits of the cube's number, 16 bits within the cube.
const FRACTION_BITS: u32 = 16;

/// The cubes are turned against the axes of the body, so that no beam runs along them.
fn lattice_from_patient() -> Rotation3<f64> {
    Rotation3::from_euler_angles(0.61, 0.37, 1.13)
}

/// Walks down all beams at once and gives the echo of each sample.
pub(crate) struct Scatterers {
    seed: u32,
    places: [Vec<u32>; 3],
    steps: [Vec<u32>; 3],
    /// Shift and weight of each plane of the slice.
    planes: [([u32; 3], f32); PLANES],
}

/// Probability that two points this far apart (along the cubes' edges) lie in the same cube.
fn shared(apart_mm: &Vector3<f64>) -> f64 {
    apart_mm.iter().map(|d| (1.0 - d.abs() / CELL_MM).max(0.0)).product()
}

/// The same for a distance in a direction oblique to the cubes.
pub(crate) fn shared_oblique(apart_mm: f64) -> f64 {
    shared(&Vector3::from_element(apart_mm / 3.0_f64.sqrt()))
}

fn fixed(cells: f64) -> u32 {
    // Wraps after 65 536 cells, about 30 m.
    (cells * f64::from(1u32 << FRACTION_BITS)).round() as i64 as u32
}

impl Scatterers {
    /// Starts at the first sample of each beam.
    pub fn new(seed: u32, grid: &BeamGrid, patient_from_face: &Transform<Patient, Face>) -> Self {
        let pose = patient_from_face.isometry();
        let turn = lattice_from_patient() * pose.rotation.to_rotation_matrix();
        let origin = lattice_from_patient() * pose.translation.vector / CELL_MM;
        let mut places = [const { Vec::new() }; 3];
        let mut steps = [const { Vec::new() }; 3];
        for beam in 0..grid.beams {
            let (start, direction) = grid.beam(beam);
            let first = start + direction * grid.range_mm(0);
            let place = origin + turn * Vector3::new(first.x, first.y, 0.0) / CELL_MM;
            let step =
                turn * Vector3::new(direction.x, direction.y, 0.0) * (grid.sample_mm / CELL_MM);
            for axis in 0..3 {
                places[axis].push(fixed(place[axis]));
                steps[axis].push(fixed(step[axis]));
            }
        }
        let normal: Vector3<f64> = turn * Vector3::z();
        let offset = |plane: usize| (plane as f64 - (PLANES as f64 - 1.0) / 2.0) * PLANE_MM;
        let weight = |plane: usize| (-0.5 * (offset(plane) / SLICE_SIGMA_MM).powi(2)).exp();
        let mut power = 0.0;
        for (i, j) in (0..PLANES).flat_map(|i| (0..PLANES).map(move |j| (i, j))) {
            power += weight(i) * weight(j) * shared(&(normal * (offset(i) - offset(j))));
        }
        // Both parts of an echo are uniform 16-bit numbers; scaled to unit mean power.
        let scale = (2.0 / 3.0 * power).sqrt().recip() / 32_768.0;
        let planes = std::array::from_fn(|plane| {
            let shift = normal * (offset(plane) / CELL_MM);
            ([0, 1, 2].map(|axis| fixed(shift[axis])), (weight(plane) * scale) as f32)
        });
        Self { seed, places, steps, planes }
    }

    /// The echoes of one sample of every beam, of unit mean power; then steps to the next sample.
    pub fn next(&mut self, real: &mut [f32], imaginary: &mut [f32]) {
        let [xs, ys, zs] = &mut self.places;
        let [dxs, dys, dzs] = &self.steps;
        let beams = real.len();
        let (xs, ys, zs) = (&mut xs[..beams], &mut ys[..beams], &mut zs[..beams]);
        let (dxs, dys, dzs) = (&dxs[..beams], &dys[..beams], &dzs[..beams]);
        let imaginary = &mut imaginary[..beams];
        for beam in 0..beams {
            let (mut re, mut im) = (0.0, 0.0);
            for ([px, py, pz], weight) in &self.planes {
                let bits = lattice_hash(
                    xs[beam].wrapping_add(*px) >> FRACTION_BITS,
                    ys[beam].wrapping_add(*py) >> FRACTION_BITS,
                    zs[beam].wrapping_add(*pz) >> FRACTION_BITS,
                    self.seed,
                );
                re += weight * f32::from(bits as i16);
                im += weight * f32::from((bits >> 16) as i16);
            }
            real[beam] = re;
            imaginary[beam] = im;
            xs[beam] = xs[beam].wrapping_add(dxs[beam]);
            ys[beam] = ys[beam].wrapping_add(dys[beam]);
            zs[beam] = zs[beam].wrapping_add(dzs[beam]);
        }
    }
}

/// Slow change of the tissue from place to place: smooth noise of about ±1 with features of
/// `size_mm`, fixed in the patient.
pub(crate) fn slow_variation(seed: u32, place: &Vector3<f64>, size_mm: f64) -> f64 {
    let scaled = place / size_mm;
    let cell = scaled.map(f64::floor);
    let part = (scaled - cell).map(|t| t * t * (3.0 - 2.0 * t));
    let corner = cell.map(|c| c as i64 as u32);
    let mut sum = 0.0;
    for index in 0..8u32 {
        let bit = [index & 1, (index >> 1) & 1, index >> 2];
        let weight: f64 =
            (0..3).map(|a| if bit[a] == 1 { part[a] } else { 1.0 - part[a] }).product();
        let [x, y, z] = [0, 1, 2].map(|a| corner[a].wrapping_add(bit[a]));
        let value = f64::from(lattice_hash(x, y, z, seed)) / f64::from(u32::MAX);
        sum += weight * (2.0 * value - 1.0);
    }
    sum
}

#[cfg(test)]
mod tests {
    use nalgebra::{Isometry3, Translation3, UnitQuaternion};

    use super::*;
    use crate::scan_geometry::ScanGeometry;

    fn echoes(seed: u32, pose: Isometry3<f64>) -> Vec<[f64; 2]> {
        let grid = BeamGrid::new(&ScanGeometry::default(), 192, 0.3);
        let mut field = Scatterers::new(seed, &grid, &Transform::from_isometry(pose));
        let (mut re, mut im) = (vec![0.0; grid.beams], vec![0.0; grid.beams]);
        let mut all = Vec::new();
        for _ in 0..grid.samples {
            field.next(&mut re, &mut im);
            all.extend(re.iter().zip(&im).map(|(r, i)| [f64::from(*r), f64::from(*i)]));
        }
        all
    }

    fn correlation(a: &[[f64; 2]], b: &[[f64; 2]]) -> f64 {
        let inner = |p: &[[f64; 2]], q: &[[f64; 2]]| -> f64 {
            p.iter().zip(q).map(|(x, y)| x[0] * y[0] + x[1] * y[1]).sum()
        };
        inner(a, b) / (inner(a, a) * inner(b, b)).sqrt()
    }

    #[test]
    fn echoes_have_unit_power_and_no_preferred_phase() {
        let all = echoes(9, Isometry3::translation(3.0, 5.0, -20.0));
        let count = all.len() as f64;
        let power = all.iter().map(|e| e[0] * e[0] + e[1] * e[1]).sum::<f64>() / count;
        assert!((power - 1.0).abs() < 0.05, "{power}");
        let mixed = all.iter().map(|e| e[0] * e[1]).sum::<f64>() / count;
        assert!(mixed.abs() < 0.02, "{mixed}");
    }

    #[test]
    fn speckle_fades_out_of_the_plane_and_comes_back() {
        let turn = UnitQuaternion::from_euler_angles(0.1, -0.2, 0.3);
        let at = |z: f64| {
            let shift = turn * Vector3::new(0.0, 0.0, z);
            echoes(9, Isometry3::from_parts(Translation3::from(shift), turn))
        };
        let here = at(0.0);
        let course: Vec<_> =
            [0.1, 0.3, 0.6, 1.0, 1.6, 2.6].map(|z| correlation(&here, &at(z))).into();
        assert!(course[0] > 0.9 && course[1] > 0.7, "{course:?}");
        assert!(course.is_sorted_by(|a, b| a >= b), "{course:?}");
        assert!(course[5].abs() < 0.05, "{course:?}");
        assert_eq!(here, at(0.0));
        assert!(
            correlation(&here, &echoes(10, Isometry3::from_parts(Translation3::identity(), turn)))
                .abs()
                < 0.05
        );
    }

    #[test]
    fn slow_variation_is_smooth_and_bounded() {
        let at = |x: f64| slow_variation(4, &Vector3::new(x, 7.3, -11.9), 12.0);
        let values: Vec<_> = (-2000..2000).map(|i| at(f64::from(i) * 0.1)).collect();
        assert!(values.iter().all(|v| v.abs() <= 1.0));
        assert!(values.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.03));
        let spread = values.iter().map(|v| v * v).sum::<f64>() / 4000.0;
        assert!(spread > 0.05, "{spread}");
    }
}
