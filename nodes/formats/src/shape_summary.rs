//! What a file of a surface or a vessel tree holds, in a few numbers for people.

use std::collections::HashMap;
use std::fmt;

use crate::polydata::{self, PolyData};
use crate::surface_file::{self, Error, Space, Surface};
use crate::tree_file::Tree;

/// The kinds of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// STL, binary or text.
    Stl,
    /// PLY, binary or text.
    Ply,
    /// VTP, the XML file of VTK.
    Vtp,
    /// The legacy file of VTK.
    Vtk,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stl => "STL",
            Self::Ply => "PLY",
            Self::Vtp => "VTP",
            Self::Vtk => "legacy VTK",
        })
    }
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Of which kind it is.
    pub kind: Kind,
    /// How many vertices there are, those of triangles and lines, and others.
    pub vertices: usize,
    /// How many triangles, after polygons and strips were cut; 0 in a file of lines.
    pub triangles: usize,
    /// Edges that belong to one triangle only: 0 where the surface is closed. Vertices in the same place are one.
    pub open_edges: usize,
    /// Edges that belong to more than two triangles: there the surface has no inside.
    pub branching_edges: usize,
    /// How many lines; 0 in a file of triangles.
    pub lines: usize,
    /// How long the lines are together, in millimetres.
    pub length_mm: f64,
    /// The smallest and the largest radius, in millimetres, where the file has radii.
    pub radius_mm: Option<[f64; 2]>,
    /// The smallest and the largest coordinates, in millimetres, LPS.
    pub bounds_mm: [[f64; 3]; 2],
    /// The names of the arrays that are read besides the radius: one number for each vertex.
    pub arrays: Vec<String>,
    /// What the file itself says of its axes; without it `unless_said` was taken.
    pub said: Option<Space>,
}

impl Summary {
    /// Of the bytes of any file that [`Surface::read`] or [`Tree::read`] reads.
    ///
    /// # Errors
    /// If neither reads them.
    pub fn read(bytes: &[u8], unless_said: Space) -> Result<Self, Error> {
        let Some(data) = PolyData::read(bytes) else {
            let surface = Surface::read(bytes, unless_said)?;
            let kind = if surface_file::is_ply(bytes) { Kind::Ply } else { Kind::Stl };
            return Ok(Self::of(kind, Some(&surface), None));
        };
        let kind = if polydata::legacy::is_legacy(bytes) { Kind::Vtk } else { Kind::Vtp };
        let data = data?;
        let has_faces = data.polygons.len() + data.strips.len() > 0;
        if data.lines.len() == 0 {
            return Ok(Self::of(kind, Some(&Surface::of(data, unless_said)?), None));
        }
        // Few files hold both, and reading twice is easier to get right than sharing.
        let tree = Tree::of(data, unless_said)?;
        let surface = has_faces.then(|| Surface::read(bytes, unless_said)).transpose()?;
        Ok(Self::of(kind, surface.as_ref(), Some(&tree)))
    }

    /// Whether a surface has an inside and an outside: each edge belongs to two triangles.
    pub fn is_closed(&self) -> bool {
        self.triangles > 0 && self.open_edges + self.branching_edges == 0
    }

    fn of(kind: Kind, surface: Option<&Surface>, tree: Option<&Tree>) -> Self {
        let mut summary = Self {
            kind,
            vertices: 0,
            triangles: 0,
            open_edges: 0,
            branching_edges: 0,
            lines: 0,
            length_mm: 0.0,
            radius_mm: None,
            bounds_mm: [[f64::INFINITY; 3], [f64::NEG_INFINITY; 3]],
            arrays: Vec::new(),
            said: None,
        };
        if let Some(surface) = surface {
            summary.vertices = surface.vertices_mm.len();
            summary.triangles = surface.triangles.len();
            (summary.open_edges, summary.branching_edges) = edges(surface);
            summary.bound(surface.vertices_mm.iter().map(|place| place.map(f64::from)));
            summary.arrays = surface.arrays.iter().map(|array| array.name.clone()).collect();
            summary.said = surface.said;
        }
        if let Some(tree) = tree {
            summary.vertices = tree.points_mm.len();
            summary.lines = tree.lines.len();
            summary.length_mm = tree.length_mm();
            summary.radius_mm = tree.radius_mm.as_deref().map(|radii| {
                let wider = |[low, high]: [f64; 2], mm: &f64| [low.min(*mm), high.max(*mm)];
                radii.iter().fold([f64::INFINITY, f64::NEG_INFINITY], wider)
            });
            summary.bound(tree.points_mm.iter().copied());
            summary.arrays = tree.arrays.iter().map(|array| array.name.clone()).collect();
            summary.said = tree.said;
        }
        summary
    }

    fn bound(&mut self, places: impl Iterator<Item = [f64; 3]>) {
        let [low, high] = &mut self.bounds_mm;
        for place in places {
            for axis in 0..3 {
                low[axis] = low[axis].min(place[axis]);
                high[axis] = high[axis].max(place[axis]);
            }
        }
    }
}

/// How many edges belong to one triangle, and how many to more than two.
fn edges(surface: &Surface) -> (usize, usize) {
    // Many files have the vertices of a sharp edge twice, with a normal for each side.
    let mut first_there: HashMap<[u32; 3], u64> = HashMap::new();
    let same: Vec<u64> = (0..)
        .zip(&surface.vertices_mm)
        .map(|(index, place)| {
            *first_there.entry(place.map(|mm| (mm + 0.0).to_bits())).or_insert(index)
        })
        .collect();
    drop(first_there);
    let mut edges: Vec<u64> = Vec::new();
    for triangle in &surface.triangles {
        let [a, b, c] = triangle.map(|corner| same[corner as usize]);
        // One without an area has no edges that others would meet.
        if a != b && b != c && c != a {
            edges.extend([(a, b), (b, c), (c, a)].map(|(a, b)| a.min(b) << 32 | a.max(b)));
        }
    }
    edges.sort_unstable();
    let counts = edges.chunk_by(|one, other| one == other).map(<[u64]>::len);
    counts.fold((0, 0), |(open, branching), count| {
        (open + usize::from(count == 1), branching + usize::from(count > 2))
    })
}
