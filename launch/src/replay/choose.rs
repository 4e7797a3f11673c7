//! Which nodes run again, and with which parameters.

use std::collections::BTreeSet;

use super::error::ReplayError;
use super::recording::RecordingInfo;
use crate::parameters;
use crate::plan::{ParticipantKind, Plan, PlannedNode};
use crate::suggest;

/// The nodes that run again: those in `wanted`, or all that have a journal.
///
/// # Errors
/// If one that is wanted has none, or none has.
pub fn choose(
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

/// The nodes that hear what `chosen` say, and those that hear them, and so on, as far as they have a journal
/// and are not chosen themselves: what changes in `chosen` does not change them unless they run again too.
pub fn downstream(
    info: &RecordingInfo,
    plan: &Plan,
    chosen: &BTreeSet<String>,
) -> BTreeSet<String> {
    let mut reached = chosen.clone();
    loop {
        let next: Vec<String> = plan
            .nodes
            .iter()
            .filter(|node| node.kind == ParticipantKind::Node && !reached.contains(&node.name))
            .filter(|node| info.journals.contains(&node.name))
            .filter(|node| node.inputs.values().any(|input| reached.contains(&input.node)))
            .map(|node| node.name.clone())
            .collect();
        if next.is_empty() {
            return reached.difference(chosen).cloned().collect();
        }
        reached.extend(next);
    }
}

/// Changes parameters of the `chosen` nodes as `settings` say.
///
/// # Errors
/// If a setting names no such node, or its value cannot be taken.
pub fn change(
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
