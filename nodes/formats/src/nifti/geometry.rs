//! Where a NIfTI-1 volume lies in the body.

use nalgebra::{Matrix3, Matrix4, Point3, Quaternion, UnitQuaternion, Vector3};

use super::header::Header;
use crate::placed_volume::{Error, checked, spans_space, to_lps};

/// The two first axes of such a volume point right and to the front.
const RAS: [f64; 3] = [-1.0, -1.0, 1.0];

/// The map from voxels to millimetres in LPS.
///
/// It is the `sform` where there is one, else the `qform`. Where both say that they mean the same space, they must
/// agree.
pub fn lps_from_voxel(header: &Header, dims: [usize; 3]) -> Result<Matrix4<f64>, Error> {
    let (qform_code, sform_code) = (header.short(252), header.short(254));
    let unit_mm = header.unit_mm()?;
    let sform = if sform_code > 0 { Some(sform(header, unit_mm)?) } else { None };
    let qform = if qform_code > 0 && (sform.is_none() || sform_code == qform_code) {
        Some(qform(header, unit_mm)?)
    } else {
        None
    };
    match (sform, qform) {
        (Some(sform), Some(qform)) => checked(agree(sform, qform, dims)?),
        (Some(one), None) | (None, Some(one)) => checked(one),
        (None, None) => Err(Error::Missing {
            field: "sform or qform",
            hint: "without one nobody knows where it lies and which side is left; save the volume with its orientation",
        }),
    }
}

fn sform(header: &Header, unit_mm: f64) -> Result<Matrix4<f64>, Error> {
    let number = |row: usize, column: usize| header.float(280 + 16 * row + 4 * column) * unit_mm;
    let axes = Matrix3::from_fn(number);
    let origin = [0, 1, 2].map(|row| number(row, 3));
    if !spans_space(&axes) || !origin.iter().all(|mm| mm.is_finite()) {
        let came: Vec<f64> =
            (0..3).flat_map(|row| (0..4).map(move |column| number(row, column))).collect();
        return Err(Error::wrong("sform", "finite axes that span space", format!("{came:?}")));
    }
    Ok(to_lps(&axes, origin, RAS))
}

/// A rotation as three parts of a unit quaternion, the steps along the axes, and the side of the third axis.
fn qform(header: &Header, unit_mm: f64) -> Result<Matrix4<f64>, Error> {
    let [b, c, d] = [256, 260, 264].map(|at| header.float(at));
    let origin = [268, 272, 276].map(|at| header.float(at) * unit_mm);
    let steps = [80, 84, 88].map(|at| header.float(at) * unit_mm);
    let squares = b * b + c * c + d * d;
    if !(squares <= 1.0 + 1e-4) || !origin.iter().all(|mm| mm.is_finite()) {
        let came = format!("{:?}", [[b, c, d], origin]);
        return Err(Error::wrong("qform", "parts of a unit quaternion and a finite place", came));
    }
    if !steps.iter().all(|&step| step > 0.0 && step.is_finite()) {
        return Err(Error::wrong("pixdim", "steps above 0", format!("{steps:?}")));
    }
    let a = (1.0 - squares).max(0.0).sqrt();
    let turn = UnitQuaternion::from_quaternion(Quaternion::new(a, b, c, d));
    let side = if header.float(76) < 0.0 { -1.0 } else { 1.0 };
    let steps = Vector3::new(steps[0], steps[1], steps[2] * side);
    let axes = turn.to_rotation_matrix().into_inner() * Matrix3::from_diagonal(&steps);
    Ok(to_lps(&axes, origin, RAS))
}

/// The first of two maps, if they put the corners of the volume into the same places.
fn agree(
    sform: Matrix4<f64>,
    qform: Matrix4<f64>,
    dims: [usize; 3],
) -> Result<Matrix4<f64>, Error> {
    let voxel_mm = (0..3).map(|axis| sform.column(axis).norm()).fold(f64::INFINITY, f64::min);
    let corners = (0..8).map(|corner| {
        Point3::from([0, 1, 2].map(|axis| ((corner >> axis & 1) * (dims[axis] - 1)) as f64))
    });
    let apart_mm = corners
        .map(|corner| (sform.transform_point(&corner) - qform.transform_point(&corner)).norm())
        .fold(0.0, f64::max);
    if apart_mm <= voxel_mm / 2.0 {
        return Ok(sform);
    }
    let expected = "the same place as `sform`, which has the same code";
    Err(Error::wrong("qform", expected, format!("up to {apart_mm:.1} mm from it")))
}
