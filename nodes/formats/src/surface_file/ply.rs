//! PLY: elements of named numbers and lists, as text or binary of either byte order.

mod header;
mod numbers;
mod write;

use super::{Error, MOST, PointArray, Raw, faces};
use header::{Element, Header, Kind};
use numbers::Numbers;
pub use write::write;

/// Numbers of a vertex that say where it is and which way it faces.
const PLACE: [&str; 6] = ["x", "y", "z", "nx", "ny", "nz"];

/// Whether bytes begin as a PLY does.
pub fn is_ply(bytes: &[u8]) -> bool {
    bytes.starts_with(b"ply") && bytes.get(3).is_some_and(u8::is_ascii_whitespace)
}

/// Reads a file that begins with `ply`.
pub fn read(bytes: &[u8]) -> Result<Raw, Error> {
    let (header, data) = Header::read(bytes)?;
    let mut numbers = Numbers::new(header.encoding, data);
    let mut raw = Raw { said: header.said, ..Raw::default() };
    let mut has_faces = false;
    for element in &header.elements {
        match element.name.as_str() {
            "vertex" => vertices(element, &mut numbers, &mut raw)?,
            "face" => {
                has_faces = true;
                triangles(element, &mut numbers, &mut raw)?;
            }
            _ => each(element, &mut numbers, |_, _| Ok(()))?,
        }
    }
    numbers.end()?;
    if !has_faces {
        return Err(Error::Missing {
            what: "element `face`".to_owned(),
            hint: "export the surface as triangles, not as points",
        });
    }
    Ok(raw)
}

fn vertices(element: &Element, numbers: &mut Numbers<'_>, raw: &mut Raw) -> Result<(), Error> {
    let axes = ["x", "y", "z"].map(|name| {
        let found = element.properties.iter().position(|property| property.name == name);
        found.filter(|&at| matches!(element.properties[at].kind, Kind::One(_))).ok_or_else(|| {
            Error::Missing {
                what: format!("number `{name}` in its element `vertex`"),
                hint: "each vertex needs the properties x, y and z",
            }
        })
    });
    let [x, y, z] = axes;
    let axes = [x?, y?, z?];
    if !raw.vertices.is_empty() {
        return Err(Error::wrong("element `vertex`", "in the file once", "twice"));
    }
    // Where each property goes that is a number of its own.
    let mut columns: Vec<Option<Vec<f64>>> = Vec::new();
    for (at, property) in element.properties.iter().enumerate() {
        let name = property.name.as_str();
        let is_first = element.properties[..at].iter().all(|other| other.name != name);
        let is_kept = matches!(property.kind, Kind::One(_)) && !PLACE.contains(&name) && is_first;
        columns.push(is_kept.then(Vec::new));
    }
    let mut place = [0.0; 3];
    each(element, numbers, |at, values| {
        if let [value] = values {
            if let Some(axis) = axes.iter().position(|&axis| axis == at) {
                place[axis] = *value;
            } else if let Some(column) = columns[at].as_mut() {
                column.push(*value);
            }
        }
        if at + 1 == element.properties.len() {
            if raw.vertices.len() >= MOST {
                let came = element.count;
                return Err(Error::TooLarge { what: "vertices", most: MOST, came });
            }
            raw.vertices.push(place);
        }
        Ok(())
    })?;
    for (property, column) in element.properties.iter().zip(columns) {
        let name = property.name.clone();
        let array = column.map(|values| PointArray { name, values });
        raw.arrays.extend(array.filter(PointArray::is_finite));
    }
    Ok(())
}

fn triangles(element: &Element, numbers: &mut Numbers<'_>, raw: &mut Raw) -> Result<(), Error> {
    let lists = ["vertex_indices", "vertex_index"];
    let found = element.properties.iter().position(|property| {
        lists.contains(&property.name.as_str()) && matches!(property.kind, Kind::List(..))
    });
    let Some(corners_at) = found else {
        return Err(Error::Missing {
            what: "list `vertex_indices` in its element `face`".to_owned(),
            hint: "each face needs the numbers of its vertices",
        });
    };
    let mut corners = Vec::new();
    each(element, numbers, |at, values| {
        if at != corners_at {
            return Ok(());
        }
        corners.clear();
        for &value in values {
            if value.fract() != 0.0 {
                return Err(Error::wrong("vertex_indices", "whole numbers", value));
            }
            if value < 0.0 || value > f64::from(u32::MAX) {
                return Err(Error::wrong("a corner", "the number of a vertex", value));
            }
            corners.push(value as u32);
        }
        faces::polygon(&corners, &mut raw.triangles)
    })
}

/// Visits the numbers of each property of each instance of an element, with the place of the property.
fn each(
    element: &Element,
    numbers: &mut Numbers<'_>,
    mut visit: impl FnMut(usize, &[f64]) -> Result<(), Error>,
) -> Result<(), Error> {
    if element.properties.is_empty() {
        return Ok(());
    }
    let early = || Error::EndsEarly {
        what: format!("element `{}`", crate::metaimage::excerpt(&element.name)),
        declared: format!("{} of them", element.count),
    };
    let mut values = Vec::new();
    for _ in 0..element.count {
        for (at, property) in element.properties.iter().enumerate() {
            values.clear();
            let (count, scalar) = match property.kind {
                Kind::One(scalar) => (1.0, scalar),
                Kind::List(count, scalar) => {
                    (numbers.next(count, &property.name)?.ok_or_else(early)?, scalar)
                }
            };
            if count < 0.0 || count.fract() != 0.0 {
                return Err(Error::wrong(&*property.name, "a list of so many numbers", count));
            }
            for _ in 0..count as u64 {
                values.push(numbers.next(scalar, &property.name)?.ok_or_else(early)?);
            }
            visit(at, &values)?;
        }
    }
    Ok(())
}
