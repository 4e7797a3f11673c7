//! `vesalius set`: changes parameters of running nodes.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::board::Viewer;
use crate::catalogue::Catalogue;
use crate::parameters;
use crate::plan::ParticipantKind;
use crate::session::{Record, SocketFolder, folders, registry};
use crate::suggest;

/// What `vesalius set` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to change: NODE KEY=VALUE…, or NODE.KEY=VALUE… as `run --set` takes it; `vesalius describe` lists the keys
    #[arg(value_name = "NODE.KEY=VALUE", required = true)]
    pub words: Vec<String>,
    /// The session, or the beginning of its name; needed only if several run
    #[arg(long, value_name = "SESSION")]
    pub session: Option<String>,
}

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Changes parameters of nodes, one node after the other; each says whether it takes them.
///
/// # Errors
/// If there is no such node, its schema does not allow them, or the node refuses them.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let told = |error: &dyn std::fmt::Display| miette::miette!("{error}");
    let changes = changes(&arguments.words).map_err(|error| told(&error))?;
    let record = registry::choose(&folders::socket_root(), arguments.session.as_deref())
        .map_err(|error| told(&error))?;
    for (node, settings) in &changes {
        change(&record, node, settings)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Which settings each node gets: `NODE KEY=VALUE…` or `NODE.KEY=VALUE…`.
fn changes(words: &[String]) -> Result<Vec<(&str, Vec<&str>)>, String> {
    match words {
        [node, settings @ ..] if !node.contains('=') => {
            if settings.is_empty() {
                return Err(format!(
                    "nothing is to be changed of `{node}`: write `vesalius set {node} KEY=VALUE`"
                ));
            }
            Ok(vec![(node.as_str(), settings.iter().map(String::as_str).collect())])
        }
        words => {
            let mut changes: Vec<(&str, Vec<&str>)> = Vec::new();
            for word in words {
                let Some((node, setting)) = node_and_setting(word) else {
                    return Err(format!(
                        "`{word}` does not say which node: write NODE.KEY=VALUE, such as locate.max_pose_gap_ms=40"
                    ));
                };
                match changes.iter_mut().find(|(known, _)| *known == node) {
                    Some((_, settings)) => settings.push(setting),
                    None => changes.push((node, vec![setting])),
                }
            }
            Ok(changes)
        }
    }
}

/// `NODE` and `KEY=VALUE` of `NODE.KEY=VALUE`.
fn node_and_setting(word: &str) -> Option<(&str, &str)> {
    let (path, _) = word.split_once('=')?;
    let (node, key) = path.split_once('.')?;
    let named = !node.trim().is_empty() && !key.trim().is_empty();
    named.then(|| (node, &word[node.len() + 1..]))
}

/// Changes parameters of one node.
fn change(record: &Record, name: &str, settings: &[&str]) -> miette::Result<()> {
    let told = |error: &dyn std::fmt::Display| miette::miette!("{error}");
    let node = record.plan.nodes.iter().find(|node| node.name == name);
    let (Some(node), Some(member)) = (node, record.members.get(name)) else {
        let names = record.plan.nodes.iter().map(|node| node.name.as_str());
        let help = suggest::did_you_mean(name, names, "its nodes are");
        return Err(miette::miette!("session {} has no node `{name}`; {help}", record.session));
    };
    if node.kind != ParticipantKind::Node {
        return Err(miette::miette!(
            "{name} is no node but a device, observer or source, which keep their parameters while they run; start anew with `vesalius run … --set {name}.{}`",
            settings.join(&format!(" --set {name}."))
        ));
    }
    let mut wanted = member.parameters.clone();
    for setting in settings {
        parameters::change(&mut wanted, setting).map_err(|error| told(&error))?;
    }
    parameters::check(node, &member.parameters, &mut wanted, &Catalogue::usual())
        .map_err(|error| told(&error))?;
    let viewer = Viewer::join(record.clone()).map_err(|error| told(&error))?;
    let answer = viewer.set(name, &wanted, PATIENCE).map_err(|error| told(&error));
    viewer.leave();
    match answer? {
        Some(Ok(())) => {}
        Some(Err(reason)) => {
            return Err(miette::miette!("{name} goes on with its old parameters: {reason}"));
        }
        None => {
            return Err(miette::miette!(
                "{name} did not answer within {} s; `vesalius status` shows whether it is there",
                PATIENCE.as_secs()
            ));
        }
    }
    let sockets = SocketFolder::at(&record.sockets);
    Record::update(&sockets, |record| {
        if let Some(member) = record.members.get_mut(name) {
            member.parameters = wanted;
        }
    })
    .map_err(|error| {
        miette::miette!("{name} took them, but after a restart it has the old ones again: {error}")
    })?;
    super::print(&format!("{name} took {}\n", settings.join(" ")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes_of(words: &[&str]) -> Result<Vec<(String, Vec<String>)>, String> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let owned = |(node, settings): (&str, Vec<&str>)| {
            (node.to_owned(), settings.into_iter().map(str::to_owned).collect())
        };
        changes(&words).map(|changes| changes.into_iter().map(owned).collect())
    }

    fn of(node: &str, settings: &[&str]) -> (String, Vec<String>) {
        (node.to_owned(), settings.iter().map(|&setting| setting.to_owned()).collect())
    }

    #[test]
    fn both_ways_to_write_a_setting_mean_the_same() {
        let wanted = Ok(vec![of("locate", &["max_gap_ms=40", "sector.apex_px=[1, 2.5]"])]);
        assert_eq!(changes_of(&["locate", "max_gap_ms=40", "sector.apex_px=[1, 2.5]"]), wanted);
        assert_eq!(changes_of(&["locate.max_gap_ms=40", "locate.sector.apex_px=[1, 2.5]"]), wanted);
        assert_eq!(
            changes_of(&["a.x=1", "b.x=2.5", "a.y=z=3"]),
            Ok(vec![of("a", &["x=1", "y=z=3"]), of("b", &["x=2.5"])])
        );
    }

    #[test]
    fn what_names_no_node_or_no_key_is_told() {
        for (words, says) in [
            (&["locate"][..], "nothing is to be changed of `locate`"),
            (&["max_gap_ms=40"], "`max_gap_ms=40` does not say which node"),
            (&["locate.a=1", "b=2"], "`b=2` does not say which node"),
            (&[".a=1"], "does not say which node"),
            (&["locate.=1"], "does not say which node"),
            (&["x=1.5"], "does not say which node"),
        ] {
            let error = changes_of(words).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
