//! `vesalius describe`: shows the ports and parameters of one participant.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use miette::{Report, miette};
use serde_json::{Value, json};

use crate::catalogue::{Answer, Catalogue, Description, Participant, Ports, Runs};
use crate::plan::ParticipantKind;
use crate::{schema, suggest};

/// What `vesalius describe` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// EXECUTABLE/NAME, a NAME that only one executable offers, or path/to/executable:NAME
    pub name: String,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// Describes one participant.
///
/// # Errors
/// If there is none of that name, or its executable does not describe itself.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let (runs, version, participant) = find(&arguments.name, &Catalogue::usual())?;
    if arguments.json {
        super::print(&format!("{:#}\n", to_json(&runs, &version, &participant)));
    } else {
        super::print(&text(&runs, &version, &participant));
    }
    Ok(ExitCode::SUCCESS)
}

fn find(name: &str, catalogue: &Catalogue) -> Result<(String, String, Participant), Report> {
    let answers = match Runs::parse(name) {
        Some(Runs::Foreign { path, .. }) => vec![Catalogue::ask_foreign(Path::new(path))],
        Some(Runs::Named { executable, .. }) if catalogue.path(executable).is_some() => {
            catalogue.ask_some([executable])
        }
        _ => catalogue.ask_all(),
    };
    let mut matching = Vec::new();
    let mut known = Vec::new();
    for answer in &answers {
        let Ok(description) = &answer.description else {
            continue;
        };
        for participant in &description.participants {
            let full = match Runs::parse(name) {
                Some(Runs::Foreign { path, .. }) => format!("{path}:{}", participant.name),
                _ => format!("{}/{}", answer.name, participant.name),
            };
            if full == name || participant.name == name {
                matching.push((full.clone(), description, participant));
            }
            known.push(full);
        }
    }
    match matching.as_slice() {
        [(runs, description, participant)] => {
            Ok((runs.clone(), version(description), (*participant).clone()))
        }
        [] => Err(unknown(name, &answers, &known)),
        several => {
            let names = suggest::list(several.iter().map(|(name, ..)| name.as_str()));
            Err(miette!(help = "name one of them in full", "`{name}` may be {names}"))
        }
    }
}

fn unknown(name: &str, answers: &[Answer], known: &[String]) -> Report {
    let failures: Vec<String> = answers
        .iter()
        .filter_map(|answer| {
            let error = answer.description.as_ref().err()?;
            Some(format!("{} {error}", answer.path.display()))
        })
        .collect();
    let full = known.iter().map(String::as_str);
    // `locat_image` is like the second half of `fusion/locate_image`.
    let short = |full: &'_ str| full.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
    let halves: Vec<String> = known.iter().map(|full| short(full)).collect();
    let meant = suggest::nearest(name, full).map(str::to_owned).or_else(|| {
        let half = suggest::nearest(&short(name), halves.iter().map(String::as_str))?;
        known.iter().find(|full| short(full) == half).cloned()
    });
    let help = match (failures.first(), meant) {
        (Some(failure), _) => failure.clone(),
        (None, Some(meant)) => format!("did you mean `{meant}`? `vesalius list` shows all"),
        (None, None) => "`vesalius list` shows what there is".to_owned(),
    };
    miette!(help = help, "there is no `{name}`")
}

fn version(description: &Description) -> String {
    if description.version.is_empty() {
        description.executable.clone()
    } else {
        format!("{} {}", description.executable, description.version)
    }
}

fn kind(kind: ParticipantKind) -> &'static str {
    match kind {
        ParticipantKind::Node => "node",
        ParticipantKind::Device => "device",
        ParticipantKind::Observer => "observer",
        ParticipantKind::Source => "source",
    }
}

fn text(runs: &str, version: &str, participant: &Participant) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{runs}: {} of {version}", kind(participant.kind));
    out.push_str(&super::wrapped(&participant.help, "  "));
    ports(&mut out, "inputs", &participant.inputs);
    ports(&mut out, "outputs", &participant.outputs);
    match participant.kind {
        ParticipantKind::Observer => out.push_str("\nIt hears every stream of the graph.\n"),
        ParticipantKind::Source => out.push_str("\nIt takes part in replays only.\n"),
        _ => {}
    }
    let fields = schema::fields(&participant.parameters);
    out.push_str(if fields.is_empty() { "\nno parameters\n" } else { "\nparameters\n" });
    for field in &fields {
        let default = match (&field.default, field.required) {
            (_, true) => match field.name.rsplit_once('.') {
                Some((table, _)) => format!("; must be given with `{table}`"),
                None => "; must be given".to_owned(),
            },
            (Some(default), false) => format!("; by default {}", schema::value(default)),
            (None, false) => "; may be left out".to_owned(),
        };
        let said = format!("{}: {}{default}", field.name, field.allowed);
        out.push_str(&super::hanging(&said, "  ", "      "));
        out.push_str(&super::wrapped(&field.help, "      "));
        for (word, meaning) in &field.choices {
            out.push_str(&super::hanging(&format!("{word}: {meaning}"), "        ", "          "));
        }
    }
    if participant.kind != ParticipantKind::Source {
        example(&mut out, runs, participant, &fields);
    }
    out
}

fn ports(out: &mut String, title: &str, ports: &Ports) {
    if ports.0.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let name_width = longest(&mut ports.0.iter().map(|port| port.name.len()));
    let message_width = longest(&mut ports.0.iter().map(|port| port.carries.to_string().len()));
    for port in &ports.0 {
        let frames = match &port.carries.frames {
            Some(frames) if !frames.is_empty() => format!("in {}", frames.join(", ")),
            _ => String::new(),
        };
        let carries = port.carries.to_string();
        let may = match (port.optional, frames.is_empty()) {
            (false, _) => "",
            (true, true) => "may be left out",
            (true, false) => "; may be left out",
        };
        let line = format!("  {:name_width$}  {carries:message_width$}  {frames}{may}", port.name);
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// What to write into a graph file.
fn example(out: &mut String, runs: &str, participant: &Participant, fields: &[schema::Field]) {
    let name = participant.name.split('_').next().unwrap_or_default();
    let _ = writeln!(out, "\nin a graph file\n  [nodes.{name}]\n  runs = \"{runs}\"");
    for port in &participant.inputs.0 {
        let may = if port.optional { ", may be left out" } else { "" };
        let message = &port.carries.message;
        let _ = writeln!(out, "  inputs.{} = \"NODE.PORT\"    # {message}{may}", port.name);
    }
    for field in fields.iter().filter(|field| field.required && !field.name.contains('.')) {
        let _ = writeln!(out, "  parameters.{} = …", field.name);
    }
}

fn to_json(runs: &str, version: &str, participant: &Participant) -> Value {
    let ports = |ports: &Ports| {
        let ports = ports.0.iter().map(|port| {
            let carries = &port.carries;
            let mut value = json!({"message": carries.message, "version": carries.version, "frames": carries.frames});
            if port.optional {
                value["optional"] = true.into();
            }
            (port.name.clone(), value)
        });
        Value::Object(ports.collect())
    };
    json!({
        "name": runs,
        "executable": version,
        "kind": participant.kind,
        "help": participant.help,
        "inputs": ports(&participant.inputs),
        "outputs": ports(&participant.outputs),
        "parameters": participant.parameters,
    })
}
