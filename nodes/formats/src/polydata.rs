//! Points, lines and polygons, as VTK's `PolyData` has them, from the two kinds of file VTK has for them, and back.

mod arrays;
mod cells;
mod drawing;
mod error;
mod grid;
pub(crate) mod legacy;
mod number;
mod space;
pub(crate) mod xml;

pub(crate) use arrays::Collected;
pub use arrays::PointArray;
pub(crate) use cells::Cells;
pub(crate) use drawing::{Column, Drawing, Places, too_short};
pub use error::Error;
pub(crate) use number::{Numbers, word};
pub use space::Space;

/// The most vertices, and the most triangles, of one file.
pub const MOST: usize = 20_000_000;

/// What a file holds, as it has it: nothing is turned yet.
#[derive(Debug, Default)]
pub(crate) struct PolyData {
    pub points: Vec<[f64; 3]>,
    pub lines: Cells,
    pub polygons: Cells,
    pub strips: Cells,
    /// What it says of each point with one number.
    pub arrays: Collected,
    /// Of its axes.
    pub said: Option<Space>,
}

impl PolyData {
    /// From a file of either kind; nothing if it begins like none of them.
    pub fn read(bytes: &[u8]) -> Option<Result<Self, Error>> {
        let read = if legacy::is_legacy(bytes) {
            legacy::read(bytes)
        } else {
            xml::read(xml::begins(bytes)?)
        };
        Some(read.and_then(Self::checked))
    }

    /// As it is, if all points that its cells name are there.
    fn checked(mut self) -> Result<Self, Error> {
        let vertices = self.points.len();
        for cells in [&self.lines, &self.polygons, &self.strips] {
            if let Some(corner) =
                cells.corners().iter().find(|corner| **corner as usize >= vertices)
            {
                return Err(Error::Corner { corner: (*corner).into(), vertices });
            }
        }
        self.arrays.keep_whole(vertices);
        Ok(self)
    }
}
