//! A volume on the lattice that a network takes, and labels back on the volume's own.
//!
//! Scanners and file formats store slices in any order; a network knows the body in one: x to the patient's left,
//! y to the back, z to the head (LPS). Axes are swapped and turned round, never rotated: what remains, up to
//! 45°, a network has to stand.

use models::card::Intensity;
use nalgebra::{Matrix3x4, Vector3};
use ndarray::{Array2, Array3, ArrayView3, Axis};

use crate::preprocess::{Filter, resample};

/// More voxels than any network here should be given at once.
const MOST_VOXELS: f64 = (1_u64 << 29) as f64;

/// Why a volume cannot be brought onto a network's lattice.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LatticeError {
    /// The intensities are not as many as the size says.
    #[error("expected {expected} voxels, as the volume's size says, but {came} came")]
    Voxels {
        /// As the size says.
        expected: usize,
        /// As came.
        came: usize,
    },
    /// Nothing to work on.
    #[error("expected a volume with voxels, but its size is {0:?}; look at its source")]
    Empty([u32; 3]),
    /// The voxel size makes the network's lattice senseless.
    #[error(
        "a volume of {size:?} voxels of {spacing_mm:?} mm would need {came:.0} voxels for the network; check the \
         voxel size, which must be in mm, or cut the volume to the part of interest"
    )]
    TooLarge {
        /// Along x, y, z.
        size: [u32; 3],
        /// Along x, y, z.
        spacing_mm: [f64; 3],
        /// What the network's lattice would have.
        came: f64,
    },
}

/// How a volume's voxels lie on the network's lattice.
#[derive(Clone, Debug, PartialEq)]
pub struct Lattice {
    /// Slices, rows and columns of the volume as stored.
    stored: [usize; 3],
    /// Which stored axis (0 slowest) runs along z, y, x of the body.
    order: [usize; 3],
    /// Whether it runs the other way.
    turned: [bool; 3],
    /// Voxels along z, y, x of the body, before resampling.
    upright: [usize; 3],
    /// After it.
    network: [usize; 3],
}

impl Lattice {
    /// For volumes of `size` voxels along their own x (fastest), y and z, with `frame_from_voxel` in mm, LPS,
    /// and a network whose voxels have `spacing_mm` in all directions, or those of the volume.
    ///
    /// # Errors
    /// If the volume is empty, or its voxels are so large that the network's lattice would be senseless.
    pub fn new(
        size: [u32; 3],
        frame_from_voxel: &Matrix3x4<f64>,
        spacing_mm: Option<f64>,
    ) -> Result<Self, LatticeError> {
        if size.contains(&0) {
            return Err(LatticeError::Empty(size));
        }
        let axes = [0, 1, 2].map(|axis| Vector3::from(frame_from_voxel.column(axis)));
        let body = closest_axes(&axes);
        let stored = [size[2], size[1], size[0]].map(|count| count as usize);
        // Slowest first: z, y, x of the body. A voxel axis `a` is the stored axis `2 - a`.
        let from_body = [2, 1, 0].map(|along: usize| body[along]);
        let order = from_body.map(|(axis, _)| 2 - axis);
        let turned = from_body.map(|(_, turned)| turned);
        let upright = order.map(|axis| stored[axis]);
        let counts: [f64; 3] = std::array::from_fn(|along| {
            let own_mm = axes[from_body[along].0].norm();
            let count = upright[along] as f64;
            spacing_mm.map_or(count, |to_mm| (count * own_mm / to_mm).round().max(1.0))
        });
        let came: f64 = counts.iter().product();
        // Also false for what is no number.
        if !(came <= MOST_VOXELS) {
            let spacing_mm = axes.map(|axis| axis.norm());
            return Err(LatticeError::TooLarge { size, spacing_mm, came });
        }
        Ok(Self { stored, order, turned, upright, network: counts.map(|count| count as usize) })
    }

