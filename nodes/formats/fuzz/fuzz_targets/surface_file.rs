//! Triangle surfaces: STL, PLY and VTP.

use formats::surface_file::{Error, PointArray, Space, Surface, SurfaceKind};

use super::{Target, assert_said, bounded, has, odd_numbers, one_of};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "surface_file", check, seeds, words: WORDS };

/// What the bytes may inflate to, as values: here inflated bytes become corners of eight bytes, and these triangles.
pub fn inflated(bytes: &[u8]) -> usize {
    if has(bytes, b"vtkZLib") { 12 * 1032 * bytes.len() } else { 0 }
}

/// Triangles whose corners are there and lie somewhere; the same whichever way the axes lie, and when they are read again
/// as any kind of file.
pub fn check(bytes: &[u8]) {
    let read = bounded(bytes.len(), inflated(bytes), || Surface::read(bytes, Space::Lps));
    let mirrored = Surface::read(bytes, Space::Ras);
    let surface = match read {
        Ok(surface) => surface,
        Err(error) => {
            assert_said(&error);
            assert!(mirrored.is_err());
            return;
        }
    };
    let count = surface.vertices_mm.len();
    assert!(!surface.triangles.is_empty());
    assert!(surface.vertices_mm.iter().flatten().all(|mm| mm.is_finite()));
    assert!(surface.triangles.iter().flatten().all(|&corner| (corner as usize) < count));
    assert_arrays(&surface.arrays, count);
    let mut mirrored = mirrored.expect("it does not matter how the axes lie");
    if surface.said.is_none() {
        mirrored.vertices_mm.iter_mut().for_each(|[x, y, _]| (*x, *y) = (-*x, -*y));
    }
    assert_eq!(mirrored, surface);
    again(&Surface { said: Some(Space::Lps), ..surface }, one_of(&SurfaceKind::ALL, bytes));
}

/// Written and read again, it is the same; of a STL, its triangles that have an area lie in the same places.
fn again(surface: &Surface, kind: SurfaceKind) {
    let corners = |surface: &Surface| -> Vec<[[f32; 3]; 3]> {
        let place = |corner: u32| surface.vertices_mm[corner as usize];
        let triangles = surface.triangles.iter().map(|triangle| triangle.map(place));
        triangles.filter(|[a, b, c]| a != b && b != c && c != a).collect()
    };
    let written = match surface.write(kind) {
        Ok(written) => written,
        Err(error) => return assert_unwritable(&error, &surface.arrays),
    };
    match (kind, Surface::read(&written, Space::Ras)) {
        (SurfaceKind::StlBinary | SurfaceKind::StlText, Err(Error::Empty)) => {
            assert_eq!(corners(surface), [[[0.0; 3]; 3]; 0]);
        }
        (SurfaceKind::StlBinary | SurfaceKind::StlText, again) => {
            let again = again.expect("what was written can be read");
            assert_eq!(corners(&again), corners(surface), "{kind:?}");
        }
        (_, again) => {
            assert_eq!(&again.expect("what was written can be read"), surface, "{kind:?}");
        }
    }
}

/// What holds for the numbers of each point.
pub fn assert_arrays(arrays: &[PointArray], points: usize) {
    for (index, array) in arrays.iter().enumerate() {
        assert_eq!(array.values.len(), points, "{}", array.name);
        assert!(array.values.iter().all(|value| value.is_finite()), "{}", array.name);
        assert!(arrays[..index].iter().all(|other| other.name != array.name), "{}", array.name);
    }
}

/// All that was read can be written, but for names of arrays that some kinds of file cannot hold.
pub fn assert_unwritable(error: &Error, arrays: &[PointArray]) {
    assert_said(error);
    let is_name = |field: &str| field.starts_with("the name of an array");
    assert!(!arrays.is_empty(), "{error}");
    assert!(matches!(error, Error::Value { field, .. } if is_name(field)), "{error}");
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
