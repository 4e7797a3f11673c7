//! The driver of NDI's trackers against a scripted one: started, tracking, damaged, silent, reset, with plugs.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

mod scripted;

use std::time::Duration;

use formats::ndi::{PortStatus, SystemStatus};
use messages::{Pose, ToolPoses};
use runtime::{Device as _, Finding, Reading};
use scripted::{Plug, Sight, Tracker, placement, rom};
use serde_json::{Value, json};
use tracking::ndi::{Ndi, Output};

/// A busy machine must not fail a test.
const PATIENCE: Duration = Duration::from_secs(30);

struct Lab {
    tracker: Tracker,
    folder: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["probe", "pointer"] {
            std::fs::write(folder.path().join(format!("{name}.rom")), rom(name)).unwrap();
        }
        Self { tracker: Tracker::start(), folder }
    }

    fn tool(&self, name: &str) -> Value {
        json!({ "name": name, "rom": self.folder.path().join(format!("{name}.rom")) })
    }

    fn parameters(&self, tools: &[Value], more: Value) -> tracking::ndi::parameters::Parameters {
        let mut all = json!({ "address": self.tracker.address, "tools": tools });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    fn open(&self, tools: &[Value], more: Value) -> Ndi {
        Ndi::open(self.parameters(tools, more)).unwrap()
    }

    fn both(&self, more: Value) -> Ndi {
        self.tracker.script().sights =
            [(1, Sight::Seen(placement(1.0))), (2, Sight::Seen(placement(2.0)))].into();
        self.open(&[self.tool("probe"), self.tool("pointer")], more)
    }
}

/// Readings until one satisfies the condition.
fn until<T>(device: &mut Ndi, mut wanted: impl FnMut(Reading<Output>) -> Option<T>) -> T {
    let start = runtime::clock::monotonic();
    while runtime::clock::monotonic().saturating_sub(start) < PATIENCE {
        if let Some(found) = wanted(device.read().unwrap()) {
            return found;
        }
    }
    panic!("it did not come");
}

fn poses(reading: Reading<Output>) -> Option<ToolPoses> {
    match reading {
        Reading::Acquired { outputs, .. } | Reading::Impaired { outputs, .. } => {
            let Output::Poses(poses) = outputs.into_iter().next()?;
            Some(poses)
        }
        _ => None,
    }
}

fn seen(reading: Reading<Output>) -> Option<ToolPoses> {
    poses(reading)
        .filter(|poses| poses.tools.iter().all(|tool| matches!(tool.pose, Pose::Visible { .. })))
}

fn all_hidden(reading: Reading<Output>) -> Option<String> {
    let Reading::Impaired { reason, outputs, .. } = reading else { return None };
    let Output::Poses(poses) = &outputs[0];
    let hidden =
        poses.tools.iter().all(|tool| tool.pose == Pose::Hidden { reason: reason.clone() });
    hidden.then_some(reason)
}

fn reason(poses: &ToolPoses, index: usize) -> &str {
    match &poses.tools[index].pose {
        Pose::Hidden { reason } => reason,
        Pose::Visible { .. } => panic!("it is seen"),
    }
}

fn x(poses: &ToolPoses, index: usize) -> f64 {
    match &poses.tools[index].pose {
        Pose::Visible { to_from_tool, .. } => to_from_tool.isometry().translation.x,
        Pose::Hidden { reason } => panic!("{reason}"),
    }
}

#[test]
fn the_same_poses_with_each_command() {
    for (revision, choice, command) in [
        ("G.003.001", "auto", "BX2"),
        ("G.002.004", "auto", "BX"),
        ("D.001.004", "auto", "TX"),
        ("G.003.001", "bx", "BX"),
        ("G.003.001", "tx", "TX"),
    ] {
        let lab = Lab::new();
        lab.tracker.script().revision = revision;
        let mut device = lab.both(json!({ "command": choice }));
        let poses = until(&mut device, seen);
        assert_eq!((x(&poses, 0), x(&poses, 1)), (1.0, 2.0));
        assert_eq!(poses.tools[0].name, "probe");
        let Pose::Visible { to_from_tool, error_mm } = &poses.tools[1].pose else { panic!() };
        assert_eq!(*error_mm, Some(0.25));
        let rotation = to_from_tool.isometry().rotation;
        assert_eq!([rotation.w, rotation.i, rotation.j, rotation.k], [0.5, 0.5, -0.5, 0.5]);
        assert!((rotation.norm() - 1.0).abs() < 1e-12);
        let script = lab.tracker.script();
        assert!(script.heard.iter().any(|name| name == command), "{revision} {choice}");
        let file = rom("probe");
        assert_eq!(script.loaded[&1][..file.len()], file);
    }
}

