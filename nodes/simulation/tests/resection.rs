//! What is cut out is gone from the anatomy, from the images and from the truth, and nothing else is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::sync::LazyLock;
use std::time::Duration;

use messages::{IntensityVolume, Patient, Point, Voxel};
use nalgebra::{Point3, Vector3};
use runtime::{Device, Reading};
use simulation::anatomy::Anatomy;
use simulation::anatomy::family::Family;
use simulation::anatomy::resection::CAVITY;
use simulation::anatomy::structure::{Geometry, Structure, StructureKind};
use simulation::devices::{ConeBeam, PatientTruth, cone_beam, patient_truth};
use simulation::scan_geometry::probe_from_face;
use simulation::{ScanGeometry, Scanner, ScannerSettings, Subject, SubjectKind};

const RADIUS_MM: f64 = 25.0;

fn patient(kind: SubjectKind) -> Subject {
    let subject = Subject::new(kind, 1, Family::Winding).unwrap().with_breath_held(true);
    subject.with_resection(RADIUS_MM, 10.0).unwrap()
}

static ABDOMEN: LazyLock<Subject> = LazyLock::new(|| patient(SubjectKind::Abdomen));

fn before_and_after(subject: &Subject) -> [&Anatomy; 2] {
    [9.9, 10.0].map(|at| subject.anatomy_after(Duration::from_secs_f64(at)).unwrap())
}

fn points(structure: &Structure) -> Vec<Point3<f64>> {
    match &structure.geometry {
        Geometry::Tubes(tubes) => tubes.nodes().iter().map(|node| node.position).collect(),
        Geometry::Solid(solid) => {
            let (low, size) = (solid.bounds().low, solid.bounds().high - solid.bounds().low);
            let place = |i: usize| {
                let part = [i % 20, i / 20 % 20, i / 400].map(|n| (n as f64 + 0.5) / 20.0);
                low + size.component_mul(&Vector3::from(part))
            };
            (0..8000).map(place).filter(|place| structure.contains(place)).collect()
        }
    }
}

#[test]
fn the_liver_is_whole_before_and_afterwards_lacks_a_tumour_and_what_is_around_it() {
    let [before, after] = before_and_after(&ABDOMEN);
    assert!(before.structure(CAVITY).is_none());
    let cavity = after.structure(CAVITY).unwrap();
    let gone: Vec<&str> = before
        .structures()
        .iter()
        .filter(|structure| after.structure(&structure.name).is_none())
        .map(|structure| structure.name.as_str())
        .collect();
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert!(gone[0].starts_with("tumour_"), "{gone:?}");
    let tumour = before.structure(gone[0]).unwrap();
    // Within the cut there is saline in place of liver, tumour and vessels.
    let (mut vessels, mut spared, mut saline) = (0, 0, 0);
    for structure in before.structures() {
        for place in points(structure) {
            let depth = cavity.signed_distance_mm(&place);
            let there = after.structure_at(Point::new(place)).map(|i| &after.structures()[i]);
            if depth < -1.5 {
                // A thick vessel whose middle runs beside the cut stays whole.
                let there = there.unwrap();
                let is_spared = there.kind.is_vessel() && there.signed_distance_mm(&place) <= 0.0;
                assert!(there.name == CAVITY || is_spared, "{} at {place}", there.name);
                spared += usize::from(is_spared);
                saline += usize::from(!is_spared);
                vessels += usize::from(structure.kind.is_vessel() && !is_spared);
            } else if depth > 4.0 {
                // To a part of the distance between samples.
                let off_mm = after.structure(&structure.name).unwrap().signed_distance_mm(&place);
                assert!(off_mm < 0.5, "{} at {place} is {off_mm} mm off", structure.name);
            }
        }
    }
    assert!(spared * 20 < saline, "{spared} of {saline} places are spared");
    assert!(vessels > 10, "only {vessels} nodes of vessels lay in what was cut out");
    assert!(points(tumour).iter().all(|place| cavity.contains(place)));
    // It opens to the surface of the liver.
    let Geometry::Solid(liver) = &before.structure("liver").unwrap().geometry else { panic!() };
    let highest = points(cavity).iter().map(|p| liver.signed_distance_mm(p)).fold(-99.0, f64::max);
    assert!(highest > -4.0, "the cavity ends {highest} mm under the surface");
}

#[test]
fn in_the_pelvis_a_lymph_node_goes_and_the_vessels_beside_it_stay() {
    let subject = patient(SubjectKind::Pelvis);
    let [before, after] = before_and_after(&subject);
    let count = |anatomy: &Anatomy, kind| {
        anatomy.structures().iter().filter(|structure| structure.kind == kind).count()
    };
    let node = StructureKind::LymphNode;
    assert!(count(after, node) < count(before, node));
    for structure in before.structures().iter().filter(|s| s.kind != node) {
        assert_eq!(after.structure(&structure.name), Some(structure));
    }
}

