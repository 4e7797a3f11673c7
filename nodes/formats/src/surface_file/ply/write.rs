//! PLY, binary and text, with a comment on the axes as 3D Slicer looks for it.

use std::fmt::Write as _;

use super::PLACE;
use crate::polydata::{Drawing, Error, Numbers};

/// The bytes of a file.
pub fn write(drawing: &Drawing<'_>, is_binary: bool) -> Result<Vec<u8>, Error> {
    let places = drawing.places.numbers();
    let columns: Vec<Numbers<'_>> = drawing.columns.iter().map(|column| column.numbers()).collect();
    let coding = if is_binary { "binary_little_endian" } else { "ascii" };
    let mut header = format!(
        "ply\nformat {coding} 1.0\ncomment {}\ncomment SPACE=LPS\nelement vertex {}\n",
        drawing.title,
        drawing.places.len()
    );
    // Writing into a string cannot fail.
    for axis in ["x", "y", "z"] {
        let _ = writeln!(header, "property {} {axis}", places.legacy_name());
    }
    for (column, numbers) in drawing.columns.iter().zip(&columns) {
        let name = column.name;
        if PLACE.contains(&name) || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            let expected = "one word other than x, y, z and nx, ny, nz; rename it, or write VTP";
            return Err(Error::wrong("the name of an array in a PLY", expected, name));
        }
        let _ = writeln!(header, "property {} {name}", numbers.legacy_name());
    }
    let _ = writeln!(
        header,
        "element face {}\nproperty list uchar int vertex_indices\nend_header",
        drawing.triangles.len()
    );
    let mut bytes = header.into_bytes();
    if is_binary {
        let parts: Vec<Vec<u8>> = std::iter::once(&places)
            .chain(&columns)
            .map(|numbers| numbers.to_bytes(false))
            .collect();
        for vertex in 0..drawing.places.len() {
            for part in &parts {
                let size = part.len() / drawing.places.len();
                bytes.extend_from_slice(&part[vertex * size..(vertex + 1) * size]);
            }
        }
        for triangle in drawing.triangles {
            bytes.push(3);
            bytes.extend(triangle.iter().flat_map(|corner| corner.to_le_bytes()));
        }
    } else {
        let parts = std::iter::once((&places, 3)).chain(columns.iter().map(|column| (column, 1)));
        let parts: Vec<String> = parts.map(|(numbers, width)| numbers.to_text(width)).collect();
        let mut lines: Vec<std::str::Lines<'_>> = parts.iter().map(|part| part.lines()).collect();
        for _ in 0..drawing.places.len() {
            let words: Vec<&str> = lines.iter_mut().filter_map(Iterator::next).collect();
            bytes.extend_from_slice(words.join(" ").as_bytes());
            bytes.push(b'\n');
        }
        for [a, b, c] in drawing.triangles {
            bytes.extend_from_slice(format!("3 {a} {b} {c}\n").as_bytes());
        }
    }
    Ok(bytes)
}
