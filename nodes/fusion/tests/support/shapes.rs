//! Closed surfaces whose distances are known.
#![allow(dead_code, missing_docs, clippy::unwrap_used, reason = "each test takes its part of it")]

use nalgebra::{Point3, Vector3};

/// Vertices and triangles, counterclockwise seen from outside.
pub type Shape = (Vec<[f32; 3]>, Vec<[i32; 3]>);

/// A box with edges along the axes.
pub fn cuboid(centre: [f64; 3], half: [f64; 3]) -> Shape {
    let corners = (0..8).map(|corner: usize| {
        std::array::from_fn(|axis| {
            let sign = if corner >> axis & 1 == 1 { 1.0 } else { -1.0 };
            (centre[axis] + sign * half[axis]) as f32
        })
    });
    let sides =
        [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
    let triangles = sides.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]);
    (corners.collect(), triangles.collect())
}

/// A cylinder with round ends around the segment between two places; a sphere if they are the same.
pub fn capsule(from: [f64; 3], to: [f64; 3], radius_mm: f64, around: usize) -> Shape {
    let (from, to) = (Point3::from(from), Point3::from(to));
    let along = (to - from).try_normalize(1e-9).unwrap_or_else(Vector3::z);
    let side = along.cross(&if along.x.abs() < 0.8 { Vector3::x() } else { Vector3::y() });
    let side = side.normalize();
    let other = along.cross(&side);
    let half = around / 4;
    let mut vertices = vec![from - along * radius_mm];
    // Rings from one pole to the other, those at the ends of the cylinder included.
    let rings = (1..=half).map(|ring| (from, ring)).chain((half..2 * half).map(|ring| (to, ring)));
    let rings: Vec<_> = rings.collect();
    for (centre, ring) in &rings {
        let latitude = std::f64::consts::PI * *ring as f64 / (2 * half) as f64;
        for step in 0..around {
            let (sine, cosine) = (std::f64::consts::TAU * step as f64 / around as f64).sin_cos();
            let out = (side * cosine + other * sine) * latitude.sin() - along * latitude.cos();
            vertices.push(centre + out * radius_mm);
        }
    }
    vertices.push(to + along * radius_mm);
    let at = |ring: usize, step: usize| (1 + ring * around + step % around) as i32;
    let last = vertices.len() as i32 - 1;
    let mut triangles = Vec::new();
    for step in 0..around {
        triangles.push([0, at(0, step + 1), at(0, step)]);
        triangles.push([last, at(rings.len() - 1, step), at(rings.len() - 1, step + 1)]);
        for ring in 1..rings.len() {
            let [a, b] = [at(ring - 1, step), at(ring - 1, step + 1)];
            let [c, d] = [at(ring, step), at(ring, step + 1)];
            triangles.extend([[a, b, d], [a, d, c]]);
        }
    }
    (vertices.iter().map(|place| place.coords.cast::<f32>().into()).collect(), triangles)
}

/// Two shapes as one, the second turned inside out: a cavity.
pub fn hollow(outer: Shape, inner: Shape) -> Shape {
    let (mut vertices, mut triangles) = outer;
    let first = vertices.len() as i32;
    vertices.extend(inner.0);
    triangles.extend(inner.1.iter().map(|&[a, b, c]| [a + first, c + first, b + first]));
    (vertices, triangles)
}
