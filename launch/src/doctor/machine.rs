//! What the machine offers against what a graph takes: memory to lock and to share, processors.

use std::path::Path;

use serde_json::Value;

use super::last_run::LastRun;
use super::{About, Line, Subject, Verdict};
use crate::memory_lock::{LockLimit, needed_mib};
use crate::plan::{Plan, PlannedNode};

/// Where shared memory lies.
const SHARED: &str = "/dev/shm";
/// Above this share of all processors, a peak of one process makes the others late.
const BUSY: f64 = 0.8;
const MIB: u64 = 1 << 20;

/// A line for each.
pub fn subjects(plan: &Plan, last: Option<&LastRun>) -> Vec<Subject> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let mut subjects = vec![
        Subject::new(About::Machine, "memory lock", vec![lock(LockLimit::here(), plan)]),
        Subject::new(About::Machine, "processors", processors_lines(processors, plan, last)),
    ];
    if let Ok(about) = rustix::fs::statvfs(Path::new(SHARED)) {
        let free = about.f_bavail.saturating_mul(about.f_frsize);
        let line = shared_memory(free, plan);
        subjects.insert(1, Subject::new(About::Machine, "shared memory", vec![line]));
    }
    subjects
}

fn lock(limit: LockLimit, plan: &Plan) -> Line {
    match limit.shortage(plan) {
        None => {
            Line::good(format!("each process may lock the {} MiB it may need", needed_mib(plan)))
        }
        Some((text, remedy)) => Line::of(Verdict::Notable, text, remedy),
    }
}

fn shared_memory(free: u64, plan: &Plan) -> Line {
    let needed_mib: u64 = plan.nodes.iter().map(PlannedNode::pool_mib).fold(0, u64::saturating_add);
    let said = format!(
        "{} MiB are free in {SHARED}, and the graph shares up to {needed_mib} MiB",
        free / MIB
    );
    if free / MIB >= needed_mib {
        Line::good(said)
    } else {
        Line::of(
            Verdict::Notable,
            format!("{said}: what does not fit goes through sockets instead, which is slower"),
            format!(
                "make {SHARED} larger (`mount -o remount,size=…`, or `--shm-size` of a container), remove what old programs left there, or lower `shared_memory_mib`"
            ),
        )
    }
}

fn processors_lines(processors: usize, plan: &Plan, last: Option<&LastRun>) -> Vec<Line> {
    let plural = if processors == 1 { "processor" } else { "processors" };
    let here = format!("{processors} {plural}");
    let mut lines = Vec::new();
    let asking: Vec<(&str, u64)> = plan
        .nodes
        .iter()
        .filter_map(|node| {
            let threads = node.parameters.get("threads").and_then(Value::as_u64)?;
            Some((node.name.as_str(), threads))
        })
        .collect();
    if let Some((name, threads)) =
        asking.iter().copied().find(|(_, threads)| *threads > processors as u64)
    {
        lines.push(Line::of(
            Verdict::Notable,
            format!(
                "`{name}` asks for {threads} threads, but there are {here}: they hinder each other"
            ),
            format!("write `parameters.threads = {processors}` or less for `{name}`"),
        ));
    }
    let Some(last) = last else {
        lines.push(Line::good(format!(
            "{here}; what this graph needs is known after its first run here"
        )));
        return lines;
    };
    let needed = last.cpu_percent / 100.0;
    let said = format!(
        "{here}; the last run of this graph kept {needed:.1} busy ({})",
        last.folder.display()
    );
    lines.push(if needed <= BUSY * processors as f64 {
        Line::good(said)
    } else {
        Line::of(
            Verdict::Notable,
            said,
            "free the machine of other work, lower rates, or take a larger one; what guides needs a high `priority`",
        )
    });
    lines
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::json;

    use super::*;
    use crate::plan::tests::plan;

    #[test]
    fn less_memory_to_lock_than_is_shared_is_notable() {
        let little = LockLimit { bytes: Some(8 * MIB), highest_bytes: None };
        let line = lock(little, &plan());
        assert_eq!(line.verdict, Verdict::Notable);
        assert!(line.text.contains("8 MiB") && line.remedy.unwrap().contains("memlock"));
        assert_eq!(lock(LockLimit::NONE, &plan()).verdict, Verdict::Good);
    }

    #[test]
    fn shared_memory_that_does_not_fit_is_notable() {
        // Two of three nodes share 64 MiB each.
        assert_eq!(shared_memory(128 * MIB, &plan()).verdict, Verdict::Good);
        let line = shared_memory(128 * MIB - 1, &plan());
        assert_eq!(line.verdict, Verdict::Notable);
        assert!(line.text.contains("127 MiB") && line.text.contains("128 MiB"), "{}", line.text);
    }

    #[test]
    fn processors_are_held_against_threads_and_the_last_run() {
        let mut plan = plan();
        let last = |cpu_percent| LastRun {
            folder: PathBuf::from("sessions/x"),
            cpu_percent,
            bytes_per_s: 0.0,
        };
        let worst = |plan: &Plan, last: Option<&LastRun>| {
            processors_lines(2, plan, last).iter().map(|line| line.verdict).max()
        };
        assert_eq!(worst(&plan, None), Some(Verdict::Good));
        assert_eq!(worst(&plan, Some(&last(159.0))), Some(Verdict::Good));
        assert_eq!(worst(&plan, Some(&last(161.0))), Some(Verdict::Notable));
        plan.nodes[1].parameters = json!({"threads": 3});
        let lines = processors_lines(2, &plan, None);
        assert!(lines[0].text.starts_with("`locate` asks for 3 threads, but there are 2"));
    }
}
