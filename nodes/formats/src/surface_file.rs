//! The triangles of a surface, and where they lie in the body, read from a file of any kind that is known, and written.
//!
//! STL (binary and text), PLY (text, and binary of either byte order), VTP (text, base64 and raw, with zlib or
//! without) and legacy VTK (text and binary, versions 1 to 5.1). None of them has a place for how its axes lie in the
//! body, or for its unit: what 3D Slicer writes into their headers, comments and fields, `SPACE=LPS` or `SPACE=RAS`, is
//! understood and written, and coordinates are millimetres.

mod faces;
mod kind;
mod ply;
mod stl;

pub use crate::polydata::xml::VtpData;
pub use crate::polydata::{Error, MOST, PointArray, Space};
pub use kind::SurfaceKind;
pub(crate) use kind::ending;
pub(crate) use ply::is_ply;

use crate::polydata::{Column, Drawing, Places, PolyData, legacy, xml};

/// Triangles in the body.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    /// Vertices, millimetres, LPS; all finite.
    pub vertices_mm: Vec<[f32; 3]>,
    /// Corners as indices of vertices that are there, in the order of the file.
    pub triangles: Vec<[u32; 3]>,
    /// What the file says of each vertex with one number, such as a label. Vectors are left out, since no file says
    /// whether they turn with its axes, and so are arrays with a value that is NaN or infinite.
    pub arrays: Vec<PointArray>,
    /// What the file itself says of its axes; without it `unless_said` was taken.
    pub said: Option<Space>,
}

impl Surface {
    /// From the bytes of a STL, PLY, VTP or legacy VTK file; which it is shows in its bytes. `unless_said` is how the
    /// axes lie in a file that does not say.
    ///
    /// Equal vertices of a STL become one, and its triangles that lose a corner by that are left out; polygons of more
    /// corners are cut into triangles from their first corner. Lines and single points are passed over.
    ///
    /// # Errors
    /// If the bytes are none of the four, or not well-formed, or no triangle is in them.
    pub fn read(bytes: &[u8], unless_said: Space) -> Result<Self, Error> {
        match PolyData::read(bytes) {
            Some(data) => Self::of(data?, unless_said),
            None => Self::read_simple(bytes)?.placed(unless_said),
        }
    }

    /// The triangles of a file that may hold lines too.
    pub(crate) fn of(data: PolyData, unless_said: Space) -> Result<Self, Error> {
        Raw::of(data)?.placed(unless_said)
    }

    /// From a file of a kind that holds surfaces only.
    fn read_simple(bytes: &[u8]) -> Result<Raw, Error> {
        let start = bytes.trim_ascii_start();
        let is_solid = start.get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b"solid"));
        if ply::is_ply(bytes) {
            ply::read(bytes)
        } else if stl::is_binary(bytes) {
            stl::read_binary(bytes)
        } else if is_solid && !start.iter().take(1024).any(|byte| *byte == 0) {
            stl::read_text(bytes)
        } else {
            Err(stl::flaw(bytes))
        }
    }

    /// The bytes of a file, whose axes are LPS and which says so; read again, it has the same triangles in the same
    /// places. STL keeps neither the order of vertices nor [`arrays`](Self::arrays).
    ///
    /// # Errors
    /// If there is no triangle, or a corner or place that no reader would take, or an array that does not fit: of
    /// another length, not finite, or with a name that is no name, twice there, or no word in a PLY.
    pub fn write(&self, kind: SurfaceKind) -> Result<Vec<u8>, Error> {
        if self.triangles.is_empty() {
            return Err(Error::Empty);
        }
        let drawing = Drawing {
            title: "Vesalius surface",
            places: Places::Single(&self.vertices_mm),
            lines: &[],
            triangles: &self.triangles,
            columns: self.arrays.iter().map(Column::of).collect(),
        };
        drawing.check()?;
        match kind {
            SurfaceKind::StlBinary => Ok(stl::write_binary(self)),
            SurfaceKind::StlText => Ok(stl::write_text(self)),
            SurfaceKind::PlyBinary => ply::write(&drawing, true),
            SurfaceKind::PlyText => ply::write(&drawing, false),
            SurfaceKind::Vtp(data) => xml::write(&drawing, data),
            SurfaceKind::VtkBinary => Ok(legacy::write(&drawing, true)),
            SurfaceKind::VtkText => Ok(legacy::write(&drawing, false)),
        }
    }
}

/// Triangles as a file has them.
#[derive(Debug, Default)]
struct Raw {
    vertices: Vec<[f64; 3]>,
    triangles: Vec<[u32; 3]>,
    arrays: Vec<PointArray>,
    said: Option<Space>,
}

impl Raw {
    /// The triangles of a file that may hold lines too.
    fn of(data: PolyData) -> Result<Self, Error> {
        let lines = data.lines.len();
        let mut triangles = Vec::new();
        for polygon in data.polygons.iter() {
            faces::polygon(polygon, &mut triangles)?;
        }
        for strip in data.strips.iter() {
            faces::strip(strip, &mut triangles)?;
        }
        if triangles.is_empty() && lines > 0 {
            return Err(Error::OnlyLines { lines });
        }
        let mut arrays = data.arrays.into_arrays();
        arrays.retain(PointArray::is_finite);
        Ok(Self { vertices: data.points, triangles, arrays, said: data.said })
    }

    fn placed(self, unless_said: Space) -> Result<Surface, Error> {
        let Self { vertices, triangles, arrays, said } = self;
        if triangles.is_empty() {
            return Err(Error::Empty);
        }
        let space = said.unwrap_or(unless_said);
        let place = |place: [f64; 3]| space.to_lps(place).map(|mm| mm as f32);
        let vertices_mm: Vec<[f32; 3]> = vertices.into_iter().map(place).collect();
        let wrong = |place: &[f32; 3]| place.iter().any(|mm| !mm.is_finite());
        if let Some(vertex) = vertices_mm.iter().position(wrong) {
            return Err(Error::NotFinite { vertex });
        }
        let count = vertices_mm.len();
        let corners = triangles.iter().flatten();
        if let Some(corner) = corners.copied().find(|&corner| corner as usize >= count) {
            return Err(Error::Corner { corner: corner.into(), vertices: count });
        }
        Ok(Surface { vertices_mm, triangles, arrays, said })
    }
}