#[test]
fn only_new_frames_are_poses() {
    for revision in ["G.003.001", "G.002.004"] {
        let lab = Lab::new();
        lab.tracker.script().revision = revision;
        lab.tracker.script().repeats = 3;
        let mut device = lab.both(json!({}));
        let first = { lab.tracker.script().frame };
        for _ in 0..20 {
            until(&mut device, seen);
        }
        // The tracker may be one or two frames ahead.
        let frames = { lab.tracker.script().frame } - first;
        assert!((18..=24).contains(&frames), "{frames} frames for 20 sets");
    }
}

#[test]
fn stamped_when_they_were_seen() {
    let lab = Lab::new();
    let mut late = lab.both(json!({ "latency_ms": 1000 }));
    let clock = runtime::clock::SessionClock::new();
    let stamp = until(&mut late, |reading| match reading {
        Reading::Acquired { acquired_at, .. } => Some(acquired_at),
        _ => None,
    });
    let age = clock.now().since(stamp);
    assert!(age >= Duration::from_millis(990) && age < PATIENCE, "{age:?}");
}

#[test]
fn a_procedure_that_begins_long_after_the_start_of_tracking_finds_no_fault_and_no_old_pose() {
    let lab = Lab::new();
    let mut device = lab.both(json!({ "reply_timeout_ms": 300 }));
    std::thread::sleep(Duration::from_millis(900));
    lab.tracker.script().sights.insert(1, Sight::Seen(placement(7.0)));
    device.start(runtime::clock::SessionClock::new().now());
    let first = until(&mut device, |reading| match reading {
        Reading::Nothing => None,
        Reading::Acquired { .. } => poses(reading),
        other => panic!("{other:?}"),
    });
    assert_eq!(x(&first, 0), 7.0);
}

#[test]
fn hidden_with_the_trackers_own_reason() {
    for revision in ["G.003.001", "G.002.004", "D.001.004"] {
        let lab = Lab::new();
        lab.tracker.script().revision = revision;
        let mut device = lab.both(json!({}));
        until(&mut device, seen);
        lab.tracker.script().sights.insert(2, Sight::Missing(PortStatus(0x71)));
        let set = until(&mut device, |reading| poses(reading).filter(|poses| seen_not(poses, 1)));
        assert!(reason(&set, 1).starts_with("out of volume"), "{}", reason(&set, 1));
        assert_eq!(x(&set, 0), 1.0);
        lab.tracker.script().sights.insert(2, Sight::Missing(scripted::READY));
        until(&mut device, |reading| {
            poses(reading)
                .filter(|poses| seen_not(poses, 1) && reason(poses, 1).starts_with("missing"))
        });
    }
}

fn seen_not(poses: &ToolPoses, index: usize) -> bool {
    matches!(poses.tools[index].pose, Pose::Hidden { .. })
}

/// Damaged answers are said and left out; the pose after them is right.
#[test]
fn a_damaged_answer_is_no_pose() {
    let lab = Lab::new();
    let mut device = lab.both(json!({}));
    until(&mut device, seen);
    let damages: [fn(&mut Vec<u8>); 4] = [
        |bytes| bytes[20] ^= 0x40,
        |bytes| bytes[3] ^= 0x01,
        |bytes| drop(bytes.drain(..5)),
        |bytes| bytes.splice(0..0, [0, 255, 7]).for_each(drop),
    ];
    for damage in damages {
        lab.tracker.script().damage = vec![damage];
        let said = until(&mut device, |reading| match reading {
            Reading::Refused { reason } => Some(reason),
            other => {
                if let Some(poses) = poses(other) {
                    assert_eq!((x(&poses, 0), x(&poses, 1)), (1.0, 2.0));
                }
                None
            }
        });
        assert!(said.contains("since the start"), "{said}");
        let poses = until(&mut device, seen);
        assert_eq!((x(&poses, 0), x(&poses, 1)), (1.0, 2.0));
    }
}

