//! Three slices through a volume, as they are hung in a reading room: axial, coronal
//! and sagittal, with square pixels.

use messages::{Affine, Voxel};

/// So many pixels a slice is wide and high at most.
const MOST_PX: f64 = 1024.0;

/// Left, posterior and superior for each of the volume's axes, in any order.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// A way through the volume along one of its axes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Way {
    /// Which axis of the volume.
    axis: usize,
    /// Whether it runs against that axis.
    is_reversed: bool,
    /// How many voxels there are along it.
    voxels: usize,
    /// Distance of two of them, millimetres.
    step_mm: f64,
}

impl Way {
    fn back(self) -> Self {
        Self { is_reversed: !self.is_reversed, ..self }
    }

    /// How many pixels show it.
    fn pixels(&self, pixel_mm: f64) -> usize {
        ((self.voxels as f64 * self.step_mm / pixel_mm).round() as usize).clamp(1, MOST_PX as usize)
    }

    /// The middle of the pixels that show a voxel.
    fn pixel(&self, voxel: usize, pixel_mm: f64) -> f32 {
        let along = if self.is_reversed { self.voxels - 1 - voxel } else { voxel };
        ((along as f64 + 0.5) * self.step_mm / pixel_mm) as f32
    }

    /// The voxel's index that each pixel shows.
    fn indices(&self, pixel_mm: f64) -> Vec<usize> {
        (0..self.pixels(pixel_mm))
            .map(|pixel| {
                let voxel = ((pixel as f64 + 0.5) * pixel_mm / self.step_mm) as usize;
                let voxel = voxel.min(self.voxels - 1);
                if self.is_reversed { self.voxels - 1 - voxel } else { voxel }
            })
            .collect()
    }
}

/// What the slices are called, in their order.
pub const NAMES: [&str; 3] = ["axial", "coronal", "sagittal"];

/// A slice.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice<T> {
    /// One of [`NAMES`].
    pub name: &'static str,
    /// Columns and rows.
    pub size_px: [u32; 2],
    /// The nearest voxel of each pixel, row by row.
    pub pixels: Vec<T>,
    /// Where the other two slices cross it: column and row.
    pub through_px: [f32; 2],
}

/// The slices through a voxel, or through the middle, of a volume of `size` voxels (x fastest, then y and
/// z), along its own axes: each is named after the anatomical plane that it is closest to.
///
/// The patient's left is on the right of axial and coronal slices, the back is below in axial and on
/// the right of sagittal ones, the head is above. None of an empty volume.
pub fn slices<T: Copy, In>(
    voxels: &[T],
    size: [u32; 3],
    frame_from_voxel: &Affine<In, Voxel>,
    through: Option<[usize; 3]>,
) -> Option<[Slice<T>; 3]> {
    let count: u128 = size.iter().map(|&size| u128::from(size)).product();
    if voxels.is_empty() || count != voxels.len() as u128 {
        return None;
    }
    let size = size.map(|size| size as usize);
    let through = through.unwrap_or(size.map(|size| size / 2));
    let through = [0, 1, 2].map(|axis| through[axis].min(size[axis] - 1));
    let [left, posterior, superior] = ways(size, frame_from_voxel);
    let of = |name, across: Way, down: Way| {
        let extent_mm = |way: &Way| way.voxels as f64 * way.step_mm;
        let widest_mm = extent_mm(&across).max(extent_mm(&down));
        let pixel_mm = across.step_mm.min(down.step_mm).max(widest_mm / MOST_PX);
        let (columns, rows) = (across.indices(pixel_mm), down.indices(pixel_mm));
        let mut index = through;
        let mut pixels = Vec::with_capacity(columns.len() * rows.len());
        for &row in &rows {
            index[down.axis] = row;
            for &column in &columns {
                index[across.axis] = column;
                pixels.push(voxels[(index[2] * size[1] + index[1]) * size[0] + index[0]]);
            }
        }
        let through_px = [across, down].map(|way| way.pixel(through[way.axis], pixel_mm));
        Slice { name, size_px: [columns.len() as u32, rows.len() as u32], pixels, through_px }
    };
    Some([
        of(NAMES[0], left, posterior),
        of(NAMES[1], left, superior.back()),
        of(NAMES[2], posterior, superior.back()),
    ])
}

/// The ways through the volume that lead closest to the left, the back and the head.
fn ways<In>(size: [usize; 3], frame_from_voxel: &Affine<In, Voxel>) -> [Way; 3] {
    let steps = [0, 1, 2].map(|axis| frame_from_voxel.axis(axis));
    let cosine = |anatomical: usize, axis: usize| steps[axis][anatomical] / steps[axis].norm();
    let fit = |order: &[usize; 3]| (0..3).map(|i| cosine(i, order[i]).abs()).sum::<f64>();
    let [mut best, others @ ..] = ORDERS;
    for order in others {
        if fit(&order) > fit(&best) {
            best = order;
        }
    }
    std::array::from_fn(|anatomical| {
        let axis = best[anatomical];
        Way {
            axis,
            is_reversed: cosine(anatomical, axis) < 0.0,
            voxels: size[axis],
            step_mm: steps[axis].norm(),
        }
    })
}

