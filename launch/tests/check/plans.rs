//! The plan of a good graph: what was written, what is the default, what came from files.

use launch::plan::ParticipantKind::{self, Device, Node, Observer};
use launch::plan::{OnFailure, Plan};
use launch::problem::Severity;
use runtime::assignment::Delivery;
use serde_json::json;

use crate::lab::{CALIBRATION, Lab, sha256};

const GRAPH: &str = r#"
version = 1
reference = "patient"

[calibrations.probe]
file = "probe.toml"

[nodes.ultrasound]
runs = "lab/scanner"
parameters.rate_hz = 20

[nodes.tracker]
runs = "lab/tracker"
parameters.tools = ["patient", "probe"]
priority = 10
on_failure = "stop"

[nodes.locate]
runs = "lab/locate"
inputs = { image = "ultrasound.image", poses = "tracker.poses" }
parameters = { calibration = "probe", max_gap_ms = 40.0, sector.apex_px = [1, 2.5] }
delivery.image = "newest"
deadline_ms.poses = 50
startup_ms = 20_000
shared_memory_mib = 96

[nodes.segment]
runs = "lab/segment"
inputs.located = "locate.located"
parameters.model = "card.toml"
deadline_ms = 400

[nodes.record]
runs = "lab/record"
"#;

fn plan(lab: &Lab, graph: &str, settings: &[&str]) -> Plan {
    let checked = lab.check(graph, settings);
    checked.plan().unwrap_or_else(|| panic!("{}", lab.said(&checked)))
}

fn node<'p>(plan: &'p Plan, name: &str) -> &'p launch::plan::PlannedNode {
    plan.nodes.iter().find(|node| node.name == name).unwrap()
}

#[test]
fn nodes_come_in_the_order_of_the_file_with_their_kind_and_executable() {
    let lab = Lab::new();
    let plan = plan(&lab, GRAPH, &[]);
    let names: Vec<&str> = plan.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["ultrasound", "tracker", "locate", "segment", "record"]);
    let kinds: Vec<ParticipantKind> = plan.nodes.iter().map(|node| node.kind).collect();
    assert_eq!(kinds, [Device, Device, Node, Node, Observer]);
    let locate = node(&plan, "locate");
    assert_eq!(locate.runs, "lab/locate");
    assert!(locate.executable.is_absolute() && locate.executable.ends_with("vesalius-lab"));
    assert_eq!(locate.outputs["located"].message, "LocatedImage");
    assert_eq!(plan.reference.as_deref(), Some("patient"));
    assert_eq!(plan.text, GRAPH);
}

#[test]
fn what_is_written_counts_and_the_rest_is_the_default() {
    let lab = Lab::new();
    let plan = plan(&lab, GRAPH, &[]);
    let locate = node(&plan, "locate");
    assert_eq!((locate.startup_ms, locate.shared_memory_mib, locate.priority), (20_000, 96, 5));
    assert_eq!(locate.on_failure, OnFailure::Restart);
    let (image, poses) = (&locate.inputs["image"], &locate.inputs["poses"]);
    assert_eq!((image.node.as_str(), image.port.as_str()), ("ultrasound", "image"));
    assert_eq!((image.delivery, image.deadline_ms), (Delivery::Newest, None));
    assert_eq!((poses.delivery, poses.deadline_ms), (Delivery::Every, Some(50)));
    assert_eq!(node(&plan, "segment").inputs["located"].deadline_ms, Some(400));
    let tracker = node(&plan, "tracker");
    assert_eq!((tracker.priority, tracker.on_failure), (10, OnFailure::Stop));
    assert_eq!((tracker.startup_ms, tracker.shared_memory_mib), (5000, 64));
}

