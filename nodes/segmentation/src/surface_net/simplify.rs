//! Takes triangles away from a closed surface where that changes least.
//!
//! Edges whose collapse moves the surface least go first, by the squared distances to the planes of the triangles that
//! they stood for (M. Garland and P. S. Heckbert, "Surface Simplification Using Quadric Error Metrics",
//! SIGGRAPH 1997). An edge stays where its collapse would join sheets, open the surface or turn a triangle over, so
//! the surface stays closed and in as many pieces as it was.
//!
//! It goes in rounds: each looks at the cheapest edges of all, and collapses those whose ends are as they were. So no
//! queue has to follow every change, which takes several times as long for a surface of a million triangles.

mod quadric;

use nalgebra::Point3;

use crate::mesh::{Mesh, distance_to_triangle_mm};
use quadric::Quadric;

/// Of a collapsed edge's neighbouring triangles none may turn by more than about 78°.
const LEAST_COSINE: f64 = 0.2;

/// The share of the edges that a round looks at: the larger, the fewer rounds, and the less the cheapest go first.
const SHARE: usize = 3;

/// A surface with at most `max_triangles`, if it can be had, and how far 95 of 100 of the vertices of the given one are
/// from it at most, millimetres.
pub fn simplify(mesh: &Mesh, max_triangles: usize) -> (Mesh, f64) {
    let mut work = Work::new(mesh);
    let mut left = mesh.triangles.len();
    let mut share = SHARE;
    while left > max_triangles {
        let gone = work.round(share, (left - max_triangles).div_ceil(2));
        left -= 2 * gone;
        // Where none of the cheapest edges may go, another one may.
        share = match (gone, share) {
            (0, 1) => break,
            (0, _) => 1,
            _ => SHARE,
        };
    }
    let moved_mm = work.moved_mm(mesh);
    (work.into_mesh(), moved_mm)
}

/// An edge that could go.
#[derive(Clone, Copy, Debug)]
struct Edge {
    cost: f64,
    ends: [u32; 2],
}

struct Work {
    places: Vec<Point3<f64>>,
    quadrics: Vec<Quadric>,
    /// Whether a vertex has moved in this round.
    has_moved: Vec<bool>,
    /// The vertex that a vertex went into; itself while it is there.
    went_into: Vec<u32>,
    triangles: Vec<[u32; 3]>,
    is_gone: Vec<bool>,
    /// The triangles at each vertex.
    around: Vec<Vec<u32>>,
}

impl Work {
    fn new(mesh: &Mesh) -> Self {
        let vertices = mesh.vertices_mm.len();
        let mut work = Self {
            places: mesh.vertices_mm.clone(),
            quadrics: vec![Quadric::default(); vertices],
            has_moved: vec![false; vertices],
            went_into: (0..vertices as u32).collect(),
            triangles: mesh.triangles.clone(),
            is_gone: vec![false; mesh.triangles.len()],
            around: vec![Vec::new(); vertices],
        };
        for (index, &triangle) in mesh.triangles.iter().enumerate() {
            let quadric = Quadric::of_triangle(&mesh.corners(triangle));
            for corner in triangle {
                work.quadrics[corner as usize].add(&quadric);
                work.around[corner as usize].push(index as u32);
            }
        }
        work
    }

    /// Collapses up to `wanted` of the cheapest edges, one in `share` of which are looked at, and says how many.
    fn round(&mut self, share: usize, wanted: usize) -> usize {
        self.has_moved.fill(false);
        let there = self.triangles.iter().zip(&self.is_gone).filter(|(_, is_gone)| !**is_gone);
        // Each edge is in two triangles, once in each direction.
        let ends = there.flat_map(|(&[a, b, c], _)| [[a, b], [b, c], [c, a]]);
        let ends = ends.filter(|[from, to]| from < to);
        let mut edges: Vec<Edge> =
            ends.map(|ends| Edge { cost: self.best(ends).0, ends }).collect();
        let order = |a: &Edge, b: &Edge| a.cost.total_cmp(&b.cost).then(a.ends.cmp(&b.ends));
        let looked_at = edges.len().div_ceil(share);
        if looked_at < edges.len() {
            edges.select_nth_unstable_by(looked_at, order);
            edges.truncate(looked_at);
        }
        edges.sort_unstable_by(order);
        let mut gone = 0;
        for Edge { ends, .. } in edges {
            if gone == wanted {
                break;
            }
            let is_as_it_was =
                |end: u32| self.went_into[end as usize] == end && !self.has_moved[end as usize];
            if ends.into_iter().all(is_as_it_was) && self.collapse(ends) {
                gone += 1;
            }
        }
        gone
    }

    /// What the collapse of an edge costs, and where the vertex that is left lies then.
    fn best(&self, ends: [u32; 2]) -> (f64, Point3<f64>) {
        let [first, second] = ends.map(|end| self.places[end as usize]);
        let mut quadric = self.quadrics[ends[0] as usize];
        quadric.add(&self.quadrics[ends[1] as usize]);
        let length = (second - first).norm();
        let middle = nalgebra::center(&first, &second);
        let lowest = quadric.lowest().filter(|place| (place - middle).norm() <= length);
        let candidates = [lowest.unwrap_or(middle), first, second];
        let [mut best, others @ ..] = candidates.map(|place| (quadric.at(&place), place));
        for other in others {
            if other.0 < best.0 {
                best = other;
            }
        }
        // Where the surface is flat every collapse is free: then short edges go first.
        (best.0.max(0.0) + 1e-6 * length.powi(4), best.1)
    }

