//! What happens when a node dies, hangs, or the supervisor itself is killed.

use std::time::Duration;

use serde_json::Value;
use system_tests::{
    Closing, Place, Running, alone, assert_no_more, is_long, shared_memory, signal,
};

use crate::demonstration::DEMO;

const WITHOUT: [&str; 2] = ["--stop-after", "12s"];

/// Asserts that a node's events came in this order, others in between or not.
fn assert_order(place: &Place, closing: &Closing, node: &str, expected: &[&str]) {
    let events = place.recording("events", &closing.folder);
    let came: Vec<&str> = events
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event[0] == node)
        .map(|event| event[1].as_str().unwrap())
        .collect();
    let mut rest = came.iter();
    for event in expected {
        assert!(
            rest.any(|came| came == event),
            "`{node}`: expected {expected:?} in order, but {came:?} came\n{}",
            closing.log
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
        assert_order(
            &place,
            &closing,
            node,
            &["ready", "failed", "restarting", "restarted", "ended"],
        );
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
    assert_eq!(closing.node("record")["restarts"], 1, "{}", closing.log);
    let report = place.call(&["verify", closing.path(), "--json"]).json();
    let parts = report["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 2, "{report}");
    // Whatever could not be recovered from the publishers is named by its numbers.
    for name in ["ultrasound.image", "tracker.poses", "locate.located", "segment.segmented"] {
        let streams = report["streams"].as_array().unwrap();
        let stream = streams.iter().find(|stream| stream["stream"] == name).unwrap();
        let (mut recorded, mut missing) = (0, 0);
        for incarnation in stream["incarnations"].as_array().unwrap() {
            recorded += incarnation["recorded"].as_u64().unwrap();
            for range in incarnation["missing"].as_array().unwrap() {
                missing += range[1].as_u64().unwrap() - range[0].as_u64().unwrap() + 1;
            }
        }
        assert_eq!(Some(recorded + missing), closing.stream(name)["sent"].as_u64(), "{stream}");
        // Twelve seconds, of which the recorder was away for less than two.
        assert!(recorded > 5 * missing, "{stream}");
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
    running.wait_for(&["nothing on `image` from ultrasound.image"]);
    std::thread::sleep(Duration::from_secs(1));
    signal(pid, "CONT");
    running.wait_for(&["`image` comes again from ultrasound.image"]);
    let closing = running.wait();
    assert_order(
        &place,
        &closing,
        "locate",
        &["ready", "deadline_missed", "deadline_met", "ended"],
    );
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

/// Shared memory that a process has mapped, MiB.
fn shared_mapped_mib(pid: i32) -> u64 {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let sizes = maps.lines().filter(|line| line.contains(".zenoh")).filter_map(|line| {
        let (from, to) = line.split(' ').next()?.split_once('-')?;
        let at = |text| u64::from_str_radix(text, 16).ok();
        Some(at(to)? - at(from)?)
    });
    sizes.sum::<u64>() >> 20
}

#[test]
fn a_hundred_restarts_leak_no_shared_memory() {
    if !is_long() {
        return;
    }
    let _alone = alone();
    let place = Place::new();
    let before = shared_memory();
    let running = place.start(DEMO, "restarts", &["--stop-after", "1200s"]);
    settle(&running);
    let readers = ["segment", "reconstruct", "record", "view"];
    let at_first = readers.map(|reader| shared_mapped_mib(running.pid(reader)));
    assert!(at_first[0] > 64, "{at_first:?}: is shared memory used at all?");
    for round in 0..100 {
        let pid = running.pid("locate");
        signal(pid, "KILL");
        // Slower than the rule that gives up: five failures in half a minute, both ends included.
        std::thread::sleep(Duration::from_millis(8500));
        assert_ne!(running.pid("locate"), pid, "round {round}: not restarted");
        for (reader, at_first) in readers.iter().zip(at_first) {
            let mapped = shared_mapped_mib(running.pid(reader));
            println!("round {round}: {reader} maps {mapped} MiB of shared memory");
            // Pools of 64 MiB: those that died in the last seconds may still be mapped.
            assert!(
                mapped <= at_first + 3 * 66 + 2 * (round + 1),
                "round {round}: {reader} maps {mapped} MiB, at first {at_first}"
            );
        }
    }
    signal(i32::try_from(running.child.id()).unwrap(), "INT");
    let closing = running.wait();
    assert_eq!(closing.node("locate")["restarts"], 100);
    assert_no_more(&before);
}
