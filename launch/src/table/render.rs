//! The closing table as text.

use std::fmt::Write as _;

use messages::Percentiles;

use super::closing::{Closing, NodeRow, ScoreRow, StreamRow};
use super::numbers::{bytes, count, figure, milliseconds};
use crate::logs::print::without_control;

/// The closing table; `hints` say how to look at what was recorded. The last line is the verdict.
pub fn render(closing: &Closing, hints: &[String]) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} ran for {:.1} s on the {} clock (session {}{})\n",
        closing.graph,
        closing.duration_s,
        closing.clock,
        closing.session,
        closing
            .start_up_ms
            .map_or(String::new(), |time| format!(", started in {:.2} s", time as f64 * 1e-3)),
    );
    let name = width(closing);
    let _ = writeln!(
        text,
        "{:name$} {:>8} {:>8} {:>5} {:>5} {:>6} {:>6}  {:>13}  {:>20}",
        "stream", "sent", "received", "lost", "late", "blanks", "Hz", "latency ms", "age ms"
    );
    let _ = writeln!(
        text,
        "{:name$} {:>8} {:>8} {:>5} {:>5} {:>6} {:>6}  {:>6} {:>6}  {:>6} {:>6} {:>6}",
        "  heard by", "", "", "", "", "", "", "p50", "p99", "p50", "p99", "max"
    );
    for row in &closing.streams {
        stream(&mut text, row, name);
    }
    for row in &closing.others {
        let lost: u64 = row.lost.iter().map(|(_, lost)| lost).sum();
        let what = format!("{} others, {}", row.streams, row.node);
        let _ = writeln!(text, "{what:name$} {:>8} {:>8} {lost:>5}", "", count(row.received));
    }
    let _ = writeln!(
        text,
        "\n{:name$} {:>6} {:>9} {:>8} {:>6}  {:>13}  health",
        "process", "CPU", "memory", "restarts", "errors", "handle ms"
    );
    for row in &closing.nodes {
        node(&mut text, row, name);
    }
    all_nodes(&mut text, &closing.nodes, name);
    scores(&mut text, &closing.scores, name);
    let _ = writeln!(text, "\nsession folder  {}", closing.folder.display());
    if let Some(recording) = &closing.recording {
        let _ = writeln!(text, "recording       {}", recording.text);
    } else {
        let _ = writeln!(
            text,
            "recording       none: the graph has no node that runs recordings/record"
        );
    }
    for hint in hints {
        let _ = writeln!(text, "{hint}");
    }
    let _ = match closing.reasons.as_slice() {
        [] => writeln!(text, "\nOK: nothing lost, nothing late, nothing failed"),
        reasons => writeln!(text, "\nNOT OK: {}", reasons.join("; ")),
    };
    text
}

fn width(closing: &Closing) -> usize {
    let streams = closing.streams.iter().map(|row| row.stream.len());
    let consumers = closing.streams.iter().flat_map(|row| {
        row.consumers
            .iter()
            .map(|consumer| 3 + consumer.node.len() + consumer.port.as_ref().map_or(0, String::len))
    });
    let nodes = closing.nodes.iter().map(|row| row.node.len());
    let others = closing.others.iter().map(|row| row.node.len() + 11);
    let longest = streams.chain(consumers).chain(nodes).chain(others).max();
    longest.unwrap_or(0).max(12)
}