    /// Slices, rows and columns of the network's lattice.
    pub fn network_size(&self) -> [usize; 3] {
        self.network
    }

    /// Intensities, x fastest, as the network takes them: slices from the feet to the head, rows to the back,
    /// columns to the left.
    ///
    /// # Errors
    /// If they are not as many as the size says.
    pub fn apply(&self, voxels: &[i16], intensity: Intensity) -> Result<Array3<f32>, LatticeError> {
        let stored = ArrayView3::from_shape(self.stored, voxels).map_err(|_| {
            LatticeError::Voxels { expected: self.stored.iter().product(), came: voxels.len() }
        })?;
        let mut upright = stored.permuted_axes(self.order);
        for (axis, turned) in self.turned.into_iter().enumerate() {
            if turned {
                upright.invert_axis(Axis(axis));
            }
        }
        let [slices, rows, columns] = self.upright;
        let [network_slices, network_rows, network_columns] = self.network;
        let (to_rows, to_columns) =
            (Filter::new(rows, network_rows), Filter::new(columns, network_columns));
        // Slice after slice, so that what lies beside the volume and its copy stays small.
        let mut flat = Array2::zeros((slices, network_rows * network_columns));
        for (slice, mut flat) in upright.outer_iter().zip(flat.outer_iter_mut()) {
            let scaled = slice.mapv(|value| intensity.scale(f32::from(value)));
            let resampled = resample(&scaled, &to_rows, &to_columns);
            for (to, from) in flat.iter_mut().zip(&resampled) {
                *to = *from;
            }
        }
        let width = flat.ncols();
        let even =
            resample(&flat, &Filter::new(slices, network_slices), &Filter::new(width, width));
        let size = (network_slices, network_rows, network_columns);
        // As many as there are: the shape was made for them.
        Ok(even.into_shape_with_order(size).unwrap_or_else(|_| Array3::zeros(size)))
    }

    /// Labels on the network's lattice as the volume stores its voxels: each takes that of the network's
    /// voxel at its centre.
    ///
    /// # Panics
    /// Never for labels of [`Lattice::network_size`]; others are a fault of the caller.
    pub fn back(&self, labels: ArrayView3<'_, u8>) -> Vec<u8> {
        let nearest: [Vec<usize>; 3] = std::array::from_fn(|axis| {
            let (to, from) = (self.upright[axis], self.network[axis]);
            // The centre (index + 1/2) · from / to, in whole numbers.
            (0..to).map(|index| ((2 * index + 1) * from / (2 * to)).min(from - 1)).collect()
        });
        let mut stored = Array3::zeros(self.stored);
        let mut upright = stored.view_mut().permuted_axes(self.order);
        for (axis, turned) in self.turned.into_iter().enumerate() {
            if turned {
                upright.invert_axis(Axis(axis));
            }
        }
        for ((slice, row, column), label) in upright.indexed_iter_mut() {
            *label = labels[[nearest[0][slice], nearest[1][row], nearest[2][column]]];
        }
        stored.into_raw_vec_and_offset().0
    }
}

