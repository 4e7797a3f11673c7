//! Two recordings: equal bit for bit, within a tolerance, or not.

use std::path::Path;

use messages::wire::{Received, Validity};
use messages::{Health, Pose, SegmentedImage, ToolPoses, UltrasoundImage};
use nalgebra::Vector3;
use recordings::Recording;
use recordings::compare::{Report, Tolerance, compare};
use runtime::Topic;

use super::session::{self, Heard, START, Voice};

fn recording(heard: &[Heard]) -> (tempfile::TempDir, Recording) {
    let folder = tempfile::tempdir().unwrap();
    session::record(folder.path(), heard);
    let recording = Recording::open(folder.path()).unwrap();
    (folder, recording)
}

fn compared(a: &[Heard], b: &[Heard], tolerance: Tolerance) -> Report {
    compare(&recording(a).1, &recording(b).1, None, &tolerance).unwrap()
}

/// Says every message of the script again, in another session and later; `change` may change it.
fn again(heard: &[Heard], change: impl Fn(&mut messages::wire::Envelope)) -> Vec<Heard> {
    heard
        .iter()
        .map(|(topic, bytes)| {
            let received = Received::parse(bytes.clone()).unwrap();
            let mut envelope = received.envelope().clone();
            "another session of another length".clone_into(&mut envelope.session);
            if envelope.published_at.0 > 0 {
                envelope.published_at.0 += 12_345;
            }
            change(&mut envelope);
            let value: ciborium::Value = received.header().unwrap();
            let arrays = received.arrays().unwrap();
            (*topic, encode(&envelope, &value, &arrays).into())
        })
        .collect()
}

/// The wire format written independently of the crate that defines it.
fn encode(
    envelope: &messages::wire::Envelope,
    value: &ciborium::Value,
    arrays: &[messages::wire::Array],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(envelope, &mut bytes).unwrap();
    ciborium::into_writer(value, &mut bytes).unwrap();
    for array in arrays {
        let padding = (64 - (bytes.len() + 11) % 64) % 64;
        bytes.extend([0x58, padding as u8]);
        bytes.resize(bytes.len() + padding, 0);
        bytes.push(0x5b);
        bytes.extend((array.bytes.len() as u64).to_be_bytes());
        bytes.extend_from_slice(&array.bytes);
    }
    if !arrays.is_empty() {
        bytes.push(0x9b);
        bytes.extend((arrays.len() as u64).to_be_bytes());
        for array in arrays {
            let blocks = messages::wire::block_checksums(&array.bytes);
            bytes.push(0x5b);
            bytes.extend((8 * blocks.len() as u64).to_be_bytes());
            bytes.extend(blocks.iter().flat_map(|block| block.to_le_bytes()));
        }
    }
    bytes
}

#[test]
fn session_and_time_of_publication_do_not_count() {
    let heard = session::script(8, [16, 16]);
    let report = compared(&heard, &again(&heard, |_| ()), Tolerance::default());
    assert!(report.equal, "{}", recordings::compare::text(&report));
    assert!(
        report.streams.contains_key("locate.health")
            && !report.streams.contains_key("launch.event")
    );
    assert_eq!(report.streams["us.image"].identical, 8);
    assert_eq!(report.journals["locate.journal"].identical, 9);
}

#[test]
fn time_of_acquisition_and_validity_count() {
    let heard = session::script(3, [16, 16]);
    let later = again(&heard, |envelope| {
        if envelope.stream == "us.image" && envelope.sequence == 1 {
            envelope.acquired_at.0 += 2_000_000;
        }
    });
    let report = compared(&heard, &later, Tolerance::default());
    assert!(!report.equal);
    assert_eq!(report.streams["us.image"].difference.ms, Some(2.0));
    assert!(compared(&heard, &later, Tolerance { ms: 2.0, ..Tolerance::default() }).equal);

    let stale = again(&heard, |envelope| {
        if envelope.stream == "us.image" && envelope.sequence == 1 {
            envelope.validity = Validity::Stale { reason: "late".to_owned() };
        }
    });
    let anything = session::anything();
    assert!(!compared(&heard, &stale, anything).equal);
}

fn poses_with(shift: f64) -> Vec<Heard> {
    let mut tracker = Voice::new::<ToolPoses>(Topic::Stream, "tracker.poses");
    let mut heard: Vec<Heard> = (0..4)
        .map(|step| {
            let mut poses = session::poses(step, false);
            if step == 2
                && let Pose::Visible { to_from_tool, .. } = &mut poses.tools[0].pose
            {
                let mut moved = *to_from_tool.isometry();
                moved.translation.vector += Vector3::x() * shift;
                *to_from_tool = messages::Transform::from_isometry(moved);
            }
            tracker.say(START, START + step as i64, &poses)
        })
        .collect();
    heard.push(tracker.end(START + 10));
    heard
}

