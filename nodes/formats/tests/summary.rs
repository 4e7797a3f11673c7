//! A file's summary says what is in it, as somebody would who looked at every frame and voxel.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::io;
use std::path::PathBuf;

use formats::metaimage::{Limits, Pixels};
use formats::placed_volume::{PlacedVolume, VolumeKind};
use formats::summary::{SequenceSummary, Side, Summary, VolumeSummary};
use nalgebra::{Matrix4, Rotation3, Vector3};

fn of(name: &str, bytes: &[u8]) -> Summary {
    let alone = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
    Summary::read(name, bytes, &Limits::default(), alone).unwrap()
}

fn sequence(name: &str, bytes: &[u8]) -> SequenceSummary {
    let Summary::Sequence(summary) = of(name, bytes) else { panic!("a sequence") };
    summary
}

fn volume(name: &str, bytes: &[u8]) -> VolumeSummary {
    let Summary::Volume(summary) = of(name, bytes) else { panic!("a volume") };
    summary
}

#[test]
fn a_volume_by_its_numbers_and_words() {
    let mut lps_from_voxel = Matrix4::new_nonuniform_scaling(&Vector3::new(-0.5, -0.5, 2.0));
    lps_from_voxel.set_column(3, &nalgebra::Vector4::new(7.0, 8.0, 9.0, 1.0));
    let voxels = Pixels::F32(vec![1.5, f32::NAN, -3.0, f32::INFINITY]);
    let mut placed = PlacedVolume { dims: [2, 1, 2], lps_from_voxel, voxels };
    for (kind, format) in [
        (VolumeKind::Nifti1 { gzip: true }, "NIfTI-1, gzip"),
        (VolumeKind::Nifti2 { gzip: false }, "NIfTI-2"),
        (VolumeKind::Nrrd, "NRRD, gzip"),
        (VolumeKind::MetaImage, "MetaImage, zlib"),
    ] {
        let summary = volume("x", &placed.write(&kind, true).unwrap().bytes);
        assert_eq!((summary.format.as_str(), summary.dims), (format, [2, 1, 2]));
        assert_eq!((summary.spacing_mm, summary.origin_mm), ([0.5, 0.5, 2.0], [7.0, 8.0, 9.0]));
        assert_eq!(summary.extent_mm(), [1.0, 0.5, 4.0]);
        assert_eq!(summary.direction(), "x to right, y to front, z to head");
        assert_eq!((summary.range, summary.not_finite), (Some([-3.0, 1.5]), 2));
        assert_eq!((summary.scalar_name, summary.is_mirrored), ("float", false));
    }
    let turn = Rotation3::from_axis_angle(&Vector3::x_axis(), 12.3_f64.to_radians());
    placed.lps_from_voxel = turn.to_homogeneous();
    placed.lps_from_voxel.column_mut(0).neg_mut();
    placed.voxels = Pixels::U64(vec![3, 0, 1, 2]);
    let summary = volume("x", &placed.write(&VolumeKind::Nrrd, false).unwrap().bytes);
    assert_eq!(summary.direction(), "x to right, y to back (12.3° off), z to head (12.3° off)");
    assert!(summary.is_mirrored);
    assert_eq!((summary.format.as_str(), summary.range), ("NRRD", Some([0.0, 3.0])));
}

const SEQUENCE: &str = "\
ObjectType = Image
NDims = 3
DimSize = 2 1 5
ElementType = MET_UCHAR
Kinds = domain domain list
UltrasoundImageOrientation = UF
Seq_Frame0000_Timestamp = 10
Seq_Frame0000_ProbeToTrackerTransform = 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1
Seq_Frame0000_ProbeToTrackerTransformStatus = OK
Seq_Frame0001_Timestamp = 10.25
Seq_Frame0001_ProbeToTrackerTransform = 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1
Seq_Frame0001_ProbeToTrackerTransformStatus = INVALID
Seq_Frame0001_ImageStatus = INVALID
Seq_Frame0002_Timestamp = 10.125
Seq_Frame0003_Timestamp = 10.375
Seq_Frame0003_ProbeToTrackerTransform = 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1
Seq_Frame0003_ProbeToTrackerTransformStatus = OK
Seq_Frame0004_Timestamp = 11.375
";

