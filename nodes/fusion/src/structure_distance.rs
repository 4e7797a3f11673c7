//! How far a point and a shaft are from the surface of a structure, negative inside.
//!
//! The sign is that of the pseudonormal where the surface is nearest (J. A. Bærentzen, H. Aanæs, "Signed
//! distance computation using the angle weighted pseudonormal", IEEE TVCG 2005), which is right for every
//! closed surface, at sharp edges and corners too.

use nalgebra::{Point3, Vector3};

use crate::triangle::{Feature, Segment, nearest_to_point, nearest_to_segment};
use crate::triangle_mesh::{Node, TriangleMesh};

/// How near the deepest place of a shaft is found, millimetres…
const DEPTH_TOLERANCE_MM: f64 = 0.05;
/// …and by how much worse for each millimetre of depth: deep inside, nobody asks.
const DEPTH_TOLERANCE: f64 = 0.02;
/// At most so many places of a shaft are looked at to find the deepest one.
const DEPTH_PLACES: usize = 48;

/// The surface of one structure, ready to be asked.
#[derive(Clone, Debug)]
pub struct StructureDistance {
    mesh: TriangleMesh,
    /// Three for each triangle: which of `edge_normals` belongs to the edge from this corner to the next.
    edges: Vec<[u32; 3]>,
    face_normals: Vec<[f32; 3]>,
    edge_normals: Vec<[f32; 3]>,
    corner_normals: Vec<[f32; 3]>,
    closed: bool,
    /// Minus one if the triangles are turned inside out.
    outward: f64,
}

/// Where something was nearest last time: makes the next answer faster, and never changes it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hint {
    triangle: usize,
    /// The piece of a bent line.
    piece: usize,
}

/// How far a shaft is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisDistance {
    /// The least signed distance of its axis, millimetres.
    pub distance_mm: f64,
    /// Where on the axis that is: 2.25 is a quarter of the way from its third place to its fourth.
    pub along: f64,
}

impl StructureDistance {
    /// Takes a mesh whose triangles go counterclockwise seen from outside; if they enclose less than
    /// nothing, they are taken as turned inside out.
    pub fn new(mesh: TriangleMesh) -> Self {
        let mut made = Self {
            edges: vec![[0; 3]; mesh.corners().len()],
            face_normals: Vec::with_capacity(mesh.corners().len()),
            edge_normals: Vec::with_capacity(mesh.corners().len() * 3 / 2),
            corner_normals: Vec::new(),
            closed: true,
            outward: 1.0,
            mesh,
        };
        made.find_normals();
        made
    }

    fn find_normals(&mut self) {
        let mut corner_normals = vec![Vector3::<f64>::zeros(); self.mesh.positions_mm().len()];
        let mut face_normals = Vec::with_capacity(self.edges.len());
        let mut volume = 0.0;
        // The lower and the higher corner of each edge in one number, which way it goes, whose it is.
        let mut sides = Vec::with_capacity(3 * self.edges.len());
        for (triangle, corners) in self.mesh.corners().iter().enumerate() {
            let places = self.mesh.triangle(triangle);
            let area = (places[1] - places[0]).cross(&(places[2] - places[0]));
            let normal = area.try_normalize(1e-12).unwrap_or_default();
            // The origin is arbitrary for a closed surface.
            volume += area.dot(&places[0].coords);
            for side in 0..3 {
                let [from, to] = [corners[side], corners[(side + 1) % 3]];
                let edge = u64::from(from.min(to)) << 32 | u64::from(from.max(to));
                sides.push((edge, from < to, triangle as u32, side as u8));
                let next = places[(side + 1) % 3] - places[side];
                let last = places[(side + 2) % 3] - places[side];
                corner_normals[from as usize] += normal * next.angle(&last);
            }
            face_normals.push(normal);
        }
        sides.sort_unstable();
        for edge in sides.chunk_by(|one, other| one.0 == other.0) {
            let forth = edge.iter().filter(|side| side.1).count();
            self.closed &= 2 * forth == edge.len();
            let mut normal = Vector3::zeros();
            for &(_, _, triangle, side) in edge {
                normal += face_normals[triangle as usize];
                self.edges[triangle as usize][side as usize] = self.edge_normals.len() as u32;
            }
            self.edge_normals.push(narrow(&normal));
        }
        self.outward = if volume < 0.0 { -1.0 } else { 1.0 };
        self.face_normals.extend(face_normals.iter().map(narrow));
        self.corner_normals = corner_normals.iter().map(narrow).collect();
    }

