//! What a changed parameter does, told in millimetres: over a whole procedure, not only in its worst message.

use std::path::Path;

use messages::wire::Received;
use messages::{Alarm, Distances, Message, Registration, Transform, VesselTree, Volume};
use messages::{Centrelines, Preoperative, Structure, StructureKind};
use nalgebra::{Isometry3, Point3, Vector3};
use recordings::Recording;
use recordings::compare::{Report, Tolerance, compare, text};
use runtime::Topic;

use super::guided::{self, MS};
use super::session::{self, Heard, START, Voice};

/// Portal vein along x, and a vein along y through the middle of the map, millimetres.
fn map() -> VesselTree<Preoperative> {
    let node = |position_mm| messages::centrelines::Node { position_mm, radius_mm: 2.0 };
    let along = |axis: Vector3<f64>| (-20..=20).map(move |mm| Point3::from(axis * f64::from(mm)));
    let nodes = along(Vector3::x()).chain(along(Vector3::y())).map(node).collect();
    let branch = |from: u32, label| messages::centrelines::Branch {
        nodes: (from..from + 41).collect(),
        label: Some(label),
    };
    let lines = Centrelines::new(nodes, vec![branch(0, 0), branch(41, 1)]).unwrap();
    let structure = |name: &str| Structure { name: name.to_owned(), kind: StructureKind::Vein };
    VesselTree::new(&lines, vec![structure("portal_vein"), structure("cava")]).unwrap()
}

/// Five seconds: a registration each half second, distances each tenth; from 3 s on the registration is
/// shifted by `shift_mm`, and the instrument measured that much nearer to everything.
fn procedure(shift_mm: f64) -> Vec<Heard> {
    let mut tree = Voice::new::<VesselTree<Preoperative>>(Topic::Stream, "map.tree");
    let mut register = Voice::new::<Registration>(Topic::Stream, "register.registration");
    let mut navigate = Voice::new::<Distances>(Topic::Stream, "navigate.distances");
    let mut heard = vec![tree.say(START, START, &map()), tree.end(START)];
    for step in 0..50_i64 {
        let (at, seconds) = (START + step * 100 * MS, step as f64 / 10.0);
        let shift_mm = if seconds >= 3.0 { shift_mm } else { 0.0 };
        if step % 5 == 0 {
            let mut registration = guided::registration(seconds, at);
            if let Some(alignment) = &mut registration.alignment {
                let shift = Isometry3::translation(0.0, 0.0, shift_mm);
                let moved = alignment.preoperative_from_patient.isometry() * shift;
                alignment.preoperative_from_patient = Transform::from_isometry(moved);
            }
            heard.push(register.say(at, at, &registration));
        }
        let alignment = (seconds >= 1.0).then(|| guided::alignment(0.0, START));
        let guidance = guided::guidance(seconds);
        let mut distances = guided::distances(seconds, alignment.as_ref(), guidance);
        for of in distances.tools.iter_mut().flat_map(|tool| &mut tool.structures) {
            of.tip_mm -= shift_mm;
            of.shaft_mm -= shift_mm;
            if shift_mm > 0.0 {
                of.alarm = Alarm::Danger;
            }
        }
        heard.push(navigate.say(at, at, &distances));
    }
    let last = START + 5000 * MS;
    heard.extend([register.end(last), navigate.end(last)]);
    heard
}

fn recording(heard: &[Heard]) -> (tempfile::TempDir, Recording) {
    let folder = tempfile::tempdir().unwrap();
    session::record(folder.path(), heard);
    let recording = Recording::open(folder.path()).unwrap();
    (folder, recording)
}

fn compared(a: &[Heard], b: &[Heard]) -> Report {
    compare(&recording(a).1, &recording(b).1, None, &Tolerance::default()).unwrap()
}

