//! `vesalius doctor`: whether a graph could run here and now, and what to do about what is not right.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::run::duration;
use crate::catalogue::Catalogue;
use crate::doctor::{self, About, Diagnosis, Line, Look, Subject, Verdict};
use crate::logs::{may_colour, print::without_control};

/// What `vesalius doctor` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The graph file
    #[arg(value_name = "GRAPH")]
    pub file: PathBuf,
    /// Change a value first: NODE.key=value, common.key=value or calibrations.NAME=FILE
    #[arg(long = "set", value_name = "NODE.KEY=VALUE")]
    pub settings: Vec<String>,
    /// How long each device and node may take to be examined, such as 5s or 1min
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration)]
    pub limit: Duration,
    /// Where the recording will go
    #[arg(long, value_name = "FOLDER", default_value = "sessions")]
    pub session_folder: PathBuf,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// Looks at all that a graph needs, and prints what was found; exits with 1 if something is wrong.
///
/// # Errors
/// Never: what is wrong is what it prints.
pub fn run(arguments: &Arguments) -> miette::Result<ExitCode> {
    let look = Look { limit: arguments.limit, sessions: &arguments.session_folder };
    let catalogue = Catalogue::usual();
    let diagnosis = doctor::examine(&arguments.file, &arguments.settings, &catalogue, &look);
    let name = arguments.file.display().to_string();
    if arguments.json {
        super::print(&format!("{:#}\n", to_json(&diagnosis, &name)));
    } else {
        super::print(&text(&diagnosis, &name, may_colour(false)));
    }
    let good = diagnosis.count(Verdict::Wrong) == 0;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const SECTIONS: &[(About, &str)] = &[
    (About::Graph, "the graph file"),
    (About::Device, "devices"),
    (About::Node, "nodes"),
    (About::File, "files"),
    (About::Machine, "this machine"),
];
/// As long as the longest verdict.
const MARK: usize = 10;
/// As long as the names of what is looked at on every machine.
const LEAST_NAME: usize = 13;

fn text(diagnosis: &Diagnosis, name: &str, colour: bool) -> String {
    let mut out = String::new();
    let names = diagnosis.subjects.iter().map(|subject| subject.name.chars().count());
    let width = names.max().unwrap_or(0).max(LEAST_NAME);
    for (about, title) in SECTIONS {
        let mut subjects =
            diagnosis.subjects.iter().filter(|subject| subject.about == *about).peekable();
        if subjects.peek().is_none() {
            continue;
        }
        let _ = writeln!(out, "{title}");
        for subject in subjects {
            told(&mut out, subject, width, colour);
        }
        out.push('\n');
    }
    if diagnosis.content > 0 {
        let plural = if diagnosis.content == 1 { "node has" } else { "nodes have" };
        let _ = writeln!(out, "{} other {plural} nothing to tell\n", diagnosis.content);
    }
    let _ = writeln!(out, "{name}: {}", summary(diagnosis));
    out
}

fn told(out: &mut String, subject: &Subject, width: usize, colour: bool) {
    let mut name = subject.name.as_str();
    for line in &subject.findings {
        let mark = format!("{:MARK$}", line.verdict.word());
        let first = format!("  {mark}  {name:width$}  ");
        let rest = " ".repeat(first.chars().count());
        let block = super::hanging(&without_control(&line.text), &first, &rest);
        if colour {
            let painted = format!("\x1b[{}m{mark}\x1b[0m", paint(line));
            out.push_str(&block.replacen(&mark, &painted, 1));
        } else {
            out.push_str(&block);
        }
        if let Some(remedy) = &line.remedy {
            let arrow = format!("{rest}→ ");
            out.push_str(&super::hanging(&without_control(remedy), &arrow, &format!("{rest}  ")));
        }
        name = "";
    }
}

fn paint(line: &Line) -> u8 {
    match line.verdict {
        Verdict::Good => 32,
        Verdict::Unexamined => 2,
        Verdict::Notable => 33,
        Verdict::Wrong => 31,
    }
}

fn summary(diagnosis: &Diagnosis) -> String {
    let told: Vec<String> = [Verdict::Wrong, Verdict::Notable, Verdict::Unexamined, Verdict::Good]
        .into_iter()
        .filter_map(|verdict| {
            let count = diagnosis.count(verdict);
            (count > 0).then(|| format!("{count} {}", verdict.word()))
        })
        .collect();
    let ready = if diagnosis.count(Verdict::Wrong) == 0 { "ready" } else { "not ready" };
    format!("{ready}: {}", told.join(", "))
}

/// `{file, good, wrong, notable, unexamined, content, subjects: [{about, name, runs, verdict, findings}]}`.
fn to_json(diagnosis: &Diagnosis, name: &str) -> serde_json::Value {
    let subjects: Vec<_> = diagnosis
        .subjects
        .iter()
        .map(|subject| {
            json!({
                "about": subject.about,
                "name": subject.name,
                "runs": subject.runs,
                "verdict": subject.verdict(),
                "findings": subject.findings,
            })
        })
        .collect();
    json!({
        "file": name,
        "good": diagnosis.count(Verdict::Wrong) == 0,
        "wrong": diagnosis.count(Verdict::Wrong),
        "notable": diagnosis.count(Verdict::Notable),
        "unexamined": diagnosis.count(Verdict::Unexamined),
        "content": diagnosis.content,
        "subjects": subjects,
    })
}
