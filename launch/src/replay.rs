//! Makes a plan of a recording: which nodes run again, and what comes from the recording instead.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;

use crate::catalogue::{Catalogue, Runs};
use crate::parameters::{self, ParameterError};
use crate::plan::{OnFailure, ParticipantKind, Plan, PlannedNode};
use crate::session::{Pace, SessionError, check_node_name};
use crate::suggest;

/// What `recording-info` says, as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordingInfo {
    /// What the recording says about its session.
    manifest: Option<Manifest>,
    /// When the procedure started.
    started_at_ns: Option<i64>,
    /// When its first message was published.
    first_published_ns: Option<i64>,
    /// Its streams.
    streams: Vec<Stream>,
    /// The nodes that have a journal.
    journals: Vec<String>,
    /// Whether it was closed and nothing is damaged.
    pub whole: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct Manifest {
    launch: Launch,
}

#[derive(Clone, Debug, Deserialize)]
struct Launch {
    plan: Plan,
}

#[derive(Clone, Debug, Deserialize)]
struct Stream {
    #[serde(rename = "stream")]
    name: String,
    topic: String,
    count: u64,
}

/// What is wanted of a replay.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The recording, absolute.
    pub path: PathBuf,
    /// The folder with the journals.
    pub journals: PathBuf,
    /// Only these nodes; all if none is named.
    pub nodes: Vec<String>,
    /// How many times as fast as it was; none is as fast as the nodes follow.
    pub rate: Option<f64>,
    /// Only from this many seconds after the start.
    pub from_s: Option<f64>,
    /// Only up to this many seconds after the start.
    pub to_s: Option<f64>,
    /// `NODE.key=value`.
    pub settings: Vec<String>,
}

/// What there is to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// The recorded time.
    pub pace: Pace,
    /// The nodes that run again.
    pub nodes: Vec<String>,
}

/// Why a recording cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It says too little about itself.
    #[error(
        "the recording does not say what ran: its manifest is missing or damaged; `vesalius verify` says more"
    )]
    NoManifest,
    /// It has no node that could run again.
    #[error("the recording has no journal of any node, so that nothing can run again")]
    NothingToReplay,
    /// No such node.
    #[error("the recording has no journal of a node `{node}`; {help}")]
    UnknownNode {
        /// What was asked for.
        node: String,
        /// What there is.
        help: String,
    },
    /// What ran then is not here.
    #[error(
        "{node} runs `{runs}`, which is not on this machine: build it, or put its folder into VESALIUS_PATH"
    )]
    NotHere {
        /// The node.
        node: String,
        /// What it runs.
        runs: String,
    },
    /// A setting for no node that is replayed.
    #[error(
        "`{setting}` sets nothing: write NODE.key=value with one of the replayed nodes {nodes}"
    )]
    Setting {
        /// The setting.
        setting: String,
        /// Those nodes.
        nodes: String,
    },
    /// A parameter.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The name of a node.
    #[error("the recording cannot be trusted: {0}")]
    Name(#[from] SessionError),
}

/// The executable of something that ran once, on this machine.
pub trait Find {
    /// Where it is, if it is here.
    fn find(&self, runs: &str, recorded: &Path) -> Option<PathBuf>;
}

impl Find for Catalogue {
    fn find(&self, runs: &str, recorded: &Path) -> Option<PathBuf> {
        match Runs::parse(runs)? {
            Runs::Named { executable, .. } => self.path(executable).map(Path::to_owned),
            // Only what answers as a participant would is run.
            Runs::Foreign { participant, .. } => {
                let described = Self::ask_foreign(recorded).description.ok()?;
                described.participant(participant).map(|_| recorded.to_owned())
            }
        }
    }
}

