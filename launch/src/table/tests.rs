//! A little run in which nothing goes wrong, and the table of it.

use messages::{InputStatus, NodeStatus, OutputStatus, Percentiles, Score, Scores};
use serde_json::json;

use super::*;
use crate::ledger::Ledger;
use crate::plan::PlannedOutput;
use crate::session::record::tests::record;

fn times(p50: u64, p99: u64) -> Percentiles {
    Percentiles { count: 600, p50, p99, max: p99 * 2 }
}

fn input(port: &str, stream: &str, received: u64) -> InputStatus {
    InputStatus {
        port: port.to_owned(),
        stream: stream.to_owned(),
        received,
        taken: received,
        transport_us: times(214, 830),
        age_us: times(950, 12_400),
        ..InputStatus::default()
    }
}

fn output(port: &str, sent: u64) -> OutputStatus {
    OutputStatus {
        port: port.to_owned(),
        sent,
        bytes: sent * 76_800,
        rate_hz: 20.0,
        age_us: times(400, 900),
        ..OutputStatus::default()
    }
}

/// What the processes of the little graph counted in a good run.
pub fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    let status = |inputs, outputs| NodeStatus {
        uptime_ns: 30_000_000_000,
        cpu_ns: 3_600_000_000,
        resident_bytes: 48 << 20,
        handle_us: times(1_200, 2_500),
        inputs,
        outputs,
        ended: true,
        ..NodeStatus::default()
    };
    ledger.take("ultrasound", 1, status(vec![], vec![output("image", 600)]));
    ledger.take(
        "locate",
        1,
        status(vec![input("image", "ultrasound.image", 600)], vec![output("located", 598)]),
    );
    let heard = [
        ("locate.health", 1),
        ("locate.journal", 601),
        ("locate.located", 598),
        ("ultrasound.image", 600),
    ];
    let heard =
        heard.into_iter().map(|(stream, received)| input(stream, stream, received)).collect();
    ledger.take("record", 1, status(heard, vec![]));
    ledger
}

/// What came of it.
pub fn closing(ledger: &Ledger) -> Closing {
    let here = tempfile::tempdir().unwrap();
    let mut record = record(here.path());
    record.session = "0a1b2c3d".to_owned();
    record.folder = "/data/sessions/two".into();
    let streams = streams(&record, ledger, &|_| true);
    let mut closing = Closing {
        session: record.session.clone(),
        graph: record.graph.clone(),
        folder: record.folder.clone(),
        clock: "live".to_owned(),
        start_up_ms: Some(431),
        duration_s: 30.2,
        others: others(&record, ledger, &streams),
        nodes: nodes(&record, ledger),
        scores: scores(&record, ledger),
        streams,
        recording: Some(RecordingRow {
            good: true,
            text: "complete and undamaged".to_owned(),
            report: json!({"good": true}),
        }),
        good: true,
        reasons: Vec::new(),
    };
    closing.reasons = reasons(&closing, &record.troubles);
    closing.good = closing.reasons.is_empty();
    closing
}

#[test]
fn each_stream_has_those_who_heard_it() {
    let closing = closing(&ledger());
    let heard: Vec<_> = closing
        .streams
        .iter()
        .map(|stream| {
            let by: Vec<_> = stream
                .consumers
                .iter()
                .map(|consumer| (consumer.node.as_str(), consumer.received))
                .collect();
            (stream.stream.as_str(), stream.sent, by)
        })
        .collect();
    assert_eq!(
        heard,
        [
            ("ultrasound.image", Some(600), vec![("locate", 600), ("record", 600)]),
            ("locate.located", Some(598), vec![("record", 598)]),
        ]
    );
    assert_eq!(closing.others[0].streams, 2);
    assert_eq!(closing.others[0].received, 602);
    assert!(closing.good, "{:?}", closing.reasons);
}

#[test]
fn a_program_reads_back_what_people_see() {
    let closing = closing(&ledger());
    let text = serde_json::to_string(&closing).unwrap();
    assert_eq!(serde_json::from_str::<Closing>(&text).unwrap(), closing);
}

#[test]
fn the_table_looks_like_this() {
    insta::assert_snapshot!(render(&closing(&ledger()), &[]));
}

#[test]
fn the_last_scores_of_each_node_follow_the_processes() {
    let here = tempfile::tempdir().unwrap();
    let mut record = record(here.path());
    let mut ledger = ledger();
    for (node, port) in [(1, "scores"), (1, "silent"), (0, "scores")] {
        let output = PlannedOutput { message: "Scores".to_owned(), version: 1 };
        record.plan.nodes[node].outputs.insert(port.to_owned(), output);
    }
    let score = |measure: &str, value, unit: &str, count| Score {
        measure: measure.to_owned(),
        value,
        unit: unit.to_owned(),
        count,
    };
    let scores_of = |median, count| Scores {
        scores: vec![
            score("registration error, median", median, "mm", count),
            score("vessel Dice", Some(0.8312), "", count),
            score("closest\u{1b}[2J approach", None, "mm", 0),
        ],
    };
    ledger.take_scores("locate.scores", (1, 40), scores_of(Some(9.0), 40));
    ledger.take_scores("locate.scores", (1, 41), scores_of(Some(3.1432), 41));
    let mut closing = closing(&ledger);
    closing.scores = scores(&record, &ledger);
    assert_eq!(closing.scores.len(), 3, "a stream without a message has no rows");
    assert_eq!(
        serde_json::to_value(&closing.scores[0]).unwrap(),
        json!({"node": "locate", "measure": "registration error, median", "value": 3.1432, "unit": "mm", "count": 41})
    );
    let section = |closing: &Closing| {
        let text = render(closing, &[]);
        let begin = text.find("scores").unwrap();
        let end = text.find("session folder").unwrap();
        text[begin..end].trim_end().to_owned()
    };
    insta::assert_snapshot!("scores_of_one", section(&closing));
    ledger.take_scores("ultrasound.scores", (1, 0), scores_of(None, 0));
    closing.scores = scores(&record, &ledger);
    insta::assert_snapshot!("scores_of_two", section(&closing));
}
