//! A registration as it is sent: on a lattice around the data.

use messages::{Affine, Centrelines, DisplacementField};
use nalgebra::{Matrix3x4, Point3};

use crate::reference::Registration;

/// Distance of the nodes: the displacement bends over 30 mm and more.
const SPACING_MM: f64 = 15.0;
/// How far the lattice reaches beyond the data: further off, nothing was measured.
const MARGIN_MM: f64 = 45.0;
/// Most nodes along an axis; a tree that is scattered over more gets wider spacing.
const MOST_NODES: f64 = 40.0;

/// The displacement and its error around `source`, the intraoperative tree; none for a tree without
/// nodes.
pub fn field(registration: &Registration, source: &Centrelines) -> Option<DisplacementField> {
    let rigid = registration.deformation.target_from_source();
    let mut places = source.nodes().iter().map(|node| rigid * node.position_mm);
    let first = places.next()?;
    let (low, high) =
        places.fold((first, first), |(low, high), place| (low.inf(&place), high.sup(&place)));
    let extent = (high - low).add_scalar(2.0 * MARGIN_MM);
    let spacing_mm = SPACING_MM.max(extent.max() / (MOST_NODES - 1.0));
    let size = extent.map(|mm| (mm / spacing_mm).ceil() as u32 + 1);
    let origin = low - nalgebra::Vector3::repeat(MARGIN_MM);
    let nodes = (0..size.z).flat_map(|z| {
        (0..size.y).flat_map(move |y| (0..size.x).map(move |x| Point3::new(x, y, z)))
    });
    let (mut displacements_mm, mut error_mm) = (Vec::new(), Vec::new());
    for node in nodes {
        let place = origin + node.coords.map(f64::from) * spacing_mm;
        let displacement = registration.deformation.displacement_mm(&place);
        displacements_mm.extend(displacement.iter().map(|&mm| mm as f32));
        let here = rigid.inverse_transform_point(&place);
        error_mm.push(registration.predict_error_mm(&here) as f32);
    }
    let mut rows = Matrix3x4::from_diagonal_element(spacing_mm);
    rows.set_column(3, &origin.coords);
    Some(DisplacementField {
        size: size.into(),
        preoperative_from_node: Affine::from_rows(rows).ok()?,
        displacements_mm: displacements_mm.into(),
        error_mm: error_mm.into(),
    })
}
