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
    let axes = vectors(text, 3)
        .map(|rows| Matrix3::from_fn(|row, column| rows[column][row]))
        .filter(spans_space)
        .ok_or_else(|| Error::wrong("space directions", expected, text))?;
    let text = fields.need("space origin", "the place of the first voxel's centre is needed")?;
    let origin = vectors(text, 1)
        .and_then(|rows| rows.first().copied())
        .ok_or_else(|| Error::wrong("space origin", "`(x,y,z)` with finite numbers", text))?;
    checked(to_lps(&axes, origin, signs))
}

/// `count` vectors of three finite numbers, as `(1,0,0) (0,1,0)`.
fn vectors(text: &str, count: usize) -> Option<Vec<[f64; 3]>> {
    let mut found = Vec::new();
    let mut rest = text.trim_ascii();
    while !rest.is_empty() && found.len() <= count {
        let (inside, after) = rest.strip_prefix('(')?.split_once(')')?;
        let numbers: Option<Vec<f64>> = inside
            .split(',')
            .map(|number| {
                number.trim_ascii().parse().ok().filter(|number: &f64| number.is_finite())
            })
            .collect();
        found.push(numbers?.try_into().ok()?);
        rest = after.trim_ascii_start();
    }
    (found.len() == count).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_three_finite_numbers() {
        assert_eq!(vectors("(1,-2.5,3e1)", 1), Some(vec![[1.0, -2.5, 30.0]]));
        assert_eq!(vectors(" (1, 0, 0)  (0,1,0)", 2).map(|found| found.len()), Some(2));
        for bad in ["", "(1,0)", "(1,0,0", "(1,0,nan)", "none", "(1,0,0) x", "(1,0,0) (0,1,0)"] {
            assert_eq!(vectors(bad, 1), None, "{bad}");
        }
    }
}
