//! Python reads every message, and a node written in Python takes part in a graph.

use std::path::PathBuf;
use std::process::Command;

use system_tests::{Place, alone, root};

fn python() -> PathBuf {
    root().join(".vesalius/python/bin/python")
}

#[test]
fn python_reads_every_message() {
    let output = Command::new(python())
        .arg(root().join("tests/python/read_golden.py"))
        .arg(root().join("messages/golden"))
        .output()
        .expect("`./vesalius test` makes the Python environment");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for schema in messages::schemas() {
        assert!(said.contains(schema.name), "{} was not read:\n{said}", schema.name);
    }
}

#[test]
fn the_example_is_short() {
    let text = std::fs::read_to_string(root().join("launch/examples/smooth_image.py")).unwrap();
    let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines < 60, "{lines} lines");
}

#[test]
fn a_node_in_python_takes_part_and_is_recorded() {
    let _alone = alone();
    let place = Place::new();
    let folder = place.path("python").to_str().unwrap().to_owned();
    let output = place
        .vesalius(&[
            "run",
            "launch/graphs/python-node.toml",
            "--json",
            "--stop-after",
            "4s",
            "--session-folder",
            &folder,
        ])
        .output()
        .unwrap();
    let (said, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{log}");
    let closing: serde_json::Value = serde_json::from_str(&said).unwrap();
    let rows = closing["streams"].as_array().unwrap();
    let smooth = rows.iter().find(|row| row["stream"] == "smooth.image").unwrap();
    let record = smooth["consumers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|consumer| consumer["node"] == "record")
        .unwrap();
    assert!(record["received"].as_u64().unwrap() > 70, "{smooth}");
    let verified = place.call(&["verify", &folder, "--json"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}
