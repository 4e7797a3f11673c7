//! Lines and radii of vessel trees are what VTK and VMTK write, come back from our files, and wrong files are refused.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::path::PathBuf;

use formats::surface_file::Surface;
use formats::tree_file::{Error, PointArray, Space, Tree, TreeKind, VtpData};
use proptest::prelude::*;

/// A fork of two lines with a radius and a label at each point, and a point alone, as VTK writes it in each way; the
/// files say nothing of their axes.
const FILES: [&str; 8] = [
    "text.vtp",
    "base64-zlib.vtp",
    "appended-raw.vtp",
    "appended-zlib.vtp",
    "text-4.2.vtk",
    "binary-4.2.vtk",
    "text-5.1.vtk",
    "binary-5.1.vtk",
];

fn fork() -> Tree {
    Tree {
        points_mm: vec![
            [1.1, 2.0, 3.0],
            [1.1, 2.0, 13.0],
            [6.0, 2.0, 23.0],
            [-4.0, 2.0, 23.25],
            [100.0, 200.0, 300.0],
        ],
        lines: vec![vec![0, 1, 2], vec![1, 3]],
        radius_mm: Some(vec![4.0, 3.0, 2.0, 1.5, 0.125]),
        arrays: vec![PointArray {
            name: "Side branch".into(),
            values: vec![0.0, 0.0, 0.0, 1.0, -7.0],
        }],
        said: None,
    }
}

fn file(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/trees");
    std::fs::read(folder.join(name)).unwrap()
}

fn told(bytes: &[u8]) -> String {
    Tree::read(bytes, Space::Lps).unwrap_err().to_string()
}

#[test]
fn what_vtk_writes_is_the_same_tree_in_each_way_of_writing() {
    for name in FILES {
        assert_eq!(Tree::read(&file(name), Space::Lps).unwrap(), fork(), "{name}");
        let ras = Tree::read(&file(name), Space::Ras).unwrap();
        assert_eq!(ras.points_mm[3], [4.0, -2.0, 23.25], "{name}");
        assert_eq!(ras.radius_mm, fork().radius_mm, "{name}");
    }
    let expected = 10.0 + 124.01_f64.sqrt() + (5.1_f64.powi(2) + 10.25_f64.powi(2)).sqrt();
    assert!((fork().length_mm() - expected).abs() < 1e-12);
}

#[test]
fn every_type_of_array_of_vtk_is_read_or_passed_over() {
    for name in ["every-type-text.vtk", "every-type-binary.vtk"] {
        let tree = Tree::read(&file(name), Space::Ras).unwrap();
        assert_eq!((tree.said, &tree.lines), (Some(Space::Lps), &vec![vec![0, 1]]), "{name}");
        assert_eq!(tree.points_mm, [[0.0; 3], [1.0, 0.0, 0.0]], "{name}");
        let names: Vec<&str> = tree.arrays.iter().map(|array| array.name.as_str()).collect();
        let expected = [
            "withlut",
            "Char",
            "SignedChar",
            "UnsignedChar",
            "Short",
            "UnsignedShort",
            "Int",
            "UnsignedInt",
            "Long",
            "UnsignedLong",
            "LongLong",
            "UnsignedLongLong",
            "IdType",
            "Float",
            "Double",
        ];
        assert_eq!(names, expected, "{name}");
        assert_eq!(tree.arrays[0].values, [0.25, 1.0], "{name}");
        assert!(tree.arrays[1..].iter().all(|array| array.values == [1.0, 0.0]), "{name}");
    }
}

#[test]
fn a_tree_written_is_read_again_and_says_its_axes() {
    for kind in TreeKind::ALL {
        let written = fork().write(kind).unwrap();
        let again = Tree::read(&written, Space::Ras).unwrap();
        assert_eq!(again, Tree { said: Some(Space::Lps), ..fork() }, "{kind:?}");
    }
    let text = String::from_utf8(fork().write(TreeKind::VtkText).unwrap()).unwrap();
    assert!(
        text.starts_with("# vtk DataFile Version 4.2\nVesalius vessel tree SPACE=LPS\nASCII\n")
    );
    // A radius is a length, also where it is whole.
    assert!(text.contains("\nLINES 2 7\n3 0 1 2\n2 1 3\n"), "{text}");
    assert!(
        text.contains("\nRadius 1 5 double\n4 3 2 1.5 0.125\nSide%20branch 1 5 int\n"),
        "{text}"
    );
}

#[test]
fn the_radius_is_found_under_each_name() {
    let text = String::from_utf8(file("text-5.1.vtk")).unwrap();
    for (name, is_radius) in [
        ("Radius", true),
        ("radius", true),
        ("MaximumInscribedSphereRadius", true),
        ("Width", false),
    ] {
        let text = text.replace("MaximumInscribedSphereRadius", name);
        let tree = Tree::read(text.as_bytes(), Space::Lps).unwrap();
        assert_eq!(tree.radius_mm.is_some(), is_radius, "{name}");
        let has_array = tree.arrays.iter().any(|array| array.name == name);
        assert_eq!(has_array, !is_radius, "{name}");
        if !is_radius {
            let written = tree.write(TreeKind::VtkBinary).unwrap();
            let again = Tree::read(&written, Space::Ras).unwrap();
            assert_eq!(again, Tree { said: Some(Space::Lps), ..tree });
        }
    }
    // The others stay what they are.
    let mut tree = fork();
    tree.arrays.push(PointArray { name: "radius".into(), values: vec![9.0; 5] });
    let again = Tree::read(&tree.write(TreeKind::ALL[2]).unwrap(), Space::Ras).unwrap();
    assert_eq!((again.radius_mm, again.arrays), (tree.radius_mm, tree.arrays));
}

