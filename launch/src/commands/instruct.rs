//! `vesalius instruct`: tells a running procedure what a person decided.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use messages::{Instruction, InstructionKind, Message as _};
use runtime::door::knock;

use crate::catalogue::{Catalogue, Runs};
use crate::plan::{Plan, PlannedNode};
use crate::session::{Record, SocketFolder, folders, registry};
use crate::suggest;

/// What `vesalius instruct` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What is told
    #[command(subcommand)]
    pub what: What,
    /// Who says so, as it is recorded; by default the user's login name
    #[arg(long, global = true, value_name = "NAME")]
    pub by: Option<String>,
    /// The session, or the beginning of its name; needed only if several run
    #[arg(long, global = true, value_name = "SESSION")]
    pub session: Option<String>,
    /// The console; needed only if the graph has several
    #[arg(long, global = true, value_name = "NODE")]
    pub console: Option<String>,
}

/// What is told.
#[derive(Debug, Subcommand)]
pub enum What {
    /// The registration was looked at and may guide
    Accept,
    /// The registration must not guide: it is searched for anew
    Reject {
        /// Why, for the record
        #[arg(value_name = "REASON")]
        reason: String,
    },
    /// The tip of a tool now rests on a landmark: the registration's error there is measured
    Touch {
        /// The landmark, as the preoperative map calls it
        #[arg(value_name = "LANDMARK")]
        landmark: String,
        /// The tool, as the tracking system calls it
        #[arg(long, value_name = "TOOL", default_value = "stylus")]
        tool: String,
    },
}

/// What a console runs.
const CONSOLE: &str = "registration/console";
/// How long the console may take to publish an instruction.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends an instruction into a session, through its console.
///
/// # Errors
/// If there is no such session, it has no console, or the console does not take it.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let record = registry::choose(&folders::socket_root(), arguments.session.as_deref())
        .map_err(|error| miette::miette!("{error}"))?;
    let node = console(&record, arguments.console.as_deref(), &Catalogue::usual())?;
    let (kind, said) = match &arguments.what {
        What::Accept => {
            (InstructionKind::AcceptRegistration, "the registration is accepted".to_owned())
        }
        What::Reject { reason } => (
            InstructionKind::RejectRegistration { reason: reason.clone() },
            format!("the registration is rejected: {reason}"),
        ),
        What::Touch { landmark, tool } => (
            InstructionKind::TouchLandmark { landmark: landmark.clone(), tool: tool.clone() },
            format!("{tool} touches {landmark}"),
        ),
    };
    let instruction = Instruction { by: arguments.by.clone().unwrap_or_else(user), kind };
    let door = SocketFolder::at(&record.sockets).door(&node.name);
    match knock(&door, &instruction, PATIENCE) {
        Ok(Ok(())) => {
            super::print(&format!("{} was told by {}: {said}\n", record.graph, instruction.by));
            Ok(ExitCode::SUCCESS)
        }
        Ok(Err(reason)) => Err(miette::miette!("{} does not take that: {reason}", node.name)),
        Err(error) => Err(miette::miette!(
            help = "`vesalius status` shows whether it is there",
            "{} cannot be told: {error}",
            node.name
        )),
    }
}

/// The login name.
fn user() -> String {
    let name = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "somebody".to_owned())
}

/// The console of a session: the only one, or the one `asked` for.
fn console<'r>(
    record: &'r Record,
    asked: Option<&str>,
    catalogue: &Catalogue,
) -> miette::Result<&'r PlannedNode> {
    let plan = &record.plan;
    let consoles: Vec<&PlannedNode> =
        plan.nodes.iter().filter(|node| node.runs == CONSOLE).collect();
    let name = format!("session {} of {}", record.session, record.graph);
    let names = suggest::list(consoles.iter().map(|node| node.name.as_str()));
    match (asked, consoles.as_slice()) {
        (_, []) => Err(miette::miette!(
            help = lines_to_add(plan, catalogue),
            "{name} has no console, through which instructions come in"
        )),
        (None, &[console]) => Ok(console),
        (None, _) => {
            Err(miette::miette!("which console? {name} has {names}; name one with --console"))
        }
        (Some(asked), consoles) => consoles
            .iter()
            .copied()
            .find(|node| node.name == asked)
            .ok_or_else(|| miette::miette!("{name} has no console `{asked}`: it has {names}")),
    }
}

