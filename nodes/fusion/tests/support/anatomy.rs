//! A map as large as a real one: an organ, and vessels that wind through it.
#![allow(dead_code, missing_docs, clippy::unwrap_used, reason = "each test takes its part of it")]

use messages::{Preoperative, Stamped, StructureKind, Surfaces};
use nalgebra::Vector3;

use crate::scene::map;
use crate::shapes::{Shape, capsule};

/// 25 structures of about 200 000 triangles together.
pub fn map_of_25() -> Stamped<Surfaces<Preoperative>> {
    let mut structures = vec![("liver".to_owned(), StructureKind::Organ, organ())];
    for index in 0..24 {
        let turn = f64::from(index) * 2.4;
        let start =
            Vector3::new(60.0 * turn.sin(), 50.0 * turn.cos(), 4.0 * f64::from(index) - 50.0);
        structures.push((format!("vessel_{index}"), StructureKind::Vein, winding(start, turn)));
    }
    map(structures
        .iter()
        .map(|(name, kind, shape)| (name.as_str(), *kind, 1.0, shape.clone()))
        .collect())
}

/// Longer than broad and broader than high, and tapered, as a liver is.
fn organ() -> Shape {
    let (mut vertices, triangles) = capsule([-40.0, 0.0, 0.0], [40.0, 0.0, 0.0], 70.0, 140);
    for [x, y, z] in &mut vertices {
        let taper = 1.0 - *x / 300.0;
        (*y, *z) = (*y * taper, *z * 0.7 * taper + *y * *y / 400.0);
    }
    (vertices, triangles)
}

/// A closed tube of 7 500 triangles that winds over 150 mm.
fn winding(start: Vector3<f64>, turn: f64) -> Shape {
    let (mut vertices, triangles) = capsule([0.0; 3], [0.0, 0.0, 0.001], 1.0, 88);
    for vertex in &mut vertices {
        let [x, y, z] = vertex.map(f64::from);
        let along = 75.0 * z;
        let radius = 2.0 + 0.02 * along;
        let bend = Vector3::new((along / 20.0 + turn).sin(), (along / 27.0).cos(), 0.0) * 12.0;
        let at = start + bend + Vector3::new(x * radius, y * radius, along);
        *vertex = at.cast::<f32>().into();
    }
    (vertices, triangles)
}
