//! A recorder that was killed goes on in a new file, and readers take both as one.

use messages::Timestamp;
use recordings::record::Record;
use recordings::verdict::State;
use recordings::{Recording, verify};
use runtime::Observer;

use super::session::{self, START};

/// The first part cut as by a kill, the second from `resumed` on.
fn two_parts(folder: &std::path::Path, heard: &[session::Heard], killed: usize, resumed: usize) {
    let first = tempfile::tempdir().unwrap();
    session::record_with(first.path(), &heard[..killed], session::many_chunks());
    let bytes = std::fs::read(first.path().join("procedure.mcap")).unwrap();
    let recording = Recording::open(first.path()).unwrap();
    let last = recording.parts()[0].chunks.last().unwrap();
    // In the middle of what follows the last chunk.
    std::fs::write(folder.join("procedure.mcap"), &bytes[..last.end + 20]).unwrap();

    let mut assignment = session::assignment(folder, 2);
    assignment.started_at = Some(START);
    let mut recorder = Record::open(session::many_chunks(), &assignment).unwrap();
    recorder.started(Timestamp(START));
    session::hear(&mut recorder, &heard[resumed..]);
    recorder.close().unwrap();
    assert!(folder.join("procedure-2.mcap").exists());
}

#[test]
fn what_both_parts_have_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let heard = session::script(12, [16, 16]);
    two_parts(folder.path(), &heard, 45, 30);
    let report = verify::verify(folder.path()).unwrap();
    assert!(report.good, "{}", verify::text(&report));
    assert_eq!(report.parts.len(), 2);
    assert!(!report.parts[0].closed);
    let recording = Recording::open(folder.path()).unwrap();
    let mut came: Vec<_> =
        recording.messages().map(|message| message.unwrap().received.bytes().clone()).collect();
    let mut expected: Vec<_> =
        session::recorded(&heard).into_iter().map(|(_, bytes)| bytes).collect();
    came.sort();
    expected.sort();
    assert_eq!(came.len(), expected.len());
    assert!(came == expected);
    let count: u64 =
        recording.ledger().streams.values().map(recordings::ledger::StreamLedger::count).sum();
    assert_eq!(count as usize, expected.len());
}

#[test]
fn what_came_between_the_parts_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let heard = session::script(12, [16, 16]);
    two_parts(folder.path(), &heard, 30, 45);
    let report = verify::verify(folder.path()).unwrap();
    assert!(!report.good);
    let us = report.streams.iter().find(|stream| stream.stream == "us.image").unwrap();
    assert_eq!(us.state, State::Incomplete);
    let missing = &us.incarnations[0].missing;
    let expected: Vec<u64> = heard[30..45]
        .iter()
        .map(|(_, bytes)| messages::wire::Received::parse(bytes.clone()).unwrap())
        .filter(|received| received.envelope().stream == "us.image")
        .map(|received| received.envelope().sequence)
        .collect();
    let came: Vec<u64> = missing.iter().flat_map(|(first, last)| first..=last).collect();
    assert_eq!(came, expected);
    assert!(!expected.is_empty());
}

#[test]
fn the_second_part_alone_does_not_miss_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let heard = session::script(12, [16, 16]);
    two_parts(folder.path(), &heard, 45, 30);
    let report = verify::verify(&folder.path().join("procedure-2.mcap")).unwrap();
    let us = report.streams.iter().find(|stream| stream.stream == "us.image").unwrap();
    assert_eq!(us.state, State::Complete);
}
