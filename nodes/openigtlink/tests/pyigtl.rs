//! The server as a client sees it that nobody here wrote: pyigtl, in a process of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use messages::wire::Validity;
use messages::{
    Affine, Distances, Guidance, IntensityVolume, LocatedImage, Modality, Placement, Pose,
    Preoperative, ToolPoses, TrackedTool, Transform, UltrasoundImage,
};
use nalgebra::{Isometry3, Matrix3x4, Vector3};
use openigtlink::coordinates::Coordinates;
use runtime::Topic;
use serde_json::Value;
use support::{received, server};

/// The Python environment of the tests, if it is here and has pyigtl.
fn python() -> Option<PathBuf> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let python = root.join(".vesalius/python/bin/python");
    let found = Command::new(&python).args(["-c", "import pyigtl"]).output();
    let is_here = found.is_ok_and(|output| output.status.success());
    if !is_here {
        println!("skipped: {} has no pyigtl; `./vesalius test` makes it", python.display());
    }
    is_here.then_some(python)
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(rows) => rows.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

fn close(came: &Value, expected: &[f64]) {
    let came = numbers(came);
    let is_close = came.len() == expected.len()
        && came.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3);
    assert!(is_close, "{came:?} for {expected:?}");
}

#[test]
fn pyigtl_gets_what_3d_slicer_would() {
    let Some(python) = python() else { return };
    let server = server(Coordinates::Ras, &[], PathBuf::from("nothing"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/python/openigtlink_client.py");
    let port = server.local().port().to_string();
    let names =
        ["ProbeToTracker", "locate.located", "preoperative.the_whole_image", "navigate.distances"];
    let client = Command::new(&python)
        .args([script, &port, "40"])
        .args(names)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let motion = Isometry3::new(Vector3::new(1.0, 2.0, 3.0), Vector3::new(0.0, 0.0, 0.5));
    let poses = ToolPoses {
        tools: vec![TrackedTool {
            name: "probe".into(),
            pose: Pose::Visible { to_from_tool: Transform::from_isometry(motion), error_mm: None },
        }],
    };
    let rows = Matrix3x4::new(0.5, 0.0, 0.0, 10.0, 0.0, 0.25, 0.0, -20.0, 0.0, 0.0, 1.0, 30.0);
    let located = LocatedImage {
        image: UltrasoundImage::new(64, 48, (0..64 * 48).map(|at| at as u8).collect()).unwrap(),
        placement: Placement::Placed {
            patient_from_image: Affine::from_rows(rows).unwrap(),
            error_mm: None,
            pose_gap_ns: 0,
        },
    };
    let volume = IntensityVolume::<Preoperative> {
        size: [5, 4, 3],
        frame_from_voxel: Affine::from_rows(rows).unwrap(),
        modality: Modality::Ct,
        voxels: (0..60).map(|at| at * 100 - 1000).collect::<Vec<i16>>().into(),
    };
    let distances = Distances {
        guidance: Guidance::blank("no registration yet"),
        registration_age_ns: None,
        structures: vec![],
        tools: vec![],
    };
    let valid = Validity::Valid;
    // It does not ask: it takes what is sent, whenever it has come. A second later it is there, or on a busy machine
    // after several of them.
    let mut client = client;
    let mut sequence = 0;
    while client.try_wait().unwrap().is_none() {
        let at_ms = 1_700_000_000_000 + 20 * sequence as i64;
        server.give(Topic::Stream, received("tracker.poses", sequence, at_ms, &poses, &valid));
        server.give(Topic::Stream, received("locate.located", sequence, at_ms, &located, &valid));
        server.give(
            Topic::Stream,
            received("preoperative.the_whole_image", sequence, at_ms, &volume, &valid),
        );
        server.give(
            Topic::Stream,
            received("navigate.distances", sequence, at_ms, &distances, &valid),
        );
        sequence += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = client.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{said}{errors}");
    let came: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| {
        let found = came.iter().find(|one| one["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {said}"))
    };
    // x and y of both frames are turned: a turn about z stays as it is.
    let (sin, cos) = 0.5_f64.sin_cos();
    close(
        &of("ProbeToTracker")["matrix"],
        &[cos, -sin, 0.0, -1.0, sin, cos, 0.0, -2.0, 0.0, 0.0, 1.0, 3.0, 0.0, 0.0, 0.0, 1.0],
    );
    let timestamp = of("ProbeToTracker")["timestamp"].as_f64().unwrap();
    assert!((1_700_000_000.0..1_700_001_000.0).contains(&timestamp), "{timestamp}");
    let placed =
        [-0.5, 0.0, 0.0, -10.0, 0.0, -0.25, 0.0, 20.0, 0.0, 0.0, 1.0, 30.0, 0.0, 0.0, 0.0, 1.0];
    let image = of("locate.located");
    assert_eq!((&image["coordinates"], &image["dtype"]), (&"ras".into(), &"uint8".into()));
    close(&image["shape"], &[1.0, 48.0, 64.0]);
    close(&image["first"], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    assert_eq!(image["sum"].as_i64(), Some(48 * 64 / 256 * 255 * 128));
    close(&image["ijk_to_world"], &placed);
    let volume = of("preoperative.the_whole_image");
    assert_eq!(volume["dtype"], "int16");
    close(&volume["shape"], &[3.0, 4.0, 5.0]);
    close(&volume["first"], &[-1000.0, -900.0, -800.0, -700.0, -600.0, -500.0, -400.0, -300.0]);
    close(&volume["ijk_to_world"], &placed);
    assert_eq!(of("navigate.distances")["string"], "no guidance: no registration yet");
}
