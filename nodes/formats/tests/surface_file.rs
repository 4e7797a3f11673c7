//! Triangles of three kinds of file lie where they say, and wrong files are refused with the reason.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::path::PathBuf;

use formats::surface_file::{Error, Space, Surface};
use proptest::prelude::*;

/// A tetrahedron of 10 mm as VTK writes it in each way: its corners are those of [`RAS`], and its files say so.
const FILES: [&str; 14] = [
    "text.vtp",
    "inline-base64.vtp",
    "inline-zlib.vtp",
    "appended-raw.vtp",
    "appended-raw-zlib.vtp",
    "appended-base64-zlib.vtp",
    "text.stl",
    "binary.stl",
    "text.ply",
    "binary.ply",
    "text-4.2.vtk",
    "binary-4.2.vtk",
    "text-5.1.vtk",
    "binary-5.1.vtk",
];
const RAS: [[f32; 3]; 4] = [[1.0, 2.0, 3.0], [11.0, 2.0, 3.0], [1.0, 12.0, 3.0], [1.0, 2.0, 13.0]];
const LPS: [[f32; 3]; 4] =
    [[-1.0, -2.0, 3.0], [-11.0, -2.0, 3.0], [-1.0, -12.0, 3.0], [-1.0, -2.0, 13.0]];
const TRIANGLES: [[u32; 3]; 4] = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]];

fn file(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/surfaces");
    std::fs::read(folder.join(name)).unwrap()
}

fn read(bytes: &[u8]) -> Result<Surface, Error> {
    Surface::read(bytes, Space::Lps)
}

