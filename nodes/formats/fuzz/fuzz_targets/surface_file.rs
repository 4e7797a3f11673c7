//! Triangle surfaces: STL, PLY and VTP.

use formats::surface_file::{Space, Surface};

use super::{Target, bounded, has, odd_numbers};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "surface_file", check, seeds, words: WORDS };

fn check(bytes: &[u8]) {
    // Here inflated bytes become corners of eight bytes, and these triangles.
    let inflated = if has(bytes, b"vtkZLib") { 12 * 1032 * bytes.len() } else { 0 };
    let read = bounded(bytes.len(), inflated, || Surface::read(bytes, Space::Lps));
    let mirrored = Surface::read(bytes, Space::Ras);
    let Ok(surface) = read else {
        assert!(mirrored.is_err());
        return;
    };
    assert!(!surface.triangles.is_empty());
    assert!(surface.vertices_mm.iter().flatten().all(|mm| mm.is_finite()));
    assert!(
        surface
            .triangles
            .iter()
            .flatten()
            .all(|&corner| (corner as usize) < surface.vertices_mm.len())
    );
    let mut mirrored = mirrored.expect("it does not matter how the axes lie");
    assert_eq!(mirrored.triangles, surface.triangles);
    if surface.said.is_none() {
        mirrored.vertices_mm.iter_mut().for_each(|[x, y, _]| (*x, *y) = (-*x, -*y));
    }
    assert_eq!(mirrored.vertices_mm, surface.vertices_mm);
}

/// The files of the tests, and smaller ones of each kind.
fn seeds() -> Vec<Vec<u8>> {
    macro_rules! files {
        ($($name:literal),*) => { [$(&include_bytes!(concat!("../../tests/surfaces/", $name))[..]),*] };
    }
    let files = files![
        "appended-base64-zlib.vtp",
        "appended-raw-zlib.vtp",
        "appended-raw.vtp",
        "binary.ply",
        "binary.stl",
        "inline-base64.vtp",
        "inline-zlib.vtp",
        "text.ply",
        "text.stl",
        "text.vtp"
    ];
    let mut seeds = files.map(<[u8]>::to_vec).to_vec();
    seeds.extend([
        b"ply\nformat ascii 1.0\ncomment SPACE=RAS\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\nelement face 1\nproperty list uchar int vertex_index\nend_header\n0 0 0 1 0 0 0 1 0 3 0 1 2\n".to_vec(),
        b"ply\nformat binary_big_endian 1.0\nelement vertex 3\nproperty char x\nproperty char y\nproperty char z\nelement edge 1\nproperty list uchar uchar a\nelement face 1\nproperty uchar b\nproperty list uchar uchar vertex_indices\nend_header\n\0\0\0\x01\0\0\0\x01\0\x02zz!\x03\0\x01\x02".to_vec(),
        b"solid SPACE=LPS\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\nendsolid\n".to_vec(),
        b"<VTKFile type=\"PolyData\"><PolyData><Piece NumberOfPoints=\"4\" NumberOfPolys=\"1\" NumberOfStrips=\"1\"><Points><DataArray type=\"Float64\" NumberOfComponents=\"3\">0 0 0 1 0 0 0 1 0 0 0 1</DataArray></Points><Polys><DataArray type=\"Int32\" Name=\"offsets\">4</DataArray><DataArray type=\"UInt8\" Name=\"connectivity\">0 1 2 3</DataArray></Polys><Strips><DataArray type=\"Int64\" Name=\"offsets\">4</DataArray><DataArray type=\"UInt32\" Name=\"connectivity\">0 1 2 3</DataArray></Strips></Piece></PolyData></VTKFile>".to_vec(),
    ]);
    seeds
}

const WORDS: &[&str] = odd_numbers![
    "SPACE=LPS",
    "SPACE=RAS",
    "solid ",
    "facet normal 0 0 1\n",
    "outer loop\n",
    "vertex 0 1 0\n",
    "endloop\n",
    "endfacet\n",
    "endsolid\n",
    "ply\n",
    "format ascii 1.0\n",
    "format binary_little_endian 1.0\n",
    "format binary_big_endian 1.0\n",
    "comment ",
    "obj_info ",
    "element vertex 3\n",
    "element face 1\n",
    "property float x\n",
    "property double y\n",
    "property list uchar int vertex_indices\n",
    "vertex_index",
    "end_header\n",
    "char",
    "ushort",
    "uint",
    "int16",
    "float64",
    "<VTKFile ",
    "type=\"PolyData\"",
    " version=\"1.0\"",
    "byte_order=\"BigEndian\"",
    "byte_order=\"LittleEndian\"",
    "header_type=\"UInt64\"",
    "header_type=\"UInt32\"",
    "compressor=\"vtkZLibDataCompressor\"",
    "<PolyData>",
    "</PolyData>",
    "<Piece ",
    "</Piece>",
    "NumberOfPoints=\"3\"",
    "NumberOfPolys=\"1\"",
    "NumberOfStrips=\"1\"",
    "<Points>",
    "</Points>",
    "<Polys>",
    "</Polys>",
    "<Strips>",
    "</Strips>",
    "<DataArray ",
    "</DataArray>",
    " type=\"Float32\"",
    " type=\"Float64\"",
    " type=\"Int32\"",
    " type=\"Int64\"",
    " type=\"UInt8\"",
    " type=\"vtkIdType\"",
    " Name=\"offsets\"",
    " Name=\"connectivity\"",
    " NumberOfComponents=\"3\"",
    " format=\"ascii\"",
    " format=\"binary\"",
    " format=\"appended\"",
    " offset=\"0\"",
    "<AppendedData encoding=\"raw\">_",
    "<AppendedData encoding=\"base64\">_",
    "</AppendedData>",
    "</VTKFile>",
    "<FieldData>",
    "</FieldData>",
    "<Array type=\"String\" Name=\"SPACE\"",
    "AAAA",
    "==",
];
