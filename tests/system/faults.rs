//! What happens when a node dies, hangs, or the supervisor itself is killed.

use std::time::Duration;

use serde_json::Value;
use system_tests::{
    Closing, Place, Running, alone, assert_no_more, is_long, shared_memory, signal,
};

use crate::demonstration::DEMO;

const WITHOUT: [&str; 2] = ["--stop-after", "12s"];

/// Lines of the log about events, in their order.
fn events(log: &str, node: &str) -> Vec<String> {
    log.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["node"] == node && line["event"].is_string())
        .map(|line| line["event"].as_str().unwrap().to_owned())
        .collect()
}

fn assert_order(log: &str, node: &str, expected: &[&str]) {
    let came = events(log, node);
    let mut rest = came.iter();
    for event in expected {
        assert!(
            rest.any(|came| came == event),
            "`{node}`: expected {expected:?} in order, but {came:?} came\n{log}"
        );
    }
}

fn settle(running: &Running) {
    running.record();
    std::thread::sleep(Duration::from_secs(3));
}

fn kill_in_the_middle(place: &Place, node: &str) -> Closing {
    let running = place.start(DEMO, node, &WITHOUT);
    settle(&running);
    signal(running.pid(node), "KILL");
    running.wait()
}

/// Each node in turn: noticed with its reason, restarted, and the streams that do not pass through it are whole.
#[test]
fn a_killed_node_is_noticed_restarted_and_disturbs_no_other() {
    let _alone = alone();
    let place = Place::new();
    let before = shared_memory();
    for (node, undisturbed) in [
        ("locate", &["ultrasound.image", "tracker.poses"][..]),
        ("segment", &["ultrasound.image", "tracker.poses", "locate.located", "reconstruct.volume"]),
        (
            "reconstruct",
            &["ultrasound.image", "tracker.poses", "locate.located", "segment.segmented"],
        ),
        ("tracker", &["ultrasound.image"]),
        ("ultrasound", &["tracker.poses"]),
    ] {
        let closing = kill_in_the_middle(&place, node);
        assert_ne!(closing.code, 0, "a failure nobody asked for is no good run");
        assert_eq!(closing.node(node)["restarts"], 1, "{}", closing.log);
        assert_order(&closing.log, node, &["ready", "failed", "restarting", "restarted", "ended"]);
        let reasons = closing.json["reasons"].to_string();
        assert!(reasons.contains(node) && reasons.contains("SIGKILL"), "{reasons}");
        for stream in undisturbed {
            let row = closing.stream(stream);
            for consumer in row["consumers"].as_array().unwrap() {
                if consumer["node"] != node {
                    assert_eq!(
                        consumer["received"], row["sent"],
                        "{stream} at {} after {node} died",
                        consumer["node"]
                    );
                    assert_eq!(consumer["lost"], 0, "{stream} at {}", consumer["node"]);
                }
            }
        }
    }
    assert_no_more(&before);
}

/// A killed recorder loses nothing below its last mark, and a second part goes on.
#[test]
fn a_killed_recorder_goes_on_and_the_recording_names_what_is_missing() {
    let _alone = alone();
    let place = Place::new();
    let closing = kill_in_the_middle(&place, "record");
    assert_order(&closing.log, "record", &["ready", "failed", "restarting", "restarted", "ended"]);
    let verified = place.call(&["verify", closing.path(), "--json"]);
    let report = verified.json();
    let text = report.to_string();
    assert!(text.contains("procedure-2.mcap"), "{text}");
    // Whatever is missing is named by its numbers; nothing is damaged but the end of the first part.
    for stream in report["streams"].as_array().unwrap() {
        let missing: u64 = stream["missing"]
            .as_array()
            .map(|ranges| {
                ranges
                    .iter()
                    .map(|range| {
                        range["last"].as_u64().unwrap() - range["first"].as_u64().unwrap() + 1
                    })
                    .sum()
            })
            .unwrap_or(0);
        assert!(missing <= 200, "{stream}");
    }
}