fn told(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

/// The corners of the triangles in space, whatever the vertices are called.
fn corners(surface: &Surface) -> Vec<[[f32; 3]; 3]> {
    let place = |corner: u32| surface.vertices_mm[corner as usize];
    surface.triangles.iter().map(|triangle| triangle.map(place)).collect()
}

fn expected(places: &[[f32; 3]; 4]) -> Vec<[[f32; 3]; 3]> {
    TRIANGLES.iter().map(|triangle| triangle.map(|corner| places[corner as usize])).collect()
}

/// The bytes with each occurrence of a text replaced.
fn with(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert!(bytes.windows(from.len()).any(|window| window == from.as_bytes()), "{from}");
    let (mut made, mut rest) = (Vec::new(), bytes);
    while let Some((first, others)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(from.as_bytes()) {
            made.extend_from_slice(to.as_bytes());
            rest = after;
        } else {
            made.push(*first);
            rest = others;
        }
    }
    made
}

#[test]
fn what_vtk_writes_lies_where_it_says_in_each_way_of_writing() {
    for name in FILES {
        let surface = read(&file(name)).unwrap();
        assert_eq!(surface.said, Some(Space::Ras), "{name}");
        assert_eq!(surface.vertices_mm.len(), 4, "{name}");
        assert_eq!(corners(&surface), expected(&LPS), "{name}");
    }
}

#[test]
fn a_file_that_does_not_say_lies_as_the_reader_is_told() {
    for name in ["text.stl", "text.ply", "binary.ply", "text-4.2.vtk", "binary-5.1.vtk"] {
        let silent = with(&file(name), "SPACE=RAS", "ELSE=RAS");
        let lps = Surface::read(&silent, Space::Lps).unwrap();
        assert_eq!((lps.said, corners(&lps)), (None, expected(&RAS)), "{name}");
        assert_eq!(corners(&Surface::read(&silent, Space::Ras).unwrap()), expected(&LPS));
        let lps = with(&file(name), "SPACE=RAS", "SPACE=LPS");
        assert_eq!(corners(&Surface::read(&lps, Space::Ras).unwrap()), expected(&RAS));
        let said = told(&with(&file(name), "SPACE=RAS", "SPACE=LAS"));
        assert!(said.contains("`SPACE` should be `LPS` or `RAS`, but is `LAS`"), "{said}");
    }
    let silent = with(&file("text.vtp"), "Name=\"SPACE\"", "Name=\"space\"");
    assert_eq!(corners(&read(&silent).unwrap()), expected(&RAS));
}

const PLY: &str = "ply\nformat ascii 1.0\nelement camera 1\nproperty float f\nelement vertex 5\n\
    property uchar red\nproperty double z\nproperty float y\nproperty float x\nelement face 2\n\
    property uchar material\nproperty list uchar int vertex_index\nelement edge 0\nend_header\n\
    50\n255 0 0 0\n1 0 0 4\n2 0 4 4\n3 0 4 0\n4 9 2 2\n7 4 0 1 2 3\n8 3 0 1 4\n";

/// The same in binary: every number in the bytes of its type.
fn binary_ply(is_big: bool) -> Vec<u8> {
    let (head, body) = PLY.split_once("end_header\n").unwrap();
    let name = if is_big { "binary_big_endian" } else { "binary_little_endian" };
    let mut bytes = (head.replace("ascii", name) + "end_header\n").into_bytes();
    let mut put = |little: &[u8]| {
        bytes.extend(little);
        if is_big {
            let start = bytes.len() - little.len();
            bytes[start..].reverse();
        }
    };
    for (index, line) in body.lines().enumerate() {
        let n: Vec<f64> = line.split(' ').map(|word| word.parse().unwrap()).collect();
        match index {
            0 => put(&(n[0] as f32).to_le_bytes()),
            1..=5 => {
                put(&[n[0] as u8]);
                put(&n[1].to_le_bytes());
                put(&(n[2] as f32).to_le_bytes());
                put(&(n[3] as f32).to_le_bytes());
            }
            _ => {
                put(&[n[0] as u8]);
                put(&[n[1] as u8]);
                n[2..].iter().for_each(|corner| put(&(*corner as i32).to_le_bytes()));
            }
        }
    }
    bytes
}

#[test]
fn a_ply_with_other_elements_and_a_quadrilateral_is_the_same_in_all_encodings() {
    for bytes in [PLY.as_bytes().to_vec(), binary_ply(false), binary_ply(true)] {
        let surface = read(&bytes).unwrap();
        assert_eq!(surface.triangles, [[0, 1, 2], [0, 2, 3], [0, 1, 4]]);
        assert_eq!(surface.vertices_mm[4], [2.0, 2.0, 9.0]);
        assert_eq!(surface.vertices_mm[1], [4.0, 0.0, 0.0]);
    }
}

#[test]
fn strips_and_several_pieces_of_a_vtp_are_one_surface() {
    let piece = |strip: &str, z: f32| {
        format!(
            "<Piece NumberOfPoints=\"4\" NumberOfPolys=\"0\" NumberOfStrips=\"1\"><Points>\
             <DataArray type=\"Float64\" NumberOfComponents=\"3\" format=\"ascii\">\
             0 0 {z} 5 0 {z} 0 5 {z} 5 5 {z}</DataArray></Points><Strips>\
             <DataArray type=\"Int32\" Name=\"connectivity\" format=\"ascii\">{strip}</DataArray>\
             <DataArray type=\"Int32\" Name=\"offsets\" format=\"ascii\">4</DataArray></Strips></Piece>"
        )
    };
    let file = format!(
        "<VTKFile type=\"PolyData\"><PolyData>{}{}</PolyData></VTKFile>",
        piece("0 1 2 3", 0.0),
        piece("3 2 1 0", 7.0)
    );
    let surface = read(file.as_bytes()).unwrap();
    assert_eq!(surface.triangles, [[0, 1, 2], [2, 1, 3], [7, 6, 5], [5, 6, 4]]);
    assert_eq!(surface.vertices_mm[7], [5.0, 5.0, 7.0]);
    let said = told(file.replace("0 1 2 3<", "0 1 2 4<").as_bytes());
    assert!(said.contains("names vertex 4, but the file has 4"), "{said}");
}

#[test]
fn a_text_stl_of_two_solids_in_other_letters_is_one_surface() {
    let text = String::from_utf8(file("text.stl")).unwrap();
    let twice = text.to_uppercase().replace('\n', "\r\n")
        + &text.replace("vertex 1 2 3", "vertex 5e-1 2 3");
    let surface = read(twice.as_bytes()).unwrap();
    assert_eq!((surface.triangles.len(), surface.vertices_mm.len()), (8, 5));
}

#[test]
fn a_wrong_file_is_refused_with_the_reason() {
    for (name, from, to, reason) in [
        ("text.stl", "endfacet", "endfact", "line 8 should be `vertex x y z`"),
        ("text.stl", "vertex 11 2 3", "vertex 11 2", "`vertex` and three numbers"),
        ("text.stl", "vertex 11 2 3", "vertex 11 2 inf", "NaN or infinite"),
        ("text.stl", "vertex 11 2 3\n", "\n", "the third `vertex …` of a facet"),
        ("text.stl", "endsolid", "", "an `endsolid`"),
        ("text.ply", "format ascii", "format xdr", "line 2 should be `format ascii`"),
        ("text.ply", "property float z\n", "", "no number `z` in its element `vertex`"),
        ("text.ply", "vertex_indices", "corners", "no list `vertex_indices`"),
        ("text.ply", "element face 4", "element face 5", "element `face` should have 5 of them"),
        ("text.ply", "element face 4", "element face 3", "more follows"),
        ("text.ply", "element vertex 4", "element vertex 99999999999", "should have 99999999999"),
        ("text.ply", "3 1 2 3", "3 1 2 -3", "should be the number of a vertex, but is `-3`"),
        ("text.ply", "3 1 2 3", "3 1 2 9", "names vertex 9, but the file has 4"),
        ("text.ply", "3 1 2 3", "2 1 2", "three corners or more"),
        ("text.ply", "3 1 2 3", "x 1 2 3", "should be a number, but is `x`"),
        ("binary.ply", "element face 4", "element face 4000000000", "the data end early"),
        ("binary.ply", "element face 4", "element face 2", "more follows"),
        ("text.vtp", "PolyData", "UnstructuredGrid", "type `UnstructuredGrid` is not supported"),
        ("text.vtp", "Name=\"offsets\"", "Name=\"ends\"", "no `offsets`"),
        ("text.vtp", "NumberOfPoints=\"4\"", "NumberOfPoints=\"5\"", "should have 15 numbers"),
        ("text.vtp", "NumberOfPoints=\"4\"", "NumberOfPoints=\"3\"", "more follows"),
        ("text.vtp", "NumberOfPoints=\"4\"", "NumberOfPoints=\"4294967296\"", "at most 20000000"),
        ("text.vtp", "NumberOfPolys=\"4\"", "NumberOfPolys=\"0\"", "no triangle is in the file"),
        ("text.vtp", "3 6 9 12", "3 6 5 12", "`offsets` should be from 7 to 12, but is `5`"),
        ("text.vtp", "3 6 9 12", "3 6 9 60000001", "corners should be at most 60000000"),
        ("text.vtp", "3 6 9 12", "3 6 9 11", "should have 11 numbers"),
        ("text.vtp", "type=\"Float32\"", "type=\"Float16\"", "a type of numbers"),
        ("text.vtp", "</PolyData>", "", "no well-formed XML"),
        ("appended-raw.vtp", "encoding=\"raw\"", "encoding=\"hex\"", "`raw` or `base64`"),
        (
            "appended-raw.vtp",
            "offset=\"0\"",
            "offset=\"999999\"",
            "offset of SPACE` should be a byte of the appended 290",
        ),
        ("inline-zlib.vtp", "vtkZLib", "vtkLZ4", "the compressor `vtkLZ4DataCompressor`"),
        ("inline-zlib.vtp", "AQAAAAAAAAAA", "//////////8A", "it ends within its sizes"),
        ("inline-base64.vtp", "AAAAMD", "AAAA-D", "is no base64"),
    ] {
        let said = told(&with(&file(name), from, to));
        assert!(said.contains(reason), "{name}, {to}: {said}");
    }
    assert!(told(b"solid nothing\nendsolid nothing\n").contains("no triangle"));
    assert!(told(b"\x1f\x8b anything").contains("no STL, PLY, VTP or legacy VTK file"));
}

#[test]
fn a_binary_stl_of_another_length_says_so() {
    let whole = file("binary.stl");
    for cut in [whole.len() - 1, whole.len() - 60, 90] {
        let said = told(&whole[..cut]);
        assert!(said.contains("should have 4 triangles, but the data end early"), "{said}");
    }
    let more = [&whole[..], &[0]].concat();
    assert!(told(&more).contains("more follows"));
    let mut bent = whole.clone();
    bent[96..100].copy_from_slice(&f32::NAN.to_le_bytes());
    assert!(told(&bent).contains("NaN or infinite"));
    // A binary file may begin with `solid` too.
    let mut solid = whole;
    solid[..9].copy_from_slice(b"solid abc");
    assert_eq!(read(&solid).unwrap().triangles.len(), 4);
}

/// Every vertex that a triangle names is there, and finite.
fn is_well_formed(surface: &Surface) -> bool {
    let count = surface.vertices_mm.len() as u32;
    let fits =
        |values: &[f64]| values.len() == count as usize && values.iter().all(|n| n.is_finite());
    assert!(surface.arrays.iter().all(|array| fits(&array.values)));
    surface.triangles.iter().flatten().all(|&corner| corner < count)
        && surface.vertices_mm.iter().flatten().all(|mm| mm.is_finite())
}

#[test]
fn a_file_cut_anywhere_is_refused_or_whole() {
    for name in FILES {
        let whole = file(name);
        let surface = read(&whole).unwrap();
        for cut in 0..whole.len() {
            if let Ok(read) = read(&whole[..cut]) {
                // Only the end after the triangles may be missing.
                assert_eq!(read.vertices_mm, surface.vertices_mm, "{name} cut after {cut}");
                assert_eq!(read.triangles, surface.triangles, "{name} cut after {cut}");
            }
        }
    }
}

#[test]
fn no_bent_byte_makes_more_than_an_error() {
    for name in FILES {
        let mut bytes = file(name);
        for at in 0..bytes.len() {
            for bits in [0x01, 0x10, 0x80, 0xff] {
                bytes[at] ^= bits;
                if let Ok(surface) = read(&bytes) {
                    assert!(is_well_formed(&surface), "{name} at {at}");
                }
                bytes[at] ^= bits;
            }
        }
    }
}

proptest! {
    #[test]
    fn anything_after_a_beginning_is_refused_or_well_formed(
        name in 0..FILES.len(),
        kept in 0.0..1.0,
        rest in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let whole = file(FILES[name]);
        let bytes = [&whole[..(kept * whole.len() as f64) as usize], &rest].concat();
        if let Ok(surface) = read(&bytes) {
            prop_assert!(is_well_formed(&surface));
        }
    }
}
