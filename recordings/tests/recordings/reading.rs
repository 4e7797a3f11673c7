//! What is read is what was heard.

use std::collections::BTreeMap;

use bytes::Bytes;
use messages::wire::Received;
use messages::{JournalEntry, Timestamp};
use recordings::record::{Compression, Parameters};
use recordings::verdict::State;
use recordings::{Recording, Selection, info, journals, verify};
use runtime::Topic;

use super::session::{self, START};

fn published(bytes: &Bytes) -> i64 {
    Received::parse(bytes.clone()).unwrap().envelope().published_at.0
}

#[test]
fn every_byte_comes_back_in_the_order_of_publication() {
    for compression in [Compression::Lz4, Compression::None] {
        let folder = tempfile::tempdir().unwrap();
        let mut heard = session::script(20, [64, 48]);
        // Arrival in another order, as over several links.
        heard[4..60].reverse();
        let parameters = Parameters { compression, ..session::many_chunks() };
        session::record_with(folder.path(), &heard, parameters);

        let recording = Recording::open(folder.path()).unwrap();
        let mut expected = session::recorded(&heard);
        expected.sort_by_key(|(_, bytes)| published(bytes));
        let came: Vec<_> = recording
            .messages()
            .map(|message| message.unwrap())
            .map(|message| (message.topic, message.received.bytes().clone()))
            .collect();
        assert_eq!(came.len(), expected.len());
        assert!(came.iter().map(|(_, bytes)| published(bytes)).is_sorted());
        let by_bytes = |list: &[(Topic, Bytes)]| {
            let mut list: Vec<_> = list.to_vec();
            list.sort_by(|a, b| a.1.cmp(&b.1));
            list
        };
        assert_eq!(by_bytes(&came), by_bytes(&expected));
    }
}

#[test]
fn a_recording_is_complete_and_undamaged() {
    let folder = tempfile::tempdir().unwrap();
    session::record_with(folder.path(), &session::script(8, [64, 48]), session::many_chunks());
    let report = verify::verify(folder.path()).unwrap();
    assert!(report.good, "{}", verify::text(&report));
    assert!(report.parts[0].chunks > 10 && report.parts[0].links > 10);
    let names: Vec<&str> = report.streams.iter().map(|stream| stream.stream.as_str()).collect();
    assert!(session::OBSERVES.iter().all(|name| names.contains(name)), "{names:?}");
    assert!(names.contains(&"launch.event") && !names.contains(&"locate.status"));
    let segment = report.streams.iter().find(|stream| stream.stream == "segment.labels").unwrap();
    assert_eq!((segment.incarnations[0].recorded, segment.incarnations[0].blanks), (8, 1));
}

#[test]
fn other_programs_read_it_as_mcap() {
    let folder = tempfile::tempdir().unwrap();
    let heard = session::script(3, [32, 24]);
    session::record(folder.path(), &heard);
    let bytes = std::fs::read(folder.path().join("procedure.mcap")).unwrap();
    let summary = mcap::Summary::read(&bytes).unwrap().unwrap();
    let expected = session::recorded(&heard).len() as u64;
    assert_eq!(summary.stats.unwrap().message_count, expected);
    let mut schemas = BTreeMap::new();
    for message in mcap::MessageStream::new(&bytes).unwrap() {
        let message = message.unwrap();
        let envelope =
            Received::parse(Bytes::copy_from_slice(&message.data)).unwrap().envelope().clone();
        assert_eq!(message.channel.topic, envelope.stream);
        assert_eq!(message.channel.message_encoding, "vesalius-cbor-seq");
        assert_eq!(message.publish_time as i64, envelope.published_at.0);
        assert_eq!(u64::from(message.sequence), envelope.sequence);
        let schema = message.channel.schema.as_ref().unwrap().name.clone();
        schemas.insert(message.channel.topic.clone(), schema);
    }
    assert_eq!(schemas["us.image"], "UltrasoundImage.v1");
    assert_eq!(schemas["locate.journal"], "JournalEntry.v1");
}

#[test]
fn some_streams_and_a_part_of_the_time_can_be_selected() {
    let folder = tempfile::tempdir().unwrap();
    session::record(folder.path(), &session::script(10, [16, 16]));
    let recording = Recording::open(folder.path()).unwrap();
    let selection = Selection {
        streams: Some(["us.image".to_owned()].into()),
        from: Some(Timestamp(START + 101_000_000)),
        to: Some(Timestamp(START + 201_000_000)),
    };
    let sequences: Vec<u64> = recording
        .select(selection)
        .map(|message| message.unwrap().received.envelope().sequence)
        .collect();
    assert_eq!(sequences, [2, 3]);
}

#[test]
fn info_tells_the_start_the_length_and_the_streams() {
    let folder = tempfile::tempdir().unwrap();
    session::record(folder.path(), &session::script(21, [16, 16]));
    let info = info::info(&Recording::open(folder.path()).unwrap());
    assert_eq!(info.started_at_ns, Some(START));
    assert!((info.duration_s - 1.004).abs() < 1e-6, "{}", info.duration_s);
    assert_eq!(info.journals, ["locate"]);
    assert!(info.whole);
    let us = info.streams.iter().find(|stream| stream.stream == "us.image").unwrap();
    assert_eq!((us.count, us.message.as_str(), us.state), (21, "UltrasoundImage", State::Complete));
    assert!((us.rate_hz - 20.0).abs() < 1e-9, "{}", us.rate_hz);
    let manifest = info.manifest.unwrap();
    assert_eq!((manifest.format, manifest.session.as_str()), (1, "0badcafe"));
    assert_eq!(manifest.launch["reference"], "patient");
}

#[test]
fn a_journal_is_extracted_entry_by_entry() {
    let folder = tempfile::tempdir().unwrap();
    session::record(folder.path(), &session::script(6, [16, 16]));
    let recording = Recording::open(folder.path()).unwrap();
    let out = folder.path().join("journals");
    let counts = journals::extract(&recording, &out, None, None).unwrap();
    assert_eq!(counts, BTreeMap::from([("locate".to_owned(), 7)]));
    let bytes = Bytes::from(std::fs::read(out.join("locate.journal")).unwrap());
    let mut at = 0;
    let mut taken = Vec::new();
    while at < bytes.len() {
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let entry = Received::parse(bytes.slice(at + 4..at + 4 + length)).unwrap();
        taken.push(entry.decode::<JournalEntry>().unwrap().value);
        at += 4 + length;
    }
    assert_eq!(taken.len(), 7);
    assert!(matches!(taken[0].taken, messages::Taken::Started { .. }));
    assert_eq!(taken[1].taken_at, Timestamp(START + 2_000_000));

    let counts = journals::extract(&recording, &out, Some(0.1), Some(0.2)).unwrap();
    assert_eq!(counts["locate"], 2);
}

#[test]
fn what_is_no_recording_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let error = Recording::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("holds no procedure.mcap"), "{error}");
    let file = folder.path().join("picture.png");
    std::fs::write(&file, [0x89, b'P', b'N', b'G', 13, 10, 26, 10, 0, 0]).unwrap();
    let error = Recording::open(&file).unwrap_err().to_string();
    assert!(error.contains("does not start like an MCAP file"), "{error}");
    let error = Recording::open(&folder.path().join("none.mcap")).unwrap_err().to_string();
    assert!(error.contains("none.mcap"), "{error}");
    std::fs::write(&file, []).unwrap();
    assert!(Recording::open(&file).is_err());
}
