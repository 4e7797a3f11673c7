//! `vesalius list`: what there is to run.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::catalogue::{Answer, Catalogue, Participant};
use crate::plan::ParticipantKind;

/// What `vesalius list` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only what gives this message
    #[arg(long, value_name = "MESSAGE")]
    pub gives: Option<String>,
    /// Only what takes this message
    #[arg(long, value_name = "MESSAGE")]
    pub takes: Option<String>,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

const KINDS: &[(ParticipantKind, &str)] = &[
    (ParticipantKind::Device, "devices"),
    (ParticipantKind::Node, "nodes"),
    (ParticipantKind::Observer, "observers"),
    (ParticipantKind::Source, "sources of replays"),
];

/// Lists all participants and tools; an executable that does not describe itself is named, and then
/// the exit code is not zero.
///
/// # Errors
/// Never.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let answers = Catalogue::usual().ask_all();
    if arguments.json {
        super::print(&format!("{:#}\n", to_json(&answers, arguments)));
    } else {
        super::print(&text(&answers, arguments));
    }
    let mut good = true;
    for answer in &answers {
        if let Err(error) = &answer.description {
            good = false;
            eprintln!("error: {} {error}", answer.path.display());
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn wanted(participant: &Participant, arguments: &Arguments) -> bool {
    let carries = |ports: &crate::catalogue::Ports, message: &Option<String>| match message {
        None => true,
        Some(message) => ports.0.iter().any(|port| port.carries.message == *message),
    };
    carries(&participant.outputs, &arguments.gives)
        && carries(&participant.inputs, &arguments.takes)
}

fn text(answers: &[Answer], arguments: &Arguments) -> String {
    let mut out = String::new();
    let mut sections: Vec<(&str, Vec<(String, &str)>)> = Vec::new();
    for (kind, title) in KINDS {
        let mut rows = Vec::new();
        for answer in answers {
            for participant in answer.description.iter().flat_map(|all| &all.participants) {
                if participant.kind == *kind && wanted(participant, arguments) {
                    let name = format!("{}/{}", answer.name, participant.name);
                    rows.push((name, participant.help.as_str()));
                }
            }
        }
        sections.push((title, rows));
    }
    if arguments.gives.is_none() && arguments.takes.is_none() {
        let tools = answers.iter().flat_map(|answer| &answer.description);
        let rows = tools.flat_map(|all| &all.tools);
        let rows = rows.map(|tool| (format!("vesalius {}", tool.name), tool.help.as_str()));
        sections.push(("tools", rows.collect()));
    }
    let width = sections.iter().flat_map(|(_, rows)| rows).map(|(name, _)| name.len()).max();
    for (title, rows) in sections.iter().filter(|(_, rows)| !rows.is_empty()) {
        let _ = writeln!(out, "{title}");
        for (name, help) in rows {
            out.push_str(&super::row(name, width.unwrap_or(0), help));
        }
        out.push('\n');
    }
    if width.is_none() {
        out.push_str("nothing; executables lie beside `vesalius` or in VESALIUS_PATH\n");
    } else {
        out.push_str("`vesalius describe NAME` shows ports and parameters\n");
    }
    out
}

fn to_json(answers: &[Answer], arguments: &Arguments) -> Value {
    let mut participants = Vec::new();
    let mut tools = Vec::new();
    let mut failed = Vec::new();
    for answer in answers {
        match &answer.description {
            Ok(description) => {
                for participant in
                    description.participants.iter().filter(|one| wanted(one, arguments))
                {
                    participants.push(json!({
                        "name": format!("{}/{}", answer.name, participant.name),
                        "kind": participant.kind,
                        "help": participant.help,
                    }));
                }
                let own = description.tools.iter();
                tools.extend(own.map(
                    |tool| json!({"name": tool.name, "help": tool.help, "executable": answer.path}),
                ));
            }
            Err(error) => {
                failed.push(json!({"executable": answer.path, "error": error.to_string()}));
            }
        }
    }
    json!({"participants": participants, "tools": tools, "failed": failed})
}
