//! Every graph of the repository, and that of the README, checks clean against the executables that are built.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const LAUNCH: &str = env!("CARGO_MANIFEST_DIR");

fn graphs() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(Path::new(LAUNCH).join("graphs")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path());
    let mut graphs: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    graphs.sort();
    graphs
}

#[test]
fn every_graph_checks_clean() {
    let vesalius = Path::new(env!("CARGO_BIN_EXE_vesalius"));
    let python = Path::new(LAUNCH).join("../.vesalius/python/bin");
    let folder = tempfile::tempdir().unwrap();
    let mut graphs = graphs();
    assert!(!graphs.is_empty());
    graphs.push(readme(folder.path()));
    for graph in graphs {
        let text = std::fs::read_to_string(&graph).unwrap();
        if let Some(lacking) = lacking(&text, vesalius, &python) {
            println!("skipped {}: {} is not there", graph.display(), lacking.display());
            continue;
        }
        let mut path = vec![python.clone()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        let output = Command::new(vesalius)
            .args(["check", "--json"])
            .arg(&graph)
            .env("PATH", std::env::join_paths(path).unwrap())
            .output()
            .unwrap();
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said[0]["problems"], Value::Array(Vec::new()), "{}", graph.display());
        assert!(output.status.success());
    }
}

/// The graph that the README writes line by line, with the files that it names.
fn readme(folder: &Path) -> PathBuf {
    let launch = Path::new(LAUNCH);
    let readme = std::fs::read_to_string(launch.join("README.md")).unwrap();
    let graph = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let sample = "recordings/samples/simulated-sweep.igs.mha";
    std::fs::copy(launch.join("..").join(sample), folder.join("my-sweep.igs.mha")).unwrap();
    let calibration = "graphs/calibrations/simulated-probe.toml";
    std::fs::copy(launch.join(calibration), folder.join("my-probe.toml")).unwrap();
    let path = folder.join("my-sweep.toml");
    std::fs::write(&path, graph).unwrap();
    path
}

/// An executable or Python environment that a graph needs and that is not built.
fn lacking(text: &str, vesalius: &Path, python: &Path) -> Option<PathBuf> {
    let graph: toml::Table = toml::from_str(text).unwrap();
    let nodes = graph["nodes"].as_table().unwrap();
    let mut needed = nodes.values().map(|node| {
        let runs = node["runs"].as_str().unwrap();
        if runs.contains(':') {
            return python.to_owned();
        }
        let executable = runs.split('/').next().unwrap();
        vesalius.with_file_name(format!("vesalius-{executable}"))
    });
    needed.find(|path| !path.exists())
}