    /// The vertices next to one, each once.
    fn neighbours(&self, vertex: u32) -> Vec<u32> {
        let around = self.around[vertex as usize].iter();
        let corners = around.flat_map(|&triangle| self.triangles[triangle as usize]);
        let mut neighbours: Vec<u32> = corners.filter(|&corner| corner != vertex).collect();
        neighbours.sort_unstable();
        neighbours.dedup();
        neighbours
    }

    /// Whether the surface stays closed and in its pieces: the ends have two neighbours in common (the link condition
    /// for surfaces; T. K. Dey et al., "Topology preserving edge contraction", 1999), and what is left of the edges to
    /// those has two different triangles.
    fn keeps_topology(&self, [a, b]: [u32; 2], neighbours: &[Vec<u32>; 2]) -> bool {
        let [of_a, of_b] = neighbours;
        let mut shared = of_a.iter().filter(|vertex| of_b.binary_search(vertex).is_ok());
        let (Some(&c), Some(&d), None) = (shared.next(), shared.next(), shared.next()) else {
            return false;
        };
        // The third corner of the triangle on the other side of the edge from `from` to `to`.
        let beyond = |from: u32, to: u32, other: u32| {
            let around = self.around[from as usize].iter();
            let triangles = around.map(|&triangle| self.triangles[triangle as usize]);
            let mut beyond =
                triangles.filter(|corners| corners.contains(&to) && !corners.contains(&other));
            let corner = beyond.next()?.into_iter().find(|&corner| corner != from && corner != to);
            corner.filter(|_| beyond.next().is_none())
        };
        [c, d].into_iter().all(|side| {
            let (first, second) = (beyond(a, side, b), beyond(b, side, a));
            first.is_some() && second.is_some() && first != second
        })
    }

    /// Whether no triangle that stays would turn over or shrink to nothing.
    fn keeps_sides(&self, [a, b]: [u32; 2], left: &Point3<f64>) -> bool {
        let is_kept = |vertex: u32, other: u32| {
            self.around[vertex as usize].iter().all(|&triangle| {
                let corners = self.triangles[triangle as usize];
                if corners.contains(&other) {
                    return true;
                }
                let old = corners.map(|corner| self.places[corner as usize]);
                let mut new = old;
                for (place, corner) in new.iter_mut().zip(corners) {
                    if corner == vertex {
                        *place = *left;
                    }
                }
                let normal = |[a, b, c]: [Point3<f64>; 3]| (b - a).cross(&(c - a));
                let (old, new) = (normal(old), normal(new));
                let size = old.norm() * new.norm();
                // What has no area yet has no side to keep.
                new.norm() > 1e-12 && (old.norm() <= 1e-12 || old.dot(&new) > LEAST_COSINE * size)
            })
        };
        is_kept(a, b) && is_kept(b, a)
    }

    /// Collapses an edge if it may be.
    fn collapse(&mut self, ends: [u32; 2]) -> bool {
        let [a, b] = ends;
        let (_, place) = self.best(ends);
        let neighbours = ends.map(|end| self.neighbours(end));
        if !self.keeps_topology(ends, &neighbours) || !self.keeps_sides(ends, &place) {
            return false;
        }
        let of_b = std::mem::take(&mut self.around[b as usize]);
        for triangle in of_b {
            let corners = self.triangles[triangle as usize];
            if corners.contains(&a) {
                self.is_gone[triangle as usize] = true;
                for corner in corners.into_iter().filter(|&corner| corner != b) {
                    self.around[corner as usize].retain(|&other| other != triangle);
                }
            } else {
                self.triangles[triangle as usize] =
                    corners.map(|corner| if corner == b { a } else { corner });
                self.around[a as usize].push(triangle);
            }
        }
        self.places[a as usize] = place;
        let quadric = self.quadrics[b as usize];
        self.quadrics[a as usize].add(&quadric);
        self.went_into[b as usize] = a;
        self.has_moved[a as usize] = true;
        true
    }

    /// How far 95 of 100 of the vertices that were there are from the surface at most.
    ///
    /// A vertex is as far from the surface as from the triangles around the vertex that it went into, or nearer.
    fn moved_mm(&mut self, mesh: &Mesh) -> f64 {
        let mut moved: Vec<f64> = Vec::with_capacity(mesh.vertices_mm.len());
        for (vertex, place) in (0..).zip(&mesh.vertices_mm) {
            let mut left: u32 = vertex;
            while self.went_into[left as usize] != left {
                let above = self.went_into[self.went_into[left as usize] as usize];
                self.went_into[left as usize] = above;
                left = above;
            }
            let around = self.around[left as usize].iter();
            let off = around.map(|&triangle| {
                let corners = self.triangles[triangle as usize];
                distance_to_triangle_mm(place, &corners.map(|c| self.places[c as usize]))
            });
            moved.push(off.fold(f64::INFINITY, f64::min));
        }
        let rank = moved.len() * 95 / 100;
        let finite = |moved: &f64| if moved.is_finite() { *moved } else { 0.0 };
        if rank >= moved.len() {
            return 0.0;
        }
        let (_, moved_mm, _) = moved.select_nth_unstable_by(rank, f64::total_cmp);
        finite(moved_mm)
    }

    fn into_mesh(self) -> Mesh {
        let mut renamed = vec![u32::MAX; self.places.len()];
        let mut mesh = Mesh::default();
        for (triangle, is_gone) in self.triangles.iter().zip(&self.is_gone) {
            if *is_gone {
                continue;
            }
            let triangle = triangle.map(|corner| {
                let name = &mut renamed[corner as usize];
                if *name == u32::MAX {
                    *name = mesh.vertices_mm.len() as u32;
                    mesh.vertices_mm.push(self.places[corner as usize]);
                }
                *name
            });
            mesh.triangles.push(triangle);
        }
        mesh
    }
}