#[test]
fn the_images_show_a_dark_cavity_and_the_truth_no_vessel_in_it() {
    let geometry = ScanGeometry { depth_mm: 140.0, ..ScanGeometry::default() };
    let scanner = Scanner::new(geometry, ScannerSettings::default()).unwrap();
    let [_, after] = before_and_after(&ABDOMEN);
    let cavity = after.structure(CAVITY).unwrap();
    let uncut = ABDOMEN.clone().with_resection(0.0, 0.0).unwrap();
    let (mut inside, mut whole, mut seen, mut frames) = (0.0, 0.0, 0, 0);
    for at in 10..24 {
        let at = Duration::from_secs(at);
        let [cut, uncut] = [&*ABDOMEN, &uncut].map(|s| s.scan(&scanner, at, 0).unwrap());
        let now = ABDOMEN.moment(at).unwrap().unwrap();
        let patient_from_face = cut.patient_from_probe * probe_from_face();
        let before = seen;
        for ((row, column), grey) in cut.grey.indexed_iter() {
            let (x, y) = geometry.face_from_pixel(column as f64, row as f64);
            if !geometry.in_sector(x, y) {
                continue;
            }
            let place = now.origin_of(&(patient_from_face.isometry() * Point3::new(x, y, 0.0)));
            if cavity.signed_distance_mm(&place) < -4.0 {
                assert_eq!(cut.vessels[(row, column)], 0, "a vessel in what was cut out");
                inside += f64::from(*grey);
                whole += f64::from(uncut.grey[(row, column)]);
                seen += 1;
            }
        }
        frames += usize::from(seen > before);
    }
    assert!(frames > 2, "the cavity was seen in {frames} images");
    let (inside, whole) = (inside / f64::from(seen), whole / f64::from(seen));
    assert!(inside < 0.6 * whole, "the cavity is {inside}, what was there before {whole}");
}

#[test]
fn a_cone_beam_image_shows_saline_where_the_tumour_was() {
    let parameters = serde_json::json!({
        "patient": {
            "seed": 1, "anatomy": "abdomen", "family": "winding", "breath_held": true,
            "resection_mm": RADIUS_MM, "resected_at_s": 10.0,
        },
        "spacing_mm": 2.5, "radius_mm": 90.0, "height_mm": 110.0, "at_s": 12.0,
    });
    let mut device = ConeBeam::open(serde_json::from_value(parameters).unwrap()).unwrap();
    let Reading::Scheduled { outputs, .. } = device.read().unwrap() else { panic!() };
    let [cone_beam::Output::Image(image), cone_beam::Output::Truth(truth)] = &outputs[..] else {
        panic!()
    };
    let label = 1 + truth.structures.iter().position(|s| s.name == CAVITY).unwrap();
    let [_, after] = before_and_after(&ABDOMEN);
    let cavity = after.structure(CAVITY).unwrap();
    let deep = |index: usize| {
        let place: Point<Patient> = image.frame_from_voxel * voxel(image, index);
        cavity.signed_distance_mm(&place.xyz_mm) < -4.0
    };
    let values: Vec<f64> = (0..truth.labels.as_slice().len())
        .filter(|index| deep(*index) && image.voxels.as_slice()[*index] > -900)
        .map(|index| {
            assert_eq!(usize::from(truth.labels.as_slice()[index]), label);
            f64::from(image.voxels.as_slice()[index])
        })
        .collect();
    assert!(values.len() > 100, "{} voxels", values.len());
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    // Saline under the cupping of a cone beam; the liver would have some 100 HU.
    assert!((-60.0..40.0).contains(&mean), "{mean} HU");
}

fn voxel(image: &IntensityVolume<Patient>, index: usize) -> Point<Voxel> {
    let [nx, ny, _] = image.size.map(|count| count as usize);
    let at = [index % nx, index / nx % ny, index / (nx * ny)].map(|n| n as f64);
    Point::new(Point3::from(at))
}

#[test]
fn the_truth_forgets_what_is_gone() {
    let parameters = serde_json::json!({
        "patient": {
            "seed": 1, "anatomy": "abdomen", "family": "winding", "breath_held": true,
            "resection_mm": RADIUS_MM, "resected_at_s": 10.0,
        },
        "operation": { "tools": ["instrument"] }, "rate_hz": 1.0, "targets_every_s": 1.0,
    });
    let mut device = PatientTruth::open(serde_json::from_value(parameters).unwrap()).unwrap();
    let (mut tumours, mut targets) = (Vec::new(), Vec::new());
    for _ in 0..12 {
        let Reading::Scheduled { outputs, .. } = device.read().unwrap() else { panic!() };
        let [
            patient_truth::Output::TruthTargets(marks),
            patient_truth::Output::TruthTree(_),
            patient_truth::Output::TruthDistances(distances),
        ] = &outputs[..]
        else {
            panic!()
        };
        assert!(distances.structures.iter().all(|s| s.name != CAVITY));
        assert_eq!(distances.tools[0].structures.len(), distances.structures.len());
        tumours.push(distances.structures.iter().filter(|s| s.name.starts_with("tumour")).count());
        targets.push(marks.landmarks.len());
    }
    assert!(tumours[..10].iter().all(|count| *count == tumours[0]));
    assert_eq!([tumours[10], tumours[11]], [tumours[0] - 1; 2]);
    // At least those in the tumour.
    assert!(
        targets[..10].iter().all(|count| *count == targets[0]) && targets[10] + 10 <= targets[0]
    );
}

#[test]
fn where_there_is_nothing_to_cut_out_that_is_said() {
    let block = Subject::new(SubjectKind::Block, 1, Family::Wide).unwrap();
    let error = block.with_resection(10.0, 0.0).err().unwrap().to_string();
    assert!(error.contains("neither a tumour nor a lymph node"), "{error}");
}
