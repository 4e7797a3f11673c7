//! How the displacements of two points go together, and which stiffness the measurements speak for.

use nalgebra::{
    Cholesky, DMatrix, DVector, Dyn, Matrix3, Matrix3x6, Point3, SMatrix, Vector3, Vector6,
};

use super::DeformableParameters;

/// Standard deviations of the rigid motion that the rigid fit may have left, at 1 rad and 1 mm.
const LEFT_ROTATION_RAD: f64 = 0.08;
const LEFT_TRANSLATION_MM: f64 = 4.0;
/// Centrelines err together over about this distance; half of the noise does, half is each sample's own.
const WANDER_MM: f64 = 7.0;

/// One component of the displacement at one place.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The place.
    pub place: Point3<f64>,
    /// The component.
    pub direction: Vector3<f64>,
    /// How the rigid motion that is left moves it, in that motion's standard deviations.
    pub lever: Vector6<f64>,
    /// How far it moves.
    pub displacement_mm: f64,
    /// From 0 for an outlier to 1.
    pub weight: f64,
}

/// Covariance of the displacements of two points.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Standard deviation of the bending.
    pub amplitude_mm: f64,
    /// Over which points bend together.
    pub length_mm: f64,
    /// Standard deviation of a centreline's own noise, and of that which goes together.
    pub noise_mm: f64,
    /// About which the rigid motion that is left turns.
    pub centre: Point3<f64>,
}

impl Kernel {
    /// Covariance of the bending of two points at this squared distance.
    pub fn bend(&self, squared: f64) -> f64 {
        self.amplitude_mm.powi(2) * (-squared / (2.0 * self.length_mm * self.length_mm)).exp()
    }

    /// Covariance of the noise of two centrelines at this squared distance: a segmentation errs for a stretch.
    pub fn wander(&self, squared: f64) -> f64 {
        self.noise_mm.powi(2) * (-squared / (2.0 * WANDER_MM * WANDER_MM)).exp()
    }

    /// Derivative of a point by the rigid motion that is left, in its standard deviations.
    pub fn lever(&self, point: &Point3<f64>) -> Matrix3x6<f64> {
        let mut lever: Matrix3x6<f64> = SMatrix::zeros();
        let turn = (point - self.centre).cross_matrix() * -LEFT_ROTATION_RAD;
        lever.fixed_view_mut::<3, 3>(0, 0).copy_from(&turn);
        lever.fixed_view_mut::<3, 3>(0, 3).copy_from(&(Matrix3::identity() * LEFT_TRANSLATION_MM));
        lever
    }

    /// Covariance of all measurements, with their noise.
    pub fn covariance(&self, measured: &[Measured]) -> DMatrix<f64> {
        let n = measured.len();
        let mut matrix = DMatrix::zeros(n, n);
        for i in 0..n {
            for j in 0..=i {
                let (a, b) = (&measured[i], &measured[j]);
                let squared = (a.place - b.place).norm_squared();
                let cosine = a.direction.dot(&b.direction);
                let value =
                    (self.bend(squared) + self.wander(squared)) * cosine + a.lever.dot(&b.lever);
                matrix[(i, j)] = value;
                matrix[(j, i)] = value;
            }
            matrix[(i, i)] += self.noise_mm * self.noise_mm / measured[i].weight;
        }
        matrix
    }

    /// Covariance of the displacement of a point (rows) with each measurement (columns).
    pub fn with(&self, point: &Point3<f64>, measured: &[Measured]) -> nalgebra::Matrix3xX<f64> {
        let lever = self.lever(point);
        let columns: Vec<Vector3<f64>> = measured
            .iter()
            .map(|m| m.direction * self.bend((point - m.place).norm_squared()) + lever * m.lever)
            .collect();
        nalgebra::Matrix3xX::from_columns(&columns)
    }

    /// The mean of the displacement of a point, given the measurements' weights.
    pub fn mean(
        &self,
        point: &Point3<f64>,
        measured: &[Measured],
        weights: &DVector<f64>,
    ) -> Vector3<f64> {
        let (mut bent, mut left) = (Vector3::zeros(), Vector6::zeros());
        for (m, weight) in measured.iter().zip(weights.iter()) {
            bent += m.direction * (self.bend((point - m.place).norm_squared()) * weight);
            left += m.lever * *weight;
        }
        bent + self.lever(point) * left
    }
}

/// The factor of the measurements' covariance, and the weights that make the mean of it.
pub fn solve(kernel: &Kernel, measured: &[Measured]) -> Option<(Cholesky<f64, Dyn>, DVector<f64>)> {
    let factor = kernel.covariance(measured).cholesky()?;
    let values = DVector::from_iterator(measured.len(), measured.iter().map(|m| m.displacement_mm));
    let weights = factor.solve(&values);
    Some((factor, weights))
}

/// The kernel under which the measurements are likeliest, and the least certain one under which they are nearly as
/// likely. A subset suffices to choose.
pub fn likely(
    kernel: Kernel,
    measured: &[Measured],
    parameters: &DeformableParameters,
) -> (Kernel, Kernel) {
    let stride = measured.len().div_ceil(2 * MEASURED_TO_CHOOSE).max(1);
    let subset: Vec<Measured> = measured.chunks(2).step_by(stride).flatten().cloned().collect();
    let mut tried: Vec<(f64, Kernel)> = Vec::new();
    let grid = parameters.lengths_mm.iter().flat_map(|&length_mm| {
        let amplitudes = parameters.amplitudes_mm.iter();
        let stiff = amplitudes
            .filter(move |&&amplitude_mm| amplitude_mm <= parameters.most_strain * length_mm);
        stiff.flat_map(move |&amplitude_mm| {
            parameters.noises_mm.iter().map(move |&noise_mm| Kernel {
                amplitude_mm,
                length_mm,
                noise_mm,
                ..kernel
            })
        })
    });
    for candidate in grid {
        let Some((factor, weights)) = solve(&candidate, &subset) else { continue };
        let fit: f64 = subset.iter().zip(weights.iter()).map(|(m, w)| m.displacement_mm * w).sum();
        let log_determinant: f64 = factor.l_dirty().diagonal().iter().map(|d| 2.0 * d.ln()).sum();
        tried.push((-0.5 * (fit + log_determinant), candidate));
    }
    let Some(best) = tried.iter().max_by(|a, b| a.0.total_cmp(&b.0)) else {
        return (kernel, kernel);
    };
    let strain = |kernel: &Kernel| kernel.amplitude_mm / kernel.length_mm;
    let plausible = tried.iter().filter(|(likelihood, _)| *likelihood > best.0 - NEARLY_AS_LIKELY);
    let cautious = plausible.max_by(|a, b| strain(&a.1).total_cmp(&strain(&b.1)));
    (best.1, cautious.map_or(best.1, |cautious| cautious.1))
}

/// Difference of logarithms of likelihoods that does not rule a kernel out.
const NEARLY_AS_LIKELY: f64 = 3.0;
/// Places used to choose the stiffness.
const MEASURED_TO_CHOOSE: usize = 70;
