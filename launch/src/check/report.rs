//! Problems as a person reads them in a terminal, and as JSON for programs.

use std::fmt::Write as _;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource,
    Report as MietteReport, ThemeCharacters, ThemeStyles,
};
use serde_json::{Value, json};

use super::checked::Checked;
use crate::plan::ParticipantKind;
use crate::problem::{Place, Problem, Severity, Text};

/// How a report looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// With colours.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// In the order of the file, then of the command line; what has no place comes first.
pub fn sort(problems: &mut [Problem]) {
    problems.sort_by_key(|problem| match problem.labels.first() {
        None => (0, 0),
        Some(label) => match label.place.text {
            Text::File => (1, label.place.span.start),
            Text::CommandLine => (2, label.place.span.start),
        },
    });
}

impl Report {
    /// All problems, and a line that sums up.
    pub fn text(&self, checked: &Checked, name: &str) -> String {
        let mut text = String::new();
        for problem in &checked.problems {
            self.problem(&mut text, checked, name, problem);
            text.push('\n');
        }
        text.push_str(&summary(checked, name));
        text
    }

    fn problem(&self, out: &mut String, checked: &Checked, name: &str, problem: &Problem) {
        let theme = GraphicalTheme {
            characters: ThemeCharacters::unicode(),
            styles: if self.colour { ThemeStyles::ansi() } else { ThemeStyles::none() },
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(self.width)
            .with_links(false)
            // What is to be copied stays in one piece.
            .with_break_words(false)
            .with_context_lines(1);
        let own = problem.labels.first().map(|label| label.place.text);
        let labels: Vec<LabeledSpan> = problem
            .labels
            .iter()
            .filter(|label| Some(label.place.text) == own)
            .map(|label| {
                LabeledSpan::new_with_span(Some(label.says.clone()), label.place.span.clone())
            })
            .collect();
        let diagnostic = MietteDiagnostic {
            message: problem.message.clone(),
            code: None,
            severity: Some(match problem.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
            }),
            help: problem.help.clone(),
            url: None,
            labels: (!labels.is_empty()).then_some(labels),
        };
        let (source, text) = match (own, &checked.file) {
            (Some(Text::CommandLine), Some(file)) => ("command line", file.settings.as_str()),
            (_, Some(file)) => (name, file.text.as_str()),
            (_, None) => (name, ""),
        };
        let report = MietteReport::new(diagnostic)
            .with_source_code(NamedSource::new(source, text.to_owned()));
        if handler.render_report(out, report.as_ref()).is_err() {
            // The drawing failed, not the check: say it plainly.
            let _ = writeln!(out, "{}", problem.message);
        }
    }
}

fn summary(checked: &Checked, name: &str) -> String {
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    };
    let (errors, warnings) = (checked.errors(), checked.warnings());
    let mut said = Vec::new();
    if errors > 0 {
        said.push(count(errors, "error"));
    }
    if warnings > 0 {
        said.push(count(warnings, "warning"));
    }
    if errors > 0 {
        return format!("{name}: {}\n", said.join(", "));
    }
    let of = |kind| checked.nodes.iter().filter(|node| node.kind == kind).count();
    let connections: usize = checked.nodes.iter().map(|node| node.inputs.len()).sum();
    let good = format!(
        "good: {}, {}, {}, {}",
        count(of(ParticipantKind::Device), "device"),
        count(of(ParticipantKind::Node), "node"),
        count(of(ParticipantKind::Observer), "observer"),
        count(connections, "connection")
    );
    said.insert(0, good);
    format!("{name}: {}\n", said.join("; "))
}

/// `{file, good, errors, warnings, problems: [{severity, code, message, help, places}]}`.
pub fn to_json(checked: &Checked, name: &str) -> Value {
    let problems: Vec<Value> = checked
        .problems
        .iter()
        .map(|problem| {
            let places: Vec<Value> = problem
                .labels
                .iter()
                .map(|label| place(checked, &label.place, &label.says))
                .collect();
            json!({
                "severity": match problem.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                "code": problem.code,
                "message": problem.message,
                "help": problem.help,
                "places": places,
            })
        })
        .collect();
    json!({
        "file": name,
        "good": checked.errors() == 0,
        "errors": checked.errors(),
        "warnings": checked.warnings(),
        "problems": problems,
    })
}

fn place(checked: &Checked, place: &Place, says: &str) -> Value {
    let (source, text) = match (&checked.file, place.text) {
        (Some(file), Text::File) => ("file", file.text.as_str()),
        (Some(file), Text::CommandLine) => ("command line", file.settings.as_str()),
        (None, _) => ("file", ""),
    };
    let before = text.get(..place.span.start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    json!({
        "in": source,
        "line": before.matches('\n').count() + 1,
        "column": before[line_start..].chars().count() + 1,
        "text": text.get(place.span.clone()).unwrap_or_default(),
        "says": says,
    })
}
