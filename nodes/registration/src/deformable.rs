//! Bends the rigid fit so that centrelines meet, smoothly, and says how sure it is at each point.
//!
//! The displacement is a Gaussian process: what is known of it before is that nearby points move together (the motion
//! coherence of A. Myronenko and X. Song, "Point Set Registration: Coherent Point Drift", PAMI 32, 2010, in the form of
//! M. Lüthi et al., "Gaussian Process Morphable Models", PAMI 40, 2018), and a small rigid motion that the rigid fit may
//! have left. Matched centrelines are its measurements, at right angles to the vessel only. Its mean is the displacement,
//! which goes to the rigid one away from data; its covariance is the predicted error. How much and how smoothly the organ
//! deforms is chosen by the likelihood of the measurements (C. E. Rasmussen and C. K. I. Williams, "Gaussian Processes for
//! Machine Learning", 2006, eq. 5.8).

mod kernel;

use messages::centrelines::Sample;
use nalgebra::{Cholesky, DVector, Dyn, Isometry3, Matrix3, Point3, Unit, Vector3};

use crate::target::{Target, moved};
use kernel::{Kernel, Measured, likely, solve};

/// How stiff the organ may be and how the measurements are trusted.
#[derive(Clone, Debug, PartialEq)]
pub struct DeformableParameters {
    /// Standard deviations of the displacement to choose from, in millimetres.
    pub amplitudes_mm: Vec<f64>,
    /// Lengths over which points move together, to choose from, in millimetres.
    pub lengths_mm: Vec<f64>,
    /// Most strain: amplitudes above this share of the length are not considered. Soft organs in surgery stay below.
    pub most_strain: f64,
    /// Standard deviations to choose from, in millimetres: of each sample's own noise, and of the noise that goes together.
    pub noises_mm: Vec<f64>,
    /// Scale of the Geman-McClure loss at the end; it starts at three times as much.
    pub scale_mm: f64,
    /// Iterations of matching and solving.
    pub iterations: u32,
}

impl Default for DeformableParameters {
    fn default() -> Self {
        Self {
            amplitudes_mm: vec![1.0, 2.0, 3.5, 6.0, 9.0],
            lengths_mm: vec![30.0, 45.0, 65.0],
            most_strain: 0.14,
            noises_mm: vec![0.5, 0.8, 1.3],
            scale_mm: 2.5,
            iterations: 8,
        }
    }
}

impl DeformableParameters {
    /// With no amplitude above `most_mm` to choose from; if all are, with that one.
    #[must_use]
    pub fn up_to(mut self, most_mm: f64) -> Self {
        self.amplitudes_mm.retain(|&amplitude_mm| amplitude_mm <= most_mm);
        if self.amplitudes_mm.is_empty() {
            self.amplitudes_mm.push(most_mm);
        }
        self
    }

    /// Whether there is at least one amplitude, length and noise, and all numbers are finite and above 0.
    pub fn are_usable(&self) -> bool {
        let lists = [&self.amplitudes_mm, &self.lengths_mm, &self.noises_mm];
        let mut numbers = lists.into_iter().flatten().chain([&self.scale_mm, &self.most_strain]);
        lists.iter().all(|list| !list.is_empty()) && numbers.all(|&n| n > 0.0 && n.is_finite())
    }
}

/// Why a deformation cannot be fitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DeformableError {
    /// A parameter is no positive number.
    #[error(
        "expected at least one amplitude, length and noise, and all numbers above 0, but got {parameters:?}"
    )]
    Parameters {
        /// What was given.
        parameters: Box<DeformableParameters>,
    },
    /// Too few samples lie near the target.
    #[error(
        "expected at least {least} matched samples to bend to, but got {got}; refine the rigid pose first"
    )]
    TooFewMatches {
        /// How many are needed.
        least: usize,
        /// How many there are.
        got: usize,
    },
}

/// Measurements with a smaller weight are outliers and left out.
const LEAST_WEIGHT: f64 = 0.05;
const LEAST_MATCHES: usize = 6;

/// A rigid motion and a smooth displacement on top.
#[derive(Clone, Debug)]
pub struct Deformation {
    target_from_source: Isometry3<f64>,
    kernel: Kernel,
    measured: Vec<Measured>,
    weights: DVector<f64>,
    /// The least certain kernel that is still likely, from which the error is told.
    cautious: Kernel,
    cautious_factor: Cholesky<f64, Dyn>,
}

