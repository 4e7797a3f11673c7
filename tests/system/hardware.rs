//! Hardware in the loop: drivers of real devices against emulated ones that fail by a script, over the real protocols.
//!
//! Each fault is noticed with its reason, what it makes unusable is hidden, it passes, and the other streams go on.

use std::path::PathBuf;

use system_tests::{Place, alone, free_port, root};

use crate::device_faults::{Fault, Told, assert_flows, assert_injected, script, within};

/// In turn, with time between them to recover: after a connection that was stuck the driver begins the conversation anew,
/// and waits two seconds for an answer.
const OF_THE_TRACKER: &[Fault] = &[
    Fault {
        name: "out_of_volume",
        at_s: 4.0,
        for_s: 1.0,
        line: r#"tools = ["probe"], fault = "out_of_volume""#,
        says: "out of volume",
    },
    Fault {
        name: "dropout",
        at_s: 7.0,
        for_s: 1.0,
        line: r#"tools = ["probe"], fault.dropout.share = 1.0"#,
        says: "missing",
    },
    Fault {
        name: "wrong_crc",
        at_s: 10.0,
        for_s: 1.0,
        line: "fault.wrong_crc.share = 1.0",
        says: "damaged",
    },
    Fault {
        name: "half_frames",
        at_s: 13.0,
        for_s: 1.0,
        line: "fault.half_frames.share = 1.0",
        says: "half way",
    },
    Fault {
        name: "stuck_connection",
        at_s: 18.0,
        for_s: 1.5,
        line: r#"fault = "stuck_connection""#,
        says: "not answered",
    },
    Fault {
        name: "power_cycle",
        at_s: 24.0,
        for_s: 1.5,
        line: r#"fault = "power_cycle""#,
        says: "tracker",
    },
    Fault {
        name: "unplugged",
        at_s: 30.0,
        for_s: 1.0,
        line: r#"tools = ["probe"], fault = "unplugged""#,
        says: "plug",
    },
    // No protocol reports this one: the poses themselves tell of it.
    Fault {
        name: "frozen",
        at_s: 34.0,
        for_s: 1.0,
        line: r#"tools = ["probe"], fault.frozen.frame_numbers = false"#,
        says: "frozen",
    },
    // Nor these: frames come late, by their own count.
    Fault {
        name: "latency",
        at_s: 38.0,
        for_s: 5.5,
        line: "fault.latency.by_ms = 60.0",
        says: "or their way has changed",
    },
    Fault {
        name: "jitter",
        at_s: 48.0,
        for_s: 5.5,
        line: "fault.jitter.up_to_ms = 80.0",
        says: "unevenly",
    },
];

/// Where the emulated tracker is served, and where its driver looks for it.
pub type Line = (String, String);

pub fn on_the_network() -> Line {
    let address = format!("tcp://127.0.0.1:{}", free_port());
    (address.clone(), address)
}

/// What each of these graphs has: images placed by the probe's sensor relative to the patient's, and a recording.
pub fn placing(max_pose_gap_ms: u32) -> String {
    format!(
        r#"version = 1
reference = "reference"

[common.patient]
seed = 1

[calibrations]
probe = {{ file = "{root}/launch/graphs/calibrations/simulated-probe.toml", sha256 = "bbb5e530631e0ebd6c187f4437752f6400aac8b8c6a2241feee7984c6a699576" }}

[nodes.locate]
runs = "fusion/locate_image"
inputs.image = "ultrasound.image"
inputs.poses = "tracker.poses"
parameters.calibration = "probe"
parameters.reference = "reference"
parameters.max_pose_gap_ms = {max_pose_gap_ms}

[nodes.record]
runs = "recordings/record"
"#,
        root = root().display()
    )
}

pub fn written(place: &Place, text: &str) -> PathBuf {
    let path = place.path("graph.toml");
    std::fs::write(&path, text).unwrap();
    path
}

pub fn graph(place: &Place, tracker: &[Fault], ultrasound: &[Fault], line: Line) -> PathBuf {
    let (served_at, looked_for_at) = line;
    let images = free_port();
    let devices = format!(
        r#"
[common.operation]
tools = ["probe", "reference"]

[nodes.scanner]
runs = "simulation/openigtlink_ultrasound"
parameters.address = "127.0.0.1:{images}"
parameters.tracked = false
parameters.faults = [
{ultrasound}]

[nodes.ultrasound]
runs = "imaging/openigtlink"
parameters.address = "127.0.0.1:{images}"

[nodes.aurora]
runs = "simulation/ndi_tracker"
parameters.model = "aurora"
parameters.address = "{served_at}"
parameters.faults = [
{tracker}]

[nodes.driver]
runs = "tracking/ndi"
parameters.address = "{looked_for_at}"
parameters.tools = [{{ name = "probe", port = 1 }}, {{ name = "reference", port = 2, is_static = true }}]

[nodes.tracker]
runs = "tracking/vet_poses"
inputs.poses = "driver.poses"
parameters.rate_hz = 40.0
"#,
        tracker = script(tracker),
        ultrasound = script(ultrasound),
    );
    written(place, &(placing(60) + &devices))
}

#[test]
fn each_fault_of_a_tracker_hides_the_tool_with_its_reason_and_passes() {
    assert_each_is_noticed_and_passes("tracker", OF_THE_TRACKER, on_the_network(), 58.0);
}

