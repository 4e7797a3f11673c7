//! Ten minutes without a fault: no loss, no blank, no restart, flat memory.

use std::time::Duration;

use system_tests::{Place, alone, is_long};

use crate::demonstration::DEMO;

/// Memory that a process holds, without what it shares with others, in MiB.
fn resident_mib(pid: i32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap();
    let field =
        |number: usize| text.split_whitespace().nth(number).unwrap().parse::<f64>().unwrap();
    (field(1) - field(2)) * 4096.0 / 1_048_576.0
}

#[test]
fn ten_minutes_lose_nothing_and_memory_stays_flat() {
    if !is_long() {
        return;
    }
    let _alone = alone();
    let place = Place::new();
    let running = place.start(DEMO, "soak", &["--stop-after", "600s"]);
    running.record();
    let nodes = ["ultrasound", "tracker", "locate", "segment", "reconstruct", "record", "view"];
    let pids = nodes.map(|node| running.pid(node));
    std::thread::sleep(Duration::from_secs(150));
    let early = pids.map(resident_mib);
    std::thread::sleep(Duration::from_secs(430));
    let late = pids.map(resident_mib);
    let closing = running.wait().good();
    for (node, (early, late)) in nodes.iter().zip(early.iter().zip(&late)) {
        println!("{node}: {early:.0} MiB after 150 s, {late:.0} MiB after 580 s");
        assert!(late - early < 32.0, "{node} grew from {early:.0} to {late:.0} MiB");
        assert_eq!(closing.node(node)["restarts"], 0);
    }
    for row in closing.json["streams"].as_array().unwrap() {
        assert_eq!(row["blanks"], 0, "{row}");
    }
}
