//! Vessel trees and centrelines: lines through points of the body, with a radius at each, read and written.
//!
//! VTP and legacy VTK, as VMTK and 3D Slicer write them: lines of a `PolyData`, and the radius as an array of its points.
//! How the axes lie is no part of either: what 3D Slicer writes, `SPACE=LPS` or `SPACE=RAS`, is understood and written.
//! VMTK keeps the axes of the surface that the lines were made from and says nothing.

mod kind;

use nalgebra::Point3;

pub use crate::polydata::xml::VtpData;
pub use crate::polydata::{Error, PointArray, Space};
pub use kind::TreeKind;

use crate::polydata::{Column, Drawing, Places, PolyData, legacy, too_short, xml};

/// The most lines of one file.
pub const MOST_LINES: usize = 1_000_000;

/// What arrays of radii are called, in order: by 3D Slicer (and here), by VMTK, and by others.
pub const RADII: [&str; 3] = ["Radius", "MaximumInscribedSphereRadius", "radius"];

/// Lines through points of the body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// Points, millimetres, LPS; all finite, and none beyond what 32 bits hold.
    pub points_mm: Vec<[f64; 3]>,
    /// Each line as indices of two or more points that are there. Lines that meet share a point, or, in files of VMTK,
    /// run beside each other from the root on.
    pub lines: Vec<Vec<u32>>,
    /// The radius of the vessel at each point, millimetres, 0 or more, where the file has one ([`RADII`]).
    pub radius_mm: Option<Vec<f64>>,
    /// What else the file says of each point with one number. Vectors are left out, since no file says whether they
    /// turn with its axes, and so are arrays with a value that is NaN or infinite.
    pub arrays: Vec<PointArray>,
    /// What the file itself says of its axes; without it `unless_said` was taken.
    pub said: Option<Space>,
}

impl Tree {
    /// From the bytes of a VTP or legacy VTK file; which it is shows in its bytes. `unless_said` is how the axes lie in
    /// a file that does not say. Triangles and single points are passed over.
    ///
    /// # Errors
    /// If the bytes are none of the two, or not well-formed, or no line is in them, or a radius is none.
    pub fn read(bytes: &[u8], unless_said: Space) -> Result<Self, Error> {
        let data = PolyData::read(bytes)
            .unwrap_or(Err(Error::UnknownKind { known: "VTP or legacy VTK" }))?;
        Self::of(data, unless_said)
    }

    /// The lines of a file that may hold triangles too.
    pub(crate) fn of(data: PolyData, unless_said: Space) -> Result<Self, Error> {
        let PolyData { points, lines, polygons, strips, arrays, said } = data;
        if lines.len() == 0 {
            return Err(Error::NoLines { triangles: polygons.len() + strips.len() });
        }
        if lines.len() > MOST_LINES {
            let came = lines.len() as u64;
            return Err(Error::TooLarge { what: "lines", most: MOST_LINES, came });
        }
        if let Some(line) = lines.iter().find(|line| line.len() < 2) {
            return Err(too_short(line.len()));
        }
        let space = said.unwrap_or(unless_said);
        let points_mm: Vec<_> = points.into_iter().map(|place| space.to_lps(place)).collect();
        if let Some(vertex) = points_mm.iter().position(|place| !Space::holds(place)) {
            return Err(Error::NotFinite { vertex });
        }
        let mut arrays = arrays.into_arrays();
        let radius =
            RADII.iter().find_map(|name| arrays.iter().position(|array| array.name == *name));
        let radius_mm = radius.map(|at| arrays.remove(at).values);
        check_radii(radius_mm.as_deref())?;
        arrays.retain(PointArray::is_finite);
        let lines = lines.iter().map(<[u32]>::to_vec).collect();
        Ok(Self { points_mm, lines, radius_mm, arrays, said })
    }

    /// The bytes of a file, whose axes are LPS and which says so; read again, it is the same tree. The radius is written
    /// as `Radius`.
    ///
    /// # Errors
    /// If there is no line, or a line, place or radius that no reader would take, or an array that does not fit: of
    /// another length, not finite, or with a name that is none or twice there.
    pub fn write(&self, kind: TreeKind) -> Result<Vec<u8>, Error> {
        if self.lines.is_empty() {
            return Err(Error::NoLines { triangles: 0 });
        }
        check_radii(self.radius_mm.as_deref())?;
        let radius = self.radius_mm.iter();
        let radius = radius.map(|values| Column { name: RADII[0], values, is_length: true });
        let drawing = Drawing {
            title: "Vesalius vessel tree",
            places: Places::Double(&self.points_mm),
            lines: &self.lines,
            triangles: &[],
            columns: radius.chain(self.arrays.iter().map(Column::of)).collect(),
        };
        drawing.check()?;
        match kind {
            TreeKind::Vtp(data) => xml::write(&drawing, data),
            TreeKind::VtkBinary => Ok(legacy::write(&drawing, true)),
            TreeKind::VtkText => Ok(legacy::write(&drawing, false)),
        }
    }

    /// How long all lines are together, in millimetres.
    pub fn length_mm(&self) -> f64 {
        let place = |point: &u32| self.points_mm.get(*point as usize).copied();
        let length = |pair: &[u32]| {
            let [from, to] = [place(pair.first()?)?, place(pair.get(1)?)?].map(Point3::from);
            Some((to - from).norm())
        };
        self.lines.iter().flat_map(|line| line.windows(2)).filter_map(length).sum()
    }
}

fn check_radii(radii: Option<&[f64]>) -> Result<(), Error> {
    let is_none = |mm: &f64| !(mm.is_finite() && *mm >= 0.0);
    match radii.unwrap_or_default().iter().enumerate().find(|(_, mm)| is_none(mm)) {
        Some((point, mm)) => {
            let field = format!("the radius of point {point}");
            Err(Error::wrong(field, "a number of millimetres, 0 or more", mm))
        }
        None => Ok(()),
    }
}
