//! What the last run of the same graph took of the machine, as its session folder tells.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::plan::Plan;

/// More than any `session.json`.
const LONGEST: u64 = 64 << 20;
/// A shorter run says little of a longer one.
const SHORTEST_S: f64 = 5.0;
/// No more session folders than this are looked at, the newest first.
const MOST_FOLDERS: usize = 100;

/// What a run took.
#[derive(Clone, Debug, PartialEq)]
pub struct LastRun {
    /// Its folder.
    pub folder: PathBuf,
    /// All processes together, percent of one processor.
    pub cpu_percent: f64,
    /// What its folder grew by each second, bytes.
    pub bytes_per_s: f64,
}

impl LastRun {
    /// The newest run of the graph of `plan` on the live clock in `sessions`.
    pub fn find(sessions: &Path, plan: &Plan) -> Option<Self> {
        let entries = std::fs::read_dir(sessions).into_iter().flatten().flatten();
        let mut folders: Vec<_> = entries
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        folders.sort();
        folders.iter().rev().take(MOST_FOLDERS).find_map(|(_, folder)| Self::read(folder, plan))
    }

    fn read(folder: &Path, plan: &Plan) -> Option<Self> {
        let mut bytes = Vec::new();
        File::open(folder.join("session.json")).ok()?.take(LONGEST).read_to_end(&mut bytes).ok()?;
        let session: Value = serde_json::from_slice(&bytes).ok()?;
        let closing = &session["closing"];
        let same_graph = session["manifest"]["graph"]["text"].as_str() == Some(&plan.text);
        let duration_s = closing["duration_s"].as_f64().filter(|&time| time >= SHORTEST_S)?;
        if !same_graph || closing["clock"] != "live" {
            return None;
        }
        let nodes = closing["nodes"].as_array()?;
        let entries = std::fs::read_dir(folder).ok()?.flatten();
        let sizes = entries.filter_map(|entry| entry.metadata().ok());
        let bytes: u64 = sizes.filter(std::fs::Metadata::is_file).map(|about| about.len()).sum();
        Some(Self {
            folder: folder.to_owned(),
            cpu_percent: nodes.iter().filter_map(|node| node["cpu_percent"].as_f64()).sum(),
            bytes_per_s: bytes as f64 / duration_s,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::tests::plan;

    #[test]
    fn only_a_long_live_run_of_the_same_graph_counts() {
        let here = tempfile::tempdir().unwrap();
        let plan = plan();
        let write = |name: &str, graph: &str, clock: &str, duration_s: f64| {
            let folder = here.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            let file = json!({
                "manifest": {"graph": {"text": graph}},
                "closing": {
                    "clock": clock, "duration_s": duration_s,
                    "nodes": [{"cpu_percent": 60.5}, {"cpu_percent": 20.0}],
                },
            });
            std::fs::write(folder.join("session.json"), file.to_string()).unwrap();
            std::fs::write(folder.join("procedure.mcap"), vec![0; 100_000]).unwrap();
        };
        write("other", "version = 2", "live", 10.0);
        write("replayed", &plan.text, "replay", 10.0);
        write("short", &plan.text, "live", 1.0);
        std::fs::create_dir(here.path().join("empty")).unwrap();
        assert_eq!(LastRun::find(here.path(), &plan), None);
        write("good", &plan.text, "live", 10.0);
        let found = LastRun::find(here.path(), &plan).unwrap();
        assert!(found.folder.ends_with("good") && found.cpu_percent == 80.5);
        assert!((10_000.0..11_000.0).contains(&found.bytes_per_s), "{}", found.bytes_per_s);
        assert_eq!(LastRun::find(&here.path().join("nowhere"), &plan), None);
    }
}
