//! Finds every mistake in a graph file, and makes a plan of one that has none.
//!
//! | file | what it looks at |
//! | --- | --- |
//! | `roles` | executables and participants |
//! | `wiring` | ports, messages, frames, deadlines |
//! | `circles` | nodes that wait for each other |
//! | `doubles` | observers that do the same |
//! | `truth` | nodes that know what only scores may know |
//! | `common_values` | what `[common]` gives to several nodes |
//! | `parameters` | values outside their schema |
//! | `files`, `calibrations`, `model` | files, their content and checksums |
//! | `addresses` | devices that do not answer |
//! | `reference` | the patient reference sensor |
//!
//! `planned` and `checked` hold what comes of it, `report` says it to people and programs.

mod addresses;
mod calibrations;
mod checked;
mod circles;
mod common_values;
mod doubles;
mod files;
mod model;
mod parameters;
mod planned;
mod reference;
mod report;
mod roles;
mod small_file;
mod truth;
mod wiring;

use std::path::Path;

use crate::catalogue::Catalogue;
use crate::graph_file::GraphFile;
pub use checked::Checked;
pub use report::{Report, to_json};

/// Checks a graph file after changing it as `settings` (`NODE.key=value`) say.
pub fn check(path: &Path, settings: &[String], catalogue: &Catalogue) -> Checked {
    let mut problems = Vec::new();
    let Some(mut file) = GraphFile::read(path, settings, &mut problems) else {
        return Checked { file: None, problems, nodes: Vec::new(), files: Vec::new() };
    };
    let roles = roles::find(&file, catalogue, &mut problems);
    common_values::fill(&mut file, &roles, &mut problems);
    wiring::check(&file, &roles, &mut problems);
    circles::check(&file, &roles, &mut problems);
    doubles::check(&file, &roles, &mut problems);
    truth::check(&file, &roles, &mut problems);
    let calibrations = calibrations::load(&file, &mut problems);
    let mut files = Vec::new();
    let mut asked = addresses::Asked::default();
    let mut nodes = Vec::new();
    let mut refusals = common_values::Refusals::of(&file);
    for (entry, role) in file.nodes.iter().zip(&roles) {
        let mut values = entry.parameters.value.to_json();
        if let Some(role) = role {
            let node = parameters::Node { entry, role };
            let mut found = Vec::new();
            reference::fill(&file, &node, &mut values, &mut found);
            parameters::check(&node, &values, file.damaged, &mut found);
            let mut wanted = files::Wanted {
                file: &file,
                calibrations: &calibrations,
                files: &mut files,
                problems: &mut found,
            };
            wanted.fill(&node, &mut values);
            asked.collect(&node, &values, &mut found);
            refusals.keep(&node, found, &mut problems);
        }
        nodes.push(planned::node(entry, role.as_ref(), values));
    }
    refusals.tell(&mut problems);
    reference::check(&file, &roles, &mut problems);
    calibrations::unused(&file, &roles, &mut problems);
    asked.knock(&mut problems);
    report::sort(&mut problems);
    Checked { file: Some(file), problems, nodes, files }
}
