//! Files that nobody should write: they are refused in words, never with a crash.

use std::sync::OnceLock;

use launch::check::{Report, check};
use launch::graph_file::GraphFile;
use proptest::prelude::*;

use crate::lab::Lab;

fn lab() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(Lab::new)
}

/// Checks a text and renders what is said; every label must lie in the text it points into.
fn survive(name: &str, text: &[u8], settings: &[String]) -> usize {
    let path = lab().path().join(name);
    std::fs::write(&path, text).unwrap();
    let checked = check(&path, settings, &lab().catalogue());
    let said = Report { colour: true, width: 80 }.text(&checked, name);
    for problem in &checked.problems {
        assert!(!problem.message.is_empty() && said.len() > problem.message.len());
        for label in &problem.labels {
            let file = checked.file.as_ref().unwrap();
            let text = match label.place.text {
                launch::problem::Text::File => &file.text,
                launch::problem::Text::CommandLine => &file.settings,
            };
            assert!(text.get(label.place.span.clone()).is_some(), "{label:?} in {text:?}");
        }
    }
    checked.errors()
}

#[test]
fn what_is_no_file_of_text_is_refused() {
    let lab = lab();
    for path in [lab.path().join("nowhere.toml"), lab.path().to_owned()] {
        let checked = check(&path, &[], &lab.catalogue());
        assert_eq!(checked.problems.len(), 1);
        assert_eq!(checked.problems[0].code, "unreadable");
        assert!(checked.problems[0].message.contains(path.to_str().unwrap()));
    }
    assert_eq!(survive("latin1.toml", b"version = 1\n# \xe4\n", &[]), 1);
    assert!(survive("zeros.toml", &[0; 300], &[]) > 0);
    assert!(survive("empty.toml", b"", &[]) > 0);
    let huge = [&b"version = 1\n"[..], &vec![b'#'; 5 << 20]].concat();
    assert_eq!(survive("huge.toml", &huge, &[]), 1);
}

#[test]
fn depth_and_numbers_without_end_are_refused() {
    let deep = |open: &str, close: &str| {
        format!("version = 1\nnodes = {}{}\n", open.repeat(50_000), close.repeat(50_000))
    };
    assert!(survive("lists.toml", deep("[", "]").as_bytes(), &[]) > 0);
    assert!(survive("tables.toml", deep("{a = ", "}").as_bytes(), &[]) > 0);
    let dotted = format!("version = 1\n{}b = 1\n", "a.".repeat(50_000));
    assert!(survive("dotted.toml", dotted.as_bytes(), &[]) > 0);
    let header = format!("version = 1\n[{}b]\n", "nodes.".repeat(50_000));
    assert!(survive("header.toml", header.as_bytes(), &[]) > 0);
    let number = format!("version = {}\n", "9".repeat(100_000));
    assert!(survive("number.toml", number.as_bytes(), &[]) > 0);
    let setting = vec![format!("{}b=1", "a.".repeat(50_000))];
    assert!(
        survive("setting.toml", b"version = 1\n[nodes.a]\nruns = \"lab/record\"\n", &setting) > 0
    );
}

/// A label once reached into the next line, here even into the middle of a letter.
#[test]
fn a_text_without_its_second_quote_has_labels_in_its_own_line() {
    let graph = GRAPH.replace("\"ultrasound.image\"", "\"ultrasound.¡");
    assert!(survive("quote.toml", graph.as_bytes(), &[]) > 0);
}

const GRAPH: &str = r#"version = 1
reference = "patient"
[common]
rate_hz = 20
[calibrations]
probe = { file = "graphs/probe.toml" }
[nodes.ultrasound]
runs = "lab/scanner"
[nodes.tracker]
runs = "lab/tracker"
[nodes.locate]
runs = "lab/locate"
inputs.image = "ultrasound.image"
inputs.poses = "tracker.poses"
parameters = { calibration = "probe", max_gap_ms = 40, sector.apex_px = [1, 2] }
deadline_ms.image = 50
delivery.poses = "newest"
priority = 5
"#;

#[test]
fn the_graph_of_these_tests_is_good() {
    assert_eq!(survive("good.toml", GRAPH.as_bytes(), &[]), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_graph_with_a_piece_replaced_is_checked_to_the_end(
        from in 0..GRAPH.len(),
        length in 0..40_usize,
        piece in prop_oneof![
            ".{0,12}",
            Just("\"".to_owned()), Just("[nodes.locate]".to_owned()), Just("= {".to_owned()),
            Just("ä = \"ö\"\n".to_owned()), Just(" 1e999 ".to_owned()), Just("[[nodes]]\n".to_owned()),
        ],
    ) {
        let to = (from + length).min(GRAPH.len());
        let text = format!("{}{piece}{}", &GRAPH[..from], &GRAPH[to..]);
        survive("replaced.toml", text.as_bytes(), &[]);
    }

    #[test]
    fn any_setting_is_taken_or_refused(setting in "(nodes|common|calibrations|reference|locate|probe|.{0,4})(\\.[a-zé_]{0,9}){0,3}=?.{0,12}") {
        survive("set.toml", GRAPH.as_bytes(), &[setting]);
    }

    #[test]
    fn any_text_is_read(text in ".{0,200}") {
        let path = lab().path().join("any.toml");
        std::fs::write(&path, &text).unwrap();
        let mut problems = Vec::new();
        let file = GraphFile::read(&path, &[], &mut problems);
        prop_assert!(file.is_some());
    }
}
