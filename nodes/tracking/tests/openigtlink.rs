//! Poses of a server that nobody here wrote: pyigtl, in a process of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use messages::{Pose, Timestamp, ToolPoses};
use runtime::clock::{self, SessionClock};
use runtime::{Device, Finding, Reading};
use serde_json::json;
use tracking::openigtlink::{OpenIgtLink, Output, Parameters};

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
        .args([script, &port.to_string(), "transforms"])
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

fn parameters(port: u16, tools: &[&str]) -> Parameters {
    serde_json::from_value(json!({ "address": format!("tcp://127.0.0.1:{port}"), "tools": tools }))
        .unwrap()
}

type Sample = (Timestamp, ToolPoses, Option<String>);

/// The next sample that `is_it`.
fn until(device: &mut OpenIgtLink, is_it: impl Fn(&Sample) -> bool) -> Sample {
    let since = clock::monotonic();
    while clock::monotonic().saturating_sub(since) < LONG {
        let (acquired_at, mut outputs, reason) = match device.read().unwrap() {
            Reading::Acquired { acquired_at, outputs } => (acquired_at, outputs, None),
            Reading::Impaired { acquired_at, outputs, reason } => {
                (acquired_at, outputs, Some(reason))
            }
            _ => continue,
        };
        let Some(Output::Poses(poses)) = outputs.pop() else { panic!("no poses") };
        let sample = (acquired_at, poses, reason);
        if is_it(&sample) {
            return sample;
        }
    }
    panic!("nothing of that kind came");
}

fn are_seen(poses: &ToolPoses) -> Vec<bool> {
    poses.tools.iter().map(|tool| matches!(tool.pose, Pose::Visible { .. })).collect()
}

#[test]
fn tools_of_one_instant_come_together_and_hidden_ones_are_hidden() {
    let Some(python) = python() else { return };
    let port = free_port();
    let _server = serve(&python, port);
    let mut device = OpenIgtLink::open(parameters(port, &["probe", "patient", "stylus"])).unwrap();
    device.start(SessionClock::new().now());
    let mut last = Timestamp(0);
    for _ in 0..20 {
        let (at, poses, _) =
            until(&mut device, |(_, poses, _)| are_seen(poses) == [true, true, false]);
        assert!(at > last);
        last = at;
        let probe = &poses.tools[0];
        let Pose::Visible { to_from_tool, .. } = &probe.pose else { panic!("hidden") };
        let pose = to_from_tool.isometry();
        let index = pose.translation.x;
        assert_eq!((pose.translation.y, pose.translation.z), (2.0, 3.0));
        // As sent: a turn about z that belongs to the place.
        let turn = pose.rotation.scaled_axis();
        assert!(
            (turn.z - 0.01 * index).abs() < 1e-5 && turn.xy().norm() < 1e-5,
            "{turn:?} {index}"
        );
        let Pose::Hidden { reason } = &poses.tools[2].pose else { panic!("seen") };
        assert!(reason.contains("OUT_OF_VIEW"), "{reason}");
    }
}

#[test]
fn a_lost_server_hides_all_tools_until_it_is_back() {
    let Some(python) = python() else { return };
    let port = free_port();
    let mut device = OpenIgtLink::open(parameters(port, &["probe", "patient"])).unwrap();
    device.start(SessionClock::new().now());
    let hidden = |(_, poses, reason): &Sample| {
        are_seen(poses) == [false, false]
            && reason.as_ref().is_some_and(|reason| reason.contains("127.0.0.1"))
    };
    let (first, ..) = until(&mut device, hidden);
    let server = serve(&python, port);
    let (seen, ..) = until(&mut device, |(_, poses, _)| are_seen(poses) == [true, true]);
    drop(server);
    let (lost, ..) = until(&mut device, hidden);
    // Again and again, as long as nobody answers.
    let (still, ..) = until(&mut device, hidden);
    let _server = serve(&python, port);
    let (back, ..) = until(&mut device, |(_, poses, _)| are_seen(poses) == [true, true]);
    assert!([first, seen, lost, still, back].is_sorted_by(|a, b| a < b));
}

#[test]
fn an_examination_says_what_is_missing() {
    let Some(python) = python() else { return };
    let port = free_port();
    let nobody = OpenIgtLink::examine(parameters(port, &["probe"]));
    assert!(
        matches!(&nobody[..], [Finding::Wrong { text, .. }] if text.contains("nobody answers"))
    );
    let _server = serve(&python, port);
    let since = clock::monotonic();
    let found = loop {
        let found = OpenIgtLink::examine(parameters(port, &["probe", "stylus", "needle"]));
        if found.len() > 1 {
            break found;
        }
        assert!(clock::monotonic().saturating_sub(since) < LONG, "{found:?}");
        std::thread::sleep(Duration::from_millis(200));
    };
    let text = format!("{found:?}");
    for says in [
        "server answers at",
        "TRANSFORM ProbeToTracker",
        "probe is seen",
        "stylus is sent as StylusToTracker, but it is hidden",
        "nothing was heard of needle",
        "TRANSFORM PatientToTracker",
        "its clock is",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
}
