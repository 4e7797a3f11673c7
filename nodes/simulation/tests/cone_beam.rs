//! The cone-beam image shows the patient as deformed, at its time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use messages::{IntensityVolume, Modality, Patient, Point, Voxel};
use nalgebra::Point3;
use runtime::{Device, Reading};
use simulation::anatomy::family::Family;
use simulation::devices::ConeBeam;
use simulation::devices::cone_beam::Output;
use simulation::{Subject, SubjectKind};

fn open(packing_mm: f64) -> ConeBeam {
    ConeBeam::open(
        serde_json::from_value(serde_json::json!({
            "patient": {
                "seed": 1, "anatomy": "abdomen", "breath_held": true, "packing_mm": packing_mm,
            },
            "spacing_mm": 2.5, "radius_mm": 80.0, "height_mm": 90.0, "at_s": 42.0,
        }))
        .unwrap(),
    )
    .unwrap()
}

fn image(device: &mut ConeBeam) -> (Duration, IntensityVolume<Patient>) {
    let Reading::Scheduled { since_start, outputs } = device.read().unwrap() else { panic!() };
    let [Output::Image(image), Output::Truth(truth)] = &outputs[..] else { panic!() };
    assert_eq!((truth.size, truth.frame_from_voxel), (image.size, image.frame_from_voxel));
    // What is labelled portal vein is brighter than the liver around it.
    let mean_of = |name: &str| {
        let label = 1 + truth.structures.iter().position(|s| s.name == name).unwrap();
        let pairs = truth.labels.as_slice().iter().zip(image.voxels.as_slice());
        let own: Vec<f64> = pairs
            .filter(|(of, _)| usize::from(**of) == label)
            .map(|(_, value)| f64::from(*value))
            .collect();
        assert!(own.len() > 200, "{name}: {} voxels", own.len());
        own.iter().sum::<f64>() / own.len() as f64
    };
    let (portal_hu, liver_hu) = (mean_of("portal_vein"), mean_of("liver"));
    assert!(portal_hu > liver_hu + 20.0, "{portal_hu} and {liver_hu} HU");
    (since_start, image.clone())
}

/// Mean of the voxels whose centre, at rest, lies where `wanted` says.
fn mean(image: &IntensityVolume<Patient>, wanted: impl Fn(&Point3<f64>) -> bool) -> (f64, u32) {
    let [nx, ny, _] = image.size.map(|n| n as usize);
    let (mut sum, mut count) = (0.0, 0);
    for (index, value) in image.voxels.as_slice().iter().enumerate() {
        let at = [index % nx, index / nx % ny, index / (nx * ny)].map(|i| i as f64);
        let place = image.frame_from_voxel * Point::<Voxel>::new(Point3::from(at));
        if wanted(&place.xyz_mm) {
            sum += f64::from(*value);
            count += 1;
        }
    }
    (sum / f64::from(count.max(1)), count)
}

#[test]
fn the_image_shows_vessels_where_the_packs_have_pushed_them() {
    let mut device = open(15.0);
    let (at, packed) = image(&mut device);
    assert_eq!((at, packed.modality), (Duration::from_secs(42), Modality::ConeBeamCt));
    assert!(matches!(device.read().unwrap(), Reading::End));
    device.seek(Duration::from_secs(50));
    assert!(matches!(device.read().unwrap(), Reading::End));
    assert_eq!(packed, image(&mut open(15.0)).1);
    let (_, rest) = image(&mut open(0.0));
    assert_ne!(packed.voxels, rest.voxels);

    let subject = Subject::new(SubjectKind::Abdomen, 1, Family::DEMONSTRATION)
        .unwrap()
        .with_breath_held(true)
        .with_packing(15.0, 0.0);
    let portal = subject.anatomy().unwrap().structure("portal_vein").unwrap();
    let now = subject.moment_without_probe(Duration::from_secs(42)).unwrap().unwrap();
    // The midst of the wider branches; what is thinner blurs into the liver.
    let lumen = |place: &Point3<f64>| portal.signed_distance_mm(place) < -1.5;
    let moved = |place: &Point3<f64>| {
        let origin = now.origin_of(place);
        lumen(&origin) && (origin - place).norm() > 6.0
    };
    let (true_hu, count) = mean(&packed, moved);
    let (elsewhere_hu, _) = mean(&rest, moved);
    assert!(count > 50, "{count} voxels");
    assert!(true_hu > elsewhere_hu + 25.0, "{true_hu} HU in the vessel, {elsewhere_hu} beside it");
    let (rest_hu, _) = mean(&rest, lumen);
    assert!((true_hu - rest_hu).abs() < 25.0, "{true_hu} and {rest_hu} HU");
}

#[test]
fn the_block_has_no_image_and_sizes_are_checked() {
    let refused = |parameters: serde_json::Value| {
        ConeBeam::open(serde_json::from_value(parameters).unwrap()).err().unwrap().to_string()
    };
    assert!(
        refused(serde_json::json!({ "patient": { "anatomy": "block" } }))
            .contains("but is `block`")
    );
    assert!(
        refused(serde_json::json!({ "patient": { "anatomy": "abdomen" }, "radius_mm": 5.0 }))
            .contains("radius_mm")
    );
}