/// Makes the plan of a replay.
///
/// # Errors
/// If the recording says too little, or asks for what is not here.
pub fn prepare(
    info: &RecordingInfo,
    wanted: &Wanted,
    executables: &impl Find,
) -> Result<Prepared, ReplayError> {
    let recorded = &info.manifest.as_ref().ok_or(ReplayError::NoManifest)?.launch.plan;
    let started_at =
        info.started_at_ns.or(info.first_published_ns).ok_or(ReplayError::NoManifest)?;
    let chosen = choose(info, recorded, &wanted.nodes)?;
    let mut nodes = Vec::new();
    for node in &recorded.nodes {
        check_node_name(&node.name)?;
        let again = chosen.contains(&node.name);
        let observes = node.kind == ParticipantKind::Observer
            && matches!(node.runs.as_str(), "recordings/record" | "recordings/view");
        if again || observes {
            let executable = executables.find(&node.runs, &node.executable).ok_or_else(|| {
                ReplayError::NotHere { node: node.name.clone(), runs: node.runs.clone() }
            })?;
            nodes.push(PlannedNode { executable, on_failure: OnFailure::Stop, ..node.clone() });
        }
    }
    change(&mut nodes, &wanted.settings, &chosen)?;
    let played: Vec<String> = info
        .streams
        .iter()
        .filter(|stream| stream.topic == "stream")
        .map(|stream| stream.name.clone())
        .filter(|stream| !chosen.contains(stream.split('.').next().unwrap_or_default()))
        .collect();
    let recordings = |runs: &str| {
        executables.find(runs, Path::new("")).ok_or_else(|| ReplayError::NotHere {
            node: "the replay".to_owned(),
            runs: runs.to_owned(),
        })
    };
    if !nodes.iter().any(|node| node.runs == "recordings/record") {
        let name = free_name(&nodes, "record");
        let executable = recordings("recordings/record")?;
        nodes.push(added(
            &name,
            "recordings/record",
            executable,
            ParticipantKind::Observer,
            json!({}),
        ));
    }
    if !played.is_empty() {
        let parameters = json!({
            "path": wanted.path, "streams": played,
            "rate": wanted.rate.map_or(json!("max"), |rate| json!(rate)),
            "from_s": wanted.from_s, "to_s": wanted.to_s,
        });
        let name = free_name(&nodes, "play");
        let executable = recordings("recordings/play")?;
        nodes.insert(
            0,
            added(&name, "recordings/play", executable, ParticipantKind::Source, parameters),
        );
    }
    let journals = chosen
        .iter()
        .map(|node| (node.clone(), wanted.journals.join(format!("{node}.journal"))))
        .collect::<BTreeMap<_, _>>();
    let part = wanted.from_s.is_some() || wanted.to_s.is_some();
    let steps = info.streams.iter().filter(|stream| {
        stream.topic == "journal" && chosen.contains(stream.name.trim_end_matches(".journal"))
    });
    let steps = steps.map(|stream| stream.count).sum();
    Ok(Prepared {
        plan: Plan { nodes, ..recorded.clone() },
        pace: Pace::Replay { started_at, journals, played, steps: (!part).then_some(steps) },
        nodes: chosen.into_iter().collect(),
    })
}

fn choose(
    info: &RecordingInfo,
    plan: &Plan,
    wanted: &[String],
) -> Result<BTreeSet<String>, ReplayError> {
    let has_journal = |name: &str| info.journals.iter().any(|journal| journal == name);
    let can: Vec<&str> = plan
        .nodes
        .iter()
        .filter(|node| node.kind == ParticipantKind::Node && has_journal(&node.name))
        .map(|node| node.name.as_str())
        .collect();
    if can.is_empty() {
        return Err(ReplayError::NothingToReplay);
    }
    if wanted.is_empty() {
        return Ok(can.into_iter().map(str::to_owned).collect());
    }
    for name in wanted {
        if !can.contains(&name.as_str()) {
            let help = suggest::did_you_mean(name, can, "its nodes are");
            return Err(ReplayError::UnknownNode { node: name.clone(), help });
        }
    }
    Ok(wanted.iter().cloned().collect())
}

fn change(
    nodes: &mut [PlannedNode],
    settings: &[String],
    chosen: &BTreeSet<String>,
) -> Result<(), ReplayError> {
    for setting in settings {
        let (name, rest) = setting.split_once('.').unwrap_or((setting, ""));
        let node = nodes.iter_mut().find(|node| node.name == name && chosen.contains(name));
        let node = node.ok_or_else(|| ReplayError::Setting {
            setting: setting.clone(),
            nodes: suggest::list(chosen.iter().map(String::as_str)),
        })?;
        parameters::change(&mut node.parameters, rest)?;
    }
    Ok(())
}

fn added(
    name: &str,
    runs: &str,
    executable: PathBuf,
    kind: ParticipantKind,
    parameters: serde_json::Value,
) -> PlannedNode {
    PlannedNode {
        name: name.to_owned(),
        runs: runs.to_owned(),
        executable,
        kind,
        parameters,
        inputs: BTreeMap::new(),
        outputs: BTreeMap::new(),
        on_failure: OnFailure::Stop,
        priority: 5,
        startup_ms: 5000,
        shared_memory_mib: 512,
    }
}

fn free_name(nodes: &[PlannedNode], wanted: &str) -> String {
    let mut name = wanted.to_owned();
    while nodes.iter().any(|node| node.name == name) {
        name.push('_');
    }
    name
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

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
}
