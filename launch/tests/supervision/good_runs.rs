//! Runs in which nothing goes wrong.

use std::fs;
use std::path::Path;
use std::time::Duration;

use launch::board::Viewer;
use launch::session::SocketFolder;
use runtime::door::knock;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::session::*;

#[test]
fn a_run_without_a_fault_loses_nothing_and_leaves_nothing() {
    let mut session = Session::start(&chain(json!({"count": 60})));
    let closing = session.closing();
    assert!(closing.good, "{:?}", closing.reasons);
    for stream in ["count.image", "repeat.image", "again.image"] {
        assert_eq!(session.images(stream), (0..60).collect::<Vec<_>>(), "{stream}");
    }
    let counts: Vec<_> = closing
        .streams
        .iter()
        .flat_map(|row| row.consumers.iter().map(|consumer| (row.sent, consumer.received)))
        .collect();
    assert_eq!(counts, [(Some(60), 60); 5]);
    assert!(closing.nodes.iter().all(|row| row.heard && row.memory_peak_bytes > 0));
    let file: Value =
        serde_json::from_slice(&fs::read(session.folder().join("session.json")).unwrap()).unwrap();
    assert_eq!(file["closing"]["good"], true);
    assert_eq!(file["manifest"]["graph"]["text"], "version = 1");
    println!("start-up {} ms", closing.start_up_ms.unwrap());
}

#[test]
fn an_optional_input_is_heard_if_it_is_connected_and_holds_up_nobody_if_not() {
    let mut plan = chain(json!({"count": 30}));
    let mut more = find(&mut plan, "repeat").inputs["image"].clone();
    more.node = "count".to_owned();
    find(&mut plan, "again").inputs.insert("more".to_owned(), more);
    let mut session = Session::start(&plan);
    let closing = session.closing();
    assert!(closing.good, "{:?}", closing.reasons);
    assert_eq!(session.images("repeat.image").len(), 30, "its second input is not connected");
    let mut images = session.images("again.image");
    images.sort_unstable();
    let twice: Vec<u64> = (0..30).flat_map(|number| [number, number]).collect();
    assert_eq!(images, twice);
}

#[test]
fn the_last_scores_of_a_run_are_in_its_closing_table() {
    let mut plan = chain(json!({"count": 45}));
    let again = find(&mut plan, "again");
    again.runs = "fixtures/tally".to_owned();
    let output = launch::plan::PlannedOutput { message: "Scores".to_owned(), version: 1 };
    again.outputs = [("scores".to_owned(), output)].into();
    for simulated in [false, true] {
        let mut session = Session::prepare(&plan);
        session.told["simulated"] = simulated.into();
        session.begin();
        let closing = session.closing();
        assert!(closing.good, "{:?}", closing.reasons);
        let scores: Vec<_> = closing
            .scores
            .iter()
            .map(|row| (row.node.as_str(), row.measure.as_str(), row.value, row.count))
            .collect();
        assert_eq!(scores, [("again", "images", Some(45.0), 45)]);
    }
}

#[test]
fn a_person_reaches_a_device_through_its_door() {
    let mut plan = chain(json!({}));
    find(&mut plan, "count").runs = "fixtures/bell".to_owned();
    let mut session = Session::start(&plan);
    let record = session.started(300);
    let door = SocketFolder::at(&record.sockets).door("count");
    for number in [7u64, 9] {
        assert_eq!(knock(&door, &number, Duration::from_secs(20)).unwrap(), Ok(()));
    }
    session.signal_supervisor(Signal::INT);
    let closing = session.closing();
    assert!(closing.good, "{:?}", closing.reasons);
    assert_eq!(session.images("again.image"), [7, 9]);
    assert!(knock(&door, &1u64, Duration::from_secs(1)).is_err(), "the session is over");
}

#[test]
fn on_the_simulated_clock_two_runs_are_equal() {
    let run = || {
        let mut session = Session::prepare(&chain(json!({"count": 40})));
        session.told["simulated"] = true.into();
        session.begin();
        let closing = session.closing();
        assert!(closing.good, "{:?}", closing.reasons);
        (session.heard("again.image"), session.heard("again.journal"))
    };
    assert_eq!(run(), run());
}

#[test]
fn it_stops_after_the_time_it_was_given() {
    let mut session = Session::prepare(&chain(json!({"rate_hz": 50.0})));
    session.told["stop_after_s"] = 1.5.into();
    session.begin();
    let closing = session.closing();
    assert!(closing.good, "{:?}", closing.reasons);
    assert_eq!(session.images("again.image"), (0..=75).collect::<Vec<_>>());
}

#[test]
fn asked_to_stop_it_ends_in_order() {
    let mut session = Session::start(&chain(json!({"rate_hz": 100.0})));
    session.started(700);
    session.signal_supervisor(Signal::INT);
    let closing = session.closing();
    assert!(closing.good, "{:?}", closing.reasons);
    let images = session.images("again.image");
    assert_eq!(images, (0..images.len() as u64).collect::<Vec<_>>());
    assert_eq!(closing.streams[0].sent, Some(images.len() as u64));
}

#[test]
fn two_sessions_do_not_hear_each_other() {
    let plan = chain(json!({"count": 90}));
    let (mut one, mut other) = (Session::start(&plan), Session::start(&plan));
    for session in [&mut one, &mut other] {
        let closing = session.closing();
        assert!(closing.good, "{:?}", closing.reasons);
        assert_eq!(session.images("again.image"), (0..90).collect::<Vec<_>>());
    }
}

#[test]
fn a_guest_sees_how_everybody_fares() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 200})));
    let mut viewer = Viewer::join(session.started(300)).unwrap();
    viewer.settle(Duration::from_secs(20));
    std::thread::sleep(Duration::from_secs(1));
    let snapshot = viewer.snapshot();
    assert!(snapshot.supervised && !snapshot.over);
    let health: Vec<_> = snapshot.nodes.iter().map(|node| node.health).collect();
    assert_eq!(health, ["healthy"; 4]);
    assert!(snapshot.nodes[..3].iter().all(|node| (node.rate_hz - 50.0).abs() < 15.0));
    viewer.leave();
    assert!(session.closing().good);
}

#[test]
fn paths_are_what_they_are_said_to_be() {
    // What other tests rely on: without it they would pass by finding nothing.
    assert!(fixtures().is_file(), "{}", fixtures().display());
    assert!(Path::new("/proc/self/environ").exists());
}
