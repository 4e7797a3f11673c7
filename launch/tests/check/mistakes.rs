//! Ten and more mistakes, what is said about each, and one graph with all of them.

use crate::lab::Lab;

/// SHA-256 of the laboratory's calibration.
const SUM: &str = "a6d0881f81bba2728c199dc4c0d9c64184977e8aec9b7b1d9892202a83869742";

/// A graph without mistakes, to which each test adds its own.
const GOOD: &str = r#"version = 1

[calibrations]
probe = { file = "probe.toml", sha256 = "a6d0881f81bba2728c199dc4c0d9c64184977e8aec9b7b1d9892202a83869742" }

[nodes.ultrasound]
runs = "lab/scanner"

[nodes.tracker]
runs = "lab/tracker"

[nodes.locate]
runs = "lab/locate"
inputs.image = "ultrasound.image"
inputs.poses = "tracker.poses"
parameters.calibration = "probe"
"#;

/// What is said about `GOOD` with one text replaced by another.
fn instead(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old}");
    let lab = Lab::new();
    lab.said(&lab.check(&GOOD.replace(old, new), &[]))
}

/// What is said about `GOOD` and more nodes.
fn with(more: &str) -> String {
    let lab = Lab::new();
    lab.said(&lab.check(&format!("{GOOD}\n{more}"), &[]))
}

fn set(settings: &[&str]) -> String {
    let lab = Lab::new();
    lab.said(&lab.check(GOOD, settings))
}

#[test]
fn a_good_graph_is_good() {
    insta::assert_snapshot!(set(&[]), @"graph.toml: good: 2 devices, 1 node, 0 observers, 2 connections");
}

#[test]
fn an_optional_input_may_be_left_out_or_fed() {
    let steer = "[nodes.steer]\nruns = \"lab/steer\"\ninputs.located = \"locate.located\"";
    let wait = "[nodes.wait]\nruns = \"lab/wait\"\ninputs.poses = \"tracker.poses\"";
    insta::assert_snapshot!(
        with(&format!("{steer}\n{wait}")),
        @"graph.toml: good: 2 devices, 3 nodes, 0 observers, 4 connections"
    );
    insta::assert_snapshot!(
        with(&format!("{steer}\ninputs.poses = \"tracker.poses\"")),
        @"graph.toml: good: 2 devices, 2 nodes, 0 observers, 4 connections"
    );
}

const PATIENT: &str = "[nodes.patient]\nruns = \"lab/patient\"";

#[test]
fn a_report_may_read_truth_and_a_recorder_hears_it() {
    let report = "[nodes.score]\nruns = \"lab/report\"\ninputs.image = \"patient.truth\"\ninputs.poses = \"patient.truth_poses\"";
    insta::assert_snapshot!(
        with(&format!("{PATIENT}\n{report}\n[nodes.record]\nruns = \"lab/record\"")),
        @"graph.toml: good: 3 devices, 2 nodes, 1 observer, 4 connections"
    );
}

/// A name that only begins like it, or a setting on the command line that brings it in.
#[test]
fn truth_is_found_by_its_whole_name_wherever_it_comes_from() {
    let lab = Lab::new();
    let graph = format!("{GOOD}\n{PATIENT}");
    let codes = |settings: &[&str]| -> Vec<&str> {
        lab.check(&graph, settings).problems.iter().map(|problem| problem.code).collect()
    };
    assert_eq!(codes(&["nodes.locate.inputs.image=patient.truth"]), ["truth"]);
    assert_eq!(codes(&["nodes.locate.inputs.image=patient.truthful"]), ["unknown-port"]);
}

