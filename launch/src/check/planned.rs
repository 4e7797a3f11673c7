//! One node of the plan, as far as it is understood.

use serde_json::Value;

use super::roles::Role;
use crate::graph_file::NodeEntry;
use crate::plan::{ParticipantKind, PlannedInput, PlannedNode, PlannedOutput};

/// The node that `entry` describes, with its `parameters` filled in; without a role, what is written stands.
pub fn node(entry: &NodeEntry, role: Option<&Role>, parameters: Value) -> PlannedNode {
    let of_port = |port: &str| {
        let delivery = entry.delivery.iter().find(|(name, _)| name.value == port);
        let deadline = entry.port_deadlines_ms.iter().find(|(name, _)| name.value == port);
        let for_all = entry.deadline_ms.as_ref().map(|deadline| deadline.value);
        let delivery = delivery.map(|(_, delivery)| *delivery).unwrap_or_default();
        (delivery, deadline.map(|(_, deadline)| *deadline).or(for_all))
    };
    let inputs = entry.inputs.iter().filter_map(|(port, stream)| {
        let (node, output) = stream.value.split_once('.')?;
        let (delivery, deadline_ms) = of_port(&port.value);
        let (node, output) = (node.to_owned(), output.to_owned());
        Some((port.value.clone(), PlannedInput { node, port: output, delivery, deadline_ms }))
    });
    let outputs = role.iter().flat_map(|role| &role.participant.outputs.0).map(|port| {
        let (message, version) = (port.carries.message.clone(), port.carries.version);
        (port.name.clone(), PlannedOutput { message, version })
    });
    let written = || entry.runs.as_ref().map(|runs| runs.value.clone()).unwrap_or_default();
    PlannedNode {
        name: entry.name.value.clone(),
        runs: role.map_or_else(written, |role| role.runs.clone()),
        executable: role.map(|role| role.executable.clone()).unwrap_or_default(),
        kind: role.map_or(ParticipantKind::Node, |role| role.participant.kind),
        parameters,
        inputs: inputs.collect(),
        outputs: outputs.collect(),
        on_failure: entry.on_failure,
        priority: entry.priority,
        startup_ms: entry.startup_ms,
        shared_memory_mib: entry.shared_memory_mib,
    }
}
