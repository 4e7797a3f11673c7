//! Ultrasound of the anatomies: what is known of the tissue shows in the image, and stays where the truth says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::sync::LazyLock;
use std::time::Duration;

use messages::{Placement, Point, Pose};
use nalgebra::Point3;
use runtime::{Device, Reading};
use simulation::anatomy::deformation::DeformedAnatomy;
use simulation::anatomy::family::Family;
use simulation::anatomy::structure::{StructureKind, Tissue};
use simulation::anatomy_under_probe::AnatomyUnderProbe;
use simulation::devices::{Tracker, Ultrasound, tracker, ultrasound};
use simulation::scan_geometry::probe_from_face;
use simulation::subject::Scan;
use simulation::{ScanGeometry, Scanner, ScannerSettings, Subject, SubjectKind};

static ABDOMEN: LazyLock<Subject> =
    LazyLock::new(|| Subject::new(SubjectKind::Abdomen, 1, Family::Winding).unwrap());
static PELVIS: LazyLock<Subject> =
    LazyLock::new(|| Subject::new(SubjectKind::Pelvis, 1, Family::Winding).unwrap());

fn scanner() -> Scanner {
    let geometry = ScanGeometry { depth_mm: 140.0, ..ScanGeometry::default() };
    Scanner::new(geometry, ScannerSettings::default()).unwrap()
}

/// What truly lies at each pixel of the sector, and the grey value there, with row and column.
fn pixels(subject: &Subject, scan: &Scan, at: Duration) -> Vec<(Tissue, u8, usize, usize)> {
    let anatomy = subject.anatomy().unwrap();
    let now = AnatomyUnderProbe::new(anatomy, subject.motion().pressure(at), at).unwrap();
    let deformed =
        DeformedAnatomy { anatomy, deformation: now.deformation(), time_s: now.time_s() };
    let geometry = *scanner().geometry();
    let patient_from_face = scan.patient_from_probe * probe_from_face();
    let mut all = Vec::new();
    for ((row, column), grey) in scan.grey.indexed_iter() {
        let (x, y) = geometry.face_from_pixel(column as f64, row as f64);
        if geometry.in_sector(x, y) && (row + column) % 2 == 0 {
            let place = patient_from_face.isometry() * Point3::new(x, y, 0.0);
            all.push((deformed.tissue_at(Point::new(place)), *grey, row, column));
        }
    }
    all
}

fn mean(values: impl Iterator<Item = u8>) -> (f64, usize) {
    let (sum, count) = values.fold((0.0, 0), |(sum, n), v| (sum + f64::from(v), n + 1));
    (sum / f64::max(1.0, count as f64), count)
}

#[test]
fn the_truth_is_where_the_deformed_anatomy_has_vessels() {
    for subject in [&*ABDOMEN, &*PELVIS] {
        let (mut agree, mut vessels, mut count) = (0, 0, 0);
        for seconds in [3, 11, 18] {
            let at = Duration::from_secs(seconds);
            let scan = subject.scan(&scanner(), at, seconds).unwrap();
            for (tissue, _, row, column) in pixels(subject, &scan, at) {
                let truly = matches!(tissue, Tissue::Structure(kind) if kind.is_vessel());
                let said = scan.vessels[(row, column)] == 1;
                agree += usize::from(truly == said);
                vessels += usize::from(truly);
                count += 1;
            }
        }
        assert!(vessels > 300, "only {vessels} pixels of vessels");
        // A moved tube is straight between moved nodes; its wall differs by some hundredths of a mm.
        assert!(count - agree < vessels / 20 + 10, "{} of {count} differ", count - agree);
    }
}

