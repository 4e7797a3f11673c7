//! A registered map: what both nodes that guide hear before poses and images come.
#![allow(dead_code, missing_docs, clippy::unwrap_used, reason = "each test takes its part of it")]

use messages::{
    Affine, Alignment, DisplacementField, Fit, Patient, Preoperative, Registration,
    RegistrationState, Stamped, Structure, StructureKind, Surfaces, Timestamp, Transform,
};
use nalgebra::{Isometry3, Matrix3x4, Point3, Vector3};

use crate::shapes::Shape;

/// The lattice reaches so far from the origin along each axis.
pub const REACH_MM: f64 = 150.0;
const SPACING_MM: f64 = 15.0;

pub fn stamped<T>(at: Timestamp, value: T) -> Stamped<T> {
    Stamped { acquired_at: at, sequence: 0, value }
}

pub fn map(structures: Vec<(&str, StructureKind, f32, Shape)>) -> Stamped<Surfaces<Preoperative>> {
    let surfaces = structures.into_iter().map(|(name, kind, error_mm, shape)| {
        (Structure { name: name.into(), kind }, error_mm, shape.0, shape.1)
    });
    stamped(Timestamp(0), Surfaces::new(surfaces.collect()).unwrap())
}

/// An alignment made from data of the instant zero.
pub fn alignment(
    preoperative_from_patient: Isometry3<f64>,
    error_mm: f32,
    displacement: impl Fn(Point3<f64>) -> Vector3<f64>,
) -> Alignment {
    let nodes = (2.0 * REACH_MM / SPACING_MM) as usize + 1;
    let at = |index: usize| index as f64 * SPACING_MM - REACH_MM;
    let mut displacements: Vec<f32> = Vec::new();
    for z in 0..nodes {
        for y in 0..nodes {
            for x in 0..nodes {
                let displacement = displacement(Point3::new(at(x), at(y), at(z)));
                displacements.extend(displacement.cast::<f32>().iter());
            }
        }
    }
    let mut rows = Matrix3x4::from_diagonal_element(SPACING_MM);
    rows.set_column(3, &Vector3::repeat(-REACH_MM));
    Alignment {
        preoperative_from_patient: Transform::<Preoperative, Patient>::from_isometry(
            preoperative_from_patient,
        ),
        field: DisplacementField {
            size: [nodes as u32; 3],
            preoperative_from_node: Affine::from_rows(rows).unwrap(),
            error_mm: vec![error_mm; displacements.len() / 3].into(),
            displacements_mm: displacements.into(),
        },
        fit: Fit { explained: 1.0, residual_mm: 0.0, rival: None },
        data_acquired_at: Timestamp(0),
    }
}

pub fn accepted(alignment: Alignment) -> Stamped<Registration> {
    in_state(RegistrationState::Accepted, Some(alignment))
}

pub fn in_state(state: RegistrationState, alignment: Option<Alignment>) -> Stamped<Registration> {
    stamped(Timestamp(0), Registration { state, alignment })
}

/// Bends by up to 8 mm over a hundred.
pub fn bending(at: Point3<f64>) -> Vector3<f64> {
    let wave = |mm: f64| 4.0 * (mm / 40.0).sin();
    Vector3::new(wave(at.y) + 2.0, wave(at.z), wave(at.x + at.y))
}
