//! STL, binary and text: triangles one by one, each with its own corners.

mod write;

use std::collections::HashMap;

use super::{Error, MOST, Raw, Space};
use crate::metaimage::excerpt;
pub use write::{write_binary, write_text};

/// Bytes before the triangles of a binary file: 80 of text, and their number.
const HEADER: usize = 84;
/// Bytes of a triangle: normal, three corners, and two bytes of anything.
const TRIANGLE: usize = 50;

/// How many triangles a binary file says that it has.
fn declared(bytes: &[u8]) -> Option<u64> {
    let count = bytes.get(80..HEADER)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*count).into())
}

/// Whether the bytes are as many as a binary file of so many triangles has.
pub fn is_binary(bytes: &[u8]) -> bool {
    let whole = |count: u64| HEADER as u64 + count * TRIANGLE as u64;
    declared(bytes).is_some_and(|count| whole(count) == bytes.len() as u64)
}

/// Reads a file for which [`is_binary`] holds.
pub fn read_binary(bytes: &[u8]) -> Result<Raw, Error> {
    let (header, triangles) = bytes.split_at(HEADER);
    let mut soup =
        Soup { said: Space::said(&String::from_utf8_lossy(&header[..80]))?, ..Soup::default() };
    for triangle in triangles.as_chunks::<TRIANGLE>().0 {
        let (numbers, _) = triangle[12..48].as_chunks::<4>();
        let number = |index: usize| f32::from_le_bytes(numbers[index]);
        soup.add([0, 3, 6].map(|at| [number(at), number(at + 1), number(at + 2)]))?;
    }
    Ok(soup.into_raw())
}

/// Reads a file of text; it may hold several solids, which become one surface.
pub fn read_text(bytes: &[u8]) -> Result<Raw, Error> {
    let text = String::from_utf8_lossy(bytes);
    let mut soup = Soup::default();
    let mut corners: Vec<[f32; 3]> = Vec::new();
    let (mut is_inside, mut is_facet) = (false, false);
    for (index, text) in text.lines().enumerate() {
        let mut words = text.split_ascii_whitespace();
        let Some(word) = words.next() else { continue };
        let wrong =
            |expected| Error::Line { line: index + 1, expected, came: excerpt(text.trim()) };
        match word.to_ascii_lowercase().as_str() {
            "solid" if !is_inside => {
                is_inside = true;
                soup.said = Space::agree(soup.said, Space::said(text)?)?;
            }
            _ if !is_inside => return Err(wrong("`solid …`")),
            "facet" if !is_facet => is_facet = true,
            "endsolid" if !is_facet => is_inside = false,
            _ if !is_facet => return Err(wrong("`facet normal …` or `endsolid`")),
            "outer" | "endloop" => {}
            "vertex" if corners.len() < 3 => {
                let numbers: Option<Vec<f32>> = words.map(|word| word.parse().ok()).collect();
                let Some(&[x, y, z]) = numbers.as_deref() else {
                    return Err(wrong("`vertex` and three numbers"));
                };
                corners.push([x, y, z]);
            }
            "endfacet" => {
                let &[a, b, c] = corners.as_slice() else {
                    return Err(wrong("the third `vertex …` of a facet"));
                };
                soup.add([a, b, c])?;
                corners.clear();
                is_facet = false;
            }
            _ => return Err(wrong("`vertex x y z`, three of them, or `endfacet`")),
        }
    }
    if is_inside {
        return Err(Error::EndsEarly {
            what: "the solid".to_owned(),
            declared: "an `endsolid`".to_owned(),
        });
    }
    Ok(soup.into_raw())
}

/// Why bytes that no reader knows are no surface: they may be a binary file that was cut off.
pub fn flaw(bytes: &[u8]) -> Error {
    let Some(count) = declared(bytes) else { return unknown() };
    let header = bytes[..80].trim_ascii_end();
    let is_text = header.iter().all(|byte| matches!(byte, 0 | b' '..=b'~'));
    let has = (bytes.len() - HEADER) as u64 / TRIANGLE as u64;
    // Other files have anything there.
    if !is_text || count > 100 * has.max(1) {
        return unknown();
    }
    let (what, declared) = ("the binary STL file".to_owned(), format!("{count} triangles"));
    if count > has { Error::EndsEarly { what, declared } } else { Error::Longer { what, declared } }
}

fn unknown() -> Error {
    Error::UnknownKind { known: "STL, PLY, VTP or legacy VTK" }
}

/// Triangles whose corners in the same place become one vertex.
#[derive(Default)]
struct Soup {
    known: HashMap<[u32; 3], u32>,
    vertices: Vec<[f64; 3]>,
    triangles: Vec<[u32; 3]>,
    said: Option<Space>,
}

impl Soup {
    fn add(&mut self, corners: [[f32; 3]; 3]) -> Result<(), Error> {
        let [a, b, c] = corners.map(|place| {
            // Adding zero makes both zeros one.
            let bits = place.map(|mm| (mm + 0.0).to_bits());
            *self.known.entry(bits).or_insert_with(|| {
                self.vertices.push(place.map(f64::from));
                self.vertices.len() as u32 - 1
            })
        });
        if a != b && b != c && c != a {
            self.triangles.push([a, b, c]);
        }
        if self.triangles.len() > MOST {
            let came = self.triangles.len() as u64;
            return Err(Error::TooLarge { what: "triangles", most: MOST, came });
        }
        Ok(())
    }

    fn into_raw(self) -> Raw {
        let Self { vertices, triangles, said, .. } = self;
        Raw { vertices, triangles, said, ..Raw::default() }
    }
}
