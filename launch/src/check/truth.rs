//! Known truth is for scoring: no node but a report may read it.

use super::roles::{Role, part_of};
use crate::graph_file::GraphFile;
use crate::plan::ParticipantKind;
use crate::problem::Problem;
use crate::suggest;

/// Adds each input that reads an output called `truth` or `truth_…`, unless its node runs `…/report`.
///
/// Observers hear every stream and are not asked: what they publish is never replayed, so that no node hears it.
pub fn check(file: &GraphFile, roles: &[Option<Role>], problems: &mut Vec<Problem>) {
    for (node, role) in file.nodes.iter().zip(roles) {
        let written = || node.runs.as_ref().map(|runs| runs.value.as_str());
        let runs = role.as_ref().map(|role| role.runs.as_str()).or_else(written);
        if runs.is_some_and(|runs| runs.ends_with("/report")) {
            continue;
        }
        let is_node = |role: &Role| role.participant.kind == ParticipantKind::Node;
        if !role.as_ref().is_none_or(is_node) {
            continue;
        }
        for (_, stream) in &node.inputs {
            let Some((from, port)) =
                stream.value.split_once('.').filter(|(_, port)| is_truth(port))
            else {
                continue;
            };
            let message = format!(
                "`{}` may not read known truth: no patient brings any, so that what guides must work without it",
                node.name.value
            );
            let place = part_of(&file.text, &file.settings, stream, port);
            problems.push(
                Problem::error("truth", message).at(&place, "known truth").help(instead(
                    file,
                    roles,
                    &node.name.value,
                    from,
                    port,
                )),
            );
        }
    }
}

/// Whether an output is known truth, by its name.
fn is_truth(port: &str) -> bool {
    port == "truth" || port.starts_with("truth_")
}

/// Where the same message comes from without being truth.
fn instead(
    file: &GraphFile,
    roles: &[Option<Role>],
    reader: &str,
    from: &str,
    port: &str,
) -> String {
    let only = "only a node that runs `…/report` may read truth, to score by it";
    let outputs = || {
        let nodes = file.nodes.iter().zip(roles);
        nodes.filter_map(|(node, role)| Some((&node.name.value, role.as_ref()?))).flat_map(
            |(name, role)| role.participant.outputs.0.iter().map(move |port| (name, port)),
        )
    };
    let Some((_, truth)) = outputs().find(|(name, output)| *name == from && output.name == port)
    else {
        return only.to_owned();
    };
    let wanted = &truth.carries.message;
    let streams: Vec<String> = outputs()
        .filter(|(name, output)| {
            output.carries == truth.carries && !is_truth(&output.name) && *name != reader
        })
        .map(|(name, output)| format!("{name}.{}", output.name))
        .collect();
    if streams.is_empty() {
        format!(
            "hear what finds {wanted} out without it: `vesalius list --gives {wanted}` shows some; {only}"
        )
    } else {
        let streams = suggest::choice(streams.iter().map(String::as_str));
        format!("hear {streams} instead; {only}")
    }
}
