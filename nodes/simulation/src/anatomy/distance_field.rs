//! A smooth solid as its signed distance, sampled on a lattice: organs, tumours, nodes, gas, flat bones.

use nalgebra::{Point3, Vector3};
use thiserror::Error;

use crate::anatomy::bounds::Bounds;

/// Why a solid could not be sampled.
#[derive(Debug, Error, PartialEq)]
pub enum InvalidSolid {
    /// The spacing or the box is not usable.
    #[error(
        "a box from {low:?} to {high:?} at {spacing_mm} mm is not usable; expected low below high, spacing above 0 mm and at most 2^26 samples: choose a smaller box or a wider spacing"
    )]
    Lattice {
        /// Low corner of the box.
        low: [f64; 3],
        /// High corner of the box.
        high: [f64; 3],
        /// Distance between samples.
        spacing_mm: f64,
    },
    /// The surface does not pass through the box.
    #[error(
        "the solid has no surface within the given box; expected a function that changes sign there: enlarge the box"
    )]
    NoSurface,
}

/// Signed distances on a lattice, negative inside; between samples trilinear.
///
/// Within the lattice the distance is right to a tenth of a spacing, except near creases of the
/// distance (the middle of a thin part). Beyond the lattice the nearest surface point is sought by
/// sliding along the surface, which may end at one that is only locally nearest.
#[derive(Clone, Debug, PartialEq)]
pub struct DistanceField {
    origin: Point3<f64>,
    spacing_mm: f64,
    size: [usize; 3],
    values: Vec<f32>,
    bounds: Bounds,
}

/// The point of the surface that is nearest to a sample beside it.
struct Foot {
    sample: usize,
    place: Point3<f64>,
    normal: Vector3<f64>,
}

impl DistanceField {
    /// Samples the solid where `implicit` is negative, within `around` and a margin of two samples.
    ///
    /// `implicit` must be continuous and roughly a distance near the surface (mm). Samples beside
    /// the surface find their foot on it by Newton steps; feet are then handed from neighbour to
    /// neighbour (P.-E. Danielsson, "Euclidean distance mapping", Comput. Graph. Image Process. 14,
    /// 1980).
    ///
    /// # Errors
    /// When the box or spacing is not usable, or no surface lies within the box.
    pub fn sample(
        implicit: impl Fn(&Point3<f64>) -> f64,
        around: &Bounds,
        spacing_mm: f64,
    ) -> Result<Self, InvalidSolid> {
        let invalid =
            InvalidSolid::Lattice { low: around.low.into(), high: around.high.into(), spacing_mm };
        let extent = around.high - around.low;
        let usable = spacing_mm > 0.0 && extent.iter().all(|e| e.is_finite() && *e > 0.0);
        let counts = extent.map(|e| (e / spacing_mm).ceil() + 5.0);
        if !usable || !(counts.product() <= f64::from(1 << 26)) {
            return Err(invalid);
        }
        let size = [counts.x as usize, counts.y as usize, counts.z as usize];
        let origin = around.low.map(|c| c - 2.0 * spacing_mm);
        let mut field = Self {
            origin,
            spacing_mm,
            size,
            values: vec![0.0; size.iter().product()],
            bounds: Bounds::empty(),
        };
        for index in 0..field.values.len() {
            field.values[index] = implicit(&field.position(index)) as f32;
        }
        let feet = field.feet(&implicit);
        if feet.is_empty() {
            return Err(InvalidSolid::NoSurface);
        }
        field.measure(&feet);
        for foot in &feet {
            field.bounds = field.bounds.with(&Bounds::of_ball(&foot.place, 0.5 * spacing_mm));
        }
        Ok(field)
    }

    fn position(&self, index: usize) -> Point3<f64> {
        let [nx, ny, _] = self.size;
        let at =
            Vector3::new((index % nx) as f64, (index / nx % ny) as f64, (index / (nx * ny)) as f64);
        self.origin + at * self.spacing_mm
    }

