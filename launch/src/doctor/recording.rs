//! Whether there is somebody who records, and space for what is recorded.

use std::fmt::Write as _;
use std::path::Path;

use super::last_run::LastRun;
use super::{About, Line, Subject, Verdict};
use crate::plan::{ParticipantKind, Plan};

/// What any procedure may take.
const LEAST_BYTES: u64 = 1 << 30;
/// Shorter than most procedures.
const LITTLE_S: f64 = 4.0 * 3600.0;
/// Not worth beginning.
const NOTHING_S: f64 = 600.0;

/// The line on the recording of `plan` into a folder under `sessions`.
pub fn subject(plan: &Plan, sessions: &Path, last: Option<&LastRun>) -> Option<Subject> {
    let records = plan.nodes.iter().any(|node| {
        node.kind == ParticipantKind::Observer && node.runs.ends_with("recordings/record")
    });
    let line = if records {
        // The folder itself may not be there yet.
        let absolute = std::path::absolute(sessions).ok()?;
        let there = absolute.ancestors().find(|folder| folder.is_dir())?;
        let about = rustix::fs::statvfs(there).ok()?;
        space(there, about.f_bavail.saturating_mul(about.f_frsize), last)
    } else {
        Line::of(
            Verdict::Notable,
            "nothing is recorded: no node of the graph runs `recordings/record`",
            "add to the graph: [nodes.record] with runs = \"recordings/record\"",
        )
    };
    Some(Subject::new(About::Machine, "recording", vec![line]))
}

fn space(folder: &Path, free: u64, last: Option<&LastRun>) -> Line {
    let gib = free as f64 / (1_u64 << 30) as f64;
    let mut said = format!("{gib:.1} GiB are free at {}", folder.display());
    let lasts_s = last.map(|last| free as f64 / last.bytes_per_s.max(1.0));
    match (last, lasts_s) {
        (Some(last), Some(lasts_s)) => {
            let (rate, time) = (last.bytes_per_s * 1e-6, spoken(lasts_s));
            let _ = write!(
                said,
                ", enough for {time} at the {rate:.1} MB/s that the last run of this graph wrote"
            );
        }
        _ => said.push_str("; how long that lasts is known after the first run"),
    }
    let verdict = if free < LEAST_BYTES || lasts_s.is_some_and(|time| time < NOTHING_S) {
        Verdict::Wrong
    } else if lasts_s.is_some_and(|time| time < LITTLE_S) {
        Verdict::Notable
    } else {
        return Line::good(said);
    };
    Line::of(
        verdict,
        said,
        "move old sessions elsewhere, or record onto a larger disk with `--session-folder`",
    )
}

fn spoken(seconds: f64) -> String {
    if seconds < 5400.0 {
        format!("{:.0} min", seconds / 60.0)
    } else if seconds < 1000.0 * 3600.0 {
        format!("{:.0} h", seconds / 3600.0)
    } else {
        "more than 1000 h".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::plan::tests::plan;

    #[test]
    fn space_is_held_against_what_the_last_run_wrote() {
        let last =
            LastRun { folder: PathBuf::from("sessions/x"), cpu_percent: 0.0, bytes_per_s: 1e6 };
        let verdict =
            |gigabytes: u64, last| space(Path::new("/"), gigabytes * 1_000_000_000, last).verdict;
        assert_eq!(verdict(20, Some(&last)), Verdict::Good);
        assert_eq!(verdict(10, Some(&last)), Verdict::Notable);
        assert_eq!(verdict(2, None), Verdict::Good);
        assert_eq!(verdict(1, None), Verdict::Wrong);
        let fast = LastRun { bytes_per_s: 1e8, ..last.clone() };
        assert_eq!(verdict(20, Some(&fast)), Verdict::Wrong);
        let said = space(Path::new("/data"), 72_000_000_000, Some(&fast)).text;
        assert_eq!(
            said,
            "67.1 GiB are free at /data, enough for 12 min at the 100.0 MB/s that the last run of this graph wrote"
        );
    }

    #[test]
    fn a_graph_without_a_recorder_is_told_so_and_a_folder_to_be_made_is_on_its_disk() {
        let mut plan = plan();
        let here = tempfile::tempdir().unwrap();
        let found = subject(&plan, &here.path().join("not/yet"), None).unwrap();
        assert!(found.findings[0].text.contains(here.path().to_str().unwrap()));
        plan.nodes.pop();
        let found = subject(&plan, here.path(), None).unwrap();
        assert_eq!(found.verdict(), Verdict::Notable);
        assert!(found.findings[0].text.contains("nothing is recorded"));
    }
}