/// A node that stands still makes its consumers blank, and they come back with it.
#[test]
fn a_stopped_node_blanks_what_depends_on_it_until_it_goes_on() {
    let _alone = alone();
    let place = Place::new();
    let running = place.start(DEMO, "stop", &WITHOUT);
    settle(&running);
    let pid = running.pid("ultrasound");
    signal(pid, "STOP");
    running.wait_for(&["deadline_missed", "locate"]);
    std::thread::sleep(Duration::from_secs(1));
    signal(pid, "CONT");
    running.wait_for(&["deadline_met", "locate"]);
    let closing = running.wait();
    assert_order(&closing.log, "locate", &["ready", "deadline_missed", "deadline_met", "ended"]);
    for stream in ["locate.located", "segment.segmented", "reconstruct.volume"] {
        assert!(
            closing.stream(stream)["blanks"].as_u64().unwrap() >= 1,
            "{stream} did not blank:\n{}",
            closing.log
        );
        let row = closing.stream(stream);
        assert!(row["sent"].as_u64() > row["blanks"].as_u64(), "{stream} did not come back");
    }
    assert_eq!(closing.node("ultrasound")["restarts"], 0);
    assert_eq!(closing.stream("tracker.poses")["consumers"][0]["lost"], 0);
}

/// `vesalius` dies, the procedure goes on, and another one takes it up.
#[test]
fn a_killed_supervisor_is_replaced_and_the_recording_is_whole() {
    let _alone = alone();
    let place = Place::new();
    let running = place.start(DEMO, "attach", &["--stop-after", "20s"]);
    settle(&running);
    let folder = running.folder.clone();
    signal(i32::try_from(running.child.id()).unwrap(), "KILL");
    let mut gone = running;
    gone.child.wait().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let node = gone.pid("locate");
    assert!(
        std::path::Path::new(&format!("/proc/{node}")).exists(),
        "the nodes went with their supervisor"
    );
    let attached = place.call(&["attach", "--json"]);
    let closing: Value = attached.json();
    let sent = |stream: &str| {
        let rows = closing["streams"].as_array().unwrap();
        rows.iter().find(|row| row["stream"] == stream).unwrap()["sent"].as_u64().unwrap()
    };
    assert!(sent("ultrasound.image") > 350, "{closing}");
    let verified = place.call(&["verify", folder.to_str().unwrap(), "--json"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}

/// Ctrl-C ends in order: a complete recording, nothing left.
#[test]
fn an_interrupt_leaves_a_complete_recording_and_nothing_else() {
    let _alone = alone();
    let place = Place::new();
    let before = shared_memory();
    let running = place.start(DEMO, "interrupt", &[]);
    settle(&running);
    signal(i32::try_from(running.child.id()).unwrap(), "INT");
    let closing = running.wait().good();
    let verified = place.call(&["verify", closing.path(), "--json"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    assert_no_more(&before);
    assert_eq!(std::fs::read_dir(place.path("vesalius")).unwrap().count(), 0);
}

#[test]
fn a_hundred_restarts_leak_no_shared_memory() {
    if !is_long() {
        return;
    }
    let _alone = alone();
    let place = Place::new();
    let before = shared_memory();
    let running = place.start(DEMO, "restarts", &["--stop-after", "900s"]);
    settle(&running);
    for round in 0..100 {
        let pid = running.pid("locate");
        signal(pid, "KILL");
        // Slower than the rule that gives up: five failures in half a minute.
        std::thread::sleep(Duration::from_millis(7500));
        assert_ne!(running.pid("locate"), pid, "round {round}: not restarted");
    }
    signal(i32::try_from(running.child.id()).unwrap(), "INT");
    let closing = running.wait();
    assert_eq!(closing.node("locate")["restarts"], 100);
    assert_no_more(&before);
}
