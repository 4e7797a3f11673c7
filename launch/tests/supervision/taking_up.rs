//! A supervisor that goes away, and another that takes its place.

use std::process::Command;
use std::time::Duration;

use launch::session::registry;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::session::*;

#[test]
fn when_the_supervisor_is_killed_the_others_go_on_and_another_takes_them_up() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 400})));
    let before = session.started(1000);
    session.signal_supervisor(Signal::KILL);
    let _ = session.end();
    std::thread::sleep(Duration::from_secs(1));
    let record = session.record();
    assert!(record.has_processes() && !registry::is_supervised(&record));
    session.told["plan"] = Value::Null;
    session.begin();
    wait_for("the new supervisor", || registry::is_supervised(&session.record()).then_some(()));
    std::thread::sleep(Duration::from_millis(1500));
    // It watches, restarts and ends like the one before.
    let pid = session.signal("again", Signal::KILL);
    session.restarted("again", pid);
    let closing = session.closing();
    for stream in ["count.image", "repeat.image"] {
        assert_eq!(session.images(stream), (0..400).collect::<Vec<_>>(), "{stream}");
    }
    assert_eq!(*session.images("again.image").last().unwrap(), 399);
    assert_eq!(
        session.events(),
        ["launch Ready", "launch Supervision", "again Failed", "again Restarting"]
    );
    assert_eq!(closing.session, before.session);
    let reasons = closing.reasons.join("; ");
    assert!(!reasons.contains("lost") && reasons.contains("again"), "{reasons}");
}

#[test]
fn what_is_supervised_is_not_taken_up() {
    let mut session = Session::start(&chain(json!({"count": 100})));
    let record = session.started(0);
    let mut told = session.told.clone();
    told["plan"] = Value::Null;
    told["session"] = record.session.clone().into();
    let output = Command::new(fixtures()).arg("supervise").arg(told.to_string()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("is supervised already"), "{text}");
    assert!(session.closing().good);
}
