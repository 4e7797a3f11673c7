//! Legacy VTK files, as surfaces and as vessel trees.

use super::{Target, odd_numbers, surface_file, tree_file};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "legacy_vtk", check, seeds, words: WORDS };

fn check(bytes: &[u8]) {
    surface_file::check(bytes);
    tree_file::check(bytes);
}

/// The files of the tests, and other kinds of data, of which only what they are is said.
fn seeds() -> Vec<Vec<u8>> {
    macro_rules! files {
        ($($name:literal),*) => { [$(&include_bytes!(concat!("../../tests/", $name))[..]),*] };
    }
    let files = files![
        "surfaces/binary-4.2.vtk",
        "surfaces/binary-5.1.vtk",
        "surfaces/text-4.2.vtk",
        "surfaces/text-5.1.vtk",
        "trees/binary-5.1.vtk",
        "trees/text-4.2.vtk",
        "trees/every-type-binary.vtk",
        "trees/every-type-text.vtk"
    ];
    let mut seeds = files.map(<[u8]>::to_vec).to_vec();
    let start = |version: &str, coding: &str, rest: &str| {
        format!("# vtk DataFile Version {version}\nx\n{coding}\nDATASET {rest}\n").into_bytes()
    };
    let points = "POINTS 4 float\n0 0 0 1 0 0 0 1 0 0 0 1\n";
    seeds.extend([
        start("3.0", "ASCII", &format!("POLYDATA\n{points}VERTICES 1 2\n1 3\nLINES 1 3\n2 0 1\nPOLYGONS 1 4\n3 0 1 2\nTRIANGLE_STRIPS 1 5\n4 0 1 2 3\nPOINT_DATA 4\nSCALARS a int 1\nLOOKUP_TABLE b\n1 2 3 4\nLOOKUP_TABLE b 1\n0 0 0 1\nNORMALS c float\n0 0 1 0 0 1 0 0 1 0 0 1\nFIELD d 2\nBig%20name 1 4 double\n1 2 3 4\nNULL_ARRAY\nCELL_DATA 4\nTENSORS6 e char\n{}", "1 ".repeat(24))),
        start("5.1", "ASCII", &format!("UNSTRUCTURED_GRID\n{points}CELLS 2 4\nOFFSETS vtktypeint64\n0 4\nCONNECTIVITY vtktypeint64\n0 1 2 3\nCELL_TYPES 1\n10")),
        start("2.0", "ASCII", "STRUCTURED_POINTS\nDIMENSIONS 1 1 1"),
        [start("4.2", "BINARY", "POLYDATA\nFIELD FieldData 1\nSPACE 1 1 string"), b"\xc3RAS\nPOINTS 3 unsigned_char\n".to_vec(), start("", "", "")].concat(),
    ]);
    seeds
}

const WORDS: &[&str] = odd_numbers![
    "# vtk DataFile Version 4.2\n",
    "# vtk DataFile Version 5.1\n",
    "SPACE=LPS",
    "SPACE=RAS",
    "ASCII\n",
    "BINARY\n",
    "DATASET POLYDATA\n",
    "DATASET UNSTRUCTURED_GRID\n",
    "STRUCTURED_POINTS",
    "POINTS 3 float\n",
    "VERTICES ",
    "LINES 1 3\n",
    "POLYGONS 1 4\n",
    "TRIANGLE_STRIPS ",
    "OFFSETS vtktypeint64\n",
    "CONNECTIVITY vtktypeint64\n",
    "CELLS ",
    "CELL_TYPES ",
    "POINT_DATA ",
    "CELL_DATA ",
    "FIELD FieldData 1\n",
    "SPACE 1 1 string\n",
    "\x43LPS",
    "SCALARS a float 1\n",
    "LOOKUP_TABLE default\n",
    "COLOR_SCALARS a 3\n",
    "TEXTURE_COORDINATES a 2 float\n",
    "VECTORS a float\n",
    "NORMALS a float\n",
    "TENSORS a float\n",
    "TENSORS6 a float\n",
    "GLOBAL_IDS a int\n",
    "PEDIGREE_IDS a int\n",
    "EDGE_FLAGS a int\n",
    "METADATA\n",
    "INFORMATION 1\n",
    "NULL_ARRAY\n",
    "Radius 1 3 double\n",
    "MaximumInscribedSphereRadius",
    " bit\n",
    " char\n",
    " unsigned_char\n",
    " short\n",
    " unsigned_int\n",
    " long\n",
    " unsigned_long\n",
    " vtkIdType\n",
    " double\n",
    " string\n",
    " utf8_string\n",
    " variant\n",
    "%20",
    "\r\n",
    "\n\n",
];
