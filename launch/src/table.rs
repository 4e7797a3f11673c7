//! What came of a session: the closing table, for people and as JSON, and whether it was a good run.

mod numbers;
mod render;
mod verdict;

use std::path::PathBuf;

use messages::Percentiles;
use serde::{Deserialize, Serialize};

pub use numbers::{bytes, count, milliseconds};
pub use render::render;
pub use verdict::reasons;

use crate::plan::{ParticipantKind, PlannedNode};
use crate::session::{Pace, Record};
use crate::supervise::Ledger;

/// What came of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    /// The session.
    pub session: String,
    /// The graph.
    pub graph: String,
    /// Where the recording and the logs are.
    pub folder: PathBuf,
    /// `live`, `simulated` or `replay`.
    pub clock: String,
    /// From the first process to the start; none if it was taken up later.
    pub start_up_ms: Option<u64>,
    /// From the start to the end, on the clock of the machine.
    pub duration_s: f64,
    /// The outputs of nodes and devices, each with those who heard it.
    pub streams: Vec<StreamRow>,
    /// Health, journals and events, as far as observers heard them.
    pub others: Vec<OthersRow>,
    /// The processes.
    pub nodes: Vec<NodeRow>,
    /// What was recorded, if somebody recorded.
    pub recording: Option<RecordingRow>,
    /// Whether nothing was lost, late beyond its deadline, or failed unasked.
    pub good: bool,
    /// Why not.
    pub reasons: Vec<String>,
}

/// One stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamRow {
    /// `node.port`.
    pub stream: String,
    /// Values and blanks that its node counted; none if it came from a recording.
    pub sent: Option<u64>,
    /// Blanks among them.
    pub blanks: u64,
    /// Those marked stale.
    pub stale: u64,
    /// Values a second.
    pub rate_hz: f64,
    /// Bytes.
    pub bytes: u64,
    /// Arrays that went through the socket because shared memory was full.
    pub without_shared_memory: u64,
    /// From being acquired to being published, microseconds.
    pub age_us: Option<Percentiles>,
    /// Whether its node told its last count, so that sent and received must agree.
    pub counted: bool,
    /// Who heard it.
    pub consumers: Vec<ConsumerRow>,
}

/// One who heard a stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConsumerRow {
    /// The node, or the observer.
    pub node: String,
    /// Its input port; none for an observer.
    pub port: Option<String>,
    /// Values and blanks that arrived.
    pub received: u64,
    /// Those that were handled.
    pub taken: u64,
    /// Those that never arrived or did not fit into the queue.
    pub lost: u64,
    /// Those that a newer one replaced, as asked for.
    pub superseded: u64,
    /// Deadlines missed.
    pub late: u64,
    /// Blanks among the received.
    pub blanks: u64,
    /// From being published to being taken, microseconds; only on the live clock.
    pub latency_us: Option<Percentiles>,
    /// From being acquired to being taken, microseconds; only on the live clock.
    pub age_us: Option<Percentiles>,
    /// Whether it told its last count.
    pub counted: bool,
}

/// What one observer heard beside the outputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OthersRow {
    /// The observer.
    pub node: String,
    /// How many streams of health, journals and events.
    pub streams: usize,
    /// Messages that arrived.
    pub received: u64,
    /// Those that never did, by stream.
    pub lost: Vec<(String, u64)>,
}

/// One process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeRow {
    /// The node.
    pub node: String,
    /// What it ran.
    pub runs: String,
    /// How often it was started again.
    pub restarts: u32,
    /// Processor time over running time, percent of one processor.
    pub cpu_percent: f64,
    /// The most memory it was seen to hold.
    pub memory_peak_bytes: u64,
    /// Time `handle` took, microseconds.
    pub handle_us: Percentiles,
    /// Inputs that gave an error instead of a result.
    pub errors: u64,
    /// What was wrong at the end, if something was.
    pub degraded: Option<String>,
    /// Whether anything was heard of it.
    pub heard: bool,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordingRow {
    /// Whether it is complete and undamaged.
    pub good: bool,
    /// A sentence.
    pub text: String,
    /// What `verify` says.
    pub report: serde_json::Value,
}

/// Whether a member's streams ended and its last count is known.
pub type Counted<'a> = &'a dyn Fn(&str) -> bool;

