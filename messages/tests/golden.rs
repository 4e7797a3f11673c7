//! The bytes of every released message decode for ever, to the same values.
//!
//! A new message or version writes its file with `VESALIUS_WRITE_GOLDEN=1 cargo test -p messages`; a
//! file that is there is never written again.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "support/examples.rs"]
mod examples;

use std::path::PathBuf;

use bytes::Bytes;
use examples::{image, origin, placed, registration, structures, vessel_tree, voxels};
use messages::wire::{Received, Validity, message};
use messages::{
    Affine, Alarm, Distances, Event, EventKind, FaultPhase, Flushed, FlushedStream, Guidance,
    Health, InjectedFault, InputStatus, Instruction, InstructionKind, IntensityVolume,
    JournalEntry, LabelVolume, Landmark, LandmarkCheck, LandmarkTouch, Landmarks, LocatedImage,
    Message, Modality, ModelIdentity, NodeStatus, Outline, OutputStatus, Overlay, Percentiles,
    Placement, Point, Pose, Preoperative, RegistrationState, ReslicedImage, Score, Scores,
    SegmentedImage, StructureDistance, Surfaces, Taken, Timestamp, ToolDistances, ToolPlace,
    ToolPoses, TrackedTool, Transform, Volume,
};
use nalgebra::{Isometry3, Matrix3x4, Point3, Quaternion, Translation3, UnitQuaternion};

/// One value of each message, with every variant that fits into one.
fn check<T: Message + PartialEq + std::fmt::Debug>(value: &T) {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/golden")).join(format!(
        "{}.v{}.bin",
        T::SCHEMA,
        T::VERSION
    ));
    let validity = Validity::Stale { reason: "an example".into() };
    let encoded =
        message(&origin(), 7, Timestamp(1_000_000_007), Timestamp(1_000_000_009), &validity, value)
            .unwrap();
    let bytes = encoded.to_vec().unwrap();
    assert_eq!(bytes.len(), encoded.len());
    if std::env::var_os("VESALIUS_WRITE_GOLDEN").is_some() && !path.exists() {
        std::fs::write(&path, &bytes).unwrap();
    }
    let golden = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let received = Received::parse(Bytes::from(golden.clone())).unwrap();
    received.verify().unwrap();
    assert_eq!(received.envelope().validity, validity);
    let stamped = received.decode::<T>().unwrap();
    assert_eq!(&stamped.value, value, "{} decodes to another value", T::SCHEMA);
    assert_eq!((stamped.acquired_at, stamped.sequence), (Timestamp(1_000_000_007), 7));
    assert_eq!(golden, bytes, "{} is written differently now: that is a new version", T::SCHEMA);
}

#[test]
fn ultrasound_image() {
    check(&image());
}

#[test]
fn tool_poses() {
    let rotation = UnitQuaternion::new_unchecked(Quaternion::new(0.5, 0.5, 0.5, 0.5));
    let tracker_from_tool = Transform::from_isometry(Isometry3::from_parts(
        Translation3::new(1.0, -2.0, 3.5),
        rotation,
    ));
    check(&ToolPoses {
        tools: vec![
            TrackedTool {
                name: "probe".into(),
                pose: Pose::Visible { to_from_tool: tracker_from_tool, error_mm: Some(0.25) },
            },
            TrackedTool {
                name: "stylus".into(),
                pose: Pose::Hidden { reason: "out of volume".into() },
            },
        ],
    });
}

#[test]
fn located_image() {
    check(&LocatedImage { image: image(), placement: placed() });
}

#[test]
fn segmented_image() {
    check(&SegmentedImage {
        width_px: 4,
        height_px: 3,
        classes: vec!["background".into(), "vessel".into()],
        placement: Placement::Unplaced { reason: "the probe is hidden".into() },
        model: Some(ModelIdentity {
            name: "bmode-vessels".into(),
            sha256: "ab".repeat(32),
            device: "cpu".into(),
        }),
        labels: vec![0u8, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1].into(),
    });
}

#[test]
fn volume() {
    check(&Volume {
        size: [2, 3, 4],
        patient_from_voxel: Affine::from_rows(Matrix3x4::new(
            0.5, 0.0, 0.0, 1.0, 0.0, 0.5, 0.0, 2.0, 0.0, 0.0, 0.5, 3.0,
        ))
        .unwrap(),
        images: 3,
        voxels: (0..24).collect::<Vec<u8>>().into(),
        seen: (0..24).map(|voxel| voxel % 2).collect::<Vec<u8>>().into(),
    });
}

#[test]
fn intensity_volume() {
    check(&IntensityVolume::<Preoperative> {
        size: [2, 3, 4],
        frame_from_voxel: voxels(),
        modality: Modality::Ct,
        voxels: (-1000..-976).collect::<Vec<i16>>().into(),
    });
}

#[test]
fn label_volume() {
    check(&LabelVolume::<Preoperative> {
        size: [2, 3, 4],
        frame_from_voxel: voxels(),
        structures: structures(),
        model: None,
        labels: (0..24).map(|voxel| voxel % 3).collect::<Vec<u8>>().into(),
    });
}

#[test]
fn a_registration() {
    check(&registration(RegistrationState::Degraded { reason: "it moved".into() }));
}

#[test]
fn a_vessel_tree() {
    check(&vessel_tree::<Preoperative>());
}