/// A pseudo-terminal passes no break on: the driver resets the tracker with a command, as behind a poor adapter.
const ON_A_SERIAL_LINE: &[Fault] = &[
    Fault {
        name: "out_of_volume",
        at_s: 3.0,
        for_s: 1.0,
        line: r#"tools = ["probe"], fault = "out_of_volume""#,
        says: "out of volume",
    },
    Fault {
        name: "half_frames",
        at_s: 6.0,
        for_s: 1.0,
        line: "fault.half_frames.share = 1.0",
        says: "half way",
    },
    Fault {
        name: "stuck_connection",
        at_s: 9.0,
        for_s: 1.5,
        line: r#"fault = "stuck_connection""#,
        says: "not answered",
    },
    Fault {
        name: "power_cycle",
        at_s: 18.0,
        for_s: 1.5,
        line: r#"fault = "power_cycle""#,
        says: "tracker",
    },
    Fault {
        name: "process_kill",
        at_s: 28.0,
        for_s: 0.0,
        line: r#"fault = "process_kill""#,
        says: "tracker",
    },
];

#[test]
fn on_a_serial_line_too() {
    let place = Place::new();
    let link = place.path("aurora");
    let line =
        (format!("pty:{}", link.display()), format!("serial://{}?baud=115200", link.display()));
    assert_each_is_noticed_and_passes("serial", ON_A_SERIAL_LINE, line, 38.5);
}

fn assert_each_is_noticed_and_passes(name: &str, faults: &[Fault], line: Line, ends_s: f64) {
    let _alone = alone();
    let place = Place::new();
    let graph = graph(&place, faults, &[], line);
    let closing =
        place.run(graph.to_str().unwrap(), name, &["--stop-after", &format!("{}s", ends_s + 0.5)]);
    let told = Told::of(&place, &closing, faults.first());
    assert_injected(&told, faults);
    for (index, fault) in faults.iter().enumerate() {
        let (begins, ends) = (fault.at_s, fault.ends_s());
        let next = faults.get(index + 1).map_or(ends_s, |next| next.at_s);
        let seen_before = within(&told.probe, begins - 0.5, begins).any(Option::is_none);
        assert!(seen_before, "the probe is not seen before {}\n{}", fault.name, closing.log);
        let reasons: Vec<&String> = within(&told.probe, begins, ends + 0.5).flatten().collect();
        assert!(
            reasons.iter().any(|reason| reason.contains(fault.says)),
            "{}: `{}` is not among {reasons:?}\n{}",
            fault.name,
            fault.says,
            closing.log
        );
        // From when on it is noticed nothing is taken for true, up to its end.
        let noticed = fault.noticed_s(&told.probe).unwrap();
        let taken =
            within(&told.probe, noticed + 0.05, ends - 0.05).filter(|hidden| hidden.is_none());
        assert_eq!(taken.count(), 0, "the probe is seen during {}", fault.name);
        assert!(within(&told.images, noticed + 0.3, ends - 0.1).all(|placed| !placed));
        assert!(
            within(&told.probe, ends, next).any(Option::is_none),
            "the probe does not come back after {}\n{}",
            fault.name,
            closing.log
        );
        assert_flows(&told.images, fault, "images");
    }
    for consumer in closing.stream("ultrasound.image")["consumers"].as_array().unwrap() {
        assert_eq!(consumer["lost"], 0, "{}", closing.log);
    }
}

/// What fails of the images, and what the device then says.
const OF_THE_SCANNER: &[Fault] = &[
    Fault {
        name: "stuck_connection",
        at_s: 4.0,
        for_s: 2.0,
        line: r#"fault = "stuck_connection""#,
        says: "no image",
    },
    Fault {
        name: "wrong_crc",
        at_s: 9.0,
        for_s: 2.0,
        line: "fault.wrong_crc.share = 1.0",
        says: "damaged",
    },
    Fault {
        name: "power_cycle",
        at_s: 14.0,
        for_s: 2.0,
        line: r#"fault = "power_cycle""#,
        says: "127.0.0.1",
    },
    Fault {
        name: "process_kill",
        at_s: 19.0,
        for_s: 0.0,
        line: r#"fault = "process_kill""#,
        says: "127.0.0.1",
    },
];

#[test]
fn each_fault_of_a_scanner_stops_its_images_with_a_reason_and_passes_while_tools_are_tracked() {
    let _alone = alone();
    let place = Place::new();
    let graph = graph(&place, &[], OF_THE_SCANNER, on_the_network());
    let closing = place.run(graph.to_str().unwrap(), "scanner", &["--stop-after", "27s"]);
    let told = Told::of(&place, &closing, OF_THE_SCANNER.first());
    assert_injected(&told, OF_THE_SCANNER);
    for (index, fault) in OF_THE_SCANNER.iter().enumerate() {
        let (begins, ends) = (fault.at_s, fault.ends_s());
        let next = OF_THE_SCANNER.get(index + 1).map_or(26.5, |next| next.at_s);
        let said: Vec<&String> = within(&told.ultrasound, begins, ends + 0.5).collect();
        assert!(
            said.iter().any(|said| said.contains(fault.says)),
            "{}: `{}` is not among {said:?}\n{}",
            fault.name,
            fault.says,
            closing.log
        );
        let images = within(&told.images, begins + 0.3, ends - 0.1).count();
        assert_eq!(images, 0, "images during {}", fault.name);
        assert!(
            within(&told.images, ends, next).any(|placed| *placed),
            "no image is placed after {}\n{}",
            fault.name,
            closing.log
        );
        assert_flows(&told.probe, fault, "poses");
    }
}
