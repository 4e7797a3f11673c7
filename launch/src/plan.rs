//! A checked graph: everything `run` needs to know, with nothing left to look up.

use std::collections::BTreeMap;
use std::path::PathBuf;

use messages::Schema;
use runtime::assignment::Delivery;
use serde::{Deserialize, Serialize};

/// A graph that was checked and may run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The graph file.
    pub file: PathBuf,
    /// Its text, as it is recorded in the manifest.
    pub text: String,
    /// The tool that is the patient reference, if tools are tracked relative to one.
    pub reference: Option<String>,
    /// What runs, in the order of the file.
    pub nodes: Vec<PlannedNode>,
    /// Calibrations and models in use, with their SHA-256, for the manifest.
    pub files: Vec<PlannedFile>,
}

impl Plan {
    /// The outputs that carry a message: node and port.
    pub fn outputs_of(&self, message: &str) -> impl Iterator<Item = (&str, &str)> {
        self.nodes.iter().flat_map(move |node| {
            let ports = node.outputs.iter().filter(move |(_, output)| output.message == message);
            ports.map(move |(port, _)| (node.name.as_str(), port.as_str()))
        })
    }
}

/// One process of the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedNode {
    /// Its name in the graph.
    pub name: String,
    /// `executable/participant`.
    pub runs: String,
    /// The executable file.
    pub executable: PathBuf,
    /// What kind of participant it is.
    pub kind: ParticipantKind,
    /// Its parameters: those of the file, with `--set` applied and calibrations filled in.
    pub parameters: serde_json::Value,
    /// What its input ports hear.
    pub inputs: BTreeMap<String, PlannedInput>,
    /// Its output ports and the messages they carry.
    pub outputs: BTreeMap<String, PlannedOutput>,
    /// What happens when its process ends unasked.
    pub on_failure: OnFailure,
    /// 10 is most urgent, 0 least.
    pub priority: u8,
    /// How long the first message of each input may take.
    pub startup_ms: u64,
    /// Shared memory for the arrays it publishes.
    pub shared_memory_mib: u64,
}

impl PlannedNode {
    /// The shared memory it takes, MiB: none if it publishes no arrays.
    pub fn pool_mib(&self) -> u64 {
        let has_arrays = |output: &PlannedOutput| {
            let schemas = messages::schemas();
            let known = schemas.iter().find(|schema| schema.name == output.message);
            // What is not known here may be anything.
            known.is_none_or(Schema::has_arrays)
        };
        let shares = match self.kind {
            ParticipantKind::Source => true,
            ParticipantKind::Observer => false,
            ParticipantKind::Node | ParticipantKind::Device => {
                self.outputs.values().any(has_arrays)
            }
        };
        if shares { self.shared_memory_mib } else { 0 }
    }
}

/// One input port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedInput {
    /// The node it hears.
    pub node: String,
    /// That node's output port.
    pub port: String,
    /// Which messages it wants.
    pub delivery: Delivery,
    /// Older than this is stale.
    pub deadline_ms: Option<u64>,
}

/// One output port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedOutput {
    /// The message.
    pub message: String,
    /// Its version.
    pub version: u32,
}

/// What kind of participant a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParticipantKind {
    /// Typed inputs, typed outputs, a journal.
    Node,
    /// Only outputs; the outside world.
    Device,
    /// Hears everything, publishes nothing that is replayed.
    Observer,
    /// Plays recorded streams in a replay.
    Source,
}

/// What happens when a process ends unasked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// It is started again, later each time, and given up after five failures in half a minute.
    #[default]
    Restart,
    /// The whole procedure is stopped in order.
    Stop,
    /// It stays down; the others go on.
    Ignore,
}

/// A file that the graph depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFile {
    /// `calibration` or `model`.
    pub kind: String,
    /// Its name in the graph.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// A device, a node that hears it, and a recorder.
    pub fn plan() -> Plan {
        let node = |name: &str, runs: &str, kind| PlannedNode {
            name: name.to_owned(),
            runs: runs.to_owned(),
            executable: PathBuf::from("/bin/vesalius-test"),
            kind,
            parameters: json!({"gain": 1}),
            inputs: BTreeMap::new(),
            outputs: BTreeMap::new(),
            on_failure: OnFailure::Restart,
            priority: 5,
            startup_ms: 5000,
            shared_memory_mib: 64,
        };
        let output = |message: &str| PlannedOutput { message: message.to_owned(), version: 1 };
        let mut device = node("ultrasound", "imaging/sequence", ParticipantKind::Device);
        device.outputs.insert("image".to_owned(), output("UltrasoundImage"));
        let mut locate = node("locate", "fusion/locate_image", ParticipantKind::Node);
        locate.inputs.insert(
            "image".to_owned(),
            PlannedInput {
                node: "ultrasound".to_owned(),
                port: "image".to_owned(),
                delivery: Delivery::Newest,
                deadline_ms: Some(50),
            },
        );
        locate.outputs.insert("located".to_owned(), output("LocatedImage"));
        let record = node("record", "recordings/record", ParticipantKind::Observer);
        Plan {
            file: PathBuf::from("graphs/two.toml"),
            text: "version = 1".to_owned(),
            reference: None,
            nodes: vec![device, locate, record],
            files: Vec::new(),
        }
    }

    #[test]
    fn only_what_publishes_arrays_takes_shared_memory() {
        let mut plan = plan();
        let pools = |plan: &Plan| plan.nodes.iter().map(PlannedNode::pool_mib).collect::<Vec<_>>();
        assert_eq!(pools(&plan), [64, 64, 0]);
        let output = |message: &str| PlannedOutput { message: message.to_owned(), version: 1 };
        plan.nodes[0].outputs = [("poses".to_owned(), output("ToolPoses"))].into();
        plan.nodes[1].outputs = [("any".to_owned(), output("SomebodyElses"))].into();
        assert_eq!(pools(&plan), [0, 64, 0]);
    }
}
