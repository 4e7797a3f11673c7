//! `vesalius doctor` with devices and nodes that are examined by the runtime itself: opened, built, and left again.

use std::process::{Command, Output};

use serde_json::Value;

use super::session::fixtures;

fn doctor(graph: &str) -> (Value, Output) {
    let here = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(fixtures(), here.path().join("vesalius-fixtures")).unwrap();
    let file = here.path().join("graph.toml");
    std::fs::write(&file, format!("version = 1\n{graph}")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_vesalius"))
        .args(["doctor", "--json", "--limit", "8s"])
        .arg(&file)
        .current_dir(here.path())
        .env("VESALIUS_PATH", here.path())
        .env("XDG_CACHE_HOME", here.path())
        .output()
        .unwrap();
    let json = serde_json::from_slice(&output.stdout);
    (json.unwrap_or_else(|error| panic!("{error}: {output:?}")), output)
}

fn first<'a>(diagnosis: &'a Value, name: &str) -> Option<(&'a str, &'a str)> {
    let subjects = diagnosis["subjects"].as_array()?;
    let subject = subjects.iter().find(|subject| subject["name"] == name)?;
    Some((subject["verdict"].as_str()?, subject["findings"][0]["text"].as_str()?))
}

#[test]
fn a_device_is_opened_and_a_node_is_built_with_the_parameters_of_the_graph() {
    let (diagnosis, output) = doctor(
        "[nodes.count]\nruns = \"fixtures/count\"\n\
         [nodes.repeat]\nruns = \"fixtures/repeat\"\ninputs.image = \"count.image\"\n\
         [nodes.listen]\nruns = \"fixtures/listen\"\n",
    );
    assert_eq!(output.status.code(), Some(0), "{diagnosis:#}");
    assert_eq!(first(&diagnosis, "count"), Some(("good", "opens")));
    assert_eq!(first(&diagnosis, "repeat"), None, "it has nothing to tell");
    assert_eq!(diagnosis["content"], 1);
    assert_eq!(first(&diagnosis, "listen"), None, "observers are not examined");
}

#[test]
fn what_refuses_or_hangs_is_wrong_with_its_reason() {
    let (diagnosis, output) = doctor(
        "[nodes.off]\nruns = \"fixtures/count\"\nparameters.refuses = \"the plug is out\"\n\
         [nodes.stuck]\nruns = \"fixtures/count\"\nparameters.slow_ms = 600_000\n\
         [nodes.repeat]\nruns = \"fixtures/repeat\"\ninputs.image = \"off.image\"\n\
         parameters = { offset = 7, highest_offset = 5 }\n",
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(first(&diagnosis, "off"), Some(("wrong", "the plug is out")));
    let (verdict, text) = first(&diagnosis, "stuck").unwrap();
    assert_eq!(verdict, "wrong");
    assert!(text.starts_with("gave no answer within 8 s and was stopped"), "{text}");
    assert_eq!(first(&diagnosis, "repeat").unwrap().0, "wrong", "{diagnosis:#}");
}
