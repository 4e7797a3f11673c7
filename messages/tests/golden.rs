//! The bytes of every released message decode for ever, to the same values.
//!
//! A new message or version writes its file with `VESALIUS_WRITE_GOLDEN=1 cargo test -p messages`; a
//! file that is there is never written again.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::PathBuf;

use bytes::Bytes;
use messages::centrelines::{Branch, Centrelines, Node};
use messages::wire::{Kind, Origin, Received, Validity, control, message};
use messages::{
    Affine, Alignment, DisplacementField, Event, EventKind, Fit, Flushed, FlushedStream, Health,
    InputStatus, IntensityVolume, JournalEntry, LabelVolume, LocatedImage, Message, Modality,
    ModelIdentity, NodeStatus, OutputStatus, Patient, Percentiles, Placement, Pose, Preoperative,
    Registration, RegistrationState, Schema, SegmentedImage, Structure, StructureKind, Taken,
    Timestamp, ToolPoses, TrackedTool, Transform, UltrasoundImage, VesselTree, Volume,
};
use nalgebra::{Isometry3, Matrix3x4, Point3, Quaternion, Translation3, UnitQuaternion};

fn origin() -> Origin {
    Origin { session: "5e551044".into(), stream: "node.port".into(), incarnation: 2 }
}

fn image() -> UltrasoundImage {
    UltrasoundImage::new(4, 3, (0..12).collect()).unwrap()
}

fn placed() -> Placement {
    Placement::Placed {
        patient_from_image: Affine::from_rows(Matrix3x4::new(
            0.5, 0.0, 0.0, 10.0, 0.0, 0.0, -1.0, 20.0, 0.0, 0.25, 0.0, -30.0,
        ))
        .unwrap(),
        error_mm: Some(0.5),
        pose_gap_ns: 20_000_000,
    }
}

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

fn voxels<In>() -> Affine<In, messages::Voxel> {
    let rows = Matrix3x4::new(0.5, 0.0, 0.0, 1.0, 0.0, 0.5, 0.0, 2.0, 0.0, 0.0, 0.5, 3.0);
    Affine::from_rows(rows).unwrap()
}