mistakes! {
    unknown_executable: instead("lab/scanner", "lap/scanner");
    unknown_participant: instead("lab/scanner", "lab/scaner");
    runs_nothing: instead("lab/scanner", "scanner");
    executable_that_fails: instead("lab/scanner", "broken/scanner");
    foreign_executable_that_is_missing: instead("lab/scanner", "./my_scanner.py:scanner");
    source_in_a_graph: instead("lab/scanner", "lab/play");
    unknown_node: instead("ultrasound.image", "ultrasund.image");
    unknown_output: instead("tracker.poses", "tracker.pose");
    unknown_input: instead("inputs.poses", "inputs.pose");
    no_output_named: instead("ultrasound.image", "ultrasound");
    wrong_message: instead("\"tracker.poses\"", "\"ultrasound.image\"");
    wrong_version: with("[nodes.newer]\nruns = \"lab/newer\"\ninputs.image = \"ultrasound.image\"");
    frames_that_do_not_meet: with("[nodes.raw]\nruns = \"lab/raw\"\ninputs.located = \"locate.located\"");
    input_fed_by_nobody: instead("inputs.poses = \"tracker.poses\"\n", "");
    no_input_at_all: with("[nodes.wait]\nruns = \"lab/wait\"");
    misspelt_optional_input: with("[nodes.steer]\nruns = \"lab/steer\"\ninputs.located = \"locate.located\"\ninputs.pose = \"tracker.poses\"");
    truth: with(&format!("{PATIENT}\n\n[nodes.smooth]\nruns = \"lab/smooth\"\ninputs.image = \"patient.truth\""));
    truth_of_another_name: with(&format!("{PATIENT}\n\n[nodes.again]\nruns = \"lab/locate\"\ninputs.image = \"patient.image\"\ninputs.poses = \"patient.truth_poses\"\nparameters.calibration = \"probe\""));
    missing_calibration: instead("= \"probe\"", "= \"prob\"");
    missing_calibration_file: instead("probe.toml", "probe-c5.toml");
    changed_calibration: instead("a6d0881f81bba272", "0000000000000000");
    calibration_without_checksum: instead(&format!(", sha256 = \"{SUM}\""), "");
    no_checksum: instead("sha256 = \"a6d0881f", "sha256 = \"");
    parameter_out_of_range: with_locate("parameters.max_gap_ms = 5000");
    parameter_of_another_type: with_locate("parameters.max_gap_ms = \"40\"");
    unknown_parameter: with_locate("parameters.max_gap = 40");
    unknown_word: with_locate("parameters.blending = \"liner\"");
    list_of_another_length: with_locate("parameters.sector.apex_px = [1, 2, 3]");
    key_missing_inside: with_locate("parameters.sector = {}");
    number_that_is_none: with_locate("parameters.max_gap_ms = nan");
    missing_parameter: instead("parameters.calibration = \"probe\"\n", "");
    circle: with("[nodes.a]\nruns = \"lab/smooth\"\ninputs.image = \"b.image\"\n\n[nodes.b]\nruns = \"lab/smooth\"\ninputs.image = \"a.image\"");
    hears_itself: with("[nodes.a]\nruns = \"lab/smooth\"\ninputs.image = \"a.image\"");
    unknown_key: with_locate("priorty = 7");
    wrong_words_and_numbers: with_locate("on_failure = \"restrt\"\npriority = 11\ndelivery.image = \"latest\"\ndeadline_ms.pose = 50\nstartup_ms = 0");
    observer_with_inputs: with("[nodes.record]\nruns = \"lab/record\"\ninputs.image = \"ultrasound.image\"\ndeadline_ms = 50");
    two_recorders: with("[nodes.record]\nruns = \"lab/record\"\n\n[nodes.again]\nruns = \"lab/record\"");
    node_twice: with("[nodes.tracker]\nruns = \"lab/tracker\"");
    key_twice: with_locate("priority = 3\npriority = 4");
    bad_names: with("[nodes.launch]\nruns = \"lab/scanner\"\n[nodes.\"a.b\"]\nruns = \"lab/record\"");
    unreachable_device: instead("\"lab/tracker\"", "\"lab/tracker\"\nparameters.address = \"tcp://127.0.0.1:1\"");
    no_address: instead("\"lab/tracker\"", "\"lab/tracker\"\nparameters.address = \"tracker\"");
    missing_file: with("[nodes.film]\nruns = \"lab/file\"\nparameters.path = \"film.mha\"");
    missing_model: with_segment("models/vessels.toml");
    other_weights: with_segment("other-card.toml");
    unknown_reference: with_reference("\"lab/tracker\"", "\"lab/tracker\"\nparameters.tools = [\"probe\", \"patent\"]");
    other_reference: with_reference("= \"probe\"", "= \"probe\"\nparameters.reference = \"table\"");
    unused_calibration: instead("probe = {", &format!("stylus = {{ file = \"probe.toml\", sha256 = \"{SUM}\" }}\nprobe = {{"));
    no_toml: instead("[nodes.tracker]", "[nodes.tracker");
    no_version: instead("version = 1\n", "");
    set_unknown_node: set(&["loacte.max_gap_ms=40"]);
    set_unknown_parameter: set(&["locate.max_gap=40"]);
    set_out_of_range: set(&["ultrasound.rate_hz=20", "locate.max_gap_ms=4000"]);
    set_without_value: set(&["locate.max_gap_ms"]);
    set_other_calibration: set(&["calibrations.probe=nowhere.xml"]);
}

