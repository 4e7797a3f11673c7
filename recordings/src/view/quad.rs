//! A grey picture on a rectangle in space.

use nalgebra::Vector3;

/// A rectangle (or parallelogram) in space, millimetres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quad {
    /// Where the picture's top left corner lies.
    pub corner: Vector3<f64>,
    /// From there to its top right corner.
    pub across: Vector3<f64>,
    /// From there to its bottom left corner.
    pub down: Vector3<f64>,
}

fn xyz(point: Vector3<f64>) -> [f32; 3] {
    [point.x as f32, point.y as f32, point.z as f32]
}

impl Quad {
    /// Top left, top right, bottom right, bottom left.
    pub fn corners(&self) -> [[f32; 3]; 4] {
        let (across, down) = (self.across, self.down);
        [self.corner, self.corner + across, self.corner + across + down, self.corner + down]
            .map(xyz)
    }

    /// The rectangle with the picture on it, without what is black around a fan: `size` columns and rows of
    /// RGB.
    pub fn fan(&self, rgb: Vec<u8>, size: [u32; 2]) -> rerun::Mesh3D {
        let spans = spans(&rgb, size);
        if spans.len() < 2 {
            return self.mesh(rgb, size);
        }
        let ends = spans.iter().flat_map(|&[v, from, to]| [[from, v], [to, v]]);
        let at = |[u, v]: [f64; 2]| xyz(self.corner + self.across * u + self.down * v);
        // Two triangles between one row and the next.
        let triangles = (0..spans.len() as u32 - 1).flat_map(|row| {
            let [left, right, below_left, below_right] = [0, 1, 2, 3].map(|end| 2 * row + end);
            [[left, right, below_right], [left, below_right, below_left]]
        });
        rerun::Mesh3D::new(ends.clone().map(at))
            .with_triangle_indices(triangles)
            .with_vertex_texcoords(ends.map(|end| end.map(|share| share as f32)))
            .with_albedo_texture_image(rerun::Image::from_rgb24(rgb, size))
    }

    /// The rectangle with the picture on it: `size` columns and rows of RGB.
    pub fn mesh(&self, rgb: Vec<u8>, size: [u32; 2]) -> rerun::Mesh3D {
        rerun::Mesh3D::new(self.corners())
            .with_triangle_indices([[0, 1, 2], [0, 2, 3]])
            .with_vertex_texcoords([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
            .with_albedo_texture_image(rerun::Image::from_rgb24(rgb, size))
    }
}

/// So many rows of a picture are looked at to find the border of a fan.
const ROWS: usize = 60;
/// Grey values up to this are black.
const BLACK: u8 = 4;

/// The rows of an RGB picture that are looked at, from its first to its last: how far down each is, and where
/// what is not black begins and ends, all as shares of the picture. Rows without anything are left out.
fn spans(rgb: &[u8], [columns, rows]: [u32; 2]) -> Vec<[f64; 3]> {
    let (columns, rows) = (columns as usize, rows as usize);
    let bright = |pixel: &[u8]| pixel.iter().any(|&value| value > BLACK);
    let last_row = rows.saturating_sub(1);
    let looked_at = (0..=ROWS).map(|number| number * last_row / ROWS);
    let mut spans = Vec::new();
    for (number, row) in looked_at.enumerate() {
        let line = &rgb[3 * columns * row..3 * columns * (row + 1)];
        let first = line.chunks_exact(3).position(bright);
        let last = line.chunks_exact(3).rposition(bright);
        if let (Some(first), Some(last)) = (first, last) {
            let share = |column: usize| column as f64 / columns as f64;
            spans.push([number as f64 / ROWS as f64, share(first), share(last + 1)]);
        }
    }
    spans
}

/// Grey values as RGB, which is all that Rerun draws on a mesh, at most `widest` pixels wide: each
/// pixel is the mean of a square of pixels. Returns the bytes, and columns and rows.
pub fn texture(grey: &[u8], [width, height]: [u32; 2], widest: u32) -> (Vec<u8>, [u32; 2]) {
    let step = width.div_ceil(widest.max(1)).max(1) as usize;
    let (columns, rows) = (width as usize, height as usize);
    let size = [columns.div_ceil(step), rows.div_ceil(step)];
    let mut rgb = Vec::with_capacity(size[0] * size[1] * 3);
    for top in (0..rows).step_by(step) {
        for left in (0..columns).step_by(step) {
            let (bottom, right) = ((top + step).min(rows), (left + step).min(columns));
            let sum: usize = (top..bottom)
                .flat_map(|row| &grey[row * columns + left..row * columns + right])
                .map(|&value| usize::from(value))
                .sum();
            let mean = (sum / ((bottom - top) * (right - left))) as u8;
            rgb.extend([mean; 3]);
        }
    }
    (rgb, size.map(|size| size as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_picture_stays_as_it_is() {
        let (rgb, size) = texture(&[1, 2, 3, 4, 5, 6], [3, 2], 8);
        assert_eq!(size, [3, 2]);
        assert_eq!(rgb, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6]);
    }

    #[test]
    fn a_wide_picture_is_averaged_and_its_edge_kept() {
        let grey = [0, 10, 20, 100, 30, 40, 50, 200, 7, 9, 11, 50];
        let (rgb, size) = texture(&grey, [4, 3], 2);
        assert_eq!(size, [2, 2]);
        let means: Vec<u8> = rgb.chunks(3).map(|pixel| pixel[0]).collect();
        assert_eq!(means, [20, 92, 8, 30]);
    }

    #[test]
    fn an_empty_picture_is_empty() {
        assert_eq!(texture(&[], [0, 0], 10), (Vec::new(), [0, 0]));
    }

    #[test]
    fn what_is_black_around_a_fan_is_left_out() {
        // 80 × 60 pixels, of which columns 20 to 39 of the rows from 30 on are not black.
        let mut rgb = vec![0; 3 * 80 * 60];
        for row in 30..60 {
            rgb[3 * (80 * row + 20)..3 * (80 * row + 40)].fill(200);
        }
        // A shadow in its middle is no border.
        rgb[3 * (80 * 40 + 25)..3 * (80 * 40 + 35)].fill(0);
        let found = spans(&rgb, [80, 60]);
        assert!(found.iter().all(|[_, from, to]| [*from, *to] == [0.25, 0.5]));
        assert!(found[0][0] >= 0.5 && found[0][0] < 0.55 && found[found.len() - 1][0] == 1.0);
        assert!(spans(&[0; 3 * 80 * 60], [80, 60]).is_empty());
        assert!(spans(&[], [0, 0]).is_empty());
    }

    #[test]
    fn corners_go_round() {
        let quad = Quad {
            corner: Vector3::new(1.0, 2.0, 3.0),
            across: Vector3::new(10.0, 0.0, 0.0),
            down: Vector3::new(0.0, 5.0, 0.0),
        };
        let expected = [[1.0, 2.0, 3.0], [11.0, 2.0, 3.0], [11.0, 7.0, 3.0], [1.0, 7.0, 3.0]];
        assert_eq!(quad.corners(), expected);
    }
}