    /// Samples with a neighbour on the other side, each with a point of the surface near it.
    fn feet(&self, implicit: &impl Fn(&Point3<f64>) -> f64) -> Vec<Foot> {
        let [nx, ny, nz] = self.size;
        let strides = [1, nx, nx * ny];
        let mut feet = Vec::new();
        for index in 0..self.values.len() {
            let at = [index % nx, index / nx % ny, index / (nx * ny)];
            let inside = self.values[index] < 0.0;
            let beside = (0..3).any(|axis| {
                let limit = [nx, ny, nz][axis];
                (at[axis] > 0 && (self.values[index - strides[axis]] < 0.0) != inside)
                    || (at[axis] + 1 < limit
                        && (self.values[index + strides[axis]] < 0.0) != inside)
            });
            if beside {
                let start = self.position(index);
                let mut foot = start;
                let mut normal = Vector3::zeros();
                for _ in 0..3 {
                    let value = implicit(&foot);
                    let step = 0.02 * self.spacing_mm;
                    let gradient = Vector3::from_fn(|axis, _| {
                        let mut moved = foot;
                        moved[axis] += step;
                        (implicit(&moved) - value) / step
                    });
                    foot -= gradient * (value / gradient.norm_squared().max(1e-6));
                    normal = gradient.try_normalize(1e-9).unwrap_or_else(Vector3::zeros);
                }
                // A step that ran away would spoil all samples behind it.
                if (foot - start).norm() < 2.0 * self.spacing_mm {
                    feet.push(Foot { sample: index, place: foot, normal });
                }
            }
        }
        feet
    }

    fn measure(&mut self, feet: &[Foot]) {
        let [nx, ny, nz] = self.size;
        let mut nearest = vec![u32::MAX; self.values.len()];
        let mut least = vec![f32::INFINITY; self.values.len()];
        for (number, foot) in feet.iter().enumerate() {
            nearest[foot.sample] = number as u32;
            least[foot.sample] = (foot.place - self.position(foot.sample)).norm_squared() as f32;
        }
        let places: Vec<[f32; 3]> = feet
            .iter()
            .map(|f| ((f.place - self.origin) / self.spacing_mm).map(|c| c as f32).into())
            .collect();
        let scale = (self.spacing_mm * self.spacing_mm) as f32;
        // The half of the neighbours that a raster scan has already passed.
        let mut passed = Vec::new();
        for dz in -1_i32..=0 {
            for dy in -1_i32..=1 {
                for dx in -1_i32..=1 {
                    if (dz, dy, dx) < (0, 0, 0) {
                        passed.push((dx, dy, dz));
                    }
                }
            }
        }
        for pass in 0..4 {
            let backwards = pass % 2 == 1;
            for step in 0..nearest.len() {
                let index = if backwards { nearest.len() - 1 - step } else { step };
                let at = [index % nx, index / nx % ny, index / (nx * ny)];
                for (dx, dy, dz) in &passed {
                    let sign = if backwards { -1 } else { 1 };
                    let (x, y, z) = (
                        at[0] as i32 + sign * dx,
                        at[1] as i32 + sign * dy,
                        at[2] as i32 + sign * dz,
                    );
                    let within = (0..nx as i32).contains(&x)
                        && (0..ny as i32).contains(&y)
                        && (0..nz as i32).contains(&z);
                    if !within {
                        continue;
                    }
                    let foot = nearest[(z as usize * ny + y as usize) * nx + x as usize];
                    if foot == u32::MAX || foot == nearest[index] {
                        continue;
                    }
                    let place = places[foot as usize];
                    let square: f32 =
                        (0..3).map(|i| (place[i] - at[i] as f32).powi(2)).sum::<f32>() * scale;
                    if square < least[index] {
                        least[index] = square;
                        nearest[index] = foot;
                    }
                }
            }
        }
        for index in 0..self.values.len() {
            // The surface goes on as a plane between feet, which lie about a sample apart.
            let foot = &feet[nearest[index] as usize % feet.len()];
            let along = (self.position(index) - foot.place).dot(&foot.normal).abs();
            let aside = f64::from(least[index]) - along * along;
            let flat = aside < self.spacing_mm * self.spacing_mm;
            let distance = if flat { along as f32 } else { least[index].sqrt() };
            self.values[index] = distance.copysign(self.values[index]);
        }
    }