#[test]
fn vessels_are_dark_liver_is_a_middle_grey_and_walls_shine() {
    let (mut lumen, mut liver, mut fat_and_more) = (Vec::new(), Vec::new(), Vec::new());
    for seconds in [2, 9, 17] {
        let at = Duration::from_secs(seconds);
        let scan = ABDOMEN.scan(&scanner(), at, seconds).unwrap();
        for (tissue, grey, row, column) in pixels(&ABDOMEN, &scan, at) {
            let rows = &scan.vessels;
            let inside = (row.saturating_sub(3)..(row + 4).min(rows.nrows())).all(|r| {
                (column.saturating_sub(3)..(column + 4).min(rows.ncols()))
                    .all(|c| rows[(r, c)] == 1)
            });
            match tissue {
                Tissue::Structure(StructureKind::Liver) => liver.push(grey),
                Tissue::WallMuscle | Tissue::Fat => fat_and_more.push(grey),
                _ if inside => lumen.push(grey),
                _ => {}
            }
        }
    }
    let (liver, liver_pixels) = mean(liver.into_iter());
    let (lumen, lumen_pixels) = mean(lumen.into_iter());
    let (wall, wall_pixels) = mean(fat_and_more.into_iter());
    assert!(liver_pixels > 5000 && lumen_pixels > 100 && wall_pixels > 3000);
    assert!((70.0..130.0).contains(&liver), "liver has the grey value {liver}");
    assert!(liver - lumen > 30.0, "vessels are {lumen}, liver is {liver}");
    assert!((40.0..110.0).contains(&wall), "the body wall has the grey value {wall}");
}

#[test]
fn bone_and_gas_cast_shadows() {
    let (mut behind, mut beside, mut surface) = (Vec::new(), Vec::new(), Vec::new());
    for seconds in [0, 1, 6, 17, 20] {
        let at = Duration::from_secs(seconds);
        let scan = PELVIS.scan(&scanner(), at, seconds).unwrap();
        let mut all = pixels(&PELVIS, &scan, at);
        all.sort_by_key(|(_, _, row, column)| (*column, *row));
        // Near the middle of the image the beams run down the columns.
        let half = scan.grey.ncols() / 2;
        // The column that is walked down, and where its last bone or gas was.
        let mut blocked: Option<(usize, usize)> = None;
        for (tissue, grey, row, column) in &all {
            let shadowed = blocked.is_some_and(|(c, r)| c == *column && r + 10 < *row);
            if matches!(tissue, Tissue::Structure(kind) if kind.casts_shadow()) {
                blocked = Some((*column, *row));
            }
            if column.abs_diff(half) > 60 || *row < 60 {
                continue;
            }
            match tissue {
                Tissue::Structure(kind) if kind.casts_shadow() => surface.push(*grey),
                Tissue::Viscera if shadowed => behind.push(*grey),
                Tissue::Viscera => beside.push(*grey),
                _ => {}
            }
        }
    }
    let ((behind, hidden), (beside, seen)) = (mean(behind.into_iter()), mean(beside.into_iter()));
    assert!(hidden > 200 && seen > 2000, "{hidden} hidden, {seen} seen");
    assert!(behind < 0.55 * beside, "{behind} in the shadow, {beside} beside it");
    assert!(surface.iter().copied().max().unwrap() > 200, "the surface does not shine");
}

#[test]
fn breathing_moves_the_vessels_and_the_same_moment_repeats() {
    let anatomy = ABDOMEN.anatomy().unwrap();
    let period_s = simulation::anatomy_under_probe::breathing(anatomy).period_s;
    let at = |seconds: f64| Duration::from_secs_f64(seconds);
    let pose = ABDOMEN.motion().patient_from_probe(at(0.0));
    let mask = |seconds: f64| {
        let pressure = ABDOMEN.motion().pressure(at(0.0));
        let now = AnatomyUnderProbe::new(anatomy, pressure, at(seconds)).unwrap();
        simulation::vessel_mask(&now, scanner().geometry(), &pose)
    };
    let dice = |a: f64, b: f64| simulation::dice(mask(a).view(), mask(b).view()).unwrap();
    assert!(dice(0.0, period_s) > 0.99, "{}", dice(0.0, period_s));
    assert!(dice(0.0, 0.5 * period_s) < 0.6, "{}", dice(0.0, 0.5 * period_s));
    let image = |n| ABDOMEN.scan(&scanner(), at(5.0), n).unwrap().grey;
    assert_eq!(image(7), image(7));
}

