//! Processes that are killed, stopped, or fail by themselves while the procedure runs.

use std::fs;
use std::time::Duration;

use launch::board::Viewer;
use launch::plan::OnFailure;
use launch::session::{Record, SocketFolder};
use rustix::process::Signal;
use serde_json::json;

use super::session::*;

/// Segments of shared memory, and those among them that no process has mapped.
fn segments() -> (usize, usize) {
    let files = fs::read_dir("/dev/shm").unwrap().flatten().map(|file| file.path());
    let names: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|end| end == "zenoh"))
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let maps: String = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|process| fs::read_to_string(process.path().join("maps")).ok())
        .collect();
    (names.len(), names.iter().filter(|name| !maps.contains(name.as_str())).count())
}

#[test]
fn one_that_is_killed_is_started_again_and_disturbs_nobody() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 250})));
    session.started(1000);
    let pid = session.signal("again", Signal::KILL);
    session.restarted("again", pid);
    let closing = session.closing();
    assert_eq!(session.images("count.image"), (0..250).collect::<Vec<_>>());
    assert_eq!(session.images("repeat.image"), (0..250).collect::<Vec<_>>());
    let again = session.heard("again.image");
    assert!(again.iter().any(|(incarnation, ..)| *incarnation == 2));
    assert_eq!(*session.images("again.image").last().unwrap(), 249);
    assert_eq!(session.events(), ["launch Ready", "again Failed", "again Restarting"]);
    let restarted = session.heard("again.event");
    assert!(restarted.iter().any(|(.., what)| what == "again Restarted"), "{restarted:?}");
    assert!(!closing.good);
    let reasons = closing.reasons.join("; ");
    assert!(reasons.contains("again was ended by SIGKILL"), "{reasons}");
    assert!(reasons.contains("again was restarted once"), "{reasons}");
}

#[test]
fn a_killed_device_goes_on_where_the_time_is() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 200})));
    session.started(1000);
    let pid = session.signal("count", Signal::KILL);
    session.restarted("count", pid);
    let closing = session.closing();
    let images = session.images("again.image");
    assert_eq!(*images.last().unwrap(), 199);
    assert!(images.len() < 200 && images.is_sorted(), "{images:?}");
    assert!(!closing.good);
}

#[test]
fn a_listener_that_is_killed_hears_the_rest() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 200})));
    session.started(1000);
    let pid = session.signal("listen", Signal::KILL);
    session.restarted("listen", pid);
    let closing = session.closing();
    assert_eq!(*session.images("again.image").last().unwrap(), 199);
    let lost: u64 = closing.streams[0].consumers.iter().map(|consumer| consumer.lost).sum();
    assert_eq!(lost, 0);
}

#[test]
fn one_that_panics_again_and_again_is_given_up_and_the_others_go_on() {
    let mut plan = chain(json!({"rate_hz": 50.0, "count": 150}));
    find(&mut plan, "again").parameters = json!({"panics_at": 20});
    let mut session = Session::prepare(&plan);
    session.told["limit"] = 1.into();
    session.begin();
    let closing = session.closing();
    assert_eq!(session.images("repeat.image"), (0..150).collect::<Vec<_>>());
    assert_eq!(session.events(), ["launch Ready", "again Failed", "again GaveUp"]);
    let reasons = closing.reasons.join("; ");
    assert!(reasons.contains("again panicked (exit code 101)"), "{reasons}");
    assert!(reasons.contains("image 20 is too much"), "{reasons}");
    assert!(reasons.contains("again was given up"), "{reasons}");
}

#[test]
fn a_failure_may_stop_all_or_be_ignored() {
    for (policy, ends_early) in [(OnFailure::Stop, true), (OnFailure::Ignore, false)] {
        let mut plan = chain(json!({"rate_hz": 50.0, "count": 150}));
        find(&mut plan, "repeat").on_failure = policy;
        find(&mut plan, "repeat").parameters = json!({"panics_at": 20});
        let mut session = Session::start(&plan);
        let closing = session.closing();
        let counted = session.images("count.image").len();
        assert_eq!(counted < 150, ends_early, "{policy:?}: {counted}");
        assert!(!closing.good);
        assert_eq!(closing.nodes[1].restarts, 0);
    }
}