#[test]
fn calibrations_models_and_the_reference_are_filled_in() {
    let lab = Lab::new();
    let plan = plan(&lab, GRAPH, &[]);
    let rows = json!([[0.1, 0, 0, -5], [0, 0.1, 0, 0], [0, 0, 0.1, 0]]);
    assert_eq!(
        node(&plan, "locate").parameters,
        json!({
            "calibration": {"probe_from_image": rows},
            "max_gap_ms": 40,
            "sector": {"apex_px": [1, 2.5]},
            "reference": "patient",
        })
    );
    // A whole number that was written with a point must reach a node as a whole number.
    assert!(node(&plan, "locate").parameters["max_gap_ms"].is_u64());
    let card = lab.path().canonicalize().unwrap().join("graphs/card.toml");
    assert_eq!(node(&plan, "segment").parameters["model"], json!(card));
    let files: Vec<(&str, &str, &str)> = plan
        .files
        .iter()
        .map(|file| (file.kind.as_str(), file.name.as_str(), file.sha256.as_str()))
        .collect();
    let card_text = std::fs::read_to_string(&card).unwrap();
    assert_eq!(
        files,
        [
            ("calibration", "probe", sha256(CALIBRATION).as_str()),
            ("model", "vessels", sha256("weights").as_str()),
            ("card", "vessels", sha256(&card_text).as_str()),
        ]
    );
    assert!(plan.files.iter().all(|file| file.path.is_absolute() && file.path.is_file()));
}

#[test]
fn a_checksum_that_fits_is_no_problem_whatever_the_case_of_its_digits() {
    let lab = Lab::new();
    let sum = format!("file = \"probe.toml\"\nsha256 = \"{}\"", sha256(CALIBRATION).to_uppercase());
    plan(&lab, &GRAPH.replace("file = \"probe.toml\"", &sum), &[]);
}

#[test]
fn settings_change_parameters_before_the_check() {
    let lab = Lab::new();
    let settings = [
        "ultrasound.rate_hz=31.5",
        "locate.blending=nearest",
        "locate.sector.apex_px=[7, 8]",
        "nodes.segment.deadline_ms=77",
        "reference=probe",
    ];
    let plan = plan(&lab, GRAPH, &settings);
    assert_eq!(node(&plan, "ultrasound").parameters, json!({"rate_hz": 31.5}));
    let locate = &node(&plan, "locate").parameters;
    assert_eq!(locate["blending"], "nearest");
    assert_eq!(locate["sector"], json!({"apex_px": [7, 8]}));
    assert_eq!(locate["reference"], "probe");
    assert_eq!(node(&plan, "segment").inputs["located"].deadline_ms, Some(77));
    assert_eq!(plan.text, GRAPH, "the text of the file stays what the file says");
}

#[test]
fn a_calibration_given_on_the_command_line_replaces_file_and_checksum() {
    let lab = Lab::new();
    let wrong = format!("file = \"probe.toml\"\nsha256 = \"{}\"", "0".repeat(64));
    let graph = GRAPH.replace("file = \"probe.toml\"", &wrong);
    let xml = r#"<PlusConfiguration><CoordinateDefinitions>
        <Transform From="Image" To="Pixel" Matrix="1 0 0 -410 0 1 0 5 0 0 1 0 0 0 0 1"/>
        <Transform From="Probe" To="Pixel" Matrix="1 0 0 0 0 1 0 0 0 0 1 7 0 0 0 1"/>
        <Transform From="Tracker" To="Reference" Matrix="0 -1 0 1 1 0 0 2 0 0 1 3 0 0 0 1"/>
        </CoordinateDefinitions></PlusConfiguration>"#;
    let path = lab.write("plus.xml", xml);
    let plan = plan(&lab, &graph, &[&format!("calibrations.probe={}", path.display())]);
    assert_eq!(
        node(&plan, "locate").parameters["calibration"],
        json!({
            // Image to Probe goes over Pixel: shift by (-410, 5, 0), then back by (0, 0, 7).
            "probe_from_image": [[1.0, 0.0, 0.0, -410.0], [0.0, 1.0, 0.0, 5.0], [0.0, 0.0, 1.0, -7.0]],
            "patient_from_tracker": [[0.0, -1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 2.0], [0.0, 0.0, 1.0, 3.0], [0.0, 0.0, 0.0, 1.0]],
        })
    );
    assert_eq!(plan.files[0].sha256, sha256(xml));
}

