//! From pixels to voxel indices, in fixed point, so that steps along a row add up exactly.

use messages::{Affine, Image, Patient, Voxel};
use nalgebra::{Matrix3x4, Vector3};

use super::Refused;
use super::bricks::{BRICK_BITS, Bricks};
use super::mask::Mask;
use super::settings::Distribution;

/// Fraction bits of a coordinate.
pub(super) const FRACTION_BITS: u32 = 32;
/// Farthest voxel from the origin along an axis.
const REACH: f64 = (1 << 29) as f64;

/// Regular voxels without end: voxel `i` lies at `origin + spacing · i`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lattice {
    origin_mm: Vector3<f64>,
    spacing_mm: f64,
}

/// The voxel coordinates of an image's pixels: `start + x · step_x + y · step_y`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    start: [i64; 3],
    step_x: [i64; 3],
    step_y: [i64; 3],
}

impl Lattice {
    pub(super) fn new(origin_mm: [f64; 3], spacing_mm: f64) -> Self {
        Self { origin_mm: Vector3::from(origin_mm), spacing_mm }
    }

    /// Where the voxels of a box that begins at `first` lie.
    pub(super) fn patient_from_voxel(&self, first: [i32; 3]) -> Affine<Patient, Voxel> {
        let mut rows = Matrix3x4::zeros();
        for axis in 0..3 {
            rows[(axis, axis)] = self.spacing_mm;
            rows[(axis, 3)] = self.origin_mm[axis] + self.spacing_mm * f64::from(first[axis]);
        }
        // The spacing is checked to be positive and the origin to be finite.
        Affine::from_rows(rows).unwrap_or_else(|_| messages::Transform::identity().into())
    }

    /// The way over an image.
    pub(super) fn walk(
        &self,
        patient_from_image: &Affine<Patient, Image>,
        width_px: usize,
        height_px: usize,
    ) -> Result<Walk, Refused> {
        let start = (patient_from_image.origin() - self.origin_mm) / self.spacing_mm;
        let step_x = patient_from_image.axis(0) / self.spacing_mm;
        let step_y = patient_from_image.axis(1) / self.spacing_mm;
        let (right, bottom) = (step_x * width_px as f64, step_y * height_px as f64);
        let corners = [start, start + right, start + bottom, start + right + bottom];
        let farthest = corners.iter().map(nalgebra::Vector3::amax).fold(0.0, f64::max);
        if farthest > REACH {
            let distance_mm = farthest * self.spacing_mm;
            return Err(Refused::OutOfReach { distance_mm });
        }
        let fixed = |vector: Vector3<f64>| {
            let scale = (1u64 << FRACTION_BITS) as f64;
            [0, 1, 2].map(|axis| (vector[axis] * scale).round() as i64)
        };
        Ok(Walk { start: fixed(start), step_x: fixed(step_x), step_y: fixed(step_y) })
    }
}

impl Walk {
    /// The coordinates of a pixel.
    pub(super) fn at(&self, x: usize, y: usize) -> [i64; 3] {
        [0, 1, 2].map(|axis| {
            self.start[axis] + self.step_x[axis] * x as i64 + self.step_y[axis] * y as i64
        })
    }

    /// The step from one pixel of a row to the next.
    pub(super) fn step_x(&self) -> [i64; 3] {
        self.step_x
    }

    /// The bricks that an image touches and that are not there yet, sorted, each once; or as many of
    /// them as exceed the budget.
    pub(super) fn bricks<C>(
        &self,
        mask: &Mask,
        distribution: Distribution,
        present: &Bricks<C>,
        budget_bytes: u64,
    ) -> Vec<[i32; 3]> {
        // Short enough that a straight piece of a row touches at most two bricks along an axis.
        let longest = self.step_x.iter().map(|step| step.unsigned_abs()).max().unwrap_or(0);
        let half_a_brick = 1u64 << (FRACTION_BITS + BRICK_BITS - 1);
        let piece =
            half_a_brick.checked_div(longest).map_or(usize::MAX, |n| n.clamp(1, 64) as usize);
        let last_voxel = i64::from(distribution == Distribution::Linear);
        let affordable = (budget_bytes / Bricks::<C>::BRICK_BYTES) as usize;
        let mut missing: Vec<[i32; 3]> = Vec::new();
        for span in mask.spans() {
            let mut x = span.start;
            while x < span.end {
                let next = x.saturating_add(piece).min(span.end);
                let first = distribution.voxel(self.at(x, span.y));
                let last = distribution.voxel(self.at(next - 1, span.y));
                let low = |axis: usize| (first[axis].min(last[axis]) >> BRICK_BITS) as i32;
                let high =
                    |axis: usize| ((first[axis].max(last[axis]) + last_voxel) >> BRICK_BITS) as i32;
                for z in low(2)..=high(2) {
                    for y in low(1)..=high(1) {
                        for x in low(0)..=high(0) {
                            let brick = [x, y, z];
                            if !present.has(brick) && missing.last() != Some(&brick) {
                                missing.push(brick);
                            }
                        }
                    }
                }
                x = next;
            }
            // Rows repeat the bricks of their neighbours.
            if missing.len() > 4096 {
                missing.sort_unstable();
                missing.dedup();
                if missing.len() > affordable {
                    break;
                }
            }
        }
        missing.sort_unstable();
        missing.dedup();
        missing
    }
}

impl Distribution {
    /// Makes the whole part of a coordinate the voxel that is meant, and its first eight fraction
    /// bits the weight of the next: rounded to a whole for the nearest, to 1/256 for trilinear.
    pub(super) fn round(self, coordinates: [i64; 3]) -> [i64; 3] {
        let half = match self {
            Self::Nearest => 1 << (FRACTION_BITS - 1),
            Self::Linear => 1 << (FRACTION_BITS - 9),
        };
        coordinates.map(|coordinate| coordinate + half)
    }

    /// The nearest voxel, or the first of the eight around.
    fn voxel(self, coordinates: [i64; 3]) -> [i64; 3] {
        self.round(coordinates).map(|coordinate| coordinate >> FRACTION_BITS)
    }
}
