//! Legacy VTK files that lie, are cut off, or hold something else are refused with the reason.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::path::PathBuf;

use formats::surface_file::{Error, Space, Surface};
use formats::tree_file::Tree;
use proptest::prelude::*;

const HEAD: &str = "# vtk DataFile Version 4.2\nx\nASCII\nDATASET POLYDATA\n";
const POINTS: &str = "POINTS 3 float\n0 0 0 1 0 0 0 1 0\n";

fn file(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)).unwrap()
}

fn read(bytes: &[u8]) -> Result<Surface, Error> {
    Surface::read(bytes, Space::Lps)
}

fn told(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

#[test]
fn a_wrong_text_is_refused_with_the_reason() {
    for (body, reason) in [
        ("POLYGONS 1 4\n3 0 1 2\n", None),
        ("POLYGONS 1 4\n3 0 1 3\n", Some("names vertex 3, but the file has 3")),
        ("POLYGONS 1 4\n3 0 1 -1\n", Some("should be the number of a vertex, but is `-1`")),
        ("POLYGONS 1 4\n3 0 1 2.5\n", Some("`POLYGONS` should be 4 numbers, but is `2.5`")),
        ("POLYGONS 1 4\n3 0 1\n", Some("POLYGONS should have 4 numbers, but the data end early")),
        ("POLYGONS 2 4\n3 0 1 2\n", Some("should have 2 cells, but the data end early")),
        ("POLYGONS 1 8\n3 0 1 2 3 0 1 2\n", Some("should have 1 cells, but more follows")),
        ("POLYGONS 1 4\n9 0 1 2\n", Some("from 1 to the 3 numbers that follow, but is `9`")),
        ("POLYGONS 1 3\n2 0 1\n", Some("three corners or more")),
        ("POLYGONS 1 1\n0\n", Some("from 1 to")),
        ("POLYGONS -1 4\n3 0 1 2\n", Some("should be a whole number, but is `-1`")),
        (
            "POLYGONS 4000000000 4000000001\n3 0 1 2\n",
            Some("at most 20000001, but is `4000000000`"),
        ),
        ("POLYGONS 9999999 59999999\n3 0 1 2\n", Some("the data end early")),
        ("POINTS 1 float\n0 0 0\n", Some("in the file once")),
        ("POLYGONS 1 4\n3 0 1 2 3\n", Some("a keyword such as `POINTS`")),
        ("VERTICES 1 2\n1 0\n", Some("no triangle is in the file")),
        ("LINES 1 3\n2 0 1\n", Some("read it as a vessel tree")),
        ("POLYGONS 1 4\n3 0 1 2\nPOINT_DATA 4\n", Some("for the 3 points above it, but is `4`")),
        ("SCALARS a float\n", Some("a keyword such as")),
        ("POLYGONS 1 4\n3 0 1 2\nPOINT_DATA 3\nSCALARS a float\n1 2 3", Some("`LOOKUP_TABLE`")),
        (
            "POLYGONS 1 4\n3 0 1 2\nPOINT_DATA 3\nSCALARS a half\nLOOKUP_TABLE default\n",
            Some("`half`"),
        ),
        (
            "POLYGONS 1 4\n3 0 1 2\nPOINT_DATA 3\nFIELD f 1\na 1 3 float\n1 2",
            Some("a should have 3 numbers"),
        ),
        ("POLYGONS 1 4\n3 0 1 2\nPOINT_DATA 3\nFIELD f 2\na 1 3 float\n1 2 3", Some("a name")),
        (
            "POLYGONS 1 4\n3 0 1 2\nPOINT_DATA 3\nFIELD f 1\na 20000000 20000000 int\n1",
            Some("end early"),
        ),
    ] {
        let text = format!("{HEAD}{POINTS}{body}");
        match (read(text.as_bytes()), reason) {
            (Ok(surface), None) => assert_eq!(surface.triangles, [[0, 1, 2]]),
            (Err(error), Some(reason)) => {
                let said = error.to_string();
                assert!(said.contains(reason), "{body}: {said}");
            }
            (came, _) => panic!("{body}: {came:?}"),
        }
    }
}

#[test]
fn a_wrong_head_is_refused_with_the_reason() {
    let whole = format!("{HEAD}{POINTS}POLYGONS 1 4\n3 0 1 2\n");
    for (from, to, reason) in [
        ("Version 4.2", "Version", "`# vtk DataFile Version` and a number"),
        ("Version 4.2", "Version 6.0", "version 6.0 of legacy VTK files is not supported"),
        ("ASCII", "XDR", "line 3 should be `ASCII` or `BINARY`, but is `XDR`"),
        ("DATASET POLYDATA\n", "", "should be `DATASET`, but is `POINTS`"),
        (
            "POLYDATA",
            "STRUCTURED_POINTS",
            "kind `STRUCTURED_POINTS` is not supported; it is a volume",
        ),
        ("POLYDATA", "RECTILINEAR_GRID", "kind `RECTILINEAR_GRID` is not supported; extract"),
        ("3 float", "4 float", "`POINTS` should be 12 numbers, but is `POLYGONS`"),
        ("3 float", "3 text", "`the type of POINTS` should be a type of numbers"),
        ("3 float", "90000000 float", "at most 20000000"),
        ("0 0 0 1", "0 0 nan 1", "vertex 0 (counted from 0) has a coordinate that is NaN"),
        ("0 0 0 1", "0 0 1e39 1", "NaN or infinite"),
        ("Version 4.2", "Version 5.1", "should be `OFFSETS`, but is `3`"),
    ] {
        assert!(whole.contains(from));
        let said = told(whole.replace(from, to).as_bytes());
        assert!(said.contains(reason), "{to}: {said}");
    }
}

#[test]
fn offsets_of_version_5_have_to_fit() {
    let whole = String::from_utf8(file("surfaces/text-5.1.vtk")).unwrap();
    for (from, to, reason) in [
        ("0 3 6 9 12", "1 3 6 9 12", "`OFFSETS` should be 0 at first, but is `1`"),
        ("0 3 6 9 12", "0 3 6 9 11", "should have 11 corners, but more follows"),
        ("0 3 6 9 12", "0 3 6 9 13", "`offsets` should be from 10 to 12, but is `13`"),
        ("0 3 6 9 12", "0 3 3 9 12", "`offsets` should be from 4 to 12, but is `3`"),
        ("0 3 6 9 12", "0 6 3 9 12", "`offsets` should be from 7 to 12, but is `3`"),
        ("POLYGONS 5 12", "POLYGONS 0 12", "should be `CONNECTIVITY`"),
        ("OFFSETS vtktypeint64", "OFFSETS float", "a type of whole numbers"),
        ("CONNECTIVITY", "CORNERS", "should be `CONNECTIVITY`, but is `CORNERS`"),
    ] {
        assert!(whole.contains(from));
        let said = told(whole.replace(from, to).as_bytes());
        assert!(said.contains(reason), "{to}: {said}");
    }
}

#[test]
fn labels_of_vertices_are_read() {
    for name in ["text-4.2.vtk", "binary-4.2.vtk", "text-5.1.vtk", "binary-5.1.vtk"] {
        let surface = read(&file(&format!("surfaces/{name}"))).unwrap();
        let arrays: Vec<(&str, &[f64])> =
            surface.arrays.iter().map(|array| (&*array.name, &*array.values)).collect();
        let expected =
            [("Label", &[7.0, 8.0, 9.0, 10.0][..]), ("Big name", &[7.5, 8.5, 9.5, 10.5])];
        assert_eq!(arrays, expected, "{name}");
    }
}

/// A binary file, its numbers of either byte order.
fn binary(is_big: bool, count: u32) -> Vec<u8> {
    let mut bytes = HEAD.replace("ASCII", "BINARY").into_bytes();
    bytes.extend_from_slice(b"POINTS 3 float\n");
    let mut put = |value: u32| {
        bytes.extend(if is_big { value.to_be_bytes() } else { value.to_le_bytes() });
    };
    for mm in [0.0_f32, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0] {
        put(mm.to_bits());
    }
    bytes.extend(format!("\nPOLYGONS 1 {count}\n").into_bytes());
    let mut put = |value: u32| {
        bytes.extend(if is_big { value.to_be_bytes() } else { value.to_le_bytes() });
    };
    for number in [3, 0, 1, 2] {
        put(number);
    }
    bytes
}

#[test]
fn numbers_of_the_wrong_byte_order_are_noticed() {
    assert_eq!(read(&binary(true, 4)).unwrap().vertices_mm[1], [1.0, 0.0, 0.0]);
    let said = told(&binary(false, 4));
    assert!(said.contains("little endian, where VTK has them big endian"), "{said}");
    // Of version 5 too: its offsets are of eight bytes.
    let mut bytes = file("surfaces/binary-5.1.vtk");
    for name in ["OFFSETS vtktypeint64\n", "CONNECTIVITY vtktypeint64\n"] {
        let start = bytes.windows(name.len()).position(|window| window == name.as_bytes()).unwrap();
        let numbers = if name.starts_with('O') { 5 } else { 12 };
        let start = start + name.len();
        for number in bytes[start..start + 8 * numbers].chunks_mut(8) {
            number.reverse();
        }
    }
    let said = told(&bytes);
    assert!(said.contains("little endian, where VTK has them big endian"), "{said}");
}

#[test]
fn binary_counts_that_lie_fill_no_memory() {
    assert!(told(&binary(true, 79_999_999)).contains("the data end early"));
    let bytes = String::from_utf8_lossy(&binary(true, 4)).replace("3 float", "20000000 double");
    assert!(told(bytes.as_bytes()).contains("POINTS should have 60000000 numbers"));
}

#[test]
fn cut_and_bent_trees_are_refused_or_well_formed() {
    let check = |bytes: &[u8], what: &str| {
        let Ok(tree) = Tree::read(bytes, Space::Ras) else { return };
        let count = tree.points_mm.len();
        assert!(tree.lines.iter().flatten().all(|point| (*point as usize) < count), "{what}");
        assert!(tree.lines.iter().all(|line| line.len() > 1), "{what}");
        assert!(tree.points_mm.iter().flatten().all(|mm| mm.is_finite()), "{what}");
        let radii = tree.radius_mm.unwrap_or_default();
        assert!(radii.is_empty() || radii.len() == count, "{what}");
        assert!(radii.iter().all(|mm| mm.is_finite() && *mm >= 0.0), "{what}");
    };
    for name in [
        "text.vtp",
        "appended-zlib.vtp",
        "text-4.2.vtk",
        "binary-4.2.vtk",
        "binary-5.1.vtk",
        "every-type-binary.vtk",
    ] {
        let mut bytes = file(&format!("trees/{name}"));
        for at in 0..bytes.len() {
            check(&bytes[..at], name);
            for bits in [0x01, 0x10, 0x80, 0xff] {
                bytes[at] ^= bits;
                check(&bytes, name);
                bytes[at] ^= bits;
            }
        }
    }
}

#[test]
fn what_is_wrong_with_radii_is_said() {
    let text = String::from_utf8(file("trees/text-4.2.vtk")).unwrap();
    for radius in ["-0.5", "nan", "inf"] {
        let bent = text.replace("0.125", radius);
        let said = Tree::read(bent.as_bytes(), Space::Lps).unwrap_err().to_string();
        let expected = "`the radius of point 4` should be a number of millimetres, 0 or more";
        assert!(said.contains(expected), "{said}");
    }
    // Of other numbers that are none nothing is said.
    let bent = text.replace("0 0 0 1 -7", "0 0 nan 1 -7").replace("branch int", "branch float");
    assert!(Tree::read(bent.as_bytes(), Space::Lps).unwrap().arrays.is_empty());
}

#[test]
fn meshes_of_tetrahedra_say_what_they_hold() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/msml_liver_deform");
    for (name, kind) in [
        ("ircad_tets_labled.vtk", "a legacy VTK file of kind `UNSTRUCTURED_GRID`"),
        ("ircad_disp0.vtu", "a VTK file of type `UnstructuredGrid`"),
    ] {
        let Ok(bytes) = std::fs::read(PathBuf::from(folder).join(name)) else {
            println!("SKIPPED: real data {name} is absent");
            return;
        };
        let expected =
            format!("{kind} with 10979 tetrahedra is not supported; extract its surface");
        let tree = Tree::read(&bytes, Space::Lps).unwrap_err().to_string();
        for said in [told(&bytes), tree] {
            assert!(said.starts_with(&expected), "{said}");
        }
    }
}

