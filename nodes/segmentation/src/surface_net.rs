//! From a volume of labels to the closed surface of each labelled structure.
//!
//! A net has a vertex in each cell of eight voxels that the surface passes; the vertices are then relaxed, and none
//! leaves its cell (S. F. F. Gibson, "Constrained Elastic Surface Nets", MICCAI 1998). So the surface is smooth below
//! the size of a voxel, and what is one voxel thin stays. Each label is cut out with a rim ([`cut`]), where the labels
//! meet the border of the volume too, so every surface is closed; each edge belongs to exactly two triangles
//! ([`net`]). [`relax`] keeps the volume, [`simplify`] takes triangles away and says what that costs.

pub mod cases;
pub mod cut;
pub mod net;
pub mod relax;
pub mod simplify;

use crate::mesh::Mesh;
use crate::vessel_tree::{Grid, GridError};
use cut::{Extent, Mask};

/// What a surface may look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurfaceParameters {
    /// Rounds of relaxation.
    pub rounds: usize,
    /// Pieces and cavities of less volume are left out, cubic millimetres.
    pub least_volume_mm3: f64,
    /// The most triangles of one surface.
    pub max_triangles: usize,
}

impl Default for SurfaceParameters {
    fn default() -> Self {
        Self { rounds: 10, least_volume_mm3: 10.0, max_triangles: 20_000 }
    }
}

/// The surface of one label.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelSurface {
    /// The label.
    pub label: u8,
    /// Its closed surface, in the millimetre frame that the grid maps to.
    pub mesh: Mesh,
    /// How far the surface moved by at most, in 95 of 100 places, to have no more triangles than wanted,
    /// millimetres.
    pub simplified_by_mm: f64,
}

/// The closed surface of each label from 1 on for which `is_wanted`, in the order of the labels.
///
/// `labels` are `z × y × x` with x fastest. A label without voxels, or only with pieces that are too small, has no
/// surface.
///
/// # Errors
/// If there is not one label for each voxel of the grid.
pub fn label_surfaces(
    grid: &Grid,
    labels: &[u8],
    is_wanted: impl Fn(u8) -> bool,
    parameters: &SurfaceParameters,
) -> Result<Vec<LabelSurface>, GridError> {
    grid.check("labels", labels)?;
    let extents = cut::extents(grid.size(), labels);
    let found = (1..=u8::MAX).filter(|&label| is_wanted(label));
    let found = found.filter_map(|label| Some((label, extents[usize::from(label)]?)));
    let surfaces = found.filter_map(|(label, extent)| {
        let (mesh, simplified_by_mm) = surface(grid, labels, label, &extent, parameters)?;
        Some(LabelSurface { label, mesh, simplified_by_mm })
    });
    Ok(surfaces.collect())
}

fn surface(
    grid: &Grid,
    labels: &[u8],
    label: u8,
    extent: &Extent,
    parameters: &SurfaceParameters,
) -> Option<(Mesh, f64)> {
    let mut mask = Mask::cut(grid.size(), labels, label, extent);
    mask.widen_necks();
    let mut net = net::net(&mask);
    let voxel_mm3: f64 = grid.spacing_mm().iter().product();
    net.drop_small(parameters.least_volume_mm3 / voxel_mm3);
    if net.quads.is_empty() {
        return None;
    }
    let places = relax::relax(&net, parameters.rounds);
    let mesh = mesh(grid, &net, &places, extent);
    Some(if mesh.triangles.len() > parameters.max_triangles {
        simplify::simplify(&mesh, parameters.max_triangles)
    } else {
        (mesh, 0.0)
    })
}

/// The triangles of the net, each quadrilateral cut along its shorter diagonal.
fn mesh(grid: &Grid, net: &net::Net, places: &[[f32; 3]], extent: &Extent) -> Mesh {
    let to_mm = |place: &[f32; 3]| {
        // The rim puts the first voxel of the extent at index 1 of the mask.
        grid.to_mm(std::array::from_fn(|axis| {
            f64::from(place[axis]) + extent.low[axis] as f64 - 1.0
        }))
    };
    let vertices_mm: Vec<_> = places.iter().map(to_mm).collect();
    let mut triangles = Vec::with_capacity(2 * net.quads.len());
    for &[a, b, c, d] in &net.quads {
        let length = |from: u32, to: u32| {
            (vertices_mm[from as usize] - vertices_mm[to as usize]).norm_squared()
        };
        triangles.extend(if length(a, c) <= length(b, d) {
            [[a, b, c], [a, c, d]]
        } else {
            [[a, b, d], [b, c, d]]
        });
    }
    if grid.is_mirrored() {
        for triangle in &mut triangles {
            triangle.swap(1, 2);
        }
    }
    Mesh { vertices_mm, triangles }
}
