//! A simulated scanner pushes its image over DICOM, with faults: what is received is what was made, and nothing else.

use std::path::Path;

use imaging::dicom_receiver::{DicomReceiver, Output as Received};
use messages::{IntensityVolume, Patient, Timestamp};
use runtime::clock::{SessionClock, monotonic};
use runtime::{Assignment, Device, DeviceSession, Reading};
use serde_json::{Value, json};
use simulation::devices::DicomScanner;
use simulation::devices::dicom_scanner::Output as Pushed;
use system_tests::{Place, alone, is_long};

/// A busy machine takes long.
const PATIENCE_S: u64 = 120;

/// A session in a folder.
fn session(folder: &Path) -> DeviceSession {
    let assignment: Assignment = serde_json::from_value(json!({
        "session": "s", "node": "receiver", "runs": "", "incarnation": 1, "folder": folder,
        "secret": vec![9_u8; 32], "parameters": {}, "clock": SessionClock::new(), "mode": "live",
        "startup_ms": 1000, "shared_memory_mib": 1, "zenoh": {},
    }))
    .unwrap();
    DeviceSession::of(&assignment)
}

fn receiver(session: &DeviceSession, more: Value) -> DicomReceiver {
    let mut parameters = json!({ "address": "tcp://127.0.0.1:0", "settle_ms": 300 });
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    DicomReceiver::open_in(serde_json::from_value(parameters).unwrap(), session).unwrap()
}

fn scanner(session: &DeviceSession, to: &DicomReceiver, more: Value) -> DicomScanner {
    let mut parameters = json!({
        "patient": { "seed": 1, "anatomy": "abdomen", "breath_held": true },
        "spacing_mm": 4.0, "radius_mm": 60.0, "height_mm": 60.0, "at_s": 0.2,
        "address": format!("tcp://{}", to.address()),
    });
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    DicomScanner::open_in(serde_json::from_value(parameters).unwrap(), session).unwrap()
}

/// The image as it was made.
fn truth(scanner: &mut DicomScanner) -> IntensityVolume<Patient> {
    let Reading::Scheduled { outputs, .. } = scanner.read().unwrap() else { panic!() };
    let [Pushed::Truth(labels), Pushed::TruthImage(image)] = &outputs[..] else { panic!() };
    assert_eq!(labels.size, image.size);
    image.clone()
}

/// What comes of both until neither has anything more to say: volumes, and sentences of each.
#[derive(Default)]
struct Course {
    volumes: Vec<(Timestamp, IntensityVolume<Patient>)>,
    received: Vec<String>,
    pushed: Vec<String>,
}

fn course(scanner: &mut DicomScanner, receiver: &mut DicomReceiver, begun: &str) -> Course {
    let mut course = Course::default();
    let (start, mut is_pushed, mut silent) = (monotonic(), false, 0);
    // Once all is pushed, longer than the receiver waits for more.
    while !is_pushed || silent < 10 {
        let waited = monotonic().saturating_sub(start).as_secs();
        assert!(waited < PATIENCE_S, "{begun}: {:?} {:?}", course.received, course.pushed);
        silent += 1;
        match receiver.read().unwrap() {
            Reading::Acquired { acquired_at, mut outputs } => {
                let Received::Image(image) = outputs.remove(0);
                course.volumes.push((acquired_at, image));
                silent = 0;
            }
            Reading::Refused { reason } => {
                course.received.push(reason);
                silent = 0;
            }
            Reading::Nothing => {}
            other => panic!("{other:?}"),
        }
        match scanner.read().unwrap() {
            Reading::End if is_pushed => {}
            Reading::End => (is_pushed, silent) = (true, 0),
            Reading::Refused { reason } => course.pushed.push(reason),
            Reading::Nothing => {}
            other => panic!("{other:?}"),
        }
    }
    course
}

fn assert_same(received: &IntensityVolume<Patient>, made: &IntensityVolume<Patient>) {
    assert_eq!((received.size, received.modality), (made.size, made.modality));
    let off = (received.frame_from_voxel.rows() - made.frame_from_voxel.rows()).amax();
    assert!(off < 1e-6, "{off} mm");
    assert!(received.voxels == made.voxels, "voxels differ");
}