fn stream(text: &mut String, row: &StreamRow, name: usize) {
    let sent = row.sent.map_or("recorded".to_owned(), count);
    let rate = if row.rate_hz > 0.0 { format!("{:.1}", row.rate_hz) } else { String::new() };
    let blanks = if row.blanks > 0 { count(row.blanks) } else { String::new() };
    let mut line = format!(
        "{:name$} {sent:>8} {:>8} {:>5} {:>5} {blanks:>6} {rate:>6}  {:>6} {:>6}{}",
        row.stream,
        "",
        "",
        "",
        "",
        "",
        three(row.age_us)
    );
    line.truncate(line.trim_end().len());
    let _ = writeln!(text, "{line}");
    for consumer in &row.consumers {
        let who = match &consumer.port {
            Some(port) => format!("  {}.{port}", consumer.node),
            None => format!("  {}", consumer.node),
        };
        let late = consumer.port.as_ref().map_or(String::new(), |_| count(consumer.late));
        let mut line = format!(
            "{who:name$} {:>8} {:>8} {:>5} {late:>5} {:>6} {:>6}{}{}",
            "",
            count(consumer.received),
            count(consumer.lost),
            if consumer.blanks > 0 { count(consumer.blanks) } else { String::new() },
            "",
            two(consumer.latency_us),
            three(consumer.age_us),
        );
        line.truncate(line.trim_end().len());
        let _ = writeln!(text, "{line}");
    }
}

/// Two columns; empty if nothing was measured.
fn two(times: Option<Percentiles>) -> String {
    let times = times.filter(|times| times.count > 0);
    match times {
        Some(times) => {
            format!("  {:>6} {:>6}", milliseconds(Some(times.p50)), milliseconds(Some(times.p99)))
        }
        None => format!("  {:>6} {:>6}", "", ""),
    }
}

/// Three columns: the same and the longest.
fn three(times: Option<Percentiles>) -> String {
    let longest = times.filter(|times| times.count > 0).map(|times| times.max);
    let longest = longest.map(|longest| milliseconds(Some(longest))).unwrap_or_default();
    format!("{} {longest:>6}", two(times))
}

/// What was measured against known truth; `name` is the width of the first column.
fn scores(text: &mut String, rows: &[ScoreRow], name: usize) {
    let Some(first) = rows.first() else { return };
    let one = rows.iter().all(|row| row.node == first.node);
    let title = if one { format!("scores of {}", first.node) } else { "scores".to_owned() };
    let label = |row: &ScoreRow| {
        let measure = without_control(&row.measure);
        if one { measure } else { format!("{}: {measure}", row.node) }
    };
    let longest = rows.iter().map(|row| label(row).chars().count()).max();
    let name = longest.unwrap_or(0).max(title.len()).max(name);
    let unit = rows.iter().map(|row| row.unit.chars().count()).max().unwrap_or(0).max(4);
    let _ = writeln!(text, "\n{title:name$} {:>10} {:unit$} {:>8}", "value", "unit", "count");
    for row in rows {
        let (value, measured) = (figure(row.value), count(row.count));
        let (label, unit_of) = (label(row), without_control(&row.unit));
        let _ = writeln!(text, "{label:name$} {value:>10} {unit_of:unit$} {measured:>8}");
    }
}

fn node(text: &mut String, row: &NodeRow, name: usize) {
    if !row.heard {
        let _ = writeln!(text, "{:name$} nothing was heard of it", row.node);
        return;
    }
    let health =
        row.degraded.as_ref().map_or("healthy".to_owned(), |reason| format!("degraded: {reason}"));
    let handle = (row.handle_us.count > 0).then_some(row.handle_us);
    let _ = writeln!(
        text,
        "{:name$} {:>5.1}% {:>9} {:>8} {:>6}{}  {health}",
        row.node,
        row.cpu_percent,
        bytes(row.memory_peak_bytes),
        row.restarts,
        row.errors,
        two(handle),
    );
}

/// What all processes took together; for one alone its own row says so.
fn all_nodes(text: &mut String, rows: &[NodeRow], name: usize) {
    if rows.len() < 2 {
        return;
    }
    let restarts: u32 = rows.iter().map(|row| row.restarts).sum();
    let _ = writeln!(
        text,
        "{:name$} {:>5.1}% {:>9} {restarts:>8} {:>6}",
        "all together",
        rows.iter().map(|row| row.cpu_percent).sum::<f64>(),
        bytes(rows.iter().map(|row| row.memory_peak_bytes).sum()),
        rows.iter().map(|row| row.errors).sum::<u64>(),
    );
}
