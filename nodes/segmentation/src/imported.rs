//! Surfaces made elsewhere: equal vertices become one, and large ones are simplified as our own are.

use std::collections::HashMap;

use messages::surfaces::{Mesh as SurfaceMesh, SurfaceParts};
use nalgebra::Point3;

use crate::mesh::Mesh;
use crate::surface_net::simplify::simplify;

/// The surface to be sent on, with at most `max_triangles` if it can be had.
///
/// Its error adds up, as independent errors do, from what it came with and from what the simplification moved. Where a
/// surface is open or branches it stays as it is.
pub fn parts(mesh: &SurfaceMesh<'_>, max_triangles: usize) -> SurfaceParts {
    let welded = weld(mesh);
    let (mesh_mm, moved_mm) = if welded.triangles.len() > max_triangles {
        simplify(&welded, max_triangles)
    } else {
        (welded, 0.0)
    };
    let error_mm = f64::from(mesh.surface.error_mm).hypot(moved_mm) as f32;
    let vertices = mesh_mm.vertices_mm.iter();
    let triangles = mesh_mm.triangles.iter();
    (
        mesh.surface.structure.clone(),
        error_mm,
        vertices.map(|vertex| [vertex.x, vertex.y, vertex.z].map(|mm| mm as f32)).collect(),
        triangles.map(|triangle| triangle.map(|corner| corner as i32)).collect(),
    )
}

/// One vertex for each place that a triangle uses; triangles that lose a corner by that go.
fn weld(mesh: &SurfaceMesh<'_>) -> Mesh {
    let mut known: HashMap<[u32; 3], u32> = HashMap::new();
    let mut welded = Mesh::default();
    for corners in mesh.corners {
        // The message has checked that all corners are there.
        let triangle = corners.map(|corner| {
            let place = mesh.positions_mm[corner as usize];
            // Adding zero makes both zeros one.
            *known.entry(place.map(|mm| (mm + 0.0).to_bits())).or_insert_with(|| {
                welded.vertices_mm.push(Point3::from(place.map(f64::from)));
                welded.vertices_mm.len() as u32 - 1
            })
        });
        let [a, b, c] = triangle;
        if a != b && b != c && c != a {
            welded.triangles.push(triangle);
        }
    }
    welded
}

#[cfg(test)]
mod tests {
    use messages::{Preoperative, Structure, StructureKind, Surfaces};

    use super::*;

    /// A bar of 10 × 10 × 40 mm, each side of `n` × `n` squares, every triangle with corners of its own.
    fn bar(n: usize) -> Surfaces<Preoperative> {
        let (mut places, mut corners) = (Vec::new(), Vec::new());
        for (axis, side) in [0, 1, 2].into_iter().flat_map(|axis| [(axis, 0.0), (axis, 1.0)]) {
            let at = |i: usize, j: usize| {
                let mut place = [0.0; 3];
                place[axis] = side;
                place[(axis + 1) % 3] = i as f32 / n as f32;
                place[(axis + 2) % 3] = j as f32 / n as f32;
                [10.0 * place[0], 10.0 * place[1], 40.0 * place[2]]
            };
            for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
                let [a, b, c, d] = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)];
                for mut three in [[a, b, c], [a, c, d]] {
                    if side == 0.0 {
                        three.swap(1, 2);
                    }
                    let first = places.len() as i32;
                    places.extend(three);
                    corners.push([first, first + 1, first + 2]);
                }
            }
        }
        let structure = Structure { name: "bar".to_owned(), kind: StructureKind::Nerve };
        Surfaces::new(vec![(structure, 0.75, places, corners)]).unwrap()
    }

    fn volume_mm3(vertices: &[[f32; 3]], triangles: &[[i32; 3]]) -> f64 {
        let vertices_mm = vertices.iter().map(|v| Point3::from(v.map(f64::from))).collect();
        let triangles = triangles.iter().map(|t| t.map(|corner| corner as u32)).collect();
        Mesh { vertices_mm, triangles }.volume_mm3()
    }

    #[test]
    fn a_small_surface_stays_as_it_is_but_for_equal_vertices() {
        let surfaces = bar(4);
        let (structure, error_mm, vertices, triangles) =
            parts(&surfaces.meshes().next().unwrap(), 192);
        assert_eq!((&*structure.name, structure.kind), ("bar", StructureKind::Nerve));
        assert_eq!((vertices.len(), triangles.len(), error_mm), (98, 192, 0.75));
        assert!((volume_mm3(&vertices, &triangles) - 4000.0).abs() < 1e-3);
    }

    #[test]
    fn a_large_surface_is_simplified_and_stays_where_it_is() {
        let surfaces = bar(20);
        let (_, error_mm, vertices, triangles) = parts(&surfaces.meshes().next().unwrap(), 200);
        assert!(triangles.len() <= 200, "{}", triangles.len());
        assert!((volume_mm3(&vertices, &triangles) - 4000.0).abs() < 40.0);
        assert!((0.75..1.0).contains(&error_mm), "{error_mm}");
    }

    #[test]
    fn an_open_surface_keeps_its_edge() {
        let surfaces = bar(20);
        let mesh = surfaces.meshes().next().unwrap();
        let open = SurfaceMesh { corners: &mesh.corners[..800], ..mesh };
        let (_, _, vertices, triangles) = parts(&open, 100);
        assert!(triangles.len() < 800);
        let count = vertices.iter().filter(|v| v[0] == 0.0).count();
        assert!(count >= 20, "{count}");
    }
}
