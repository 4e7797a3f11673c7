//! What is written: points, lines and triangles, checked so that they can be read again.

use super::{Error, MOST, Numbers, PointArray, Space};

/// Places of points, millimetres, LPS.
#[derive(Clone, Copy)]
pub enum Places<'a> {
    Single(&'a [[f32; 3]]),
    Double(&'a [[f64; 3]]),
}

impl<'a> Places<'a> {
    pub fn len(self) -> usize {
        match self {
            Self::Single(places) => places.len(),
            Self::Double(places) => places.len(),
        }
    }

    pub fn numbers(self) -> Numbers<'a> {
        match self {
            Self::Single(places) => Numbers::F32(places.as_flattened()),
            Self::Double(places) => Numbers::F64(places.as_flattened()),
        }
    }

    fn not_finite(self) -> Option<usize> {
        match self {
            Self::Single(places) => {
                places.iter().position(|place| !place.iter().all(|mm| mm.is_finite()))
            }
            Self::Double(places) => places.iter().position(|place| !Space::holds(place)),
        }
    }
}

/// A number of each point.
pub struct Column<'a> {
    pub name: &'a str,
    pub values: &'a [f64],
    /// Whether it is a length, and thus never written as whole numbers.
    pub is_length: bool,
}

impl<'a> Column<'a> {
    pub fn of(array: &'a PointArray) -> Self {
        Self { name: &array.name, values: &array.values, is_length: false }
    }

    pub fn numbers(&self) -> Numbers<'_> {
        if self.is_length { Numbers::F64(self.values) } else { Numbers::plainest(self.values) }
    }
}

/// Points, lines and triangles that can be written.
pub struct Drawing<'a> {
    pub title: &'static str,
    pub places: Places<'a>,
    pub lines: &'a [Vec<u32>],
    pub triangles: &'a [[u32; 3]],
    pub columns: Vec<Column<'a>>,
}

impl Drawing<'_> {
    /// Checks that a reader would take it.
    pub fn check(&self) -> Result<(), Error> {
        let vertices = self.places.len();
        for (what, came) in [
            ("vertices", vertices),
            ("triangles", self.triangles.len()),
            ("lines", self.lines.len()),
            ("corners of lines", self.lines.iter().map(Vec::len).sum()),
        ] {
            if came > MOST {
                return Err(Error::TooLarge { what, most: MOST, came: came as u64 });
            }
        }
        if let Some(vertex) = self.places.not_finite() {
            return Err(Error::NotFinite { vertex });
        }
        let corners = self.triangles.iter().flatten().chain(self.lines.iter().flatten());
        if let Some(&corner) = corners.into_iter().find(|corner| **corner as usize >= vertices) {
            return Err(Error::Corner { corner: corner.into(), vertices });
        }
        if let Some(line) = self.lines.iter().find(|line| line.len() < 2) {
            return Err(too_short(line.len()));
        }
        for (index, column) in self.columns.iter().enumerate() {
            let Column { name, values, .. } = column;
            let field = || format!("the array `{name}`");
            if name.is_empty() || name.chars().any(char::is_control) {
                return Err(Error::wrong(
                    "the name of an array",
                    "printable letters",
                    format!("{name:?}"),
                ));
            }
            if self.columns[..index].iter().any(|other| other.name == *name) {
                return Err(Error::wrong("the name of an array", "a name of its own", name));
            }
            if values.len() != vertices {
                let expected = format!("a number for each of the {vertices} points");
                return Err(Error::wrong(field(), expected, format!("{} numbers", values.len())));
            }
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return Err(Error::wrong(field(), "finite numbers", value));
            }
        }
        Ok(())
    }
}

/// A line needs two ends.
pub fn too_short(points: usize) -> Error {
    Error::wrong("a line", "two points or more", format!("{points} points"))
}
