//! Where a NIfTI volume lies in the body.

use nalgebra::{Matrix3, Matrix4, Point3, Quaternion, Rotation3, UnitQuaternion, Vector3};

use super::header::Header;
use crate::placed_volume::{Error, checked, spans_space, to_lps};

/// The two first axes of such a volume point right and to the front.
const RAS: [f64; 3] = [-1.0, -1.0, 1.0];

/// The map from voxels to millimetres in LPS.
///
/// It is the `sform` where there is one, else the `qform`. Where both say that they mean the same space, they must
/// agree.
pub fn lps_from_voxel(header: &Header, dims: [usize; 3]) -> Result<Matrix4<f64>, Error> {
    let (qform_code, sform_code) = (header.qform_code, header.sform_code);
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
    let number = |row: usize, column: usize| header.rows[row][column] * unit_mm;
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
    let [b, c, d] = header.quaternion;
    let origin = header.offset.map(|number| number * unit_mm);
    let steps = [1, 2, 3].map(|axis| header.pixdim[axis] * unit_mm);
    let squares = b * b + c * c + d * d;
    if !(squares <= 1.0 + 1e-4) || !origin.iter().all(|mm| mm.is_finite()) {
        let came = format!("{:?}", [header.quaternion, origin]);
        return Err(Error::wrong("qform", "parts of a unit quaternion and a finite place", came));
    }
    if !steps.iter().all(|&step| step > 0.0 && step.is_finite()) {
        return Err(Error::wrong("pixdim", "steps above 0", format!("{steps:?}")));
    }
    // As `nifti_quatern_to_mat44` does: what rounding leaves of the fourth part is no angle.
    let rest = 1.0 - squares;
    let a = if rest < 1e-7 { 0.0 } else { rest.sqrt() };
    let turn = UnitQuaternion::from_quaternion(Quaternion::new(a, b, c, d));
    let side = if header.pixdim[0] < 0.0 { -1.0 } else { 1.0 };
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
    let apart_mm = apart_mm(&sform, &qform, dims);
    if apart_mm <= voxel_mm(&sform) / 2.0 {
        return Ok(sform);
    }
    let expected = "the same place as `sform`, which has the same code";
    Err(Error::wrong("qform", expected, format!("up to {apart_mm:.1} mm from it")))
}

/// The shortest step between voxels.
pub fn voxel_mm(map: &Matrix4<f64>) -> f64 {
    (0..3).map(|axis| map.column(axis).norm()).fold(f64::INFINITY, f64::min)
}

/// How far apart two maps put a corner of a volume at most.
pub fn apart_mm(one: &Matrix4<f64>, other: &Matrix4<f64>, dims: [usize; 3]) -> f64 {
    let corners = (0..8).map(|corner| {
        Point3::from([0, 1, 2].map(|axis| ((corner >> axis & 1) * (dims[axis] - 1)) as f64))
    });
    corners
        .map(|corner| (one.transform_point(&corner) - other.transform_point(&corner)).norm())
        .fold(0.0, f64::max)
}

/// The `sform` and the `qform` of a map, in millimetres: rows; quaternion, place, and side and steps of the axes.
pub fn describe(lps_from_voxel: &Matrix4<f64>, header: &mut Header) {
    for (row, sign) in RAS.into_iter().enumerate() {
        header.rows[row] = [0, 1, 2, 3].map(|column| sign * lps_from_voxel[(row, column)] + 0.0);
        header.offset[row] = header.rows[row][3];
    }
    let mut axes = Matrix3::from_fn(|row, column| header.rows[row][column]);
    for axis in 0..3 {
        header.pixdim[1 + axis] = axes.column(axis).norm();
        axes.column_mut(axis).normalize_mut();
    }
    header.pixdim[0] = 1.0;
    if axes.determinant() < 0.0 {
        header.pixdim[0] = -1.0;
        axes.column_mut(2).neg_mut();
    }
    let turn = UnitQuaternion::from_rotation_matrix(&Rotation3::from_matrix_unchecked(axes));
    let turn = turn.into_inner().normalize();
    // The part that is not written is the square root of the rest, so it is not negative.
    let sign = if turn.w < 0.0 { -1.0 } else { 1.0 };
    header.quaternion = [turn.i, turn.j, turn.k].map(|part| sign * part + 0.0);
}
