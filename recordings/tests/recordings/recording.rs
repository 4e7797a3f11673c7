//! The recorder names what it could not keep, and says up to where it is safe.

use std::collections::BTreeMap;

use bytes::Bytes;
use messages::wire::Received;
use messages::{Timestamp, UltrasoundImage};
use recordings::record::{Parameters, Record};
use recordings::verdict::State;
use recordings::{Recording, verify};
use runtime::{Observed, Observer, Topic};

use super::session::{self, START, Voice};

fn stream(report: &verify::Report, name: &str) -> recordings::verdict::Verdict {
    report.streams.iter().find(|stream| stream.stream == name).unwrap().clone()
}

#[test]
fn a_loss_on_the_way_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut us = Voice::new::<UltrasoundImage>(Topic::Stream, "us.image");
    let heard: Vec<_> =
        (0..10).map(|i| us.say(START, START + i, &session::image(0, 8, 8))).collect();
    let mut recorder =
        Record::open(Parameters::default(), &session::assignment(folder.path(), 1)).unwrap();
    session::hear(&mut recorder, &heard[..4]);
    let lost = Observed::Lost {
        topic: Topic::Stream,
        stream: "us.image".to_owned(),
        incarnation: 1,
        first: 4,
        last: 6,
    };
    recorder.observe(lost).unwrap();
    session::hear(&mut recorder, &heard[7..9]);
    session::hear(&mut recorder, &[us.end(START + 20)]);
    recorder.close().unwrap();
    let report = verify::verify(folder.path()).unwrap();
    assert!(!report.good);
    assert!(report.parts[0].damage.is_empty(), "{:?}", report.parts[0].damage);
    let verdict = stream(&report, "us.image");
    assert_eq!(verdict.state, State::Incomplete);
    assert_eq!(verdict.incarnations[0].missing.to_string(), "4-6, 9");
    assert_eq!(verdict.incarnations[0].end, Some(10));
    // A stream that should be there and never came is no complete one.
    assert_eq!(stream(&report, "tracker.poses").state, State::EndNotSeen);
}

#[test]
fn a_message_that_was_damaged_on_its_way_is_lost_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let mut us = Voice::new::<UltrasoundImage>(Topic::Stream, "us.image");
    let mut heard: Vec<_> =
        (0..3).map(|i| us.say(START, START + i, &session::image(0, 32, 32))).collect();
    let mut bent = heard[1].1.to_vec();
    let middle = bent.len() / 2;
    bent[middle] ^= 1;
    heard[1].1 = Bytes::from(bent);
    heard.push(us.end(START + 20));
    session::record(folder.path(), &heard);
    let report = verify::verify(folder.path()).unwrap();
    let verdict = stream(&report, "us.image");
    assert_eq!(verdict.incarnations[0].missing.to_string(), "1");
    assert_eq!(verdict.incarnations[0].recorded, 2);
}

#[test]
fn what_is_below_the_mark_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let heard = session::script(30, [64, 48]);
    let parameters = Parameters { chunk_ms: 5, ..Parameters::default() };
    let mut recorder = Record::open(parameters, &session::assignment(folder.path(), 1)).unwrap();
    let mut marks = 0;
    for part in heard.chunks(40) {
        session::hear(&mut recorder, part);
        let mut flushed = Vec::new();
        session::wait_until("a chunk is flushed", || {
            flushed.extend(recorder.idle().unwrap());
            !flushed.is_empty()
        });
        // As a kill -9 would leave it: the bytes that are in the file now, and no more.
        let killed = folder.path().join("killed.mcap");
        std::fs::copy(folder.path().join("procedure.mcap"), &killed).unwrap();
        let mark = flushed.pop().unwrap();
        assert!(std::fs::metadata(&killed).unwrap().len() >= mark.bytes);
        let recording = Recording::open(&killed).unwrap();
        for safe in &mark.streams {
            let ledger = &recording.ledger().streams[&safe.stream].incarnations[&safe.incarnation];
            let missing = ledger.recorded.missing(0, safe.sequence + 1);
            assert!(missing.is_empty(), "{} misses {missing}", safe.stream);
        }
        marks += mark.streams.len();
    }
    assert!(marks > 20);
    recorder.close().unwrap();
}

#[test]
fn a_torn_recording_still_knows_its_start_its_ends_and_its_losses() {
    let folder = tempfile::tempdir().unwrap();
    let heard = session::script(5, [16, 16]);
    session::record_with(folder.path(), &heard, session::many_chunks());
    let path = folder.path().join("procedure.mcap");
    let bytes = std::fs::read(&path).unwrap();
    // Without the summary and the last link: verdicts and closing are gone.
    let summary = bytes.len() - bytes.len() / 5;
    std::fs::write(&path, &bytes[..summary]).unwrap();
    let recording = Recording::open(&path).unwrap();
    assert!(recording.parts()[0].torn.is_some());
    assert_eq!(recording.started_at(), Some(Timestamp(START)));
    assert_eq!(recording.manifest().unwrap().session, "0badcafe");
}

#[test]
fn times_of_recording_are_on_the_session_clock() {
    let folder = tempfile::tempdir().unwrap();
    session::record(folder.path(), &session::script(2, [16, 16]));
    let recording = Recording::open(folder.path()).unwrap();
    let mut last = BTreeMap::new();
    for message in recording.messages() {
        let message = message.unwrap();
        assert!(message.log_time.0 > START);
        let stream = message.received.envelope().stream.clone();
        let before = last.insert(stream, message.log_time);
        assert!(before.is_none_or(|before| before <= message.log_time));
    }
}

#[test]
fn messages_without_arrays_are_checked_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut heard = session::script(2, [16, 16]);
    let journal = heard.iter_mut().find(|(topic, _)| *topic == Topic::Journal).unwrap();
    // One byte too many behind the value.
    let mut bytes = journal.1.to_vec();
    bytes.push(0);
    journal.1 = bytes.into();
    assert!(Received::parse(journal.1.clone()).is_ok());
    session::record(folder.path(), &heard);
    let report = verify::verify(folder.path()).unwrap();
    assert_eq!(stream(&report, "locate.journal").incarnations[0].missing.to_string(), "0");
}
