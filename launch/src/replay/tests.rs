//! Plans of a little recording.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;
use crate::session::Pace;

struct Here(&'static [&'static str]);

impl Find for Here {
    fn find(&self, runs: &str, _: &Path) -> Option<PathBuf> {
        let (executable, _) = runs.split_once('/')?;
        self.0.contains(&executable).then(|| format!("/here/vesalius-{executable}").into())
    }
}

const ALL: Here = Here(&["imaging", "fusion", "recordings"]);

fn info() -> RecordingInfo {
    let stream = |name: &str, topic: &str, count: u64| json!({"stream": name, "topic": topic, "count": count, "more": 1});
    let value: Value = json!({
        "manifest": {"launch": {"plan": crate::plan::tests::plan()}},
        "started_at_ns": 1_000, "first_published_ns": 2_000, "whole": true,
        "journals": ["locate"],
        "streams": [
            stream("locate.health", "health", 1), stream("locate.journal", "journal", 601),
            stream("locate.located", "stream", 598), stream("ultrasound.image", "stream", 600),
            stream("launch.event", "event", 2),
        ],
    });
    serde_json::from_value(value).unwrap()
}

fn wanted() -> Wanted {
    Wanted {
        path: "/s".into(),
        journals: "/j".into(),
        nodes: Vec::new(),
        downstream: false,
        rate: None,
        from_s: None,
        to_s: None,
        settings: Vec::new(),
    }
}

#[test]
fn nodes_run_again_and_devices_come_from_the_recording() {
    let prepared = prepare(&info(), &wanted(), &ALL).unwrap();
    let runs: Vec<_> = prepared.plan.nodes.iter().map(|node| node.runs.as_str()).collect();
    assert_eq!(runs, ["recordings/play", "fusion/locate_image", "recordings/record"]);
    assert_eq!(prepared.plan.nodes[1].executable, Path::new("/here/vesalius-fusion"));
    assert_eq!(
        prepared.plan.nodes[0].parameters,
        json!({"path": "/s", "streams": ["ultrasound.image"], "rate": "max", "from_s": null, "to_s": null})
    );
    assert_eq!(
        prepared.pace,
        Pace::Replay {
            started_at: 1_000,
            journals: BTreeMap::from([("locate".to_owned(), "/j/locate.journal".into())]),
            played: vec!["ultrasound.image".to_owned()],
            steps: Some(601),
            begins_late: false,
        }
    );
}

#[test]
fn what_another_node_gave_comes_from_the_recording_if_that_node_does_not_run() {
    let mut info = info();
    let manifest = info.manifest.as_mut().unwrap();
    let mut other = manifest.launch.plan.nodes[1].clone();
    other.name = "segment".to_owned();
    manifest.launch.plan.nodes.push(other);
    info.journals.push("segment".to_owned());
    let wanted = Wanted { nodes: vec!["segment".to_owned()], ..wanted() };
    let prepared = prepare(&info, &wanted, &ALL).unwrap();
    assert_eq!(prepared.nodes, ["segment"]);
    let Pace::Replay { played, .. } = prepared.pace else { panic!("it is a replay") };
    assert_eq!(played, ["locate.located", "ultrasound.image"]);
}

#[test]
fn what_hears_a_replayed_node_is_told_or_runs_too() {
    let mut info = info();
    let plan = &mut info.manifest.as_mut().unwrap().launch.plan;
    // ultrasound -> locate -> segment -> trace; `aside` hears the ultrasound, `unheard` has no journal.
    for (name, hears, port) in [
        ("segment", "locate", "located"),
        ("trace", "segment", "segmented"),
        ("aside", "ultrasound", "image"),
        ("unheard", "locate", "located"),
    ] {
        let mut node = plan.nodes[1].clone();
        node.name = name.to_owned();
        for input in node.inputs.values_mut() {
            (input.node, input.port) = (hears.to_owned(), port.to_owned());
        }
        plan.nodes.push(node);
    }
    info.journals.extend(["segment", "trace", "aside"].map(str::to_owned));
    let only = Wanted { nodes: vec!["locate".to_owned()], ..wanted() };
    let prepared = prepare(&info, &only, &ALL).unwrap();
    assert_eq!(prepared.nodes, ["locate"]);
    assert_eq!(prepared.left_out, ["segment", "trace"]);
    let prepared = prepare(&info, &Wanted { downstream: true, ..only }, &ALL).unwrap();
    assert_eq!(prepared.nodes, ["locate", "segment", "trace"]);
    assert!(prepared.left_out.is_empty());
    assert!(prepare(&info, &wanted(), &ALL).unwrap().left_out.is_empty());
}

#[test]
fn a_recorder_is_added_where_there_was_none() {
    let mut info = info();
    info.manifest.as_mut().unwrap().launch.plan.nodes.pop();
    let prepared = prepare(&info, &wanted(), &ALL).unwrap();
    assert_eq!(prepared.plan.nodes.last().unwrap().runs, "recordings/record");
}

#[test]
fn parameters_may_be_others() {
    let settings = vec!["locate.gain=3".to_owned()];
    let prepared = prepare(&info(), &Wanted { settings, ..wanted() }, &ALL).unwrap();
    assert_eq!(prepared.plan.nodes[1].parameters["gain"], 3);
    for setting in ["ultrasound.gain=3", "gain=3", "locate", "locate.gain"] {
        let settings = vec![setting.to_owned()];
        let error = prepare(&info(), &Wanted { settings, ..wanted() }, &ALL);
        assert!(error.is_err(), "{setting}");
    }
}

#[test]
fn what_cannot_run_is_told() {
    let error = |info: &RecordingInfo, wanted: &Wanted, here: &Here| {
        prepare(info, wanted, here).unwrap_err().to_string()
    };
    let text = error(&info(), &wanted(), &Here(&["recordings"]));
    assert!(text.contains("locate runs `fusion/locate_image`"), "{text}");
    let unknown = Wanted { nodes: vec!["locat".to_owned()], ..wanted() };
    assert!(error(&info(), &unknown, &ALL).contains("did you mean `locate`?"));
    let mut nothing = info();
    nothing.journals.clear();
    assert!(error(&nothing, &wanted(), &ALL).contains("no journal"));
    nothing.manifest = None;
    assert!(error(&nothing, &wanted(), &ALL).contains("manifest"));
}

#[test]
fn a_hostile_name_reaches_no_path() {
    let mut info = info();
    info.manifest.as_mut().unwrap().launch.plan.nodes[1].name = "../../x".to_owned();
    info.journals = vec!["../../x".to_owned()];
    assert!(matches!(prepare(&info, &wanted(), &ALL), Err(ReplayError::Name(_))));
}

#[test]
fn only_a_replay_from_a_later_instant_begins_in_the_middle_of_its_streams() {
    let late = |from_s, to_s| {
        let prepared = prepare(&info(), &Wanted { from_s, to_s, ..wanted() }, &ALL).unwrap();
        assert_eq!(prepared.plan.nodes[0].parameters["from_s"], json!(from_s));
        let Pace::Replay { begins_late, steps, .. } = prepared.pace else {
            panic!("it is a replay")
        };
        assert_eq!(steps.is_none(), from_s.is_some() || to_s.is_some());
        begins_late
    };
    assert!(late(Some(2.5), None) && late(Some(2.5), Some(9.0)));
    assert!(!late(None, None) && !late(None, Some(9.0)));
    assert!(!late(Some(0.0), None), "nothing is left out");
}
