//! VTP, the XML file of polygons of VTK: points, polygons and strips, in the file's text or in data appended to it.
//!
//! After the VTK file formats, <https://docs.vtk.org/en/latest/design_documents/VTKFileFormats.html>, and its
//! `VTKXMLFileFormat`: each array is a length and its bytes, or, compressed, the number of blocks, the size of a block,
//! the size of the last one, the compressed size of each, and the blocks.

mod array;
mod base64;
mod container;

use roxmltree::{Document, Node, ParsingOptions};

use super::{Error, MOST, Raw, Space, faces};
use crate::xml::{self, Excess};
use array::Array;
use container::Container;

const MOST_NODES: u32 = 100_000;
/// A surface has about two triangles for each vertex, so its polygons have this many corners for each at most.
const MOST_CORNERS: usize = 6 * MOST;

/// Cuts the corners of a cell into triangles.
type Cut = fn(&[i64], &mut Vec<[u32; 3]>) -> Result<(), Error>;

/// Reads a file that begins with its XML.
pub fn read(bytes: &[u8]) -> Result<Raw, Error> {
    let (text, appended) = container::split(bytes)?;
    if let Some(Excess { what, most, came }) = xml::excess(&text, MOST_NODES) {
        return Err(Error::TooLarge { what, most, came: came as u64 });
    }
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..Default::default() };
    let document = Document::parse_with_options(&text, options)?;
    let root = document.root_element();
    if root.tag_name().name() != "VTKFile" {
        return Err(Error::wrong("the root element", "`VTKFile`", root.tag_name().name()));
    }
    let kind = root.attribute("type").unwrap_or_default();
    if kind != "PolyData" {
        return Err(Error::Unsupported {
            what: format!("a VTK file of type `{}`", crate::metaimage::excerpt(kind)),
            hint: "extract the surface and save it as PolyData (.vtp)",
        });
    }
    let container = Container::new(root, appended)?;
    let mut raw = Raw { said: said(root, &container)?, ..Raw::default() };
    for piece in root.descendants().filter(|node| node.has_tag_name("Piece")) {
        add(piece, &container, &mut raw)?;
    }
    Ok(raw)
}

/// What the field data, where 3D Slicer writes it, say of the axes.
fn said(root: Node<'_, '_>, container: &Container<'_>) -> Result<Option<Space>, Error> {
    let is_space = |node: &Node<'_, '_>| node.attribute("Name") == Some("SPACE");
    let Some(node) = root
        .descendants()
        .filter(|node| node.has_tag_name("FieldData"))
        .flat_map(|fields| fields.children())
        .find(is_space)
    else {
        return Ok(None);
    };
    let array = Array::new(node, container)?;
    // Letters as bytes, with a zero after each string.
    let letters = array.whole(None, 64)?.into_iter().map_while(|letter| {
        u8::try_from(letter).ok().filter(|&letter| letter != 0).map(char::from)
    });
    Space::named(&letters.collect::<String>()).map(Some)
}

fn add(piece: Node<'_, '_>, container: &Container<'_>, raw: &mut Raw) -> Result<(), Error> {
    let count = |name: &'static str| -> Result<usize, Error> {
        let Some(text) = piece.attribute(name) else { return Ok(0) };
        let came: u64 =
            text.trim().parse().map_err(|_| Error::wrong(name, "a whole number", text))?;
        if came > MOST as u64 {
            return Err(Error::TooLarge { what: name, most: MOST, came });
        }
        Ok(came as usize)
    };
    let points = count("NumberOfPoints")?;
    if points == 0 {
        return Ok(());
    }
    let before = raw.vertices.len();
    if before + points > MOST {
        let came = (before + points) as u64;
        return Err(Error::TooLarge { what: "points", most: MOST, came });
    }
    let node = child(piece, "Points")?;
    let node = node.children().find(|node| node.has_tag_name("DataArray"));
    let node = node.ok_or_else(|| missing("array in `Points`"))?;
    if node.attribute("NumberOfComponents") != Some("3") {
        let came = node.attribute("NumberOfComponents").unwrap_or_default();
        return Err(Error::wrong("NumberOfComponents of the points", "3", came));
    }
    let places = Array::new(node, container)?.floats(3 * points)?;
    raw.vertices.extend_from_slice(places.as_chunks::<3>().0);
    let kinds: [(&str, &str, Cut); 2] =
        [("NumberOfPolys", "Polys", faces::polygon), ("NumberOfStrips", "Strips", faces::strip)];
    for (number, name, cut) in kinds {
        let cells = count(number)?;
        if cells == 0 {
            continue;
        }
        let node = child(piece, name)?;
        let array = |array: &'static str| {
            let found = node.children().find(|node| node.attribute("Name") == Some(array));
            Array::new(found.ok_or_else(|| missing(array))?, container)
        };
        let ends = array("offsets")?.whole(Some(cells), MOST)?;
        let last = ends.last().copied().unwrap_or(0);
        let corners =
            usize::try_from(last).map_err(|_| Error::wrong("offsets", "0 or more", last))?;
        let mut corners = array("connectivity")?.whole(Some(corners), MOST_CORNERS)?;
        for corner in &mut corners {
            if !(0..points as i64).contains(corner) {
                return Err(Error::Corner { corner: *corner, vertices: points });
            }
            *corner += before as i64;
        }
        let mut start = 0;
        for &end in &ends {
            let cell = usize::try_from(end).ok().and_then(|end| corners.get(start..end));
            let cell = cell.ok_or_else(|| {
                Error::wrong("offsets", format!("from {start} to {}", corners.len()), end)
            })?;
            cut(cell, &mut raw.triangles)?;
            start += cell.len();
        }
    }
    Ok(())
}

fn child<'a, 'input>(
    piece: Node<'a, 'input>,
    name: &'static str,
) -> Result<Node<'a, 'input>, Error> {
    piece.children().find(|node| node.has_tag_name(name)).ok_or_else(|| missing(name))
}

fn missing(what: &str) -> Error {
    Error::Missing { what: format!("`{what}`"), hint: "save the surface again as VTP" }
}
