//! How long a pose takes from the tracker's bytes on the socket to the message on the bus, and how many poses a second.
//!
//! `cargo bench --profile dev --workspace --bench tracker_latency`, after `./vesalius test` has built all.
//!
//! Between an emulated tracker and the driver, both in a running graph, stands a relay that notes when it hands on each
//! answer: just before the bytes are written to the driver's socket. The recording has when the driver took the bytes,
//! which tells which answer a message is of, since nothing is asked before the last answer is in; and when the message
//! was published, all its bytes made, just before it is handed to Zenoh. What Zenoh takes from there on is the bench
//! `one_way`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark stops at the first error")]

mod relay;

use formats::ndi::{Rom, RomMarker};
use relay::Relay;
use serde_json::Value;
use system_tests::Place;

/// The tracker, its frames a second, and how the driver asks.
const CASES: [(&str, f64, &str); 5] = [
    ("vega", 400.0, "bx2"),
    ("vega", 400.0, "tx"),
    ("vega", 60.0, "bx2"),
    ("vega", 60.0, "tx"),
    ("aurora", 40.0, "bx"),
];
const SECONDS: f64 = 60.0;
const TOOLS: [&str; 3] = ["probe", "reference", "instrument"];

fn main() {
    // Cargo also runs this as a test of whether it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!(
        "{:<8} {:>6} {:>4} {:>8} {:>8} {:>9} {:>9} {:>9} {:>9}",
        "tracker", "rate", "", "poses/s", "missed", "p50 ms", "p99 ms", "p99.9 ms", "most ms"
    );
    for (model, rate_hz, command) in CASES {
        measure(model, rate_hz, command);
    }
}

/// A definition of a tool without a cable.
fn rom(part_number: &str) -> Vec<u8> {
    let marker = |x, y| RomMarker { position_mm: [x, y, 0.0], normal: [0.0; 3], face: 1, group: 1 };
    let rom = Rom {
        main_type: 2,
        sub_type: 1,
        revision: 1,
        serial: 0x3480_1403,
        max_angle_deg: 90,
        min_markers: 3,
        max_marker_error_mm: 0.5,
        min_spread_mm: [0.0; 3],
        markers: vec![marker(0.0, 0.0), marker(0.0, 50.0), marker(25.0, 100.0)],
        manufacturer: "Sample".to_owned(),
        part_number: part_number.to_owned(),
        algorithm: 0x80,
        marker_type: 41,
        face_normals: [[0.0; 3]; 8],
    };
    rom.to_bytes().unwrap()
}

/// The tools as the driver knows them.
fn tools(place: &Place, model: &str) -> String {
    let tool = |(index, name): (usize, &&str)| {
        if model == "aurora" {
            return format!("{{ name = \"{name}\", port = {} }}", index + 1);
        }
        let file = place.path(&format!("{name}.rom"));
        std::fs::write(&file, rom(name)).unwrap();
        format!("{{ name = \"{name}\", rom = \"{}\" }}", file.display())
    };
    TOOLS.iter().enumerate().map(tool).collect::<Vec<_>>().join(", ")
}

fn measure(model: &str, rate_hz: f64, command: &str) {
    let place = Place::new();
    let relay = Relay::start();
    let graph = format!(
        r#"version = 1

[nodes.emulator]
runs = "simulation/ndi_tracker"
parameters.model = "{model}"
parameters.rate_hz = {rate_hz:?}
parameters.address = "tcp://{}"
parameters.motion.random = {TOOLS:?}

[nodes.driver]
runs = "tracking/ndi"
parameters.address = "tcp://{}"
parameters.command = "{command}"
parameters.tools = [{}]

[nodes.record]
runs = "recordings/record"
"#,
        relay.tracker,
        relay.served_at,
        tools(&place, model),
    );
    let path = place.path("graph.toml");
    std::fs::write(&path, graph).unwrap();
    let running = place.start(
        path.to_str().unwrap(),
        "latency",
        &["--stop-after", &format!("{}s", SECONDS + 4.0)],
    );
    let record = running.record();
    let epoch = |name: &str| record["clock"][name].as_i64().unwrap();
    let to_session = epoch("epoch_unix_ns") - epoch("epoch_monotonic_ns");
    let closing = running.wait();
    assert_eq!(closing.code, 0, "{}", closing.log);
    let times = place.recording("times", &closing.folder);
    let column = |name: &str| -> Vec<i64> {
        let rows = times[name]["driver.poses"].as_array().unwrap();
        rows.iter().filter_map(Value::as_i64).collect()
    };
    let (taken, published) = (column("acquired"), column("published"));
    let mut handed: Vec<i64> = relay.handed_on().iter().map(|at| at + to_session).collect();
    handed.sort_unstable();
    // The first seconds are those of a start.
    let from = taken[0] + 2_000_000_000;
    let until = from + (SECONDS * 1e9) as i64;
    let mut delays: Vec<f64> = Vec::new();
    for (taken, published) in taken.iter().zip(&published) {
        if !(from..until).contains(taken) {
            continue;
        }
        // What was handed on last before the driver took it.
        let last = handed.partition_point(|at| at <= taken);
        delays.push((published - handed[last - 1]) as f64 * 1e-6);
    }
    let frames = SECONDS * rate_hz;
    delays.sort_by(f64::total_cmp);
    let at = |share: f64| delays[((delays.len() - 1) as f64 * share).round() as usize];
    println!(
        "{model:<8} {rate_hz:>6} {command:>4} {:>8.1} {:>7.2}% {:>9.3} {:>9.3} {:>9.3} {:>9.3}",
        delays.len() as f64 / SECONDS,
        100.0 * (1.0 - delays.len() as f64 / frames),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}
