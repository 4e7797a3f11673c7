//! How soon each fault of a tracker is noticed: from its beginning in the emulator until the poses on the bus hide the tool.
//!
//! `cargo bench --profile dev --workspace --bench device_faults`, after `./vesalius test` has built all.
//!
//! A graph has an emulated Aurora and its driver for each of some faults, which come again and again at random instants. Each
//! is promised to be noticed by a deadline: what the tracker says of a tool, with its next frame; what it says no more,
//! when a frame is missing for longer than the driver waits (`Setup::quiet`); what only the poses betray, after as many
//! frames as the rate of false alarms asks for (`frozen::Rule::frames`), and one, since the first may come late; frames that
//! come late or unevenly, after three whole seconds (`clock_watch::ROW`), and a part of one.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark stops at the first error")]

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;
use system_tests::{Place, free_port};
use tracking::plausibility::clock_watch;
use tracking::plausibility::frozen::Rule;
use tracking::vet_poses::ToolLimits;

/// The Aurora's time from frame to frame.
const FRAME_MS: f64 = 25.0;
/// So long a driver waits for a new frame.
const QUIET_MS: f64 = 100.0;
const SECONDS: f64 = 300.0;
/// Faults in one graph.
const AT_ONCE: usize = 5;
/// So long a frame is held up at most.
const HELD_UP_MS: f64 = 80.0;
/// Faults begin then: the clock is not judged before.
const WARM_UP_S: f64 = 15.0;

/// A fault, how long it lasts, how often it comes, and its deadline.
struct Case {
    name: &'static str,
    line: &'static str,
    for_s: f64,
    every_s: f64,
    /// None if it is reckoned from the rule for the poses.
    deadline_ms: Option<f64>,
}

const CASES: [Case; 10] = [
    Case {
        name: "out_of_volume",
        line: r#"fault = "out_of_volume""#,
        for_s: 0.5,
        every_s: 1.5,
        deadline_ms: Some(FRAME_MS),
    },
    Case {
        name: "dropout",
        line: "fault.dropout.share = 1.0",
        for_s: 0.5,
        every_s: 1.5,
        deadline_ms: Some(FRAME_MS),
    },
    Case {
        name: "unplugged",
        line: r#"fault = "unplugged""#,
        for_s: 0.5,
        every_s: 2.0,
        deadline_ms: Some(FRAME_MS),
    },
    Case {
        name: "power_cycle",
        line: r#"fault = "power_cycle""#,
        for_s: 0.5,
        every_s: 4.0,
        deadline_ms: Some(FRAME_MS),
    },
    Case {
        name: "wrong_crc",
        line: "fault.wrong_crc.share = 1.0",
        for_s: 0.5,
        every_s: 2.0,
        deadline_ms: Some(QUIET_MS),
    },
    Case {
        name: "half_frames",
        line: "fault.half_frames.share = 1.0",
        for_s: 0.5,
        every_s: 2.0,
        deadline_ms: Some(QUIET_MS),
    },
    Case {
        name: "stuck_connection",
        line: r#"fault = "stuck_connection""#,
        for_s: 0.7,
        every_s: 5.0,
        deadline_ms: Some(QUIET_MS),
    },
    // Found in the poses: nobody reports it.
    Case {
        name: "frozen",
        line: "fault.frozen.frame_numbers = false",
        for_s: 0.5,
        every_s: 2.0,
        deadline_ms: None,
    },
    Case {
        name: "latency",
        line: "fault.latency.by_ms = 60.0",
        for_s: 5.0,
        every_s: 10.0,
        deadline_ms: None,
    },
    Case {
        name: "jitter",
        line: "fault.jitter.up_to_ms = 80.0",
        for_s: 5.0,
        every_s: 10.0,
        deadline_ms: None,
    },
];

