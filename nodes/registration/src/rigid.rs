//! Rigid registration of centrelines from a start that is about right.
//!
//! Iterated closest points with distances to lines (P. J. Besl and N. D. `McKay`, PAMI 14, 1992; Y. Chen and G. Medioni,
//! 1992), the Geman-McClure loss, and graduated non-convexity (H. Yang et al., "Graduated Non-Convexity for Robust
//! Spatial Perception", RA-L 5, 2020): the loss starts wide and narrows.

use messages::centrelines::Sample;
use nalgebra::{
    Isometry3, Matrix3x6, Matrix6, Point3, Translation3, UnitQuaternion, Vector3, Vector6,
};

use crate::target::{Target, moved};

/// How the loss narrows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RigidParameters {
    /// Scale of the loss at the start: about the error of the start.
    pub first_scale_mm: f64,
    /// Scale of the loss at the end: about the residual of a good match.
    pub last_scale_mm: f64,
    /// Most iterations.
    pub iterations: u32,
}

impl Default for RigidParameters {
    fn default() -> Self {
        Self { first_scale_mm: 8.0, last_scale_mm: 3.0, iterations: 25 }
    }
}

/// A rigid fit.
#[derive(Clone, Debug, PartialEq)]
pub struct RigidFit {
    /// Maps the source to the target.
    pub target_from_source: Isometry3<f64>,
    /// Root mean square distance of the inliers to their lines, in millimetres.
    pub rms_mm: f64,
    /// Share of the source's length within two last scales of its match.
    pub inlier_fraction: f64,
    /// Covariance of rotation (radians, about the axes of the target at `centre_mm`) and translation (millimetres).
    pub covariance: Matrix6<f64>,
    /// The moved centroid of the source.
    pub centre_mm: Point3<f64>,
}

/// Noise of neighbouring samples goes together over about this length of a centreline.
const CORRELATED_MM: f64 = 10.0;

impl RigidFit {
    /// Standard deviation in millimetres that the pose's covariance causes at a point of the target.
    ///
    /// This is the target registration error of J. M. Fitzpatrick et al. (TMI 17, 1998) with the distribution of the
    /// data in the covariance; deformation is not in it.
    pub fn pose_error_mm(&self, point: &Point3<f64>) -> f64 {
        let jacobian = jacobian(&(point - self.centre_mm));
        (jacobian * self.covariance * jacobian.transpose()).trace().max(0.0).sqrt()
    }
}

/// Derivative of a moved point at `lever` from the centre by rotation and translation.
fn jacobian(lever: &Vector3<f64>) -> Matrix3x6<f64> {
    let mut jacobian = Matrix3x6::zeros();
    jacobian.fixed_view_mut::<3, 3>(0, 0).copy_from(&(-lever.cross_matrix()));
    jacobian.fixed_view_mut::<3, 3>(0, 3).fill_with_identity();
    jacobian
}

/// Centroid of samples by length.
pub fn centroid(samples: &[Sample]) -> Point3<f64> {
    let mut sum = Vector3::zeros();
    let mut length = 0.0;
    for sample in samples {
        sum += sample.position_mm.coords * sample.length_mm;
        length += sample.length_mm;
    }
    Point3::from(if length > 0.0 { sum / length } else { sum })
}

