//! Legacy VTK files of version 4.2, as 3D Slicer writes them: those of 5 are read by few programs.

use std::fmt::Write as _;

use crate::polydata::{Drawing, Numbers};

/// The bytes of a file.
pub fn write(drawing: &Drawing<'_>, is_binary: bool) -> Vec<u8> {
    let mut file = File { bytes: Vec::new(), is_binary };
    let coding = if is_binary { "BINARY" } else { "ASCII" };
    file.put(&format!(
        "# vtk DataFile Version 4.2\n{} SPACE=LPS\n{coding}\nDATASET POLYDATA\n",
        drawing.title
    ));
    let places = drawing.places.numbers();
    file.put(&format!("POINTS {} {}\n", drawing.places.len(), places.legacy_name()));
    file.numbers(&places, 3);
    file.cells("LINES", drawing.lines.iter().map(Vec::as_slice));
    file.cells("POLYGONS", drawing.triangles.iter().map(<[u32; 3]>::as_slice));
    if !drawing.columns.is_empty() {
        let (points, columns) = (drawing.places.len(), drawing.columns.len());
        file.put(&format!("POINT_DATA {points}\nFIELD FieldData {columns}\n"));
    }
    for column in &drawing.columns {
        let numbers = column.numbers();
        let (name, kind) = (encoded(column.name), numbers.legacy_name());
        file.put(&format!("{name} 1 {} {kind}\n", numbers.len()));
        file.numbers(&numbers, 12);
    }
    file.bytes
}

struct File {
    bytes: Vec<u8>,
    is_binary: bool,
}

impl File {
    fn put(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn numbers(&mut self, numbers: &Numbers<'_>, on_a_line: usize) {
        if self.is_binary {
            self.bytes.extend(numbers.to_bytes(true));
            self.put("\n");
        } else {
            self.put(&numbers.to_text(on_a_line));
        }
    }

    fn cells<'a>(&mut self, keyword: &str, cells: impl ExactSizeIterator<Item = &'a [u32]>) {
        let count = cells.len();
        if count == 0 {
            return;
        }
        let mut numbers = Vec::new();
        let mut text = String::new();
        for cell in cells {
            let start = numbers.len();
            numbers.push(cell.len() as i32);
            numbers.extend(cell.iter().map(|corner| *corner as i32));
            if !self.is_binary {
                text += &Numbers::I32(numbers[start..].to_vec()).to_text(usize::MAX);
            }
        }
        self.put(&format!("{keyword} {count} {}\n", numbers.len()));
        if self.is_binary {
            self.numbers(&Numbers::I32(numbers), 1);
        } else {
            self.put(&text);
        }
    }
}

/// A name as one word: other letters as `%` and two digits of base 16, and so the first of a word that means something.
fn encoded(name: &str) -> String {
    let is_taken = ["METADATA", "NULL_ARRAY"].iter().any(|word| word.eq_ignore_ascii_case(name));
    let mut word = String::new();
    for (index, byte) in name.bytes().enumerate() {
        let is_plain = byte.is_ascii_graphic() && !matches!(byte, b'%' | b'"');
        if is_plain && !(is_taken && index == 0) {
            word.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(word, "%{byte:02X}");
        }
    }
    word
}
