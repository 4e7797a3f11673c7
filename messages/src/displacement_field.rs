//! How far the body has moved away from a rigid motion, and how well that is known, on a lattice.

use nalgebra::{Point3, Vector3};
use serde::{Deserialize, Serialize};

use crate::affine::Affine;
use crate::bulk::Bulk;
use crate::frames::{Preoperative, Voxel};
use crate::transform::Point;
use crate::wire::{Array, ArrayRef, WireError};

/// Displacements in the preoperative frame, between whose nodes is interpolated linearly.
///
/// Outside the lattice nothing is known: it covers what was registered, and a margin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DisplacementField {
    /// Nodes along x (fastest), y and z; at least two along each.
    pub size: [u32; 3],
    /// Maps indices of nodes to millimetres.
    pub preoperative_from_node: Affine<Preoperative, Voxel>,
    /// `z × y × x × 3` millimetres, added where the rigid motion puts a point.
    #[serde(skip)]
    pub displacements_mm: Bulk<f32>,
    /// `z × y × x` millimetres that the error does not exceed in 95 of 100 cases.
    #[serde(skip)]
    pub error_mm: Bulk<f32>,
}

/// What a field says at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Displaced {
    /// Where the point lies.
    pub point: Point<Preoperative>,
    /// What the error does not exceed in 95 of 100 cases, millimetres.
    pub error_mm: f64,
}

impl DisplacementField {
    /// Where a point lies that the rigid motion puts at `rigid`; none outside the lattice.
    pub fn apply(&self, rigid: Point<Preoperative>) -> Option<Displaced> {
        let index = self.preoperative_from_node.inverse() * rigid;
        let (mut displacement, mut error_mm) = (Vector3::zeros(), 0.0);
        for (node, weight) in self.corners(&index.xyz_mm)? {
            let at = |component: usize| {
                self.displacements_mm.as_slice().get(3 * node + component).copied().map(f64::from)
            };
            displacement += Vector3::new(at(0)?, at(1)?, at(2)?) * weight;
            error_mm += f64::from(*self.error_mm.as_slice().get(node)?) * weight;
        }
        Some(Displaced { point: Point::new(rigid.xyz_mm + displacement), error_mm })
    }

    /// Where the rigid motion puts the point that lies at `point`, to within a hundredth of a
    /// millimetre; none outside the lattice or where the field folds.
    pub fn invert(&self, point: Point<Preoperative>) -> Option<Point<Preoperative>> {
        let mut rigid = point;
        for _ in 0..50 {
            let error = self.apply(rigid)?.point.xyz_mm - point.xyz_mm;
            if error.norm() < 0.01 {
                return Some(rigid);
            }
            rigid = Point::new(rigid.xyz_mm - error);
        }
        None
    }

    /// The nodes around a place, with weights that sum to one.
    fn corners(&self, index: &Point3<f64>) -> Option<[(usize, f64); 8]> {
        let mut low = [0_usize; 3];
        let mut part = [0.0; 3];
        for axis in 0..3 {
            let last = self.size[axis].checked_sub(2)?;
            // Also false for what is no number.
            if !(index[axis] >= 0.0 && index[axis] <= f64::from(last + 1)) {
                return None;
            }
            low[axis] = (index[axis] as usize).min(last as usize);
            part[axis] = index[axis] - low[axis] as f64;
        }
        let [nx, ny] = [self.size[0] as usize, self.size[1] as usize];
        Some(std::array::from_fn(|corner| {
            let up = [corner & 1, corner >> 1 & 1, corner >> 2];
            let weight = |axis: usize| if up[axis] == 1 { part[axis] } else { 1.0 - part[axis] };
            let at = |axis: usize| low[axis] + up[axis];
            (at(0) + nx * (at(1) + ny * at(2)), weight(0) * weight(1) * weight(2))
        }))
    }

    fn shape(&self) -> [u64; 3] {
        let [x, y, z] = self.size;
        [z.into(), y.into(), x.into()]
    }

    pub(crate) fn arrays(&self) -> [ArrayRef<'_>; 2] {
        let [z, y, x] = self.shape();
        [
            ArrayRef::new("displacements_mm", &self.displacements_mm, &[z, y, x, 3]),
            ArrayRef::new("error_mm", &self.error_mm, &[z, y, x]),
        ]
    }

    pub(crate) fn attach(
        &mut self,
        schema: &'static str,
        [displacements, error]: [Array; 2],
    ) -> Result<(), WireError> {
        let [z, y, x] = self.shape();
        self.displacements_mm = displacements.expect(schema, "displacements_mm", &[z, y, x, 3])?;
        self.error_mm = error.expect(schema, "error_mm", &[z, y, x])?;
        let wrong = |reason: &str| Err(WireError::Arrays { schema, reason: reason.to_owned() });
        if self.size.iter().any(|&nodes| nodes < 2) {
            return wrong("a displacement field has at least two nodes along each axis");
        }
        if !self.displacements_mm.as_slice().iter().all(|mm| mm.is_finite()) {
            return wrong("a displacement is not finite");
        }
        if !self.error_mm.as_slice().iter().all(|mm| mm.is_finite() && *mm >= 0.0) {
            return wrong("an error is not finite or below zero");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Matrix3x4;
    use proptest::prelude::*;

    /// Displaces by a twentieth of the place; nodes 10 mm apart.
    fn field() -> DisplacementField {
        let size = [4, 3, 5];
        let rows = Matrix3x4::new(10.0, 0.0, 0.0, -5.0, 0.0, 10.0, 0.0, 2.0, 0.0, 0.0, 10.0, 0.0);
        let preoperative_from_node = Affine::from_rows(rows).unwrap();
        let nodes = (0..5).flat_map(|z| (0..3).flat_map(move |y| (0..4).map(move |x| [x, y, z])));
        let places: Vec<[f32; 3]> = nodes
            .map(|[x, y, z]| [10.0 * x as f32 - 5.0, 10.0 * y as f32 + 2.0, 10.0 * z as f32])
            .collect();
        DisplacementField {
            size,
            preoperative_from_node,
            displacements_mm: places
                .iter()
                .flatten()
                .map(|mm| mm / 20.0)
                .collect::<Vec<_>>()
                .into(),
            error_mm: places.iter().map(|place| place[2] / 10.0).collect::<Vec<_>>().into(),
        }
    }

    proptest! {
        #[test]
        fn a_linear_field_is_exact_between_nodes(x in -5.0..25.0, y in 2.0..22.0, z in 0.0..40.0) {
            let displaced = field().apply(Point::new(Point3::new(x, y, z))).unwrap();
            prop_assert!((displaced.point.xyz_mm.coords - Vector3::new(x, y, z) * 1.05).norm() < 1e-5);
            prop_assert!((displaced.error_mm - z / 10.0).abs() < 1e-5);
        }

        #[test]
        fn what_was_displaced_comes_back(x in -4.0..22.0, y in 3.0..20.0, z in 1.0..37.0) {
            let there = Point::new(Point3::new(x, y, z));
            let back = field().invert(field().apply(there).unwrap().point).unwrap();
            prop_assert!((back.xyz_mm - there.xyz_mm).norm() < 0.02);
        }
    }

    #[test]
    fn outside_nothing_is_known() {
        for place in [[-5.1, 5.0, 5.0], [25.1, 5.0, 5.0], [0.0, 5.0, 40.1], [f64::NAN, 5.0, 5.0]] {
            assert_eq!(field().apply(Point::new(Point3::from(place))), None);
        }
    }
}
