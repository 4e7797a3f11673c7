//! Puts the plan of a replay together: nodes that run again, a source for the rest, a recorder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::choose::{change, choose, downstream};
use super::error::ReplayError;
use super::find::{Find, executable};
use super::recording::RecordingInfo;
use super::wanted::Wanted;
use crate::plan::{OnFailure, ParticipantKind, Plan, PlannedNode};
use crate::session::{Pace, check_node_name};

const PLAY: &str = "recordings/play";
const RECORD: &str = "recordings/record";
const VIEW: &str = "recordings/view";

/// What there is to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// The recorded time.
    pub pace: Pace,
    /// The nodes that run again.
    pub nodes: Vec<String>,
    /// Those that do not, though what they heard may be another now.
    pub left_out: Vec<String>,
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
    let (recorded, started_at) = info.session()?;
    let mut chosen = choose(info, recorded, &wanted.nodes)?;
    let mut left_out = downstream(info, recorded, &chosen);
    if wanted.downstream {
        chosen.append(&mut left_out);
    }
    let mut nodes = recorded_nodes(recorded, &chosen, executables)?;
    change(&mut nodes, &wanted.settings, &chosen)?;
    if !nodes.iter().any(|node| node.runs == RECORD) {
        let recorder =
            added(&nodes, "record", RECORD, ParticipantKind::Observer, json!({}), executables)?;
        nodes.push(recorder);
    }
    let played = info.played(&chosen);
    if !played.is_empty() {
        let parameters = json!({
            "path": wanted.path, "streams": played,
            "rate": wanted.rate.map_or(json!("max"), |rate| json!(rate)),
            "from_s": wanted.from_s, "to_s": wanted.to_s,
        });
        let source = added(&nodes, "play", PLAY, ParticipantKind::Source, parameters, executables)?;
        nodes.insert(0, source);
    }
    let journals = chosen
        .iter()
        .map(|node| (node.clone(), wanted.journals.join(format!("{node}.journal"))))
        .collect::<BTreeMap<_, _>>();
    Ok(Prepared {
        plan: Plan { nodes, ..recorded.clone() },
        pace: Pace::Replay {
            started_at,
            journals,
            played,
            steps: (!wanted.is_a_part()).then(|| info.steps(&chosen)),
            begins_late: wanted.begins_late(),
        },
        nodes: chosen.into_iter().collect(),
        left_out: left_out.into_iter().collect(),
    })
}

/// Those of the recorded nodes that run now: the chosen ones, and those that record or show.
fn recorded_nodes(
    recorded: &Plan,
    chosen: &BTreeSet<String>,
    executables: &impl Find,
) -> Result<Vec<PlannedNode>, ReplayError> {
    let mut nodes = Vec::new();
    for node in &recorded.nodes {
        check_node_name(&node.name)?;
        let observes =
            node.kind == ParticipantKind::Observer && matches!(node.runs.as_str(), RECORD | VIEW);
        if observes || chosen.contains(&node.name) {
            let executable = executable(executables, &node.name, &node.runs, &node.executable)?;
            nodes.push(PlannedNode { executable, on_failure: OnFailure::Stop, ..node.clone() });
        }
    }
    Ok(nodes)
}

/// A participant that the replay needs beside the recorded ones, under a name that is free.
fn added(
    nodes: &[PlannedNode],
    name: &str,
    runs: &str,
    kind: ParticipantKind,
    parameters: Value,
    executables: &impl Find,
) -> Result<PlannedNode, ReplayError> {
    Ok(PlannedNode {
        name: free_name(nodes, name),
        runs: runs.to_owned(),
        executable: executable(executables, "the replay", runs, Path::new(""))?,
        kind,
        parameters,
        inputs: BTreeMap::new(),
        outputs: BTreeMap::new(),
        on_failure: OnFailure::Stop,
        priority: 5,
        startup_ms: 5000,
        shared_memory_mib: 512,
    })
}

fn free_name(nodes: &[PlannedNode], wanted: &str) -> String {
    let mut name = wanted.to_owned();
    while nodes.iter().any(|node| node.name == name) {
        name.push('_');
    }
    name
}
