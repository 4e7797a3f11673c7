//! What happens before the start: who fails there calls everything off.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use super::session::*;

#[test]
fn one_that_fails_before_the_start_calls_everything_off() {
    let mut session =
        Session::start(&chain(json!({"refuses": "the probe is not plugged in: plug it in"})));
    let (text, good) = session.end();
    assert!(!good);
    assert!(text.starts_with("count could not start"), "{text}");
    assert!(text.contains("the probe is not plugged in: plug it in"), "{text}");
    session.assert_nothing_is_left();
    assert!(!session.folder().exists());
}

#[test]
fn an_executable_that_is_not_there_calls_everything_off() {
    let mut plan = chain(json!({}));
    find(&mut plan, "listen").executable = "/nonexistent/vesalius-x".into();
    let mut session = Session::start(&plan);
    let (text, good) = session.end();
    assert!(!good);
    assert!(text.contains("cannot start listen") && text.contains("/nonexistent"), "{text}");
    session.assert_nothing_is_left();
}

#[test]
fn who_keeps_the_others_waiting_is_named() {
    let mut plan = chain(json!({}));
    find(&mut plan, "repeat").runs = "fixtures/never".to_owned();
    let mut session = Session::prepare(&plan);
    session.told["start_timeout_s"] = 2.0.into();
    session.begin();
    let (text, good) = session.end();
    assert!(!good);
    assert!(text.contains("repeat is not ready"), "{text}");
    assert!(text.contains("again has not heard repeat.image"), "{text}");
    session.assert_nothing_is_left();
}

#[test]
fn called_off_before_the_start_leaves_nothing() {
    let mut session = Session::start(&chain(json!({"slow_ms": 20_000})));
    session.record();
    std::thread::sleep(Duration::from_millis(500));
    session.signal_supervisor(Signal::TERM);
    let (text, good) = session.end();
    assert!(!good && text.contains("called off"), "{text}");
    session.assert_nothing_is_left();
}