fn structures() -> Vec<Structure> {
    vec![
        Structure { name: "portal_vein".into(), kind: StructureKind::Vein },
        Structure { name: "left_ureter".into(), kind: StructureKind::Ureter },
    ]
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

fn registration(state: RegistrationState) -> Registration {
    let shift = Isometry3::translation(1.0, -2.0, 3.5);
    let field = DisplacementField {
        size: [2, 2, 3],
        preoperative_from_node: voxels(),
        displacements_mm: (0..36).map(|i| i as f32 * 0.25).collect::<Vec<_>>().into(),
        error_mm: (0..12).map(|i| i as f32 * 0.5).collect::<Vec<_>>().into(),
    };
    Registration {
        state,
        alignment: Some(Alignment {
            preoperative_from_patient: Transform::from_isometry(shift),
            field,
            fit: Fit { explained: 0.75, residual_mm: 0.5, rival: Some(0.25) },
            data_acquired_at: Timestamp(999_999_999),
        }),
    }
}

#[test]
fn a_registration() {
    check(&registration(RegistrationState::Degraded { reason: "it moved".into() }));
}

#[test]
fn a_registration_that_is_refused_carries_no_alignment() {
    let refused = RegistrationState::Refused { reason: "another patient".into() };
    let again = |value: &Registration| {
        let times = (Timestamp(0), Timestamp(0));
        let encoded = message(&origin(), 0, times.0, times.1, &Validity::Valid, value).unwrap();
        let received = Received::parse(Bytes::from(encoded.to_vec().unwrap())).unwrap();
        received.decode::<Registration>().map(|stamped| stamped.value)
    };
    let without = |state| Registration { state, alignment: None };
    assert_eq!(again(&without(refused.clone())).unwrap(), without(refused.clone()));
    let error = again(&registration(refused)).unwrap_err().to_string();
    assert!(error.contains("carries no alignment, but one came"), "{error}");
    let error = again(&without(RegistrationState::Accepted)).unwrap_err().to_string();
    assert!(error.contains("carries an alignment, but none came"), "{error}");
}

fn centrelines() -> Centrelines {
    let node =
        |x: f64, y: f64, radius_mm: f64| Node { position_mm: Point3::new(x, y, 3.0), radius_mm };
    let nodes =
        vec![node(1.0, 2.0, 2.0), node(2.0, 2.0, 2.0), node(3.0, 2.5, 1.5), node(3.0, 1.5, 1.25)];
    let branch = |nodes: &[u32], label| Branch { nodes: nodes.to_vec(), label };
    let branches = vec![branch(&[0, 1], Some(0)), branch(&[1, 2], Some(0)), branch(&[1, 3], None)];
    Centrelines::new(nodes, branches).unwrap()
}

fn vessel_tree<In>() -> VesselTree<In> {
    VesselTree::new(&centrelines(), structures()).unwrap()
}

#[test]
fn a_tree_gives_back_its_centrelines() {
    assert_eq!(vessel_tree::<Patient>().centrelines().unwrap(), centrelines());
}

#[test]
fn a_vessel_tree() {
    check(&vessel_tree::<Preoperative>());
}

#[test]
fn a_tree_of_another_frame_is_refused() {
    let tree = vessel_tree::<Patient>();
    let encoded =
        message(&origin(), 0, Timestamp(0), Timestamp(0), &Validity::Valid, &tree).unwrap();
    let received = Received::parse(Bytes::from(encoded.to_vec().unwrap())).unwrap();
    assert_eq!(received.decode::<VesselTree<Patient>>().unwrap().value, tree);
    let error = received.decode::<VesselTree<Preoperative>>().unwrap_err().to_string();
    assert!(error.contains("[preoperative], but it came in [patient]"), "{error}");
}

#[test]
fn a_tree_that_lies_is_refused_with_what_is_wrong() {
    let refused = |change: fn(&mut VesselTree<Patient>)| {
        let mut tree = vessel_tree::<Patient>();
        change(&mut tree);
        tree.centrelines().unwrap_err().to_string()
    };
    for (error, words) in [
        (refused(|tree| tree.radii_mm = vec![2.0, -1.0, 1.0, 1.0].into()), "radius -1 mm"),
        (refused(|tree| tree.positions_mm = vec![f32::NAN; 12].into()), "node 0 is at"),
        (refused(|tree| tree.paths = vec![0, 1, 1, 4, 1, 3].into()), "names node 4"),
        (refused(|tree| tree.paths = vec![0, 1, 1, -2, 1, 3].into()), "there are 4 nodes"),
        (refused(|tree| tree.path_lengths = vec![2, 2, 3].into()), "has 3 nodes, but 2 are left"),
        (refused(|tree| tree.path_lengths = vec![2, -1, 2].into()), "has -1 nodes"),
        (refused(|tree| tree.path_lengths = vec![2, 2, 1].into()), "belong to no branch"),
        (refused(|tree| tree.structure = vec![0, 2, -1].into()), "structure 2, but there are 2"),
        (refused(|tree| tree.structure = vec![0, -2, -1].into()), "structure -2"),
    ] {
        assert!(error.contains(words), "{error}");
    }
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

#[test]
fn arrays_lie_aligned_and_whole() {
    let volume = Volume {
        size: [5, 7, 3],
        patient_from_voxel: Affine::from_rows(Matrix3x4::new(
            1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0,
        ))
        .unwrap(),
        images: 0,
        voxels: vec![7u8; 105].into(),
        seen: vec![1u8; 105].into(),
    };
    let encoded =
        message(&origin(), 0, Timestamp(0), Timestamp(0), &Validity::Valid, &volume).unwrap();
    let bytes = Bytes::from(encoded.to_vec().unwrap());
    let base = bytes.as_ptr() as usize;
    let arrays = Received::parse(bytes).unwrap().arrays().unwrap();
    for array in &arrays {
        assert_eq!((array.bytes.as_ptr() as usize - base) % 64, 0, "{}", array.description.name);
    }
    assert_eq!(arrays.len(), 2);
}

#[test]
fn a_blank_an_end_and_a_mark_carry_no_value() {
    for (kind, reason) in
        [(Kind::Blank, Some("nothing within 50 ms")), (Kind::End, None), (Kind::Mark, None)]
    {
        let bytes = control(
            &origin(),
            Schema::of::<Health>(),
            kind,
            3,
            (Timestamp(5), Timestamp(6)),
            reason,
        )
        .unwrap();
        let received = Received::parse(Bytes::from(bytes)).unwrap();
        received.verify().unwrap();
        assert_eq!(received.envelope().kind, kind);
        assert!(received.decode::<Health>().is_err());
    }
}

#[test]
fn other_messages_frames_and_versions_are_refused() {
    let image = image();
    let encoded =
        message(&origin(), 0, Timestamp(0), Timestamp(0), &Validity::Valid, &image).unwrap();
    let bytes = encoded.to_vec().unwrap();
    let received = Received::parse(Bytes::from(bytes.clone())).unwrap();
    let error = received.decode::<Health>().unwrap_err().to_string();
    assert!(error.contains("expected Health v1, but UltrasoundImage v1 came"), "{error}");
    let at = bytes.windows(6).position(|window| window == b"eimage").unwrap();
    let mut other = bytes;
    other[at + 1..at + 6].copy_from_slice(b"voxel");
    let error = Received::parse(Bytes::from(other))
        .unwrap()
        .decode::<UltrasoundImage>()
        .unwrap_err()
        .to_string();
    assert!(error.contains("frames"), "{error}");
}

/// A damaged message is an error or, if only header text changed, another value: never a panic.
#[test]
fn every_truncation_and_every_flipped_bit_is_handled() {
    let values = [message(
        &origin(),
        0,
        Timestamp(0),
        Timestamp(0),
        &Validity::Valid,
        &LocatedImage { image: image(), placement: placed() },
    )
    .unwrap()
    .to_vec()
    .unwrap()];
    for bytes in values {
        for length in 0..bytes.len() {
            let cut = Bytes::copy_from_slice(&bytes[..length]);
            let error = Received::parse(cut).and_then(|received| {
                received.verify()?;
                received.decode::<LocatedImage>().map(|_| ())
            });
            assert!(error.is_err(), "{length} of {} bytes were accepted", bytes.len());
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(received) = Received::parse(Bytes::from(flipped)) {
                let _ = received.verify();
                let _ = received.decode::<LocatedImage>();
                let _ = received.arrays();
            }
        }
        let position =
            bytes.windows(12).position(|window| window == (0..12).collect::<Vec<u8>>()).unwrap();
        let mut flipped = bytes.clone();
        flipped[position + 5] ^= 1;
        let error =
            Received::parse(Bytes::from(flipped)).unwrap().verify().unwrap_err().to_string();
        assert!(error.contains("was changed on its way"), "{error}");
    }
}

#[test]
fn sizes_that_lie_are_refused() {
    let mut image = image();
    image.width_px = 5;
    let encoded =
        message(&origin(), 0, Timestamp(0), Timestamp(0), &Validity::Valid, &image).unwrap();
    let received = Received::parse(Bytes::from(encoded.to_vec().unwrap())).unwrap();
    let error = received.decode::<UltrasoundImage>().unwrap_err().to_string();
    assert!(error.contains("does not take 12 bytes"), "{error}");
}