#[test]
fn a_silent_tracker_hides_all_and_comes_back() {
    let lab = Lab::new();
    let mut device = lab.both(json!({ "reply_timeout_ms": 100 }));
    until(&mut device, seen);
    lab.tracker.script().mute = true;
    let said = until(&mut device, all_hidden);
    assert!(said.contains("has not answered"), "{said}");
    // While it lasts it is said again and again.
    for _ in 0..3 {
        until(&mut device, all_hidden);
    }
    lab.tracker.script().mute = false;
    // By itself: it is asked whether it is there before it is asked for anything that takes long.
    until(&mut device, seen);
    let heard = lab.tracker.script().heard.clone();
    let first_after_poses = heard.windows(2).filter(|pair| pair[0] == "BX" && pair[1] != "BX");
    let questions: Vec<&str> = first_after_poses.map(|pair| pair[1].as_str()).collect();
    assert_eq!(questions, ["APIREV"], "{heard:?}");
}

#[test]
fn a_lost_connection_and_a_reset_are_overcome() {
    let lab = Lab::new();
    let mut device = lab.both(json!({}));
    until(&mut device, seen);
    lab.tracker.script().hang_up = true;
    let said = until(&mut device, all_hidden);
    assert!(said.contains("is lost") && said.contains("cable"), "{said}");
    until(&mut device, seen);
    lab.tracker.script().forgets = true;
    let said = until(&mut device, all_hidden);
    assert!(said.contains("reset"), "{said}");
    until(&mut device, seen);
    assert_eq!({ lab.tracker.script().loaded.len() }, 2);
}

#[test]
fn a_definition_that_is_refused_costs_its_tool_alone() {
    let lab = Lab::new();
    lab.tracker.script().refused = vec!["probe".to_owned()];
    lab.tracker.script().sights =
        [(1, Sight::Seen(placement(5.0))), (2, Sight::Seen(placement(5.0)))].into();
    let mut device = lab.open(&[lab.tool("probe"), lab.tool("pointer")], json!({}));
    let (poses, said) = until(&mut device, |reading| match reading {
        Reading::Impaired { outputs, reason, .. } => {
            let Output::Poses(poses) = outputs.into_iter().next()?;
            (!seen_not(&poses, 1)).then_some((poses, reason))
        }
        _ => None,
    });
    assert_eq!(x(&poses, 1), 5.0);
    assert!(reason(&poses, 0).contains("ERROR41"), "{}", reason(&poses, 0));
    assert!(said.contains("`probe`") && said.contains("probe.rom"), "{said}");
}

#[test]
fn tools_with_cables_are_found_and_may_come_later() {
    let lab = Lab::new();
    let plug = |serial, part_number: &str, port| Plug {
        serial,
        part_number: part_number.to_owned(),
        port,
    };
    lab.tracker.script().plugs = vec![plug(0x11, "610001", 1), plug(0x22, "610002", 2)];
    for handle in 1..=3 {
        lab.tracker.script().sights.insert(handle, Sight::Seen(placement(f32::from(handle))));
    }
    let tools = [
        json!({ "name": "patient", "serial": "00000022" }),
        json!({ "name": "needle", "part_number": "610003" }),
        json!({ "name": "probe", "port": 1 }),
    ];
    let mut device = lab.open(&tools, json!({}));
    let poses = until(&mut device, poses);
    assert_eq!((x(&poses, 0), x(&poses, 2)), (2.0, 1.0));
    assert!(reason(&poses, 1).contains("not plugged in") && reason(&poses, 1).contains("610003"));
    {
        let mut script = lab.tracker.script();
        script.plugs.push(plug(0x33, "610003", 3));
        script.system = SystemStatus::PORT_OCCUPIED;
    }
    let poses = until(&mut device, seen);
    assert_eq!((x(&poses, 0), x(&poses, 1), x(&poses, 2)), (2.0, 3.0, 1.0));
}

