//! The triangles of a surface, and where they lie in the body, read from a file of any kind that is known.
//!
//! STL (binary and text), PLY (text, and binary of either byte order) and VTP (text, base64 and raw, with zlib or
//! without). None of them has a place for how its axes lie in the body, or for its unit: what 3D Slicer writes into
//! their headers and comments, `SPACE=LPS` or `SPACE=RAS`, is understood, and coordinates are millimetres.

mod error;
mod faces;
mod ply;
mod stl;
mod vtp;

pub use error::Error;

/// The most vertices, and the most triangles, of one file.
pub const MOST: usize = 20_000_000;

/// Along which sides of the body the axes point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Space {
    /// To the patient's left, back and head, as in DICOM.
    #[default]
    Lps,
    /// To the patient's right, front and head.
    Ras,
}

impl Space {
    /// What a header or comment says with `SPACE=…`, if it does.
    fn said(text: &str) -> Result<Option<Self>, Error> {
        let Some((_, rest)) = text.split_once("SPACE=") else { return Ok(None) };
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric());
        Self::named(&rest[..end.unwrap_or(rest.len())]).map(Some)
    }

    fn named(name: &str) -> Result<Self, Error> {
        match name {
            "LPS" => Ok(Self::Lps),
            "RAS" => Ok(Self::Ras),
            other => Err(Error::wrong("SPACE", "`LPS` or `RAS`", other)),
        }
    }
}

/// Triangles in the body.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    /// Vertices, millimetres, LPS; all finite.
    pub vertices_mm: Vec<[f32; 3]>,
    /// Corners as indices of vertices that are there, in the order of the file.
    pub triangles: Vec<[u32; 3]>,
    /// What the file itself says of its axes; without it `unless_said` was taken.
    pub said: Option<Space>,
}

impl Surface {
    /// From the bytes of a STL, PLY or VTP file; which it is shows in its bytes. `unless_said` is how the axes lie in
    /// a file that does not say.
    ///
    /// Equal vertices of a STL become one, and its triangles that lose a corner by that are left out; polygons of more
    /// corners are cut into triangles from their first corner.
    ///
    /// # Errors
    /// If the bytes are none of the three, or not well-formed, or no triangle is in them.
    pub fn read(bytes: &[u8], unless_said: Space) -> Result<Self, Error> {
        let start = bytes.trim_ascii_start();
        let begins =
            |word: &[u8]| start.get(..word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word));
        let read = if bytes.starts_with(b"ply") && bytes.get(3).is_some_and(u8::is_ascii_whitespace)
        {
            ply::read(bytes)
        } else if begins(b"<?xml") || begins(b"<VTKFile") {
            vtp::read(start)
        } else if stl::is_binary(bytes) {
            stl::read_binary(bytes)
        } else if begins(b"solid") && !start.iter().take(1024).any(|byte| *byte == 0) {
            stl::read_text(bytes)
        } else if begins(b"# vtk DataFile") {
            Err(Error::Unsupported {
                what: "a legacy VTK file (`.vtk`)".to_owned(),
                hint: "save the surface as VTP, STL or PLY",
            })
        } else {
            Err(stl::flaw(bytes))
        };
        read?.placed(unless_said)
    }
}

/// Triangles as a file has them.
#[derive(Debug, Default)]
struct Raw {
    vertices: Vec<[f64; 3]>,
    triangles: Vec<[u32; 3]>,
    said: Option<Space>,
}

impl Raw {
    fn placed(self, unless_said: Space) -> Result<Surface, Error> {
        let Self { vertices, triangles, said } = self;
        if triangles.is_empty() {
            return Err(Error::Empty);
        }
        let side = match said.unwrap_or(unless_said) {
            Space::Lps => 1.0,
            Space::Ras => -1.0,
        };
        // Adding zero keeps -0 out of what people read.
        let place = |[x, y, z]: [f64; 3]| [side * x, side * y, z].map(|mm| mm as f32 + 0.0);
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
        Ok(Surface { vertices_mm, triangles, said })
    }
}