fn main() {
    // Cargo also runs this as a test of whether it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!(
        "{:<18} {:>5} {:>6} {:>12} {:>8} {:>8} {:>8} {:>8} {:>20}",
        "fault",
        "times",
        "during",
        "deadline ms",
        "p50 ms",
        "p90 ms",
        "p99 ms",
        "most ms",
        "p99 beyond deadline"
    );
    // All at once would wait for each other on two cores.
    for cases in CASES.chunks(AT_ONCE) {
        let place = Place::new();
        let path = place.path("graph.toml");
        std::fs::write(&path, graph(cases)).unwrap();
        let time = format!("{SECONDS}s");
        let closing = place.run(path.to_str().unwrap(), "faults", &["--stop-after", &time]);
        let told = place.recording("hiding", &closing.folder);
        for case in cases {
            print(case, &told);
        }
    }
}

fn graph(cases: &[Case]) -> String {
    let mut text = "version = 1\n".to_owned();
    for (index, Case { name, line, for_s, every_s, .. }) in cases.iter().enumerate() {
        let port = free_port();
        let _ = write!(
            text,
            r#"
[nodes.emulator_{name}]
runs = "simulation/ndi_tracker"
parameters.model = "aurora"
parameters.address = "tcp://127.0.0.1:{port}"
parameters.motion.random = ["probe", "reference"]
parameters.seed = {index}
parameters.faults = [{{ at_s = {WARM_UP_S:?}, for_s = {for_s:?}, every_s = {every_s:?}, {line} }}]

[nodes.driver_{name}]
runs = "tracking/ndi"
parameters.address = "tcp://127.0.0.1:{port}"
parameters.tools = [{{ name = "probe", port = 1 }}, {{ name = "reference", port = 2 }}]

[nodes.vetted_{name}]
runs = "tracking/vet_poses"
inputs.poses = "driver_{name}.poses"
parameters.rate_hz = 40.0
"#
        );
    }
    text.push_str("\n[nodes.record]\nruns = \"recordings/record\"\n");
    text
}

/// Until a pose that stands still is found, with the numbers of a graph that says nothing of them.
fn frozen_ms() -> f64 {
    let limits = ToolLimits::usual("probe");
    let longest = Duration::from_secs_f64(QUIET_MS * 1e-3);
    let rule = Rule::new(limits.least_noise_mm, limits.resolution_mm, 1e3 / FRAME_MS, longest);
    (rule.unwrap().frames() + 1) as f64 * FRAME_MS
}

/// Until frames that are held up are found: a window that has begun, those in a row, each up to its next frame, and the time
/// that the last frame is held up.
fn late_ms() -> f64 {
    let window_ms = clock_watch::WINDOW.as_secs_f64() * 1e3 + FRAME_MS;
    f64::from(clock_watch::ROW + 1) * window_ms + HELD_UP_MS
}

fn print(case: &Case, told: &Value) {
    let deadline_ms = case.deadline_ms.unwrap_or_else(|| match case.name {
        "frozen" => frozen_ms(),
        _ => late_ms(),
    });
    let emulator = format!("emulator_{}.truth_faults", case.name);
    let begins: Vec<i64> = told["injected"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row[2] == *emulator && row[1] == "begins")
        .filter_map(|row| row[0].as_i64())
        .collect();
    let rows = told["poses"][format!("vetted_{}.poses", case.name)].as_array().unwrap();
    let mut delays_ms = Vec::new();
    let mut during_another = 0;
    for begin in begins {
        let after = rows.partition_point(|row| row[1].as_i64().unwrap() < begin);
        // While the tool is still hidden from the time before, nothing can be noticed.
        if after == 0 || rows[after - 1][2] == true {
            during_another += 1;
            continue;
        }
        let hidden = rows[after..].iter().find(|row| row[2] == true);
        // The last ones may come as the graph ends.
        let Some(hidden) = hidden else { continue };
        delays_ms.push((hidden[1].as_i64().unwrap() - begin) as f64 * 1e-6);
    }
    delays_ms.sort_by(f64::total_cmp);
    assert!(!delays_ms.is_empty(), "{}: never noticed", case.name);
    let at = |share: f64| delays_ms[((delays_ms.len() - 1) as f64 * share).round() as usize];
    println!(
        "{:<18} {:>5} {:>6} {:>12.0} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {:>20.1}",
        case.name,
        delays_ms.len(),
        during_another,
        deadline_ms,
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0),
        at(0.99) - deadline_ms
    );
}
