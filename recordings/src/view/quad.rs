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

    /// The rectangle with the picture on it: `size` columns and rows of RGB.
    pub fn mesh(&self, rgb: Vec<u8>, size: [u32; 2]) -> rerun::Mesh3D {
        rerun::Mesh3D::new(self.corners())
            .with_triangle_indices([[0, 1, 2], [0, 2, 3]])
            .with_vertex_texcoords([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
            .with_albedo_texture_image(rerun::Image::from_rgb24(rgb, size))
    }
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