/// The rows of all streams.
pub fn streams(record: &Record, ledger: &Ledger, counted: Counted) -> Vec<StreamRow> {
    let live = record.pace == Pace::Live;
    let plan = &record.plan;
    let observers: Vec<&PlannedNode> =
        plan.nodes.iter().filter(|node| node.kind == ParticipantKind::Observer).collect();
    let mut rows = Vec::new();
    let played = match &record.pace {
        Pace::Replay { played, .. } => played.as_slice(),
        _ => &[],
    };
    let produced =
        plan.nodes.iter().flat_map(|node| node.outputs.keys().map(move |port| (node, port)));
    let all = played
        .iter()
        .map(|stream| (stream.clone(), None))
        .chain(produced.map(|(node, port)| (format!("{}.{port}", node.name), Some((node, port)))));
    for (stream, producer) in all {
        let output = producer.and_then(|(node, port)| ledger.output(&node.name, port));
        let mut row = StreamRow {
            sent: producer.map(|_| output.as_ref().map_or(0, |output| output.sent)),
            counted: producer.is_some_and(|(node, _)| counted(&node.name)),
            ..StreamRow::default()
        };
        if let Some(output) = output {
            row.blanks = output.blanks;
            row.stale = output.stale;
            row.rate_hz = output.rate_hz;
            row.bytes = output.bytes;
            row.without_shared_memory = output.without_shared_memory;
            row.age_us = live.then_some(output.age_us);
        }
        for node in &plan.nodes {
            for (port, input) in &node.inputs {
                if format!("{}.{}", input.node, input.port) == stream {
                    row.consumers.push(consumer(
                        ledger,
                        node,
                        Some(port),
                        port,
                        live,
                        counted(&node.name),
                    ));
                }
            }
        }
        for node in &observers {
            row.consumers.push(consumer(ledger, node, None, &stream, live, counted(&node.name)));
        }
        row.stream = stream;
        rows.push(row);
    }
    rows
}

fn consumer(
    ledger: &Ledger,
    node: &PlannedNode,
    port: Option<&String>,
    input: &str,
    live: bool,
    counted: bool,
) -> ConsumerRow {
    let input = ledger.input(&node.name, input).unwrap_or_default();
    ConsumerRow {
        node: node.name.clone(),
        port: port.cloned(),
        received: input.received,
        taken: input.taken,
        lost: input.lost,
        superseded: input.superseded,
        late: input.deadlines_missed,
        blanks: input.blanks,
        latency_us: live.then_some(input.transport_us),
        age_us: live.then_some(input.age_us),
        counted,
    }
}

/// What the observers heard beside the outputs.
pub fn others(record: &Record, ledger: &Ledger, streams: &[StreamRow]) -> Vec<OthersRow> {
    let observers = record.plan.nodes.iter().filter(|node| node.kind == ParticipantKind::Observer);
    observers
        .map(|node| {
            let mut row = OthersRow { node: node.name.clone(), ..OthersRow::default() };
            for input in ledger.inputs(&node.name) {
                if streams.iter().any(|stream| stream.stream == input.stream) {
                    continue;
                }
                row.streams += 1;
                row.received += input.received;
                if input.lost > 0 {
                    row.lost.push((input.stream, input.lost));
                }
            }
            row
        })
        .collect()
}

/// The rows of all processes.
pub fn nodes(record: &Record, ledger: &Ledger) -> Vec<NodeRow> {
    let row = |node: &PlannedNode| {
        let (cpu, uptime) = ledger.cpu_and_uptime_ns(&node.name);
        let last = ledger.last(&node.name);
        NodeRow {
            node: node.name.clone(),
            runs: node.runs.clone(),
            restarts: record
                .members
                .get(&node.name)
                .map_or(0, |member| member.incarnation.saturating_sub(1)),
            cpu_percent: if uptime > 0 { 100.0 * cpu as f64 / uptime as f64 } else { 0.0 },
            memory_peak_bytes: ledger.memory_peak_bytes(&node.name),
            handle_us: last.map(|status| status.handle_us).unwrap_or_default(),
            errors: ledger.errors(&node.name),
            degraded: last.and_then(|status| status.degraded.clone()),
            heard: last.is_some(),
        }
    };
    record.plan.nodes.iter().map(row).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use messages::{InputStatus, NodeStatus, OutputStatus};
    use serde_json::json;

    use super::*;
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
}
