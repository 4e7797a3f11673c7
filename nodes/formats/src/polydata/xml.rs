//! VTP, the XML file of polygons of VTK: points, lines, polygons and strips, in the file's text or in data appended to it.
//!
//! After the VTK file formats, <https://docs.vtk.org/en/latest/design_documents/VTKFileFormats.html>, and its
//! `VTKXMLFileFormat`: each array is a length and its bytes, or, compressed, the number of blocks, the size of a block,
//! the size of the last one, the compressed size of each, and the blocks.

mod array;
pub(crate) mod base64;
mod container;
mod write;

use roxmltree::{Document, Node, ParsingOptions};

use super::cells::MOST_CORNERS;
use super::{Error, MOST, PolyData, Space, grid};
use crate::xml::{self, Excess};
use array::Array;
use container::Container;
pub use write::{VtpData, write};

const MOST_NODES: u32 = 100_000;

/// The bytes from the beginning of the XML on, if they are XML.
pub fn begins(bytes: &[u8]) -> Option<&[u8]> {
    let start = bytes.trim_ascii_start();
    let is = |word: &[u8]| start.get(..word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word));
    (is(b"<?xml") || is(b"<VTKFile")).then_some(start)
}

/// Reads a file that begins with its XML.
pub fn read(bytes: &[u8]) -> Result<PolyData, Error> {
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
    let container = Container::new(root, appended)?;
    if kind != "PolyData" {
        return Err(grid::refusal("a VTK file of type", kind, &cell_types(root, &container)));
    }
    let mut data = PolyData { said: said(root, &container)?, ..PolyData::default() };
    for piece in root.descendants().filter(|node| node.has_tag_name("Piece")) {
        add(piece, &container, &mut data, bytes.len())?;
    }
    Ok(data)
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

/// How many cells or points a piece says that it has.
fn count(piece: Node<'_, '_>, name: &'static str) -> Result<usize, Error> {
    let Some(text) = piece.attribute(name) else { return Ok(0) };
    let came: u64 = text.trim().parse().map_err(|_| Error::wrong(name, "a whole number", text))?;
    if came > MOST as u64 {
        return Err(Error::TooLarge { what: name, most: MOST, came });
    }
    Ok(came as usize)
}

fn add(
    piece: Node<'_, '_>,
    container: &Container<'_>,
    data: &mut PolyData,
    bytes: usize,
) -> Result<(), Error> {
    let points = count(piece, "NumberOfPoints")?;
    if points == 0 {
        return Ok(());
    }
    let before = data.points.len();
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
    data.points.extend_from_slice(places.as_chunks::<3>().0);
    for (number, name, list) in [
        ("NumberOfLines", "Lines", &mut data.lines),
        ("NumberOfPolys", "Polys", &mut data.polygons),
        ("NumberOfStrips", "Strips", &mut data.strips),
    ] {
        let cells = count(piece, number)?;
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
        if corners > MOST_CORNERS {
            let came = corners as u64;
            return Err(Error::TooLarge { what: "corners", most: MOST_CORNERS, came });
        }
        let corners = array("connectivity")?.whole(Some(corners), MOST_CORNERS)?;
        if let Some(corner) = corners.iter().find(|corner| !(0..points as i64).contains(corner)) {
            return Err(Error::Corner { corner: *corner, vertices: points });
        }
        list.add(&ends, &corners, before)?;
    }
    let Some(node) = piece.children().find(|node| node.has_tag_name("PointData")) else {
        return Ok(());
    };
    for node in node.children().filter(|node| node.has_tag_name("DataArray")) {
        let name = node.attribute("Name").unwrap_or_default();
        // Of several numbers nobody says whether they turn with the axes.
        let is_single = node.attribute("NumberOfComponents").is_none_or(|count| count == "1");
        let is_number = node.attribute("type").is_some_and(array::is_number);
        if is_single && is_number && data.arrays.wants(name, before, points, bytes)? {
            data.arrays.add(name, Array::new(node, container)?.values(points)?);
        }
    }
    Ok(())
}

/// The types of the cells of another kind of file, as far as they can be read.
fn cell_types(root: Node<'_, '_>, container: &Container<'_>) -> Vec<i64> {
    let mut types = Vec::new();
    for piece in root.descendants().filter(|node| node.has_tag_name("Piece")) {
        let array = child(piece, "Cells").ok().and_then(|cells| {
            let node = cells.children().find(|node| node.attribute("Name") == Some("types"))?;
            Array::new(node, container).ok()
        });
        let cells = count(piece, "NumberOfCells").ok().filter(|cells| types.len() + cells <= MOST);
        if let Some((array, cells)) = array.zip(cells) {
            types.extend(array.whole(Some(cells), MOST).unwrap_or_default());
        }
    }
    types
}

fn child<'a, 'input>(
    piece: Node<'a, 'input>,
    name: &'static str,
) -> Result<Node<'a, 'input>, Error> {
    piece.children().find(|node| node.has_tag_name(name)).ok_or_else(|| missing(name))
}

fn missing(what: &str) -> Error {
    Error::Missing { what: format!("`{what}`"), hint: "save it again as VTP" }
}