#[test]
fn distances() {
    let distance =
        |tip_mm, alarm| StructureDistance { tip_mm, shaft_mm: 1.25, error_mm: 2.5, alarm };
    check(&Distances {
        guidance: Guidance::Unverified { reason: "nobody has confirmed it".into() },
        registration_age_ns: Some(1_000_000_000),
        structures: structures(),
        tools: vec![
            ToolDistances {
                name: "instrument".into(),
                place: ToolPlace::Seen {
                    tip: Point::new(Point3::new(1.0, -2.0, 3.5)),
                    shaft_end: Point::new(Point3::new(1.0, -2.0, 103.5)),
                    error_mm: 0.5,
                },
                structures: vec![distance(12.5, Alarm::Clear), distance(-0.5, Alarm::Danger)],
            },
            ToolDistances {
                name: "stylus".into(),
                place: ToolPlace::Hidden { reason: "out of volume".into() },
                structures: Vec::new(),
            },
        ],
    });
}

#[test]
fn overlay() {
    let outline = |structure, points, closed| Outline { structure, points, closed, error_px: 4.5 };
    check(&Overlay {
        width_px: 320,
        height_px: 240,
        guidance: Guidance::Valid,
        structures: structures(),
        outlines: vec![outline(1, 3, true), outline(0, 2, false)],
        points: 5,
        points_px: (0..10).map(|i| i as f32 * 0.5).collect::<Vec<_>>().into(),
    });
}

#[test]
fn resliced_image() {
    check(&ReslicedImage {
        width_px: 3,
        height_px: 2,
        guidance: Guidance::Unverified { reason: "nobody has looked".into() },
        modality: Modality::Ct,
        pixels: vec![0, 50, 100, 150, 200, 250].into(),
    });
}

#[test]
fn surfaces() {
    let corners = vec![[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]];
    let at = |x: f32| vec![[x, 0.0, 0.0], [x + 1.0, 0.0, 0.0], [x, 1.0, 0.0], [x, 0.0, 1.0]];
    let [first, second] = structures().try_into().unwrap();
    let surfaces = vec![(first, 0.75, at(0.0), corners.clone()), (second, 1.5, at(10.0), corners)];
    check(&Surfaces::<Preoperative>::new(surfaces).unwrap());
}

#[test]
fn landmarks() {
    check(&Landmarks::<Preoperative> {
        landmarks: vec![Landmark {
            name: "portal_bifurcation".into(),
            position: Point::new(Point3::new(1.0, -2.0, 3.5)),
        }],
    });
}

#[test]
fn landmark_check() {
    check(&LandmarkCheck {
        landmark: "portal_bifurcation".into(),
        tool: "stylus".into(),
        planned: Point::new(Point3::new(1.0, -2.0, 3.5)),
        touched: Point::new(Point3::new(-1.0, 2.0, 30.5)),
        measured_mm: 2.25,
        predicted_mm: 4.5,
    });
}

#[test]
fn landmark_touch() {
    check(&LandmarkTouch {
        landmark: "portal_bifurcation".into(),
        tool: "stylus".into(),
        touched: Point::new(Point3::new(-1.0, 2.0, 30.5)),
        spread_mm: 0.75,
        samples: 61,
    });
}

#[test]
fn injected_fault() {
    check(&InjectedFault {
        device: "polaris vega".into(),
        fault: "dropout".into(),
        line: 2,
        repetition: 3,
        tools: vec!["probe".into()],
        phase: FaultPhase::Ends,
        text: "probe is no longer lost now and then".into(),
    });
}

#[test]
fn instruction() {
    let kind = InstructionKind::TouchLandmark { landmark: "tip".into(), tool: "stylus".into() };
    check(&Instruction { by: "engineer".into(), kind });
}

#[test]
fn scores() {
    let score = |value| Score {
        measure: "registration error, median".into(),
        value,
        unit: "mm".into(),
        count: 7,
    };
    check(&Scores { scores: vec![score(Some(1.5)), score(None)] });
}

#[test]
fn health() {
    check(&Health::Degraded { reason: "the probe is hidden".into() });
}

#[test]
fn event() {
    check(&Event {
        node: "locate".into(),
        kind: EventKind::Lost { port: "image".into(), first: 3, last: 5 },
        text: "lost messages 3 to 5".into(),
    });
}

#[test]
fn journal_entry() {
    check(&JournalEntry {
        taken_at: Timestamp(1_000_000_008),
        taken: Taken::Input { port: "image".into(), incarnation: 1, sequence: 9 },
    });
}

#[test]
fn node_status() {
    let percentiles = Percentiles { count: 4, p50: 100, p99: 200, max: 300 };
    check(&NodeStatus {
        uptime_ns: 1,
        cpu_ns: 2,
        resident_bytes: 3,
        degraded: Some("why".into()),
        handle_us: percentiles,
        errors: 4,
        inputs: vec![InputStatus {
            port: "image".into(),
            stream: "ultrasound.image".into(),
            received: 5,
            acquired_at: Some(Timestamp(6)),
            ..InputStatus::default()
        }],
        outputs: vec![OutputStatus {
            port: "located".into(),
            sent: 7,
            rate_hz: 20.0,
            ..OutputStatus::default()
        }],
        ended: true,
    });
}

#[test]
fn flushed() {
    check(&Flushed {
        bytes: 1 << 40,
        streams: vec![FlushedStream {
            stream: "ultrasound.image".into(),
            incarnation: 1,
            sequence: 41,
        }],
    });
}

#[test]
fn every_schema_has_a_golden_file() {
    for schema in messages::schemas() {
        let path = format!(
            "{}/golden/{}.v{}.bin",
            env!("CARGO_MANIFEST_DIR"),
            schema.name,
            schema.version
        );
        assert!(std::path::Path::new(&path).exists(), "{path} is missing");
    }
}
