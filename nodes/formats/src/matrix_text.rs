//! 4×4 matrices as the sixteen numbers that PLUS writes, row after row.

use nalgebra::Matrix4;

/// Sixteen numbers separated by blanks, row-major; they may be NaN or infinite.
pub(crate) fn parse(text: &str) -> Option<Matrix4<f64>> {
    let mut numbers = [0.0; 16];
    let mut words = text.split_ascii_whitespace();
    for number in &mut numbers {
        *number = words.next()?.parse().ok()?;
    }
    words.next().is_none().then(|| Matrix4::from_row_slice(&numbers))
}

/// Why a matrix cannot map coordinates, if it cannot.
pub(crate) fn flaw(matrix: &Matrix4<f64>) -> Option<&'static str> {
    if !matrix.iter().all(|value| value.is_finite()) {
        return Some("a number is NaN or infinite");
    }
    let last_row = [matrix[(3, 0)], matrix[(3, 1)], matrix[(3, 2)], matrix[(3, 3)] - 1.0];
    if last_row.iter().any(|value| value.abs() > 1e-9) {
        return Some("the last row is not 0 0 0 1 (is the matrix transposed?)");
    }
    let linear = matrix.fixed_view::<3, 3>(0, 0);
    let lengths: f64 = (0..3).map(|axis| linear.column(axis).norm()).product();
    // Relative to the lengths of the axes, so that micrometre pixels are as good as metres.
    if !(linear.determinant().abs() > 1e-9 * lengths) {
        return Some("the matrix is singular");
    }
    let flaw = "its numbers are so large or so small that its inverse cannot be computed";
    (!maps_both_ways(matrix)).then_some(flaw)
}

/// Whether a matrix and its inverse are finite: numbers near the ends of what 64 bits hold make infinite ones.
pub(crate) fn maps_both_ways(matrix: &Matrix4<f64>) -> bool {
    let is_finite = |matrix: &Matrix4<f64>| matrix.iter().all(|value| value.is_finite());
    is_finite(matrix) && matrix.try_inverse().as_ref().is_some_and(is_finite)
}

/// Row-major, with as many digits as bring back the same numbers.
pub(crate) fn write(matrix: &Matrix4<f64>) -> String {
    let numbers: Vec<String> = matrix.transpose().iter().map(|value| number(*value)).collect();
    numbers.join(" ")
}

/// The shortest text that reads back as the same number, with an exponent where it is shorter.
pub(crate) fn number(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 || (1e-5..1e16).contains(&magnitude) || !value.is_finite() {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_numbers_exactly() {
        let text = "1 0 0 -8.43482e-005  0 1 0 20\n0 0 1 30\t0 0 0 1 ";
        assert_eq!(parse(text).map(|m| (m[(0, 3)], m[(2, 3)])), Some((-8.43482e-5, 30.0)));
        assert_eq!(parse("1 0 0"), None);
        assert_eq!(parse(&format!("{text} 7")), None);
        assert_eq!(parse(&text.replace("20", "2O")), None);
    }

    #[test]
    fn flaws_are_named() {
        let mut matrix = Matrix4::identity();
        assert_eq!(flaw(&matrix), None);
        matrix[(3, 0)] = 5.0;
        assert!(flaw(&matrix).is_some_and(|text| text.contains("last row")));
        let mut flat = Matrix4::identity();
        flat[(2, 2)] = 0.0;
        assert!(flaw(&flat).is_some_and(|text| text.contains("singular")));
        let mut tiny = Matrix4::identity() * 1e-7;
        tiny[(3, 3)] = 1.0;
        assert_eq!(flaw(&tiny), None);
        let mut tiniest = Matrix4::identity() * 1e-107;
        tiniest[(3, 3)] = 1.0;
        assert!(flaw(&tiniest).is_some_and(|text| text.contains("so small")));
        let far = Matrix4::new_translation(&nalgebra::Vector3::repeat(1e308)) * 2.0;
        assert!(flaw(&far).is_some());
    }
}