#[cfg(test)]
mod tests {
    use messages::Preoperative;
    use nalgebra::{Matrix3, Matrix3x4, Rotation3, Vector3};

    use super::*;

    fn map(linear: Matrix3<f64>) -> Affine<Preoperative, Voxel> {
        let mut rows = Matrix3x4::zeros();
        rows.fixed_view_mut::<3, 3>(0, 0).copy_from(&linear);
        Affine::from_rows(rows).unwrap()
    }

    /// 2 × 3 × 4 voxels `100 z + 10 y + x`.
    fn voxels() -> Vec<u16> {
        (0..4)
            .flat_map(|z| (0..3).flat_map(move |y| (0..2).map(move |x| 100 * z + 10 * y + x)))
            .collect()
    }

    #[test]
    fn slices_of_a_volume_in_lps() {
        let map = map(Matrix3::identity());
        let [axial, coronal, sagittal] = slices(&voxels(), [2, 3, 4], &map, None).unwrap();
        assert_eq!((axial.name, axial.size_px), ("axial", [2, 3]));
        assert_eq!(axial.pixels, [200, 201, 210, 211, 220, 221]);
        // The head is above.
        assert_eq!((coronal.name, coronal.size_px), ("coronal", [2, 4]));
        assert_eq!(coronal.pixels, [310, 311, 210, 211, 110, 111, 10, 11]);
        assert_eq!((sagittal.name, sagittal.size_px), ("sagittal", [3, 4]));
        assert_eq!(sagittal.pixels[..3], [301, 311, 321]);
    }

    #[test]
    fn slices_go_through_a_voxel_and_say_where_it_is() {
        let map = map(Matrix3::from_diagonal(&Vector3::new(1.0, 1.0, 2.5)));
        for through in [[0, 0, 0], [1, 2, 3], [1, 0, 2], [0, 2, 1]] {
            let expected = 100 * through[2] + 10 * through[1] + through[0];
            for slice in slices(&voxels(), [2, 3, 4], &map, Some(through)).unwrap() {
                let [column, row] = slice.through_px.map(|px| px as usize);
                let pixel = slice.pixels[row * slice.size_px[0] as usize + column];
                assert_eq!(usize::from(pixel), expected, "{} {through:?}", slice.name);
            }
        }
        // What is outside is cut at the border.
        let [axial, ..] = slices(&voxels(), [2, 3, 4], &map, Some([9, 9, 9])).unwrap();
        assert_eq!(axial.pixels[5], 321);
    }

    #[test]
    fn thick_slices_keep_their_aspect() {
        let map = map(Matrix3::from_diagonal(&Vector3::new(1.0, 1.0, 2.5)));
        let [axial, coronal, _] = slices(&voxels(), [2, 3, 4], &map, None).unwrap();
        assert_eq!(axial.size_px, [2, 3]);
        // 4 × 2.5 mm at 1 mm for each pixel.
        assert_eq!(coronal.size_px, [2, 10]);
        let rows: Vec<u16> = coronal.pixels.chunks(2).map(|row| row[0] / 100).collect();
        assert_eq!(rows, [3, 3, 2, 2, 2, 1, 1, 0, 0, 0]);
    }

    #[test]
    fn another_order_and_direction_of_axes_shows_the_same() {
        // x to the front, y to the feet, z to the left; and turned a little.
        let axes = Matrix3::new(0., 0., 1., -1., 0., 0., 0., -1., 0.);
        let tilt = Rotation3::new(Vector3::new(0.1, -0.2, 0.15));
        let [axial, ..] = slices(&voxels(), [2, 3, 4], &map(tilt.matrix() * axes), None).unwrap();
        // Left is along z, the back against x, through the middle of y.
        assert_eq!(axial.size_px, [4, 2]);
        assert_eq!(axial.pixels, [11, 111, 211, 311, 10, 110, 210, 310]);
    }

    #[test]
    fn no_slice_is_larger_than_can_be_drawn() {
        let map = map(Matrix3::from_diagonal(&Vector3::new(1.0, 1e6, 0.001)));
        for slice in slices(&voxels(), [2, 3, 4], &map, None).unwrap() {
            assert!(slice.size_px.iter().all(|&px| (1..=1024).contains(&px)));
            assert_eq!(slice.pixels.len(), (slice.size_px[0] * slice.size_px[1]) as usize);
        }
    }

    #[test]
    fn an_empty_volume_has_no_slices() {
        assert!(slices::<u8, _>(&[], [0, 3, 4], &map(Matrix3::identity()), None).is_none());
        assert!(slices::<u8, _>(&[1, 2], [3, 1, 1], &map(Matrix3::identity()), None).is_none());
    }
}
