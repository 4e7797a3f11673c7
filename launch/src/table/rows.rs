//! The rows of the closing table, from what the participants counted.

use messages::{Message as _, Scores};

use super::closing::{ConsumerRow, NodeRow, OthersRow, ScoreRow, StreamRow};
use crate::ledger::Ledger;
use crate::plan::{ParticipantKind, PlannedNode};
use crate::session::{Pace, Record};

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

/// The last figures of every node that gives scores.
pub fn scores(record: &Record, ledger: &Ledger) -> Vec<ScoreRow> {
    let mut rows = Vec::new();
    for (node, port) in record.plan.outputs_of(Scores::SCHEMA) {
        let scores = ledger.scores(&format!("{node}.{port}"));
        for score in scores.into_iter().flat_map(|scores| &scores.scores) {
            rows.push(ScoreRow {
                node: node.to_owned(),
                measure: score.measure.clone(),
                value: score.value,
                unit: score.unit.clone(),
                count: score.count,
            });
        }
    }
    rows
}