#[test]
fn the_probe_stays_on_the_skin_and_never_jumps() {
    for subject in [&*ABDOMEN, &*PELVIS] {
        let wall = subject.anatomy().unwrap().body_wall();
        let place = |ms: u64| {
            let pose = subject.motion().patient_from_probe(Duration::from_millis(ms));
            *(pose * probe_from_face()).isometry()
        };
        for ms in (0..60_000).step_by(370) {
            let (here, soon) = (place(ms), place(ms + 5));
            let depth = -wall.signed_distance_mm(&Point3::from(here.translation.vector));
            assert!((6.0..13.0).contains(&depth), "pressed in by {depth} mm");
            let way = (soon.translation.vector - here.translation.vector).norm();
            assert!(way < 0.15 && here.rotation.angle_to(&soon.rotation) < 0.003, "{way} mm");
        }
    }
}

#[test]
fn a_family_that_the_block_lacks_is_refused_with_what_it_has() {
    let error = Subject::new(SubjectKind::Block, 1, Family::Accessory).unwrap_err().to_string();
    assert!(error.contains("`winding`") && error.contains("Accessory"), "{error}");
    assert!(Subject::new(SubjectKind::Block, 1, Family::Slender).is_ok());
}

#[test]
fn scanner_and_tracker_of_the_same_patient_see_the_same_probe() {
    let shared =
        serde_json::json!({ "patient": { "seed": 2, "anatomy": "pelvis", "family": "slender" } });
    let mut ultrasound = Ultrasound::open(serde_json::from_value(shared.clone()).unwrap()).unwrap();
    let mut tracker = Tracker::open(serde_json::from_value(shared).unwrap()).unwrap();
    let read = ultrasound.read().unwrap();
    let Reading::Scheduled { outputs, .. } = read else { panic!("nothing is scheduled") };
    let [ultrasound::Output::Image(image), ultrasound::Output::Truth(truth)] = &outputs[..] else {
        panic!("expected the image and its truth")
    };
    assert_eq!((image.width_px, image.height_px, truth.width_px), (320, 240, 320));
    assert!(truth.labels.as_slice().contains(&1));
    let Placement::Placed { patient_from_image, .. } = &truth.placement else { panic!() };
    let Reading::Scheduled { outputs, .. } = tracker.read().unwrap() else { panic!() };
    let tracker::Output::Poses(poses) = &outputs[0];
    let seen = |name: &str| {
        let tool = poses.tools.iter().find(|t| t.name == name).unwrap();
        let Pose::Visible { to_from_tool, .. } = &tool.pose else { panic!("{name} is hidden") };
        *to_from_tool.isometry()
    };
    let patient_from_probe = seen("reference").inverse() * seen("probe");
    let probe_from_image = ScanGeometry::default().probe_from_image();
    let placed = patient_from_probe * Point3::from(probe_from_image.origin());
    let off_mm = (placed.coords - patient_from_image.origin()).norm();
    assert!(off_mm < 4.0, "the tracker places the image {off_mm} mm off");
}

#[test]
fn with_the_breath_held_the_same_place_shows_the_same_vessels() {
    let scanner = scanner();
    let held = ABDOMEN.clone().with_breath_held(true);
    let at = Duration::from_millis(2100);
    let anatomy = held.anatomy().unwrap();
    let rest = AnatomyUnderProbe::new(anatomy, held.motion().pressure(at), Duration::ZERO).unwrap();
    let pose = held.motion().patient_from_probe(at);
    let expected = simulation::vessel_mask(&rest, scanner.geometry(), &pose);
    assert_eq!(held.scan(&scanner, at, 7).unwrap().vessels, expected);
    let breathing = ABDOMEN.scan(&scanner, at, 7).unwrap().vessels;
    assert_ne!(breathing, expected, "in the middle of a breath the liver is elsewhere");
}
