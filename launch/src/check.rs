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
//! | `reach` | what a device is reached by: the network, or a serial line |
//! | `served_here` | devices that another node of the same graph stands in for |
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
mod reach;
mod reference;
mod report;
mod roles;
mod served_here;
mod small_file;
mod truth;
mod wiring;

use std::path::Path;

use crate::catalogue::Catalogue;
use crate::graph_file::GraphFile;
use crate::problem::Severity;
pub use addresses::Addresses;
pub use checked::Checked;
pub use reach::Reach;
pub use report::{Report, to_json};
pub use served_here::Servers;

/// Checks a graph file after changing it as `settings` (`NODE.key=value`) say.
pub fn check(path: &Path, settings: &[String], catalogue: &Catalogue) -> Checked {
    let (mut checked, asked) = without_knocking(path, settings, catalogue);
    asked.knock(&mut checked.problems);
    report::sort(&mut checked.problems);
    checked
}

/// The same without looking whether devices answer at their addresses; these come beside, to knock at.
pub fn without_knocking(
    path: &Path,
    settings: &[String],
    catalogue: &Catalogue,
) -> (Checked, Addresses) {
    let mut problems = Vec::new();
    let mut asked = Addresses::default();
    let Some(mut file) = GraphFile::read(path, settings, &mut problems) else {
        return (Checked::unreadable(problems), asked);
    };
    let roles = roles::find(&file, catalogue, &mut problems);
    common_values::fill(&mut file, &roles, &mut problems);
    wiring::check(&file, &roles, &mut problems);
    circles::check(&file, &roles, &mut problems);
    doubles::check(&file, &roles, &mut problems);
    truth::check(&file, &roles, &mut problems);
    let calibrations = calibrations::load(&file, &mut problems);
    let mut files = Vec::new();
    let mut nodes = Vec::new();
    let mut refused = Vec::new();
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
            if found.iter().any(|problem| problem.severity == Severity::Error) {
                refused.push(entry.name.value.clone());
            }
            refusals.keep(&node, found, &mut problems);
        }
        nodes.push(planned::node(entry, role.as_ref(), values));
    }
    let known = nodes.iter().zip(&roles);
    let known = known.filter_map(|(node, role)| Some((node, &role.as_ref()?.participant)));
    asked.leave_out(&Servers::of(&known.collect::<Vec<_>>()));
    refusals.tell(&mut problems);
    reference::check(&file, &roles, &mut problems);
    calibrations::unused(&file, &roles, &mut problems);
    report::sort(&mut problems);
    (Checked { file: Some(file), problems, nodes, refused, files }, asked)
}
