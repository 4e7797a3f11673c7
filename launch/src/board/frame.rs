//! The board as text, for a terminal of any width from 80 columns on.

use crate::logs::print::without_control;
use crate::session::LocalTime;

use super::snapshot::{MemberView, Snapshot};

/// How many of the last events are shown.
const EVENTS: usize = 6;

/// The board, no line longer than `width`; with colours if `colour`.
pub fn frame(snapshot: &Snapshot, width: usize, colour: bool, time: LocalTime) -> String {
    let paint = |code: &str, text: String| {
        if colour && !code.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text }
    };
    let mut lines = Vec::new();
    let running = match snapshot.running_s {
        Some(_) if snapshot.over => "is over".to_owned(),
        Some(seconds) => format!("{}:{:04.1}", seconds as u64 / 60, seconds % 60.0),
        None => "starting".to_owned(),
    };
    let title =
        format!("{}  session {}  {}  {running}", snapshot.graph, snapshot.session, snapshot.clock);
    lines.push(paint("1", cut(&title, width)));
    let faults = snapshot.faults();
    lines.push(if faults.is_empty() {
        paint("32", "all is well".to_owned())
    } else {
        paint("31", cut(&faults.join(", "), width))
    });
    lines.push(String::new());
    let name = snapshot.nodes.iter().map(|node| node.node.len()).max();
    let name = name.unwrap_or(0).clamp(7, width.saturating_sub(65).max(14));
    lines.push(cut(
        &format!(
            "{:name$} {:8} {:>6} {:>6} {:>6} {:>5} {:>5} {:>5} {:>5} {:>8}",
            "process",
            "health",
            "Hz",
            "age ms",
            "p99 ms",
            "lost",
            "late",
            "blank",
            "CPU",
            "restarts"
        ),
        width,
    ));
    for node in &snapshot.nodes {
        let (code, line) = row(node, name);
        lines.push(paint(code, cut(&line, width)));
        if let Some(reason) = &node.reason {
            let text = cut(&format!("  {}", without_control(reason)), width);
            lines.push(paint("33", text));
        }
    }
    let newest = snapshot.events.len().saturating_sub(EVENTS);
    if !snapshot.events.is_empty() {
        lines.push(String::new());
    }
    for (at, event) in &snapshot.events[newest..] {
        let code = if event.kind.is_failure() { "31" } else { "" };
        let text = format!("{} {} {}", time.of_day(at.0), event.node, event.text);
        lines.push(paint(code, cut(&without_control(&text), width)));
    }
    lines.join("\n") + "\n"
}

fn row(node: &MemberView, name: usize) -> (&'static str, String) {
    let number = |value: Option<f64>| match value {
        None => "-".to_owned(),
        Some(value) if value < 100.0 => format!("{value:.1}"),
        Some(value) if value < 99_999.5 => format!("{value:.0}"),
        Some(_) => ">99999".to_owned(),
    };
    let code = match node.health {
        "healthy" => "",
        "degraded" | "starting" => "33",
        "silent" | "down" => "31",
        _ => "2",
    };
    let line = format!(
        "{:name$} {:8} {:>6} {:>6} {:>6} {:>5} {:>5} {:>5} {:>4.0}% {:>8}",
        cut(&node.node, name),
        node.health,
        number(Some(node.rate_hz)),
        number(node.age_ms),
        number(node.p99_ms),
        node.lost,
        node.late,
        node.blanks,
        node.cpu_percent,
        node.restarts,
    );
    (code, line)
}

/// No longer than `width` characters.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::snapshot::tests::snapshot;

    fn plain(snapshot: &Snapshot) -> String {
        frame(snapshot, 80, false, LocalTime::default())
    }

    #[test]
    fn the_board_looks_like_this() {
        insta::assert_snapshot!(plain(&snapshot()));
    }

    #[test]
    fn no_line_is_longer_than_the_terminal() {
        let mut snapshot = snapshot();
        snapshot.nodes[0].node = "a_node_with_a_very_long_name_indeed".to_owned();
        snapshot.nodes[0].rate_hz = 1e9;
        snapshot.nodes[0].age_ms = Some(1e12);
        snapshot.nodes[0].lost = 123_456_789;
        snapshot.nodes[0].reason = Some("x".repeat(500));
        for width in [80, 100, 200] {
            let text = frame(&snapshot, width, false, LocalTime::default());
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(longest.unwrap() <= width, "{text}");
        }
    }

    #[test]
    fn colours_change_nothing_else() {
        let snapshot = snapshot();
        let coloured = frame(&snapshot, 80, true, LocalTime::default());
        assert!(coloured.contains("\x1b["));
        let lines: Vec<_> = coloured.lines().map(without_control).collect();
        assert_eq!(lines, plain(&snapshot).lines().collect::<Vec<_>>());
    }

    #[test]
    fn a_name_in_an_event_cannot_steer_the_terminal() {
        let mut snapshot = snapshot();
        snapshot.events[0].1.text = "\x1b[2Jgone".to_owned();
        assert!(!plain(&snapshot).contains('\x1b'));
    }
}
