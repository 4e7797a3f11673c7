//! Which executable and participant each node of a graph runs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::catalogue::{Answer, AskError, Catalogue, Participant, Runs};
use crate::graph_file::{GraphFile, NodeEntry};
use crate::plan::ParticipantKind;
use crate::problem::{Place, Problem, Spanned};
use crate::suggest;

/// What a node runs.
#[derive(Clone, Debug)]
pub struct Role {
    /// The participant.
    pub participant: Participant,
    /// The executable file.
    pub executable: PathBuf,
    /// `executable/participant`.
    pub runs: String,
}

/// The role of each node; none where it is not known, which is then a problem.
pub fn find(
    file: &GraphFile,
    catalogue: &Catalogue,
    problems: &mut Vec<Problem>,
) -> Vec<Option<Role>> {
    let answers = ask(file, catalogue);
    let mut failed = Vec::new();
    let mut finder = Finder { file, catalogue, answers: &answers, failed: &mut failed, problems };
    file.nodes.iter().map(|node| finder.role(node)).collect()
}

/// Asks each executable that is named, once.
fn ask(file: &GraphFile, catalogue: &Catalogue) -> BTreeMap<PathBuf, Answer> {
    let mut named = Vec::new();
    let mut foreign = Vec::new();
    for runs in file.nodes.iter().filter_map(|node| node.runs.as_ref()) {
        match Runs::parse(&runs.value) {
            Some(Runs::Named { executable, .. }) if !named.contains(&executable) => {
                named.push(executable);
            }
            Some(Runs::Foreign { path, .. }) => {
                let path = file.resolve(path, &runs.place);
                if !foreign.contains(&path) {
                    foreign.push(path);
                }
            }
            _ => {}
        }
    }
    let mut answers = catalogue.ask_some(named);
    answers.extend(foreign.iter().map(|path| Catalogue::ask_foreign(path)));
    answers.into_iter().map(|answer| (answer.path.clone(), answer)).collect()
}

struct Finder<'a> {
    file: &'a GraphFile,
    catalogue: &'a Catalogue,
    answers: &'a BTreeMap<PathBuf, Answer>,
    /// Executables whose failure was told already.
    failed: &'a mut Vec<PathBuf>,
    problems: &'a mut Vec<Problem>,
}

impl Finder<'_> {
    fn role(&mut self, node: &NodeEntry) -> Option<Role> {
        let Some(runs) = &node.runs else {
            if !self.file.damaged {
                let message = format!("the node `{}` does not say what it runs", node.name.value);
                self.problems.push(
                    Problem::error("missing", message).at(&node.name.place, "no `runs`").help(
                        "add runs = \"EXECUTABLE/NAME\"; `vesalius list` shows what there is",
                    ),
                );
            }
            return None;
        };
        let Some(parsed) = Runs::parse(&runs.value) else {
            let message = format!("`{}` names nothing that can be run", runs.value);
            self.problems.push(
                Problem::error("bad-runs", message)
                    .at(&runs.place, "no participant")
                    .help("write \"EXECUTABLE/NAME\", as `vesalius list` shows them, or \"path/to/executable:NAME\""),
            );
            return None;
        };
        let (path, participant) = match parsed {
            Runs::Named { executable, participant } => {
                let Some(path) = self.catalogue.path(executable) else {
                    self.unknown_executable(runs, executable, participant);
                    return None;
                };
                (path.to_owned(), participant)
            }
            Runs::Foreign { path, participant } => {
                (self.file.resolve(path, &runs.place), participant)
            }
        };
        self.participant(runs, path, participant)
    }

    fn participant(&mut self, runs: &Spanned<String>, path: PathBuf, name: &str) -> Option<Role> {
        let answer = self.answers.get(&path)?;
        let description = match &answer.description {
            Ok(description) => description,
            Err(error) => {
                if !self.failed.contains(&path) {
                    let message = format!("{} {error}", path.display());
                    let help = match error {
                        AskError::Start(_) => {
                            "paths are relative to the graph file; is it there and executable?"
                                .to_owned()
                        }
                        _ => format!("`{} describe` shows what it says", path.display()),
                    };
                    self.problems.push(
                        Problem::error("describe-failed", message)
                            .at(&runs.place, "what it offers is not known")
                            .help(help),
                    );
                    self.failed.push(path);
                }
                return None;
            }
        };
        let Some(participant) = description.participant(name) else {
            let known = description.participants.iter().map(|known| known.name.as_str());
            let message = format!("`{}` offers no `{name}`", answer.name);
            let help = self.elsewhere(name).unwrap_or_else(|| {
                let are = format!("`{}` offers", answer.name);
                suggest::did_you_mean(name, known, &are)
            });
            let place = self.part(runs, name);
            self.problems.push(
                Problem::error("unknown-participant", message)
                    .at(&place, "no such participant")
                    .help(help),
            );
            return None;
        };
        if participant.kind == ParticipantKind::Source {
            let message = format!("`{}` plays a recording and has no place in a graph", runs.value);
            self.problems.push(
                Problem::error("source-in-graph", message).at(&runs.place, "a source").help(
                    "`vesalius replay RECORDING` starts it; to play image files, use a device",
                ),
            );
            return None;
        }
        Some(Role {
            participant: participant.clone(),
            executable: path,
            runs: format!("{}/{name}", answer.name),
        })
    }

    fn unknown_executable(&mut self, runs: &Spanned<String>, executable: &str, participant: &str) {
        let message = format!("there is no executable `vesalius-{executable}`");
        let known = self.catalogue.names();
        let help = self.elsewhere(participant).unwrap_or_else(|| {
            if known.clone().next().is_none() {
                "no executables were found beside `vesalius` or in VESALIUS_PATH; are they built?"
                    .to_owned()
            } else {
                suggest::did_you_mean(executable, known, "there are")
            }
        });
        let place = self.part(runs, executable);
        self.problems.push(
            Problem::error("unknown-executable", message)
                .at(&place, "no such executable")
                .help(help),
        );
    }

    /// Another executable that offers the very name.
    fn elsewhere(&self, participant: &str) -> Option<String> {
        let answers = self.catalogue.ask_all();
        let offers = |answer: &&Answer| {
            let description = answer.description.as_ref();
            description.is_ok_and(|description| description.participant(participant).is_some())
        };
        let answer = answers.iter().find(offers)?;
        Some(format!("did you mean `{}/{participant}`?", answer.name))
    }

    fn part(&self, value: &Spanned<String>, part: &str) -> Place {
        part_of(&self.file.text, &self.file.settings, value, part)
    }
}

/// Where a part of a text value stands, if the value is written plainly in quotes.
pub fn part_of(file: &str, settings: &str, value: &Spanned<String>, part: &str) -> Place {
    let text = match value.place.text {
        crate::problem::Text::File => file,
        crate::problem::Text::CommandLine => settings,
    };
    let span = &value.place.span;
    let written = text.get(span.clone()).unwrap_or_default();
    let quoted = ['"', '\''].iter().any(|quote| {
        let inner = written.strip_prefix(*quote).and_then(|inner| inner.strip_suffix(*quote));
        inner == Some(value.value.as_str())
    });
    // A value of the command line may do without quotes.
    let lead = usize::from(quoted);
    match value.value.rfind(part) {
        Some(at) if quoted || written == value.value => Place {
            text: value.place.text,
            span: span.start + lead + at..span.start + lead + at + part.len(),
        },
        _ => value.place.clone(),
    }
}