    /// Distance between samples, mm.
    pub fn spacing_mm(&self) -> f64 {
        self.spacing_mm
    }

    /// The least box around the solid, to half a sample.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Signed distance to the surface, negative inside, mm.
    #[inline]
    pub fn signed_distance_mm(&self, point: &Point3<f64>) -> f64 {
        let mut cell = [0_usize; 3];
        let mut part = [0.0_f64; 3];
        let mut outside = 0.0;
        for axis in 0..3 {
            let wanted = (point[axis] - self.origin[axis]) / self.spacing_mm;
            let last = (self.size[axis] - 1) as f64;
            let clamped = wanted.clamp(0.0, last);
            outside += (wanted - clamped).abs();
            cell[axis] = (clamped as usize).min(self.size[axis] - 2);
            part[axis] = clamped - cell[axis] as f64;
        }
        if outside == 0.0 { self.interpolate(cell, part) } else { self.beyond(point) }
    }

    fn interpolate(&self, cell: [usize; 3], part: [f64; 3]) -> f64 {
        let [nx, ny, _] = self.size;
        let first = (cell[2] * ny + cell[1]) * nx + cell[0];
        let line = |start: usize| {
            let (a, b) = (f64::from(self.values[start]), f64::from(self.values[start + 1]));
            a + part[0] * (b - a)
        };
        let plane = |start: usize| {
            let (a, b) = (line(start), line(start + nx));
            a + part[1] * (b - a)
        };
        let (a, b) = (plane(first), plane(first + nx * ny));
        a + part[2] * (b - a)
    }

    /// Distance to the surface from beyond the lattice.
    fn beyond(&self, point: &Point3<f64>) -> f64 {
        (point - self.foot_from_beyond(point)).norm()
    }

    /// The point of the surface that is nearest to `point`, to about a tenth of a spacing.
    pub fn foot(&self, point: &Point3<f64>) -> Point3<f64> {
        let last = self.origin
            + Vector3::from_fn(|axis, _| (self.size[axis] - 1) as f64 * self.spacing_mm);
        let beyond = (0..3).any(|axis| !(self.origin[axis]..=last[axis]).contains(&point[axis]));
        if beyond {
            return self.foot_from_beyond(point);
        }
        let mut foot = *point;
        for _ in 0..3 {
            foot -= self.gradient(&foot) * self.within(&foot);
        }
        foot
    }

    fn foot_from_beyond(&self, point: &Point3<f64>) -> Point3<f64> {
        let last = self.origin
            + Vector3::from_fn(|axis, _| (self.size[axis] - 1) as f64 * self.spacing_mm);
        let edge = point.sup(&self.origin).inf(&last);
        let mut foot = edge - self.gradient(&edge) * self.within(&edge);
        // Slides the foot along the surface until the point lies above it; the step suits a surface
        // of that radius of curvature and is safe for wider ones.
        let radius = 0.25 * (self.bounds.high - self.bounds.low).min();
        for _ in 0..8 {
            let (normal, way) = (self.gradient(&foot), point - foot);
            let aside = way - normal * way.dot(&normal);
            foot += aside * (radius / (radius + way.norm()));
            foot -= self.gradient(&foot) * self.within(&foot);
        }
        foot
    }

