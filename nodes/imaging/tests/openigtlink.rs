//! Live images of a server that nobody here wrote: pyigtl, in a process of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use imaging::openigtlink::{OpenIgtLink, Output, Parameters};
use messages::{Placement, Timestamp, UltrasoundImage};
use runtime::clock::{self, SessionClock};
use runtime::{Device, Finding, Reading};
use serde_json::json;

const LONG: Duration = Duration::from_secs(40);

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

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(python: &PathBuf, port: u16) -> Server {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/python/openigtlink_server.py");
    let child = Command::new(python)
        .args([script, &port.to_string(), "images"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        // It complains of every client that goes.
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Server(child)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn parameters(port: u16, device: &str, others: serde_json::Value) -> Parameters {
    let mut all = json!({ "address": format!("127.0.0.1:{port}"), "device": device });
    all.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

fn open(parameters: Parameters) -> OpenIgtLink {
    let mut device = OpenIgtLink::open(parameters).unwrap();
    device.start(SessionClock::new().now());
    device
}

/// The next reading that `pick` takes something of; the reasons that came before.
fn until<T>(
    device: &mut OpenIgtLink,
    mut pick: impl FnMut(&Reading<Output>) -> Option<T>,
) -> (T, Vec<String>) {
    let since = clock::monotonic();
    let mut reasons = Vec::new();
    while clock::monotonic().saturating_sub(since) < LONG {
        let reading = device.read().unwrap();
        if let Some(picked) = pick(&reading) {
            return (picked, reasons);
        }
        if let Reading::Refused { reason } = reading {
            reasons.push(reason);
        }
    }
    panic!("nothing of that kind came: {reasons:?}");
}

fn image(reading: &Reading<Output>) -> Option<(Timestamp, UltrasoundImage)> {
    let Reading::Acquired { acquired_at, outputs } = reading else { return None };
    match outputs.first() {
        Some(Output::Image(image)) => Some((*acquired_at, image.clone())),
        _ => None,
    }
}

fn refusal(reading: &Reading<Output>) -> Option<String> {
    match reading {
        Reading::Refused { reason } => Some(reason.clone()),
        _ => None,
    }
}

#[test]
fn images_of_every_type_come_as_grey_values() {
    let Some(python) = python() else { return };
    let port = free_port();
    let _server = serve(&python, port);
    let (width, height) = (64, 48);
    let last = f64::from(width * height - 1);
    for kind in ["uint8", "int8", "uint16", "int16", "int32", "float32", "float64", "rgb", "plane"]
    {
        let window =
            if kind.starts_with("float") { json!({"window": [-1.0, 1.0]}) } else { json!({}) };
        let mut device = open(parameters(port, kind, window));
        let ((first_at, image), _) = until(&mut device, self::image);
        assert_eq!((image.width_px, image.height_px), (width, height), "{kind}");
        for (index, grey) in image.pixels.as_slice().iter().enumerate() {
            let expected = index as f64 / last * 255.0;
            assert!((f64::from(*grey) - expected).abs() <= 1.0, "{kind} at {index}: {grey}");
        }
        assert_eq!(image.pixels.as_slice().last(), Some(&255), "{kind}");
        let ((next_at, _), _) = until(&mut device, self::image);
        assert!(next_at > first_at, "{kind}");
        // On one machine the clocks differ by the delay of the loopback; a busy machine may lag.
        assert!(SessionClock::new().now().distance(next_at) < Duration::from_secs(10));
    }
    let mut device = open(parameters(port, "volume", json!({})));
    let (reason, _) = until(&mut device, refusal);
    assert!(reason.contains("a volume of"), "{reason}");
}

#[test]
fn the_matrix_places_the_image_by_its_centre() {
    let Some(python) = python() else { return };
    let port = free_port();
    let _server = serve(&python, port);
    // As the script sends it: the first pixel at 10, -20, 30, a step along a row 0.25 mm along y.
    for (parameters_, origin) in [
        (json!({"places": true}), [10.0, -20.0, 30.0]),
        // pyigtl says LPS by default.
        (json!({"places": true, "anatomical": true}), [10.0, -20.0, 30.0]),
    ] {
        let mut device = open(parameters(port, "uint8", parameters_));
        let (located, _) = until(&mut device, |reading| match reading {
            Reading::Acquired { outputs, .. } => match outputs.get(1) {
                Some(Output::Located(located)) => Some(located.clone()),
                _ => None,
            },
            _ => None,
        });
        let Placement::Placed { patient_from_image, .. } = located.placement else {
            panic!("{:?}", located.placement)
        };
        assert!((patient_from_image.origin() - nalgebra::Vector3::from(origin)).norm() < 1e-4);
        assert!((patient_from_image.axis(0).y - 0.25).abs() < 1e-6);
        assert!((patient_from_image.axis(1).x + 0.5).abs() < 1e-6);
    }
}

#[test]
fn a_server_that_goes_is_missed_and_one_that_comes_back_is_heard() {
    let Some(python) = python() else { return };
    let port = free_port();
    let mut device = open(parameters(port, "uint8", json!({"silent_after_ms": 300})));
    let (reason, _) = until(&mut device, refusal);
    assert!(reason.contains("nobody answers at 127.0.0.1"), "{reason}");
    let server = serve(&python, port);
    let ((before, _), _) = until(&mut device, image);
    drop(server);
    let (reason, _) = until(&mut device, refusal);
    assert!(reason.contains("closed the connection") || reason.contains("lost"), "{reason}");
    let _server = serve(&python, port);
    let ((after, _), _) = until(&mut device, image);
    assert!(after > before);
}

#[test]
fn an_examination_says_what_there_is() {
    let Some(python) = python() else { return };
    let port = free_port();
    let nobody = OpenIgtLink::examine(parameters(port, "uint8", json!({})));
    assert!(
        matches!(&nobody[..], [Finding::Wrong { text, .. }] if text.contains("nobody answers"))
    );
    let _server = serve(&python, port);
    let since = clock::monotonic();
    let found = loop {
        let found = OpenIgtLink::examine(parameters(port, "float32", json!({})));
        if !matches!(&found[..], [Finding::Wrong { .. }]) {
            break found;
        }
        assert!(clock::monotonic().saturating_sub(since) < LONG, "{found:?}");
        std::thread::sleep(Duration::from_millis(200));
    };
    let text = format!("{found:?}");
    for says in
        ["server answers at", "IMAGE uint8", "float32 cannot be used", "`window`", "its clock is"]
    {
        assert!(text.contains(says), "{says}: {text}");
    }
    let missing = OpenIgtLink::examine(parameters(port, "nothing", json!({})));
    assert!(format!("{missing:?}").contains("no images are called `nothing`"));
}
