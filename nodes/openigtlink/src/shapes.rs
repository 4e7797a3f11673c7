//! Surfaces and vessel trees as POLYDATA, landmarks as POINT.

use formats::openigtlink::{
    Attribute, AttributeKind, AttributeValues, Point, Points, PolyCells, PolyData, Text,
};
use messages::surfaces::Mesh;
use messages::{Landmarks, VesselTree};

use crate::coordinates::Coordinates;

/// The surface of one structure.
pub fn surface(mesh: &Mesh<'_>, coordinates: Coordinates) -> PolyData {
    let polygons = mesh
        .corners
        .iter()
        // Corners are checked to be indices of vertices.
        .flat_map(|corners| std::iter::once(3).chain(corners.map(|corner| corner as u32)))
        .collect();
    PolyData {
        points_mm: coordinates.points(mesh.positions_mm.as_flattened()),
        polygons: PolyCells(polygons),
        ..PolyData::default()
    }
}

/// The centrelines of a tree: a line for each branch, with the radius of the vessel at each point, in mm, and the number
/// of the structure that each branch belongs to, −1 where that is not known.
pub fn tree<In>(tree: &VesselTree<In>, coordinates: Coordinates) -> PolyData {
    let mut lines = Vec::new();
    let mut paths = tree.paths.as_slice();
    for length in tree.path_lengths.as_slice() {
        // Checked on arrival.
        let (path, rest) = paths.split_at((*length as usize).min(paths.len()));
        paths = rest;
        lines.push(path.len() as u32);
        lines.extend(path.iter().map(|node| *node as u32));
    }
    let radii = Attribute {
        kind: AttributeKind::SCALARS,
        components: 1,
        tuples: tree.nodes,
        name: b"radius_mm".to_vec(),
        values: AttributeValues::Float32(tree.radii_mm.as_slice().to_vec()),
    };
    let structures = Attribute {
        kind: AttributeKind::SCALARS.of_cells(),
        components: 1,
        tuples: tree.branches,
        name: b"structure".to_vec(),
        values: AttributeValues::Float32(
            tree.structure.as_slice().iter().map(|label| f32::from(*label)).collect(),
        ),
    };
    PolyData {
        points_mm: coordinates.points(tree.positions_mm.as_slice()),
        lines: PolyCells(lines),
        attributes: vec![radii, structures],
        ..PolyData::default()
    }
}

/// Named points; of a name longer than the protocol has room for, its beginning.
pub fn points<In>(landmarks: &Landmarks<In>, coordinates: Coordinates) -> Points {
    let point = |landmark: &messages::Landmark<In>| {
        let place = landmark.position.xyz_mm.coords.map(|mm| mm as f32);
        let turned = coordinates.points(place.as_slice());
        Point {
            name: Text::truncated(&landmark.name),
            group: Text::truncated("Landmark"),
            rgba: [255, 255, 0, 255],
            position_mm: [turned[0], turned[1], turned[2]],
            diameter_mm: 0.0,
            owner: Text::default(),
        }
    };
    Points { points: landmarks.landmarks.iter().map(point).collect() }
}

#[cfg(test)]
mod tests {
    use formats::openigtlink::{Content, Message, Timestamp};
    use messages::centrelines::{Branch, Node};
    use messages::{Centrelines, Patient, Structure, StructureKind, Surfaces};
    use nalgebra::Point3;

    use super::*;

    fn structure() -> Structure {
        Structure { name: "portal_vein".into(), kind: StructureKind::Vein }
    }

    /// As it comes to a client.
    fn sent(data: PolyData) -> PolyData {
        let message =
            Message::new("POLYDATA", "x", Timestamp::default(), Content::PolyData(data)).unwrap();
        match Message::decode(&message.encode().unwrap()).unwrap().0.content {
            Content::PolyData(data) => data,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_surface_keeps_its_triangles_and_is_turned() {
        let vertices = vec![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [0.0, 0.0, 1.0]];
        let parts = (structure(), 0.5, vertices, vec![[0, 1, 2], [0, 2, 3]]);
        let surfaces = Surfaces::<Patient>::new(vec![parts]).unwrap();
        let mesh = surfaces.meshes().next().unwrap();
        let data = sent(surface(&mesh, Coordinates::Ras));
        assert_eq!(data.points_mm[..6], [-1.0, -2.0, 3.0, -4.0, -5.0, 6.0]);
        let cells: Vec<_> = data.polygons.cells().map(Option::unwrap).collect();
        assert_eq!(cells, [[0, 1, 2], [0, 2, 3]]);
    }

    #[test]
    fn a_tree_keeps_its_branches_and_radii() {
        let node = |x: f64, radius_mm| Node { position_mm: Point3::new(x, 1.0, 2.0), radius_mm };
        let nodes = vec![node(0.0, 3.0), node(5.0, 2.0), node(9.0, 1.0)];
        let branches = vec![
            Branch { nodes: vec![0, 1, 2], label: Some(0) },
            Branch { nodes: vec![1, 2], label: None },
        ];
        let centrelines = Centrelines::new(nodes, branches).unwrap();
        let message = VesselTree::<Patient>::new(&centrelines, vec![structure()]).unwrap();
        let data = sent(tree(&message, Coordinates::Lps));
        assert_eq!(data.points_mm[3..6], [5.0, 1.0, 2.0]);
        let lines: Vec<Vec<u32>> = data.lines.cells().map(|line| line.unwrap().to_vec()).collect();
        assert_eq!(lines, [vec![0, 1, 2], vec![1, 2]]);
        let numbers = |at: usize| data.attributes[at].values.clone();
        assert_eq!(numbers(0), AttributeValues::Float32(vec![3.0, 2.0, 1.0]));
        assert_eq!(numbers(1), AttributeValues::Float32(vec![0.0, -1.0]));
    }

    #[test]
    fn landmarks_keep_their_names_and_are_turned() {
        let name = "gallbladder_fundus";
        let position = messages::Point::<Patient>::new(Point3::new(1.5, -2.0, 3.0));
        let landmark = |name: &str| messages::Landmark { name: name.to_owned(), position };
        let long = "n".repeat(100);
        let landmarks = Landmarks { landmarks: vec![landmark(name), landmark(&long)] };
        let points = points(&landmarks, Coordinates::Ras);
        assert_eq!(points.points[0].name.to_str(), name);
        assert_eq!(points.points[0].position_mm, [-1.5, 2.0, 3.0]);
        assert_eq!(points.points[1].name.to_str(), "n".repeat(64));
    }
}