    /// Unit vector away from the solid's nearest surface point (towards it, from within).
    pub fn gradient(&self, point: &Point3<f64>) -> Vector3<f64> {
        let last = self.origin
            + Vector3::from_fn(|axis, _| (self.size[axis] - 1) as f64 * self.spacing_mm);
        let step = 0.5 * self.spacing_mm;
        let slope = Vector3::from_fn(|axis, _| {
            let (mut low, mut high) = (*point, *point);
            low[axis] = (low[axis] - step).clamp(self.origin[axis], last[axis]);
            high[axis] = (high[axis] + step).clamp(self.origin[axis], last[axis]);
            let run = (high[axis] - low[axis]).max(1e-9);
            (self.within(&high) - self.within(&low)) / run
        });
        slope.try_normalize(1e-9).unwrap_or_else(Vector3::z)
    }

    /// The value at the nearest place within the lattice.
    fn within(&self, point: &Point3<f64>) -> f64 {
        let mut cell = [0_usize; 3];
        let mut part = [0.0_f64; 3];
        for axis in 0..3 {
            let last = (self.size[axis] - 1) as f64;
            let wanted = ((point[axis] - self.origin[axis]) / self.spacing_mm).clamp(0.0, last);
            cell[axis] = (wanted as usize).min(self.size[axis] - 2);
            part[axis] = wanted - cell[axis] as f64;
        }
        self.interpolate(cell, part)
    }

    /// Volume of the solid, mm³.
    pub fn volume_mm3(&self) -> f64 {
        let h = self.spacing_mm;
        // A sample within half a spacing of the surface counts in part.
        let part = |value: &f32| (0.5 - f64::from(*value) / h).clamp(0.0, 1.0);
        self.values.iter().map(part).sum::<f64>() * h.powi(3)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ball() -> DistanceField {
        // Not a distance: steeper on one side than on the other.
        let implicit = |p: &Point3<f64>| (p.coords.norm() - 20.0) * (1.5 + 0.02 * p.x);
        DistanceField::sample(implicit, &Bounds::of_ball(&Point3::origin(), 20.0), 2.0).unwrap()
    }

    #[test]
    fn a_ball_has_the_distance_and_the_volume_of_a_ball() {
        let ball = ball();
        let mut worst: [f64; 2] = [0.0; 2];
        for i in 0..4000 {
            let t = f64::from(i);
            let direction = Vector3::new(t.sin(), (1.7 * t).cos(), (0.3 * t).sin()).normalize();
            let radius = 5.0 + 35.0 * f64::from(i % 97) / 97.0;
            let measured = ball.signed_distance_mm(&Point3::from(direction * radius));
            let beyond = usize::from((direction * radius).amax() > 23.0);
            worst[beyond] = worst[beyond].max((measured - (radius - 20.0)).abs());
        }
        assert!(worst[0] < 0.2 && worst[1] < 0.2, "off by {worst:?} mm");
        let truth = 4.0 / 3.0 * std::f64::consts::PI * 20.0_f64.powi(3);
        assert!((ball.volume_mm3() / truth - 1.0).abs() < 0.01);
        assert!((ball.bounds().high.x - 20.0).abs() < 1.2);
    }

    proptest! {
        #[test]
        fn the_gradient_of_a_ball_points_outwards(x in -19.0..19.0, y in -19.0..19.0, z in 4.0..19.0) {
            let outwards = Vector3::new(x, y, z).normalize();
            prop_assert!(ball().gradient(&Point3::new(x, y, z)).dot(&outwards) > 0.98);
        }
    }

    #[test]
    fn refuses_boxes_that_hold_no_surface_or_too_much() {
        let around = Bounds::of_ball(&Point3::origin(), 5.0);
        let refused = DistanceField::sample(|_| 1.0, &around, 1.0);
        assert_eq!(refused, Err(InvalidSolid::NoSurface));
        assert!(DistanceField::sample(|p| p.x, &around, 0.0).is_err());
        assert!(DistanceField::sample(|p| p.x, &around, 1e-3).is_err());
        assert!(DistanceField::sample(|p| p.x, &Bounds::empty(), 1.0).is_err());
    }
}
