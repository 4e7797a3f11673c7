//! `list`, `describe`, `graph`, tools and slips of the tongue, at the command itself.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::lab::{CALIBRATION, Lab, sha256};

/// `vesalius` as a user of the laboratory runs it: its own folder holds other executables, so that it is copied.
pub struct Bench {
    pub lab: Lab,
}

impl Bench {
    pub fn new() -> Self {
        let lab = Lab::new();
        std::fs::remove_file(lab.path().join("vesalius-broken")).unwrap();
        std::fs::create_dir(lab.path().join("bin")).unwrap();
        let vesalius = lab.path().join("bin/vesalius");
        // A link would be followed to the folder of the real one.
        if std::fs::hard_link(env!("CARGO_BIN_EXE_vesalius"), &vesalius).is_err() {
            std::fs::copy(env!("CARGO_BIN_EXE_vesalius"), &vesalius).unwrap();
        }
        Self { lab }
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        Command::new(self.lab.path().join("bin/vesalius"))
            .args(arguments)
            .current_dir(self.lab.path())
            .env("VESALIUS_PATH", self.lab.path())
            .env("XDG_CACHE_HOME", self.lab.path().join("cache"))
            .output()
            .unwrap()
    }

    pub fn printed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }
}

pub fn lines(text: &[u8]) -> String {
    String::from_utf8(text.to_vec()).unwrap()
}

#[test]
fn list_names_everything_with_a_line_of_help() {
    let bench = Bench::new();
    insta::assert_snapshot!("list", bench.printed(&["list"]));
    let json: Value = serde_json::from_str(&bench.printed(&["list", "--json"])).unwrap();
    assert_eq!(json["participants"].as_array().unwrap().len(), 15);
    assert_eq!(json["tools"][0]["name"], "calibrate");
    let giving = bench.printed(&["list", "--gives", "ToolPoses"]);
    assert!(giving.contains("lab/tracker") && !giving.contains("lab/scanner"), "{giving}");
    let taking = bench.printed(&["list", "--takes", "ToolPoses"]);
    assert!(taking.contains("lab/locate") && !taking.contains("lab/tracker"), "{taking}");
}

#[test]
fn an_executable_that_fails_is_named_and_the_others_are_listed() {
    let bench = Bench::new();
    bench.lab.executable("vesalius-broken", "echo no libtorch >&2; exit 3");
    bench.lab.executable("vesalius-odd", "echo hello");
    bench.lab.write("vesalius-notes.txt", "no executable");
    let output = bench.run(&["list"]);
    assert!(!output.status.success());
    assert!(lines(&output.stdout).contains("lab/scanner"));
    let errors = lines(&output.stderr);
    assert!(
        errors.contains("vesalius-broken fails at `describe` (exit status: 3): no libtorch"),
        "{errors}"
    );
    assert!(errors.contains("vesalius-odd answers `describe` with something else"), "{errors}");
    assert!(!errors.contains("notes"), "{errors}");
}

#[test]
fn describe_shows_ports_and_parameters() {
    let bench = Bench::new();
    let said = bench.printed(&["describe", "lab/locate"]);
    assert!(said.lines().all(|line| line.chars().count() <= 80));
    insta::assert_snapshot!("describe", said);
    assert_eq!(
        bench.printed(&["describe", "locate"]),
        said,
        "a name that only one offers is enough"
    );
    let json: Value =
        serde_json::from_str(&bench.printed(&["describe", "--json", "locate"])).unwrap();
    assert_eq!(
        json["inputs"]["image"],
        json!({"message": "UltrasoundImage", "version": 1, "frames": ["image"]})
    );
    assert_eq!(json["parameters"]["required"], json!(["calibration"]));
}

