//! Whether a graph could run here and now: what each device, network, file and the machine itself say.
//!
//! | file | what it looks at |
//! | --- | --- |
//! | `ask` | one participant, in a process of its own that is stopped when it takes too long |
//! | `participants` | all of them side by side, and those that cannot be examined |
//! | `files` | models and calibrations with their checksums |
//! | `machine` | memory that may be locked and shared, processors |
//! | `recording` | space for the recording |
//! | `last_run` | what the last run of the same graph took of the machine |

mod ask;
mod files;
mod last_run;
mod machine;
mod participants;
mod recording;

use std::path::{Path, PathBuf};
use std::time::Duration;

use runtime::Finding;
use serde::Serialize;

use crate::catalogue::Catalogue;
use crate::check::{self, Checked};
use crate::plan::Plan;
use crate::problem::{Problem, Severity, Text};
use crate::session::{folders, registry};
use last_run::LastRun;

/// How good something is; worse is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Nobody could look.
    Unexamined,
    /// It works, but a person should know of it.
    Notable,
    /// It does not work so.
    Wrong,
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Unexamined => "unexamined",
            Self::Notable => "notable",
            Self::Wrong => "wrong",
        }
    }
}

/// One sentence, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// How good it is.
    pub verdict: Verdict,
    /// What was found.
    pub text: String,
    /// What to do.
    pub remedy: Option<String>,
}

impl Line {
    fn good(text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Good, text: text.into(), remedy: None }
    }

    fn of(verdict: Verdict, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict, text: text.into(), remedy: Some(remedy.into()) }
    }
}

impl From<Finding> for Line {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::Good { text } => Self::good(text),
            Finding::Notable { text, remedy } => Self::of(Verdict::Notable, text, remedy),
            Finding::Wrong { text, remedy } => Self::of(Verdict::Wrong, text, remedy),
        }
    }
}

/// What a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The graph file.
    Graph,
    /// A device of the graph.
    Device,
    /// A node of the graph.
    Node,
    /// A file that the graph names.
    File,
    /// This machine.
    Machine,
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// What it is.
    pub about: About,
    /// Its name in the graph.
    pub name: String,
    /// What it runs; none for what is no participant.
    pub runs: Option<String>,
    /// What was found, the worst first.
    pub findings: Vec<Line>,
}

impl Subject {
    fn new(about: About, name: &str, mut findings: Vec<Line>) -> Self {
        findings.sort_by_key(|line| std::cmp::Reverse(line.verdict));
        Self { about, name: name.to_owned(), runs: None, findings }
    }

    /// The worst of its findings.
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(|line| line.verdict).max().unwrap_or(Verdict::Good)
    }
}

/// All that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// In the order in which a person reads them.
    pub subjects: Vec<Subject>,
    /// Nodes that accept their parameters and have nothing else to tell.
    pub content: usize,
}

impl Diagnosis {
    /// How many findings are of a kind.
    pub fn count(&self, verdict: Verdict) -> usize {
        let lines = self.subjects.iter().flat_map(|subject| &subject.findings);
        lines.filter(|line| line.verdict == verdict).count()
    }
}

/// How it is to be looked.
#[derive(Clone, Debug)]
pub struct Look<'a> {
    /// Each participant is given so long.
    pub limit: Duration,
    /// Where the recording will go.
    pub sessions: &'a Path,
}

/// Looks at everything that a graph needs.
pub fn examine(
    file: &Path,
    settings: &[String],
    catalogue: &Catalogue,
    look: &Look<'_>,
) -> Diagnosis {
    let (checked, addresses) = check::without_knocking(file, settings, catalogue);
    let mut subjects = graph(&checked);
    let (participants, content) =
        participants::examine(&checked, &addresses, catalogue, look.limit);
    subjects.extend(participants);
    subjects.extend(files::subjects(&checked.files));
    if let Some(plan) = checked.plan() {
        let last = LastRun::find(look.sessions, &plan);
        subjects.extend(running(&plan));
        subjects.extend(machine::subjects(&plan, last.as_ref()));
        subjects.extend(recording::subject(&plan, look.sessions, last.as_ref()));
    }
    Diagnosis { subjects, content }
}

/// What `vesalius check` finds.
fn graph(checked: &Checked) -> Vec<Subject> {
    let line = |problem: &Problem| {
        let verdict = match problem.severity {
            Severity::Error => Verdict::Wrong,
            Severity::Warning => Verdict::Notable,
        };
        let mut text = problem.message.clone();
        if let Some(number) = line_number(checked, problem) {
            text = format!("line {number}: {text}");
        }
        Line { verdict, text, remedy: problem.help.clone() }
    };
    let lines: Vec<Line> = checked.problems.iter().map(line).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    vec![Subject::new(About::Graph, "graph", lines)]
}

fn line_number(checked: &Checked, problem: &Problem) -> Option<usize> {
    let place = &problem.labels.first()?.place;
    let text = &checked.file.as_ref().filter(|_| place.text == Text::File)?.text;
    Some(text.get(..place.span.start)?.matches('\n').count() + 1)
}

/// Sessions of the same graph hold its devices.
fn running(plan: &Plan) -> Option<Subject> {
    let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| PathBuf::from(path));
    let own = absolute(&plan.file);
    let records = registry::sessions(&folders::socket_root());
    let lines: Vec<Line> = records
        .iter()
        .filter(|record| absolute(&record.plan.file) == own)
        .map(|record| {
            Line::of(
                Verdict::Notable,
                format!(
                    "session {} runs this graph now, and many devices answer one client only",
                    record.session
                ),
                format!("`vesalius status {}` says how its devices fare", record.session),
            )
        })
        .collect();
    (!lines.is_empty()).then(|| Subject::new(About::Machine, "sessions", lines))
}