#[test]
fn a_sequence_by_its_holes() {
    let text = SEQUENCE.to_owned() + "ElementDataFile = LOCAL\n";
    let summary = sequence("x", &[text.as_bytes(), &[5, 6, 0, 255, 7, 7, 9, 4, 5, 5]].concat());
    assert_eq!((summary.format.as_str(), summary.frames), ("MetaImage", 5));
    assert_eq!((summary.starts_at_s, summary.duration_s), (Some(10.0), 1.375));
    // Gaps of 0.25, -0.125, 0.25 and 1 s.
    assert_eq!((summary.median_gap_s, summary.rate_hz()), (Some(0.25), Some(4.0)));
    assert_eq!(summary.largest_gap, Some((1.0, 4)));
    assert_eq!((summary.steps_back, summary.first_step_back), (1, Some(2)));
    assert_eq!(summary.frames_without_image, 1);
    let images = summary.images.unwrap();
    // The pixels of a frame without image do not count.
    assert_eq!((images.scalar_name, images.range), ("uint8", Some([4.0, 9.0])));
    assert_eq!((images.format.width_px, images.format.height_px), (2, 1));
    assert_eq!(images.format.orientation.unwrap().to_string(), "UF");
    let [probe] = &summary.tools[..] else { panic!("one tool") };
    assert_eq!(
        (probe.name.to_string().as_str(), probe.named, probe.seen),
        ("ProbeToTracker", 3, 2)
    );
    assert_eq!(probe.share_seen, 0.4);
}

#[test]
fn a_sequence_of_poses_and_one_in_two_files() {
    let poses = SEQUENCE.replace("2 1 5", "0 0 5") + "ElementDataFile = LOCAL\n";
    let summary = sequence("x", poses.as_bytes());
    assert_eq!((summary.images, summary.frames_without_image), (None, 5));
    let single = "NRRD0004\ndimension: 2\nencoding: raw\nkinds: domain domain\nsizes: 1 1\ntype: uint8\n\
        ultrasound image orientation:=MF\nSeq_Frame0000_Status:=OK\n\n\u{7}";
    let summary = sequence("x", single.as_bytes());
    assert_eq!((summary.frames, summary.median_gap_s, summary.largest_gap), (1, None, None));
    assert_eq!((summary.rate_hz(), summary.duration_s), (None, 0.0));
    let detached = SEQUENCE.to_owned() + "ElementDataFile = x.raw\n";
    let read = |data: Vec<u8>| {
        let beside = |name: &str| {
            assert_eq!(name, "x.raw");
            Ok(data.clone())
        };
        Summary::read("x.mhd", detached.as_bytes(), &Limits::default(), beside)
    };
    let Summary::Sequence(summary) = read((1..=10).collect()).unwrap() else {
        panic!("a sequence")
    };
    assert_eq!(summary.images.unwrap().range, Some([1.0, 10.0]));
    assert!(read(vec![0; 9]).unwrap_err().to_string().contains("the data end after 9"));
}

#[test]
fn what_cannot_be_read_has_no_summary() {
    let alone = |_: &str| Err(io::Error::new(io::ErrorKind::NotFound, "not there"));
    let told = |bytes: &[u8]| {
        Summary::read("x", bytes, &Limits::default(), alone).unwrap_err().to_string()
    };
    assert!(told(b"%PDF-1.4").contains("no NRRD, NIfTI or MetaImage"));
    assert!(told(b"").contains("no NRRD, NIfTI or MetaImage"));
    let detached = SEQUENCE.to_owned() + "ElementDataFile = x.raw\n";
    assert!(
        told(detached.as_bytes())
            .contains("`x.raw` beside the header, which cannot be read: not there")
    );
    let broken = SEQUENCE.replace("= 10.25", "= soon") + "ElementDataFile = LOCAL\n";
    assert!(told(broken.as_bytes()).contains("finite number of seconds"));
}

fn data(name: &str) -> Option<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let path = PathBuf::from(folder).join(name);
    if !path.exists() {
        println!("SKIPPED: real data {name} is absent");
        return None;
    }
    Some(std::fs::read(path).unwrap())
}

#[test]
fn real_files() {
    let Some(bytes) = data("totalsegmentator_ct_mr/example_ct.nii.gz") else { return };
    let ct = volume("example_ct.nii.gz", &bytes);
    assert_eq!((ct.format.as_str(), ct.scalar_name), ("NIfTI-1, gzip", "int32"));
    assert_eq!(ct.axes.map(|axis| axis.towards)[2], Side::Head);
    assert_eq!(ct.range.unwrap()[1], 3382.0);
    for name in ["NwirePhantomFreehand.igs.mha", "NwirePhantomFreehand.igs.nrrd"] {
        let Some(bytes) = data(&format!("plus_recon_nwire/{name}")) else { return };
        let sweep = sequence(name, &bytes);
        assert_eq!((sweep.frames, sweep.steps_back, sweep.frames_without_image), (97, 0, 0));
        assert!((sweep.duration_s - 10.155_057).abs() < 1e-9, "{}", sweep.duration_s);
        let seen: Vec<_> =
            sweep.tools.iter().map(|tool| (tool.name.from.as_str(), tool.seen)).collect();
        assert_eq!(seen, [("Probe", 97), ("Reference", 97), ("Stylus", 0)]);
    }
    let Some(bytes) = data("plus_misc_sequences/TransformInterpolationTest.igs.mha") else {
        return;
    };
    let tools = sequence("x", &bytes).tools;
    let probe = tools.iter().find(|tool| tool.name.from == "Probe").unwrap();
    assert_eq!((probe.named, probe.seen), (500, 499));
}