#[test]
fn describe_says_which_inputs_may_be_left_out() {
    let bench = Bench::new();
    let said = bench.printed(&["describe", "lab/steer"]);
    for line in [
        "  located  LocatedImage v1  in patient, image\n",
        "  poses    ToolPoses v1     in tracker, tool; may be left out\n",
        "  inputs.located = \"NODE.PORT\"    # LocatedImage\n",
        "  inputs.poses = \"NODE.PORT\"    # ToolPoses, may be left out\n",
    ] {
        assert!(said.contains(line), "{said}");
    }
    let json: Value =
        serde_json::from_str(&bench.printed(&["describe", "--json", "lab/steer"])).unwrap();
    assert_eq!(json["inputs"]["poses"]["optional"], true);
    assert_eq!(json["inputs"]["located"]["optional"], Value::Null);
}

#[test]
fn describe_knows_foreign_executables_and_slips() {
    let bench = Bench::new();
    bench.lab.offering("own.sh", "left", &json!({}));
    let said = bench.printed(&["describe", "own.sh:left"]);
    assert!(said.starts_with("own.sh:left: device of own.sh"), "{said}");
    let output = bench.run(&["describe", "lab/locat"]);
    assert!(!output.status.success());
    assert!(lines(&output.stderr).contains("did you mean `lab/locate`?"));
    let output = bench.run(&["describe", "nowhere.sh:left"]);
    assert!(lines(&output.stderr).contains("nowhere.sh cannot be started: there is no such file"));
    bench.lab.offering("vesalius-rig", "locate", &json!({}));
    let output = bench.run(&["describe", "locate"]);
    assert!(lines(&output.stderr).contains("`locate` may be `lab/locate` and `rig/locate`"));
}

#[test]
fn tools_are_run_with_their_arguments_and_their_exit_code() {
    let bench = Bench::new();
    let output = bench.run(&["calibrate", "--quick", "a file"]);
    assert_eq!(lines(&output.stdout), "vesalius-lab calibrate --quick a file\n");
    assert_eq!(output.status.code(), Some(7));
    let help = bench.printed(&["--help"]);
    assert!(help.contains("calibrate  finds a calibration"), "{help}");
}

#[test]
fn unknown_words_get_a_suggestion() {
    let bench = Bench::new();
    for (word, meant) in [("chek", "check"), ("calibrat", "calibrate"), ("tpo", "top")] {
        let output = bench.run(&[word]);
        assert_eq!(output.status.code(), Some(2));
        let errors = lines(&output.stderr);
        assert!(errors.contains(&format!("did you mean `vesalius {meant}`?")), "{word}: {errors}");
    }
    let errors = lines(&bench.run(&["graphs/sweep.toml"]).stderr);
    assert!(errors.contains("`vesalius run graphs/sweep.toml`"), "{errors}");
}

const UNSUMMED: &str = r#"version = 1
[calibrations]
probe = { file = "probe.toml" }
[nodes.ultrasound]
runs = "lab/scanner"
[nodes.tracker]
runs = "lab/tracker"
[nodes.locate]
runs = "lab/locate"
inputs = { image = "ultrasound.image", poses = "tracker.poses" }
parameters.calibration = "probe"
delivery.image = "newest"
deadline_ms = 50
[nodes.segment]
runs = "lab/segment"
inputs.located = "locate.located"
parameters.model = "card.toml"
[nodes.record]
runs = "lab/record"
"#;

/// The graph above, with the checksum of its calibration.
fn graph() -> String {
    let file = "file = \"probe.toml\"";
    UNSUMMED.replace(file, &format!("{file}, sha256 = \"{}\"", sha256(CALIBRATION)))
}