    /// Whether there is no triangle, and so no distance.
    pub fn is_empty(&self) -> bool {
        self.mesh.is_empty()
    }

    /// Whether the surface has an inside; the distance from one without is never negative.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// How far a point is from the surface, millimetres, negative inside; infinite if there is none.
    pub fn point_mm(&self, point: &Point3<f64>, hint: &mut Hint) -> f64 {
        if self.is_empty() {
            return f64::INFINITY;
        }
        let segment = Segment::new(&[*point; 2]);
        let exact = |triangle: usize| {
            nearest_to_point(point, &self.mesh.triangle(triangle)).squared_mm2.sqrt()
        };
        let distance = |triangle: usize, within_mm: f64| {
            let bound_mm = segment.bound_of_triangle_mm(&self.mesh.triangle(triangle));
            if bound_mm < within_mm { exact(triangle) } else { bound_mm }
        };
        hint.triangle = hint.triangle.min(self.edges.len() - 1);
        let within_mm = exact(hint.triangle);
        let bound = |node: &Node| node.distance_mm(point);
        if let Some((triangle, _)) = self.mesh.nearest(within_mm, bound, distance) {
            hint.triangle = triangle;
        }
        self.signed_mm(point, hint.triangle)
    }

    /// The distance of a point whose nearest triangle is known.
    fn signed_mm(&self, point: &Point3<f64>, triangle: usize) -> f64 {
        let nearest = nearest_to_point(point, &self.mesh.triangle(triangle));
        let distance_mm = nearest.squared_mm2.sqrt();
        let normal = match nearest.feature {
            Feature::Face => self.face_normals[triangle],
            Feature::Edge(side) => self.edge_normals[self.edges[triangle][side] as usize],
            Feature::Corner(corner) => {
                self.corner_normals[self.mesh.corners()[triangle][corner] as usize]
            }
        };
        let height = (point - nearest.place).dot(&Vector3::from(normal.map(f64::from)));
        if self.closed && height * self.outward < 0.0 { -distance_mm } else { distance_mm }
    }

    /// The least distance of a bent line from the surface, millimetres, negative inside: exact as long as
    /// the line does not enter the structure, else to a twentieth of a millimetre and two hundredths of
    /// the depth as long as 48 places are enough for that. `tip_mm` is the distance of its first place.
    pub fn axis_mm(&self, axis: &[Point3<f64>], tip_mm: f64, hint: &mut Hint) -> AxisDistance {
        let mut best = AxisDistance { distance_mm: tip_mm.abs(), along: 0.0 };
        if self.is_empty() {
            return best;
        }
        let last = axis.array_windows::<2>().len();
        hint.triangle = hint.triangle.min(self.edges.len() - 1);
        let first = hint.piece.min(last.saturating_sub(1));
        // Where it was nearest last time comes first: little else is nearer than that.
        let hinted = axis.array_windows().nth(first).map(|ends| (first, ends, Some(hint.triangle)));
        let all = axis.array_windows().enumerate().map(|(piece, ends)| (piece, ends, None));
        for (piece, ends, triangle) in hinted.into_iter().chain(all) {
            let exact = |triangle| nearest_to_segment(ends, &self.mesh.triangle(triangle));
            let segment = Segment::new(ends);
            let distance = |triangle: usize, within_mm: f64| {
                let bound_mm = segment.bound_of_triangle_mm(&self.mesh.triangle(triangle));
                if bound_mm < within_mm { exact(triangle).0.sqrt() } else { bound_mm }
            };
            let bound = |node: &Node| segment.bound_of_box_mm(&node.centre(), &node.half());
            let found = match triangle {
                Some(triangle) => Some((triangle, exact(triangle).0.sqrt())),
                None => self.mesh.nearest(best.distance_mm, bound, distance),
            };
            if let Some((triangle, distance_mm)) = found.filter(|it| it.1 < best.distance_mm) {
                best = AxisDistance { distance_mm, along: piece as f64 + exact(triangle).1 };
                *hint = Hint { triangle, piece };
            }
        }
        // A line whose tip is outside and that does not pass the surface is outside.
        let enters = self.closed && (tip_mm < 0.0 || best.distance_mm < 1e-9);
        if !enters {
            return best;
        }
        // Where it passes the surface it is no less deep than that, however little of it is inside.
        let start = if tip_mm < 0.0 {
            AxisDistance { distance_mm: tip_mm, along: 0.0 }
        } else {
            AxisDistance { distance_mm: 0.0, ..best }
        };
        self.deepest(axis, tip_mm, start, *hint)
    }

