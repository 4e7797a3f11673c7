//! The source of a replay gives what was recorded, in order and on time.

use std::time::Duration;

use messages::wire::Received;
use recordings::play::{Parameters, Play};
use runtime::{Source, SourceMessage};

use super::session;

fn parameters(folder: &std::path::Path, more: &serde_json::Value) -> Parameters {
    let mut all = serde_json::json!({ "path": folder, "streams": ["us.image", "tracker.poses"] });
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

fn played(play: &mut Play) -> Vec<SourceMessage> {
    std::iter::from_fn(|| play.next().unwrap()).collect()
}

#[test]
fn streams_are_played_byte_for_byte_in_the_order_of_publication() {
    let folder = tempfile::tempdir().unwrap();
    let heard = session::script(10, [16, 16]);
    session::record(folder.path(), &heard);
    let mut play =
        Play::open(parameters(folder.path(), &serde_json::json!({"rate": 2.0}))).unwrap();
    let streams = play.streams();
    assert_eq!(streams[0].0, "tracker.poses");
    assert_eq!(
        (streams[1].1.name.as_str(), streams[1].1.count, streams[1].1.incarnation),
        ("UltrasoundImage", 10, 1)
    );
    let messages = played(&mut play);
    assert_eq!(messages.len(), 20);
    assert!(messages.iter().map(|message| message.published_at).is_sorted());
    for message in &messages {
        let received = Received::parse(message.bytes.clone()).unwrap();
        assert_eq!(received.envelope().stream, streams[message.stream].0);
        assert!(heard.iter().any(|(_, bytes)| *bytes == message.bytes));
    }
    assert_eq!(messages[0].due, Some(Duration::ZERO));
    // Poses at 0 ms, images 1 ms later, 50 ms apart, at twice the pace.
    assert_eq!(messages[3].due, Some(Duration::from_micros(25_500)));
}

#[test]
fn as_fast_as_the_nodes_follow_has_no_times() {
    let folder = tempfile::tempdir().unwrap();
    session::record(folder.path(), &session::script(3, [16, 16]));
    let mut play =
        Play::open(parameters(folder.path(), &serde_json::json!({"rate": "max"}))).unwrap();
    assert!(played(&mut play).iter().all(|message| message.due.is_none()));
}

#[test]
fn a_part_of_it_ends_with_the_number_behind_its_last_message() {
    let folder = tempfile::tempdir().unwrap();
    session::record(folder.path(), &session::script(10, [16, 16]));
    let part = serde_json::json!({"from_s": 0.1, "to_s": 0.25});
    let mut play = Play::open(parameters(folder.path(), &part)).unwrap();
    assert_eq!(play.streams()[1].1.count, 5);
    let numbers: Vec<u64> = played(&mut play)
        .iter()
        .map(|message| Received::parse(message.bytes.clone()).unwrap())
        .filter(|received| received.envelope().stream == "us.image")
        .map(|received| received.envelope().sequence)
        .collect();
    assert_eq!(numbers, [2, 3, 4]);
}

#[test]
fn a_stream_that_is_not_there_and_a_rate_that_makes_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    session::record(folder.path(), &session::script(1, [16, 16]));
    let error = |more: serde_json::Value| {
        Play::open(parameters(folder.path(), &more)).err().unwrap().to_string()
    };
    let text = error(serde_json::json!({"streams": ["us.images"]}));
    assert!(
        text.contains("no stream `us.images`") && text.contains("tracker.poses, us.image"),
        "{text}"
    );
    // Health is no stream to be played.
    assert!(error(serde_json::json!({"streams": ["locate.health"]})).contains("no stream"));
    assert!(error(serde_json::json!({"rate": 0.0})).contains("above 0"));
}
