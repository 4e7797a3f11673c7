//! How soon the demonstration notices that a device stands still and that a process was killed.
//!
//! `cargo bench --profile dev -p system-tests --bench detection`, after `./vesalius test` has built all.
//!
//! | row | from | until |
//! | --- | --- | --- |
//! | deadline | the deadline after the last message was published, its way included | the event is published |
//! | killed | the signal is sent | the supervisor's event is published |
//!
//! The kernel takes a killed process apart before anybody is told: that time is in the second row.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark stops at the first error")]

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;
use system_tests::{Place, Running, root};

const GRAPH: &str = "launch/graphs/sweep.toml";
/// Of `locate` in that graph.
const DEADLINE_MS: f64 = 500.0;
const STOPS: usize = 24;
const KILLS: [&str; 8] = [
    "locate",
    "segment",
    "reconstruct",
    "tracker",
    "ultrasound",
    "locate",
    "segment",
    "reconstruct",
];

fn main() {
    // Cargo also runs this as a test of whether it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    assert!(
        std::fs::read_to_string(root().join(GRAPH)).unwrap().contains("deadline_ms = 500 "),
        "the deadline of {GRAPH} is not {DEADLINE_MS} ms any more"
    );
    let place = Place::new();
    let running = place.start(GRAPH, "detection", &["--stop-after", "600s"]);
    let record = running.record();
    std::thread::sleep(Duration::from_secs(2));
    for round in 0..STOPS {
        let device = ["ultrasound", "tracker"][round % 2];
        send(&running, device, Signal::STOP);
        // At another phase of the stream each time.
        std::thread::sleep(Duration::from_millis(800 + 7 * round as u64));
        send(&running, device, Signal::CONT);
        std::thread::sleep(Duration::from_millis(700));
        eprintln!("stopped {device} ({} of {STOPS})", round + 1);
    }
    let mut killed = Vec::new();
    for node in KILLS {
        killed.push((node, send(&running, node, Signal::KILL)));
        eprintln!("killed {node}");
        // Slower than the rule that gives up a node that fails too often.
        std::thread::sleep(Duration::from_secs(4));
    }
    send_to(i32::try_from(running.child.id()).unwrap(), Signal::INT);
    let closing = running.wait();
    let times = place.recording("times", &closing.folder);

    let mut deadlines = Vec::new();
    for event in events(&times, "deadline_missed").filter(|event| event[1] == "locate") {
        let stream = if event[3] == "image" { "ultrasound.image" } else { "tracker.poses" };
        let at = event[0].as_i64().unwrap();
        let published = times["published"][stream].as_array().unwrap();
        let last = published.iter().filter_map(Value::as_i64).filter(|&time| time < at).max();
        deadlines.push((at - last.unwrap()) as f64 * 1e-6 - DEADLINE_MS);
    }
    let epoch = |name: &str| record["clock"][name].as_i64().unwrap();
    let to_session = epoch("epoch_unix_ns") - epoch("epoch_monotonic_ns");
    let kills: Vec<f64> = killed
        .iter()
        .map(|&(node, at)| {
            let at = at + to_session;
            let noticed = events(&times, "failed")
                .filter(|event| event[1] == node)
                .filter_map(|event| event[0].as_i64())
                .filter(|&time| time > at)
                .min();
            (noticed.expect("every kill is noticed") - at) as f64 * 1e-6
        })
        .collect();
    println!("{:<10} {:>6} {:>9} {:>9} {:>9}", "", "times", "p50 ms", "p90 ms", "most ms");
    print("deadline", deadlines);
    print("killed", kills);
}

fn events<'a>(times: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    times["events"].as_array().unwrap().iter().filter(move |event| event[2] == kind)
}

/// Sends a signal to a node; returns the monotonic time just before, ns.
fn send(running: &Running, node: &str, signal: Signal) -> i64 {
    send_to(running.pid(node), signal)
}

fn send_to(pid: i32, signal: Signal) -> i64 {
    let pid = Pid::from_raw(pid).unwrap();
    let now = clock_gettime(ClockId::Monotonic);
    kill_process(pid, signal).unwrap();
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

fn print(name: &str, mut delays_ms: Vec<f64>) {
    delays_ms.sort_by(f64::total_cmp);
    let at = |fraction: f64| delays_ms[((delays_ms.len() - 1) as f64 * fraction).round() as usize];
    println!(
        "{name:<10} {:>6} {:>9.2} {:>9.2} {:>9.2}",
        delays_ms.len(),
        at(0.5),
        at(0.9),
        at(1.0)
    );
}
