//! The radius of the ball that holds an error with a given covariance in 95 of 100 cases.

use nalgebra::Matrix3;

/// 95 % point of the normal distribution.
const NORMAL_95: f64 = 1.644_853_6;

/// The 95 % bound of the length of a Gaussian error with this covariance, in the covariance's unit of length.
///
/// The square of the length is a weighted sum of χ² variables; it is matched by a scaled χ² of the same mean and variance
/// (F. E. Satterthwaite, Biometrics 2, 1946), whose quantile follows E. B. Wilson and M. M. Hilferty (PNAS 17, 1931).
pub fn bound_95(covariance: &Matrix3<f64>) -> f64 {
    let (mean, square) = (covariance.trace(), (covariance * covariance).trace());
    if !(mean > 0.0 && square > 0.0) {
        return 0.0;
    }
    let degrees = mean * mean / square;
    let spread = 2.0 / (9.0 * degrees);
    (mean * (1.0 - spread + NORMAL_95 * spread.sqrt()).powi(3)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Vector3;

    #[test]
    fn equals_the_quantiles_of_chi_square() {
        // χ² with 3 and 1 degrees of freedom: 7.815 and 3.841.
        assert!((bound_95(&Matrix3::identity()).powi(2) - 7.815).abs() < 0.05);
        let line = Matrix3::from_diagonal(&Vector3::new(4.0, 0.0, 0.0));
        assert!((bound_95(&line).powi(2) / 4.0 - 3.841).abs() < 0.15);
        assert_eq!(bound_95(&Matrix3::zeros()), 0.0);
    }
}