#[test]
fn calibrations_that_are_none_are_refused_with_the_reason() {
    for (text, reason) in [
        ("probe_from_image = [[1, 0, 0, 0]]", "three rows of four numbers"),
        ("probe_from_image = [[1,0,0,0],[1,0,0,0],[0,0,0,0]]", "must be invertible"),
        ("probe_from_image = [[nan,0,0,0],[0,1,0,0],[0,0,1,0]]", "three rows of four numbers"),
        ("\n\nprobe_from_image = [", "line 3"),
        (
            "patient_from_tracker = [[2,0,0,0],[0,2,0,0],[0,0,2,0],[0,0,0,1]]",
            "patient_from_tracker",
        ),
        ("<PlusConfiguration/>", "no way from Image to Probe"),
        ("<Other/>", "is it a PLUS device set"),
        ("\u{feff}<", "XML"),
    ] {
        let lab = Lab::new();
        lab.write("graphs/probe.toml", text);
        let checked = lab.check(GRAPH, &[]);
        let said = lab.said(&checked);
        assert!(checked.plan().is_none() && said.contains(reason), "{text}: {said}");
        assert_eq!(checked.problems[0].code, "bad-calibration", "{said}");
    }
}

#[test]
fn a_real_device_set_gives_its_matrices() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/imfusion_liver_sweep");
    let path = std::path::Path::new(folder).join("liver_sweep.xml");
    if !path.is_file() {
        println!("skipped: {} is not there", path.display());
        return;
    }
    let lab = Lab::new();
    let plan = plan(&lab, GRAPH, &[&format!("calibrations.probe={}", path.display())]);
    let calibration = &node(&plan, "locate").parameters["calibration"];
    // As it stands in the file, rows of four.
    assert_eq!(
        calibration["probe_from_image"][0],
        json!([0.115_082_410_6, -0.291_882_094_5, 0.025_905_988_46, -61.529_626_08])
    );
    assert_eq!(calibration["probe_from_image"].as_array().unwrap().len(), 3);
    assert_eq!(calibration["patient_from_tracker"][2][3], json!(830.989_119_7));
    assert_eq!(calibration["patient_from_tracker"][3], json!([0.0, 0.0, 0.0, 1.0]));
}

#[test]
fn files_and_executables_are_found_beside_the_graph() {
    let lab = Lab::new();
    let image = json!({"image": {"message": "UltrasoundImage", "version": 1}});
    lab.offering("graphs/own/camera.sh", "left", &image);
    let graph = r#"
        version = 1
        [nodes.film]
        runs = "lab/file"
        parameters.path = "../graphs/./sweep.mha"
        [nodes.camera]
        runs = "own/camera.sh:left"
        [nodes.smooth]
        runs = "lab/smooth"
        inputs.image = "camera.image"
    "#;
    let plan = plan(&lab, graph, &[]);
    let graphs = lab.path().canonicalize().unwrap().join("graphs");
    assert_eq!(node(&plan, "film").parameters["path"], json!(graphs.join("sweep.mha")));
    assert_eq!(node(&plan, "camera").executable, graphs.join("own/camera.sh"));
    assert_eq!(node(&plan, "camera").runs, "camera.sh/left");
}

#[test]
fn a_circle_with_a_delay_is_no_circle() {
    let lab = Lab::new();
    let graph = r#"
        version = 1
        [nodes.a]
        runs = "lab/smooth"
        inputs.image = "b.image"
        [nodes.b]
        runs = "lab/hold"
        inputs.image = "a.image"
    "#;
    plan(&lab, graph, &[]);
}

#[test]
fn weights_given_beside_the_card_are_the_ones_that_are_checked() {
    let lab = Lab::new();
    lab.write("graphs/elsewhere.bin", "weights");
    lab.write("graphs/changed.bin", "other");
    let missing =
        GRAPH.replace("\"card.toml\"", "\"card.toml\"\nparameters.weights = \"elsewhere.bin\"");
    let plan = plan(&lab, &missing, &[]);
    let path = lab.path().canonicalize().unwrap().join("graphs/elsewhere.bin");
    assert_eq!(node(&plan, "segment").parameters["weights"], json!(path));
    let changed = lab.check(
        &missing,
        &[&format!("segment.weights={}", lab.path().join("graphs/changed.bin").display())],
    );
    let errors = changed.problems.iter().filter(|problem| problem.severity == Severity::Error);
    assert_eq!(errors.map(|problem| problem.code).collect::<Vec<_>>(), ["wrong-checksum"]);
}