#[test]
fn axes_are_said_in_the_title_or_in_a_field() {
    let text = String::from_utf8(file("text-4.2.vtk")).unwrap();
    let said = |title: &str, field: &str| {
        let field = if field.is_empty() {
            String::new()
        } else {
            format!("DATASET POLYDATA\nFIELD FieldData 1\nSPACE 1 1 string\n{field}\n\nPOINTS")
        };
        let text = text.replace("vtk output", title);
        let text =
            if field.is_empty() { text } else { text.replace("DATASET POLYDATA\nPOINTS", &field) };
        Tree::read(text.as_bytes(), Space::Lps)
    };
    assert_eq!(said("a SPACE=RAS, b", "").unwrap().said, Some(Space::Ras));
    assert_eq!(said("nothing", "RAS").unwrap().said, Some(Space::Ras));
    assert_eq!(said("SPACE=LPS", "LPS").unwrap().said, Some(Space::Lps));
    let wrong = said("SPACE=LPS", "RAS").unwrap_err().to_string();
    assert!(wrong.contains("the same everywhere"), "{wrong}");
    assert!(said("SPACE=LPS SPACE=RAS", "").is_err());
    assert!(said("SPACE=LPI", "").is_err());
}

#[test]
fn lines_and_triangles_of_one_file_are_told_apart() {
    let both = "# vtk DataFile Version 3.0\r\nx\r\nascii\r\nDATASET POLYDATA\r\nPOINTS 4 float\r\n\
        0 0 0 1 0 0\r\n0 1 0 0 0 1\r\nTRIANGLE_STRIPS 1 5 4 0 1 2 3 LINES 1 3 2 0 3\r\nPOLYGONS 1 5\r\n4 3 2 1 0";
    let tree = Tree::read(both.as_bytes(), Space::Lps).unwrap();
    assert_eq!((tree.lines, tree.radius_mm), (vec![vec![0, 3]], None));
    let surface = Surface::read(both.as_bytes(), Space::Lps).unwrap();
    assert_eq!(surface.triangles, [[3, 2, 1], [3, 1, 0], [0, 1, 2], [2, 1, 3]]);
    let said = Surface::read(&file("text.vtp"), Space::Lps).unwrap_err().to_string();
    assert!(
        said.contains("but 2 lines: these are centrelines; read it as a vessel tree"),
        "{said}"
    );
    let surface = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/surfaces/text.vtp");
    let said = told(&std::fs::read(surface).unwrap());
    assert!(said.contains("no line is in the file, but 4 triangles"), "{said}");
    assert!(told(b"solid x\nendsolid\n").contains("no VTP or legacy VTK file"));
}

#[test]
fn what_no_reader_would_take_is_not_written() {
    let bent = |bend: fn(&mut Tree), reason: &str| {
        let mut tree = fork();
        bend(&mut tree);
        for kind in TreeKind::ALL {
            let said = tree.write(kind).unwrap_err().to_string();
            assert!(said.contains(reason), "{kind:?}: {said}");
        }
        assert!(tree.length_mm().is_finite() || reason.contains("NaN"));
    };
    bent(|tree| tree.lines.clear(), "no line is in the file");
    bent(|tree| tree.lines[1] = vec![4], "two points or more");
    bent(|tree| tree.lines[1][0] = 5, "names vertex 5, but the file has 5");
    bent(|tree| tree.points_mm[2][0] = f64::NAN, "NaN or infinite");
    bent(|tree| tree.radius_mm = Some(vec![1.0; 4]), "a number for each of the 5 points");
    bent(|tree| tree.radius_mm = Some(vec![-1.0; 5]), "the radius of point 0");
    bent(|tree| tree.radius_mm = Some(vec![f64::INFINITY; 5]), "0 or more");
    bent(|tree| tree.arrays[0].name = "Radius".into(), "a name of its own");
    assert!(matches!(TreeKind::from_file_name("a.VTP"), Ok(TreeKind::Vtp(VtpData::Base64Zlib))));
    assert_eq!(TreeKind::from_file_name("a.vtk").unwrap().as_text(), TreeKind::VtkText);
    assert!(matches!(TreeKind::from_file_name("a.stl"), Err(Error::FileName { .. })));
}

/// Trees with places as far away as readers take.
fn trees() -> impl Strategy<Value = Tree> {
    (2_usize..40).prop_flat_map(|count| {
        let mm =
            || prop_oneof![9 => -500.0..500.0, 1 => prop::num::f32::NORMAL.prop_map(f64::from)];
        let values = prop_oneof![
            prop::collection::vec((-9_i32..9).prop_map(f64::from), count),
            prop::collection::vec(prop::num::f64::NORMAL, count),
        ];
        (
            prop::collection::vec([mm(), mm(), mm()], count),
            prop::collection::vec(prop::collection::vec(0..count as u32, 2..9), 1..9),
            prop::option::of(prop::collection::vec(0.0..30.0, count)),
            prop::option::of((r"\PC{1,12}", values)),
        )
            .prop_map(|(points_mm, lines, radius_mm, array)| {
                let array =
                    array.filter(|(name, _)| !formats::tree_file::RADII.contains(&name.as_str()));
                let arrays = array.into_iter().map(|(name, values)| PointArray { name, values });
                let said = Some(Space::Lps);
                Tree { points_mm, lines, radius_mm, arrays: arrays.collect(), said }
            })
    })
}

proptest! {
    #[test]
    fn any_tree_written_is_read_again(tree in trees(), kind in prop::sample::select(&TreeKind::ALL[..])) {
        let written = tree.write(kind).unwrap();
        prop_assert_eq!(Tree::read(&written, Space::Ras).unwrap(), tree);
    }
}
