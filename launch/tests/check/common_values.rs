//! `[common]`: values that several nodes take, and the graph's reference, told to all of them.

use serde_json::{Value, json};

use crate::lab::Lab;

/// Three devices of one patient.
const GRAPH: &str = r#"version = 1
reference = "organ"

[common.patient]
seed = 1
anatomy = "abdomen"

[nodes.scanner]
runs = "theatre/scanner"

[nodes.tracker]
runs = "theatre/tracker"
parameters.operation.tools = ["probe", "organ"]

[nodes.truth]
runs = "theatre/truth"
"#;

/// A laboratory with a theatre: devices that take a patient, one of them of its own kind.
fn theatre() -> Lab {
    let patient = |families: Value| {
        json!({
            "type": "object",
            "properties": {
                "seed": {"type": "integer", "format": "uint32", "minimum": 0},
                "anatomy": {"type": "string", "enum": families},
                "drawing": {"type": ["string", "null"], "format": "input-file", "default": null},
            },
            "required": ["seed"],
        })
    };
    let device = |name: &str, message: &str, parameters: Value| {
        let outputs = json!({"out": {"message": message, "version": 1}});
        json!({"name": name, "kind": "device", "outputs": outputs,
            "parameters": {"type": "object", "properties": parameters}})
    };
    let anatomies = json!(["abdomen", "pelvis", "block"]);
    let tool = json!({"oneOf": [
        {"type": "string", "const": "reference", "description": "On the skin."},
        {"type": "string", "const": "organ", "description": "In the organ."},
    ]});
    let gain = |most: u8| json!({"type": "number", "minimum": 0, "maximum": most});
    let lab = Lab::new();
    lab.describing(
        "vesalius-theatre",
        &json!({"executable": "theatre", "participants": [
            device("scanner", "UltrasoundImage", json!({
                "patient": patient(anatomies.clone()), "gain": gain(10),
                "calibration": {"type": "string", "format": "calibration"},
            })),
            device("tracker", "ToolPoses", json!({
                "patient": patient(anatomies.clone()), "gain": gain(100),
                "operation": {"type": "object", "properties": {
                    "tools": {"type": "array", "items": {"type": "string"}},
                }},
            })),
            device("truth", "VesselTree", json!({"patient": patient(anatomies), "reference": tool})),
        ]}),
    );
    lab
}

/// What is said about `GRAPH` with one text replaced by another.
fn instead(old: &str, new: &str) -> String {
    assert!(GRAPH.contains(old), "{old}");
    let lab = theatre();
    lab.said(&lab.check(&GRAPH.replace(old, new), &[]))
}

fn with(line: &str) -> String {
    instead("\n[nodes.scanner]", &format!("{line}\n\n[nodes.scanner]"))
}

fn set(settings: &[&str]) -> String {
    let lab = theatre();
    lab.said(&lab.check(GRAPH, settings))
}

/// The parameters of a node of a graph that is good.
fn parameters(graph: &str, settings: &[&str], node: &str) -> Value {
    let lab = theatre();
    let checked = lab.check(graph, settings);
    let plan = checked.plan().unwrap_or_else(|| panic!("{}", lab.said(&checked)));
    plan.nodes.into_iter().find(|planned| planned.name == node).unwrap().parameters
}

#[test]
fn each_node_with_such_a_parameter_gets_the_common_value() {
    let patient = json!({"seed": 1, "anatomy": "abdomen"});
    assert_eq!(parameters(GRAPH, &[], "scanner"), json!({"patient": patient}));
    let tools = json!({"tools": ["probe", "organ"]});
    assert_eq!(parameters(GRAPH, &[], "tracker"), json!({"patient": patient, "operation": tools}));
    let record = format!("{GRAPH}\n[nodes.record]\nruns = \"lab/record\"\n");
    assert_eq!(parameters(&record, &[], "record"), json!({}));
}

#[test]
fn a_setting_changes_a_common_value_for_all_or_makes_it() {
    for graph in [
        GRAPH.to_owned(),
        GRAPH.replace("[common.patient]\nseed = 1\nanatomy = \"abdomen\"\n", ""),
        GRAPH.replace("[common.patient]\nseed = 1\n", "[common]\npatient.seed = 1\npatient."),
    ] {
        let settings = ["common.patient.seed=9", "common.patient.anatomy=pelvis"];
        for node in ["scanner", "tracker", "truth"] {
            let patient = parameters(&graph, &settings, node)["patient"].clone();
            assert_eq!(patient, json!({"seed": 9, "anatomy": "pelvis"}), "{graph}");
        }
    }
}