#[test]
fn what_a_scanner_pushes_is_received_as_it_was_made() {
    let _alone = alone();
    let place = Place::new();
    for (name, more) in [
        ("plain", json!({})),
        ("counted", json!({ "tells_count": true, "faults": { "slow_ms": 20 } })),
        ("twice", json!({ "faults": { "sent_twice": [1, 5, 16] } })),
        ("again", json!({ "again_after_s": 0.1 })),
    ] {
        let folder = place.path(name);
        std::fs::create_dir(&folder).unwrap();
        let session = session(&folder);
        let mut receiver = receiver(&session, json!({ "scanner_clock": {} }));
        let mut scanner = scanner(&session, &receiver, more);
        let made = truth(&mut scanner);
        let started_at = session.clock().now();
        scanner.start(started_at);
        let course = course(&mut scanner, &mut receiver, name);
        assert_eq!(course.received, [""; 0], "{name}");
        assert_eq!(course.pushed, [""; 0], "{name}");
        let [(acquired_at, received)] = &course.volumes[..] else {
            panic!("{name}: {} volumes", course.volumes.len());
        };
        assert_same(received, &made);
        // When it was made, as the tags say to a microsecond; clocks of a machine may be put right meanwhile.
        let due = started_at + std::time::Duration::from_millis(200);
        assert!(acquired_at.distance(due).as_millis() < 50, "{acquired_at} and {due}");
    }
}

#[test]
fn faults_of_a_scanner_are_told_and_made_good_by_pushing_again() {
    let _alone = alone();
    let place = Place::new();
    for (name, faults, words) in [
        ("aborted", json!({ "abort_after": 9 }), "9 of 16 slices"),
        ("left_out", json!({ "left_out": [7, 8] }), "2 slices are missing"),
        ("another", json!({ "another_patient_from": 11 }), "another patient"),
    ] {
        let folder = place.path(name);
        std::fs::create_dir(&folder).unwrap();
        let session = session(&folder);
        let mut receiver = receiver(&session, json!({}));
        let again = json!({ "tells_count": true, "faults": faults, "again_after_s": 2.0 });
        let mut scanner = scanner(&session, &receiver, again);
        let made = truth(&mut scanner);
        scanner.start(session.clock().now());
        let course = course(&mut scanner, &mut receiver, name);
        let is_told = course.received.iter().any(|told| told.contains(words));
        assert!(is_told, "{name}: {:?}", course.received);
        assert_eq!(course.pushed.len(), usize::from(name == "another"), "{:?}", course.pushed);
        let [(_, received)] = &course.volumes[..] else {
            panic!("{name}: {} volumes", course.volumes.len());
        };
        assert_same(received, &made);
    }
}

#[test]
fn nobody_who_listens_is_told_by_the_scanner() {
    let _alone = alone();
    let place = Place::new();
    let session = session(&place.path(""));
    let mut other = receiver(&session, json!({ "ae_title": "OTHER" }));
    let mut scanner = scanner(&session, &other, json!({}));
    truth(&mut scanner);
    scanner.start(session.clock().now());
    let course = course(&mut scanner, &mut other, "other");
    assert!(course.pushed[0].contains("called AE title not recognized"), "{:?}", course.pushed);
    assert!(course.received[0].contains("`VESALIUS`"), "{:?}", course.received);
    assert!(course.volumes.is_empty());
}

#[test]
fn a_pushed_cone_beam_image_begins_the_registration_anew() {
    if !is_long() {
        return;
    }
    let _alone = alone();
    let place = Place::new();
    let graph = "launch/graphs/pushed-cone-beam.toml";
    let closing = place.run(graph, "a", &["--stop-after", "90s"]).good();
    let sent = |stream: &str| closing.stream(stream)["sent"].as_u64().unwrap();
    assert_eq!((sent("cone_beam.image"), sent("cone_beam_tree.tree")), (1, 1));
    let figure = |name: &str| crate::procedure::figure(&closing, name);
    let before = figure("registration error before the cone beam, p95");
    let after = figure("registration error after the cone beam, p95");
    assert!(after < before, "{after} mm after the cone beam, {before} mm before it");
}