/// For x, y, z of the body the voxel axis nearest to it, and whether that runs the other way: of all ways to pair
/// them the one with the greatest sum of cosines.
fn closest_axes(axes: &[Vector3<f64>; 3]) -> [(usize, bool); 3] {
    let cosine = |axis: usize, along: usize| axes[axis][along] / axes[axis].norm().max(1e-12);
    let pairings = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let mut best = (pairings[0], f64::NEG_INFINITY);
    for pairing in pairings {
        let sum = (0..3).map(|along| cosine(pairing[along], along).abs()).sum();
        if sum > best.1 {
            best = (pairing, sum);
        }
    }
    std::array::from_fn(|along| (best.0[along], cosine(best.0[along], along) < 0.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// Voxel values that say where in the body they lie: 100 z + 10 y + x, in LPS.
    fn body(rows: &Matrix3x4<f64>, size: [u32; 3]) -> Vec<i16> {
        let mut values = Vec::new();
        for k in 0..size[2] {
            for j in 0..size[1] {
                for i in 0..size[0] {
                    let p = rows * nalgebra::Vector4::new(i.into(), j.into(), k.into(), 1.0);
                    values.push((100.0 * p.z + 10.0 * p.y + p.x).round() as i16);
                }
            }
        }
        values
    }

    #[test]
    fn any_order_of_storage_comes_upright_and_labels_go_back() {
        let straight = Matrix3x4::new(
            1.0, 0.0, 0.0, 0.0, //
            0.0, 1.0, 0.0, 0.0, //
            0.0, 0.0, 1.0, 0.0,
        );
        // x and y as in NIfTI's RAS, and a sagittal stack: fastest to the feet, then to the front, then to the right.
        let flipped = Matrix3x4::new(
            -1.0, 0.0, 0.0, 3.0, //
            0.0, -1.0, 0.0, 4.0, //
            0.0, 0.0, 1.0, 0.0,
        );
        let sagittal = Matrix3x4::new(
            0.0, 0.0, -1.0, 3.0, //
            0.0, -1.0, 0.0, 4.0, //
            -1.0, 0.0, 0.0, 5.0,
        );
        for (rows, size) in [(straight, [4, 5, 6]), (flipped, [4, 5, 6]), (sagittal, [6, 5, 4])] {
            let lattice = Lattice::new(size, &rows, Some(1.0)).unwrap();
            assert_eq!(lattice.network_size(), [6, 5, 4]);
            let stored = body(&rows, size);
            let upright = lattice.apply(&stored, Intensity::AsIs).unwrap();
            for ((z, y, x), value) in upright.indexed_iter() {
                assert_eq!(*value, (100 * z + 10 * y + x) as f32);
            }
            let back = lattice.back(upright.mapv(|value| (value / 3.0) as u8).view());
            let expected: Vec<u8> =
                stored.iter().map(|value| (f32::from(*value) / 3.0) as u8).collect();
            assert_eq!(back, expected);
        }
    }

    #[test]
    fn fine_and_coarse_voxels_come_to_the_size_of_the_network() {
        let rows = Matrix3x4::new(
            0.5, 0.0, 0.0, 0.0, //
            0.0, 1.0, 0.0, 0.0, //
            0.0, 0.0, 3.0, 0.0,
        );
        let lattice = Lattice::new([8, 4, 2], &rows, Some(1.0)).unwrap();
        assert_eq!(lattice.network_size(), [6, 4, 4]);
        let even = vec![40_i16; 64];
        let window = Intensity::Window { low: 0.0, high: 80.0 };
        let upright = lattice.apply(&even, window).unwrap();
        assert!(upright.iter().all(|value| (value - 0.5).abs() < 1e-6));
        let labels = Array3::from_shape_fn((6, 4, 4), |(slice, ..)| u8::from(slice >= 3));
        let back = lattice.back(labels.view());
        assert!(back[..32].iter().all(|label| *label == 0) && back[32..].iter().all(|l| *l == 1));
    }

    #[test]
    fn senseless_volumes_are_refused_in_words() {
        let rows = Matrix3x4::new(1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0);
        let empty = Lattice::new([4, 0, 4], &rows, None).unwrap_err();
        assert!(empty.to_string().contains("[4, 0, 4]"));
        let metres = Lattice::new([100; 3], &(rows * 1000.0), Some(1.0)).unwrap_err();
        assert!(metres.to_string().contains("in mm"), "{metres}");
        let lattice = Lattice::new([2, 2, 2], &rows, None).unwrap();
        let short = lattice.apply(&[1; 7], Intensity::AsIs).unwrap_err();
        assert_eq!(short, LatticeError::Voxels { expected: 8, came: 7 });
    }
}
