//! The preoperative map from files: small ones written here, and a real patient's.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use formats::metaimage::{Pixels, Volume};
use imaging::preoperative::{Output, Parameters, Preoperative};
use messages::surfaces::Mesh;
use messages::{IntensityVolume, LabelVolume, Modality, Point, StructureKind, Surfaces};
use nalgebra::{Matrix3, Point3, Vector3};
use runtime::{Device, Reading};
use serde_json::json;

type Image = IntensityVolume<messages::Preoperative>;
type Labels = LabelVolume<messages::Preoperative>;

fn open(parameters: serde_json::Value) -> Result<Preoperative, String> {
    let parameters: Parameters = serde_json::from_value(parameters).unwrap();
    Preoperative::open(parameters).map_err(|error| error.to_string())
}

fn read(device: &mut Preoperative) -> (Option<Image>, Option<Labels>) {
    let Reading::Scheduled { since_start, outputs } = device.read().unwrap() else {
        panic!("nothing")
    };
    assert_eq!(since_start, Duration::ZERO);
    let (mut image, mut labels) = (None, None);
    for output in outputs {
        match output {
            Output::Image(value) => image = Some(value),
            Output::Labels(value) => labels = Some(value),
            Output::Surfaces(_) => panic!("surfaces"),
        }
    }
    assert!(matches!(device.read().unwrap(), Reading::End));
    (image, labels)
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("imaging-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a MetaImage of 3×2×1 voxels of 2, 3 and 4 mm from (10, 20, 30).
    fn meta(&self, name: &str, voxels: Pixels) -> PathBuf {
        let volume = Volume {
            dims: [3, 2, 1],
            spacing_mm: Vector3::new(2.0, 3.0, 4.0),
            origin_mm: Vector3::new(10.0, 20.0, 30.0),
            direction: Matrix3::identity(),
            voxels,
        };
        self.write(name, &volume.write(true).unwrap())
    }

    /// Writes a NRRD of the same size with 8-bit voxels.
    fn nrrd(&self, name: &str, space: &str, place: &str, voxels: [u8; 6]) -> PathBuf {
        let header = format!(
            "NRRD0004\ntype: uchar\ndimension: 3\nspace: {space}\nsizes: 3 2 1\n{place}\nencoding: raw\n\n"
        );
        self.write(name, &[header.as_bytes(), &voxels].concat())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const SAME: &str = "space directions: (2,0,0) (0,3,0) (0,0,4)\nspace origin: (10,20,30)";
/// The same voxels in RAS, the first axis backwards: from x = 14 (LPS) on.
const BACKWARDS: &str = "space directions: (2,0,0) (0,-3,0) (0,0,4)\nspace origin: (-14,-20,30)";

fn mask(path: &Path, name: &str, kind: &str) -> serde_json::Value {
    json!({ "path": path, "structures": [{ "name": name, "kind": kind }] })
}

#[test]
fn image_and_labels_come_once_on_the_same_voxels_in_whatever_order_they_are_stored() {
    let folder = Folder::new("order");
    let image = folder.meta("ct.mha", Pixels::F32(vec![-1000.4, 0.0, 1.0, 2.0, 3.0, 40.0]));
    let liver = folder.nrrd("liver.nrrd", "left-posterior-superior", SAME, [1, 1, 1, 1, 0, 0]);
    let tumour =
        folder.nrrd("tumour.nrrd", "right-anterior-superior", BACKWARDS, [9, 0, 0, 0, 0, 4]);
    let labels = json!([
        mask(&liver, "liver", "organ"),
        { "path": tumour, "structures": [
            { "label": 9, "name": "tumour", "kind": "tumour" },
            { "label": 4, "name": "nerve", "kind": "nerve" },
        ]},
    ]);
    let parameters = json!({ "image": image, "modality": "mr", "labels": labels });
    let (image, labels) = read(&mut open(parameters).unwrap());
    let (image, labels) = (image.unwrap(), labels.unwrap());
    assert_eq!((image.size, image.modality), ([3, 2, 1], Modality::Mr));
    assert_eq!(image.voxels.as_slice(), [-1000, 0, 1, 2, 3, 40]);
    let place = image.frame_from_voxel * Point::new(Point3::new(2.0, 1.0, 0.0));
    assert_eq!(place.xyz_mm, Point3::new(14.0, 23.0, 30.0));
    assert_eq!(labels.frame_from_voxel, image.frame_from_voxel);
    assert_eq!(labels.labels.as_slice(), [1, 1, 2, 3, 0, 0]);
    assert_eq!(labels.structures[2].kind, StructureKind::Nerve);
    assert_eq!(labels.model, None);
}

#[test]
fn labels_may_come_without_an_image_and_an_image_without_labels() {
    let folder = Folder::new("alone");
    let path = folder.meta("only.mha", Pixels::U8(vec![0, 5, 5, 0, 0, 0]));
    let parameters = json!({ "labels": [mask(&path, "aorta", "artery")] });
    let (image, labels) = read(&mut open(parameters).unwrap());
    assert!(image.is_none());
    assert_eq!(labels.unwrap().labels.as_slice(), [0, 1, 1, 0, 0, 0]);
    let (image, labels) = read(&mut open(json!({ "image": path })).unwrap());
    assert!(labels.is_none());
    assert_eq!(image.unwrap().voxels.as_slice(), [0, 5, 5, 0, 0, 0]);
}

#[test]
fn what_does_not_fit_is_an_error_that_names_the_file() {
    let folder = Folder::new("wrong");
    let image = folder.meta("ct.mha", Pixels::I16(vec![0; 6]));
    let told = |path: &Path| {
        let labels = [mask(path, "liver", "organ")];
        open(json!({ "image": image, "labels": labels })).err().unwrap()
    };
    let ones = [1; 6];
    let ras = folder.nrrd("ras.nrrd", "right-anterior-superior", SAME, ones);
    let said = told(&ras);
    assert!(said.contains("ras.nrrd") && said.contains("RAS and the other as LPS"), "{said}");
    let shifted = SAME.replace("(10,20,30)", "(10,21,30)");
    let said = told(&folder.nrrd("shifted.nrrd", "left-posterior-superior", &shifted, ones));
    assert!(said.contains("up to 1.0 mm apart"), "{said}");
    let said = told(&folder.meta("half.mha", Pixels::F32(vec![0.5; 6])));
    assert!(said.contains("half.mha") && said.contains("a label: a whole number"), "{said}");
    let said = told(&folder.meta("empty.mha", Pixels::U8(vec![0; 6])));
    assert!(said.contains("empty.mha: no voxel is above 0"), "{said}");
    assert!(told(&folder.write("x.nrrd", b"NRRD0004\n")).contains("x.nrrd"));
    assert!(told(Path::new("nowhere.nrrd")).contains("cannot read nowhere.nrrd"));
    assert!(open(json!({})).err().unwrap().contains("`image`, `labels` or `surfaces` must name"));
}

/// A tetrahedron of 6 mm in text, at a place, its triangles facing outwards or inwards.
fn tetrahedron(comment: &str, at: [f32; 3], outwards: bool) -> String {
    let [x, y, z] = at;
    let faces = if outwards {
        "3 0 2 1\n3 0 1 3\n3 1 2 3\n3 0 3 2\n"
    } else {
        "3 0 1 2\n3 0 3 1\n3 1 3 2\n3 0 2 3\n"
    };
    format!(
        "ply\nformat ascii 1.0\ncomment {comment}\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\nelement face 4\nproperty list uchar int vertex_indices\nend_header\n{x} {y} {z}\n{} {y} {z}\n{x} {} {z}\n{x} {y} {}\n{faces}",
        x + 6.0,
        y + 6.0,
        z + 6.0
    )
}

fn surfaces(device: &mut Preoperative) -> Surfaces<messages::Preoperative> {
    let Reading::Scheduled { mut outputs, .. } = device.read().unwrap() else { panic!("nothing") };
    let Some(Output::Surfaces(surfaces)) = outputs.pop() else { panic!("no surfaces") };
    assert!(outputs.is_empty());
    surfaces
}

fn volume_mm3(mesh: &Mesh<'_>) -> f64 {
    let corner = |index: i32| Vector3::from(mesh.positions_mm[index as usize].map(f64::from));
    let six = |&[a, b, c]: &[i32; 3]| corner(a).dot(&corner(b).cross(&corner(c)));
    mesh.corners.iter().map(six).sum::<f64>() / 6.0
}

#[test]
fn surfaces_come_named_where_they_lie_and_facing_outwards() {
    let folder = Folder::new("surfaces");
    let nerve =
        folder.write("nerve.ply", tetrahedron("SPACE=RAS", [-9.0, 4.0, 7.0], true).as_bytes());
    let left = folder.write("left.ply", tetrahedron("by hand", [20.0, 0.0, 0.0], false).as_bytes());
    let right =
        folder.write("right.ply", tetrahedron("by hand", [-30.0, 0.0, 0.0], true).as_bytes());
    let file =
        |path: &Path, name: &str, kind: &str| json!({ "path": path, "name": name, "kind": kind });
    let mut ureter = file(&left, "ureter", "ureter");
    ureter["error_mm"] = json!(2.5);
    let parameters = json!({ "surfaces": [file(&nerve, "nerve", "nerve"), ureter, file(&right, "ureter", "ureter")] });
    let surfaces = surfaces(&mut open(parameters).unwrap());
    let meshes: Vec<_> = surfaces.meshes().collect();
    let names: Vec<_> = meshes
        .iter()
        .map(|mesh| (&*mesh.surface.structure.name, mesh.surface.structure.kind))
        .collect();
    assert_eq!(names, [("nerve", StructureKind::Nerve), ("ureter", StructureKind::Ureter)]);
    assert_eq!(meshes[0].positions_mm[0], [9.0, -4.0, 7.0]);
    assert_eq!(meshes[1].positions_mm[4], [-30.0, 0.0, 0.0]);
    assert_eq!((meshes[0].surface.error_mm, meshes[1].surface.error_mm), (1.0, 2.5));
    assert!((volume_mm3(&meshes[0]) - 36.0).abs() < 1e-6);
    assert!((volume_mm3(&meshes[1]) - 72.0).abs() < 1e-6);
}

#[test]
fn a_surface_that_does_not_fit_is_an_error_that_names_the_file() {
    let folder = Folder::new("wrong-surfaces");
    let path = folder.write("a.ply", tetrahedron("", [0.0; 3], true).as_bytes());
    let file = |name: &str, kind: &str| json!({ "path": path, "name": name, "kind": kind });
    let told = |files: serde_json::Value| open(json!({ "surfaces": files })).err().unwrap();
    assert!(told(json!([file(" ", "nerve")])).contains("a.ply: a surface should have a `name`"));
    let two = told(json!([file("x", "nerve"), file("x", "ureter")]));
    assert!(two.contains("`x` is Ureter here, but was Nerve before"), "{two}");
    let mut wide = file("x", "nerve");
    wide["error_mm"] = json!(-1.0);
    assert!(told(json!([wide])).contains("from 0 to 200 mm, but it is -1"));
    let cut = folder.write("cut.ply", b"ply\nformat");
    let said = told(json!([{ "path": cut, "name": "x", "kind": "nerve" }]));
    assert!(said.contains("cut.ply: the header should have an `end_header`"), "{said}");
    let said = told(json!([{ "path": "nowhere.stl", "name": "x", "kind": "nerve" }]));
    assert!(said.contains("cannot read nowhere.stl"), "{said}");
}

#[test]
fn a_real_patient_becomes_the_preoperative_map() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ircadb01_ct_vessels");
    if !folder.exists() {
        println!("SKIPPED: {} is absent", folder.display());
        return;
    }
    let names = [
        ("liver", "organ", 2_865_131),
        ("portalvein", "vein", 103_533),
        ("venoussystem", "vein", 143_167),
        ("livertumor", "tumour", 214_376),
    ];
    let labels: Vec<_> = names
        .iter()
        .map(|(name, kind, _)| mask(&folder.join(format!("mask_{name}.nii.gz")), name, kind))
        .collect();
    let parameters = json!({ "image": folder.join("ct.nii.gz"), "labels": labels });
    let (image, labels) = read(&mut open(parameters).unwrap());
    let (image, labels) = (image.unwrap(), labels.unwrap());
    assert_eq!((image.size, labels.size), ([512, 512, 129], [512, 512, 129]));
    let mut voxels = [0_u64; 5];
    let mut brightness = [0_i64; 5];
    for (label, intensity) in labels.labels.as_slice().iter().zip(image.voxels.as_slice()) {
        voxels[usize::from(*label)] += 1;
        brightness[usize::from(*label)] += i64::from(*intensity);
    }
    // Vessels are bright in the portal phase and lie where the labels say; tumours are dark.
    let mean_hu = |label: usize| brightness[label] as f64 / voxels[label] as f64;
    let means = [1, 2, 3, 4].map(mean_hu);
    println!("{voxels:?} {means:?}");
    assert_eq!(voxels[4], names[3].2);
    assert!((90.0..130.0).contains(&means[0]), "liver {means:?}");
    assert!(means[1] > means[0] + 20.0 && means[2] > means[0] + 20.0, "vessels {means:?}");
    assert!(means[3] < means[0] - 10.0, "tumours {means:?}");
}

#[test]
fn a_folder_of_dicom_is_an_image_of_its_own_kind_of_scanner() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/totalsegmentator_ct_mr/example_ct_dicom");
    if !folder.exists() {
        println!("SKIPPED: {} is absent", folder.display());
        return;
    }
    let (image, _) = read(&mut open(json!({ "image": folder })).unwrap());
    let image = image.unwrap();
    assert_eq!((image.size, image.modality), ([512, 512, 20], Modality::Ct));
    let air = image.voxels.as_slice().iter().filter(|hu| **hu < -900).count();
    assert!(air > image.voxels.as_slice().len() / 5, "Hounsfield units");
    let said = open(json!({ "image": folder, "modality": "mr" })).err().unwrap();
    assert!(said.contains("of modality CT, but `modality` is Mr"), "{said}");
}
