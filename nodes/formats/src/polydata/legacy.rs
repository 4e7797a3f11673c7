//! The legacy files of VTK (`.vtk`) that hold polygons: keywords as text, numbers as text or big endian.
//!
//! After «Simple Legacy Formats», <https://docs.vtk.org/en/latest/vtk_file_formats/vtk_legacy_file_format.html>, and for
//! what it leaves out (cells since version 5, `METADATA`, strings) after what `vtkPolyDataWriter` of VTK 9 writes.

mod attribute;
mod cursor;
mod header;
mod write;

use super::cells::MOST_CORNERS;
use super::number::Number;
use super::{Cells, Error, MOST, PolyData, Space, grid};
use attribute::Section;
use cursor::Cursor;
use header::Header;
pub use header::is_legacy;
pub use write::write;

/// Reads a file for which [`is_legacy`] holds.
pub fn read(bytes: &[u8]) -> Result<PolyData, Error> {
    let (header, mut cursor) = Header::read(bytes)?;
    if header.dataset != "POLYDATA" {
        let types = cell_types(&header, &mut cursor).unwrap_or_default();
        return Err(grid::refusal("a legacy VTK file of kind", &header.dataset, &types));
    }
    let mut data = PolyData { said: header.said, ..PolyData::default() };
    let mut section = Section::Whole;
    while let Some(keyword) = cursor.keyword() {
        let list = match keyword.as_str() {
            "POINTS" => {
                if !data.points.is_empty() {
                    return Err(Error::wrong("POINTS", "in the file once", "twice"));
                }
                data.points = points(&mut cursor)?;
                continue;
            }
            "POINT_DATA" => {
                let count = cursor.count("POINT_DATA", MOST)?;
                if count != data.points.len() {
                    let expected = format!("for the {} points above it", data.points.len());
                    return Err(Error::wrong("POINT_DATA", expected, count));
                }
                section = Section::Points(count);
                continue;
            }
            "CELL_DATA" => {
                section = Section::Cells(cursor.count("CELL_DATA", MOST)?);
                continue;
            }
            "VERTICES" => &mut Cells::default(),
            "LINES" => &mut data.lines,
            "POLYGONS" => &mut data.polygons,
            "TRIANGLE_STRIPS" => &mut data.strips,
            _ => {
                attribute::read(&keyword, section, &mut cursor, &mut data)?;
                continue;
            }
        };
        cells(&header, &keyword, &mut cursor, list)?;
    }
    Ok(data)
}

fn points(cursor: &mut Cursor<'_>) -> Result<Vec<[f64; 3]>, Error> {
    let count = cursor.count("POINTS", MOST)?;
    let number = cursor.number("POINTS")?;
    let places = cursor.floats(number, 3 * count, "POINTS")?;
    Ok(places.as_chunks::<3>().0.to_vec())
}

/// The numbers of the cells, and where each of them ends, if the file says that: until version 5 it says how many
/// corners each has.
type CellNumbers = (Option<Vec<i64>>, Vec<i64>, usize);

fn cell_numbers(
    header: &Header,
    keyword: &str,
    cursor: &mut Cursor<'_>,
) -> Result<CellNumbers, Error> {
    let count = cursor.count(keyword, MOST + 1)?;
    let size = cursor.count(keyword, MOST_CORNERS + MOST)?;
    if header.major < 5 {
        return Ok((None, cursor.whole(Number::I32, size, keyword)?, count));
    }
    let mut array = |name: &str, count: usize| -> Result<Vec<i64>, Error> {
        cursor.expect(name)?;
        let number = cursor.number(name)?;
        if !number.is_whole() {
            return Err(Error::wrong(name, "a type of whole numbers", format!("{number:?}")));
        }
        cursor.whole(number, count, name)
    };
    // It says how many offsets there are: one more than cells, or none.
    let ends = array("OFFSETS", count)?;
    let corners = array("CONNECTIVITY", size)?;
    Ok((Some(ends), corners, count.saturating_sub(1)))
}

fn cells(
    header: &Header,
    keyword: &str,
    cursor: &mut Cursor<'_>,
    list: &mut Cells,
) -> Result<(), Error> {
    let (ends, numbers, count) = cell_numbers(header, keyword, cursor)?;
    let add = |ends: Option<&[i64]>, numbers: &[i64], list: &mut Cells| match ends {
        None => list.add_counted(count, numbers),
        Some([]) => list.add(&[], numbers, 0),
        Some([0, ends @ ..]) => list.add(ends, numbers, 0),
        Some([first, ..]) => Err(Error::wrong("OFFSETS", "0 at first", first)),
    };
    let read = add(ends.as_deref(), &numbers, list);
    if read.is_err() && cursor.is_binary {
        // Numbers that make no cells may make some the other way round.
        let swapped = |numbers: &[i64]| -> Vec<i64> {
            let swap = |number: &i64| match ends {
                Some(_) => number.swap_bytes(),
                None => i64::from((*number as i32).swap_bytes()),
            };
            numbers.iter().map(swap).collect()
        };
        let other = ends.as_deref().map(swapped);
        if add(other.as_deref(), &swapped(&numbers), &mut Cells::default()).is_ok() {
            return Err(Error::Corrupt {
                what: keyword.to_owned(),
                reason: "its numbers are little endian, where VTK has them big endian".to_owned(),
            });
        }
    }
    read
}

/// The types of the cells of an unstructured grid, as far as they can be read.
fn cell_types(header: &Header, cursor: &mut Cursor<'_>) -> Result<Vec<i64>, Error> {
    if header.dataset != "UNSTRUCTURED_GRID" {
        return Ok(Vec::new());
    }
    while let Some(keyword) = cursor.keyword() {
        match keyword.as_str() {
            "POINTS" => drop(points(cursor)?),
            "CELLS" => drop(cell_numbers(header, &keyword, cursor)?),
            "CELL_TYPES" => {
                let count = cursor.count(&keyword, MOST)?;
                return cursor.whole(Number::I32, count, &keyword);
            }
            _ => attribute::read(&keyword, Section::Whole, cursor, &mut PolyData::default())?,
        }
    }
    Ok(Vec::new())
}
