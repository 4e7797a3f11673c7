//! What a legacy VTK file says of its points and cells: numbers of one for each point are kept, all others passed over.

use super::cursor::Cursor;
use super::{Error, MOST, PolyData, Space};
use crate::metaimage::excerpt;
use crate::polydata::number::Number;

/// Of what the attributes are.
#[derive(Clone, Copy)]
pub enum Section {
    /// Of the file.
    Whole,
    /// Of so many points.
    Points(usize),
    /// Of so many cells.
    Cells(usize),
}

/// Reads what follows the keyword of an attribute.
pub fn read(
    keyword: &str,
    section: Section,
    cursor: &mut Cursor<'_>,
    data: &mut PolyData,
) -> Result<(), Error> {
    match keyword {
        "METADATA" => {
            cursor.skip_notes();
            return Ok(());
        }
        "FIELD" => return field(section, cursor, data),
        "LOOKUP_TABLE" => {
            cursor.name(keyword)?;
            let colours = 4 * cursor.count(keyword, MOST)?;
            return cursor.skip(8, colours, keyword);
        }
        _ => {}
    }
    let count = match section {
        Section::Points(count) | Section::Cells(count) => count,
        Section::Whole => return Err(unknown(keyword)),
    };
    let fixed = match keyword {
        "SCALARS" => return scalars(section, count, cursor, data),
        "COLOR_SCALARS" => {
            cursor.name(keyword)?;
            let parts = cursor.count(keyword, 256)?;
            return cursor.skip(8, parts * count, keyword);
        }
        "TEXTURE_COORDINATES" => {
            cursor.name(keyword)?;
            let parts = cursor.count(keyword, 3)?;
            let number = cursor.number(keyword)?;
            return cursor.skip(8 * number.bytes(), parts * count, keyword);
        }
        "VECTORS" | "NORMALS" => 3,
        "TENSORS" => 9,
        "TENSORS6" => 6,
        "GLOBAL_IDS" | "PEDIGREE_IDS" | "EDGE_FLAGS" => 1,
        _ => return Err(unknown(keyword)),
    };
    cursor.name(keyword)?;
    let kind = cursor.name(keyword)?;
    skip(&kind, fixed * count, cursor, keyword)
}

fn scalars(
    section: Section,
    count: usize,
    cursor: &mut Cursor<'_>,
    data: &mut PolyData,
) -> Result<(), Error> {
    let name = cursor.name("SCALARS")?;
    let kind = cursor.name("SCALARS")?;
    // The number of parts may be left out.
    let parts = if cursor.takes("LOOKUP_TABLE") {
        1
    } else {
        let parts = cursor.count("SCALARS", 256)?;
        cursor.expect("LOOKUP_TABLE")?;
        parts
    };
    cursor.name("LOOKUP_TABLE")?;
    array(&name, &kind, (parts, count), section, cursor, data)
}

fn field(section: Section, cursor: &mut Cursor<'_>, data: &mut PolyData) -> Result<(), Error> {
    cursor.name("FIELD")?;
    for _ in 0..cursor.count("FIELD", MOST)? {
        while cursor.takes("METADATA") {
            cursor.skip_notes();
        }
        // What VTK writes for an array that is not there.
        if cursor.takes("NULL_ARRAY") {
            continue;
        }
        let name = cursor.name("FIELD")?;
        let parts = cursor.count(&name, MOST)?;
        let count = cursor.count(&name, MOST)?;
        let kind = cursor.name(&name)?;
        array(&name, &kind, (parts, count), section, cursor, data)?;
    }
    Ok(())
}

/// One array of parts for each of so many things.
fn array(
    name: &str,
    kind: &str,
    (parts, count): (usize, usize),
    section: Section,
    cursor: &mut Cursor<'_>,
    data: &mut PolyData,
) -> Result<(), Error> {
    let all = parts.saturating_mul(count);
    match section {
        Section::Whole if name == "SPACE" && kind.eq_ignore_ascii_case("string") => {
            if let Some(text) = cursor.first_text(all, name)? {
                data.said = Space::agree(data.said, Some(Space::named(&text)?))?;
            }
            return Ok(());
        }
        Section::Points(points) if parts == 1 && count == points => {
            if let Some(number) = Number::of_legacy(kind)
                && data.arrays.wants(name, 0, count, cursor.size)?
            {
                let values = cursor.floats(number, count, name)?;
                data.arrays.add(name, values);
                return Ok(());
            }
        }
        _ => {}
    }
    skip(kind, all, cursor, name)
}

fn skip(kind: &str, count: usize, cursor: &mut Cursor<'_>, of: &str) -> Result<(), Error> {
    match kind.to_ascii_lowercase().as_str() {
        "bit" => cursor.skip(1, count, of),
        "string" | "utf8_string" => cursor.first_text(count, of).map(drop),
        "variant" => cursor.skip_lines(count, of),
        _ => match Number::of_legacy(kind) {
            Some(number) => cursor.skip(8 * number.bytes(), count, of),
            None => Err(Error::wrong(
                format!("the type of {of}"),
                "a type such as `float` or `int`",
                kind,
            )),
        },
    }
}

fn unknown(keyword: &str) -> Error {
    let expected = "a keyword such as `POINTS`, `LINES`, `POLYGONS` or `POINT_DATA`";
    Error::wrong("the next word", expected, excerpt(keyword))
}
