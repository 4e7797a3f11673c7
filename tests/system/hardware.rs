//! Hardware in the loop: drivers of real devices against emulated ones that fail by a script, over the real protocols.
//!
//! Each fault is noticed with its reason, what it makes unusable is hidden, it passes, and the other streams go on.

use std::net::TcpListener;
use std::path::PathBuf;

use serde_json::Value;
use system_tests::{Closing, Place, alone, root};

/// A fault as the script has it, and what is said of the tool that it concerns.
struct Fault {
    name: &'static str,
    at_s: f64,
    for_s: f64,
    /// The rest of the line in the script.
    line: &'static str,
    /// What the reason for hiding the probe says.
    says: &'static str,
}

/// In turn, with time between them to recover: after a connection that was stuck the driver begins the conversation anew,
/// and waits ten seconds for a tracker that initialises.
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
        at_s: 31.0,
        for_s: 1.5,
        line: r#"fault = "power_cycle""#,
        says: "tracker",
    },
    Fault {
        name: "unplugged",
        at_s: 37.0,
        for_s: 1.0,
        line: r#"tools = ["probe"], fault = "unplugged""#,
        says: "plug",
    },
    // No protocol reports this one: the poses themselves tell of it.
    Fault {
        name: "frozen",
        at_s: 41.0,
        for_s: 1.0,
        line: r#"tools = ["probe"], fault.frozen.frame_numbers = false"#,
        says: "frozen",
    },
];

fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn script(faults: &[Fault]) -> String {
    let lines = faults.iter().map(|Fault { at_s, for_s, line, .. }| {
        format!("    {{ at_s = {at_s:?}, for_s = {for_s:?}, {line} }},\n")
    });
    lines.collect()
}

fn graph(place: &Place, tracker: &[Fault], ultrasound: &[Fault]) -> PathBuf {
    let (aurora, images) = (port(), port());
    let text = format!(
        r#"version = 1
reference = "reference"

[common.patient]
seed = 1

[common.operation]
tools = ["probe", "reference"]

[calibrations]
probe = {{ file = "{root}/launch/graphs/calibrations/simulated-probe.toml", sha256 = "bbb5e530631e0ebd6c187f4437752f6400aac8b8c6a2241feee7984c6a699576" }}

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
parameters.address = "tcp://127.0.0.1:{aurora}"
parameters.faults = [
{tracker}]

[nodes.driver]
runs = "tracking/ndi"
parameters.address = "tcp://127.0.0.1:{aurora}"
parameters.tools = [{{ name = "probe", port = 1 }}, {{ name = "reference", port = 2, is_static = true }}]

[nodes.tracker]
runs = "tracking/vet_poses"
inputs.poses = "driver.poses"
parameters.rate_hz = 40.0

[nodes.locate]
runs = "fusion/locate_image"
inputs.image = "ultrasound.image"
inputs.poses = "tracker.poses"
parameters.calibration = "probe"
parameters.reference = "reference"
parameters.max_pose_gap_ms = 60

[nodes.record]
runs = "recordings/record"
"#,
        root = root().display(),
        tracker = script(tracker),
        ultrasound = script(ultrasound),
    );
    let path = place.path("graph.toml");
    std::fs::write(&path, text).unwrap();
    path
}

/// When, in seconds since the first injected fault would have been at 0, and what.
type At<T> = (f64, T);

/// What a recording tells of the faults and of what came of them.
struct Told {
    /// Fault and whether it begins.
    injected: Vec<At<(String, bool)>>,
    /// Of the probe: why it is hidden.
    probe: Vec<At<Option<String>>>,
    /// Of each image: whether it is placed.
    images: Vec<At<bool>>,
    /// What the image device said while it was degraded.
    ultrasound: Vec<At<String>>,
}