#[test]
fn one_bit_of_one_number_is_a_difference_and_a_tolerance_forgives_it() {
    // 2 + 2⁻⁵¹ is the next number after 2.
    let last_bit = f64::EPSILON * 2.0;
    let (a, b) = (poses_with(0.0), poses_with(last_bit));
    let report = compared(&a, &b, Tolerance::default());
    assert!(!report.equal);
    let poses = &report.streams["tracker.poses"];
    assert_eq!((poses.identical, poses.different), (3, 1));
    assert_eq!(poses.difference.mm, Some(last_bit));
    assert!(compared(&a, &b, Tolerance { mm: 1e-6, ..Tolerance::default() }).equal);
    assert!(!compared(&a, &poses_with(0.3), Tolerance { mm: 0.2, ..Tolerance::default() }).equal);
}

#[test]
fn labels_are_compared_by_their_overlap() {
    let say = |flip: bool| {
        let mut voice = Voice::new::<SegmentedImage>(Topic::Stream, "segment.labels");
        let mut image = session::labels(0, 32, 32);
        let inside: usize = image.labels.as_slice().iter().map(|&label| usize::from(label)).sum();
        if flip {
            let mut labels = image.labels.as_slice().to_vec();
            let at = labels.iter().position(|&label| label == 1).unwrap();
            labels[at] = 0;
            image.labels = labels.into();
        }
        (vec![voice.say(START, START, &image), voice.end(START)], inside)
    };
    let ((a, count), (b, _)) = (say(false), say(true));
    let dice = 2.0 * (count - 1) as f64 / (2 * count - 1) as f64;
    let report = compared(&a, &b, Tolerance::default());
    assert_eq!(report.streams["segment.labels"].difference.dice, Some(dice));
    assert!(!report.equal);
    assert!(compared(&a, &b, Tolerance { dice: dice - 1e-9, ..Tolerance::default() }).equal);
}

#[test]
fn images_are_compared_by_their_grey_values() {
    let say = |value: u8| {
        let mut voice = Voice::new::<UltrasoundImage>(Topic::Stream, "us.image");
        let mut pixels = vec![100; 100];
        pixels[7] = value;
        let image = UltrasoundImage::new(10, 10, pixels).unwrap();
        vec![voice.say(START, START, &image), voice.end(START)]
    };
    let report = compared(&say(100), &say(150), Tolerance::default());
    let difference = &report.streams["us.image"].difference;
    assert_eq!((difference.grey_max, difference.grey_mean), (Some(50.0), Some(0.5)));
    assert!(compared(&say(100), &say(150), Tolerance { grey: 0.5, ..Tolerance::default() }).equal);
}

#[test]
fn a_stream_or_a_message_that_only_one_side_has_is_a_failure() {
    let heard = session::script(4, [16, 16]);
    let anything = session::anything();
    let name = |heard: &Heard| Received::parse(heard.1.clone()).unwrap().envelope().clone();
    let without_stream: Vec<Heard> =
        heard.iter().filter(|heard| name(heard).stream != "segment.labels").cloned().collect();
    let report = compared(&heard, &without_stream, anything);
    assert!(!report.equal);
    assert_eq!(report.streams["segment.labels"].only_a, 4);
    assert_eq!(report.streams["segment.labels"].b, 0);

    let without_one: Vec<Heard> = heard
        .iter()
        .filter(|heard| (name(heard).stream.as_str(), name(heard).sequence) != ("us.image", 2))
        .cloned()
        .collect();
    let report = compared(&without_one, &heard, anything);
    assert!(!report.equal);
    assert_eq!((report.streams["us.image"].only_a, report.streams["us.image"].only_b), (0, 1));
}

#[test]
fn journals_are_reported_but_do_not_decide() {
    let heard = session::script(4, [16, 16]);
    let other = again(&heard, |envelope| {
        if envelope.stream == "locate.journal" && envelope.sequence == 2 {
            envelope.acquired_at.0 += 1;
        }
    });
    let report = compared(&heard, &other, Tolerance::default());
    assert!(report.equal);
    assert!(!report.journals["locate.journal"].within);
    assert_eq!(report.journals["locate.journal"].different, 1);
}

#[test]
fn health_is_compared_as_text() {
    let say = |health: &Health| {
        let mut voice = Voice::new::<Health>(Topic::Health, "locate.health");
        vec![voice.say(START, START, health), voice.end(START)]
    };
    let degraded = Health::Degraded { reason: "no pose".to_owned() };
    let report = compared(&say(&Health::Healthy), &say(&degraded), Tolerance::default());
    assert_eq!(
        report.streams["locate.health"].difference.other,
        ["message 0: healthy against degraded (no pose)"]
    );
}

#[test]
fn nothing_is_not_equal_to_nothing() {
    assert!(!compared(&[], &[], Tolerance::default()).equal);
}

#[test]
fn the_command_exits_with_one_past_the_tolerance() {
    let folder = |heard: &[Heard]| recording(heard).0;
    let (a, b) = (folder(&poses_with(0.0)), folder(&poses_with(0.5)));
    let run = |arguments: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_vesalius-recordings"))
            .arg("compare")
            .args([a.path(), b.path()].map(Path::as_os_str))
            .args(arguments)
            .output()
            .unwrap()
    };
    assert_eq!(run(&[]).status.code(), Some(1));
    assert_eq!(run(&["--tolerance-mm", "0.6"]).status.code(), Some(0));
    assert_eq!(run(&["--tolerance-mn", "0.6"]).status.code(), Some(2));
    let output = run(&["--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["streams"]["tracker.poses"]["difference"]["mm"], 0.5);
}