#[test]
fn an_own_value_that_is_equal_is_no_conflict() {
    for own in [
        "parameters.patient = { anatomy = \"abdomen\", seed = 1 }",
        "parameters.patient = { anatomy = \"abdomen\", seed = 1.0 }",
    ] {
        let graph = GRAPH.replace("[nodes.truth]", &format!("[nodes.truth]\n{own}"));
        let patient = &parameters(&graph, &[], "truth")["patient"];
        assert_eq!(*patient, json!({"seed": 1, "anatomy": "abdomen"}));
    }
}

#[test]
fn files_and_calibrations_in_common_values_are_found_beside_the_graph() {
    let graph = GRAPH.replace(
        "[common.patient]",
        "[calibrations.probe]\nfile = \"probe.toml\"\n\n[common]\ncalibration = \"probe\"\n\n[common.patient]\ndrawing = \"sweep.mha\"",
    );
    let scanner = parameters(&graph, &[], "scanner");
    assert!(scanner["calibration"]["probe_from_image"].is_array(), "{scanner}");
    let drawing = scanner["patient"]["drawing"].as_str().unwrap();
    assert!(drawing.starts_with('/') && drawing.ends_with("graphs/sweep.mha"), "{drawing}");
}

/// A node whose role is not known may be what takes a common value.
#[test]
fn a_common_value_is_not_called_unknown_while_a_node_is() {
    let lab = theatre();
    let graph = GRAPH
        .replace("theatre/truth", "theatre/thruth")
        .replace("[common.", "[common.x.y]\n[common.");
    let checked = lab.check(&graph, &[]);
    let codes: Vec<&str> = checked.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["unknown-participant"]);
}

#[test]
fn a_reference_among_some_words_is_told() {
    assert_eq!(parameters(GRAPH, &[], "truth")["reference"], "organ");
    let own = GRAPH.replace("theatre/truth\"", "theatre/truth\"\nparameters.reference = \"organ\"");
    assert_eq!(parameters(&own, &[], "truth")["reference"], "organ");
    let none = GRAPH.replace("reference = \"organ\"\n", "");
    assert_eq!(parameters(&none, &[], "truth").get("reference"), None);
}

mistakes! {
    own_value_that_differs: instead("theatre/tracker\"", "theatre/tracker\"\nparameters.patient.seed = 2");
    own_value_on_the_command_line: set(&["tracker.patient.seed=2"]);
    common_value_that_no_node_takes: instead("[common.patient]", "[common.patents]\nseed = 1\n\n[common.colour]\nred = 1\n\n[common.patient]");
    common_value_out_of_range: instead("seed = 1", "seed = -1");
    common_value_out_of_range_for_one: instead("[common.patient]", "[common]\ngain = 50\n\n[common.patient]");
    common_value_of_another_type: instead("[common.patient]\nseed = 1\nanatomy = \"abdomen\"", "[common]\npatient = \"abdomen\"");
    unknown_key_in_a_common_value: with("breth_held = true");
    unknown_word_in_a_common_value: instead("\"abdomen\"", "\"abdomne\"");
    key_missing_in_a_common_value: instead("seed = 1\n", "");
    number_that_is_none_in_a_common_value: instead("seed = 1", "seed = inf");
    missing_file_in_a_common_value: with("drawing = \"nowhere.mha\"");
    missing_calibration_in_a_common_value: instead("[common.patient]", "[common]\ncalibration = \"prob\"\n\n[common.patient]");
    common_that_is_no_table: instead("[common.patient]\nseed = 1\nanatomy = \"abdomen\"", "common = 1");
    node_called_common: instead("[nodes.truth]", "[nodes.common]");
    set_unknown_key_in_a_common_value: set(&["common.patient.sed=2"]);
    set_unknown_common_value: set(&["common.patint.seed=2"]);
    set_common_alone: set(&["common=2"]);
    reference_that_is_none_of_the_words: instead("reference = \"organ\"", "reference = \"probe\"");
    reference_like_one_of_the_words: instead("reference = \"organ\"", "reference = \"orgna\"");
    other_reference_among_the_words: instead("theatre/truth\"", "theatre/truth\"\nparameters.reference = \"reference\"");
    reference_that_is_no_word: instead("theatre/truth\"", "theatre/truth\"\nparameters.reference = \"refrence\"");
}
