//! Whether two volumes have their voxels in the same places, perhaps stored in another order.

use nalgebra::{Matrix4, Point3};

/// How far the voxels of two volumes may be apart, in voxels: headers carry few digits, and a real mismatch is half a
/// voxel or more.
const TOLERANCE_VOXELS: f64 = 0.1;

/// Voxels along x, y and z, and the map from their indices to millimetres.
pub type Lattice<'a> = ([usize; 3], &'a Matrix4<f64>);

/// In which way two volumes do not fit each other.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Flaw {
    /// Other numbers of voxels.
    #[error(
        "it has {came:?} voxels, the other {expected:?}; save the labels on the voxels of the image"
    )]
    Size {
        /// Voxels of the other.
        expected: [usize; 3],
        /// Voxels of this one.
        came: [usize; 3],
    },
    /// The places agree if left and right, and front and back, are exchanged.
    #[error(
        "it would if left and right, and front and back, were exchanged: one of the two was written as RAS and the other as LPS; save both again with one program"
    )]
    LeftAndRight,
    /// Other places.
    #[error(
        "their corners are up to {apart_mm:.1} mm apart; save the labels on the voxels of the image"
    )]
    Place {
        /// The largest distance of corners that should be the same.
        apart_mm: f64,
    },
}

/// In which order one volume stores the voxels of another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    dims: [usize; 3],
    /// The place of the first voxel, and the steps along x, y and z.
    start: usize,
    steps: [isize; 3],
}

impl Order {
    /// How `other` stores the voxels of `own`.
    ///
    /// # Errors
    /// If the voxels are not in the same places.
    pub fn between(own: Lattice<'_>, other: Lattice<'_>) -> Result<Self, Flaw> {
        match same(own, other) {
            Err(Flaw::Place { apart_mm }) => {
                let mut exchanged = *other.1;
                for row in [0, 1] {
                    exchanged.row_mut(row).neg_mut();
                }
                let fits = same(own, (other.0, &exchanged)).is_ok();
                Err(if fits { Flaw::LeftAndRight } else { Flaw::Place { apart_mm } })
            }
            found => found,
        }
    }

    /// Calls `visit` with the place of each voxel in the own volume and in the other one.
    pub fn for_each(&self, mut visit: impl FnMut(usize, usize)) {
        let [nx, ny, nz] = self.dims;
        let mut to = 0;
        for z in 0..nz {
            for y in 0..ny {
                let row =
                    self.start as isize + y as isize * self.steps[1] + z as isize * self.steps[2];
                for x in 0..nx {
                    visit(to, (row + x as isize * self.steps[0]) as usize);
                    to += 1;
                }
            }
        }
    }
}