impl Told {
    fn of(place: &Place, closing: &Closing, first: &Fault) -> Self {
        let json = place.recording("devices", &closing.folder);
        let rows = |key: &str| json[key].as_array().unwrap().clone();
        let began = rows("injected")[0][0].as_f64().unwrap() - first.at_s;
        let at = |row: &Value| row[0].as_f64().unwrap() - began;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            injected: rows("injected")
                .iter()
                .map(|row| (at(row), (text(&row[1]).unwrap(), row[2] == "begins")))
                .collect(),
            probe: rows("probe").iter().map(|row| (at(row), text(&row[1]))).collect(),
            images: rows("images").iter().map(|row| (at(row), row[1] == true)).collect(),
            ultrasound: rows("ultrasound")
                .iter()
                .filter_map(|row| Some((at(row), text(&row[1])?)))
                .collect(),
        }
    }
}

fn within<T>(rows: &[At<T>], from_s: f64, to_s: f64) -> impl Iterator<Item = &T> {
    rows.iter().filter(move |(at, _)| (from_s..to_s).contains(at)).map(|(_, what)| what)
}

fn assert_injected(told: &Told, faults: &[Fault]) {
    for fault in faults {
        let when = |begins: bool| {
            let of = (fault.name.to_owned(), begins);
            told.injected.iter().find(|(_, what)| *what == of).map(|(at, _)| *at)
        };
        let (begins, ends) = (when(true).unwrap(), when(false).unwrap());
        assert!((begins - fault.at_s).abs() < 0.05, "{} began at {begins} s", fault.name);
        assert!((ends - fault.at_s - fault.for_s).abs() < 0.05, "{} ended at {ends} s", fault.name);
    }
}

/// Another stream goes on during a fault: however busy the machine is, something comes in each half second.
fn assert_flows<T>(rows: &[At<T>], fault: &Fault, what: &str) {
    let mut from = fault.at_s;
    while from + 0.5 <= fault.at_s + fault.for_s {
        assert!(within(rows, from, from + 0.5).next().is_some(), "no {what} during {}", fault.name);
        from += 0.5;
    }
}

#[test]
fn each_fault_of_a_tracker_hides_the_tool_with_its_reason_and_passes() {
    let _alone = alone();
    let place = Place::new();
    let graph = graph(&place, OF_THE_TRACKER, &[]);
    let closing = place.run(graph.to_str().unwrap(), "tracker", &["--stop-after", "46s"]);
    let told = Told::of(&place, &closing, &OF_THE_TRACKER[0]);
    assert_injected(&told, OF_THE_TRACKER);
    for (index, fault) in OF_THE_TRACKER.iter().enumerate() {
        let (begins, ends) = (fault.at_s, fault.at_s + fault.for_s);
        let next = OF_THE_TRACKER.get(index + 1).map_or(45.5, |next| next.at_s);
        let seen_before = within(&told.probe, begins - 0.5, begins).any(Option::is_none);
        assert!(seen_before, "the probe is not seen before {}\n{}", fault.name, closing.log);
        let reasons: Vec<&String> = within(&told.probe, begins, ends).flatten().collect();
        assert!(
            reasons.iter().any(|reason| reason.contains(fault.says)),
            "{}: `{}` is not among {reasons:?}\n{}",
            fault.name,
            fault.says,
            closing.log
        );
        // From when on it is noticed nothing is taken for true, up to its end.
        let noticed = told.probe.iter().find(|(at, hidden)| *at > begins && hidden.is_some());
        let (noticed, _) = noticed.unwrap();
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
];

#[test]
fn each_fault_of_a_scanner_stops_its_images_with_a_reason_and_passes_while_tools_are_tracked() {
    let _alone = alone();
    let place = Place::new();
    let graph = graph(&place, &[], OF_THE_SCANNER);
    let closing = place.run(graph.to_str().unwrap(), "scanner", &["--stop-after", "21s"]);
    let told = Told::of(&place, &closing, &OF_THE_SCANNER[0]);
    assert_injected(&told, OF_THE_SCANNER);
    for (index, fault) in OF_THE_SCANNER.iter().enumerate() {
        let (begins, ends) = (fault.at_s, fault.at_s + fault.for_s);
        let next = OF_THE_SCANNER.get(index + 1).map_or(20.5, |next| next.at_s);
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
