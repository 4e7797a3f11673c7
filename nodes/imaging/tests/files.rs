//! The tools `info` and `convert`, run as programs.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use formats::metaimage::{Limits, Pixels};
use formats::placed_volume::PlacedVolume;
use formats::surface_file::{Space, Surface};
use nalgebra::Matrix4;
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_vesalius-imaging");

fn tool(name: &str, words: &[&Path]) -> Output {
    Command::new(PROGRAM).arg(name).args(words).output().unwrap()
}

fn info(path: &Path) -> Value {
    let done = tool("info", &[path, Path::new("--json")]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

fn read(path: &Path) -> PlacedVolume {
    let beside = |name: &str| std::fs::read(path.with_file_name(name));
    let bytes = std::fs::read(path).unwrap();
    PlacedVolume::read_named(&path.to_string_lossy(), &bytes, &Limits::default(), beside).unwrap()
}

/// A volume with an oblique place and a voxel that stands out.
fn volume() -> PlacedVolume {
    let turn = nalgebra::Rotation3::from_euler_angles(0.2, -0.1, 0.3).into_inner();
    let mut lps_from_voxel = Matrix4::identity();
    let axes = turn * nalgebra::Matrix3::from_diagonal(&nalgebra::Vector3::new(0.7, 0.7, 2.5));
    lps_from_voxel.fixed_view_mut::<3, 3>(0, 0).copy_from(&axes);
    lps_from_voxel.fixed_view_mut::<3, 1>(0, 3).copy_from_slice(&[-120.0, 33.5, -7.25]);
    let mut voxels = vec![-1000_i16; 6 * 5 * 4];
    voxels[2 + 6 * (3 + 5)] = 1234;
    PlacedVolume { dims: [6, 5, 4], lps_from_voxel, voxels: Pixels::I16(voxels) }
}

#[test]
fn a_volume_goes_from_kind_to_kind_and_stays_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let first = path("first.mha");
    let kind = formats::placed_volume::VolumeKind::MetaImage;
    std::fs::write(&first, volume().write(&kind, true).unwrap().bytes).unwrap();
    let mut from = first;
    for name in ["a.nrrd", "b.nii.gz", "c.mhd", "d.nhdr", "e.nii", "f.mha"] {
        let to = path(name);
        let done = tool("convert", &[&from, &to]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let (own, other) = (read(&to), volume());
        assert_eq!((own.dims, &own.voxels), (other.dims, &other.voxels), "{name}");
        assert!((own.lps_from_voxel - other.lps_from_voxel).amax() < 1e-4, "{name}");
        let told = info(&to);
        assert_eq!(
            (&told["kind"], &told["size"]),
            (&Value::from("volume"), &serde_json::json!([6, 5, 4]))
        );
        assert_eq!(told["range"], serde_json::json!([-1000.0, 1234.0]));
        from = to;
    }
}

#[test]
fn a_surface_in_ras_is_turned_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let text = "ply\nformat ascii 1.0\ncomment SPACE=RAS\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n1 2 3\n4 2 3\n1 5 3\n3 0 1 2\n";
    std::fs::write(path("a.ply"), text).unwrap();
    for name in ["b.vtk", "c.vtp", "d.stl"] {
        assert!(tool("convert", &[&path("a.ply"), &path(name)]).status.success());
        let surface = Surface::read(&std::fs::read(path(name)).unwrap(), Space::Ras).unwrap();
        assert_eq!((surface.said, surface.vertices_mm[0]), (Some(Space::Lps), [-1.0, -2.0, 3.0]));
        assert_eq!(info(&path(name))["triangles"], 1);
    }
}

#[test]
fn what_does_not_go_together_is_said_with_what_to_try() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let kind = formats::placed_volume::VolumeKind::MetaImage;
    std::fs::write(path("volume.mha"), volume().write(&kind, true).unwrap().bytes).unwrap();
    std::fs::write(path("noise"), [7; 500]).unwrap();
    std::fs::create_dir(path("empty")).unwrap();
    for (from, to, expected) in [
        ("volume.mha", "out.igs.mha", "holds a volume"),
        ("volume.mha", "out.stl", ".nii.gz"),
        ("noise", "out.stl", "it begins like none of them"),
        ("missing", "out.mha", "cannot open"),
        ("empty", "out.mha", "holds no DICOM file"),
    ] {
        let done = tool("convert", &[&path(from), &path(to)]);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(!done.status.success() && said.contains(expected), "{from} to {to}: {said}");
        assert!(!path(to).exists());
    }
}

fn data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !path.exists() {
        println!("SKIPPED: real data {name} is absent");
    }
    path.exists().then_some(path)
}

#[test]
fn a_real_dicom_folder_becomes_a_volume() {
    let Some(from) = data("totalsegmentator_ct_mr/example_ct_dicom") else { return };
    let told = info(&from);
    assert_eq!(
        (&told["kind"], told["series"].as_array().unwrap().len()),
        (&Value::from("dicom"), 1)
    );
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("ct.nii.gz");
    assert!(tool("convert", &[&from, &to]).status.success());
    let labels = read(&data("totalsegmentator_ct_mr/example_seg_dicom.nii.gz").unwrap());
    let volume = read(&to);
    assert_eq!(volume.len(), labels.len());
    // One lies upside down in its file against the other; the body is in one place.
    let middle = |volume: &PlacedVolume| {
        let half = volume.dims.map(|size| (size as f64 - 1.0) / 2.0);
        volume.lps_from_voxel * nalgebra::Vector4::new(half[0], half[1], half[2], 1.0)
    };
    assert!((middle(&volume) - middle(&labels)).norm() < 0.1);
}

#[test]
fn a_real_sequence_is_told_and_converted() {
    let Some(from) = data("plus_recon_nwire/NwirePhantomFreehand.igs.mha") else { return };
    let told = info(&from);
    assert_eq!((&told["kind"], &told["frames"]), (&Value::from("sequence"), &Value::from(97)));
    let stylus = told["tools"].as_array().unwrap();
    let stylus = stylus.iter().find(|tool| tool["transform"] == "StylusToTracker").unwrap();
    assert_eq!(stylus["seen"], 0);
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("sweep.igs.nrrd");
    assert!(tool("convert", &[&from, &to]).status.success());
    let again = info(&to);
    assert_eq!((&again["tools"], &again["images"]), (&told["tools"], &told["images"]));
}