fn same(own: Lattice<'_>, other: Lattice<'_>) -> Result<Order, Flaw> {
    let (dims, own_map) = own;
    let size = Flaw::Size { expected: dims, came: other.0 };
    let (mut sorted, mut others) = (dims, other.0);
    sorted.sort_unstable();
    others.sort_unstable();
    if sorted != others {
        return Err(size);
    }
    let apart = |index: [f64; 3], mine: [f64; 3]| {
        let place = other.1.transform_point(&Point3::from(index));
        (place - own_map.transform_point(&Point3::from(mine))).norm()
    };
    let plain = |own: [f64; 3]| apart(own, own);
    let corners = (0..8).map(|k| [0, 1, 2].map(|axis| (k >> axis & 1) * (dims[axis] - 1)));
    let corners: Vec<[f64; 3]> = corners.map(|corner| corner.map(|i| i as f64)).collect();
    let place = Flaw::Place { apart_mm: corners.iter().copied().map(plain).fold(0.0, f64::max) };
    let Some(back) = other.1.try_inverse() else { return Err(place) };
    let other_from_own = back * own_map;
    // Each axis of one is an axis of the other, perhaps backwards.
    let strides = [1, other.0[0], other.0[0] * other.0[1]].map(|stride| stride as isize);
    let mut order = Order { dims, start: 0, steps: [0; 3] };
    let mut expected = [(0, 1.0, 0.0); 3];
    for row in 0..3 {
        let along = |column: usize| other_from_own[(row, column)];
        let Some(axis) = (0..3).find(|&column| along(column).abs() > 0.5) else {
            return Err(place);
        };
        if dims[axis] != other.0[row] {
            return Err(size);
        }
        let last = dims[axis] - 1;
        let is_backwards = along(axis) < 0.0;
        order.steps[axis] = if is_backwards { -strides[row] } else { strides[row] };
        order.start += if is_backwards { last * strides[row] as usize } else { 0 };
        expected[row] = if is_backwards { (axis, -1.0, last as f64) } else { (axis, 1.0, 0.0) };
    }
    let fits = corners.iter().all(|corner| {
        let found = other_from_own.transform_point(&Point3::from(*corner));
        let off = |row: usize| {
            let (axis, side, shift) = expected[row];
            (found[row] - (side * corner[axis] + shift)).abs()
        };
        (0..3).all(|row| off(row) <= TOLERANCE_VOXELS)
    });
    if fits && !order.steps.contains(&0) { Ok(order) } else { Err(place) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{Matrix3, Rotation3, Vector3};

    /// 4×3×2 voxels of 1, 2 and 3 mm, turned, far from the origin.
    fn map() -> Matrix4<f64> {
        let turn = *Rotation3::from_euler_angles(0.2, -0.3, 0.4).matrix();
        let mut map = Matrix4::identity();
        let axes = turn * Matrix3::from_diagonal(&Vector3::new(1.0, 2.0, 3.0));
        map.fixed_view_mut::<3, 3>(0, 0).copy_from(&axes);
        map.fixed_view_mut::<3, 1>(0, 3).copy_from(&Vector3::new(-90.0, 40.0, 700.0));
        map
    }

    const DIMS: [usize; 3] = [4, 3, 2];

    #[test]
    fn another_order_of_the_same_voxels_is_found() {
        // Stored as y backwards, then z, then x.
        let dims = [3, 2, 4];
        #[rustfmt::skip]
        let own_from_other = Matrix4::new(
            0.0, 0.0, 1.0, 0.0,
            -1.0, 0.0, 0.0, 2.0,
            0.0, 1.0, 0.0, 0.0,
            0.0, 0.0, 0.0, 1.0,
        );
        let other = map() * own_from_other;
        let order = Order::between((DIMS, &map()), (dims, &other)).unwrap();
        let index = |at: usize, dims: [usize; 3]| {
            Point3::from(
                [at % dims[0], at / dims[0] % dims[1], at / dims[0] / dims[1]].map(|i| i as f64),
            )
        };
        let mut pairs = Vec::new();
        order.for_each(|to, from| {
            let (own, its) = (index(to, DIMS), index(from, dims));
            assert!((map().transform_point(&own) - other.transform_point(&its)).norm() < 1e-9);
            pairs.push((to, from));
        });
        assert_eq!(pairs.len(), 24);
        pairs.sort_unstable_by_key(|pair| pair.1);
        assert!(pairs.iter().map(|pair| pair.1).eq(0..24));
    }

    #[test]
    fn one_slice_has_an_order_too() {
        let order = Order::between(([4, 1, 1], &map()), ([4, 1, 1], &map())).unwrap();
        let mut pairs = Vec::new();
        order.for_each(|to, from| pairs.push((to, from)));
        assert_eq!(pairs, [(0, 0), (1, 1), (2, 2), (3, 3)]);
    }

    #[test]
    fn what_does_not_fit_says_how() {
        let flaw = |dims, map: Matrix4<f64>| {
            Order::between((DIMS, &self::map()), (dims, &map)).unwrap_err()
        };
        assert_eq!(flaw([4, 3, 3], map()), Flaw::Size { expected: DIMS, came: [4, 3, 3] });
        // The same numbers, but along other axes.
        assert_eq!(flaw([3, 4, 2], map()), Flaw::Size { expected: DIMS, came: [3, 4, 2] });
        let mut ras = map();
        ras.row_mut(0).neg_mut();
        ras.row_mut(1).neg_mut();
        assert_eq!(flaw(DIMS, ras), Flaw::LeftAndRight);
        let mut shifted = map();
        shifted[(2, 3)] += 0.5;
        let Flaw::Place { apart_mm } = flaw(DIMS, shifted) else { panic!("another flaw") };
        assert!((apart_mm - 0.5).abs() < 1e-9);
        let mut close = map();
        close[(2, 3)] += 0.02;
        assert!(Order::between((DIMS, &map()), (DIMS, &close)).is_ok());
    }
}