impl Deformation {
    /// Fits a displacement to the matches of `source` (150 to 200 samples suffice) with the target.
    ///
    /// # Errors
    /// If a parameter is not usable, or nearly nothing of the source lies on the target.
    pub fn fit(
        source: &[Sample],
        target: &Target,
        target_from_source: &Isometry3<f64>,
        parameters: &DeformableParameters,
    ) -> Result<Self, DeformableError> {
        let p = parameters;
        if !p.are_usable() {
            return Err(DeformableError::Parameters { parameters: Box::new(p.clone()) });
        }
        let here: Vec<Sample> =
            source.iter().map(|sample| moved(sample, target_from_source)).collect();
        let middle = |values: &[f64]| values[values.len() / 2];
        let mut kernel = Kernel {
            amplitude_mm: middle(&p.amplitudes_mm),
            length_mm: middle(&p.lengths_mm),
            noise_mm: middle(&p.noises_mm),
            centre: crate::rigid::centroid(&here),
        };
        let mut displacements = vec![Vector3::zeros(); here.len()];
        let mut scale_mm = 3.0 * p.scale_mm;
        let narrowing = 3.0_f64.powf(-1.5 / f64::from(p.iterations.max(2)));
        let mut iteration = 0;
        loop {
            let measured = measure(&here, &displacements, target, scale_mm, &kernel);
            if measured.len() < 2 * LEAST_MATCHES {
                return Err(DeformableError::TooFewMatches {
                    least: LEAST_MATCHES,
                    got: measured.len() / 2,
                });
            }
            let too_few =
                DeformableError::TooFewMatches { least: LEAST_MATCHES, got: measured.len() / 2 };
            let last = iteration + 1 >= p.iterations.max(2);
            let mut cautious = kernel;
            if last || iteration == p.iterations / 2 {
                (kernel, cautious) = likely(kernel, &measured, p);
            }
            let Some((_, weights)) = solve(&kernel, &measured) else { return Err(too_few) };
            if last {
                let Some((cautious_factor, _)) = solve(&cautious, &measured) else {
                    return Err(too_few);
                };
                let target_from_source = *target_from_source;
                return Ok(Self {
                    target_from_source,
                    kernel,
                    measured,
                    weights,
                    cautious,
                    cautious_factor,
                });
            }
            for (displacement, sample) in displacements.iter_mut().zip(&here) {
                *displacement = kernel.mean(&sample.position_mm, &measured, &weights);
            }
            scale_mm = (scale_mm * narrowing).max(p.scale_mm);
            iteration += 1;
        }
    }

    /// The rigid part.
    pub fn target_from_source(&self) -> &Isometry3<f64> {
        &self.target_from_source
    }

    /// The displacement in millimetres that is added where the rigid part puts a point (in the target's frame).
    pub fn displacement_mm(&self, point: &Point3<f64>) -> Vector3<f64> {
        self.kernel.mean(point, &self.measured, &self.weights)
    }

    /// Where a point of the source lies in the target.
    pub fn apply(&self, source: &Point3<f64>) -> Point3<f64> {
        let rigid = self.target_from_source * source;
        rigid + self.displacement_mm(&rigid)
    }

    /// Where a point of the target lies in the source, to within 0.01 mm; `None` where the field folds.
    pub fn invert(&self, target: &Point3<f64>) -> Option<Point3<f64>> {
        let mut rigid = *target;
        for _ in 0..60 {
            let error = rigid + self.displacement_mm(&rigid) - target;
            if error.norm() < 0.01 {
                return Some(self.target_from_source.inverse_transform_point(&rigid));
            }
            rigid -= error;
        }
        None
    }

    /// Covariance of the error at a point where the rigid part puts it, in square millimetres.
    pub fn covariance_mm2(&self, point: &Point3<f64>) -> Matrix3<f64> {
        let lever = self.cautious.lever(point);
        let before = Matrix3::identity() * self.cautious.bend(0.0) + lever * lever.transpose();
        let mut known = self.cautious.with(point, &self.measured).transpose();
        self.cautious_factor.l_dirty().solve_lower_triangular_mut(&mut known);
        before - known.transpose() * &known
    }

    /// Chosen standard deviation and length of the displacement, in millimetres.
    pub fn stiffness_mm(&self) -> (f64, f64) {
        (self.kernel.amplitude_mm, self.kernel.length_mm)
    }

    /// Chosen standard deviation of the centrelines' positions, in millimetres.
    pub fn noise_mm(&self) -> f64 {
        self.kernel.noise_mm
    }
}

/// Components of the displacement at right angles to the matched vessels, that would lay the samples on them.
fn measure(
    here: &[Sample],
    displacements: &[Vector3<f64>],
    target: &Target,
    scale_mm: f64,
    kernel: &Kernel,
) -> Vec<Measured> {
    let mut measured = Vec::new();
    for (sample, displacement) in here.iter().zip(displacements) {
        let bent = Sample { position_mm: sample.position_mm + displacement, ..*sample };
        let Some(found) = target.best_match(&bent, 2.5 * scale_mm + 1.0) else { continue };
        let tangent = target.samples[found.index as usize].tangent;
        let cosine = bent.tangent.dot(&tangent);
        let squared = found.across_mm.norm_squared();
        let weight =
            cosine * cosine * (scale_mm * scale_mm / (scale_mm * scale_mm + squared)).powi(2);
        if weight < LEAST_WEIGHT {
            continue;
        }
        let goal = displacement - found.across_mm;
        for direction in across(&tangent) {
            measured.push(Measured {
                place: sample.position_mm,
                direction,
                lever: kernel.lever(&sample.position_mm).transpose() * direction,
                displacement_mm: goal.dot(&direction),
                weight,
            });
        }
    }
    measured
}

/// Two directions at right angles to a third and each other.
fn across(tangent: &Unit<Vector3<f64>>) -> [Vector3<f64>; 2] {
    let first = tangent.cross(&Vector3::ith(tangent.iamin(), 1.0)).normalize();
    [first, tangent.cross(&first)]
}