#[test]
fn check_exits_with_what_it_found() {
    let bench = Bench::new();
    bench.lab.write("graphs/good.toml", &graph());
    bench.lab.write("graphs/bad.toml", &graph().replace("tracker.poses", "tracker.pose"));
    let good = bench.printed(&["check", "graphs/good.toml"]);
    assert_eq!(good, "graphs/good.toml: good: 2 devices, 2 nodes, 1 observer, 3 connections\n");
    let output = bench.run(&["check", "graphs/bad.toml", "graphs/good.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let said = lines(&output.stdout);
    assert!(said.contains("did you mean `poses`?") && said.ends_with(&good), "{said}");
    assert!(!said.contains('\u{1b}'), "no colours but on a terminal");
    let settings = ["check", "graphs/good.toml", "--set", "locate.max_gap_ms=0"];
    assert_eq!(bench.run(&settings).status.code(), Some(1));
    assert_eq!(bench.run(&["check"]).status.code(), Some(2));
}

#[test]
fn warnings_fail_only_a_strict_check() {
    let bench = Bench::new();
    bench.lab.write("graphs/good.toml", &graph());
    bench.lab.write("graphs/unsummed.toml", UNSUMMED);
    let said = bench.printed(&["check", "graphs/unsummed.toml"]);
    let line = format!("sha256=\"{}\"\n", sha256(CALIBRATION));
    assert!(said.contains(&line), "the sum can be copied in one piece: {said}");
    assert!(said.ends_with("; 1 warning\n"), "{said}");
    let strict = |graph| bench.run(&["check", "--strict", graph]).status.code();
    assert_eq!(strict("graphs/unsummed.toml"), Some(1));
    assert_eq!(strict("graphs/good.toml"), Some(0));
    let json = bench.printed(&["check", "--json", "graphs/unsummed.toml"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let problem = &json[0]["problems"][0];
    assert_eq!(
        (&problem["code"], &problem["severity"]),
        (&json!("no-checksum"), &json!("warning"))
    );
    assert_eq!(json[0]["good"], true);
    // What is named on the command line is meant.
    let probe = bench.lab.path().join("graphs/probe.toml");
    let given = format!("calibrations.probe={}", probe.display());
    let said = bench.printed(&["check", "--strict", "graphs/unsummed.toml", "--set", &given]);
    assert!(!said.contains("warning"), "{said}");
}

#[test]
fn run_tells_a_warning_once() {
    let bench = Bench::new();
    bench.lab.write("graphs/unsummed.toml", UNSUMMED);
    // Its participants only describe themselves, so that it does not come to a start.
    let output = bench.run(&["run", "graphs/unsummed.toml", "--session-folder", "session"]);
    let said = lines(&output.stderr);
    assert_eq!(said.matches("has no checksum").count(), 1, "{said}");
    assert!(!lines(&output.stdout).contains("has no checksum"));
}

#[test]
fn graph_draws_text_image_and_mermaid() {
    let bench = Bench::new();
    bench.lab.write("graphs/good.toml", &graph());
    insta::assert_snapshot!("graph", bench.printed(&["graph", "graphs/good.toml"]));
    insta::assert_snapshot!("mermaid", bench.printed(&["graph", "--mermaid", "graphs/good.toml"]));
    bench.printed(&["graph", "graphs/good.toml", "--svg", "good.svg"]);
    let svg = std::fs::read_to_string(bench.lab.path().join("good.svg")).unwrap();
    for text in [
        "ultrasound",
        "lab/locate",
        "UltrasoundImage",
        "newest, ≤ 50 ms",
        "observers hear every stream",
    ] {
        assert!(svg.contains(text), "{text}");
    }
    assert_eq!(
        svg.matches("class=\"wire\" stroke=\"").count(),
        3 + 4,
        "lines, and messages of the legend"
    );
    let output = bench.run(&["graph", "graphs/good.toml", "--svg", "nowhere/good.svg"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(lines(&output.stderr).contains("cannot write nowhere/good.svg"));
}

#[test]
fn a_graph_with_errors_is_drawn_as_far_as_it_is_understood() {
    let bench = Bench::new();
    bench.lab.write("graphs/bad.toml", &graph().replace("lab/segment", "lab/segmnt"));
    let output = bench.run(&["graph", "graphs/bad.toml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(lines(&output.stdout).contains("▼─ located"), "{}", lines(&output.stdout));
    assert!(lines(&output.stderr).contains("`lab` offers no `segmnt`"));
}