    /// The deepest place of a bent line: a distance grows by no more than the way, so that between two
    /// places nothing is deeper than their distances and the way between them allow (S. A. Piyavskii,
    /// "An algorithm for finding the absolute extremum of a function", 1972).
    /// `best` is a place that is as deep as is known before.
    fn deepest(
        &self,
        axis: &[Point3<f64>],
        tip_mm: f64,
        mut best: AxisDistance,
        mut hint: Hint,
    ) -> AxisDistance {
        let mut from_mm = tip_mm;
        let mut stretches = Vec::with_capacity(axis.len() + DEPTH_PLACES);
        for (piece, [from, to]) in (0_u32..).zip(axis.array_windows()) {
            let to_mm = self.point_mm(to, &mut hint);
            let along = f64::from(piece) + 1.0;
            if to_mm < best.distance_mm {
                best = AxisDistance { distance_mm: to_mm, along };
            }
            let way_mm = (to - from).norm();
            stretches.push(Stretch { along: along - 1.0, share: 1.0, way_mm, from_mm, to_mm });
            from_mm = to_mm;
        }
        for _ in 0..DEPTH_PLACES {
            let lowest = (0..stretches.len())
                .min_by(|&a, &b| stretches[a].bound_mm().total_cmp(&stretches[b].bound_mm()));
            let Some(lowest) = lowest else { break };
            let tolerance_mm = DEPTH_TOLERANCE_MM - DEPTH_TOLERANCE * best.distance_mm.min(0.0);
            if stretches[lowest].bound_mm() > best.distance_mm - tolerance_mm {
                break;
            }
            let stretch = stretches.swap_remove(lowest);
            let part = stretch.deepest_part();
            let along = stretch.along + stretch.share * part;
            let distance_mm = self.point_mm(&at(axis, along), &mut hint);
            if distance_mm < best.distance_mm {
                best = AxisDistance { distance_mm, along };
            }
            stretches.extend(stretch.split(part, distance_mm));
        }
        best
    }
}

/// A part of one piece of a bent line.
struct Stretch {
    along: f64,
    /// How much of the piece it is.
    share: f64,
    way_mm: f64,
    from_mm: f64,
    to_mm: f64,
}

impl Stretch {
    /// Nothing on it is deeper.
    fn bound_mm(&self) -> f64 {
        (self.from_mm + self.to_mm - self.way_mm) / 2.0
    }

    /// How much of it lies before the place that could be as deep as the bound.
    fn deepest_part(&self) -> f64 {
        (0.5 + (self.from_mm - self.to_mm) / (2.0 * self.way_mm)).clamp(0.0, 1.0)
    }

    fn split(&self, part: f64, distance_mm: f64) -> [Self; 2] {
        let (before, after) = (self.share * part, self.share * (1.0 - part));
        [
            Self { share: before, way_mm: self.way_mm * part, to_mm: distance_mm, ..*self },
            Self {
                along: self.along + before,
                share: after,
                way_mm: self.way_mm * (1.0 - part),
                from_mm: distance_mm,
                to_mm: self.to_mm,
            },
        ]
    }
}

/// The place on a bent line: 2.25 is a quarter of the way from its third place to its fourth.
fn at(axis: &[Point3<f64>], along: f64) -> Point3<f64> {
    let last = axis.len().saturating_sub(2);
    let piece = (along as usize).min(last);
    axis[piece] + (axis[piece + 1] - axis[piece]) * (along - piece as f64)
}

fn narrow(vector: &Vector3<f64>) -> [f32; 3] {
    [vector.x as f32, vector.y as f32, vector.z as f32]
}
