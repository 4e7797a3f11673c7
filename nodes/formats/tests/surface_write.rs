//! A surface that was written is read again as it was, in each kind of file, in the same place of the body.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use formats::surface_file::{Error, PointArray, Space, Surface, SurfaceKind, VtpData};
use proptest::prelude::*;

/// One triangle in the left upper belly.
fn triangle() -> Surface {
    Surface {
        vertices_mm: vec![[1.5, -20.0, 300.0], [0.1, 0.2, 0.3], [-4.0, 5.0, -6e-7]],
        triangles: vec![[0, 1, 2]],
        arrays: Vec::new(),
        said: Some(Space::Lps),
    }
}

/// The corners of the triangles in space, whatever the vertices are called.
fn corners(surface: &Surface) -> Vec<[[f32; 3]; 3]> {
    let place = |corner: u32| surface.vertices_mm[corner as usize];
    surface.triangles.iter().map(|triangle| triangle.map(place)).collect()
}

fn is_stl(kind: SurfaceKind) -> bool {
    matches!(kind, SurfaceKind::StlBinary | SurfaceKind::StlText)
}

#[test]
fn the_same_vertex_lies_at_the_same_millimetre_in_all_kinds_and_both_spaces() {
    for kind in SurfaceKind::ALL {
        let bytes = triangle().write(kind).unwrap();
        // Nobody has to be told how its axes lie.
        let again = Surface::read(&bytes, Space::Ras).unwrap();
        assert_eq!(again, triangle(), "{kind:?}");
        // The same numbers in a file that says RAS lie on the other sides.
        let (from, to) = match kind {
            SurfaceKind::Vtp(VtpData::Text) => ("76 80 83 0", "82 65 83 0"),
            SurfaceKind::Vtp(VtpData::Base64) => ("BAAAAAAAAABMUFMA", "BAAAAAAAAABSQVMA"),
            SurfaceKind::Vtp(VtpData::Appended) => ("LPS\0", "RAS\0"),
            // Compressed letters are no text that could be replaced.
            SurfaceKind::Vtp(_) => continue,
            _ => ("SPACE=LPS", "SPACE=RAS"),
        };
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes());
        let mut ras = bytes.clone();
        let at = at.unwrap_or_else(|| panic!("{kind:?} has no {from}"));
        ras[at..at + to.len()].copy_from_slice(to.as_bytes());
        let ras = Surface::read(&ras, Space::Lps).unwrap();
        assert_eq!(ras.said, Some(Space::Ras), "{kind:?}");
        let expected = [[-1.5, 20.0, 300.0], [-0.1, -0.2, 0.3], [4.0, -5.0, -6e-7]];
        assert_eq!(corners(&ras), [expected], "{kind:?}");
    }
}

#[test]
fn headers_say_the_axes_where_3d_slicer_looks_for_them() {
    let text = |kind| String::from_utf8_lossy(&triangle().write(kind).unwrap()).into_owned();
    let line =
        |kind: SurfaceKind, index| text(kind).lines().nth(index).unwrap_or_default().to_owned();
    assert_eq!(line(SurfaceKind::StlText, 0), "solid Vesalius surface SPACE=LPS");
    let binary = triangle().write(SurfaceKind::StlBinary).unwrap();
    assert!(binary[..80].starts_with(b"Vesalius surface SPACE=LPS\0"));
    assert_eq!(binary.len(), 84 + 50);
    // The normal by the right hand, as a reader of triangles one by one wants it.
    let normal: Vec<f32> =
        binary[84..96].as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    assert!((normal.iter().map(|n| n * n).sum::<f32>() - 1.0).abs() < 1e-6, "{normal:?}");
    assert_eq!(line(SurfaceKind::PlyBinary, 3), "comment SPACE=LPS");
    assert_eq!(line(SurfaceKind::VtkBinary, 1), "Vesalius surface SPACE=LPS");
    assert!(text(SurfaceKind::Vtp(VtpData::Text)).contains(
        "<FieldData>\n<Array type=\"String\" Name=\"SPACE\" NumberOfTuples=\"1\" format=\"ascii\">\n76 80 83 0\n</Array>"
    ));
}