#[test]
fn what_is_wrong_with_the_tracker_is_its_health() {
    let lab = Lab::new();
    let mut device = lab.both(json!({}));
    lab.tracker.script().system = SystemStatus::TEMPERATURE;
    let said = until(&mut device, |reading| match reading {
        Reading::Impaired { reason, .. } => Some(reason),
        _ => None,
    });
    assert!(said.contains("working temperature"), "{said}");
    lab.tracker.script().system = SystemStatus::default();
    until(&mut device, |reading| matches!(reading, Reading::Acquired { .. }).then_some(()));
}

/// A frame number that stands still is a tracker that sees nothing any more.
#[test]
fn frozen_frames_hide_the_tools() {
    let lab = Lab::new();
    let mut device = lab.both(json!({}));
    until(&mut device, seen);
    lab.tracker.script().repeats = u32::MAX;
    let poses = until(&mut device, |reading| poses(reading).filter(|poses| seen_not(poses, 0)));
    assert!(reason(&poses, 0).contains("no new frame") && seen_not(&poses, 1));
}

#[test]
fn nobody_there_is_said_in_time() {
    let lab = Lab::new();
    let mut parameters = lab.parameters(&[lab.tool("probe")], json!({ "connect_for_ms": 300 }));
    // A port that was given back: nobody listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    parameters.address = format!("tcp://127.0.0.1:{port}");
    let said = Ndi::open(parameters.clone()).unwrap_err().to_string();
    assert!(said.contains("300 ms") && said.contains("cannot be reached"), "{said}");
    let findings = Ndi::examine(parameters);
    assert!(
        matches!(&findings[..], [Finding::Wrong { remedy, .. }] if remedy.contains("switched on"))
    );
}

#[test]
fn an_examination_says_who_is_there_and_what_fits() {
    let lab = Lab::new();
    lab.tracker.script().plugs =
        vec![Plug { serial: 0x11, part_number: "610001".to_owned(), port: 1 }];
    let mut damaged = rom("pointer");
    damaged[100] ^= 1;
    std::fs::write(lab.folder.path().join("pointer.rom"), damaged).unwrap();
    let tools = [lab.tool("probe"), lab.tool("pointer"), json!({ "name": "needle", "port": 4 })];
    let findings = Ndi::examine(lab.parameters(&tools, json!({})));
    let texts: Vec<String> = findings
        .iter()
        .map(|finding| match finding {
            Finding::Good { text } => format!("good {text}"),
            Finding::Notable { text, .. } => format!("notable {text}"),
            Finding::Wrong { text, .. } => format!("wrong {text}"),
        })
        .collect();
    let said = |words: &[&str]| {
        assert!(
            texts.iter().any(|text| words.iter().all(|word| text.contains(word))),
            "{texts:#?}"
        );
    };
    said(&["good", "Scripted Tracker", "G.002.004", &lab.tracker.address]);
    said(&["good", "then by the numbers of their frames", "less 0 ms"]);
    said(&["good", "`probe`", "takes its definition"]);
    said(&["wrong", "`pointer`", "checksum"]);
    said(&["wrong", "`needle`", "port 4"]);
    said(&["notable", "610001"]);
    assert!(!lab.tracker.script().heard.contains(&"TSTART".to_owned()));
}

#[test]
fn parameters_that_cannot_be() {
    let lab = Lab::new();
    let said = |tools: &[Value], more: Value| {
        Ndi::open(lab.parameters(tools, more)).unwrap_err().to_string()
    };
    assert!(said(&[], json!({})).contains("at least one"));
    let probe = lab.tool("probe");
    assert!(said(&[probe.clone(), probe.clone()], json!({})).contains("name of its own"));
    assert!(said(&[json!({ "name": "a" })], json!({})).contains("either `rom`"));
    assert!(said(&[json!({ "name": "a", "rom": "/no.rom" })], json!({})).contains("/no.rom"));
    assert!(said(&[json!({ "name": "a", "serial": "xyz" })], json!({})).contains("hexadecimal"));
    assert!(said(std::slice::from_ref(&probe), json!({ "rate_hz": 0.5 })).contains("`rate_hz`"));
    assert!(said(std::slice::from_ref(&probe), json!({ "frame_hz": 0 })).contains("`frame_hz`"));
    assert!(said(&[probe], json!({ "address": "10.0.0.5" })).contains("tcp://"));
}
