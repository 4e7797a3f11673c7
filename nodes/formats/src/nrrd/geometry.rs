//! Where a NRRD lies in the body.

use nalgebra::{Matrix3, Matrix4};

use super::fields::Fields;
use crate::metaimage::excerpt;
use crate::placed_volume::{Error, checked, spans_space, to_lps};

/// The map from voxels to millimetres in LPS.
pub fn lps_from_voxel(fields: &Fields) -> Result<Matrix4<f64>, Error> {
    let hint = "without it nobody knows which side is left; write it, for example `space: left-posterior-superior`";
    let space = fields.need("space", hint)?;
    // Along which of left, back and up the three numbers count.
    let signs = match space.to_ascii_lowercase().as_str() {
        "left-posterior-superior" | "lps" => [1.0, 1.0, 1.0],
        "right-anterior-superior" | "ras" => [-1.0, -1.0, 1.0],
        "left-anterior-superior" | "las" => [1.0, -1.0, 1.0],
        _ => {
            return Err(Error::Unsupported {
                what: format!("the space `{}`", excerpt(space)),
                hint: "write the volume in an anatomical space: left-posterior-superior, right-anterior-superior or left-anterior-superior",
            });
        }
    };
    if let Some(units) = fields.get("space units") {
        let is_mm =
            units.split('"').filter(|part| !part.trim_ascii().is_empty()).all(|unit| unit == "mm");
        if !is_mm {
            return Err(Error::wrong("space units", "`\"mm\" \"mm\" \"mm\"`", units));
        }
    }
    let hint = "the directions of the three axes are needed, in millimetres for each voxel";
    let text = fields.need("space directions", hint)?;
    let expected = "three vectors `(x,y,z)` of finite numbers that span space";
    let axes = spatial(text, 3)
        .map(|rows| Matrix3::from_fn(|row, column| rows[column][row]))
        .filter(spans_space)
        .ok_or_else(|| Error::wrong("space directions", expected, text))?;
    let text = fields.need("space origin", "the place of the first voxel's centre is needed")?;
    let origin = spatial(text, 1)
        .and_then(|rows| rows.first().copied())
        .ok_or_else(|| Error::wrong("space origin", "`(x,y,z)` with finite numbers", text))?;
    checked(to_lps(&axes, origin, signs))
}

/// `count` vectors of three finite numbers, as `(1,0,0) (0,1,0)`.
fn spatial(text: &str, count: usize) -> Option<Vec<[f64; 3]>> {
    let found: Option<Vec<[f64; 3]>> =
        vectors(text)?.into_iter().map(|vector| vector?.try_into().ok()).collect();
    found.filter(|found| found.len() == count)
}

/// Vectors of finite numbers, as `(1,0,0) (0,1,0)`, or `none` for an axis that is not one of space.
pub(crate) fn vectors(text: &str) -> Option<Vec<Option<Vec<f64>>>> {
    let mut found = Vec::new();
    let mut rest = text.trim_ascii();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("none") {
            found.push(None);
            rest = after.trim_ascii_start();
            continue;
        }
        let (inside, after) = rest.strip_prefix('(')?.split_once(')')?;
        let numbers: Option<Vec<f64>> = inside
            .split(',')
            .map(|number| {
                number.trim_ascii().parse().ok().filter(|number: &f64| number.is_finite())
            })
            .collect();
        found.push(Some(numbers?));
        rest = after.trim_ascii_start();
    }
    Some(found)
}

/// The length of a vector; that of one along an axis is its number, to the last digit.
pub(crate) fn length(vector: &[f64]) -> f64 {
    vector.iter().fold(0.0, |length, number| number.hypot(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_three_finite_numbers() {
        assert_eq!(spatial("(1,-2.5,3e1)", 1), Some(vec![[1.0, -2.5, 30.0]]));
        assert_eq!(spatial(" (1, 0, 0)  (0,1,0)", 2).map(|found| found.len()), Some(2));
        for bad in ["", "(1,0)", "(1,0,0", "(1,0,nan)", "none", "(1,0,0) x", "(1,0,0) (0,1,0)"] {
            assert_eq!(spatial(bad, 1), None, "{bad}");
        }
    }

    #[test]
    fn an_axis_that_is_not_one_of_space_has_no_vector() {
        let found = vectors("none (0.3,0)(0,1)  none");
        assert_eq!(found, Some(vec![None, Some(vec![0.3, 0.0]), Some(vec![0.0, 1.0]), None]));
        assert_eq!((length(&[0.3, 0.0]), length(&[3.0, 0.0, -4.0])), (0.3, 5.0));
        assert_eq!(vectors("nonesuch"), None);
    }
}