#[test]
fn the_ending_says_the_kind() {
    let kind = |name| SurfaceKind::from_file_name(name);
    assert_eq!(kind("liver.STL").unwrap(), SurfaceKind::StlBinary);
    assert_eq!(kind("a.b/liver.1.ply").unwrap(), SurfaceKind::PlyBinary);
    assert_eq!(kind("liver.vtp").unwrap(), SurfaceKind::Vtp(VtpData::Base64Zlib));
    assert_eq!(kind("liver.vtk").unwrap().as_text(), SurfaceKind::VtkText);
    for name in ["liver.obj", "liver", "stl", "liver.stl.gz", ""] {
        let said = kind(name).unwrap_err().to_string();
        assert!(said.contains("should end with `.stl`, `.ply`, `.vtp` or `.vtk`"), "{said}");
    }
}

#[test]
fn what_no_reader_would_take_is_not_written() {
    let bent = |bend: fn(&mut Surface)| {
        let mut surface = triangle();
        bend(&mut surface);
        let tell = |kind: SurfaceKind| surface.write(kind).unwrap_err().to_string();
        let said = tell(SurfaceKind::VtkText);
        assert!(SurfaceKind::ALL.into_iter().all(|kind| tell(kind) == said), "{said}");
        said
    };
    let array =
        |name: &str, values: &[f64]| PointArray { name: name.into(), values: values.into() };
    assert!(bent(|surface| surface.triangles.clear()).contains("no triangle"));
    assert!(
        bent(|surface| surface.triangles[0][1] = 3).contains("names vertex 3, but the file has 3")
    );
    assert!(bent(|surface| surface.vertices_mm[1][2] = f32::NAN).contains("vertex 1"));
    for (name, values, reason) in [
        ("Label", &[1.0, 2.0][..], "a number for each of the 3 points"),
        ("Label", &[1.0, 2.0, f64::NAN], "finite numbers"),
        ("", &[1.0, 2.0, 3.0], "printable letters"),
        ("a\nelement face 1", &[1.0, 2.0, 3.0], "printable letters"),
    ] {
        let surface = Surface { arrays: vec![array(name, values)], ..triangle() };
        for kind in SurfaceKind::ALL {
            let said = surface.write(kind).unwrap_err().to_string();
            assert!(said.contains(reason), "{said}");
        }
    }
    let twice = vec![array("a", &[1.0; 3]), array("a", &[2.0; 3])];
    let said =
        Surface { arrays: twice, ..triangle() }.write(SurfaceKind::ALL[4]).unwrap_err().to_string();
    assert!(said.contains("a name of its own"), "{said}");
    // A PLY would take these for something else.
    for name in ["x", "ny", "Big name", "Metadata", "NULL_ARRAY"] {
        let surface = Surface { arrays: vec![array(name, &[1.0; 3])], ..triangle() };
        let is_word = ["Metadata", "NULL_ARRAY"].contains(&name);
        assert_eq!(surface.write(SurfaceKind::PlyText).is_ok(), is_word, "{name}");
        for kind in [SurfaceKind::VtkBinary, SurfaceKind::VtkText, SurfaceKind::ALL[4]] {
            let again = surface.write(kind).unwrap();
            assert_eq!(Surface::read(&again, Space::Ras).unwrap(), surface);
        }
    }
}