#[test]
fn a_moved_registration_is_told_by_where_it_puts_the_map() {
    let report = compared(&procedure(0.0), &procedure(2.0));
    let stream = &report.streams["register.registration"];
    assert_eq!((stream.identical, stream.different), (6, 4));
    for of in ["map, mean of its points", "map, farthest of its points", "map, mean of portal_vein"]
    {
        let spread = &stream.spreads.spreads_mm[of];
        assert_eq!(spread.count, 4, "{of}");
        assert!((spread.median - 2.0).abs() < 0.05 && (spread.worst - 2.0).abs() < 0.05, "{of}");
        assert!((3.0..5.0).contains(&spread.worst_at_s), "{of} at {} s", spread.worst_at_s);
    }
    assert!(stream.spreads.spreads_degrees["turn"].worst < 1e-9);
    let text = text(&report);
    assert!(text.contains("map, mean of its points"), "{text}");
    assert!(!text.contains("turn "), "{text}");
}

#[test]
fn distances_are_told_for_each_structure_and_changed_alarms_are_counted() {
    let (a, b) = (procedure(0.0), procedure(0.75));
    let report = compared(&a, &b);
    let stream = &report.streams["navigate.distances"];
    assert_eq!(stream.different, stream.spreads.spreads_mm["instrument to portal_vein"].count);
    for spread in stream.spreads.spreads_mm.values() {
        assert!((spread.median - 0.75).abs() < 1e-9 && (spread.p95 - 0.75).abs() < 1e-9);
    }
    // As often as it was not in danger before.
    let clear = a.iter().filter_map(|(_, bytes)| {
        let received = Received::parse(bytes.clone()).unwrap();
        let is_late = received.envelope().acquired_at.0 >= START + 3000 * MS;
        let is_one = is_late && received.envelope().schema == Distances::SCHEMA;
        is_one.then(|| received.decode::<Distances>().ok()).flatten()
    });
    let mut expected = 0;
    for stamped in clear {
        let distances = stamped.value;
        let number = distances.structures.iter().position(|of| of.name == "portal_vein").unwrap();
        let of = distances.tools[0].structures.get(number);
        expected += u64::from(of.is_some_and(|of| of.alarm == Alarm::Clear));
    }
    let change = stream.spreads.changes.get("`instrument` at portal_vein: Clear against Danger");
    assert_eq!(change.map_or(0, |change| change.count), expected);
    assert!(expected > 0);
}

#[test]
fn the_command_prints_the_spread_and_gives_it_as_json() {
    let folder = |heard: &[Heard]| recording(heard).0;
    let (a, b) = (folder(&procedure(0.0)), folder(&procedure(2.0)));
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_vesalius-recordings"))
            .arg("compare")
            .args([a.path(), b.path()].map(Path::as_os_str))
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).unwrap()
    };
    let report: serde_json::Value = serde_json::from_str(&run(&["--json"])).unwrap();
    let spreads = &report["streams"]["navigate.distances"]["spreads_mm"];
    assert!((spreads["instrument to portal_vein"]["median"].as_f64().unwrap() - 2.0).abs() < 1e-9);
    // What is identical says nothing of spreads.
    assert!(report["streams"]["map.tree"].get("spreads_mm").is_none());
    let text = run(&[]);
    let line = text.lines().find(|line| line.contains("instrument to portal_vein")).unwrap();
    assert!(line.contains("median 2.000, p95 2.000, most 2.000 mm at 3."), "{line}");
}

#[test]
fn what_was_seen_is_told_by_its_overlap() {
    let volume = |seen: usize| {
        let mut mask = vec![0_u8; 100];
        mask[..seen].fill(1);
        Volume {
            size: [10, 10, 1],
            patient_from_voxel: messages::Affine::from_rows(nalgebra::Matrix3x4::identity())
                .unwrap(),
            images: 1,
            voxels: vec![0_u8; 100].into(),
            seen: mask.into(),
        }
    };
    let say = |seen| {
        let mut voice = Voice::new::<Volume>(Topic::Stream, "vessels.volume");
        vec![voice.say(START, START, &volume(seen)), voice.end(START)]
    };
    let report = compared(&say(50), &say(30));
    let spread = &report.streams["vessels.volume"].spreads.spreads_dice["what was seen"];
    assert_eq!((spread.count, spread.worst), (1, 60.0 / 80.0));
}
