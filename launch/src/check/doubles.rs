//! Observers that do the same twice: two recorders would write one file.

use super::roles::Role;
use crate::graph_file::GraphFile;
use crate::plan::ParticipantKind;
use crate::problem::Problem;

/// Adds each observer that runs the same, with the same parameters, as one before it.
pub fn check(file: &GraphFile, roles: &[Option<Role>], problems: &mut Vec<Problem>) {
    let observers: Vec<_> = file
        .nodes
        .iter()
        .zip(roles)
        .filter_map(|(node, role)| Some((node, role.as_ref()?)))
        .filter(|(_, role)| role.participant.kind == ParticipantKind::Observer)
        .collect();
    for (number, (node, role)) in observers.iter().enumerate() {
        let same = observers[..number].iter().find(|(first, other)| {
            let parameters = first.parameters.value.to_json() == node.parameters.value.to_json();
            parameters && other.runs == role.runs && other.executable == role.executable
        });
        if let Some((first, _)) = same {
            let message = format!(
                "`{}` and `{}` both run `{}` with the same parameters",
                first.name.value, node.name.value, role.runs
            );
            problems.push(
                Problem::error("double-observer", message)
                    .at(&node.name.place, "does the same again")
                    .at(&first.name.place, "as this one")
                    .help("remove one: both would write the same files"),
            );
        }
    }
}
