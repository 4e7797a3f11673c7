//! What a file of a surface or tree holds, told in numbers.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::path::PathBuf;

use formats::shape_summary::{Kind, Summary};
use formats::surface_file::{Space, Surface, SurfaceKind, VtpData};

fn file(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)).unwrap()
}

#[test]
fn a_closed_surface_of_each_kind() {
    for (name, kind) in [
        ("surfaces/binary.stl", Kind::Stl),
        ("surfaces/text.stl", Kind::Stl),
        ("surfaces/text.ply", Kind::Ply),
        ("surfaces/appended-raw-zlib.vtp", Kind::Vtp),
        ("surfaces/binary-4.2.vtk", Kind::Vtk),
    ] {
        let summary = Summary::read(&file(name), Space::Lps).unwrap();
        assert_eq!((summary.kind, summary.vertices, summary.triangles), (kind, 4, 4), "{name}");
        assert_eq!((summary.open_edges, summary.branching_edges), (0, 0), "{name}");
        assert!(summary.is_closed(), "{name}");
        assert_eq!((summary.lines, summary.length_mm, summary.radius_mm), (0, 0.0, None), "{name}");
        assert_eq!(summary.bounds_mm, [[-11.0, -12.0, 3.0], [-1.0, -2.0, 13.0]], "{name}");
        assert_eq!(summary.said, Some(Space::Ras), "{name}");
    }
    let arrays = Summary::read(&file("surfaces/text-5.1.vtk"), Space::Lps).unwrap().arrays;
    assert_eq!(arrays, ["Label", "Big name"]);
    assert_eq!(Kind::Vtk.to_string(), "legacy VTK");
}

#[test]
fn a_tree_with_radii() {
    for name in ["trees/text.vtp", "trees/binary-5.1.vtk"] {
        let summary = Summary::read(&file(name), Space::Ras).unwrap();
        assert_eq!((summary.vertices, summary.triangles, summary.lines), (5, 0, 2), "{name}");
        assert!((summary.length_mm - 32.585).abs() < 1e-3, "{name}: {}", summary.length_mm);
        assert_eq!(summary.radius_mm, Some([0.125, 4.0]), "{name}");
        assert_eq!(summary.bounds_mm, [[-100.0, -200.0, 3.0], [4.0, -2.0, 300.0]], "{name}");
        assert_eq!((summary.said, summary.is_closed()), (None, false), "{name}");
        assert_eq!(summary.arrays, ["Side branch"], "{name}");
    }
}

#[test]
fn open_edges_are_counted_also_where_corners_are_there_twice() {
    let summary = |triangles: &[[u32; 3]]| {
        // The last vertex lies where the first one does.
        let vertices_mm =
            vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-0.0; 3]];
        let surface =
            Surface { vertices_mm, triangles: triangles.into(), arrays: vec![], said: None };
        let bytes = surface.write(SurfaceKind::Vtp(VtpData::Base64)).unwrap();
        Summary::read(&bytes, Space::Lps).unwrap()
    };
    let closed = summary(&[[0, 2, 1], [0, 1, 3], [1, 2, 3], [4, 3, 2]]);
    assert_eq!((closed.open_edges, closed.branching_edges), (0, 0));
    let open = summary(&[[0, 2, 1], [0, 1, 3], [1, 2, 3]]);
    assert_eq!((open.open_edges, open.branching_edges, open.is_closed()), (3, 0, false));
    let fins = summary(&[[0, 1, 2], [0, 1, 3], [4, 1, 3], [0, 4, 1]]);
    // The edge from 0 to 1 has three triangles, the one from 0 to 3 and that from 1 to 3 two.
    assert_eq!((fins.open_edges, fins.branching_edges), (2, 1));
}

#[test]
fn a_file_of_both_is_both_and_one_of_neither_is_refused() {
    let both = b"# vtk DataFile Version 3.0\nx\nASCII\nDATASET POLYDATA\nPOINTS 3 float\n\
        0 0 0 1 0 0 0 1 0\nLINES 1 3\n2 0 1\nPOLYGONS 1 4\n3 0 1 2\n";
    let summary = Summary::read(both, Space::Lps).unwrap();
    assert_eq!((summary.triangles, summary.open_edges), (1, 3));
    assert_eq!((summary.lines, summary.length_mm), (1, 1.0));
    let points = b"# vtk DataFile Version 3.0\nx\nASCII\nDATASET POLYDATA\nPOINTS 1 float\n0 0 0\n";
    assert!(Summary::read(points, Space::Lps).unwrap_err().to_string().contains("no triangle"));
    assert!(Summary::read(b"P5 1 1 255 x", Space::Lps).is_err());
}