/// What to write into a graph that has no console: the device, and its connections.
fn lines_to_add(plan: &Plan, catalogue: &Catalogue) -> String {
    let taken = |name: &str| plan.nodes.iter().any(|node| node.name == name);
    let numbered = (2..).map(|number| format!("console{number}"));
    let mut names = std::iter::once("console".to_owned()).chain(numbered);
    let name = names.find(|name| !taken(name)).unwrap_or_default();
    let mut text = format!(
        "add to {}, and start it anew:\n\n[nodes.{name}]\nruns = \"{CONSOLE}\"\n",
        plan.file.display()
    );
    let mut connected = false;
    for node in &plan.nodes {
        for port in ports_for_instructions(node, catalogue) {
            connected = true;
            let line = format!("inputs.{port} = \"{name}.instruction\"");
            let _ = write!(text, "\nand in [nodes.{}]\n{line}", node.name);
            if let Some(input) = node.inputs.get(&port) {
                let _ = write!(text, "    # instead of \"{}.{}\"", input.node, input.port);
            }
            text.push('\n');
        }
    }
    if !connected {
        let message = Instruction::SCHEMA;
        let _ = write!(
            text,
            "\nand connect \"{name}.instruction\" to a node that hears it: `vesalius list --takes {message}`"
        );
    }
    text.trim_end().to_owned()
}

/// The inputs of a node that take instructions.
fn ports_for_instructions(node: &PlannedNode, catalogue: &Catalogue) -> Vec<String> {
    let answer = match Runs::parse(&node.runs) {
        Some(Runs::Named { executable, .. }) => catalogue.ask(executable),
        _ => None,
    };
    let described = answer.and_then(|answer| answer.description.ok());
    let participant = node.runs.rsplit('/').next().unwrap_or_default();
    let inputs = described.as_ref().and_then(|all| all.participant(participant));
    let ports = inputs.into_iter().flat_map(|participant| &participant.inputs.0);
    ports
        .filter(|port| port.carries.message == Instruction::SCHEMA)
        .map(|port| port.name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use clap::Parser as _;

    use super::*;
    use crate::catalogue::Cache;
    use crate::commands::{Command, CommandLine};
    use crate::session::record::tests::record;

    /// A catalogue in which `fusion/locate_image` takes instructions.
    fn catalogue(here: &Path) -> Catalogue {
        let description = r#"{"executable": "fusion", "participants": [{"name": "locate_image", "kind": "node",
            "inputs": {"image": {"message": "UltrasoundImage", "version": 1}, "orders": {"message": "Instruction", "version": 1}}}]}"#;
        let path = here.join("vesalius-fusion");
        std::fs::write(&path, format!("#!/bin/sh\ncat <<'END'\n{description}\nEND\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Catalogue::of_folders(&[here.to_owned()], Cache::default())
    }

    fn help(error: &miette::Report) -> String {
        error.help().map(|help| help.to_string()).unwrap_or_default()
    }

    #[test]
    fn without_a_console_it_is_told_which_lines_to_add() {
        let here = tempfile::tempdir().unwrap();
        let record = record(here.path());
        let error = console(&record, None, &catalogue(here.path())).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("of two has no console, through which instructions come in")
        );
        assert_eq!(
            help(&error),
            "add to graphs/two.toml, and start it anew:\n\n\
             [nodes.console]\nruns = \"registration/console\"\n\n\
             and in [nodes.locate]\ninputs.orders = \"console.instruction\""
        );
        let nobody = Catalogue::of_folders(&[], Cache::default());
        let error = console(&record, None, &nobody).unwrap_err();
        assert!(help(&error).ends_with("`vesalius list --takes Instruction`"), "{}", help(&error));
    }

    #[test]
    fn of_several_consoles_one_must_be_named() {
        let here = tempfile::tempdir().unwrap();
        let mut record = record(here.path());
        let nobody = Catalogue::of_folders(&[], Cache::default());
        record.plan.nodes[0].runs = CONSOLE.to_owned();
        let name = |record: &Record, asked| {
            console(record, asked, &nobody)
                .map(|node| node.name.clone())
                .map_err(|error| error.to_string())
        };
        assert_eq!(name(&record, None).unwrap(), "ultrasound");
        record.plan.nodes[2].runs = CONSOLE.to_owned();
        assert!(name(&record, None).unwrap_err().contains("has `ultrasound` and `record`"));
        assert_eq!(name(&record, Some("record")).unwrap(), "record");
        assert!(name(&record, Some("locate")).unwrap_err().contains("no console `locate`"));
    }

    #[test]
    fn words_are_understood_wherever_the_options_stand() {
        let read = |words: &[&str]| {
            let all = ["vesalius", "instruct"].iter().chain(words);
            match CommandLine::try_parse_from(all).map(|line| line.command) {
                Ok(Command::Instruct(arguments)) => arguments,
                other => panic!("{other:?}"),
            }
        };
        let touch = read(&["touch", "portal_bifurcation", "--by", "anna", "--session", "0a"]);
        assert!(matches!(touch.what, What::Touch { landmark, tool }
            if landmark == "portal_bifurcation" && tool == "stylus"));
        assert_eq!((touch.by.as_deref(), touch.session.as_deref()), (Some("anna"), Some("0a")));
        let reject = read(&["--by", "anna", "reject", "it is beside the liver"]);
        assert!(
            matches!(reject.what, What::Reject { reason } if reason == "it is beside the liver")
        );
        assert!(matches!(read(&["accept"]).what, What::Accept));
        assert!(CommandLine::try_parse_from(["vesalius", "instruct", "reject"]).is_err());
    }
}
