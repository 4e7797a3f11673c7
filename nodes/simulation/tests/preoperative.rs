//! The preoperative device: it is opened and read as the runtime does, and tells the truth.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use messages::{
    IntensityVolume, LabelVolume, Message, Modality, Patient, Point, Preoperative as Frame,
    StructureKind, Voxel,
};
use nalgebra::Point3;
use runtime::{Device, Reading};
use simulation::anatomy::family::Family;
use simulation::anatomy::structure::Tissue;
use simulation::anatomy::{Anatomy, Region};
use simulation::devices::Preoperative;
use simulation::devices::preoperative::{Output, field_of_view};
use simulation::misalignment::preoperative_from_patient;

fn open(parameters: serde_json::Value) -> Preoperative {
    Preoperative::open(serde_json::from_value(parameters).unwrap()).unwrap()
}

fn read(device: &mut Preoperative) -> (Duration, IntensityVolume<Frame>, LabelVolume<Frame>) {
    let Reading::Scheduled { since_start, outputs } = device.read().unwrap() else {
        panic!("nothing is scheduled")
    };
    let [Output::Image(image), Output::Truth(truth)] = &outputs[..] else {
        panic!("expected the image and its truth")
    };
    (since_start, image.clone(), truth.clone())
}

fn voxel(size: [u32; 3], index: usize) -> Point<Voxel> {
    let [nx, ny, _] = size.map(|n| n as usize);
    let [x, y, z] = [index % nx, index / nx % ny, index / (nx * ny)].map(|i| i as f64);
    Point::new(Point3::new(x, y, z))
}

#[test]
fn image_and_truth_come_once_at_the_start_and_the_true_registration_lays_them_on_the_patient() {
    let mut device = open(serde_json::json!({
        "seed": 3, "anatomy": "pelvis", "family": "wide", "spacing_mm": 4.0,
        "misalignment_mm": 20.0, "misalignment_deg": 12.0,
    }));
    let (at, image, truth) = read(&mut device);
    assert_eq!(at, Duration::ZERO);
    assert!(matches!(device.read().unwrap(), Reading::End));
    assert_eq!((image.size, image.frame_from_voxel), (truth.size, truth.frame_from_voxel));
    assert_eq!((image.modality, truth.model.is_none()), (Modality::Ct, true));
    for array in image.arrays().iter().chain(&truth.arrays()) {
        assert_eq!(
            array.shape,
            vec![image.size[2], image.size[1], image.size[0]]
                .into_iter()
                .map(u64::from)
                .collect::<Vec<_>>()
        );
    }

    let anatomy = Anatomy::new(Region::Pelvis, 3, Family::Wide).unwrap();
    let centre = field_of_view(&anatomy).centre();
    let moved = preoperative_from_patient(3, &centre, 20.0, 12.0_f64.to_radians());
    let (mut seen, mut bone, mut bones) = (vec![0; truth.structures.len() + 1], 0.0, 0.0);
    for (index, label) in truth.labels.as_slice().iter().enumerate() {
        let place: Point<Patient> =
            moved.inverse() * (truth.frame_from_voxel * voxel(truth.size, index));
        let expected = anatomy.structure_at(place).map_or(0, |s| s + 1);
        // The way there and back moves a point by 1e-13 mm, which may cross a surface.
        seen[usize::from(*label)] += usize::from(usize::from(*label) == expected);
        if anatomy.tissue_at(place)
            == Tissue::Structure(simulation::anatomy::structure::StructureKind::Bone)
        {
            bone += f64::from(image.voxels.as_slice()[index]);
            bones += 1.0;
        }
    }
    let right: usize = seen.iter().sum();
    assert!(right + 3 >= truth.labels.as_slice().len(), "{right} voxels are right");
    assert!(bones > 1000.0 && bone / bones > 330.0, "bone has {} HU", bone / bones);
    let kind = |name: &str| truth.structures.iter().find(|s| s.name == name).unwrap().kind;
    assert_eq!(kind("ureter_left"), StructureKind::Ureter);
    assert_eq!(kind("external_iliac_artery_right"), StructureKind::Artery);
    assert_eq!(kind("sacrum"), StructureKind::Bone);
    assert!(truth.structures.len() > 20 && seen[1..].iter().filter(|n| **n > 0).count() > 20);
}

#[test]
fn an_mr_differs_from_a_ct_and_a_restart_publishes_again() {
    let parameters = |modality: &str| serde_json::json!({ "seed": 1, "anatomy": "pelvis", "modality": modality, "spacing_mm": 6.0 });
    let mut device = open(parameters("mr"));
    device.seek(Duration::from_secs(40));
    let (at, mr, truth) = read(&mut device);
    assert_eq!((at, mr.modality), (Duration::from_secs(40), Modality::Mr));
    let (_, ct, same) = read(&mut open(parameters("ct")));
    assert_eq!(truth, same);
    assert_ne!(mr.voxels, ct.voxels);
    assert!(mr.voxels.as_slice().iter().all(|v| *v >= 0));
    assert_eq!(ct, read(&mut open(parameters("ct"))).1);
}

#[test]
fn the_abdomen_has_its_liver_tumours_and_vessels() {
    let (_, image, truth) = read(&mut open(serde_json::json!({ "seed": 2, "spacing_mm": 5.0 })));
    let label = |name: &str| truth.structures.iter().position(|s| s.name == name).unwrap() + 1;
    let mean = |label: usize| {
        let chosen = truth.labels.as_slice().iter().zip(image.voxels.as_slice());
        let chosen: Vec<_> =
            chosen.filter(|(l, _)| usize::from(**l) == label).map(|(_, v)| f64::from(*v)).collect();
        (chosen.iter().sum::<f64>() / chosen.len() as f64, chosen.len() as f64 * 0.125)
    };
    let (liver_hu, liver_ml) = mean(label("liver"));
    assert!((95.0..120.0).contains(&liver_hu), "{liver_hu} HU");
    assert!((1000.0..1800.0).contains(&liver_ml), "{liver_ml} ml");
    assert!(mean(label("portal_vein")).0 > liver_hu + 10.0);
    assert!(truth.structures.iter().any(|s| s.kind == StructureKind::Tumour));
}

#[test]
fn parameters_out_of_range_are_refused_by_name() {
    for name in ["spacing_mm", "misalignment_mm", "misalignment_deg"] {
        let parameters = serde_json::from_value(serde_json::json!({ name: -1.0 })).unwrap();
        let error = Preoperative::open(parameters).err().unwrap().to_string();
        assert!(error.contains(name), "{error}");
    }
    let unknown = serde_json::json!({ "anatomy": "head" });
    assert!(
        serde_json::from_value::<simulation::devices::preoperative::Parameters>(unknown).is_err()
    );
}
