//! `vesalius set`: changes parameters of a running node.

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
    /// The node
    #[arg(value_name = "NODE")]
    pub node: String,
    /// What to change; `vesalius describe` lists the keys
    #[arg(value_name = "KEY=VALUE", required = true)]
    pub settings: Vec<String>,
    /// The session, or the beginning of its name; needed only if several run
    #[arg(long, value_name = "SESSION")]
    pub session: Option<String>,
}

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Changes parameters of a node; it says whether it takes them.
///
/// # Errors
/// If there is no such node, its schema does not allow them, or the node refuses them.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let told = |error: &dyn std::fmt::Display| miette::miette!("{error}");
    let record = registry::choose(&folders::socket_root(), arguments.session.as_deref())
        .map_err(|error| told(&error))?;
    let name = &arguments.node;
    let node = record.plan.nodes.iter().find(|node| node.name == *name);
    let (Some(node), Some(member)) = (node, record.members.get(name)) else {
        let names = record.plan.nodes.iter().map(|node| node.name.as_str());
        let help = suggest::did_you_mean(name, names, "its nodes are");
        return Err(miette::miette!("session {} has no node `{name}`; {help}", record.session));
    };
    if node.kind != ParticipantKind::Node {
        return Err(miette::miette!(
            "{name} is no node but a device, observer or source, which keep their parameters while they run; start anew with `vesalius run … --set {name}.{}`",
            arguments.settings.join(&format!(" --set {name}."))
        ));
    }
    let mut wanted = member.parameters.clone();
    for setting in &arguments.settings {
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
    super::print(&format!("{name} took {}\n", arguments.settings.join(" ")));
    Ok(ExitCode::SUCCESS)
}
