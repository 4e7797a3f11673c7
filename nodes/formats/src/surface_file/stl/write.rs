//! STL, binary and text, with the axes in the header as 3D Slicer looks for them.

use std::fmt::Write as _;

use crate::polydata::word;
use crate::surface_file::Surface;

/// It must not begin with `solid`, which is how text does.
const TITLE: &[u8] = b"Vesalius surface SPACE=LPS";

/// The bytes of a binary file.
pub fn write_binary(surface: &Surface) -> Vec<u8> {
    let mut bytes = TITLE.to_vec();
    bytes.resize(80, 0);
    bytes.extend((surface.triangles.len() as u32).to_le_bytes());
    for corners in corners(surface) {
        let numbers = normal(&corners).into_iter().chain(corners.into_iter().flatten());
        bytes.extend(numbers.flat_map(f32::to_le_bytes));
        bytes.extend([0, 0]);
    }
    bytes
}

/// A file of text.
pub fn write_text(surface: &Surface) -> Vec<u8> {
    let mut text = format!("solid {}\n", String::from_utf8_lossy(TITLE));
    let three = |place: [f32; 3]| place.map(|mm| word(mm, f64::from(mm))).join(" ");
    for corners in corners(surface) {
        // Writing into a string cannot fail.
        let _ = writeln!(text, " facet normal {}\n  outer loop", three(normal(&corners)));
        for corner in corners {
            let _ = writeln!(text, "   vertex {}", three(corner));
        }
        text += "  endloop\n endfacet\n";
    }
    text += "endsolid\n";
    text.into_bytes()
}

fn corners(surface: &Surface) -> impl Iterator<Item = [[f32; 3]; 3]> {
    let place = |corner: u32| surface.vertices_mm[corner as usize];
    surface.triangles.iter().map(move |triangle| triangle.map(place))
}

/// Of length one, by the right hand; zero where the corners lie on a line.
fn normal(corners: &[[f32; 3]; 3]) -> [f32; 3] {
    let [a, b, c] = corners.map(|place| nalgebra::Vector3::from(place.map(f64::from)));
    let normal = (b - a).cross(&(c - a)).try_normalize(0.0).unwrap_or_default();
    [normal.x, normal.y, normal.z].map(|part| part as f32 + 0.0)
}