#[test]
fn one_that_hangs_is_told_and_so_is_its_return() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 300})));
    session.started(500);
    session.signal("again", Signal::STOP);
    std::thread::sleep(Duration::from_millis(3200));
    session.signal("again", Signal::CONT);
    let closing = session.closing();
    assert_eq!(session.events(), ["launch Ready", "again Hung", "again Ready"]);
    assert_eq!(session.images("repeat.image").len(), 300);
    assert!(closing.reasons.join("; ").contains("again did not answer"), "{:?}", closing.reasons);
}

#[test]
fn one_that_does_not_leave_is_made_to_and_that_is_told() {
    let mut session = Session::prepare(&chain(json!({"rate_hz": 50.0})));
    session.told["ending_patience_s"] = 1.0.into();
    session.begin();
    session.started(500);
    session.signal("again", Signal::STOP);
    session.signal_supervisor(Signal::INT);
    let closing = session.closing();
    let reasons = closing.reasons.join("; ");
    assert!(reasons.contains("again did not come to the end"), "{reasons}");
    assert!(
        reasons.contains("again did not leave even when asked by SIGTERM and was killed"),
        "{reasons}"
    );
}

#[test]
fn asked_twice_it_hurries_and_says_who_was_cut_short() {
    let mut plan = chain(json!({"rate_hz": 50.0}));
    find(&mut plan, "listen").parameters = json!({"slow_to_close_ms": 600_000});
    let mut session = Session::start(&plan);
    session.started(500);
    session.signal_supervisor(Signal::INT);
    std::thread::sleep(Duration::from_millis(500));
    session.signal_supervisor(Signal::INT);
    let closing = session.closing();
    let reasons = closing.reasons.join("; ");
    assert!(
        reasons.contains("listen did not leave when told to and was sent SIGTERM"),
        "{reasons}"
    );
    assert_eq!(closing.reasons.len(), 1, "{reasons}");
}

#[test]
fn a_changed_parameter_is_kept_over_a_restart() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 250})));
    let record = session.started(600);
    let viewer = Viewer::join(record.clone()).unwrap();
    let patience = Duration::from_secs(20);
    let refused = viewer.set("again", &json!({"offset": 1000}), patience).unwrap().unwrap();
    assert!(refused.unwrap_err().contains("an offset of 1000 is above 100"));
    let taken = viewer.set("again", &json!({"offset": 7}), patience).unwrap();
    assert_eq!(taken, Some(Ok(())));
    viewer.leave();
    let sockets = SocketFolder::at(&record.sockets);
    Record::update(&sockets, |record| {
        record.members.get_mut("again").unwrap().parameters = json!({"offset": 7});
    })
    .unwrap();
    let pid = session.signal("again", Signal::KILL);
    session.restarted("again", pid);
    session.closing();
    let images = session.images("again.image");
    assert_eq!((images[0], *images.last().unwrap()), (0, 249 + 7));
}

/// Each cycle kills a process that publishes through shared memory.
#[test]
fn a_hundred_restarts_leave_no_shared_memory() {
    if std::env::var_os("VESALIUS_LONG").is_none() {
        return println!("skipped: runs with `./vesalius test --long`");
    }
    let mut session = Session::prepare(&chain(json!({"rate_hz": 50.0})));
    session.told["limit"] = 1000.into();
    session.told["longest_wait_ms"] = 100.into();
    session.begin();
    session.started(500);
    let (before, _) = segments();
    for cycle in 0..100 {
        let node = ["again", "repeat", "count", "listen"][cycle % 4];
        let pid = session.signal(node, Signal::KILL);
        session.restarted(node, pid);
        std::thread::sleep(Duration::from_millis(200));
        if cycle % 10 == 9 {
            println!("after {} restarts: {:?} segments and orphans", cycle + 1, segments());
        }
    }
    std::thread::sleep(Duration::from_secs(1));
    let (after, orphans) = segments();
    session.signal_supervisor(Signal::INT);
    let closing = session.closing();
    let restarts: u32 = closing.nodes.iter().map(|row| row.restarts).sum();
    assert_eq!(restarts, 100);
    println!("{before} segments before, {after} after, {orphans} of them nobody's");
    assert_eq!(orphans, 0);
    assert!(after <= before + 8, "{before} segments before, {after} after");
    assert_eq!(segments().1, 0);
}
