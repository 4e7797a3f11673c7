//! A registration as it is sent: on a lattice around the data.

use messages::{Affine, Centrelines, DisplacementField};
use nalgebra::{Matrix3x4, Vector3};

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
    let size: [u32; 3] = extent.map(|mm| (mm / spacing_mm).ceil() as u32 + 1).into();
    let origin = low - Vector3::repeat(MARGIN_MM);
    let place = |node: [u32; 3]| origin + Vector3::from(node.map(f64::from)) * spacing_mm;
    let mut displacements_mm = Vec::new();
    for node in nodes(size) {
        let displacement = registration.deformation.displacement_mm(&place(node));
        displacements_mm.extend(displacement.iter().map(|&mm| mm as f32));
    }
    // The error varies as slowly as the displacement and costs hundreds of times as much.
    let coarse_size = size.map(|count| count / 2 + 1);
    let mut coarse_mm = Vec::new();
    for node in nodes(coarse_size) {
        let here = rigid.inverse_transform_point(&place(node.map(|index| 2 * index)));
        coarse_mm.push(registration.predict_error_mm(&here));
    }
    let error_mm: Vec<f32> =
        nodes(size).map(|node| between(&coarse_mm, coarse_size, node)).collect();
    let mut rows = Matrix3x4::from_diagonal_element(spacing_mm);
    rows.set_column(3, &origin.coords);
    Some(DisplacementField {
        size,
        preoperative_from_node: Affine::from_rows(rows).ok()?,
        displacements_mm: displacements_mm.into(),
        error_mm: error_mm.into(),
    })
}

/// The indices of a lattice, x fastest.
fn nodes([x, y, z]: [u32; 3]) -> impl Iterator<Item = [u32; 3]> {
    (0..z).flat_map(move |k| (0..y).flat_map(move |j| (0..x).map(move |i| [i, j, k])))
}

/// What a lattice of every second node says at a node: the mean of those around it.
fn between(coarse_mm: &[f64], [nx, ny, _]: [u32; 3], node: [u32; 3]) -> f32 {
    let mut sum = 0.0;
    for corner in 0..8 {
        // Below a node and above it: the same where the node is one of the coarse ones.
        let [i, j, k] = [0, 1, 2].map(|axis: usize| {
            let up = corner >> axis & 1;
            node[axis] / 2 + up * (node[axis] % 2)
        });
        sum += coarse_mm[((k * ny + j) * nx + i) as usize];
    }
    (sum / 8.0) as f32
}
