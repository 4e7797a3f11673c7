//! What a recording says about its session: enough to know, years later, what ran where and on what.

use std::path::Path;

use serde_json::{Value, json};

use super::{Pace, Record};

/// The variables that decide how many threads the libraries of a node use.
const THREAD_VARIABLES: [&str; 4] =
    ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"];

/// The manifest of a session that is about to begin.
pub fn manifest(record: &Record) -> Value {
    let clock = match &record.pace {
        Pace::Live => "live",
        Pace::Simulated => "simulated",
        Pace::Replay { .. } => "replay",
    };
    json!({
        "session": record.session,
        "graph": { "name": record.graph, "file": record.plan.file, "text": record.plan.text },
        "plan": record.plan,
        "parameters": record.plan.nodes.iter()
            .map(|node| (node.name.clone(), node.parameters.clone()))
            .collect::<serde_json::Map<_, _>>(),
        "files": record.plan.files,
        "clock": clock,
        "session_clock": record.clock,
        "stop_after_ns": record.stop_after_ns,
        "versions": {
            "vesalius": env!("CARGO_PKG_VERSION"),
            "executables": executables(record),
        },
        "machine": machine(),
    })
}

/// Each executable in use, with what tells one build from another.
fn executables(record: &Record) -> Value {
    let mut paths: Vec<&Path> =
        record.plan.nodes.iter().map(|node| node.executable.as_path()).collect();
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .map(|path| {
            let about = std::fs::metadata(path).ok();
            let modified = about
                .as_ref()
                .and_then(|about| about.modified().ok())
                .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
                .map(|since| since.as_secs());
            json!({
                "path": path, "bytes": about.map(|about| about.len()), "modified_unix_s": modified,
            })
        })
        .collect()
}

fn machine() -> Value {
    let system = rustix::system::uname();
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    json!({
        "system": system.sysname().to_string_lossy(),
        "release": system.release().to_string_lossy(),
        "architecture": system.machine().to_string_lossy(),
        "cpu": field(&cpu, "model name"),
        "cpu_features": field(&cpu, "flags").or_else(|| field(&cpu, "Features"))
            .map(|flags| flags.split_whitespace().map(str::to_owned).collect::<Vec<_>>()),
        "cpus": std::thread::available_parallelism().map_or(1, usize::from),
        "memory": field(&memory, "MemTotal"),
        "threads": THREAD_VARIABLES.into_iter()
            .map(|name| (name.to_owned(), std::env::var(name).ok().into()))
            .collect::<serde_json::Map<_, _>>(),
    })
}

/// The first `name : value` of a file in `/proc`.
fn field(text: &str, name: &str) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::record::tests::record;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "vendor_id\t: X\nmodel\t\t: 85\nmodel name\t: A chip: fast\nflags\t: a b\n";
        assert_eq!(field(text, "model name").as_deref(), Some("A chip: fast"));
        assert_eq!(field(text, "model").as_deref(), Some("85"));
        assert_eq!(field(text, "Features"), None);
    }

    #[test]
    fn graph_plan_parameters_and_machine_are_there() {
        let here = tempfile::tempdir().unwrap();
        let record = record(here.path());
        let manifest = manifest(&record);
        assert_eq!(manifest["graph"]["text"], record.plan.text);
        let plan: crate::plan::Plan = serde_json::from_value(manifest["plan"].clone()).unwrap();
        assert_eq!(plan, record.plan);
        assert_eq!(manifest["parameters"]["locate"]["gain"], 1);
        assert!(manifest["machine"]["cpus"].as_u64().unwrap() > 0);
        assert_eq!(manifest["clock"], "live");
    }
}
