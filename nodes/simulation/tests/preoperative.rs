//! The preoperative device: it is opened and read as the runtime does, and tells the truth.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use messages::{
    IntensityVolume, LabelVolume, Landmarks, Message, Modality, Patient, Point,
    Preoperative as Frame, StructureKind, Voxel,
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
    // The image comes first: what is made from it takes longest.
    let [Output::Image(image), _, _, Output::Truth(truth), _] = &outputs[..] else {
        panic!("expected the image, what was marked and drawn in it, and its truth")
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
        "patient": { "seed": 3, "anatomy": "pelvis", "family": "wide" }, "spacing_mm": 4.0,
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
    let parameters = |modality: &str| serde_json::json!({ "patient": { "seed": 1, "anatomy": "pelvis" }, "modality": modality, "spacing_mm": 6.0 });
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
    let (_, image, truth) = read(&mut open(
        serde_json::json!({ "patient": { "seed": 2, "anatomy": "abdomen" }, "spacing_mm": 5.0 }),
    ));
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

/// Landmarks, delineation and true targets.
fn marks(
    parameters: serde_json::Value,
) -> (Landmarks<Frame>, LabelVolume<Frame>, LabelVolume<Frame>, Landmarks<Frame>) {
    let Reading::Scheduled { outputs, .. } = open(parameters).read().unwrap() else {
        panic!("nothing is scheduled")
    };
    let [
        _,
        Output::Landmarks(marks),
        Output::Delineation(drawn),
        Output::Truth(truth),
        Output::TruthTargets(targets),
    ] = &outputs[..]
    else {
        panic!("expected landmarks, a delineation and targets")
    };
    (marks.clone(), drawn.clone(), truth.clone(), targets.clone())
}

#[test]
fn what_is_drawn_is_nearly_what_is_there_and_what_is_marked_lies_where_it_belongs() {
    let parameters =
        serde_json::json!({ "patient": { "seed": 3, "anatomy": "pelvis" }, "spacing_mm": 2.0 });
    let (marks, drawn, truth, targets) = marks(parameters);
    let anatomy = Anatomy::new(Region::Pelvis, 3, Family::Winding).unwrap();
    let centre = field_of_view(&anatomy).centre();
    let moved = preoperative_from_patient(3, &centre, 15.0, 8.0_f64.to_radians());

    let truly = simulation::landmarks::landmarks(&anatomy);
    assert_eq!(marks.landmarks.len(), truly.len());
    for mark in &truly {
        let there = moved.inverse() * marks.position(mark.name).unwrap();
        let off_mm = (there.xyz_mm - mark.place).norm();
        assert!((0.01..2.5).contains(&off_mm), "{} is off by {off_mm} mm", mark.name);
    }
    for (name, place) in simulation::targets::targets(&anatomy) {
        let there = moved.inverse() * targets.position(&name).unwrap();
        assert!((there.xyz_mm - place).norm() < 1e-9);
    }

    assert_eq!((drawn.size, drawn.frame_from_voxel), (truth.size, truth.frame_from_voxel));
    let kinds = [
        StructureKind::Tumour,
        StructureKind::Nerve,
        StructureKind::Ureter,
        StructureKind::LymphNode,
    ];
    assert!(drawn.structures.len() >= 10 && drawn.model.is_none());
    assert!(drawn.structures.iter().all(|s| kinds.contains(&s.kind)));
    let (mut both, mut sum, mut off) = (0, 0, 0.0_f64);
    for (index, label) in drawn.labels.as_slice().iter().enumerate() {
        let name = |volume: &LabelVolume<Frame>, label: u8| {
            volume.structures.get(usize::from(label).wrapping_sub(1)).map(|s| s.name.clone())
        };
        let (here, there) = (name(&drawn, *label), name(&truth, truth.labels.as_slice()[index]));
        let is_drawn =
            |name: &Option<String>| drawn.structures.iter().any(|s| Some(&s.name) == name.as_ref());
        sum += u32::from(here.is_some()) + u32::from(is_drawn(&there));
        both += u32::from(here.is_some() && here == there);
        if let Some(here) = here {
            let place = moved.inverse() * (drawn.frame_from_voxel * voxel(drawn.size, index));
            off = off.max(anatomy.structure(&here).unwrap().signed_distance_mm(&place.xyz_mm));
        }
    }
    // The thin ones are drawn a voxel wide, which is much for a nerve of 2 mm in voxels of 2 mm.
    let dice = 2.0 * f64::from(both) / f64::from(sum);
    assert!((0.6..0.97).contains(&dice), "Dice {dice}");
    assert!((1.0..4.0).contains(&off), "drawn {off} mm beside");
    for (index, structure) in drawn.structures.iter().enumerate() {
        let count =
            drawn.labels.as_slice().iter().filter(|l| usize::from(**l) == index + 1).count();
        assert!(count > 0, "{} was not drawn", structure.name);
    }

    let organs = serde_json::json!({
        "patient": { "seed": 3, "anatomy": "pelvis" }, "spacing_mm": 6.0, "drawn": ["artery"],
    });
    let (_, arteries, _, _) = self::marks(organs);
    assert!(arteries.structures.iter().all(|s| s.kind == StructureKind::Artery));
}

#[test]
fn parameters_out_of_range_are_refused_by_name() {
    for name in ["spacing_mm", "misalignment_mm", "misalignment_deg"] {
        let parameters = serde_json::from_value(
            serde_json::json!({ "patient": { "anatomy": "abdomen" }, name: -1.0 }),
        )
        .unwrap();
        let error = Preoperative::open(parameters).err().unwrap().to_string();
        assert!(error.contains(name), "{error}");
    }
    let unknown = serde_json::json!({ "patient": { "anatomy": "head" } });
    assert!(
        serde_json::from_value::<simulation::devices::preoperative::Parameters>(unknown).is_err()
    );
}