proptest! {
    #[test]
    fn any_words_are_refused_or_well_formed(
        words in prop::collection::vec(prop_oneof![
            prop::sample::select(vec![
                "POINTS", "LINES", "POLYGONS", "OFFSETS", "CONNECTIVITY", "POINT_DATA", "CELL_DATA",
                "SCALARS", "LOOKUP_TABLE", "FIELD", "METADATA", "VECTORS", "float", "int", "string",
                "bit", "a", "\n", "\n\n", "TRIANGLE_STRIPS", "VERTICES", "COLOR_SCALARS", "variant",
            ]).prop_map(str::to_owned),
            (0..9_u32).prop_map(|number| number.to_string()),
        ], 0..60),
        version in prop::sample::select(vec!["2.0", "4.2", "5.1"]),
        coding in prop::sample::select(vec!["ASCII", "BINARY"]),
    ) {
        let head = HEAD.replace("4.2", version).replace("ASCII", coding);
        let text = format!("{head}POINTS 1 float\n0 0 0 0 0 0 \n{}", words.join(" "));
        for bytes in [text.as_bytes(), &text.as_bytes()[..text.len() / 2]] {
            if let Ok(surface) = read(bytes) {
                let count = surface.vertices_mm.len() as u32;
                prop_assert!(surface.triangles.iter().flatten().all(|&corner| corner < count));
            }
            let _ = Tree::read(bytes, Space::Ras);
        }
    }
}
