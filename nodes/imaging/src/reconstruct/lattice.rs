//! From pixels to voxel indices, in fixed point, so that steps along a row add up exactly.

use std::ops::Range;

use messages::{Affine, Image, Patient, Voxel};
use nalgebra::{Matrix3x4, Vector3};

use super::Refused;
use super::bricks::Bricks;
use super::mask::{Mask, Span};
use super::pieces::Pieces;
use super::settings::{Distribution, Settings};

/// Fraction bits of a coordinate.
pub(super) const FRACTION_BITS: u32 = 32;
/// Farthest voxel from the origin along an axis.
const REACH: f64 = (1 << 29) as f64;

/// Regular voxels: voxel `i` lies at `origin + spacing · i`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lattice {
    origin_mm: Vector3<f64>,
    spacing_mm: Vector3<f64>,
    /// Voxels along each axis, if they end somewhere.
    size: Option<[u32; 3]>,
}

/// The voxel coordinates of an image's pixels: `start + x · step_x + y · step_y`, rounded so that the whole part
/// is the voxel that is meant: the nearest, or the first of the eight around.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    start: [i64; 3],
    step_x: [i64; 3],
    step_y: [i64; 3],
    /// Coordinates that are used, the last ones included.
    within: Option<[[i64; 2]; 3]>,
}

impl Lattice {
    pub(super) fn new(settings: &Settings) -> Self {
        match settings.grid {
            Some(grid) => Self {
                origin_mm: Vector3::from(grid.origin_mm),
                spacing_mm: Vector3::from(grid.spacing_mm),
                size: Some(grid.size),
            },
            None => Self {
                origin_mm: Vector3::from(settings.origin_mm),
                spacing_mm: Vector3::repeat(settings.spacing_mm),
                size: None,
            },
        }
    }

    /// Where the voxels of a box that begins at `first` lie.
    pub(super) fn patient_from_voxel(&self, first: [i32; 3]) -> Affine<Patient, Voxel> {
        let mut rows = Matrix3x4::zeros();
        for axis in 0..3 {
            rows[(axis, axis)] = self.spacing_mm[axis];
            rows[(axis, 3)] = self.origin_mm[axis] + self.spacing_mm[axis] * f64::from(first[axis]);
        }
        // The spacing is checked to be positive and the origin to be finite.
        Affine::from_rows(rows).unwrap_or_else(|_| messages::Transform::identity().into())
    }

    /// The way over an image. `half` is half of what coordinates are rounded to.
    pub(super) fn walk(
        &self,
        patient_from_image: &Affine<Patient, Image>,
        (width_px, height_px): (usize, usize),
        half: i64,
    ) -> Result<Walk, Refused> {
        let voxels = |mm: Vector3<f64>| mm.component_div(&self.spacing_mm);
        let start = voxels(patient_from_image.origin() - self.origin_mm);
        let step_x = voxels(patient_from_image.axis(0));
        let step_y = voxels(patient_from_image.axis(1));
        let (right, bottom) = (step_x * width_px as f64, step_y * height_px as f64);
        let corners = [start, start + right, start + bottom, start + right + bottom];
        let farthest = corners.iter().map(nalgebra::Vector3::amax).fold(0.0, f64::max);
        if farthest > REACH {
            let distance_mm = farthest * self.spacing_mm.max();
            return Err(Refused::OutOfReach { distance_mm });
        }
        let fixed = |vector: Vector3<f64>| {
            let scale = (1u64 << FRACTION_BITS) as f64;
            [0, 1, 2].map(|axis| (vector[axis] * scale).round() as i64)
        };
        let within = self.size.map(|size| {
            size.map(|size| {
                let last = (i64::from(size) - 1) << FRACTION_BITS;
                // The nearest voxel of coordinates up to half a voxel outside is in; a share of one is not.
                let is_nearest = half >= 1 << (FRACTION_BITS - 1);
                [0, if is_nearest { last + 2 * half - 1 } else { last + half }]
            })
        });
        let start = fixed(start).map(|coordinate| coordinate + half);
        Ok(Walk { start, step_x: fixed(step_x), step_y: fixed(step_y), within })
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

    /// The part of a run whose pixels lie among the voxels.
    pub(super) fn within(&self, span: Span) -> Option<Span> {
        let Some(within) = self.within else { return Some(span) };
        let mut pixels = span.start..span.end;
        let row = self.at(0, span.y);
        for axis in 0..3 {
            let [low, high] = within[axis];
            let inside = between(row[axis], self.step_x[axis], low, high);
            pixels = pixels.start.max(inside.start)..pixels.end.min(inside.end);
        }
        (pixels.start < pixels.end).then_some(Span {
            y: span.y,
            start: pixels.start,
            end: pixels.end,
        })
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
        let affordable = (budget_bytes / Bricks::<C>::BRICK_BYTES) as usize;
        let mut missing: Vec<[i32; 3]> = Vec::new();
        for span in mask.spans() {
            let Some(span) = self.within(*span) else { continue };
            let start = self.at(span.start, span.y);
            for piece in Pieces::new(start, self.step_x, span.end - span.start, distribution) {
                for brick in piece.bricks() {
                    if !present.has(brick) && missing.last() != Some(&brick) {
                        missing.push(brick);
                    }
                }
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

/// The whole numbers `x`, from 0 on, for which `start + x · step` is from `low` to `high`.
fn between(start: i64, step: i64, low: i64, high: i64) -> Range<usize> {
    let (first, last) = match step {
        0 if (low..=high).contains(&start) => return 0..usize::MAX,
        0 => return 0..0,
        1.. => ((low - start + step - 1).div_euclid(step), (high - start).div_euclid(step)),
        ..0 => ((start - high - step - 1).div_euclid(-step), (start - low).div_euclid(-step)),
    };
    first.max(0) as usize..(last + 1).max(0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn between_is_what_counting_says(start in -50i64..50, step in -7i64..7, low in -30i64..30, length in 0i64..40) {
            let high = low + length;
            let found = between(start, step, low, high);
            for x in 0..200i64 {
                let is_in = (low..=high).contains(&(start + x * step));
                prop_assert_eq!(found.contains(&(x as usize)), is_in, "{}", x);
            }
        }
    }
}
