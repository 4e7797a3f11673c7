//! Vessel trees: VTP and legacy VTK.

use formats::tree_file::{Space, Tree, TreeKind};

use super::{Target, assert_said, bounded, one_of, surface_file};

/// What is tried, and with what.
pub const TARGET: Target =
    Target { name: "tree_file", check, seeds, words: surface_file::TARGET.words };

/// Lines through points that are there, with radii that are lengths; the same whichever way the axes lie, and when they
/// are read again as any kind of file.
pub fn check(bytes: &[u8]) {
    let read =
        bounded(bytes.len(), surface_file::inflated(bytes), || Tree::read(bytes, Space::Lps));
    let mirrored = Tree::read(bytes, Space::Ras);
    let tree = match read {
        Ok(tree) => tree,
        Err(error) => {
            assert_said(&error);
            assert!(mirrored.is_err());
            return;
        }
    };
    let count = tree.points_mm.len();
    assert!(tree.points_mm.iter().flatten().all(|mm| mm.is_finite()));
    assert!(!tree.lines.is_empty() && tree.lines.iter().all(|line| line.len() >= 2));
    assert!(tree.lines.iter().flatten().all(|&point| (point as usize) < count));
    let radii = tree.radius_mm.as_deref();
    assert!(radii.is_none_or(|radii| radii.len() == count));
    assert!(radii.unwrap_or_default().iter().all(|mm| mm.is_finite() && *mm >= 0.0));
    assert!(tree.length_mm().is_finite() && tree.length_mm() >= 0.0);
    surface_file::assert_arrays(&tree.arrays, count);
    let mut mirrored = mirrored.expect("it does not matter how the axes lie");
    if tree.said.is_none() {
        let turn = |[x, y, _]: &mut [f64; 3]| (*x, *y) = (-*x, -*y);
        mirrored.points_mm.iter_mut().for_each(turn);
    }
    assert_eq!(mirrored, tree);
    let tree = Tree { said: Some(Space::Lps), ..tree };
    let kind = one_of(&TreeKind::ALL, bytes);
    match tree.write(kind) {
        Ok(written) => {
            let again = Tree::read(&written, Space::Ras);
            assert_eq!(again.expect("what was written can be read"), tree, "{kind:?}");
        }
        Err(error) => surface_file::assert_unwritable(&error, &tree.arrays),
    }
}

/// The files of the tests, and smaller ones.
fn seeds() -> Vec<Vec<u8>> {
    macro_rules! files {
        ($($name:literal),*) => { [$(&include_bytes!(concat!("../../tests/trees/", $name))[..]),*] };
    }
    let files = files![
        "appended-raw.vtp",
        "appended-zlib.vtp",
        "base64-zlib.vtp",
        "binary-4.2.vtk",
        "binary-5.1.vtk",
        "text-4.2.vtk",
        "text-5.1.vtk",
        "text.vtp"
    ];
    let mut seeds = files.map(<[u8]>::to_vec).to_vec();
    let vtp = |points: &str, radius: &str| {
        format!("<VTKFile type=\"PolyData\"><PolyData><Piece NumberOfPoints=\"2\" NumberOfLines=\"1\"><PointData><DataArray type=\"Float32\" Name=\"{radius}\">1.5 0</DataArray></PointData><Points><DataArray type=\"Float64\" NumberOfComponents=\"3\">{points}</DataArray></Points><Lines><DataArray type=\"Int32\" Name=\"offsets\">2</DataArray><DataArray type=\"UInt8\" Name=\"connectivity\">0 1</DataArray></Lines></Piece></PolyData></VTKFile>")
            .into_bytes()
    };
    seeds.extend([
        vtp("0 0 0 1 0 0", "MaximumInscribedSphereRadius"),
        vtp("0 0 0 1e300 0 -1e300", "radius"),
        b"# vtk DataFile Version 3.0\nx SPACE=RAS\nASCII\nDATASET POLYDATA\nPOINTS 2 float\n0 0 0 1 0 0\nLINES 1 3\n2 0 1\nPOINT_DATA 2\nSCALARS Radius float\nLOOKUP_TABLE default\n1 2\n".to_vec(),
    ]);
    seeds
}
