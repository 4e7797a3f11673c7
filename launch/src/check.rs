//! Finds every mistake in a graph file, and makes a plan of one that has none.
//!
//! | file | what it looks at |
//! | --- | --- |
//! | `roles` | executables and participants |
//! | `wiring` | ports, messages, frames, deadlines |
//! | `circles` | nodes that wait for each other |
//! | `doubles` | observers that do the same |
//! | `parameters` | values outside their schema |
//! | `files`, `calibrations`, `model` | files, their content and checksums |
//! | `addresses` | devices that do not answer |
//! | `reference` | the patient reference sensor |

mod addresses;
mod calibrations;
mod circles;
mod doubles;
mod files;
mod model;
mod parameters;
mod reference;
mod report;
mod roles;
mod wiring;

use std::path::Path;

use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::graph_file::{GraphFile, NodeEntry};
use crate::plan::{ParticipantKind, Plan, PlannedFile, PlannedInput, PlannedNode, PlannedOutput};
use crate::problem::{Problem, Severity};
use roles::Role;

pub(crate) use files::hexadecimal;
pub use report::{Report, to_json};

/// What came of checking a graph file.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The file, if it could be read.
    pub file: Option<GraphFile>,
    /// Everything that is wrong, in the order of the file.
    pub problems: Vec<Problem>,
    /// The nodes as far as they are understood, for drawing; what runs is the [`plan`](Self::plan).
    pub nodes: Vec<PlannedNode>,
    files: Vec<PlannedFile>,
}

/// Checks a graph file after changing it as `settings` (`NODE.key=value`) say.
pub fn check(path: &Path, settings: &[String], catalogue: &Catalogue) -> Checked {
    let mut problems = Vec::new();
    let Some(file) = GraphFile::read(path, settings, &mut problems) else {
        return Checked { file: None, problems, nodes: Vec::new(), files: Vec::new() };
    };
    let roles = roles::find(&file, catalogue, &mut problems);
    wiring::check(&file, &roles, &mut problems);
    circles::check(&file, &roles, &mut problems);
    doubles::check(&file, &roles, &mut problems);
    let calibrations = calibrations::load(&file, &mut problems);
    let mut files = Vec::new();
    let mut asked = addresses::Asked::default();
    let mut nodes = Vec::new();
    for (entry, role) in file.nodes.iter().zip(&roles) {
        let mut values = entry.parameters.value.to_json();
        if let Some(role) = role {
            let node = parameters::Node { entry, role };
            reference::fill(&file, &node, &mut values, &mut problems);
            parameters::check(&node, &values, file.damaged, &mut problems);
            let mut wanted = files::Wanted {
                file: &file,
                calibrations: &calibrations,
                files: &mut files,
                problems: &mut problems,
            };
            wanted.fill(&node, &mut values);
            asked.collect(&node, &values, &mut problems);
        }
        nodes.push(planned(entry, role.as_ref(), values));
    }
    reference::check(&file, &roles, &mut problems);
    calibrations::unused(&file, &roles, &mut problems);
    asked.knock(&mut problems);
    report::sort(&mut problems);
    Checked { file: Some(file), problems, nodes, files }
}

/// A node of the plan, as far as it is understood.
fn planned(entry: &NodeEntry, role: Option<&Role>, parameters: Value) -> PlannedNode {
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

impl Checked {
    /// How many problems are errors.
    pub fn errors(&self) -> usize {
        let error = |problem: &&Problem| problem.severity == Severity::Error;
        self.problems.iter().filter(error).count()
    }

    /// How many problems are warnings.
    pub fn warnings(&self) -> usize {
        self.problems.len() - self.errors()
    }

    /// The plan of a graph without errors.
    pub fn plan(&self) -> Option<Plan> {
        let file = self.file.as_ref().filter(|_| self.errors() == 0)?;
        Some(Plan {
            file: file.path.clone(),
            text: file.text.clone(),
            reference: file.reference.as_ref().map(|name| name.value.clone()),
            nodes: self.nodes.clone(),
            files: self.files.clone(),
        })
    }
}