/// Refines a start. Samples count by the length they stand for and the square root of their radius: thick vessels
/// are seen best. `None` if the data do not fix all six degrees of freedom, such as those of one
/// straight line, or a scale is not above 0.
pub fn refine(
    source: &[Sample],
    target: &Target,
    start: &Isometry3<f64>,
    parameters: &RigidParameters,
) -> Option<RigidFit> {
    let RigidParameters { first_scale_mm, last_scale_mm, iterations } = *parameters;
    if !(first_scale_mm > 0.0 && last_scale_mm > 0.0) {
        return None;
    }
    let centroid = centroid(source);
    let mut motion = *start;
    let mut scale_mm = first_scale_mm.max(last_scale_mm);
    for _ in 0..iterations {
        let centre = motion * centroid;
        let system = System::build(source, target, &motion, &centre, scale_mm);
        let step = system.solve()?;
        let turn = UnitQuaternion::from_scaled_axis(step.fixed_rows::<3>(0).into_owned());
        let shift = step.fixed_rows::<3>(3).into_owned();
        let about = Isometry3::from_parts(
            Translation3::from(centre.coords + shift - turn * centre.coords),
            turn,
        );
        motion = about * motion;
        let still = step.fixed_rows::<3>(0).norm() < 1e-4 && shift.norm() < 5e-3;
        if still && scale_mm <= last_scale_mm {
            break;
        }
        scale_mm = (scale_mm * 0.8).max(last_scale_mm);
    }
    motion.rotation.renormalize();
    let centre_mm = motion * centroid;
    let system = System::build(source, target, &motion, &centre_mm, last_scale_mm);
    let rms_mm = (system.square / system.weight.max(1e-9)).sqrt();
    // Two of three directions carry a residual; samples along a vessel are no independent measurements.
    let variance = 0.5 * rms_mm * rms_mm * CORRELATED_MM;
    let covariance = system.hessian.cholesky()?.inverse() * variance.max(0.01);
    Some(RigidFit {
        target_from_source: motion,
        rms_mm,
        inlier_fraction: system.inlier_fraction,
        covariance,
        centre_mm,
    })
}

/// The normal equations of one iteration.
struct System {
    hessian: Matrix6<f64>,
    gradient: Vector6<f64>,
    square: f64,
    weight: f64,
    inlier_fraction: f64,
}

impl System {
    fn build(
        source: &[Sample],
        target: &Target,
        motion: &Isometry3<f64>,
        centre: &Point3<f64>,
        scale_mm: f64,
    ) -> Self {
        let mut system = Self {
            hessian: Matrix6::zeros(),
            gradient: Vector6::zeros(),
            square: 0.0,
            weight: 0.0,
            inlier_fraction: 0.0,
        };
        let (mut inliers, mut all) = (0.0, 0.0);
        for sample in source {
            all += sample.length_mm;
            let here = moved(sample, motion);
            let Some(found) = target.best_match(&here, 2.0 * scale_mm + 2.0) else { continue };
            let tangent = target.samples[found.index as usize].tangent;
            let squared = found.across_mm.norm_squared();
            let cosine = here.tangent.dot(&tangent);
            let loss = (scale_mm * scale_mm / (scale_mm * scale_mm + squared)).powi(2);
            let weight =
                sample.length_mm * sample.radius_mm.max(0.1).sqrt() * loss * cosine * cosine;
            if squared < 4.0 * scale_mm * scale_mm {
                inliers += sample.length_mm * cosine * cosine;
            }
            system.square += weight * squared;
            system.weight += weight;
            let jacobian = jacobian(&(here.position_mm - centre));
            let along = tangent.transpose() * jacobian;
            system.hessian +=
                (jacobian.transpose() * jacobian - along.transpose() * along) * weight;
            system.gradient += jacobian.transpose() * found.across_mm * weight;
        }
        system.inlier_fraction = if all > 0.0 { inliers / all } else { 0.0 };
        system
    }

    /// The step, unless a direction is left free. Rotations count with a lever of 30 mm.
    fn solve(&self) -> Option<Vector6<f64>> {
        let units = Vector6::new(1.0 / 30.0, 1.0 / 30.0, 1.0 / 30.0, 1.0, 1.0, 1.0);
        let scaled = Matrix6::from_diagonal(&units) * self.hessian * Matrix6::from_diagonal(&units);
        let values = scaled.symmetric_eigenvalues();
        if !(values.min() > 1e-4 * values.max()) {
            return None;
        }
        self.hessian.cholesky().map(|factor| -factor.solve(&self.gradient))
    }
}