#[test]
fn labels_stay_whole_numbers() {
    let labels = PointArray { name: "Label".into(), values: vec![7.0, -1.0, 2_000_000_000.0] };
    let depth = PointArray { name: "depth_mm".into(), values: vec![0.5, 1e300, -1.0 / 3.0] };
    let surface = Surface { arrays: vec![labels, depth], ..triangle() };
    let text = |kind| String::from_utf8(surface.write(kind).unwrap()).unwrap();
    assert!(text(SurfaceKind::VtkText).contains("\nLabel 1 3 int\n7 -1 2000000000\n"));
    assert!(text(SurfaceKind::PlyText).contains("property int Label\nproperty double depth_mm\n"));
    let vtp = text(SurfaceKind::Vtp(VtpData::Text));
    assert!(
        vtp.contains(
            "<DataArray type=\"Int32\" Name=\"Label\" format=\"ascii\">\n7 -1 2000000000\n"
        )
    );
    for kind in SurfaceKind::ALL.into_iter().filter(|kind| !is_stl(*kind)) {
        let again = Surface::read(&surface.write(kind).unwrap(), Space::Ras).unwrap();
        assert_eq!(again, surface, "{kind:?}");
    }
}

#[test]
fn a_surface_of_many_compressed_blocks_comes_back() {
    let side = 120_u32;
    let place =
        |index: u32| [(index % side) as f32 * 0.37, (index / side) as f32 / 3.0, index as f32];
    let mut triangles = Vec::new();
    for row in 0..side - 1 {
        for column in 0..side - 1 {
            let corner = row * side + column;
            triangles.push([corner, corner + 1, corner + side]);
            triangles.push([corner + 1, corner + side + 1, corner + side]);
        }
    }
    let vertices_mm = (0..side * side).map(place).collect();
    let surface = Surface { vertices_mm, triangles, arrays: Vec::new(), said: Some(Space::Lps) };
    for kind in SurfaceKind::ALL.into_iter().filter(|kind| !is_stl(*kind)) {
        let again = Surface::read(&surface.write(kind).unwrap(), Space::Ras).unwrap();
        assert!(again == surface, "{kind:?}");
    }
}

fn millimetres() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -500.0_f32..500.0,
        1 => prop::num::f32::NORMAL | prop::num::f32::SUBNORMAL | prop::num::f32::ZERO,
    ]
}

fn values(count: usize) -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        prop::collection::vec((-9_i32..9).prop_map(f64::from), count),
        prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO, count),
    ]
}

/// Any surface; names are words that a PLY can hold.
fn surfaces() -> impl Strategy<Value = Surface> {
    (3_usize..30).prop_flat_map(|count| {
        let corner = 0..count as u32;
        let name = "[A-Za-w_%&<>'\"][a-z0-9%&<>]{0,8}";
        let arrays = prop::collection::vec((name, values(count)), 0..3);
        (
            prop::collection::vec([millimetres(), millimetres(), millimetres()], count),
            prop::collection::vec([corner.clone(), corner.clone(), corner], 1..40),
            arrays,
        )
            .prop_map(|(vertices_mm, triangles, arrays)| {
                let mut named: Vec<PointArray> = Vec::new();
                for (name, values) in arrays {
                    let is_new = named.iter().all(|other| other.name != name);
                    if is_new && !["x", "y", "z", "nx", "ny", "nz"].contains(&&*name) {
                        named.push(PointArray { name, values });
                    }
                }
                Surface { vertices_mm, triangles, arrays: named, said: Some(Space::Lps) }
            })
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read_again(surface in surfaces(), kind in prop::sample::select(&SurfaceKind::ALL[..])) {
        let read = Surface::read(&surface.write(kind).unwrap(), Space::Ras);
        if is_stl(kind) {
            // Triangles of which two corners are in one place are none there.
            let expected: Vec<_> = corners(&surface)
                .into_iter()
                .filter(|[a, b, c]| a != b && b != c && c != a)
                .collect();
            match read {
                Ok(again) => {
                    prop_assert_eq!(corners(&again), expected);
                    prop_assert_eq!(again.said, Some(Space::Lps));
                }
                Err(error) => prop_assert!(matches!(error, Error::Empty) && expected.is_empty()),
            }
        } else {
            prop_assert_eq!(read.unwrap(), surface);
        }
    }
}