fn with_locate(line: &str) -> String {
    with(line)
}

fn with_segment(card: &str) -> String {
    with(&format!(
        "[nodes.segment]\nruns = \"lab/segment\"\ninputs.located = \"locate.located\"\nparameters.model = \"{card}\""
    ))
}

fn with_reference(old: &str, new: &str) -> String {
    let lab = Lab::new();
    let graph = GOOD.replace("version = 1", "version = 1\nreference = \"patient\"");
    lab.said(&lab.check(&graph.replace(old, new), &[]))
}

/// All at once: every mistake is named, none hides another.
#[test]
fn everything_at_once() {
    let graph = r#"version = 1
reference = "patient"
colour = "blue"

[calibrations]
probe = { file = "probe.toml", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }

[nodes.ultrasound]
runs = "lab/scaner"

[nodes.camera]
runs = "lab/scanner"
parameters.rate_hz = 1000

[nodes.tracker]
runs = "lab/tracker"
parameters.address = "127.0.0.1:1"

[nodes.locate]
runs = "lab/locate"
inputs.image = "camra.image"
inputs.pose = "tracker.poses"
parameters.calibration = "probe"
parameters.max_gap = 40
priority = 11

[nodes.raw]
runs = "lab/raw"
inputs.located = "locate.located"

[nodes.segment]
runs = "lab/segment"
inputs.located = "tracker.poses"
parameters.model = "nowhere.toml"

[nodes.a]
runs = "lab/smooth"
inputs.image = "b.image"

[nodes.b]
runs = "lab/smooth"
inputs.image = "a.image"
delivery.image = "latest"

[nodes.c]
runs = "lab/smooth"

[nodes.record]
runs = "lap/record"
"#;
    let lab = Lab::new();
    let checked = lab.check(graph, &["tracker.adress=127.0.0.1:2"]);
    let codes: Vec<&str> = checked.problems.iter().map(|problem| problem.code).collect();
    for code in [
        "unknown-key",
        "wrong-checksum",
        "unknown-participant",
        "wrong-parameter",
        "unreachable",
        "unknown-node",
        "unknown-port",
        "unconnected",
        "unknown-parameter",
        "out-of-range",
        "frames",
        "wrong-message",
        "missing-model",
        "circle",
        "wrong-value",
        "unknown-executable",
    ] {
        assert!(codes.contains(&code), "{code} is not among {codes:?}");
    }
    assert!(checked.plan().is_none());
    insta::assert_snapshot!("everything_at_once", lab.said(&checked));
}

#[test]
fn json_names_the_place_of_each_problem() {
    let lab = Lab::new();
    let checked =
        lab.check(&GOOD.replace("tracker.poses", "tracker.pose"), &["locate.max_gap_ms=0"]);
    insta::assert_snapshot!(
        "json",
        format!("{:#}", launch::check::to_json(&checked, "graph.toml"))
    );
}
