//! Takes triangles away from a closed surface where that changes least.
//!
//! The edge whose collapse moves the surface least goes first, by the squared distances to the planes of the triangles
//! that it stood for (M. Garland and P. S. Heckbert, "Surface Simplification Using Quadric Error Metrics",
//! SIGGRAPH 1997). An edge stays where its collapse would join sheets, open the surface or turn a triangle over, so
//! the surface stays closed and in as many pieces as it was.

mod quadric;

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use nalgebra::Point3;

use crate::mesh::{Mesh, distance_to_triangle_mm};
use quadric::Quadric;

/// Of a collapsed edge's neighbouring triangles none may turn by more than about 78°.
const LEAST_COSINE: f64 = 0.2;

/// A surface with at most `max_triangles`, if it can be had, and how far 95 of 100 of the vertices of the given one are
/// from it at most, millimetres.
pub fn simplify(mesh: &Mesh, max_triangles: usize) -> (Mesh, f64) {
    let mut work = Work::new(mesh);
    let mut left = mesh.triangles.len();
    while left > max_triangles {
        let Some(edge) = work.heap.pop() else { break };
        if work.is_current(&edge) && work.collapse(&edge) {
            left -= 2;
        }
    }
    let moved_mm = work.moved_mm(mesh);
    (work.into_mesh(), moved_mm)
}

/// An edge that could go.
#[derive(Clone, Copy, Debug)]
struct Edge {
    cost: f64,
    ends: [u32; 2],
    /// How often the ends had changed when the cost was found.
    changes: [u32; 2],
    /// Where the vertex that is left lies.
    place: Point3<f64>,
}

impl Ord for Edge {
    /// The cheapest edge is the greatest, as a heap wants it.
    fn cmp(&self, other: &Self) -> Ordering {
        other.cost.total_cmp(&self.cost).then_with(|| other.ends.cmp(&self.ends))
    }
}
impl PartialOrd for Edge {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Edge {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Edge {}

struct Work {
    places: Vec<Point3<f64>>,
    quadrics: Vec<Quadric>,
    changes: Vec<u32>,
    /// The vertex that a vertex went into; itself while it is there.
    went_into: Vec<u32>,
    triangles: Vec<[u32; 3]>,
    is_gone: Vec<bool>,
    /// The triangles at each vertex.
    around: Vec<Vec<u32>>,
    heap: BinaryHeap<Edge>,
}

impl Work {
    fn new(mesh: &Mesh) -> Self {
        let vertices = mesh.vertices_mm.len();
        let mut work = Self {
            places: mesh.vertices_mm.clone(),
            quadrics: vec![Quadric::default(); vertices],
            changes: vec![0; vertices],
            went_into: (0..vertices as u32).collect(),
            triangles: mesh.triangles.clone(),
            is_gone: vec![false; mesh.triangles.len()],
            around: vec![Vec::new(); vertices],
            heap: BinaryHeap::new(),
        };
        for (index, &triangle) in mesh.triangles.iter().enumerate() {
            let quadric = Quadric::of_triangle(&mesh.corners(triangle));
            for corner in triangle {
                work.quadrics[corner as usize].add(&quadric);
                work.around[corner as usize].push(index as u32);
            }
        }
        // Each edge is in two triangles, once in each direction.
        let edges = mesh.triangles.iter().flat_map(|&[a, b, c]| [(a, b), (b, c), (c, a)]);
        let edges = edges.filter(|(from, to)| from < to);
        work.heap = edges.map(|(from, to)| work.edge(from, to)).collect();
        work
    }

    fn edge(&self, a: u32, b: u32) -> Edge {
        let ends = [a.min(b), a.max(b)];
        let [first, second] = ends.map(|end| self.places[end as usize]);
        let mut quadric = self.quadrics[ends[0] as usize];
        quadric.add(&self.quadrics[ends[1] as usize]);
        let length = (second - first).norm();
        let middle = nalgebra::center(&first, &second);
        let best = quadric.lowest().filter(|place| (place - middle).norm() <= length);
        let candidates = [best.unwrap_or(middle), first, second];
        let cost = |place: &Point3<f64>| quadric.at(place);
        let place = candidates.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
        let place = place.unwrap_or(middle);
        // Where the surface is flat every collapse is free: then short edges go first.
        let cost = cost(&place).max(0.0) + 1e-6 * length.powi(4);
        Edge { cost, ends, changes: ends.map(|end| self.changes[end as usize]), place }
    }

    fn is_current(&self, edge: &Edge) -> bool {
        let now = edge.ends.map(|end| self.changes[end as usize]);
        let are_there = edge.ends.iter().all(|&end| self.went_into[end as usize] == end);
        are_there && now == edge.changes
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
    fn keeps_sides(&self, edge: &Edge) -> bool {
        let [a, b] = edge.ends;
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
                        *place = edge.place;
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
    fn collapse(&mut self, edge: &Edge) -> bool {
        let [a, b] = edge.ends;
        let neighbours = edge.ends.map(|end| self.neighbours(end));
        if !self.keeps_topology(edge.ends, &neighbours) || !self.keeps_sides(edge) {
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
        self.places[a as usize] = edge.place;
        let quadric = self.quadrics[b as usize];
        self.quadrics[a as usize].add(&quadric);
        self.went_into[b as usize] = a;
        self.changes[a as usize] += 1;
        for neighbour in self.neighbours(a) {
            let edge = self.edge(a, neighbour);
            self.heap.push(edge);
        }
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
