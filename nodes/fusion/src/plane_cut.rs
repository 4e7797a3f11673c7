//! Where the plane of an image cuts a mesh of the preoperative image that the registration bends.
//!
//! Not the plane is bent but the mesh: each vertex is taken to where only the rigid motion lies between
//! it and the patient. That is done when a vertex first comes near a plane, and once for each
//! registration; the tree of boxes leaves out what no displacement of the field could bring there.

use messages::{Affine, DisplacementField, Image, Point, Preoperative};
use nalgebra::{Point3, Vector3};

use crate::outline::{Piece, Pixel};
use crate::triangle_mesh::{Node, TriangleMesh};

/// What takes the preoperative image to where the rigid motion puts it.
#[derive(Clone, Debug)]
pub struct Bend {
    field: DisplacementField,
    /// Tells what was taken there by this field from what was by others.
    round: u32,
    /// The least and the greatest displacement along each axis, millimetres.
    range_mm: [Vector3<f64>; 2],
}

/// The plane of an image.
#[derive(Clone, Copy, Debug)]
pub struct ImagePlane {
    /// Maps where the rigid motion puts a place to pixels; the third coordinate is off the plane.
    pub image_from_rigid: Affine<Image, Preoperative>,
    /// The first and the last visible place along each axis, pixels.
    pub visible_px: [Pixel; 2],
}

/// A mesh, and where its vertices were taken.
#[derive(Clone, Debug)]
pub struct BentMesh {
    mesh: TriangleMesh,
    /// Where the rigid motion puts each vertex, millimetres; no number outside what was registered.
    rigid_mm: Vec<[f32; 3]>,
    /// The round of each.
    rounds: Vec<u32>,
}

impl Bend {
    /// Takes a field; `round` is another one for each, and not zero.
    pub fn new(field: DisplacementField, round: u32) -> Self {
        let (displacements, _) = field.displacements_mm.as_slice().as_chunks::<3>();
        let start = [Vector3::repeat(f64::INFINITY), Vector3::repeat(f64::NEG_INFINITY)];
        let range_mm = displacements.iter().fold(start, |[low, high], displacement| {
            let displacement = Vector3::from(displacement.map(f64::from));
            [low.inf(&displacement), high.sup(&displacement)]
        });
        Self { field, round, range_mm }
    }

    /// The field.
    pub fn field(&self) -> &DisplacementField {
        &self.field
    }

    /// Which one it is.
    pub fn round(&self) -> u32 {
        self.round
    }
}

impl ImagePlane {
    /// Whether a box of the preoperative image may hold anything that is seen.
    fn meets(&self, node: &Node, bend: &Bend) -> bool {
        let [low, high] = bend.range_mm;
        let centre = Point::new(node.centre() - (low + high) / 2.0);
        let half = node.half() + (high - low) / 2.0;
        let centre = (self.image_from_rigid * centre).xyz_mm;
        let half = self.image_from_rigid.rows().fixed_view::<3, 3>(0, 0).abs() * half;
        let [first, last] = self.visible_px;
        centre.z.abs() <= half.z
            && (0..2).all(|axis| {
                centre[axis] + half[axis] >= first[axis] && centre[axis] - half[axis] <= last[axis]
            })
    }
}

impl BentMesh {
    /// Takes a mesh.
    pub fn new(mesh: TriangleMesh) -> Self {
        let count = mesh.positions_mm().len();
        Self { rigid_mm: vec![[0.0; 3]; count], rounds: vec![0; count], mesh }
    }

    /// The pieces of the mesh's cut, at least those that are seen; what lies outside the registered
    /// region is left out. They go around the structure in one sense, so that each starts where
    /// another ends.
    pub fn cut(&mut self, plane: &ImagePlane, bend: &Bend) -> Vec<Piece> {
        let Self { mesh, rigid_mm, rounds } = self;
        let mut pieces = Vec::new();
        mesh.visit(
            |node| plane.meets(node, bend),
            |triangle| {
                let corners = mesh.corners()[triangle];
                let places = corners.map(|corner| {
                    let index = corner as usize;
                    if rounds[index] != bend.round {
                        rounds[index] = bend.round;
                        rigid_mm[index] = rigid(&mesh.positions_mm()[index], &bend.field);
                    }
                    let place = Point3::from(rigid_mm[index].map(f64::from));
                    (plane.image_from_rigid * Point::new(place)).xyz_mm
                });
                if places.iter().all(|place| place.z.is_finite()) {
                    pieces.extend(cut(&corners, &places));
                }
            },
        );
        pieces
    }
}

/// Where the rigid motion puts a vertex.
fn rigid(vertex: &[f32; 3], field: &DisplacementField) -> [f32; 3] {
    let vertex = Point::<Preoperative>::new(Point3::from(vertex.map(f64::from)));
    field.invert(vertex).map_or([f32::NAN; 3], |rigid| rigid.xyz_mm.coords.cast::<f32>().into())
}

/// From the edge of a triangle that comes up through the plane to the one that goes down.
fn cut(corners: &[u32; 3], places: &[Point3<f64>; 3]) -> Option<Piece> {
    let above = places.map(|place| place.z >= 0.0);
    let side = |up: bool| (0..3).find(|&side| above[side] != up && above[(side + 1) % 3] == up);
    let crossing = |side: usize| {
        let (mut from, mut to) = (side, (side + 1) % 3);
        // The same way for both triangles at the edge, so that both find the same place.
        if corners[from] > corners[to] {
            std::mem::swap(&mut from, &mut to);
        }
        let (first, last) = (&places[from], &places[to]);
        let place = first + (last - first) * (first.z / (first.z - last.z));
        (u64::from(corners[from]) << 32 | u64::from(corners[to]), [place.x, place.y])
    };
    Some(Piece { from: crossing(side(true)?), to: crossing(side(false)?) })
}
